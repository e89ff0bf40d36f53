import LinkProtocol

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Where the requests of one connection go, and as whom. Frozen at `connect` (part 01 §1.12).
struct ServerAccess: Sendable, Hashable {
  /// `{protocol}://{host}:{port}` (R-CONN-401).
  var base: String
  /// The same of the WebSocket (R-CONN-601).
  var socketBase: String
  var version: String
  /// As given to `connect`.
  var username: String
  var credential: WireCredential
  /// Whether the subscription is made below `/anonymous/`.
  var isAnonymous = false
}

/// The header that proves who asks: exactly one of part 01 §4.3. Never log it.
enum WireCredential: Sendable, Hashable {
  case basic(name: String, password: String)
  case hmac(token: String)
  case session(SessionToken)

  var headers: [String: String] {
    switch self {
    case .basic(let name, let password):
      ["Authorization": "Basic " + Data("\(name):\(password)".utf8).base64EncodedString()]
    case .hmac(let token):
      ["x-token": token]
    case .session(let token):
      ["x-session": token.rawValue]
    }
  }
}

extension ServerAccess {
  init(_ authentication: Configuration.Authentication, username: String, credential: WireCredential) {
    let rest = authentication.subscription
    base = Self.address(rest.protocol, rest.server, rest.port)
    version = rest.version
    self.username = username
    self.credential = credential
    isAnonymous = rest.isAnonymous ?? false
    if authentication.websocket == Configuration.WebSocket() {
      socketBase = Self.address(rest.protocol == "http" ? "ws" : "wss", rest.server, rest.port)
    } else {
      let socket = authentication.websocket
      socketBase = Self.address(socket.protocol, socket.server ?? rest.server, socket.port)
    }
  }

  /// An IPv6 host goes into brackets.
  static func address(_ scheme: String, _ host: String?, _ port: Int) -> String {
    let host = host ?? ""
    let literal = host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host
    return "\(scheme)://\(literal):\(port)"
  }
}

/// Query strings: sorted by name, encoded strictly (R-CONN-405).
enum QueryString {
  static func make(_ parameters: [(String, String)]) -> String {
    guard !parameters.isEmpty else { return "" }
    return "?"
      + parameters.sorted { $0.0 < $1.0 }.map { "\(escape($0.0))=\(escape($0.1))" }.joined(separator: "&")
  }

  /// Percent-encodes everything but RFC 3986's unreserved characters.
  static func escape(_ text: String) -> String {
    var escaped = ""
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
        escaped.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        let hex = String(byte, radix: 16, uppercase: true)
        escaped += hex.count == 1 ? "%0\(hex)" : "%\(hex)"
      }
    }
    return escaped
  }
}
