import LinkProtocol

#if canImport(FoundationEssentials)
  public import FoundationEssentials
#else
  public import Foundation
#endif

/// How a gateway runs. Every member has a default; a JSON file may set any of them by the same names.
public struct GatewayConfiguration: Sendable, Hashable {
  /// The address to listen on.
  public var host = "127.0.0.1"
  /// The port; 0 takes a free one.
  public var port = 8580
  public var database = GatewayDatabase.Location.memory
  /// HTTPS and WSS instead of HTTP and WS.
  public var tls: TLS?
  /// The web origins whose pages may use the gateway (R-CONN-414).
  public var allowedOrigins = Origins.any
  public var limits = Limits()
  /// What clients get for their TURN servers; `nil` gives them nothing.
  public var turn: Turn?
  /// Where `/metrics` is served, in Prometheus' text format; `nil` serves it nowhere.
  public var metrics: Metrics?

  public init() {}

  /// Where what is measured can be read. Nobody is asked for a password there: keep it to this machine or a trusted network.
  public struct Metrics: Sendable, Hashable {
    /// The address to listen on.
    public var host: String
    /// The port; 0 takes a free one.
    public var port: Int

    /// Only this machine.
    public static let localHost = "127.0.0.1"

    public init(host: String = Metrics.localHost, port: Int) {
      self.host = host
      self.port = port
    }
  }

  /// PEM files.
  public struct TLS: Sendable, Hashable, Codable {
    /// The certificate, followed by those that lead to its authority.
    public var certificate: String
    public var key: String

    public init(certificate: String, key: String) {
      self.certificate = certificate
      self.key = key
    }
  }

  public enum Origins: Sendable, Hashable {
    case any
    case only([String])
  }

  public struct Limits: Sendable, Hashable {
    /// Seconds after which a call that nobody answers ends.
    public var ringTime = 60
    /// Notifications that wait for a client without a socket; the oldest go first.
    public var keptNotifications = 1_000
    /// Bytes of notifications that wait for a client without a socket; the oldest go first.
    public var keptBytes = 4 * 1024 * 1024
    /// Bytes of a request's body; longer ones get 413.
    public var bodySize = 2 * 1024 * 1024
    /// Seconds without a frame after which a socket is closed (R-CONN-624).
    public var idleSocket = 120
    /// Seconds without progress after which a client is cut off that does not read what it is sent, over HTTP or its socket.
    public var unreadTime = 20
    /// Calls that one user has begun and that have not ended. Calls from others do not count: nobody is to use them up for him.
    public var callsPerUser = 20
    /// Passwords that wait to be checked, each of which takes tens of milliseconds; further requests get 503.
    public var waitingPasswords = 100
    /// Subscriptions of one user at the same time (R-CONN-523).
    public var subscriptionsPerUser = 10
    /// The shortest and the longest lifetime in seconds that a subscription is granted (R-CONN-531).
    public var lifetime = 60...86_400
    /// Logarithm to base 2 of scrypt's rounds for new passwords.
    public var passwordCost = 14

    public init() {}
  }
}

// MARK: - From a file

extension GatewayConfiguration {
  /// Reads a configuration from JSON, for example
  /// `{"port": 8443, "database": "kandy.sqlite", "tls": {"certificate": "c.pem", "key": "k.pem"}, "limits": {"ringTime": 30}}`.
  /// - Parameter over: what counts where the file says nothing.
  /// - Throws: `GatewayError` with `invalidConfiguration`, also for a name that means nothing.
  public init(json: Data, over: GatewayConfiguration = GatewayConfiguration()) throws(GatewayError) {
    self = over
    do {
      let value = try JSONDecoder().decode(JSONValue.self, from: json)
      guard value.objectValue != nil else {
        throw GatewayError(.invalidConfiguration, "The configuration has to be a JSON object such as {\"port\": 8580}.")
      }
      try Self.check(value, names: ["host", "port", "database", "tls", "allowedOrigins", "limits", "turn", "metrics"])
      try Self.check(value["tls"], names: ["certificate", "key"])
      try Self.check(value["turn"], names: ["secret", "urls", "lifetime"])
      try Self.check(value["metrics"], names: ["host", "port"])
      try Self.check(value["limits"], names: Set(FileLimits.CodingKeys.allCases.map(\.rawValue)))
      try adopt(try JSONDecoder().decode(File.self, from: json))
    } catch let error as GatewayError {
      throw error
    } catch {
      throw GatewayError(.invalidConfiguration, "The configuration cannot be read: \(Self.reason(error)).", cause: error)
    }
    try validate()
  }

  private static func check(_ value: JSONValue?, names: Set<String>) throws(GatewayError) {
    guard let unknown = value?.objectValue?.keys.sorted().first(where: { !names.contains($0) }) else { return }
    throw GatewayError(
      .invalidConfiguration,
      "The configuration has no \"\(unknown)\"; there are \(names.sorted().joined(separator: ", ")).")
  }

  private mutating func adopt(_ file: File) throws(GatewayError) {
    if let host = file.host { self.host = host }
    if let port = file.port { self.port = port }
    if let database = file.database { self.database = database == "memory" ? .memory : .file(database) }
    if let tls = file.tls { self.tls = tls }
    if let origins = file.allowedOrigins { allowedOrigins = .only(origins) }
    if let turn = file.turn {
      self.turn = Turn(
        secret: turn.secret, urls: turn.urls ?? self.turn?.urls ?? [],
        lifetime: turn.lifetime ?? self.turn?.lifetime ?? Turn.defaultLifetime)
    }
    if let metrics = file.metrics {
      self.metrics = Metrics(host: metrics.host ?? self.metrics?.host ?? Metrics.localHost, port: metrics.port)
    }
    guard let limits = file.limits else { return }
    if let value = limits.ringTime { self.limits.ringTime = value }
    if let value = limits.keptNotifications { self.limits.keptNotifications = value }
    if let value = limits.keptBytes { self.limits.keptBytes = value }
    if let value = limits.bodySize { self.limits.bodySize = value }
    if let value = limits.idleSocket { self.limits.idleSocket = value }
    if let value = limits.subscriptionsPerUser { self.limits.subscriptionsPerUser = value }
    if let value = limits.unreadTime { self.limits.unreadTime = value }
    if let value = limits.callsPerUser { self.limits.callsPerUser = value }
    if let value = limits.waitingPasswords { self.limits.waitingPasswords = value }
    let shortest = limits.shortestLifetime ?? self.limits.lifetime.lowerBound
    if let longest = limits.longestLifetime, longest < shortest {
      throw GatewayError(
        .invalidConfiguration, "limits.longestLifetime is \(longest), which is less than the shortest, \(shortest).")
    }
    self.limits.lifetime = shortest...max(shortest, limits.longestLifetime ?? self.limits.lifetime.upperBound)
    if let value = limits.passwordCost { self.limits.passwordCost = value }
  }

  /// - Throws: `GatewayError` with `invalidConfiguration` that names the first value without a meaning.
  public func validate() throws(GatewayError) {
    try Self.check("port", port, in: 0...65_535)
    try check(metrics)
    try Self.check("limits.ringTime", limits.ringTime, in: 1...3_600)
    try Self.check("limits.keptNotifications", limits.keptNotifications, in: 1...1_000_000)
    try Self.check("limits.keptBytes", limits.keptBytes, in: 65_536...(1 << 30))
    try Self.check("limits.bodySize", limits.bodySize, in: 1_024...(1 << 30))
    try Self.check("limits.idleSocket", limits.idleSocket, in: 1...86_400)
    try Self.check("limits.unreadTime", limits.unreadTime, in: 1...3_600)
    try Self.check("limits.callsPerUser", limits.callsPerUser, in: 1...10_000)
    try Self.check("limits.waitingPasswords", limits.waitingPasswords, in: 1...100_000)
    try Self.check("limits.subscriptionsPerUser", limits.subscriptionsPerUser, in: 1...10_000)
    // Clients take a lifetime below 60 seconds for 60 (R-CONN-531).
    try Self.check("limits.shortestLifetime", limits.lifetime.lowerBound, in: 60...86_400 * 365)
    try Self.check("limits.longestLifetime", limits.lifetime.upperBound, in: 60...86_400 * 365)
    try Self.check("limits.passwordCost", limits.passwordCost, in: 1...20)
    if case .only(let origins) = allowedOrigins {
      for origin in origins { try Self.check(origin: origin) }
    }
    if let turn { try Self.check(turn) }
  }

  /// As browsers write it (RFC 6454 §6.2); another text would never be one's.
  private static func check(origin: String) throws(GatewayError) {
    let isOrigin = origin.wholeMatch(of: /[a-z][a-z0-9+.-]*:\/\/(?:\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]{1,5})?/) != nil
    guard !isOrigin else { return }
    throw GatewayError(
      .invalidConfiguration,
      "\"\(origin)\" is no web origin; write it as browsers do, in lower case and without a path: https://app.example.com.")
  }

  private static func check(_ name: String, _ value: Int, in range: ClosedRange<Int>) throws(GatewayError) {
    guard range.contains(value) else {
      throw GatewayError(
        .invalidConfiguration, "\(name) is \(value); it can be \(range.lowerBound) to \(range.upperBound).")
    }
  }

  private func check(_ metrics: Metrics?) throws(GatewayError) {
    guard let metrics else { return }
    try Self.check("metrics.port", metrics.port, in: 0...65_535)
    guard metrics.port == 0 || metrics.port != port else {
      throw GatewayError(.invalidConfiguration, "metrics.port is \(port), where the clients are; it has to be another one.")
    }
  }

  private static func check(_ turn: Turn) throws(GatewayError) {
    guard !turn.secret.isEmpty else { throw GatewayError(.invalidConfiguration, "The secret of turn is empty.") }
    for url in turn.urls { try check(server: url) }
    try check("turn.lifetime", turn.lifetime, in: 60...86_400 * 365)
  }

  /// RFC 7065.
  private static func check(server url: String) throws(GatewayError) {
    let parts = url.wholeMatch(
      of: /turns?:(?:\[[0-9A-Fa-f:.]+\]|[^\/\s?#@:\[\]]+)(?::(?<port>[0-9]+))?(?:\?transport=(?:udp|tcp))?/)
    guard let parts, parts.output.port.map({ (1...65_535).contains(Int($0) ?? 0) }) ?? true else {
      throw GatewayError(
        .invalidConfiguration,
        "\"\(url)\" is no TURN server; write turn:host:port or turns:host:port, and ?transport=udp or ?transport=tcp if you like."
      )
    }
  }

  private static func reason(_ error: any Error) -> String {
    switch error {
    case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context),
      DecodingError.keyNotFound(_, let context):
      "\(context.codingPath.map(\.stringValue).joined(separator: ".")) has a value of another type than expected"
    default:
      "it is not JSON, or a number in it is too large"
    }
  }

  private struct File: Decodable {
    var host: String?
    var port: Int?
    var database: String?
    var tls: TLS?
    var allowedOrigins: [String]?
    var limits: FileLimits?
    var turn: FileTurn?
    var metrics: FileMetrics?
  }

  private struct FileMetrics: Decodable {
    var host: String?
    var port: Int
  }

  private struct FileTurn: Decodable {
    var secret: String
    var urls: [String]?
    var lifetime: Int?
  }

  private struct FileLimits: Decodable {
    var ringTime: Int?
    var keptNotifications: Int?
    var keptBytes: Int?
    var bodySize: Int?
    var idleSocket: Int?
    var unreadTime: Int?
    var callsPerUser: Int?
    var waitingPasswords: Int?
    var subscriptionsPerUser: Int?
    var shortestLifetime: Int?
    var longestLifetime: Int?
    var passwordCost: Int?

    enum CodingKeys: String, CodingKey, CaseIterable {
      case ringTime, keptNotifications, keptBytes, bodySize, idleSocket, unreadTime, callsPerUser, waitingPasswords,
        subscriptionsPerUser, shortestLifetime, longestLifetime, passwordCost
    }
  }
}
