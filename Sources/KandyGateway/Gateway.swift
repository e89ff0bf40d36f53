public import CoreMetrics
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import LinkLogic
public import LinkMedia
import LinkMetrics
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
  private let metricsServer: MetricsServer?
  public let logger: Logger

  /// - Parameters:
  ///   - media: mixes the calls that users join; without one they cannot. It stays the caller's, to be shut down after the gateway.
  ///   - clock: what timers run on.
  ///   - now: the time of day in milliseconds since 1970; it has to keep pace with `clock`.
  ///   - identifiers: where the identifiers of subscriptions, channels, sessions and events come from.
  ///   - metrics: where what is measured goes, beside `/metrics`; what the application has bootstrapped swift-metrics with, unless
  ///     it says otherwise.
  /// - Throws: `GatewayError`: the configuration makes no sense, the certificate or the database cannot be used.
  public init(
    _ configuration: GatewayConfiguration, media: (any MediaEngine)? = nil, clock: any Clock<Duration> = ContinuousClock(),
    now: @escaping @Sendable () -> Int64 = TimeOfDay.now, identifiers: IdentifierSource = .random,
    logger: Logger = Logger(label: "kandy.gateway"), metrics: any MetricsFactory = MetricsSystem.factory
  ) throws(GatewayError) {
    try configuration.validate()
    let metricsServer = MetricsServer(configuration.metrics, logger: logger)
    let metrics = GatewayMetrics(metricsServer?.joined(with: metrics) ?? metrics)
    let limits = configuration.limits
    let database = try GatewayDatabase(configuration.database)
    let users = UserStore(
      database, passwordCost: limits.passwordCost, waitingPasswords: limits.waitingPasswords, metrics: metrics)
    let subscriptions = SubscriptionStore(database: database)
    let hub = NotificationHub(
      limit: Mailbox.Limit(count: limits.keptNotifications, bytes: limits.keptBytes), clock: clock, now: now,
      identifiers: identifiers, logger: logger, metrics: metrics)
    let keeper = SubscriptionKeeper(store: subscriptions, hub: hub, clock: clock, now: now, logger: logger)
    let calls = GatewayCallDriver(
      hub: hub, users: users, identifiers: identifiers,
      limits: GatewayCallMachine.Limits(ring: .seconds(limits.ringTime)), callsPerUser: limits.callsPerUser, media: media,
      clock: clock, now: now, logger: logger, metrics: metrics)

    let features: [any GatewayFeature] = [
      SubscriptionRoutes(
        store: subscriptions, hub: hub, limits: limits, turn: configuration.turn, identifiers: identifiers, now: now),
      CallRoutes(driver: calls),
      ClickToCallRoutes(driver: calls),
      keeper,
    ]
    let authenticator = Authenticator(users: users, subscriptions: subscriptions, now: now, metrics: metrics)
    let channel = NotificationChannel(hub: hub, logger: logger)
    let port = Announcement<Int>()

    self.configuration = configuration
    self.users = users
    self.database = database
    self.hub = hub
    self.features = features
    self.keeper = keeper
    self.port = port
    self.metricsServer = metricsServer
    self.logger = logger
    application = try Self.application(
      configuration, Routes(of: features), authenticator, channel, port: port, logger, metrics)
  }

  private static func application(
    _ configuration: GatewayConfiguration, _ routes: Routes, _ authenticator: Authenticator, _ channel: NotificationChannel,
    port: Announcement<Int>, _ logger: Logger, _ metrics: GatewayMetrics
  ) throws(GatewayError) -> Application<GatewayResponder> {
    let epilogues = Epilogues()
    let responder = GatewayResponder(
      routes: routes.all, authenticator: authenticator,
      crossOrigin: CrossOrigin(allowed: configuration.allowedOrigins), bodyLimit: configuration.limits.bodySize,
      epilogues: epilogues, metrics: metrics)
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
      try await ServiceGroup(configuration: ServiceGroupConfiguration(services: services, logger: logger)).run()
      announce(CancellationError())
    } catch {
      let error = GatewayError.cannotListen(on: configuration.host, port: configuration.port, error) ?? error
      announce(error)
      throw error
    }
  }

  /// Shut down from the last to the first, each after the one before it has ended; also when one of those that listen cannot.
  private var services: [ServiceGroupConfiguration.ServiceConfiguration] {
    var services: [ServiceGroupConfiguration.ServiceConfiguration] = [
      .init(service: Background(features: features, hub: hub)),
      .init(
        service: Public(application: application, metricsServer: metricsServer),
        failureTerminationBehavior: .gracefullyShutdownGroup),
      .init(service: Farewell(features, keeper)),
    ]
    if let metricsServer {
      services.insert(.init(service: metricsServer, failureTerminationBehavior: .gracefullyShutdownGroup), at: 0)
    }
    return services
  }

  /// Nobody listens any more, or ever will.
  private func announce(_ error: any Error) {
    port.make(.failure(error))
    metricsServer?.port.make(.failure(error))
  }

  /// The port on which the gateway listens, as soon as it accepts connections.
  /// - Throws: why it will never listen.
  public var boundPort: Int {
    get async throws { try await port.value }
  }

  /// Where the gateway can be reached, such as `http://127.0.0.1:8580`, as soon as it accepts connections.
  public var baseURL: String {
    get async throws {
      Self.url(configuration.tls == nil ? "http" : "https", configuration.host, try await boundPort)
    }
  }

  /// Where the metrics can be read, such as `http://127.0.0.1:9464/metrics`, as soon as they can; `nil` if nowhere.
  /// - Throws: why they never will.
  public var metricsURL: String? {
    get async throws {
      guard let metricsServer else { return nil }
      return Self.url("http", metricsServer.configuration.host, try await metricsServer.port.value) + MetricsResponder.path
    }
  }

  private static func url(_ scheme: String, _ host: String, _ port: Int) -> String {
    "\(scheme)://\(host.contains(":") ? "[\(host)]" : host):\(port)"
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

/// Lets clients in once the operator can watch, so that nobody is let in and out again because that port is taken.
private struct Public: Service, CustomStringConvertible {
  let application: Application<GatewayResponder>
  let metricsServer: MetricsServer?
  /// Stands in the log of the service group.
  let description = "the public port"

  func run() async throws {
    do {
      _ = try await metricsServer?.port.value
    } catch {
      // The metrics server's own failure ends everything.
      return try await gracefulShutdown()
    }
    try await application.run()
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
