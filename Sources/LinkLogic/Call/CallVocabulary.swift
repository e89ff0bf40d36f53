public import LinkProtocol

/// What the user does with a call; the names are the API's. `call:operation` reports them (part 02 §17.4).
public enum CallAction: String, Sendable, Hashable, Codable, CaseIterable {
  case make, answer, ignore, reject, forwardCall, end, mute, unmute, silence, unsilence, hold, unhold, startVideo, stopVideo,
    startScreenshare, stopScreenshare, sendDTMF, changeInputDevices, sendCustomParameters, directTransfer,
    consultativeTransfer, join, restartMedia
}

/// Which media a call shall have (R-MEDIA-4).
public struct MediaWishes: Sendable, Hashable {
  public var audio = true
  /// Whether there is to be a video section.
  public var video = true
  /// Whether the camera is sent.
  public var sendVideo = false
  /// The wanted size of the camera's pictures; `nil` leaves it to the camera.
  public var resolution: VideoResolution?

  public init(audio: Bool = true, video: Bool = true, sendVideo: Bool = false, resolution: VideoResolution? = nil) {
    self.audio = audio
    self.video = video
    self.sendVideo = sendVideo
    self.resolution = resolution
  }
}

/// What `make` was asked for.
public struct OutgoingCall: Sendable, Hashable {
  /// Normalised, if that was wished (R-CALL-507).
  public var callee: String
  /// The caller's address; `nil` for the own user.
  public var from: String?
  /// The caller's name for the far end; empty if none is to be sent.
  public var name: String
  public var media: MediaWishes
  public var customParameters: [CustomParameter]?
  /// The calls that this one joins; `nil` for a call to somebody.
  public var joins: JoinedSessions?

  /// - Parameters:
  ///   - from: an address, a name for the far end, or both (R-CALL-634).
  ///   - firstName: with `lastName` the caller's name, unless `from` says one.
  public init(
    callee: String, from: String? = nil, firstName: String = "", lastName: String = "", media: MediaWishes = MediaWishes(),
    customParameters: [CustomParameter]? = nil
  ) {
    let caller = from.map(AddressRules.readCaller)
    self.callee = callee
    self.from = caller?.address
    name = caller?.name ?? [firstName, lastName].filter { !$0.isEmpty }.joined(separator: " ")
    self.media = media
    self.customParameters = customParameters
  }

  /// A call that joins two held ones: audio only (R-UP-26). It carries the first one's parameters (R-CALL-89).
  public init(joining sessions: JoinedSessions, customParameters: [CustomParameter]?) {
    self.init(callee: "Joined Call", media: MediaWishes(video: false), customParameters: customParameters)
    joins = sessions
  }

  /// Why such a call cannot even be tried (R-CALL-508, R-CALL-509).
  public var problem: CallFailure? {
    if callee.isEmpty { return CallFailure(.invalidParameter, "No callee specified for call.") }
    if !media.audio, !media.sendVideo { return CallFailure(.invalidParameter, "No media specified for call.") }
    return nil
  }
}

/// The two calls that a joined call is made of.
public struct JoinedSessions: Sendable, Hashable {
  public var first: SessionID
  public var second: SessionID

  public init(first: SessionID, second: SessionID) {
    self.first = first
    self.second = second
  }
}

/// Where a call is to be transferred to.
public enum TransferTarget: Sendable, Hashable {
  /// To somebody who will be called (R-CALL-85).
  case address(String)
  /// To the far end of another call, whose number is a hint only.
  case call(SessionID, number: String)
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
  /// `call:screenshareChange`
  case screenshareChanged
  /// `call:forward`
  case forwarded
  /// `call:join`: this call stands for the two that it was made of (R-CALL-90).
  case joined
  /// `call:customParameters`: the far end has sent some (R-CALL-831).
  case customParametersReceived([CustomParameter])
  /// `call:error`
  case failed(CallFailure)
  /// `call:operation`
  case operationStarted(CallAction)
  case operationFinished(CallAction, CallFailure?)
  /// The same, of what the far end does (R-SDP-145).
  case remoteOperationStarted(RemoteOperation)
  case remoteOperationFinished(RemoteOperation, CallFailure?)
}

/// A request that a call makes. The session is known for all but the first.
public enum CallRequest: Sendable, Hashable {
  /// `callStart`, or `join`.
  case start(CallControlRequest)
  case update(SessionID, CallControlRequest)
  /// Asks how the call stands (R-CALL-102).
  case read(SessionID)
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
  public var content: VideoContent

  public init(audio: MediaDirection?, video: MediaDirection?, content: VideoContent = .nothing) {
    self.audio = audio
    self.video = video
    self.content = content
  }
}

/// What this end sends as video; it is opened when it is not open yet.
public enum VideoContent: Sendable, Hashable {
  case nothing
  /// `nil`: in the size that the camera likes.
  case camera(VideoResolution?)
  case screen(ScreenShare)
}

/// What an offer is made over.
public enum OfferBasis: Sendable, Hashable {
  /// The call's present peer, or its first one.
  case presentPeer
  /// The present peer, with new ICE credentials (R-UP-27).
  case restartedICE
  /// A new peer, which replaces the present one when its answer has been accepted (R-UP-23).
  case freshPeer
}

/// Work that a call's media has to do; each piece succeeds as a whole or leaves things as they were.
public enum MediaWork: Sendable, Hashable {
  /// Opens what is needed, describes it, and gathers candidates → `described`.
  case offer(LocalMedia, SDPOperation, OfferBasis)
  /// Applies the far end's offer and answers it → `described`. An offer from another endpoint than before is answered by a new
  /// peer (R-UP-22), which takes over with `commit`.
  case answer(offer: String, LocalMedia, SDPOperation)
  /// Applies the far end's answer, or provisional answer → `done`, or `doneElsewhere`.
  case accept(DescriptionType, String, SDPOperation)
  /// Sends tones → `done` when the last one has been handed over.
  case sendTones(DTMFTones)
  /// Opens the default microphone and camera anew and sends what they give; the old ones stay if that fails → `done`.
  case changeInputDevices
  /// Ends everything, also what is under way → `done`.
  case close
}

/// A change of media that cannot fail as far as the call is concerned.
public enum MediaAdjustment: Sendable, Hashable {
  /// Whether the tracks carry anything (R-UP-7).
  case enable(MediaEnablement)
  case addCandidates([ICECandidate])
  /// The far end has our answer: what it agrees on is in force.
  case commit
  /// Back to what both ends last agreed on (R-SDP-162).
  case revert
  /// Whether the far end is heard here (R-MEDIA-27).
  case silence(Bool)
  /// Closes the peer; the next work makes a new one.
  case discard
}

public struct MediaEnablement: Sendable, Hashable {
  public var audio = true
  public var video = true
  /// Whether anything is sent at all; a track that is off still sends silence (R-SDP-131).
  public var transmits = true

  /// Whether somebody holds the call; a muted one has its video.
  public var isHeld: Bool { !video }

  public init(audio: Bool = true, video: Bool = true, transmits: Bool = true) {
    self.audio = audio
    self.video = video
    self.transmits = transmits
  }
}

public enum MediaResult: Sendable, Hashable {
  case described(String)
  case done
  /// The far end's answer has been applied, but it comes from another endpoint than the description before: media will not
  /// flow over this peer (R-DTLS-16).
  case doneElsewhere
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
