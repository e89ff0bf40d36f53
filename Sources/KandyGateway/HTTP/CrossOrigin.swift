import HTTPTypes

/// Lets browser clients that come from other origins in (R-CONN-414).
///
/// By default any origin may ask, because every request proves itself by headers of its own: no cookie is involved (R-CONN-415), so
/// a foreign page gains nothing from the browser's state. With a list, only the listed origins may, and they may send credentials.
struct CrossOrigin: Sendable, Hashable {
  let allowed: GatewayConfiguration.Origins

  /// What a page may read besides the body: after how long to come back (R-CONN-1103).
  private static let exposed = "Retry-After"

  /// The headers that go with every response.
  func headers(for request: HTTPRequest) -> HTTPFields {
    guard let origin = request.headerFields[.origin] else { return [:] }
    switch allowed {
    case .any:
      return [.accessControlAllowOrigin: "*", .accessControlExposeHeaders: Self.exposed]
    case .only(let origins):
      guard origins.contains(origin) else { return [.vary: "Origin"] }
      return [
        .accessControlAllowOrigin: origin, .accessControlAllowCredentials: "true",
        .accessControlExposeHeaders: Self.exposed, .vary: "Origin",
      ]
    }
  }

  /// The headers that answer a pre-flight request; `nil` when the request is none.
  func preflight(for request: HTTPRequest) -> HTTPFields? {
    guard request.method == .options, request.headerFields[.accessControlRequestMethod] != nil else { return nil }
    var fields = headers(for: request)
    guard fields[.accessControlAllowOrigin] != nil else { return fields }
    fields[.accessControlAllowMethods] = "GET, POST, PUT, DELETE"
    fields[.accessControlAllowHeaders] =
      "Authorization, x-token, x-session, Content-Type, Accept, X-Cpaas-Agent, X-Requested-With"
    fields[.accessControlMaxAge] = "86400"
    return fields
  }
}
