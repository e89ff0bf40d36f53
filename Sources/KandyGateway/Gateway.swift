import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import LinkLogic
public import LinkMedia
public import LinkProtocol
import LinkSocket
public import Logging
import NIOCore
import NIOSSL
public import ServiceLifecycle

/// A server that speaks the Link protocol: composes database, features, notification hub and HTTP server.
///
///     let gateway = try Gateway(GatewayConfiguration())
///     try await gateway.users.add(User(address: alice), password: "secret")
///     try await gateway.run()
public struct Gateway: Service {
  public let configuration: GatewayConfiguration
  /// The users; changes count from the next request on. To remove one, use `remove(_:)`.
  public let users: UserStore

  let database: GatewayDatabase
  let hub: NotificationHub
  let application: Application<GatewayResponder>
  let features: [any GatewayFeature]
  let keeper: SubscriptionKeeper
  private let port: Announcement<Int>
  public let logger: Logger

  /// - Parameters:
  ///   - media: mixes the calls that users join; without one they cannot. It stays the caller's, to be shut down after the gateway.
  ///   - clock: what timers run on.
  ///   - now: the time of day in milliseconds since 1970; it has to keep pace with `clock`.
  ///   - identifiers: where the identifiers of subscriptions, channels, sessions and events come from.
  /// - Throws: `GatewayError`: the configuration makes no sense, the certificate or the database cannot be used.
  public init(
    _ configuration: GatewayConfiguration, media: (any MediaEngine)? = nil, clock: any Clock<Duration> = ContinuousClock(),
    now: @escaping @Sendable () -> Int64 = TimeOfDay.now, identifiers: IdentifierSource = .random,
    logger: Logger = Logger(label: "kandy.gateway")
  ) throws(GatewayError) {
    try configuration.validate()
    let limits = configuration.limits
    let database = try GatewayDatabase(configuration.database)
    let users = UserStore(database, passwordCost: limits.passwordCost, waitingPasswords: limits.waitingPasswords)
    let subscriptions = SubscriptionStore(database: database)
    let hub = NotificationHub(
      limit: Mailbox.Limit(count: limits.keptNotifications, bytes: limits.keptBytes), clock: clock, now: now,
      identifiers: identifiers, logger: logger)
    let keeper = SubscriptionKeeper(store: subscriptions, hub: hub, clock: clock, now: now, logger: logger)
    let calls = GatewayCallDriver(
      hub: hub, users: users, identifiers: identifiers,
      limits: GatewayCallMachine.Limits(ring: .seconds(limits.ringTime)), callsPerUser: limits.callsPerUser, media: media,
      clock: clock, now: now, logger: logger)

    let features: [any GatewayFeature] = [
      SubscriptionRoutes(
        store: subscriptions, hub: hub, limits: limits, turn: configuration.turn, identifiers: identifiers, now: now),
      CallRoutes(driver: calls),
      keeper,
    ]
    let authenticator = Authenticator(users: users, subscriptions: subscriptions, now: now)
    let channel = NotificationChannel(hub: hub, logger: logger)
    let port = Announcement<Int>()

    self.configuration = configuration
    self.users = users
    self.database = database
    self.hub = hub
    self.features = features
    self.keeper = keeper
    self.port = port
    self.logger = logger
    application = try Self.application(configuration, Routes(of: features), authenticator, channel, port: port, logger)
  }

  private static func application(
    _ configuration: GatewayConfiguration, _ routes: Routes, _ authenticator: Authenticator, _ channel: NotificationChannel,
    port: Announcement<Int>, _ logger: Logger
  ) throws(GatewayError) -> Application<GatewayResponder> {
    let epilogues = Epilogues()
    let responder = GatewayResponder(
      routes: routes.all, authenticator: authenticator,
      crossOrigin: CrossOrigin(allowed: configuration.allowedOrigins), bodyLimit: configuration.limits.bodySize,
      epilogues: epilogues)
    return Application(
      responder: responder, server: try server(configuration, channel, epilogues),
      configuration: ApplicationConfiguration(address: .hostname(configuration.host, port: configuration.port)),
      onServerRunning: { channel in port.make(.success(channel.localAddress?.port ?? configuration.port)) },
      logger: logger)
  }

  private static func server(
    _ configuration: GatewayConfiguration, _ channel: NotificationChannel, _ epilogues: Epilogues
  ) throws(GatewayError) -> HTTPServerBuilder {
    var options = WebSocketOptions.server
    options.silenceLimit = .seconds(configuration.limits.idleSocket)
    options.sendTimeout = .seconds(configuration.limits.unreadTime)
    // One notification at a time is on its way. It is smaller than a request's body, every byte of which JSON may escape.
    options.outboxBytes = max(options.outboxBytes, configuration.limits.bodySize * 6)
    let plain = HTTPServerBuilder.http1WithWebSocket(
      configuration: WebSocketChannel.Configuration(
        unreadAnswer: .seconds(Int64(configuration.limits.unreadTime)), socket: options), epilogues: epilogues,
      decide: channel.serving)
    guard let tls = configuration.tls else { return plain }
    do {
      let certificates = try NIOSSLCertificate.fromPEMFile(tls.certificate).map { NIOSSLCertificateSource.certificate($0) }
      let key = try NIOSSLPrivateKey(file: tls.key, format: .pem)
      return try .tls(
        plain, tlsConfiguration: .makeServerConfiguration(certificateChain: certificates, privateKey: .privateKey(key)))
    } catch {
      throw GatewayError(
        .invalidCertificate,
        "The certificate \"\(tls.certificate)\" and the key \"\(tls.key)\" cannot be used; both have to be PEM files.",
        cause: error)
    }
  }

  // MARK: - Running

  /// Runs until the task's service group shuts down gracefully or the task is cancelled.
  ///
  /// A graceful shutdown ends the calls, tells every connected client that it is gone, finishes the requests that are under way,
  /// and leaves the database as it has to be for the next start.
  /// - Throws: `GatewayError` with `cannotListen` when the port is in use or the address is not this machine's.
  public func run() async throws {
    do {
      try await keeper.restore()
      // Shut down from the last to the first, each after the one before it has ended.
      let services: [any Service] = [Background(features: features, hub: hub), application, Farewell(features, keeper)]
      try await ServiceGroup(configuration: ServiceGroupConfiguration(services: services, logger: logger)).run()
      port.make(.failure(CancellationError()))
    } catch {
      let error = GatewayError.cannotListen(on: configuration.host, port: configuration.port, error) ?? error
      port.make(.failure(error))
      throw error
    }
  }

  /// The port on which the gateway listens, as soon as it accepts connections.
  /// - Throws: why it will never listen.
  public var boundPort: Int {
    get async throws { try await port.value }
  }

  /// Where the gateway can be reached, such as `http://127.0.0.1:8580`, as soon as it accepts connections.
  public var baseURL: String {
    get async throws {
      let host = configuration.host.contains(":") ? "[\(configuration.host)]" : configuration.host
      return "\(configuration.tls == nil ? "http" : "https")://\(host):\(try await boundPort)"
    }
  }

  /// Runs the gateway while `body` runs, and then shuts it down gracefully.
  /// - Parameter body: called with the port as soon as the gateway accepts connections.
  public func serving<Value>(_ body: (_ port: Int) async throws -> Value) async throws -> Value {
    let group = ServiceGroup(configuration: ServiceGroupConfiguration(services: [self], logger: logger))
    return try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await group.run() }
      let result: Result<Value, any Error>
      do {
        result = .success(try await body(try await boundPort))
      } catch {
        result = .failure(error)
      }
      await group.triggerGracefulShutdown()
      try await tasks.waitForAll()
      return try result.get()
    }
  }

  // MARK: - Users

  /// Removes a user; the user's subscriptions end with `gone`.
  /// - Throws: `GatewayError` with `userNotFound`.
  public func remove(_ user: UserAddress) async throws {
    try await users.remove(user)
    await hub.end(allOf: user, .gone())
  }
}

/// What the features do beside answering requests.
struct Background: Service {
  let features: [any GatewayFeature]
  let hub: NotificationHub

  func run() async throws {
    try await cancelWhenGracefulShutdown {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for feature in features {
          group.addTask { try await feature.run() }
        }
        group.addTask {
          for await (subscription, user) in hub.endings {
            for feature in features { await feature.subscriptionEnded(subscription, of: user) }
          }
        }
        try await group.waitForAll()
      }
    }
  }
}

/// Waits for the end and then says good-bye, while the server still serves.
private struct Farewell: Service {
  let features: [any GatewayFeature]
  let keeper: SubscriptionKeeper

  init(_ features: [any GatewayFeature], _ keeper: SubscriptionKeeper) {
    self.features = features
    self.keeper = keeper
  }

  func run() async throws {
    try await gracefulShutdown()
    for feature in features { await feature.shutDown() }
    await keeper.close()
  }
}
