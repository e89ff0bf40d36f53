/// Call control: part 02 §3.
public enum CallControl {
  /// `callStart`, and `join` (R-CALL-8: with or without a final slash).
  public static let start = Endpoint<NoKey, CallControlRequest, CallControlResponse>(.post, "callControl")
  /// Every operation on a call (R-CALL-30).
  public static let update = Endpoint<SessionID, CallControlRequest, CallControlResponse>(
    .put, "callControl/callSessions/:key")
  /// Ends a call; `?reasonText=` says why (R-CALL-70).
  public static let end = Endpoint<SessionID, NoBody, CallControlResponse>(.delete, "callControl/callSessions/:key")
  /// Reads a call's state (R-CALL-102).
  public static let state = Endpoint<SessionID, NoBody, CallControlResponse>(.get, "callControl/callSessions/:key")
  /// Rejects or forwards an unanswered call (R-CALL-80).
  public static let disposition = Endpoint<NoKey, CallDispositionRequest, CallControlResponse>(.post, "calldisposition")
}

/// What a call-control request asks for (R-CALL-30). Unknown operations are values too: the gateway refuses them by name.
public struct CallOperation: RawRepresentable, Hashable, Sendable, Codable, ExpressibleByStringLiteral {
  public let rawValue: String
  public init(rawValue: String) { self.rawValue = rawValue }
  public init(stringLiteral value: String) { rawValue = value }

  public init(from decoder: any Decoder) throws {
    rawValue = try decoder.singleValueContainer().decode(String.self)
  }
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(rawValue)
  }

  public static let callStart: CallOperation = "callStart"
  public static let callAnswer: CallOperation = "callAnswer"
  public static let startCallUpdate: CallOperation = "startCallUpdate"
  public static let respondCallUpdate: CallOperation = "respondCallUpdate"
  public static let transfer: CallOperation = "transfer"
  public static let join: CallOperation = "join"
  public static let refer: CallOperation = "refer"
  public static let sendCustomHeaders: CallOperation = "sendCustomHeaders"
  public static let audit: CallOperation = "audit"
  public static let ringing: CallOperation = "ringing"
  public static let updateIceCandidate: CallOperation = "updateIceCandidate"
  public static let acceptCallReplace: CallOperation = "acceptCallReplace"
  public static let rejectCallReplace: CallOperation = "rejectCallReplace"
}

/// A SIP header parameter of the application's own (R-CALL-32).
public struct CustomParameter: Codable, Sendable, Hashable {
  public var name: String
  public var value: String

  public init(name: String, value: String) {
    self.name = name
    self.value = value
  }
}

/// An ICE candidate as the wire and the W3C's `RTCIceCandidateInit` write it (R-SDP-1).
public struct ICECandidate: Codable, Sendable, Hashable {
  public var candidate: String
  public var sdpMid: String?
  public var sdpMLineIndex: Int?
  public var usernameFragment: String?

  public init(candidate: String, sdpMid: String?, sdpMLineIndex: Int?, usernameFragment: String? = nil) {
    self.candidate = candidate
    self.sdpMid = sdpMid
    self.sdpMLineIndex = sdpMLineIndex
    self.usernameFragment = usernameFragment
  }

  private enum CodingKeys: String, CodingKey {
    case candidate, sdpMid, sdpMLineIndex, usernameFragment
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    candidate = try container.decode(String.self, forKey: .candidate)
    sdpMid = container.looseString(.sdpMid)
    sdpMLineIndex = container.looseInt(.sdpMLineIndex)
    usernameFragment = container.looseString(.usernameFragment)
  }
}

public struct CallControlRequest: WireBody, Hashable {
  public static let envelope: String? = "callControlRequest"

  public var type: CallOperation
  public var from: String?
  public var to: String?
  public var sdp: String?
  public var customParameters: [CustomParameter]?
  public var customBodies: [JSONValue]?
  /// `earlymedia`, `replacecall` (R-CALL-33).
  public var supported: [String]?
  /// `491` refuses an offer (R-CALL-65).
  public var statusCode: StatusCode?
  /// Where to transfer to.
  public var address: String?
  /// The second call of a consultative transfer.
  public var sessionData: SessionID?
  public var firstSessionData: SessionID?
  public var secondSessionData: SessionID?
  /// The text `"true"` (R-CALL-89).
  public var clientControlled: String?
  public var iceCandidates: [ICECandidate]?
  /// The channel on which an anonymous caller listens (R-CALL-792).
  public var notifyChannelId: ChannelID?

  public init(
    type: CallOperation, from: String? = nil, to: String? = nil, sdp: String? = nil,
    customParameters: [CustomParameter]? = nil, customBodies: [JSONValue]? = nil, supported: [String]? = nil,
    statusCode: StatusCode? = nil, address: String? = nil, sessionData: SessionID? = nil,
    firstSessionData: SessionID? = nil, secondSessionData: SessionID? = nil, clientControlled: String? = nil,
    iceCandidates: [ICECandidate]? = nil, notifyChannelId: ChannelID? = nil
  ) {
    self.type = type
    self.from = from
    self.to = to
    self.sdp = sdp
    self.customParameters = customParameters
    self.customBodies = customBodies
    self.supported = supported
    self.statusCode = statusCode
    self.address = address
    self.sessionData = sessionData
    self.firstSessionData = firstSessionData
    self.secondSessionData = secondSessionData
    self.clientControlled = clientControlled
    self.iceCandidates = iceCandidates
    self.notifyChannelId = notifyChannelId
  }

  private enum CodingKeys: String, CodingKey {
    case type, from, to, sdp, customParameters, customBodies, supported, statusCode, address, sessionData, firstSessionData,
      secondSessionData, clientControlled, iceCandidates, notifyChannelId
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    type = try container.decode(CallOperation.self, forKey: .type)
    from = try container.decodeIfPresent(String.self, forKey: .from)
    to = try container.decodeIfPresent(String.self, forKey: .to)
    sdp = try container.decodeIfPresent(String.self, forKey: .sdp)
    customParameters = container.looseArray(CustomParameter.self, .customParameters)
    customBodies = container.looseArray(JSONValue.self, .customBodies)
    supported = container.looseArray(String.self, .supported)
    statusCode = try container.decodeIfPresent(StatusCode.self, forKey: .statusCode)
    address = try container.decodeIfPresent(String.self, forKey: .address)
    sessionData = try container.decodeIfPresent(SessionID.self, forKey: .sessionData)
    firstSessionData = try container.decodeIfPresent(SessionID.self, forKey: .firstSessionData)
    secondSessionData = try container.decodeIfPresent(SessionID.self, forKey: .secondSessionData)
    clientControlled = container.looseString(.clientControlled)
    iceCandidates = container.looseArray(ICECandidate.self, .iceCandidates)
    notifyChannelId = try container.decodeIfPresent(ChannelID.self, forKey: .notifyChannelId)
  }
}

/// Answer to every call request, successes and failures alike (R-CALL-14 to R-CALL-16).
public struct CallControlResponse: WireBody, Hashable {
  public static let envelope: String? = "callControlResponse"
  /// What some servers answer to `calldisposition`, and to anonymous calls (R-CONN-451).
  public static let otherEnvelopes = ["callDispositionResponse", "callMeResponse"]
  public static let mayBeEmpty = true

  public var statusCode: StatusCode?
  /// The new leg, in answers to `callStart` and `join` (R-CALL-43).
  public var sessionData: SessionID?
  /// The call's state, in answers to GET (R-CALL-102).
  public var state: CallSessionState?
  public var reasonText: String?
  /// Seconds after which a refused update may be repeated (R-CALL-61).
  public var retryAfter: Double?

  public init(
    statusCode: StatusCode? = .success, sessionData: SessionID? = nil, state: CallSessionState? = nil,
    reasonText: String? = nil, retryAfter: Double? = nil
  ) {
    self.statusCode = statusCode
    self.sessionData = sessionData
    self.state = state
    self.reasonText = reasonText
    self.retryAfter = retryAfter
  }

  private enum CodingKeys: String, CodingKey {
    case statusCode, sessionData, state, reasonText, retryAfter
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    statusCode = container.looseInt(.statusCode).map(StatusCode.init(rawValue:))
    sessionData = container.looseString(.sessionData).map { SessionID($0) }
    state = container.looseString(.state).map(CallSessionState.init(rawValue:))
    reasonText = container.looseString(.reasonText)
    retryAfter = container.looseDouble(.retryAfter)
  }
}

/// What the gateway says of a session (R-CALL-102); other values are ignored.
public struct CallSessionState: RawRepresentable, Hashable, Sendable, Codable, ExpressibleByStringLiteral {
  public let rawValue: String
  public init(rawValue: String) { self.rawValue = rawValue }
  public init(stringLiteral value: String) { rawValue = value }

  public init(from decoder: any Decoder) throws {
    rawValue = try decoder.singleValueContainer().decode(String.self)
  }
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(rawValue)
  }

  public static let ringing: CallSessionState = "RINGING"
  public static let answered: CallSessionState = "ANSWERED"
}

/// Body of `calldisposition` (R-CALL-80).
public struct CallDispositionRequest: WireBody, Hashable {
  public static let envelope: String? = "callDispositionRequest"

  public enum Action: String, Codable, Sendable, Hashable {
    case reject, forward
  }

  public var action: Action
  public var sessionData: SessionID
  public var address: String?

  public init(action: Action, sessionData: SessionID, address: String? = nil) {
    self.action = action
    self.sessionData = sessionData
    self.address = address
  }
}
