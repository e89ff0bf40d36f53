import LinkLogic
import LinkMedia
import LinkProtocol
import Synchronization

// What live tests hear and see with. All waiting is for sound; a test's time limit ends a wait in vain.

/// Hears one end of a call. One test waits at a time.
final class LiveEar: AudioSink {
  let probe = AudioProbe()
  let gaps: GapMeter
  private let beats: AsyncStream<Void>
  private let beat: AsyncStream<Void>.Continuation

  /// - Parameter hz: the tone whose gaps are measured.
  init(_ hz: Double) {
    gaps = GapMeter(hz: hz)
    (beats, beat) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
  }

  func receive(_ frame: AudioFrame) {
    probe.receive(frame)
    gaps.receive(frame)
    // A reading costs some milliseconds: five a second are enough.
    if probe.frames % 20 == 0 { beat.yield() }
  }

  /// Waits for a whole second, from now on, of this tone and hardly anything else. - Returns: `false` if the time limit came
  /// first.
  func hears(_ hz: Double, purity: Double = 0.95) async -> Bool {
    await wait { probe.purity(at: hz) >= purity && probe.level > -40 }
  }

  /// Waits for a whole second of these tones, about equally loud, and hardly anything else.
  func hears(_ tones: [Double]) async -> Bool {
    await wait {
      let shares = tones.map { probe.purity(at: $0) }
      return probe.level > -40 && shares.allSatisfy { $0 > 0.5 / Double(tones.count) } && shares.reduce(0, +) >= 0.95
    }
  }

  /// Waits for a whole second of silence.
  func hearsNothing() async -> Bool {
    await wait { probe.level < -60 }
  }

  private func wait(until isTrue: () -> Bool) async -> Bool {
    let start = probe.frames
    for await _ in beats where probe.frames >= start + 100 && isTrue() { return true }
    return false
  }
}

/// Sees one end of a call. One test waits at a time.
final class LiveEye: VideoRenderer {
  private let probe = VideoProbe()
  private let beats: AsyncStream<Void>
  private let beat: AsyncStream<Void>.Continuation

  init() {
    (beats, beat) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
  }

  func render(_ frame: VideoFrame) {
    probe.render(frame)
    beat.yield()
  }

  /// Waits for more than a second of pictures, from now on, that move in the last one. - Returns: `false` if the time limit came first.
  func seesMovement() async -> Bool {
    let start = probe.frames
    for await _ in beats where probe.frames >= start + 20 && probe.reading().isMoving { return true }
    return false
  }
}

/// Remembers the descriptions that leave one end.
final class SentDescriptions: Sendable {
  private let list = Mutex<[SessionDescription]>([])

  var all: [SessionDescription] { list.withLock { $0 } }

  var handler: SDPHandler {
    SDPHandler("sent descriptions") { [self] sdp, info, _ in
      if info.step == .preSendLocal { list.withLock { $0.append(sdp) } }
      return nil
    }
  }
}

/// Measures how long a tone was not heard. It counts frames of 10 ms, which come whether there is a tone or not.
final class GapMeter: AudioSink {
  private struct State {
    var current = 0
    var longest = 0
    var hasBegun = false
  }

  private let hz: Double
  private let state = Mutex(State())

  init(hz: Double) {
    self.hz = hz
  }

  func receive(_ frame: AudioFrame) {
    let isHeard = Self.amplitude(of: hz, in: frame) > 300
    state.withLock { state in
      if isHeard {
        if state.hasBegun { state.longest = max(state.longest, state.current) }
        (state.hasBegun, state.current) = (true, 0)
      } else {
        state.current += 1
      }
    }
  }

  /// The longest gap that has ended, between the first time that the tone was heard and the last.
  var longest: Duration { .milliseconds(10 * state.withLock { $0.longest }) }

  /// Forgets the gaps so far.
  func reset() {
    state.withLock { $0 = State() }
  }

  /// How strong a tone is in the frame (Goertzel).
  private static func amplitude(of hz: Double, in frame: AudioFrame) -> Double {
    guard frame.sampleRate > 0, frame.channels > 0, !frame.samples.isEmpty else { return 0 }
    let coefficient = 2 * cosine(hz / Double(frame.sampleRate))
    var (last, before, count) = (0.0, 0.0, 0.0)
    for index in stride(from: 0, to: frame.samples.count, by: frame.channels) {
      (before, last) = (last, Double(frame.samples[index]) + coefficient * last - before)
      count += 1
    }
    let power = last * last + before * before - coefficient * last * before
    return 2 * power.squareRoot() / count
  }
}

/// A media engine that remembers its peers, so that a test can ask them how they are connected.
final class WatchedEngine: MediaEngine {
  private let engine: any MediaEngine
  private let made = Mutex<[any MediaPeer]>([])

  init(_ engine: any MediaEngine) {
    self.engine = engine
  }

  func initialize() async -> MediaInitialization { await engine.initialize() }

  func makePeer(_ configuration: PeerConfiguration) async throws -> any MediaPeer {
    let peer = try await engine.makePeer(configuration)
    made.withLock { $0.append(peer) }
    return peer
  }

  func shutdown() async { await engine.shutdown() }

  var peers: [any MediaPeer] { made.withLock { $0 } }

  /// The local and the remote candidates of the pairs over which the peers' media goes.
  func candidatesInUse() async throws -> [(local: StatisticsRecord, remote: StatisticsRecord)] {
    var found: [(local: StatisticsRecord, remote: StatisticsRecord)] = []
    for peer in peers {
      let records = try await peer.statistics()
      let byID = Dictionary(records.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
      for transport in records where transport.type == "transport" {
        guard let pair = transport.texts["selectedCandidatePairId"].flatMap({ byID[$0] }),
          let local = pair.texts["localCandidateId"].flatMap({ byID[$0] }),
          let remote = pair.texts["remoteCandidateId"].flatMap({ byID[$0] })
        else { continue }
        found.append((local, remote))
      }
    }
    return found
  }
}
