import LinkMedia
import LinkProtocol
import Synchronization

/// What a self-test of the media engine found. Times count from its beginning.
public struct SelfTestReport: Sendable, Hashable, Codable {
  /// Whether both ends heard the other's tone and saw the other's moving picture.
  public var passed: Bool
  /// What is missing, as a sentence; `nil` when everything is there.
  public var failure: String?
  /// When the offer had all its candidates.
  public var gathered: Duration?
  /// When the offering end was connected.
  public var connected: Duration?
  /// When the later of the two ends heard the first sound.
  public var firstSound: Duration?
  /// When the later of the two ends saw the first picture.
  public var firstPicture: Duration?
  /// The share of the energy that was the expected tone's, at the worse of the two ends, 0…1.
  public var purity: Double?
  /// When the test was over and its peers were closed.
  public var total: Duration
}

extension WebRTCEngine {
  /// Connects two peers within this process over the machine's network interfaces and checks that a tone and a moving picture
  /// go both ways. Takes about a second; needs no device, server or permission.
  ///
  /// - Parameter timeout: when to give up.
  public func selfTest(timeout: Duration = .seconds(10)) async -> SelfTestReport {
    let test = SelfTest()
    let failure = await withTaskGroup(of: String?.self) { group in
      group.addTask { await test.run(on: self) }
      group.addTask {
        // Ends early, by cancellation, when the test is through.
        try? await Task.sleep(for: timeout)
        return nil
      }
      let first = await group.next() ?? nil
      group.cancelAll()
      let second = await group.next() ?? nil
      return first ?? second
    }
    return test.report(failure: failure)
  }
}

/// One run of the self-test.
private final class SelfTest: Sendable {
  private enum Step: Int {
    case peers, gathering, connecting, listening, looking, done
  }

  private struct State {
    var step = Step.peers
    var gathered: Duration?
    var connected: Duration?
    var purity: Double?
  }

  private let start = ContinuousClock.now
  private let state = Mutex(State())
  private let near = SelfTestEnd(hears: 1000)
  private let far = SelfTestEnd(hears: 440)

  private var elapsed: Duration { ContinuousClock.now - start }

  /// - Returns: what went wrong, if it was an error.
  @concurrent
  func run(on engine: WebRTCEngine) async -> String? {
    do {
      let offerer = try await engine.makePeer(PeerConfiguration())
      do {
        let answerer = try await engine.makePeer(PeerConfiguration())
        let failure = await exchange(offerer, answerer)
        await answerer.close()
        await offerer.close()
        return failure
      } catch {
        await offerer.close()
        throw error
      }
    } catch {
      return "The media engine refused: \(error)"
    }
  }

  private func exchange(_ offerer: any MediaPeer, _ answerer: any MediaPeer) async -> String? {
    do {
      try await near.equip(offerer, speaks: far.hz)
      try await far.equip(answerer, speaks: near.hz)
      try await describe(offerer, answerer)
      for await event in offerer.events {
        if event == .iceConnectionState(.connected) || event == .iceConnectionState(.completed) { break }
      }
      reached(.listening) { $0.connected = elapsed }
      let purities = (await near.hearsTone(), await far.hearsTone())
      guard let first = purities.0, let second = purities.1 else { return nil }
      reached(.looking) { $0.purity = min(first, second) }
      guard await near.seesMotion(), await far.seesMotion() else { return nil }
      reached(.done) { _ in }
      return nil
    } catch {
      return "The media engine refused: \(error)"
    }
  }

  private func describe(_ offerer: any MediaPeer, _ answerer: any MediaPeer) async throws {
    for kind in [MediaKind.audio, .video] { try await offerer.addTransceiver(kind, direction: .sendrecv) }
    reached(.gathering) { _ in }
    try await offerer.setLocalDescription(.offer, try await offerer.createOffer(iceRestart: false))
    let offer = try await gatheredDescription(offerer)
    reached(.connecting) { $0.gathered = elapsed }
    try await answerer.setRemoteDescription(.offer, offer)
    for kind in [MediaKind.audio, .video] { try await answerer.addTransceiver(kind, direction: .sendrecv) }
    try await answerer.setLocalDescription(.answer, try await answerer.createAnswer())
    try await offerer.setRemoteDescription(.answer, try await gatheredDescription(answerer))
  }

  private func gatheredDescription(_ peer: any MediaPeer) async throws -> String {
    if try await peer.gatheringState() != .complete {
      for await event in peer.events where event == .gatheringState(.complete) { break }
    }
    return try await peer.localDescription() ?? ""
  }

  private func reached(_ step: Step, _ change: (inout State) -> Void) {
    state.withLock { state in
      state.step = step
      change(&state)
    }
  }

  func report(failure: String?) -> SelfTestReport {
    let state = state.withLock { $0 }
    let passed = state.step == .done && failure == nil
    return SelfTestReport(
      passed: passed, failure: passed ? nil : failure ?? Self.missing(state.step), gathered: state.gathered,
      connected: state.connected, firstSound: later(near.firstSound, far.firstSound),
      firstPicture: later(near.firstPicture, far.firstPicture), purity: state.purity, total: elapsed)
  }

  private func later(_ one: ContinuousClock.Instant?, _ other: ContinuousClock.Instant?) -> Duration? {
    guard let one, let other else { return nil }
    return max(one, other) - start
  }

  private static func missing(_ step: Step) -> String? {
    switch step {
    case .peers: "libwebrtc did not make a connection."
    case .gathering: "libwebrtc did not finish looking at the network interfaces."
    case .connecting: "The two ends did not reach each other over this machine's network interfaces."
    case .listening: "The tone did not arrive as it was sent."
    case .looking: "No moving picture arrived."
    case .done: nil
    }
  }
}

/// What one end of the self-test says, hears and sees.
private final class SelfTestEnd: AudioSink, VideoRenderer {
  private struct Firsts {
    var sound: ContinuousClock.Instant?
    var picture: ContinuousClock.Instant?
  }

  /// What this end has to hear.
  let hz: Double
  private let audio = AudioProbe()
  private let video = VideoProbe()
  private let firsts = Mutex(Firsts())
  private let sounds = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
  private let pictures = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

  init(hears hz: Double) {
    self.hz = hz
  }

  var firstSound: ContinuousClock.Instant? { firsts.withLock { $0.sound } }
  var firstPicture: ContinuousClock.Instant? { firsts.withLock { $0.picture } }

  func equip(_ peer: any MediaPeer, speaks hz: Double) async throws {
    try await peer.setMicrophone(ToneSource(hz: hz))
    try await peer.setCamera(try PatternSource(width: 320, height: 240, framesPerSecond: 30))
    try await peer.setAudioSinks([self])
    try await peer.setVideoRenderers([self])
  }

  func receive(_ frame: AudioFrame) {
    firsts.withLock { firsts in
      if firsts.sound == nil, frame.samples.contains(where: { abs(Int($0)) > 500 }) { firsts.sound = .now }
    }
    audio.receive(frame)
    // A reading costs some milliseconds: five a second are enough.
    if audio.frames % 20 == 0 { sounds.continuation.yield() }
  }

  func render(_ frame: VideoFrame) {
    firsts.withLock { $0.picture = $0.picture ?? .now }
    video.render(frame)
    pictures.continuation.yield()
  }

  /// Waits for the tone and hardly anything else. - Returns: its share; `nil` when cancelled.
  func hearsTone() async -> Double? {
    for await _ in sounds.stream {
      let purity = audio.purity(at: hz)
      if purity >= 0.95 { return purity }
    }
    return nil
  }

  /// - Returns: `false` when cancelled.
  func seesMotion() async -> Bool {
    for await _ in pictures.stream where video.reading().isMoving { return true }
    return false
  }
}
