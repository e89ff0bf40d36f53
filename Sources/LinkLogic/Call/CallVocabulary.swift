public import LinkProtocol

/// What the user does with a call; the names are the API's. `call:operation` reports them (part 02 §17.4).
public enum CallAction: String, Sendable, Hashable, Codable, CaseIterable {
  case make, answer, ignore, reject, end, mute, unmute
}

/// Which media a call shall have (R-MEDIA-4).
public struct MediaWishes: Sendable, Hashable {
  public var audio = true
  /// Whether there is to be a video section.
  public var video = true
  /// Whether the camera is sent.
  public var sendVideo = false

  public init(audio: Bool = true, video: Bool = true, sendVideo: Bool = false) {
    self.audio = audio
    self.video = video
    self.sendVideo = sendVideo
  }
}

/// What `make` was asked for.
public struct OutgoingCall: Sendable, Hashable {
  /// Normalised, if that was wished (R-CALL-507).
  public var callee: String
  /// The `from` option; `nil` for the own user.
  public var from: String?
  public var firstName: String
  public var lastName: String
  public var media: MediaWishes
  public var customParameters: [CustomParameter]?

  public init(
    callee: String, from: String? = nil, firstName: String = "", lastName: String = "", media: MediaWishes = MediaWishes(),
    customParameters: [CustomParameter]? = nil
  ) {
    self.callee = callee
    self.from = from
    self.firstName = firstName
    self.lastName = lastName
    self.media = media
    self.customParameters = customParameters
  }

  /// Why such a call cannot even be tried (R-CALL-508, R-CALL-509).
  public var problem: CallFailure? {
    if callee.isEmpty { return CallFailure(.invalidParameter, "No callee specified for call.") }
    if !media.audio, !media.sendVideo { return CallFailure(.invalidParameter, "No media specified for call.") }
    return nil
  }
}

/// What `answer` was asked for.
public struct CallAnswer: Sendable, Hashable {
  public var media: MediaWishes
  public var customParameters: [CustomParameter]?

  public init(media: MediaWishes = MediaWishes(), customParameters: [CustomParameter]? = nil) {
    self.media = media
    self.customParameters = customParameters
  }
}

/// Something that the application is told. Each event is about the call as `CallMachine.facts` describes it.
public enum CallEvent: Sendable, Hashable {
  /// `call:start`
  case started
  /// `call:receive`
  case received
  /// `call:stateChange` with a state.
  case stateChanged(CallState, CallTransition)
  /// `call:stateChange` without: mute and unmute (R-CALL-473).
  case flagsChanged
  /// `call:mediaStateChange`
  case mediaStateChanged(ICEConnectionState)
  /// `call:error`
  case failed(CallFailure)
  /// `call:operation`
  case operationStarted(CallAction)
  case operationFinished(CallAction, CallFailure?)
}

/// A request that a call makes. The session is known for all but the first.
public enum CallRequest: Sendable, Hashable {
  case start(CallControlRequest)
  case update(SessionID, CallControlRequest)
  case end(SessionID, reasonText: String?)
  case disposition(CallDispositionRequest)
}

public enum CallResponse: Sendable, Hashable {
  case success(CallControlResponse)
  /// Refused, with the gateway's words if it had any, or unanswered.
  case failure(CallControlResponse?)

  var statusCode: StatusCode? {
    switch self {
    case .success(let response): response.statusCode
    case .failure(let response): response?.statusCode
    }
  }
}

/// The directions that this end wants, whatever the far end says; the answer is the intersection (R-UP-3).
public struct LocalMedia: Sendable, Hashable {
  /// `nil`: no section of this kind in an offer.
  public var audio: MediaDirection?
  public var video: MediaDirection?
  /// Whether a camera is to be opened.
  public var sendsVideo: Bool

  public init(audio: MediaDirection?, video: MediaDirection?, sendsVideo: Bool) {
    self.audio = audio
    self.video = video
    self.sendsVideo = sendsVideo
  }
}

/// Work that a call's media has to do; each piece succeeds as a whole or leaves things as they were.
public enum MediaWork: Sendable, Hashable {
  /// Opens what is needed, describes it, and gathers candidates → `described`. A fresh peer replaces the present one when its
  /// answer has been accepted (R-UP-23).
  case offer(LocalMedia, SDPOperation, freshPeer: Bool)
  /// Applies the far end's offer and answers it → `described`.
  case answer(offer: String, LocalMedia, SDPOperation)
  /// Applies the far end's answer, or provisional answer → `done`.
  case accept(DescriptionType, String, SDPOperation)
  /// Ends everything, also what is under way → `done`.
  case close
}

/// A change of media that cannot fail as far as the call is concerned.
public enum MediaAdjustment: Sendable, Hashable {
  /// Whether the tracks carry anything (R-UP-7).
  case enable(MediaEnablement)
  case addCandidates([ICECandidate])
  /// Back to what both ends last agreed on (R-SDP-162).
  case revert
  /// Closes the peer; the next work makes a new one.
  case discard
}

public struct MediaEnablement: Sendable, Hashable {
  public var audio = true
  public var video = true

  public init(audio: Bool = true, video: Bool = true) {
    self.audio = audio
    self.video = video
  }
}

public enum MediaResult: Sendable, Hashable {
  case described(String)
  case done
  case failed(MediaFailure)
}

public struct MediaFailure: Error, Sendable, Hashable {
  public enum Cause: Sendable, Hashable {
    /// There is no engine, or it could not be initialised.
    case initialization
    /// A microphone or camera could not be had.
    case device
    /// The far end's description is unusable.
    case remoteDescription
    /// Anything else.
    case engine
  }
  public var cause: Cause
  public var message: String

  public init(_ cause: Cause, _ message: String) {
    self.cause = cause
    self.message = message
  }
}
