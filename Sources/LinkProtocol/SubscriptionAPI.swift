/// Subscriptions: part 01 §5.
public enum Subscription {
  public static let create = Endpoint<NoKey, SubscribeRequest, SubscribeResponse>(.post, "subscription")
  public static let refresh = Endpoint<SubscriptionID, SubscribeRequest, SubscribeResponse>(.put, "subscription/:key")
  public static let refreshByCorrelator = Endpoint<ClientCorrelator, SubscribeRequest, SubscribeResponse>(
    .put, "subscription/clientCorrelator/:key")
  public static let delete = Endpoint<SubscriptionID, NoBody, SubscribeResponse>(.delete, "subscription/:key")
}

/// A service that a subscription asks notifications for (R-CONN-534). Case-sensitive.
public struct ServiceName: RawRepresentable, Hashable, Sendable, Codable, ExpressibleByStringLiteral, CustomStringConvertible {
  public let rawValue: String
  public init(rawValue: String) { self.rawValue = rawValue }
  public init(stringLiteral value: String) { rawValue = value }
  public var description: String { rawValue }

  public init(from decoder: any Decoder) throws {
    rawValue = try decoder.singleValueContainer().decode(String.self)
  }
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(rawValue)
  }

  public static let im: ServiceName = "IM"
  public static let presence: ServiceName = "Presence"
  public static let call: ServiceName = "call"
  public static let callMe: ServiceName = "callMe"

  /// Every name that R-CONN-534 lists; `event:…` names are known by their prefix.
  public static let known: Set<ServiceName> = [
    "IM", "Presence", "call", "callMe", "CallControl", "CallMe", "RCC", "CallDisplay", "CallDisposition", "CallLog",
    "AddressBook", "Directory", "ClickToCall", "Route", "DataChannel", "RestfulClient", "Custom", "custom", "smsinbound",
    "MWI", "mwi",
  ]
  public var isSIPEvent: Bool { rawValue.hasPrefix("event:") }
}

/// Body of a subscribe, refresh or update request (R-CONN-521, R-CONN-541).
public struct SubscribeRequest: WireBody, Hashable {
  public static let envelope: String? = "subscribeRequest"

  /// Seconds.
  public var expires: Int?
  public var service: [ServiceName]?
  public var localization: String?
  public var useTurn: Bool?
  public var notificationType: String?
  public var supported: [String]?
  /// Text `"true"` or `"false"` on the wire.
  public var forceLogOut: Bool?
  public var clientCorrelator: ClientCorrelator?

  public init(
    expires: Int? = nil, service: [ServiceName]? = nil, localization: String? = nil, useTurn: Bool? = nil,
    notificationType: String? = nil, supported: [String]? = nil, forceLogOut: Bool? = nil,
    clientCorrelator: ClientCorrelator? = nil
  ) {
    self.expires = expires
    self.service = service
    self.localization = localization
    self.useTurn = useTurn
    self.notificationType = notificationType
    self.supported = supported
    self.forceLogOut = forceLogOut
    self.clientCorrelator = clientCorrelator
  }

  private enum CodingKeys: String, CodingKey {
    case expires, service, localization, useTurn, notificationType, supported, forceLogOut, clientCorrelator
  }

  private struct Services: Decodable {
    var services: [ServiceName]
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    expires = container.looseInt(.expires)
    if let object = try? container.decodeIfPresent(Services.self, forKey: .service) {
      service = object.services  // R-CONN-552
    } else {
      service = try container.decodeIfPresent([ServiceName].self, forKey: .service)
    }
    localization = container.looseString(.localization)
    useTurn = container.looseBool(.useTurn)
    notificationType = container.looseString(.notificationType)
    supported = container.looseArray(String.self, .supported)
    forceLogOut = container.looseBool(.forceLogOut)
    clientCorrelator = container.looseString(.clientCorrelator).map { ClientCorrelator($0) }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encodeIfPresent(expires, forKey: .expires)
    try container.encodeIfPresent(service, forKey: .service)
    try container.encodeIfPresent(localization, forKey: .localization)
    try container.encodeIfPresent(useTurn, forKey: .useTurn)
    try container.encodeIfPresent(notificationType, forKey: .notificationType)
    try container.encodeIfPresent(supported, forKey: .supported)
    try container.encodeIfPresent(forceLogOut.map { $0 ? "true" : "false" }, forKey: .forceLogOut)
    try container.encodeIfPresent(clientCorrelator, forKey: .clientCorrelator)
  }
}

/// Answer to every request on a subscription (R-CONN-530, R-CONN-542, R-CONN-562).
public struct SubscribeResponse: WireBody, Hashable {
  public static let envelope: String? = "subscribeResponse"

  public var statusCode: StatusCode?
  /// Absolute path of the subscription.
  public var subscription: String?
  public var token: String?
  public var subscriptionParams: SubscriptionParams?
  public var reason: String?
  /// Milliseconds; with status 503 (R-CONN-1103).
  public var retryAfter: Int?

  public init(
    statusCode: StatusCode? = .success, subscription: String? = nil, token: String? = nil,
    subscriptionParams: SubscriptionParams? = nil, reason: String? = nil, retryAfter: Int? = nil
  ) {
    self.statusCode = statusCode
    self.subscription = subscription
    self.token = token
    self.subscriptionParams = subscriptionParams
    self.reason = reason
    self.retryAfter = retryAfter
  }
}

public struct SubscriptionParams: Codable, Sendable, Hashable {
  /// Granted lifetime in seconds.
  public var expires: Int?
  public var service: [ServiceName]?
  public var localization: String?
  public var notificationType: String?
  /// Absolute path of the WebSocket; contains `/websocket/` and the channel id.
  public var notificationChannel: String?
  public var clientCorrelator: ClientCorrelator?
  /// Present after subscribing with an HMAC token (R-CONN-424).
  public var sessionId: SessionToken?
  public var turnCredentials: TurnCredentials?
  /// Capabilities and extensions that the server grants.
  public var supported: [String]?

  public init(
    expires: Int? = nil, service: [ServiceName]? = nil, localization: String? = nil, notificationType: String? = nil,
    notificationChannel: String? = nil, clientCorrelator: ClientCorrelator? = nil, sessionId: SessionToken? = nil,
    turnCredentials: TurnCredentials? = nil, supported: [String]? = nil
  ) {
    self.expires = expires
    self.service = service
    self.localization = localization
    self.notificationType = notificationType
    self.notificationChannel = notificationChannel
    self.clientCorrelator = clientCorrelator
    self.sessionId = sessionId
    self.turnCredentials = turnCredentials
    self.supported = supported
  }

  private enum CodingKeys: String, CodingKey {
    case expires, service, localization, notificationType, notificationChannel, clientCorrelator, sessionId, turnCredentials,
      supported
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    expires = container.looseInt(.expires)
    service = container.looseArray(ServiceName.self, .service)
    localization = container.looseString(.localization)
    notificationType = container.looseString(.notificationType)
    notificationChannel = container.looseString(.notificationChannel)
    clientCorrelator = container.looseString(.clientCorrelator).map { ClientCorrelator($0) }
    sessionId = container.looseString(.sessionId).map { SessionToken($0) }
    turnCredentials = try? container.decodeIfPresent(TurnCredentials.self, forKey: .turnCredentials)
    supported = container.looseArray(String.self, .supported)
  }
}

/// Credentials for the configured TURN servers (R-CONN-536). Never log them; a value does not show its password when it is
/// printed.
public struct TurnCredentials: Codable, Sendable, Hashable, CustomStringConvertible {
  public var username: String
  public var password: String
  /// Seconds.
  public var timeToLive: Int?
  /// The servers themselves, for clients that have none configured. An extension of ours.
  public var uris: [String]?

  public init(username: String, password: String, timeToLive: Int? = nil, uris: [String]? = nil) {
    self.username = username
    self.password = password
    self.timeToLive = timeToLive
    self.uris = uris
  }

  public var description: String { "TURN credentials" }
}
