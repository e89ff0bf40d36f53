public import LinkProtocol

/// Everything that can be configured, with the documented names and defaults (part 01 §1).
///
/// As JSON it has the document's shape; a value that cannot be used is passed over, so that no mistake in it keeps a client
/// from being made (R-CONN-103). What was passed over is logged when the client is created.
public struct Configuration: Sendable {
  public var logs = Logs()
  public var authentication = Authentication()
  public var call = CallSettings()
  public var connectivity = Connectivity()
  public var notifications = Notifications()
  /// `request` in what `create` is given, `requests` in what `getConfig` shows (R-CONN-101).
  public var requests = Requests()
  public var messaging = Messaging()
  public var common = Common()

  /// What could not be read from JSON or the environment.
  public internal(set) var problems: [ConfigurationProblem] = []

  public init() {}

  /// Takes over everything that `values` names, object by object; arrays are replaced, `null` takes an optional value away
  /// (R-CONN-131, R-CONN-151, R-CONN-152). Unknown keys and unusable values are passed over.
  /// - Returns: what was passed over.
  @discardableResult
  public mutating func merge(_ values: JSONValue) -> [ConfigurationProblem] {
    var values = values
    if case .object(var members) = values, let request = members.removeValue(forKey: "request") {
      // An application that merges what `getConfig` showed may name both; the documented one of `create` counts less.
      if members["requests"] == nil { members["requests"] = request }
      values = .object(members)
    }
    let found = merge(values, at: "")
    problems += found
    return found
  }

  /// The configuration as `getConfig` shows it.
  public var json: JSONValue { configurationJSON ?? [:] }
}

extension Configuration: ConfigurationSection {
  static let fields: [ConfigurationField<Configuration>] = [
    .init("logs", \.logs),
    .init("authentication", \.authentication),
    .init("call", \.call),
    .init("connectivity", \.connectivity),
    .init("notifications", \.notifications),
    .init("requests", \.requests),
    .init("messaging", \.messaging),
    .init("common", \.common),
  ]

  /// Features without options (R-CONN-101).
  static let ignoredKeys: Set<String> = [
    "callHistory", "clickToCall", "mwi", "presence", "sipEvents", "users", "config", "events",
  ]
}

extension Configuration: Codable {
  public init(from decoder: any Decoder) throws {
    self.init()
    merge(try JSONValue(from: decoder))
  }

  public func encode(to encoder: any Encoder) throws {
    try json.encode(to: encoder)
  }
}

extension Configuration {
  /// `config.request` (part 01 §1.7, undocumented).
  public struct Requests: Sendable, Hashable, ConfigurationSection {
    /// Whether requests carry `X-Cpaas-Agent` (R-CONN-412). Read for each request.
    public var injectAgentVersionHeader = true

    public init() {}
    static let fields: [ConfigurationField<Self>] = [.init("injectAgentVersionHeader", \.injectAgentVersionHeader)]
  }

  /// `config.messaging` (part 01 §1.8, undocumented).
  public struct Messaging: Sendable, Hashable, ConfigurationSection {
    /// Only `base` exists; anything else is logged and reset.
    public var features = ["base"]

    public init() {}
    static let fields: [ConfigurationField<Self>] = [.init("features", \.features)]
  }

  /// `config.common` (part 01 §1.8, undocumented). Without effect: both belong to browsers and another platform.
  public struct Common: Sendable, Hashable, ConfigurationSection {
    public var enableReduxDevTools = false
    public var allowProxy = false

    public init() {}
    static let fields: [ConfigurationField<Self>] = [
      .init("enableReduxDevTools", \.enableReduxDevTools),
      .init("allowProxy", \.allowProxy),
    ]
  }
}
