public import LinkProtocol

extension Configuration {
  /// `config.authentication` (part 01 §1.3). Read at `connect`.
  public struct Authentication: Sendable, Hashable, ConfigurationSection {
    public var subscription = Subscription()
    public var websocket = WebSocket()
    /// Replaces the address for presence and server-side call history only (undocumented).
    public var server: Server?

    public init() {}
    static let fields: [ConfigurationField<Self>] = [
      .init("subscription", \.subscription),
      .init("websocket", \.websocket),
      .init("server", \.server),
    ]
  }

  /// `config.authentication.subscription`: the REST server.
  public struct Subscription: Sendable, Hashable, ConfigurationSection {
    /// The host. Without one the first request fails at network level (R-CONN-102).
    public var server: String?
    public var `protocol` = "https"
    public var port = 443
    /// The version in the path.
    public var version = "1"
    /// Requested lifetime in seconds.
    public var expires = 3600
    /// The services to be notified about, `ServiceName`s in their own spelling (R-CONN-534).
    public var service = ["IM", "Presence", "call"]
    public var localization = "English_US"
    /// Only `WebSocket` is usable.
    public var notificationType = "WebSocket"
    /// Without effect: requests always carry `true`.
    public var useTurn = true
    /// Subscribe below `/anonymous/` instead of `/user/`.
    public var isAnonymous: Bool?

    public init() {}
    static let fields: [ConfigurationField<Self>] = [
      .init("server", \.server),
      .init("protocol", \.protocol),
      .init("port", \.port),
      .init("version", \.version),
      .init("expires", \.expires),
      .init("service", \.service),
      .init("localization", \.localization),
      .init("notificationType", \.notificationType),
      .init("useTurn", \.useTurn),
      .init("isAnonymous", \.isAnonymous),
    ]
  }

  /// `config.authentication.websocket`. Left as it is, it follows the REST server's host, port and scheme (R-CONN-104).
  public struct WebSocket: Sendable, Hashable, ConfigurationSection {
    public var server: String?
    public var `protocol` = "wss"
    public var port = 443

    public init() {}
    static let fields: [ConfigurationField<Self>] = [
      .init("server", \.server),
      .init("protocol", \.protocol),
      .init("port", \.port),
    ]
  }

  /// `config.authentication.server` (undocumented).
  public struct Server: Sendable, Hashable, ConfigurationSection, ConfigurationDefault {
    public var `protocol`: String?
    public var base: String?
    public var port: Int?
    public var version: String?

    public init() {}
    static let fields: [ConfigurationField<Self>] = [
      .init("protocol", \.protocol),
      .init("base", \.base),
      .init("port", \.port),
      .init("version", \.version),
    ]
  }

  /// `config.connectivity` (part 01 §1.5).
  public struct Connectivity: Sendable, Hashable, ConfigurationSection {
    /// Milliseconds between keepalives. Read before each.
    public var pingInterval = 30_000.0
    /// Attempts per connection cycle; 0 means unlimited. The `reconnect…` values are read when a cycle starts.
    public var reconnectLimit = 5
    /// Milliseconds before the second attempt.
    public var reconnectDelay = 5_000.0
    /// What the delay is multiplied with after each further failure.
    public var reconnectTimeMultiplier = 1.0
    /// Upper bound of the delay in milliseconds.
    public var reconnectTimeLimit = 640_000.0
    /// Whether a lost WebSocket is opened again. Read when one opens.
    public var autoReconnect = true
    /// Without effect with keepalives, the only method of this platform.
    public var maxMissedPings = 3.0
    /// Whether keepalives are sent. Read when a WebSocket opens.
    public var checkConnectivity = true
    /// `query` or `none`. Without effect: there is no bearer token on this platform.
    public var webSocketOAuthMode = "query"
    /// Undocumented; only `keepAlive` is in use on this platform (R-CONN-640).
    public var method: JSONValue = "keepAlive"

    public init() {}
    static let fields: [ConfigurationField<Self>] = [
      .init("pingInterval", \.pingInterval),
      .init("reconnectLimit", \.reconnectLimit),
      .init("reconnectDelay", \.reconnectDelay),
      .init("reconnectTimeMultiplier", \.reconnectTimeMultiplier),
      .init("reconnectTimeLimit", \.reconnectTimeLimit),
      .init("autoReconnect", \.autoReconnect),
      .init("maxMissedPings", \.maxMissedPings),
      .init("checkConnectivity", \.checkConnectivity),
      .init("webSocketOAuthMode", \.webSocketOAuthMode),
      .init("method", \.method),
    ]
  }

  /// `config.notifications` (part 01 §1.6). Read for each notification.
  public struct Notifications: Sendable, Hashable, ConfigurationSection {
    /// How many event ids are remembered to recognise duplicates; 0 recognises none.
    public var idCacheLength = 100
    /// `any-channel` or `push-channel-only` (R-CONN-731); anything else is kept and acts as `any-channel`.
    public var incomingCallNotificationMode = "any-channel"
    public var pushRegistration: PushRegistration?

    public init() {}
    static let fields: [ConfigurationField<Self>] = [
      .init("idCacheLength", \.idCacheLength),
      .init("incomingCallNotificationMode", \.incomingCallNotificationMode),
      .init("pushRegistration", \.pushRegistration),
    ]
  }

  /// `config.notifications.pushRegistration`: each member given overrides that of the REST server (R-CONN-740, R-CONN-801).
  public struct PushRegistration: Sendable, Hashable, ConfigurationSection, ConfigurationDefault {
    public var server: String?
    public var port: String?
    public var `protocol`: String?
    public var version: String?

    public init() {}
    static let fields: [ConfigurationField<Self>] = [
      .init("server", \.server),
      .init("port", \.port),
      .init("protocol", \.protocol),
      .init("version", \.version),
    ]
  }
}
