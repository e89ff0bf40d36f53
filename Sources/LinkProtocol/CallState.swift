// The words for a call as the application sees it, which the call's machine and the SDK have in common.

/// `call.states`: the public state of a call (R-CALL-320). The raw values are the documented names.
///
/// INITIATING and INITIATED are not among the documented constants: a record has them, no event announces them (R-CALL-321).
public enum CallState: String, Sendable, Hashable, Codable, CaseIterable {
  /// `make` has been called; the gateway does not know the call yet.
  case initiating = "INITIATING"
  /// The gateway has accepted the call.
  case initiated = "INITIATED"
  /// The far end rings, or an incoming call waits for its user.
  case ringing = "RINGING"
  /// The far end sends media before it answers.
  case earlyMedia = "EARLY_MEDIA"
  case inCall = "IN_CALL"
  /// Held by this end, or by both.
  case onHold = "ON_HOLD"
  /// Held by the far end only.
  case onRemoteHold = "ON_REMOTE_HOLD"
  /// Momentary: ENDED follows.
  case transferred = "TRANSFERRED"
  /// A transfer or join failed; the call is still held.
  case transferFailure = "TRANSFER_FAILURE"
  case ended = "ENDED"

  // Names that the API has and no call ever shows.
  case rejected = "REJECTED"
  case outgoing = "OUTGOING"
  case incoming = "INCOMING"
  case answering = "ANSWERING"
  case joined = "JOINED"
  case renegotiation = "RENEGOTIATION"
  case callInProgress = "CALL_IN_PROGRESS"
  case replacing = "REPLACING"

  /// Whether both ends have agreed on media and neither has hung up.
  public var isEstablished: Bool {
    switch self {
    case .inCall, .onHold, .onRemoteHold, .transferFailure: true
    case .initiating, .initiated, .ringing, .earlyMedia, .transferred, .ended, .rejected, .outgoing, .incoming, .answering,
      .joined, .renegotiation, .callInProgress, .replacing:
      false
    }
  }
}

/// Who called whom, as this end sees it.
public enum CallDirection: String, Sendable, Hashable, Codable, CaseIterable {
  case outgoing, incoming
}

/// The party at the other end.
public struct CallParticipant: Sendable, Hashable, Codable {
  public var displayNumber: String
  public var displayName: String?

  public init(displayNumber: String, displayName: String? = nil) {
    self.displayNumber = displayNumber
    self.displayName = displayName
  }
}

/// Why a call changed its state, and between which states (R-CALL-325).
public struct CallTransition: Sendable, Hashable, Codable {
  public enum Kind: String, Sendable, Hashable, Codable {
    /// The call is established for the first time.
    case callEstablished
    /// The state is the same; the far end's video is not.
    case remoteVideoChange
  }

  /// The gateway's code if it gave a code and a text, else one of `LocalCallCode`, else `nil`. Written as a number, as
  /// documented; 3.16 wrote local codes as text.
  public var code: StatusCode?
  public var reasonText: String?
  /// `prevState` in the payload; the document calls it `oldState`.
  public var previousState: CallState
  public var newState: CallState
  public var event: Kind?

  public init(
    code: StatusCode? = nil, reasonText: String? = nil, previousState: CallState, newState: CallState, event: Kind? = nil
  ) {
    self.code = code
    self.reasonText = reasonText
    self.previousState = previousState
    self.newState = newState
    self.event = event
  }

  private enum CodingKeys: String, CodingKey {
    case code, reasonText, previousState = "prevState", newState, event
  }
}

/// The wanted size of the own video, in pixels. What is `nil` is left to the camera.
public struct VideoResolution: Sendable, Hashable, Codable {
  public var height: Int?
  public var width: Int?

  public init(height: Int? = nil, width: Int? = nil) {
    self.height = height
    self.width = width
  }
}

/// A screen that is shown in a call instead of the camera (R-MEDIA-60).
public struct ScreenShare: Sendable, Hashable, Codable {
  /// The id of the screen or window.
  public var mediaSourceId: String
  /// Pixels, at most.
  public var width: Int
  /// Pixels, at most.
  public var height: Int
  /// Frames per second, at most.
  public var frameRate: Int

  public init(mediaSourceId: String, width: Int = 1024, height: Int = 768, frameRate: Int = 15) {
    self.mediaSourceId = mediaSourceId
    self.width = width
    self.height = height
    self.frameRate = frameRate
  }
}
