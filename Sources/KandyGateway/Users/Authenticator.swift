import LinkProtocol

/// Finds out who sends a request.
///
/// Every way to fail looks the same from outside: a wrong password, an unknown user and a user without a password cost one scrypt
/// and give one answer (R-CONN-462).
struct Authenticator: Sendable {
  let users: UserStore
  let subscriptions: SubscriptionStore
  let now: @Sendable () -> Int64
  private let metrics: GatewayMetrics
  private let verified = VerifiedPasswords()

  init(
    users: UserStore, subscriptions: SubscriptionStore, now: @escaping @Sendable () -> Int64, metrics: GatewayMetrics = .none
  ) {
    self.users = users
    self.subscriptions = subscriptions
    self.now = now
    self.metrics = metrics
  }

  /// - Parameters:
  ///   - pathUser: the user in the request's path; `nil` when what stands there is no address.
  ///   - acceptsToken: whether an HMAC token may be used for this request.
  /// - Throws: `Refusal` when the credentials prove nobody, or somebody else than the path says (R-CONN-1203).
  func caller(_ credentials: Credentials?, pathUser: UserAddress?, acceptsToken: Bool) async throws -> Caller {
    let caller: Caller? =
      switch credentials {
      case .password(let name, let password): try await signIn(name, password)
      case .session(let token): try await resume(token)
      case .token(let token) where acceptsToken: try await redeem(token, for: pathUser)
      case .token, nil: nil
      }
    guard let caller else {
      metrics.failed(credentials, .invalid)
      throw Refusal.invalidCredentials
    }
    guard caller.user == pathUser else {
      metrics.failed(credentials, .foreign)
      throw Refusal.foreignUser
    }
    return caller
  }

  private func signIn(_ name: String, _ password: String) async throws -> Caller? {
    let account = try await users.account(signingInAs: name)
    if let account, let hash = account.hash, verified.contains(password, of: name, for: hash) {
      return Self.caller(account.user)
    }
    let isRight: Bool
    do {
      isRight = try await users.hasher.matches(password, account?.hash)
    } catch is PasswordHasher.Overloaded {
      metrics.failed(.password(name: name, password: password), .overloaded)
      throw Refusal.overloaded
    }
    guard isRight, let account, let hash = account.hash else { return nil }
    verified.insert(password, of: name, for: hash)
    return Self.caller(account.user)
  }

  private func resume(_ token: SessionToken) async throws -> Caller? {
    guard let subscription = try await subscriptions.subscription(session: token), subscription.expiresAt > now(),
      let user = try await users.user(subscription.user)
    else { return nil }
    var caller = Self.caller(user)
    caller.subscription = subscription.id
    return caller
  }

  private func redeem(_ token: String, for address: UserAddress?) async throws -> Caller? {
    guard let address, let key = try await users.hmacKey(of: address.domain), HMACToken.isValid(token, for: address, key: key),
      let user = try await users.user(address)
    else { return nil }
    var caller = Self.caller(user)
    caller.usedToken = true
    return caller
  }

  private static func caller(_ user: User) -> Caller {
    Caller(user: user.address, displayName: user.displayName, grantedServices: user.services.map(Set.init))
  }
}
