public import LinkMedia
public import LinkProtocol

/// Options of `call.make`. What is `nil` comes from `config.call.callDefaults`, else has the documented default (R-CALL-505,
/// R-CALL-506).
public struct MakeOptions: Sendable {
  /// The caller's name, which is sent alongside the user id. An address (`sip:5550100`, `alice@example.com`) is sent instead of the
  /// user id; `Reception <alice@example.com>` says both (R-CALL-634).
  public var from: String?
  /// The caller's name, if `from` says none.
  public var contact: CallContact?
  /// Default: `true`.
  public var isAudioEnabled: Bool?
  /// Whether the call has video, be it only to receive. Default: `true`.
  public var isVideoEnabled: Bool?
  /// Whether the camera is sent from the start. Default: `false`.
  public var sendInitialVideo: Bool?
  /// Without effect: media is always secured by DTLS-SRTP.
  public var webrtcdtls: Bool?
  /// The size of the default camera's pictures; by default what the camera gives.
  public var videoResolution: VideoResolution?
  /// SIP header parameters of the application's own.
  public var customParameters: [CustomParameter]?
  /// Who sees the far end.
  public var remoteVideoContainer: (any VideoRenderer)?
  /// Who sees this end.
  public var localVideoContainer: (any VideoRenderer)?
  /// Whether the callee's address is brought into its usual form (R-CALL-620). Default: `false`.
  public var normalizeAddress: Bool?
  /// What is heard at the far end, instead of the default microphone.
  public var microphone: (any AudioSource)?
  /// What is seen at the far end, instead of the default camera; in the size that it gives.
  public var camera: (any VideoSource)?

  public init(
    from: String? = nil, contact: CallContact? = nil, isAudioEnabled: Bool? = nil, isVideoEnabled: Bool? = nil,
    sendInitialVideo: Bool? = nil, webrtcdtls: Bool? = nil, videoResolution: VideoResolution? = nil,
    customParameters: [CustomParameter]? = nil, remoteVideoContainer: (any VideoRenderer)? = nil,
    localVideoContainer: (any VideoRenderer)? = nil, normalizeAddress: Bool? = nil, microphone: (any AudioSource)? = nil,
    camera: (any VideoSource)? = nil
  ) {
    self.from = from
    self.contact = contact
    self.isAudioEnabled = isAudioEnabled
    self.isVideoEnabled = isVideoEnabled
    self.sendInitialVideo = sendInitialVideo
    self.webrtcdtls = webrtcdtls
    self.videoResolution = videoResolution
    self.customParameters = customParameters
    self.remoteVideoContainer = remoteVideoContainer
    self.localVideoContainer = localVideoContainer
    self.normalizeAddress = normalizeAddress
    self.microphone = microphone
    self.camera = camera
  }
}

/// Options of `call.answer`; see `MakeOptions` (R-CALL-514).
public struct AnswerOptions: Sendable {
  /// Default: `true`.
  public var isAudioEnabled: Bool?
  /// Matters only when the caller leaves the offer to this end (R-CALL-516). Default: `true`.
  public var isVideoEnabled: Bool?
  /// Whether the camera is sent, if the caller offers video. Default: `false`.
  public var sendInitialVideo: Bool?
  public var videoResolution: VideoResolution?
  /// Undocumented in 3.16, and passed on by it (R-CALL-47).
  public var customParameters: [CustomParameter]?
  public var remoteVideoContainer: (any VideoRenderer)?
  public var localVideoContainer: (any VideoRenderer)?
  public var microphone: (any AudioSource)?
  public var camera: (any VideoSource)?

  public init(
    isAudioEnabled: Bool? = nil, isVideoEnabled: Bool? = nil, sendInitialVideo: Bool? = nil,
    videoResolution: VideoResolution? = nil, customParameters: [CustomParameter]? = nil,
    remoteVideoContainer: (any VideoRenderer)? = nil, localVideoContainer: (any VideoRenderer)? = nil,
    microphone: (any AudioSource)? = nil, camera: (any VideoSource)? = nil
  ) {
    self.isAudioEnabled = isAudioEnabled
    self.isVideoEnabled = isVideoEnabled
    self.sendInitialVideo = sendInitialVideo
    self.videoResolution = videoResolution
    self.customParameters = customParameters
    self.remoteVideoContainer = remoteVideoContainer
    self.localVideoContainer = localVideoContainer
    self.microphone = microphone
    self.camera = camera
  }
}

/// The caller's name.
public struct CallContact: Sendable, Hashable, Codable {
  public var firstName: String
  public var lastName: String

  public init(firstName: String = "", lastName: String = "") {
    self.firstName = firstName
    self.lastName = lastName
  }
}
