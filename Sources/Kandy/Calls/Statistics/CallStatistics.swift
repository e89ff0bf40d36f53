public import LinkProtocol

/// What the media engine has counted for a call, at one moment: what `getStats` gives (R-CALL-752).
///
/// Names, meanings and units are those of the W3C's webrtc-stats: counters run since the peer was made, times are in seconds, levels
/// 0…1, rates in bits or frames per second. What an engine does not count is `nil`.
public struct CallStatistics: Sendable, Hashable, Codable {
  /// Milliseconds since 1970.
  public var timestamp: Int64
  /// Which of the call's peers this is, from 1. When a call gets another peer, its counters begin again.
  public var peer: Int
  public var iceConnectionState: ICEConnectionState
  public var audio: Medium
  public var video: Medium
  /// What the media goes through: one, or, if it is not bundled, one for each kind.
  public var transports: [Transport]

  public init(
    timestamp: Int64, peer: Int, iceConnectionState: ICEConnectionState, audio: Medium = Medium(), video: Medium = Medium(),
    transports: [Transport] = []
  ) {
    self.timestamp = timestamp
    self.peer = peer
    self.iceConnectionState = iceConnectionState
    self.audio = audio
    self.video = video
    self.transports = transports
  }

  /// Audio or video in both directions; `nil` where there is no such stream.
  public struct Medium: Sendable, Hashable, Codable {
    public var outbound: Outbound?
    public var inbound: Inbound?

    public init(outbound: Outbound? = nil, inbound: Inbound? = nil) {
      self.outbound = outbound
      self.inbound = inbound
    }
  }

  /// What this end sends: `outbound-rtp`, with the source's level.
  public struct Outbound: Sendable, Hashable, Codable {
    public var packetsSent = 0
    /// Without headers.
    public var bytesSent = 0
    public var retransmittedPacketsSent: Int?
    public var targetBitrate: Double?
    public var audioLevel: Double?
    public var framesEncoded: Int?
    public var frameWidth: Int?
    public var frameHeight: Int?
    public var framesPerSecond: Double?
    /// `none`, `cpu`, `bandwidth` or `other`.
    public var qualityLimitationReason: String?
    public var codec: Codec?
    /// What the far end has reported about it.
    public var remote: Report?
    public var transportId: String?

    public init() {}
  }

  /// A receiver report of the far end: `remote-inbound-rtp`.
  public struct Report: Sendable, Hashable, Codable {
    public var packetsLost: Int?
    /// In the time between its last two reports, 0…1.
    public var fractionLost: Double?
    public var jitter: Double?
    public var roundTripTime: Double?

    public init() {}
  }

  /// What this end receives: `inbound-rtp`.
  public struct Inbound: Sendable, Hashable, Codable {
    public var packetsReceived = 0
    /// Without headers.
    public var bytesReceived = 0
    /// May fall, when packets come twice or late.
    public var packetsLost = 0
    /// Came too late to be played.
    public var packetsDiscarded: Int?
    public var jitter: Double?
    /// The sum over all that was played; divided by `jitterBufferEmittedCount` it is the mean.
    public var jitterBufferDelay: Double?
    public var jitterBufferEmittedCount: Int?
    public var totalSamplesReceived: Int?
    /// Were not there when they had to be played, and were made up; `silentConcealedSamples` of them as silence.
    public var concealedSamples: Int?
    public var silentConcealedSamples: Int?
    public var concealmentEvents: Int?
    public var audioLevel: Double?
    public var framesDecoded: Int?
    public var framesDropped: Int?
    public var frameWidth: Int?
    public var frameHeight: Int?
    public var framesPerSecond: Double?
    public var freezeCount: Int?
    public var totalFreezesDuration: Double?
    public var codec: Codec?
    public var transportId: String?

    public init() {}
  }

  public struct Codec: Sendable, Hashable, Codable {
    /// Such as `audio/opus`.
    public var mimeType: String
    public var payloadType: Int?
    /// Hz.
    public var clockRate: Int?
    public var channels: Int?
    public var sdpFmtpLine: String?

    public init(mimeType: String) { self.mimeType = mimeType }

    /// Such as `opus`.
    public var name: String { mimeType.split(separator: "/").last.map(String.init) ?? mimeType }
  }

  /// A way between the two ends, with DTLS over it: `transport`.
  public struct Transport: Sendable, Hashable, Codable {
    public var id: String
    /// `new`, `connecting`, `connected`, `closed` or `failed`.
    public var dtlsState: String?
    public var dtlsRole: String?
    public var tlsVersion: String?
    public var srtpCipher: String?
    public var iceState: String?
    public var iceRole: String?
    public var bytesSent: Int?
    public var bytesReceived: Int?
    /// The pair of candidates that was chosen.
    public var selectedCandidatePair: CandidatePair?

    public init(id: String) { self.id = id }
  }

  /// `candidate-pair`, with its candidates.
  public struct CandidatePair: Sendable, Hashable, Codable {
    public var local: Candidate?
    public var remote: Candidate?
    public var nominated: Bool?
    /// Measured by ICE, every few seconds.
    public var currentRoundTripTime: Double?
    public var availableOutgoingBitrate: Double?

    public init() {}
  }

  /// `local-candidate` or `remote-candidate`.
  public struct Candidate: Sendable, Hashable, Codable {
    /// `host`, `srflx`, `prflx` or `relay`.
    public var candidateType: String?
    /// `udp` or `tcp`.
    public var `protocol`: String?
    /// Between this end and its TURN server.
    public var relayProtocol: String?
    public var networkType: String?
    /// `nil` where it has been left out, too.
    public var address: String?
    public var port: Int?

    public init() {}
  }
}

extension CallStatistics {
  /// The same without addresses, for a log or a report that others read.
  public var redacted: CallStatistics {
    var redacted = self
    for index in redacted.transports.indices {
      for side in [\CandidatePair.local, \CandidatePair.remote] {
        redacted.transports[index].selectedCandidatePair?[keyPath: side]?.address = nil
        redacted.transports[index].selectedCandidatePair?[keyPath: side]?.port = nil
      }
    }
    return redacted
  }

  public subscript(kind: MediaKind) -> Medium {
    get { kind == .audio ? audio : video }
    set { if kind == .audio { audio = newValue } else { video = newValue } }
  }

  /// The time to the far end and back, in seconds: as ICE measures it, or else as the far end's reports tell it.
  public var roundTripTime: Double? {
    transport(of: .audio)?.selectedCandidatePair?.currentRoundTripTime ?? audio.outbound?.remote?.roundTripTime
      ?? video.outbound?.remote?.roundTripTime
  }

  /// What the media of this kind goes through.
  public func transport(of kind: MediaKind) -> Transport? {
    let id = self[kind].inbound?.transportId ?? self[kind].outbound?.transportId
    return transports.first { $0.id == id } ?? transports.first
  }
}
