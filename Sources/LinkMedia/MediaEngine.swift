public import LinkProtocol

/// What the SDK needs of a media engine. `KandyWebRTC` implements it over libwebrtc, `KandyTesting` with a strict fake.
///
/// An engine owns its threads. None of its functions blocks the caller's thread: they suspend.
public protocol MediaEngine: Sendable {
  /// Checks that media works on this machine; the result is what `media:initialize` reports (R-MEDIA-2).
  func initialize() async -> MediaInitialization

  /// Makes one end of one call's media connection.
  /// - Throws: `MediaError` when the configuration is refused.
  func makePeer(_ configuration: PeerConfiguration) async throws -> any MediaPeer

  /// Closes what is left of peers and ends the engine's threads. Idempotent; the engine is unusable afterwards.
  func shutdown() async
}

/// The result of checking media support (R-MEDIA-2). A native engine reports code 0 or 5.
public struct MediaInitialization: Sendable, Hashable, Codable {
  public var error: Bool
  public var code: Int
  public var message: String

  public init(error: Bool, code: Int, message: String) {
    self.error = error
    self.code = code
    self.message = message
  }

  public static let initialized = MediaInitialization(error: false, code: 0, message: "Media initialized.")
  public static let failed = MediaInitialization(error: true, code: 5, message: "Media couldn't be initialized.")
}

/// How a peer is set up (part 03 §14.2).
public struct PeerConfiguration: Sendable, Hashable {
  public var iceServers: [ICEServer]
  /// `disabled` configures the engine with max-compat; deleting the BUNDLE group is the SDP handlers' work (R-SDP-52).
  public var bundlePolicy: BundlePolicy
  /// Only relay candidates (`call.useRelay`, R-ICE-6).
  public var relayOnly: Bool
  /// The `msid` stream id that both senders share (R-UP-5).
  public var streamID: String

  public init(
    iceServers: [ICEServer] = [], bundlePolicy: BundlePolicy = .disabled, relayOnly: Bool = false, streamID: String = "kandy"
  ) {
    self.iceServers = iceServers
    self.bundlePolicy = bundlePolicy
    self.relayOnly = relayOnly
    self.streamID = streamID
  }
}

/// A STUN or TURN server (R-ICE-1).
public struct ICEServer: Sendable, Hashable, Codable {
  public var urls: [String]
  public var username: String?
  public var credential: String?

  public init(urls: [String], username: String? = nil, credential: String? = nil) {
    self.urls = urls
    self.username = username
    self.credential = credential
  }
}

/// One end of a call's media connection: offer/answer, candidates, one audio and at most one video transceiver (R-UP-2).
///
/// Transceivers are addressed by kind. Functions may be called from anywhere; the engine runs them one after another in the
/// order in which they were called. After `close` every function throws `MediaError.closed`.
public protocol MediaPeer: AnyObject, Sendable {
  /// Everything that happens to the peer, in order. One reader. `close` adds the ICE state `closed` and finishes the stream.
  var events: AsyncStream<PeerEvent> { get }

  /// Adds the transceiver of this kind (audio before video, R-UP-2), or, if a remote offer has already made one, uses that.
  func addTransceiver(_ kind: MediaKind, direction: MediaDirection) async throws
  /// The kinds that have a transceiver, in section order.
  func transceivers() async throws -> [MediaKind]
  /// Sets what this end wants; it takes effect with the next offer or answer.
  /// - Throws: `invalidState` when there is no transceiver of this kind.
  func setDirection(_ kind: MediaKind, _ direction: MediaDirection) async throws

  /// Other STUN and TURN servers, or other credentials for them, for what is gathered from now on: after an ICE restart, that is.
  func setServers(_ servers: [ICEServer]) async throws

  func createOffer(iceRestart: Bool) async throws -> String
  func createAnswer() async throws -> String
  func setLocalDescription(_ type: DescriptionType, _ sdp: String) async throws
  /// - Throws: `invalidState` when it is not its turn; `invalidDescription` otherwise. After an error of syntax the peer is as
  ///   before; an engine may not recover from other errors and then refuses every later description (R-UP-22).
  func setRemoteDescription(_ type: DescriptionType, _ sdp: String) async throws
  /// Takes back a local or remote offer that has not been answered. Descriptions and media are as before the offer; directions
  /// that were set and transceivers that were added stay (R-UP-9).
  /// - Throws: `invalidState` when there is no such offer.
  func rollback() async throws
  /// The current or pending local description with the candidates gathered so far.
  func localDescription() async throws -> String?
  func gatheringState() async throws -> GatheringState
  func addCandidate(_ candidate: ICECandidate) async throws

  /// What this end sends as audio. `nil` sends nothing. The source is read every 10 ms on a thread of the engine. It may be set
  /// before there is a transceiver. When the function returns, the engine does not use the earlier source any more; so with
  /// the camera, the sinks and the renderers.
  func setMicrophone(_ source: (any AudioSource)?) async throws
  /// What this end sends as video. `nil` sends nothing.
  func setCamera(_ source: (any VideoSource)?) async throws
  /// A disabled track sends silence, or black frames, until it is enabled again (mute, R-UP-7).
  func setEnabled(_ kind: MediaKind, _ enabled: Bool) async throws
  /// Whether anything is sent at all. While it is `false` no packet of this kind leaves, not even silence (R-UP-7,
  /// `forceDisableMediaOnHold`), whatever directions are agreed meanwhile. Takes effect at once, without an offer. It may be set
  /// before there is a transceiver; it is `true` at first.
  func setSending(_ kind: MediaKind, _ sending: Bool) async throws
  /// Who hears the far end: replaces all earlier sinks. They are called every 10 ms on a thread of the engine.
  func setAudioSinks(_ sinks: [any AudioSink]) async throws
  /// Who sees the far end: replaces all earlier renderers. They are called on a thread of the engine.
  func setVideoRenderers(_ renderers: [any VideoRenderer]) async throws

  /// Whether `sendDTMF` would send: the call is connected, audio is being sent, and the far end takes telephone events
  /// (R-MEDIA-43). Where only the last is missing, a `DTMFMixer` as the microphone is the other way.
  func canSendDTMF() async throws -> Bool
  /// Sends tones as RFC 4733 events, behind those that are still to be sent, each for 400 ms unless they say otherwise. Returns at
  /// once.
  /// - Throws: `invalidState` while no audio is being sent; `unsupported` when the far end does not take telephone events.
  func sendDTMF(_ tones: DTMFTones) async throws
  /// Counters of the connection as the engine keeps them (W3C webrtc-stats names).
  func statistics() async throws -> [StatisticsRecord]

  /// Ends the connection. Returns when no thread of the engine uses a source, sink or renderer of this peer any more.
  func close() async
}

public enum PeerEvent: Sendable, Hashable {
  case iceConnectionState(ICEConnectionState)
  case gatheringState(GatheringState)
  case candidate(ICECandidate)
  /// The far end's track of this kind exists since the last remote description.
  case remoteTrack(MediaKind)
}

/// One object of the engine's statistics: W3C `type`, `id` and the members as numbers or text.
public struct StatisticsRecord: Sendable, Hashable, Codable {
  public var type: String
  public var id: String
  public var numbers: [String: Double]
  public var texts: [String: String]

  public init(type: String, id: String, numbers: [String: Double], texts: [String: String]) {
    self.type = type
    self.id = id
    self.numbers = numbers
    self.texts = texts
  }
}

/// Why the engine refused something.
public struct MediaError: Error, Sendable, Hashable, CustomStringConvertible {
  public struct Code: RawRepresentable, Sendable, Hashable {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    public static let closed = Code(rawValue: "closed")
    public static let invalidState = Code(rawValue: "invalid-state")
    public static let invalidDescription = Code(rawValue: "invalid-description")
    public static let invalidCandidate = Code(rawValue: "invalid-candidate")
    public static let unsupported = Code(rawValue: "unsupported")
    public static let device = Code(rawValue: "device")
    public static let engine = Code(rawValue: "engine")
  }

  public let code: Code
  public let message: String

  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  public static let closed = MediaError(.closed, "The peer has been closed.")
  public var description: String { "\(code.rawValue): \(message)" }
}
