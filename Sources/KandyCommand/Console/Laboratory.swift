import Kandy
import LinkMedia
import LinkProtocol
import Synchronization

/// Looks at the media of one client's calls: `lab.probe`, `lab.snapshot`, `lab.record`.
final class Laboratory: Sendable {
  private let instruments = Mutex<[CallID: Instruments]>([:])

  /// Begins to listen to a call and to look at it. A call that is known already is left as it is.
  func attach(to call: Call) {
    let new = Instruments()
    let isNew = instruments.withLock { instruments in
      guard instruments[call.id] == nil else { return false }
      instruments[call.id] = new
      return true
    }
    guard isNew else { return }
    call.addAudioSink(new)
    call.addVideoRenderer(new)
  }

  /// What the call received in the last second, and the tones of the keypad since the call began.
  /// - Parameter tones: frequencies in Hz whose share of the energy is wanted.
  func probe(_ call: CallID, tones: [Double] = []) throws -> JSONValue {
    try instruments(of: call).reading(tones: tones)
  }

  /// Writes the newest picture into a PNG file.
  func snapshot(_ call: CallID, to path: String) async throws {
    try await instruments(of: call).snapshot.write(to: path)
  }

  /// Records what is heard into a WAV file until the call ends.
  func record(_ call: CallID, to path: String) async throws {
    let instruments = try instruments(of: call)
    try await Blocking.run { try instruments.record(to: path) }
  }

  /// Finishes the recordings of a call.
  func finish(_ call: CallID) async throws {
    try await instruments.withLock { $0[call] }?.finish()
  }

  func finishAll() async throws {
    for instruments in instruments.withLock({ Array($0.values) }) { try await instruments.finish() }
  }

  private func instruments(of call: CallID) throws -> Instruments {
    guard let found = instruments.withLock({ $0[call] }) else {
      throw BasicError(.consoleLaboratory, "There is no call \(call.rawValue) that has begun here.")
    }
    return found
  }
}

/// The instruments of one call.
private final class Instruments: AudioSink, VideoRenderer {
  let snapshot = PNGSnapshot()
  private let audio = AudioProbe()
  private let video = VideoProbe()
  private let keypad = DTMFDetector()
  private let clock = ContinuousClock()
  private let state = Mutex(State())

  private struct State {
    var recorders: [WAVRecorder] = []
    var isFinished = false
    var lastSound: ContinuousClock.Instant?
    var lastPicture: ContinuousClock.Instant?
  }

  func receive(_ frame: AudioFrame) {
    let now = clock.now
    let recorders = state.withLock { state in
      state.lastSound = now
      return state.recorders
    }
    audio.receive(frame)
    keypad.receive(frame)
    for recorder in recorders { recorder.receive(frame) }
  }

  func render(_ frame: VideoFrame) {
    let now = clock.now
    state.withLock { $0.lastPicture = now }
    video.render(frame)
    snapshot.render(frame)
  }

  /// The probes count by the media's own time; a second in which nothing came is seen here.
  func reading(tones: [Double]) throws -> JSONValue {
    let (sound, picture) = state.withLock { ($0.lastSound, $0.lastPicture) }
    if isOver(sound) { audio.reset() }
    var pictures = video.reading()
    if isOver(picture) {
      pictures.framesPerSecond = 0
      pictures.isMoving = false
    }
    var sounds = try JSONValue(encoding: audio.reading()).objectValue ?? [:]
    sounds["digits"] = .string(keypad.digits)
    if !tones.isEmpty { sounds["tones"] = try JSONValue(encoding: tones.map { audio.purity(at: $0) }) }
    return ["audio": .object(sounds), "video": try JSONValue(encoding: pictures)]
  }

  private func isOver(_ last: ContinuousClock.Instant?) -> Bool {
    last.map { clock.now - $0 >= .seconds(1) } ?? true
  }

  func record(to path: String) throws {
    let recorder = try WAVRecorder(path: path)
    let isAccepted = state.withLock { state in
      if !state.isFinished { state.recorders.append(recorder) }
      return !state.isFinished
    }
    if !isAccepted { throw BasicError(.consoleLaboratory, "The call has ended.") }
  }

  func finish() async throws {
    let recorders = state.withLock { state in
      state.isFinished = true
      defer { state.recorders = [] }
      return state.recorders
    }
    for recorder in recorders { try await recorder.close() }
  }
}
