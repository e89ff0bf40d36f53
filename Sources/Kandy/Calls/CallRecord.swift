import LinkLogic
public import LinkProtocol

/// A call as it is at one moment: what `getAll` and `getById` give (R-CALL-340). Its JSON has the documented keys.
public struct CallRecord: Sendable, Hashable, Codable, Identifiable {
  /// `callId`; made by the SDK, never sent.
  public var id: CallID
  public var state: CallState
  public var direction: CallDirection
  /// Whether the own microphone is off.
  public var muted: Bool
  /// Whether the far end is not heard.
  public var silenced: Bool
  public var isScreensharing: Bool
  /// The gateway's name for the call; known once it has accepted it.
  public var session: SessionID?
  public var from: String
  public var to: String
  public var callerName: String?
  public var calleeName: String?
  /// Who is at the other end.
  public var remoteParticipant: CallParticipant?
  /// Who was called, of outgoing calls.
  public var originalRemoteParticipant: CallParticipant?
  public var contact: CallContact?
  public var isAudioEnabled: Bool?
  public var isVideoEnabled: Bool?
  public var sendInitialVideo: Bool?
  public var webrtcdtls: Bool?
  public var videoResolution: VideoResolution?
  public var normalizeAddress: Bool?
  public var customParameters: [CustomParameter]?
  /// The custom parameters that the far end sent last (R-CALL-831; not in 3.16).
  public var remoteCustomParameters: [CustomParameter]?
  /// Whether the far end's description has video (at the start of an outgoing call: the own one).
  public var isVideoNegotiationAvailable: Bool
  public var sendingVideo: Bool?
  public var remoteVideoState: RemoteVideoState
  public var mediaState: MediaConnectionState?
  /// The last change of state.
  public var transition: CallTransition?
  /// When the call was established, in milliseconds since 1970; that of a call that never was is its end.
  public var startTime: Int64?
  /// Milliseconds since 1970.
  public var endTime: Int64?
  /// Why `make` or `answer` failed.
  public var error: BasicError?
  /// Whether this end, and the far end, hold the call (part 02 §17.4; not in 3.16).
  public var localHold: Bool
  public var remoteHold: Bool
  /// Whether this call stands for two that were joined, and then which, and who their other ends are.
  public var isJoinedCall: Bool?
  public var joinedCalls: [CallID]?
  public var participants: [String]?

  private enum CodingKeys: String, CodingKey {
    case id, state, direction, muted, silenced, isScreensharing, session = "wrtcsSessionId", from, to, callerName, calleeName,
      remoteParticipant, originalRemoteParticipant, contact, isAudioEnabled, isVideoEnabled, sendInitialVideo, webrtcdtls,
      videoResolution, normalizeAddress, customParameters, isVideoNegotiationAvailable, sendingVideo, remoteVideoState,
      mediaState, transition, startTime, endTime, error, localHold, remoteHold, remoteCustomParameters, isJoinedCall,
      joinedCalls, participants
  }
}

/// The direction of the far end's video; `false` in JSON when it has none.
public enum RemoteVideoState: Sendable, Hashable, Codable {
  case none
  case direction(MediaDirection)

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    self = if let direction = try? container.decode(MediaDirection.self) { .direction(direction) } else { .none }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .none: try container.encode(false)
    case .direction(let direction): try container.encode(direction)
    }
  }

  /// Whether the far end sends video.
  public var sends: Bool {
    switch self {
    case .none: false
    case .direction(let direction): direction.sends
    }
  }
}

/// The options of a call that its record repeats.
struct CallRecordOptions: Sendable, Hashable {
  var contact: CallContact?
  var webrtcdtls: Bool?
  var videoResolution: VideoResolution?
  var normalizeAddress: Bool?
  var joinedCalls: [CallID]?
  var participants: [String]?
  /// Whose failures the errors of this call are: those of a join are the first call's (R-CALL-546).
  var complainsAs: CallID?
}

extension CallRecord {
  init(id: CallID, facts: CallFacts, options: CallRecordOptions) {
    self.id = id
    state = facts.state
    direction = facts.direction
    muted = facts.muted
    silenced = facts.silenced
    isScreensharing = facts.isScreensharing
    session = facts.session
    from = facts.from
    to = facts.to
    callerName = facts.callerName
    calleeName = facts.calleeName
    remoteParticipant = facts.remoteParticipant
    originalRemoteParticipant = facts.originalRemoteParticipant
    contact = options.contact
    isAudioEnabled = facts.isAudioEnabled
    isVideoEnabled = facts.isVideoEnabled
    sendInitialVideo = facts.sendInitialVideo
    webrtcdtls = options.webrtcdtls
    videoResolution = options.videoResolution
    normalizeAddress = options.normalizeAddress
    customParameters = facts.customParameters
    remoteCustomParameters = facts.remoteCustomParameters
    isVideoNegotiationAvailable = facts.isVideoNegotiationAvailable
    sendingVideo = facts.sendingVideo
    remoteVideoState = facts.remoteVideoState.map { .direction($0) } ?? .none
    mediaState = facts.mediaState.map { MediaConnectionState($0) }
    transition = facts.transition
    startTime = facts.startTime
    endTime = facts.endTime
    error = facts.failure.map { BasicError($0) }
    localHold = facts.localHold
    remoteHold = facts.remoteHold
    isJoinedCall = options.joinedCalls == nil ? nil : true
    joinedCalls = options.joinedCalls
    participants = options.participants
  }
}

extension BasicError {
  /// A call's failure with its documented code (part 02 §5.6).
  init(_ failure: CallFailure) {
    self.init(
      Code(rawValue: "call:\(failure.code.rawValue)"), failure.message, statusCode: failure.status, cause: failure.detail)
  }
}
