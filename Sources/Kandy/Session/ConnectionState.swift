public import LinkProtocol

/// What `connect` can be told beside credentials (R-CONN-511).
public struct ConnectOptions: Sendable, Hashable, Codable {
  /// End the user's oldest session when there are too many; otherwise this one is refused (R-CONN-523).
  public var forceLogOut: Bool
  /// Identifies the application on this device: a new connection with the same value replaces the one before (R-CONN-524).
  public var clientCorrelator: ClientCorrelator?

  public init(forceLogOut: Bool = false, clientCorrelator: ClientCorrelator? = nil) {
    self.forceLogOut = forceLogOut
    self.clientCorrelator = clientCorrelator
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    forceLogOut = try container.decodeIfPresent(Bool.self, forKey: .forceLogOut) ?? false
    clientCorrelator = try container.decodeIfPresent(ClientCorrelator.self, forKey: .clientCorrelator)
  }
}

/// What `getUserInfo` gives (R-CONN-581).
public struct UserInfo: Sendable, Hashable, Codable {
  /// The user who connects, is connected, or failed to; `nil` before and after.
  public var username: String?

  public init(username: String? = nil) {
    self.username = username
  }
}

/// What `getConnection` gives (R-CONN-582).
public struct ConnectionState: Sendable, Hashable, Codable {
  /// There is a subscription, and its WebSocket has been opened.
  public var isConnected: Bool
  /// A connection is being made or ended.
  public var isPending: Bool
  /// Why the last connection failed to come about.
  public var error: BasicError?
  public var subscription: SubscribedServices

  public init(
    isConnected: Bool = false, isPending: Bool = false, error: BasicError? = nil,
    subscription: SubscribedServices = SubscribedServices()
  ) {
    self.isConnected = isConnected
    self.isPending = isPending
    self.error = error
    self.subscription = subscription
  }
}

/// `subscriptionStates` (R-CONN-574), and `UNKNOWN`, which the document leaves out.
public enum SubscriptionState: String, Sendable, Hashable, Codable, CaseIterable {
  /// Every service that was asked for is granted.
  case full = "FULL"
  /// Some are.
  case partial = "PARTIAL"
  case none = "NONE"
  /// More than was asked for.
  case unknown = "UNKNOWN"
}

/// What `getServices` gives: the services asked for and those that the server grants (R-CONN-532).
public struct SubscribedServices: Sendable, Hashable, Codable {
  public let requested: [ServiceName]
  public let received: [ServiceName]
  /// Asked for and not granted; compared without regard to case.
  public let missing: [ServiceName]
  public let status: SubscriptionState
  /// Every granted service by name, and every missing one, each in its own spelling.
  public let services: [String: Bool]

  public init(requested: [ServiceName] = [], received: [ServiceName] = []) {
    self.requested = requested
    self.received = received
    let granted = Set(received.map { $0.rawValue.lowercased() })
    missing = requested.filter { !granted.contains($0.rawValue.lowercased()) }
    status =
      if received.isEmpty {
        .none
      } else if !missing.isEmpty {
        .partial
      } else {
        requested.count == received.count ? .full : .unknown
      }
    services = Dictionary(
      received.map { ($0.rawValue, true) } + missing.map { ($0.rawValue, false) }, uniquingKeysWith: { first, _ in first })
  }

  /// Whether incoming and outgoing calls are among them (R-CONN-515).
  var includesCalls: Bool { received.contains(.call) || received.contains(.callMe) }
}

/// What `connection.getSocketState` gives (R-CONN-671).
public struct SocketState: Sendable, Hashable, Codable {
  public var connected: Bool
  /// Always false: there is no exchange to wait for.
  public var pinging = false
  /// While the WebSocket is open, is being re-opened, or could not be.
  public var details: Details?

  public init(connected: Bool, details: Details? = nil) {
    self.connected = connected
    self.details = details
  }

  /// The values in force when the WebSocket was opened.
  public struct Details: Sendable, Hashable, Codable {
    public struct Method: Sendable, Hashable, Codable {
      public var type = "keepAlive"
      public var responsibleParty = "client"
    }

    public struct Address: Sendable, Hashable, Codable {
      public var `protocol`: String
      public var server: String
      public var port: String
      /// The channel's path: a credential, keep it to yourself (R-CONN-603).
      public var url: String
    }

    public var method = Method()
    public var platform = "link"
    public var pingInterval: Double
    public var reconnectLimit: Int
    public var reconnectDelay: Double
    public var reconnectTimeMultiplier: Double
    public var reconnectTimeLimit: Double
    public var autoReconnect: Bool
    public var maxMissedPings: Double
    public var webSocketOAuthMode: String
    public var wsInfo: Address
    /// When the WebSocket opened, in milliseconds since 1970.
    public var lastContact: Int64

    init(_ settings: Configuration.Connectivity, address: Address, lastContact: Int64) {
      pingInterval = settings.pingInterval
      reconnectLimit = settings.reconnectLimit
      reconnectDelay = settings.reconnectDelay
      reconnectTimeMultiplier = settings.reconnectTimeMultiplier
      reconnectTimeLimit = settings.reconnectTimeLimit
      autoReconnect = settings.autoReconnect
      maxMissedPings = settings.maxMissedPings
      webSocketOAuthMode = settings.webSocketOAuthMode
      wsInfo = address
      self.lastContact = lastContact
    }
  }

  private enum CodingKeys: String, CodingKey {
    case connected, pinging
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    connected = try container.decode(Bool.self, forKey: .connected)
    pinging = try container.decode(Bool.self, forKey: .pinging)
    details = try? Details(from: decoder)
  }

  /// The details stand beside `connected`, as documented.
  public func encode(to encoder: any Encoder) throws {
    try details?.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(connected, forKey: .connected)
    try container.encode(pinging, forKey: .pinging)
  }
}
