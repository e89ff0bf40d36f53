import LinkProtocol

/// The path and query of a request: `/rest/version/{version}/user/{user}/{resource…}?{query}`.
struct RequestTarget: Sendable, Hashable {
  /// `nil` when the segment is not an address; nobody can be that user.
  let user: UserAddress?
  /// The segments below the user's, decoded. A slash at the end does not count (R-CALL-8).
  let resource: [String]
  let query: [String: String]

  /// - Throws: `Refusal`: 404 for what is no resource of a user, 400 for percent-encoding that has no meaning.
  init(_ target: String) throws(Refusal) {
    let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    let segments = try (parts.first ?? "").split(separator: "/").map { segment throws(Refusal) in try Self.decoded(segment) }
    guard segments.count > 5, segments[0] == "rest", segments[1] == "version", Self.isVersion(segments[2]),
      segments[3] == "user"
    else { throw Refusal.unknownResource }
    user = UserAddress(UserStore.normalized(segments[4]))
    resource = Array(segments[5...])
    query = try Self.query(parts.count > 1 ? parts[1] : "")
  }

  private static func isVersion(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: ".") }
  }

  private static func query(_ text: Substring) throws(Refusal) -> [String: String] {
    var query: [String: String] = [:]
    for pair in text.split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = try decoded(parts[0])
      let value = parts.count > 1 ? try decoded(parts[1]) : ""
      if query[name] == nil { query[name] = value }
    }
    return query
  }

  private static func decoded(_ text: Substring) throws(Refusal) -> String {
    guard let decoded = percentDecoded(text) else {
      throw Refusal.badRequest("The path or query is not percent-encoded UTF-8.")
    }
    return decoded
  }

  private static func percentDecoded(_ text: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard let high = rest.popFirst().flatMap(hexValue), let low = rest.popFirst().flatMap(hexValue) else { return nil }
      bytes.append(high << 4 | low)
    }
    return String(validating: bytes, as: UTF8.self)
  }

  private static func hexValue(_ byte: UInt8) -> UInt8? {
    Character(Unicode.Scalar(byte)).hexDigitValue.map(UInt8.init)
  }
}
