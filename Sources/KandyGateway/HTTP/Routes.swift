import HTTPTypes
import LinkProtocol

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What can stand for `:key` in an endpoint's path.
protocol RouteKey: Sendable {
  /// - Parameter segment: the decoded path segment; `nil` when the endpoint addresses no single resource.
  init?(segment: String?)
}

extension NoKey: RouteKey {
  init?(segment: String?) {
    self.init()
  }
}

extension Identifier: RouteKey {
  init?(segment: String?) {
    guard let segment else { return nil }
    self.init(segment)
  }
}

/// The requests that the gateway understands, each declared once in LinkProtocol and given its meaning here:
///
///     routes.on(CallControl.update) { caller, session, request in … }
struct Routes: Sendable {
  private(set) var all: [Route] = []

  init(of features: [any GatewayFeature] = []) {
    for feature in features { feature.addRoutes(to: &self) }
  }

  /// - Parameters:
  ///   - acceptsToken: whether an HMAC token (`x-token`) proves who asks; only subscribing does (R-CONN-423).
  ///   - isAboutSubscription: a session token that stands for nothing (any more) then means that the subscription is gone
  ///     (R-CONN-547); anywhere else it is wrong credentials.
  mutating func on<Key: RouteKey, Request: WireBody, Response: RefusableBody>(
    _ endpoint: Endpoint<Key, Request, Response>, acceptsToken: Bool = false,
    isAboutSubscription: Bool = false,
    _ handle: @escaping @Sendable (Caller, Key, Request) async throws -> Reply<Response>
  ) {
    let route = Route(
      method: endpoint.method, pattern: endpoint.path.split(separator: "/").map(String.init), acceptsToken: acceptsToken,
      isAboutSubscription: isAboutSubscription,
      refuse: { try WireCoding.encode(Response($0)) },
      respond: { caller, segment, data in
        guard let key = Key(segment: segment) else { throw Refusal.unknownResource }
        let reply = try await handle(caller, key, try Self.read(Request.self, from: data))
        return Answer(status: reply.status, body: try WireCoding.encode(reply.body), after: reply.after)
      })
    all.append(route)
  }

  private static func read<Request: WireBody>(_ type: Request.Type, from data: Data) throws -> Request {
    // The body of a GET or DELETE is ignored, whatever it is (R-CONN-406, R-CALL-12).
    if let nothing = NoBody() as? Request { return nothing }
    do {
      return try WireCoding.decode(type, from: data)
    } catch let error as WireFormatError {
      throw Refusal.unreadable(error)
    }
  }
}

/// One endpoint with its handler, the types of its key and bodies erased.
struct Route: Sendable {
  let method: HTTPMethod
  /// The path's segments below the user's; `:key` matches any one.
  let pattern: [String]
  let acceptsToken: Bool
  let isAboutSubscription: Bool
  let refuse: @Sendable (Refusal) throws -> Data
  let respond: @Sendable (Caller, _ key: String?, _ body: Data) async throws -> Answer

  func matches(_ resource: [String]) -> Bool {
    resource.count == pattern.count && zip(pattern, resource).allSatisfy { $0 == ":key" || $0 == $1 }
  }

  func key(in resource: [String]) -> String? {
    pattern.firstIndex(of: ":key").map { resource[$0] }
  }
}

/// A reply whose body is written out.
struct Answer: Sendable {
  var status: HTTPResponse.Status
  var headers: HTTPFields = [:]
  var body: Data
  var after: (@Sendable () async -> Void)?
}
