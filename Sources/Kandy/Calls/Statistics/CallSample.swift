public import LinkLogic
public import LinkProtocol

/// What happened to a call's media in a short time, normally a second: the difference of two `CallStatistics` (R-CALL-753).
///
/// Counters are those of the interval; what is measured rather than counted is as it was at its end.
public struct CallSample: Sendable, Hashable, Codable {
  /// The end of the interval, in milliseconds since 1970.
  public var timestamp: Int64
  /// How long it was, in seconds.
  public var interval: Double
  /// Which of the call's peers, from 1.
  public var peer: Int
  /// In seconds.
  public var roundTripTime: Double?
  public var audio: Medium
  public var video: Medium
  /// How well the far end could be listened to; `nil` when nothing was to be heard, or nothing has come yet.
  public var quality: ListeningQuality?

  public struct Medium: Sendable, Hashable, Codable {
    public var outbound: Outbound?
    public var inbound: Inbound?
  }

  /// What was sent.
  public struct Outbound: Sendable, Hashable, Codable {
    public var packets: Int
    public var bytes: Int
    /// Bits per second.
    public var bitrate: Double
    /// What the far end has reported last: the share that it did not get, 0…1, and the jitter in seconds.
    public var fractionLost: Double?
    public var jitter: Double?
    public var audioLevel: Double?
    public var framesPerSecond: Double?
    public var frameWidth: Int?
    public var frameHeight: Int?
  }

  /// What was received.
  public struct Inbound: Sendable, Hashable, Codable {
    public var packets: Int
    public var bytes: Int
    /// Bits per second.
    public var bitrate: Double
    /// Never came.
    public var packetsLost: Int
    /// The share that never came, 0…1.
    public var fractionLost: Double
    /// The share of speech that was not there when it had to be played, after all that repairs, 0…1; silence that was made up is none.
    public var fractionConcealed: Double?
    /// In seconds.
    public var jitter: Double?
    /// The mean of what was played in the interval, in seconds.
    public var jitterBufferDelay: Double?
    public var audioLevel: Double?
    public var framesPerSecond: Double?
    public var frameWidth: Int?
    public var frameHeight: Int?
    /// How often the picture froze, and for how long in all, in seconds.
    public var freezes: Int?
    public var freezesDuration: Double?
  }

  /// The mean opinion score of `quality`, from 1 to 4.41.
  public var mos: Double? { quality?.mos }

  public subscript(kind: MediaKind) -> Medium {
    kind == .audio ? audio : video
  }
}

// MARK: - Differences

extension CallSample {
  /// The time between two readings of one peer.
  /// - Parameter isListening: whether the far end is to be heard: the call is established and nobody holds it.
  /// - Returns: `nil` when the readings are of two peers, or of the same moment.
  init?(from old: CallStatistics, to new: CallStatistics, interval: Duration, isListening: Bool) {
    let seconds = interval / .seconds(1)
    guard old.peer == new.peer, seconds > 0 else { return nil }
    self.init(
      timestamp: new.timestamp, interval: seconds, peer: new.peer, roundTripTime: new.roundTripTime,
      audio: Medium(from: old.audio, to: new.audio, seconds), video: Medium(from: old.video, to: new.video, seconds))
    if isListening {
      quality = estimate(codec: new.audio.inbound?.codec, hasHeard: new.audio.inbound?.packetsReceived ?? 0 > 0)
    }
  }

  /// When no packet comes at all, all speech is lost: an engine cannot know how many packets it misses. DTX sends at least two a second
  /// (RFC 7587 §3.1.3).
  private func estimate(codec: CallStatistics.Codec?, hasHeard: Bool) -> ListeningQuality? {
    guard hasHeard, let inbound = audio.inbound else { return nil }
    let codec = ListeningQuality.Codec(mimeType: codec?.mimeType)
    let delay = ListeningQuality.Conditions.delay(
      roundTripTime: roundTripTime ?? 0, jitterBuffer: inbound.jitterBufferDelay ?? 0, codec: codec)
    let loss = inbound.packets == 0 ? 1 : inbound.fractionConcealed ?? inbound.fractionLost
    return ListeningQuality(.init(delay: delay, loss: loss, codec: codec))
  }
}

extension CallSample.Medium {
  fileprivate init(from old: CallStatistics.Medium, to new: CallStatistics.Medium, _ seconds: Double) {
    self.init(
      outbound: new.outbound.map { .init(from: old.outbound ?? .init(), to: $0, seconds) },
      inbound: new.inbound.map { .init(from: old.inbound ?? .init(), to: $0, seconds) })
  }
}

extension CallSample.Outbound {
  fileprivate init(from old: CallStatistics.Outbound, to new: CallStatistics.Outbound, _ seconds: Double) {
    packets = grown(old.packetsSent, new.packetsSent)
    bytes = grown(old.bytesSent, new.bytesSent)
    bitrate = Double(bytes) * 8 / seconds
    fractionLost = new.remote?.fractionLost
    jitter = new.remote?.jitter
    audioLevel = new.audioLevel
    framesPerSecond = new.framesEncoded.map { Double(grown(old.framesEncoded ?? 0, $0)) / seconds }
    frameWidth = new.frameWidth
    frameHeight = new.frameHeight
  }
}

extension CallSample.Inbound {
  fileprivate init(from old: CallStatistics.Inbound, to new: CallStatistics.Inbound, _ seconds: Double) {
    packets = grown(old.packetsReceived, new.packetsReceived)
    bytes = grown(old.bytesReceived, new.bytesReceived)
    bitrate = Double(bytes) * 8 / seconds
    packetsLost = grown(old.packetsLost, new.packetsLost)
    fractionLost = share(packetsLost, of: packetsLost + packets) ?? 0
    let concealed = grown(old.audible, new.audible)
    fractionConcealed = new.totalSamplesReceived.flatMap { share(concealed, of: grown(old.totalSamplesReceived ?? 0, $0)) }
    jitter = new.jitter
    let played = grown(old.jitterBufferEmittedCount ?? 0, new.jitterBufferEmittedCount ?? 0)
    jitterBufferDelay = played > 0 ? max(0, (new.jitterBufferDelay ?? 0) - (old.jitterBufferDelay ?? 0)) / Double(played) : nil
    audioLevel = new.audioLevel
    framesPerSecond = new.framesDecoded.map { Double(grown(old.framesDecoded ?? 0, $0)) / seconds }
    frameWidth = new.frameWidth
    frameHeight = new.frameHeight
    freezes = new.freezeCount.map { grown(old.freezeCount ?? 0, $0) }
    freezesDuration = new.totalFreezesDuration.map { max(0, $0 - (old.totalFreezesDuration ?? 0)) }
  }
}

extension CallStatistics.Inbound {
  /// The samples that were made up and could be heard.
  fileprivate var audible: Int { (concealedSamples ?? 0) - (silentConcealedSamples ?? 0) }
}

/// How much a counter has grown; an engine may begin again with another stream, or take lost packets back.
private func grown(_ old: Int, _ new: Int) -> Int { max(0, new - old) }

private func share(_ part: Int, of whole: Int) -> Double? {
  whole > 0 ? min(1, Double(part) / Double(whole)) : nil
}
