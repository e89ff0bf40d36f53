import HTTPTypes
import LinkProtocol

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What a request carries to prove who sends it (part 01 §4.3). Never logged.
enum Credentials: Sendable, Hashable {
  /// A user's address or authorization name, and the password.
  case password(name: String, password: String)
  /// An organization's HMAC over the user in the path (R-CONN-425).
  case token(String)
  /// The session token of a subscription that was made with an HMAC token (R-CONN-423).
  case session(SessionToken)

  /// Reads the credentials of a request: a session token before an HMAC token before Basic. `nil` when there are none that the
  /// gateway understands.
  init?(_ headers: HTTPFields) {
    if let session = headers[.xSession], !session.isEmpty {
      self = .session(SessionToken(session))
    } else if let token = headers[.xToken], !token.isEmpty {
      self = .token(token)
    } else if let authorization = headers[.authorization], let basic = Self.basic(authorization) {
      self = basic
    } else {
      return nil
    }
  }

  /// `Basic base64(name ":" password)`; the scheme's case does not matter (R-CONN-426).
  private static func basic(_ header: String) -> Credentials? {
    let parts = header.split(separator: " ", omittingEmptySubsequences: true)
    guard parts.count == 2, parts[0].lowercased() == "basic", let data = Data(base64Encoded: String(parts[1])),
      let text = String(validating: data, as: UTF8.self), let colon = text.firstIndex(of: ":")
    else { return nil }
    return .password(name: String(text[..<colon]), password: String(text[text.index(after: colon)...]))
  }
}

extension HTTPField.Name {
  static let xToken = HTTPField.Name("x-token")!
  static let xSession = HTTPField.Name("x-session")!
}
