import Crypto
import LinkProtocol

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension GatewayConfiguration {
  /// What the gateway has in common with the TURN servers, so that it can let its users use them (coturn: `use-auth-secret` and
  /// `static-auth-secret`). A value never shows its secret when it is printed.
  public struct Turn: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    public static let defaultLifetime = 86_400

    /// The secret, as it stands in the TURN server's configuration.
    public var secret: String
    /// Where the servers are, for clients that have none configured: `turn:turn.example.com:3478?transport=udp`.
    public var urls: [String]
    /// How many seconds credentials are good for at least. They never end before the subscription that they were given to, since
    /// only its refresh brings new ones.
    public var lifetime: Int

    public init(secret: String, urls: [String] = [], lifetime: Int = defaultLifetime) {
      self.secret = secret
      self.urls = urls
      self.lifetime = lifetime
    }

    public var description: String { "TURN at \(urls.joined(separator: ", ")) for \(lifetime) s" }
    public var customMirror: Mirror { Mirror(self, children: ["urls": urls, "lifetime": lifetime]) }
  }
}

extension GatewayConfiguration.Turn {
  /// Credentials for a user from now on: the user name says when they end, the password proves that the gateway says so.
  /// - Parameters:
  ///   - now: milliseconds since 1970.
  ///   - subscription: the lifetime of the user's subscription in seconds.
  func credentials(for user: UserAddress, now: Int64, outliving subscription: Int) -> TurnCredentials {
    let lifetime = max(lifetime, subscription)
    let username = "\(now / 1_000 + Int64(lifetime)):\(user)"
    let code = HMAC<Insecure.SHA1>.authenticationCode(
      for: Data(username.utf8), using: SymmetricKey(data: Data(secret.utf8)))
    return TurnCredentials(
      username: username, password: Data(code).base64EncodedString(), timeToLive: lifetime, uris: urls.isEmpty ? nil : urls)
  }
}
