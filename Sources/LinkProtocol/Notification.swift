/// What a notification is about (R-CONN-750, R-CALL-150). Case-sensitive; unknown types are values too.
public struct EventType: RawRepresentable, Hashable, Sendable, Codable, ExpressibleByStringLiteral, CustomStringConvertible {
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

  public static let gone: EventType = "gone"
  public static let websocketOverridden: EventType = "websocketOverridden"

  public static let call: EventType = "call"
  public static let trying: EventType = "trying"
  public static let ringing: EventType = "ringing"
  public static let sessionProgress: EventType = "sessionProgress"
  public static let startCallUpdate: EventType = "startCallUpdate"
  public static let respondCallUpdate: EventType = "respondCallUpdate"
  public static let accepted: EventType = "accepted"
  public static let sessionComplete: EventType = "sessionComplete"
  public static let sessionFail: EventType = "sessionFail"
  public static let callCancel: EventType = "callCancel"
  public static let callEnd: EventType = "callEnd"
  public static let startCallReplace: EventType = "startCallReplace"
  public static let iceCandidate: EventType = "IceCandidate"

  /// The types that the call part handles.
  public static let calls: Set<EventType> = [
    .call, .trying, .ringing, .sessionProgress, .startCallUpdate, .respondCallUpdate, .accepted, .sessionComplete,
    .sessionFail, .callCancel, .callEnd, .startCallReplace, .iceCandidate,
  ]
}

/// A notification: the member `notificationMessage` of everything that the gateway sends (R-CONN-701).
public struct Notification: WireBody, Hashable {
  public static let envelope: String? = "notificationMessage"

  public var eventType: EventType
  /// Unique per event and user, the same on every channel. `nil` only from servers that forget it (R-CONN-724).
  public var eventId: EventID?
  /// Milliseconds since 1970.
  public var time: Int64?
  public var sessionParams: SessionParams?
  public var callNotificationParams: CallNotificationParams?
  /// Stands in for `sessionParams` of a `call` that has none (R-CALL-155).
  public var callDispositionParams: SessionParams?
  public var customParameters: [CustomParameter]?
  public var customBodies: [JSONValue]?
  /// Of a refusal, here and in `sessionParams` (R-CALL-216).
  public var statusCode: StatusCode?
  /// The session that `startCallReplace` replaces (R-CALL-218).
  public var replaces: SessionID?
  public var remoteParty: String?
  /// Seconds; with `gone` (R-CONN-572).
  public var retryAfter: Double?
  /// Members that have no type here.
  public var other: [String: JSONValue]

  public init(
    eventType: EventType, eventId: EventID?, time: Int64? = nil, sessionParams: SessionParams? = nil,
    callNotificationParams: CallNotificationParams? = nil, callDispositionParams: SessionParams? = nil,
    customParameters: [CustomParameter]? = nil, customBodies: [JSONValue]? = nil, statusCode: StatusCode? = nil,
    replaces: SessionID? = nil, remoteParty: String? = nil, retryAfter: Double? = nil, other: [String: JSONValue] = [:]
  ) {
    self.eventType = eventType
    self.eventId = eventId
    self.time = time
    self.sessionParams = sessionParams
    self.callNotificationParams = callNotificationParams
    self.callDispositionParams = callDispositionParams
    self.customParameters = customParameters
    self.customBodies = customBodies
    self.statusCode = statusCode
    self.replaces = replaces
    self.remoteParty = remoteParty
    self.retryAfter = retryAfter
    self.other = other
  }

  /// The parameters that name the session, from wherever they stand.
  public var session: SessionParams? { sessionParams ?? callDispositionParams }

  private enum CodingKeys: String, CodingKey, CaseIterable {
    case eventType, eventId, time, sessionParams, callNotificationParams, callDispositionParams, customParameters,
      customBodies, statusCode, replaces, remoteParty, retryAfter
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    eventType = try container.decode(EventType.self, forKey: .eventType)
    eventId = container.looseString(.eventId).map { EventID($0) }
    time = container.looseInt64(.time)
    sessionParams = try container.decodeIfPresent(SessionParams.self, forKey: .sessionParams)
    callNotificationParams = try container.decodeIfPresent(CallNotificationParams.self, forKey: .callNotificationParams)
    callDispositionParams = try container.decodeIfPresent(SessionParams.self, forKey: .callDispositionParams)
    customParameters = container.looseArray(CustomParameter.self, .customParameters)
    customBodies = container.looseArray(JSONValue.self, .customBodies)
    statusCode = container.looseInt(.statusCode).map(StatusCode.init(rawValue:))
    replaces = container.looseString(.replaces).map { SessionID($0) }
    remoteParty = container.looseString(.remoteParty)
    retryAfter = container.looseDouble(.retryAfter)
    let known = Set(CodingKeys.allCases.map(\.rawValue))
    other = [:]
    let all = try decoder.container(keyedBy: MemberName.self)
    for name in all.allKeys where !known.contains(name.stringValue) {
      other[name.stringValue] = try all.decode(JSONValue.self, forKey: name)
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(eventType, forKey: .eventType)
    try container.encodeIfPresent(eventId, forKey: .eventId)
    try container.encodeIfPresent(time, forKey: .time)
    try container.encodeIfPresent(sessionParams, forKey: .sessionParams)
    try container.encodeIfPresent(callNotificationParams, forKey: .callNotificationParams)
    try container.encodeIfPresent(callDispositionParams, forKey: .callDispositionParams)
    try container.encodeIfPresent(customParameters, forKey: .customParameters)
    try container.encodeIfPresent(customBodies, forKey: .customBodies)
    try container.encodeIfPresent(statusCode, forKey: .statusCode)
    try container.encodeIfPresent(replaces, forKey: .replaces)
    try container.encodeIfPresent(remoteParty, forKey: .remoteParty)
    try container.encodeIfPresent(retryAfter, forKey: .retryAfter)
    var rest = encoder.container(keyedBy: MemberName.self)
    for (name, value) in other {
      try rest.encode(value, forKey: MemberName(name))
    }
  }
}

/// Which call a notification is about, and what it carries (R-CALL-153).
public struct SessionParams: Codable, Sendable, Hashable {
  public var sessionData: SessionID?
  /// A session description. Absent or empty in an offer means slow start (R-CALL-182).
  public var sdp: String?
  /// `compressed` or `url`; absent for plain text (R-SDP-4).
  public var sdpFormat: String?
  /// `answer`, `reject`, `forward`: what the callee may do (R-CALL-181).
  public var actions: [String]?
  public var statusCode: StatusCode?
  public var reasonText: String?
  /// Seconds; an update is refused for so long (R-CALL-194).
  public var retryAfter: Double?
  public var referTo: String?
  public var referredBy: String?
  public var iceCandidates: [ICECandidate]?

  public init(
    sessionData: SessionID?, sdp: String? = nil, sdpFormat: String? = nil, actions: [String]? = nil,
    statusCode: StatusCode? = nil, reasonText: String? = nil, retryAfter: Double? = nil, referTo: String? = nil,
    referredBy: String? = nil, iceCandidates: [ICECandidate]? = nil
  ) {
    self.sessionData = sessionData
    self.sdp = sdp
    self.sdpFormat = sdpFormat
    self.actions = actions
    self.statusCode = statusCode
    self.reasonText = reasonText
    self.retryAfter = retryAfter
    self.referTo = referTo
    self.referredBy = referredBy
    self.iceCandidates = iceCandidates
  }

  private enum CodingKeys: String, CodingKey {
    case sessionData, sdp, sdpFormat, actions, statusCode, reasonText, retryAfter, referTo, referredBy, iceCandidates
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    sessionData = container.looseString(.sessionData).map { SessionID($0) }
    sdp = container.looseString(.sdp)
    sdpFormat = container.looseString(.sdpFormat)
    actions = container.looseArray(String.self, .actions)
    statusCode = container.looseInt(.statusCode).map(StatusCode.init(rawValue:))
    reasonText = container.looseString(.reasonText)
    retryAfter = container.looseDouble(.retryAfter)
    referTo = container.looseString(.referTo)
    referredBy = container.looseString(.referredBy)
    iceCandidates = container.looseArray(ICECandidate.self, .iceCandidates)
  }
}

/// Who is at the two ends of a call, without `sip:` (R-CALL-154, R-CALL-157, R-CALL-633).
public struct CallNotificationParams: Codable, Sendable, Hashable {
  public var callerDisplayNumber: String?
  public var callerName: String?
  public var calleeDisplayNumber: String?
  public var primaryContact: String?
  /// The party at the other end, as the recipient sees it.
  public var remoteDisplayNumber: String?
  public var remoteName: String?

  public init(
    callerDisplayNumber: String? = nil, callerName: String? = nil, calleeDisplayNumber: String? = nil,
    primaryContact: String? = nil, remoteDisplayNumber: String? = nil, remoteName: String? = nil
  ) {
    self.callerDisplayNumber = callerDisplayNumber
    self.callerName = callerName
    self.calleeDisplayNumber = calleeDisplayNumber
    self.primaryContact = primaryContact
    self.remoteDisplayNumber = remoteDisplayNumber
    self.remoteName = remoteName
  }

  private enum CodingKeys: String, CodingKey {
    case callerDisplayNumber, callerName, calleeDisplayNumber, primaryContact, remoteDisplayNumber, remoteName
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    callerDisplayNumber = container.looseString(.callerDisplayNumber)
    callerName = container.looseString(.callerName)
    calleeDisplayNumber = container.looseString(.calleeDisplayNumber)
    primaryContact = container.looseString(.primaryContact)
    remoteDisplayNumber = container.looseString(.remoteDisplayNumber)
    remoteName = container.looseString(.remoteName)
  }
}
