import Dispatch
import Synchronization

/// Records what is heard into a WAV file, 16-bit PCM.
///
/// Nothing is written on the thread that delivers the sound: the recorder has a queue of its own. The header is brought up to
/// date with every second of sound, so the file is valid even when the process dies. A recorder that is released finishes its
/// file; `close` also waits for that and tells what went wrong.
public final class WAVRecorder: AudioSink {
  public let path: String
  /// Hz; sound of another rate is converted. Several channels are averaged to one.
  public let sampleRate: Int

  private struct Inbox {
    var resampler: MonoResampler
    /// What has not been handed to the queue yet.
    var samples: [Int16] = []
    /// How many samples have been handed to the queue and not been written yet.
    var underway = 0
    var recorded = 0
    var dropped = 0
    var isClosed = false

    mutating func takeBatch() -> [Int16] {
      defer { samples = [] }
      underway += samples.count
      return samples
    }
  }

  private let inbox: Mutex<Inbox>
  private let writer: WAVWriter
  private let queue = DispatchQueue(label: "kandy.wav-recorder", qos: .utility)

  /// Creates the file, or empties it.
  /// - Throws: `MediaError` with code `device` when it cannot be created.
  public init(path: String, sampleRate: Int = 48_000) throws {
    self.path = path
    self.sampleRate = sampleRate
    inbox = Mutex(Inbox(resampler: MonoResampler(to: sampleRate)))
    writer = try WAVWriter(path: path, sampleRate: sampleRate)
  }

  deinit {
    let rest = inbox.withLock { $0.samples }
    queue.async { [writer] in
      writer.write(rest)
      writer.finish()
    }
  }

  /// How much sound has been taken so far.
  public var duration: Duration {
    .milliseconds(inbox.withLock { $0.recorded } * 1000 / sampleRate)
  }

  /// How many samples were lost because the disk did not keep up for half a minute.
  public var droppedSamples: Int { inbox.withLock { $0.dropped } }

  public func receive(_ frame: AudioFrame) {
    let batch = inbox.withLock { inbox -> [Int16]? in
      guard !inbox.isClosed else { return nil }
      let before = inbox.samples.count
      inbox.resampler.append(frame, to: &inbox.samples)
      let added = inbox.samples.count - before
      if inbox.underway > 30 * sampleRate {
        inbox.samples.removeLast(added)
        inbox.dropped += added
        return nil
      }
      inbox.recorded += added
      guard inbox.samples.count >= sampleRate / 10 else { return nil }
      return inbox.takeBatch()
    }
    guard let batch else { return }
    queue.async { [weak self, writer] in
      writer.write(batch)
      self?.inbox.withLock { $0.underway -= batch.count }
    }
  }

  /// Finishes the file; what is received afterwards is ignored. Idempotent.
  /// - Throws: `MediaError` with code `device` when something could not be written.
  public func close() async throws {
    let rest = inbox.withLock { inbox in
      inbox.isClosed = true
      return inbox.takeBatch()
    }
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
      queue.async { [writer] in
        writer.write(rest)
        writer.finish()
        continuation.resume(with: writer.outcome)
      }
    }
  }
}

/// The file of a recorder; used on the recorder's queue only.
private final class WAVWriter: Sendable {
  private struct State {
    /// In bytes.
    var dataCount = 0
    var inHeader = 0
    var failure: MediaError?
  }

  private let file: RawFile
  private let sampleRate: Int
  private let state = Mutex(State())

  init(path: String, sampleRate: Int) throws {
    file = try RawFile(creating: path)
    self.sampleRate = sampleRate
    try writeHeader(dataCount: 0)
  }

  var outcome: Result<Void, any Error> {
    state.withLock { $0.failure.map { .failure($0) } ?? .success(()) }
  }

  func write(_ samples: [Int16]) {
    attempt { state in
      let room = WAVFormat.largestDataCount - state.dataCount
      try samples.withUnsafeBytes { bytes in
        let part = UnsafeRawBufferPointer(rebasing: bytes.prefix(room / 2 * 2))
        try file.write(part, at: WAVFormat.headerCount + state.dataCount)
        state.dataCount += part.count
      }
      if state.dataCount - state.inHeader >= 2 * sampleRate { try updateHeader(&state) }
    }
  }

  func finish() {
    attempt { try updateHeader(&$0) }
  }

  private func attempt(_ body: (inout State) throws -> Void) {
    state.withLock { state in
      guard state.failure == nil else { return }
      do {
        try body(&state)
      } catch {
        state.failure = error as? MediaError ?? MediaError(.device, "\(error)")
      }
    }
  }

  private func updateHeader(_ state: inout State) throws {
    guard state.inHeader != state.dataCount else { return }
    try writeHeader(dataCount: state.dataCount)
    state.inHeader = state.dataCount
  }

  private func writeHeader(dataCount: Int) throws {
    let header = WAVFormat.header(sampleRate: sampleRate, channels: 1, dataCount: dataCount)
    try header.withUnsafeBytes { try file.write($0, at: 0) }
  }
}
