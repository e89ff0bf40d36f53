/// Who connects, and what proves it (R-CONN-510). A description of it shows no secret.
public struct Credentials: Sendable, Hashable, Decodable {
  /// `user@domain`: always needed, since it stands in every URL.
  public var username: String
  public var password: String?
  /// The name that the password belongs to, when that is not the user name.
  public var authname: String?
  /// Made by the organization (R-CONN-425). It wins over a password.
  public var hmacToken: String?

  public init(username: String, password: String, authname: String? = nil) {
    self.username = username
    self.password = password
    self.authname = authname
  }

  public init(username: String, hmacToken: String) {
    self.username = username
    self.hmacToken = hmacToken
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    username = try container.decodeIfPresent(String.self, forKey: .username) ?? ""
    password = try container.decodeIfPresent(String.self, forKey: .password)
    authname = try container.decodeIfPresent(String.self, forKey: .authname)
    hmacToken = try container.decodeIfPresent(String.self, forKey: .hmacToken)
  }

  private enum CodingKeys: String, CodingKey {
    case username, password, authname, hmacToken
  }

  /// How they go over the wire; `nil` when they cannot be used (R-CONN-512).
  var wire: WireCredential? {
    guard !username.isEmpty else { return nil }
    if let hmacToken, !hmacToken.isEmpty { return .hmac(token: hmacToken) }
    guard let password, !password.isEmpty else { return nil }
    if let authname, !authname.isEmpty { return .basic(name: authname, password: password) }
    return .basic(name: username, password: password)
  }
}

extension Credentials: CustomStringConvertible, CustomReflectable {
  public var description: String { "Credentials(username: \(username))" }
  public var customMirror: Mirror { Mirror(self, children: ["username": username]) }
}
