import ArgumentParser
import Foundation
import KandyGateway
import KandyWebRTC
import LinkProtocol
import Logging
import ServiceLifecycle
import UnixSignals

/// `kandy gateway`: runs the server in the foreground.
struct GatewayCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gateway",
    abstract: "Runs the server until it is interrupted.",
    discussion: """
      Prints one line, "listening on http://127.0.0.1:8580", once it accepts connections, and with --metrics-port a second one,
      "metrics on http://127.0.0.1:9464/metrics". SIGINT and SIGTERM end it: calls end,
      connected clients are told, and the data is written.

      Example:
        kandy gateway --database kandy.sqlite
        kandy gateway --host 0.0.0.0 --port 443 --tls-certificate cert.pem --tls-key key.pem
        kandy gateway --database memory --users users.json
        kandy gateway --metrics-port 9464        (says what it measures at http://127.0.0.1:9464/metrics)
        kandy gateway --turn-secret-file secret --turn-url 'turn:turn.example.com:3478?transport=udp'

      users.json is a list such as
        [{"address": "alice@example.com", "password": "secret", "firstName": "Alice", "services": ["call", "IM"]}]
      """)

  @Option(help: "The address to listen on; 0.0.0.0 for all. (default: 127.0.0.1)")
  var host: String?
  @Option(help: "The port; 0 takes a free one. (default: 8580)", transform: OptionValue.wholeNumber(like: 8580))
  var port: Int?
  @Option(help: ArgumentHelp("Where the data is. (default: kandy.sqlite)", valueName: "file|memory"))
  var database: String?
  @Option(help: ArgumentHelp("Creates these users if they are not there yet.", valueName: "file.json"))
  var users: String?
  @Option(help: ArgumentHelp("Certificate chain, PEM; with it HTTPS and WSS are spoken.", valueName: "file"))
  var tlsCertificate: String?
  @Option(help: ArgumentHelp("Private key, PEM.", valueName: "file"))
  var tlsKey: String?
  @Option(help: ArgumentHelp("A web origin whose pages may use the gateway; repeatable. (default: any)", valueName: "origin"))
  var allowOrigin: [String] = []
  @Option(
    help: ArgumentHelp("After how long a call that nobody answers ends. (default: 60)", valueName: "seconds"),
    transform: OptionValue.wholeNumber(like: 60))
  var ringTime: Int?
  @Option(
    help: ArgumentHelp(
      "The secret that coturn has as static-auth-secret; clients get credentials made with it.", valueName: "file"))
  var turnSecretFile: String?
  @Option(help: ArgumentHelp("A TURN server with this secret; repeatable.", valueName: "turn:host:port"))
  var turnURL: [String] = []
  @Option(
    help: ArgumentHelp("How long those credentials are good for. (default: 86400)", valueName: "seconds"),
    transform: OptionValue.wholeNumber(like: 86_400))
  var turnLifetime: Int?
  @Option(
    help: ArgumentHelp(
      "A port of its own for /metrics in Prometheus' text format; 0 takes a free one. (default: none)", valueName: "port"))
  var metricsPort: Int?
  @Option(help: "The address of that port; nobody is asked for a password there. (default: 127.0.0.1)")
  var metricsHost: String?
  @Flag(
    inversion: .prefixedNo,
    help: "Whether users can join two calls, which this server then mixes.")
  var media = true
  @Option(help: ArgumentHelp("Settings as JSON; options come before them.", valueName: "file.json"))
  var config: String?
  @Option(
    help: "trace, debug, info, notice, warning, error or critical; logs go to standard error.",
    transform: OptionValue.choice(of: LogLevel.allCases))
  var logLevel: LogLevel = .error

  mutating func run() async throws {
    do {
      let users = try readUsers()
      let configuration = try readConfiguration()
      let engine = media ? WebRTCEngine() : nil
      let result: Result<Void, any Error>
      do {
        result = .success(try await run(try Gateway(configuration, media: engine, logger: logger()), users))
      } catch {
        result = .failure(error)
      }
      await engine?.shutdown()
      try result.get()
    } catch let error as GatewayError {
      throw CommandFailure(error.message, code: 2)
    }
  }

  private func run(_ gateway: Gateway, _ users: [ListedUser]) async throws {
    for user in users where try await !gateway.users.exists(user.user.address) {
      try await gateway.users.add(user.user, password: user.password)
    }
    var configuration = ServiceGroupConfiguration(
      services: [Announcer(gateway: gateway), gateway], gracefulShutdownSignals: [.sigint, .sigterm], logger: gateway.logger)
    configuration.maximumGracefulShutdownDuration = .seconds(15)
    try await ServiceGroup(configuration: configuration).run()
  }

  // MARK: - What the options say

  private func readConfiguration() throws -> GatewayConfiguration {
    var configuration = GatewayConfiguration()
    configuration.database = .file("kandy.sqlite")
    if let config { configuration = try GatewayConfiguration(json: try Self.contents(of: config), over: configuration) }
    if let host { configuration.host = host }
    if let port { configuration.port = port }
    if let database { configuration.database = DatabaseOption.location(database) }
    if let ringTime { configuration.limits.ringTime = ringTime }
    if !allowOrigin.isEmpty { configuration.allowedOrigins = .only(allowOrigin) }
    switch (tlsCertificate, tlsKey) {
    case (let certificate?, let key?): configuration.tls = GatewayConfiguration.TLS(certificate: certificate, key: key)
    case (nil, nil): break
    default: throw CommandFailure("--tls-certificate and --tls-key belong together.", code: 2)
    }
    try readTurn(into: &configuration)
    try readMetrics(into: &configuration)
    return configuration
  }

  private func readTurn(into configuration: inout GatewayConfiguration) throws {
    if let turnSecretFile {
      let secret = String(decoding: try Self.contents(of: turnSecretFile), as: UTF8.self)
        .trimmingCharacters(in: .whitespacesAndNewlines)
      configuration.turn = configuration.turn ?? GatewayConfiguration.Turn(secret: "")
      configuration.turn?.secret = secret
    }
    guard configuration.turn != nil else {
      if turnURL.isEmpty, turnLifetime == nil { return }
      throw CommandFailure("--turn-url and --turn-lifetime need --turn-secret-file.", code: 2)
    }
    if !turnURL.isEmpty { configuration.turn?.urls = turnURL }
    if let turnLifetime { configuration.turn?.lifetime = turnLifetime }
  }

  private func readMetrics(into configuration: inout GatewayConfiguration) throws {
    if let metricsPort {
      configuration.metrics = .init(
        host: configuration.metrics?.host ?? GatewayConfiguration.Metrics.localHost, port: metricsPort)
    }
    guard let metricsHost else { return }
    guard configuration.metrics != nil else { throw CommandFailure("--metrics-host needs --metrics-port.", code: 2) }
    configuration.metrics?.host = metricsHost
  }

  private func readUsers() throws -> [ListedUser] {
    guard let users else { return [] }
    let contents = try Self.contents(of: users)
    do throws(ListedUser.Problem) {
      return try ListedUser.read(contents)
    } catch {
      throw CommandFailure("\(users) \(error.text)", code: 2)
    }
  }

  private static func contents(of path: String) throws -> Data {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw CommandFailure("The file \(path) cannot be read.", code: 2)
    }
    return data
  }

  private func logger() -> Logger {
    let level = logLevel.level
    return Logger(label: "kandy.gateway") { label in
      var handler = StreamLogHandler.standardError(label: label)
      handler.logLevel = level
      return handler
    }
  }
}

/// Says where the gateway listens, once it does.
private struct Announcer: Service {
  let gateway: Gateway

  func run() async throws {
    do {
      let metrics = try await gateway.metricsURL
      CommandOutput.say("listening on \(try await gateway.baseURL)")
      if let metrics { CommandOutput.say("metrics on \(metrics)") }
    } catch {
      // The gateway ends with the reason, and is not to be interrupted.
    }
    try await gracefulShutdown()
  }
}

/// `Logger.Level` as an option.
enum LogLevel: String, CaseIterable {
  case trace, debug, info, notice, warning, error, critical

  var level: Logger.Level { Logger.Level(rawValue: rawValue) ?? .error }
}
