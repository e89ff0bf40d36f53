public import CoreMetrics
public import KandyGateway
public import LinkMedia
public import LinkProtocol
public import Logging

/// A real gateway in the test's own process: on a free loopback port, with a database in memory that ends with it.
///
/// ```swift
/// try await InProcessGateway.run(users: ["alice@example.com", "bob@example.com"]) { gateway in
///   … http://127.0.0.1:\(gateway.port) …
/// }
/// ```
public struct InProcessGateway: Sendable {
  /// The password of every user that is added without one.
  public static let password = "secret"

  public let gateway: Gateway
  public let port: Int

  public var host: String { gateway.configuration.host }

  /// Starts a gateway, runs `body`, and shuts the gateway down.
  /// - Parameters:
  ///   - users: addresses; each user's first name is the part before `@`, capitalised.
  ///   - configuration: the port counts as 0, and passwords are hashed cheaply.
  ///   - media: mixes the calls that users join.
  ///   - metrics: where what the gateway measures goes.
  ///   - clock: what the gateway's timers run on: real time unless a test brings a `ManualClock`.
  public static func run<Value>(
    users: [UserAddress] = [], configuration: GatewayConfiguration = GatewayConfiguration(),
    media: (any MediaEngine)? = nil, clock: ManualClock? = nil, logger: Logger = Logger(label: "kandy.gateway"),
    metrics: any MetricsFactory = MetricsSystem.factory, _ body: (InProcessGateway) async throws -> Value
  ) async throws -> Value {
    var configuration = configuration
    configuration.port = 0
    configuration.limits.passwordCost = 4
    let gateway =
      if let clock {
        try Gateway(configuration, media: media, clock: clock, now: { clock.wallClock() }, logger: logger, metrics: metrics)
      } else {
        try Gateway(configuration, media: media, logger: logger, metrics: metrics)
      }
    return try await gateway.serving { port in
      let running = InProcessGateway(gateway: gateway, port: port)
      for user in users { try await running.add(user) }
      return try await body(running)
    }
  }

  /// Adds a user.
  /// - Parameter services: what the user's subscriptions may get; `nil` grants every service.
  public func add(
    _ address: UserAddress, password: String = InProcessGateway.password, authname: String? = nil, lastName: String = "",
    services: [ServiceName]? = nil
  ) async throws {
    let user = User(
      address: address, authname: authname, firstName: address.user.prefix(1).uppercased() + address.user.dropFirst(),
      lastName: lastName, services: services)
    try await gateway.users.add(user, password: password)
  }
}

extension UserAddress: ExpressibleByStringLiteral {
  /// For tests, which know their addresses.
  public init(stringLiteral value: String) {
    guard let address = UserAddress(value) else { preconditionFailure("\(value) is no address") }
    self = address
  }
}
