public enum HTTPMethod: String, Sendable, Hashable {
  case get = "GET"
  case post = "POST"
  case put = "PUT"
  case delete = "DELETE"
}

/// One request of the protocol, said once: the client sends it, the gateway routes it.
///
/// The path is what follows `/rest/version/{version}/user/{user}/`; `:key` in it stands for the resource's identifier.
public struct Endpoint<Key: Sendable, Request: WireBody, Response: WireBody>: Sendable {
  public let method: HTTPMethod
  public let path: String

  public init(_ method: HTTPMethod, _ path: String) {
    self.method = method
    self.path = path
  }
}

/// The key of an endpoint that addresses no single resource.
public struct NoKey: Sendable, Hashable {
  public init() {}
}

extension Endpoint where Key == NoKey {
  /// The path for this user, ready for a URL (R-CONN-401).
  public func path(user: String, version: String = "1") -> String {
    RestPath.prefix(user: user, version: version) + path
  }
}

extension Endpoint where Key: RawRepresentable<String> {
  /// The path for this user and resource. Identifiers are safe as a path segment and go in verbatim (R-CALL-1).
  public func path(user: String, key: Key, version: String = "1") -> String {
    RestPath.prefix(user: user, version: version) + path.replacing(":key", with: key.rawValue)
  }
}

public enum RestPath {
  public static func prefix(user: String, version: String) -> String {
    "/rest/version/\(version)/user/\(escapedSegment(user))/"
  }

  /// Percent-encodes everything outside RFC 3986's path-segment set; `@` and `:` stay (R-CONN-402).
  public static func escapedSegment(_ text: String) -> String {
    var escaped = ""
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"),
        UInt8(ascii: "!"), UInt8(ascii: "$"), UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "("), UInt8(ascii: ")"),
        UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "="), UInt8(ascii: ":"),
        UInt8(ascii: "@"):
        escaped.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        let hex = String(byte, radix: 16, uppercase: true)
        escaped += hex.count == 1 ? "%0\(hex)" : "%\(hex)"
      }
    }
    return escaped
  }
}
