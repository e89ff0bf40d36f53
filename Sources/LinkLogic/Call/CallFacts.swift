public import LinkProtocol

/// What can be said of a failed call operation (part 02 §5.6).
public struct CallFailure: Error, Sendable, Hashable {
  /// The number behind `call:`.
  public enum Code: Int, Sendable, Hashable, CaseIterable {
    case unknown = 1
    case generic = 2
    /// Media could not be initialised.
    case mediaInitialization = 3
    /// The microphone, camera or screen could not be had.
    case userMedia = 4
    case notSupported = 5
    /// Not in the call's present state.
    case invalidState = 6
    case invalidParameter = 7
    case outOfSync = 8
    /// The far end's session description cannot be used.
    case invalidOffer = 9
    /// The far end has refused again and again because both want to change the call at once.
    case glare = 12
  }

  public var code: Code
  public var message: String
  /// The gateway's code, when it refused a request.
  public var status: StatusCode?
  /// The cause in words: an engine's or a server's.
  public var detail: String?

  public init(_ code: Code, _ message: String, status: StatusCode? = nil, detail: String? = nil) {
    self.code = code
    self.message = message
    self.status = status
    self.detail = detail
  }
}

/// What the application may know of a call, apart from the options it gave (R-CALL-340).
public struct CallFacts: Sendable, Hashable {
  public var state: CallState
  public let direction: CallDirection
  /// `wrtcsSessionId`: known once the gateway has accepted the call.
  public var session: SessionID?
  public var from: String
  public var to: String
  public var callerName: String?
  public var calleeName: String?
  public var remoteParticipant: CallParticipant?
  public var originalRemoteParticipant: CallParticipant?
  public var muted = false
  public var silenced = false
  public var localHold = false
  public var remoteHold = false
  public var isAudioEnabled: Bool?
  public var isVideoEnabled: Bool?
  public var sendInitialVideo: Bool?
  public var customParameters: [CustomParameter]?
  /// What the far end sent last (R-CALL-831).
  public var remoteCustomParameters: [CustomParameter]?
  public var isScreensharing = false
  /// Whether a change that one of the ends has proposed is still being agreed on.
  public var isNegotiating = false
  /// Whether the far end's description has video (at the start of an outgoing call: the own one).
  public var isVideoNegotiationAvailable = false
  public var sendingVideo: Bool?
  /// The direction of the far end's video; `nil` when it has none.
  public var remoteVideoState: MediaDirection?
  public var mediaState: ICEConnectionState?
  public var transition: CallTransition?
  /// Milliseconds since 1970.
  public var startTime: Int64?
  /// Milliseconds since 1970.
  public var endTime: Int64?
  /// Why `make` or `answer` failed.
  public var failure: CallFailure?

  public init(direction: CallDirection, state: CallState, from: String, to: String) {
    self.direction = direction
    self.state = state
    self.from = from
    self.to = to
  }
}
