import Dispatch
import LinkMedia
import Synchronization

// What the tests hear, see and count with. All waiting is for samples and pictures, never for time; a test's time limit
// cancels the wait.

/// Says when something has happened again. One reader.
final class Beats: Sendable {
  private let stream: AsyncStream<Void>
  private let continuation: AsyncStream<Void>.Continuation

  init() {
    (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
  }

  func beat() {
    continuation.yield()
  }

  /// Asks at every beat. - Returns: `false` if the time limit came first.
  func wait(until isTrue: () -> Bool) async -> Bool {
    if isTrue() { return true }
    for await _ in stream where isTrue() { return true }
    return false
  }
}

/// Hears the far end.
final class Ear: AudioSink {
  let probe = AudioProbe()
  private let beats = Beats()

  func receive(_ frame: AudioFrame) {
    probe.receive(frame)
    // A reading is expensive in a debug build.
    if probe.frames % 20 == 0 { beats.beat() }
  }

  /// Waits for a whole second that has this tone and hardly anything else.
  func hears(_ hz: Double) async -> Bool {
    await beats.wait {
      let reading = probe.reading()
      return abs(reading.dominantHz - hz) < 10 && reading.purity >= 0.95
    }
  }

  /// Waits for a second with these two tones and hardly anything else.
  func hears(_ low: Double, and high: Double) async -> Bool {
    await beats.wait {
      let shares = (probe.purity(at: low), probe.purity(at: high))
      return shares.0 > 0.2 && shares.1 > 0.2 && shares.0 + shares.1 >= 0.95
    }
  }

  /// Waits for a last second of silence.
  func hearsNothing() async -> Bool {
    await beats.wait { probe.level < -60 }
  }

  func hearsFrames(_ count: Int) async -> Bool {
    let start = probe.frames
    return await beats.wait { probe.frames >= start + count }
  }
}

/// Sees the far end.
final class Eye: VideoRenderer {
  let probe = VideoProbe()
  private let beats = Beats()
  private let newestFrame = Mutex<VideoFrame?>(nil)

  var newest: VideoFrame? { newestFrame.withLock { $0 } }

  func render(_ frame: VideoFrame) {
    probe.render(frame)
    newestFrame.withLock { $0 = frame }
    beats.beat()
  }

  func sees(_ isSeen: @Sendable (VideoProbe.Reading) -> Bool) async -> Bool {
    await beats.wait { isSeen(probe.reading()) }
  }

  /// Waits until the moving pattern's counter has been read twice, the second time higher.
  func seesCounting() async -> Bool {
    var first: Int?
    return await beats.wait {
      guard let frame = newest, let number = PatternSource.number(in: frame.buffer) else { return false }
      first = first ?? number
      return first.map { number > $0 } ?? false
    }
  }
}

/// A microphone that also counts how often the engine has read it, which makes it a clock of 10 ms steps.
final class Mouth: AudioSource {
  private let tone: ToneSource
  private let count = Mutex(0)
  private let beats = Beats()

  init(hz: Double) {
    tone = ToneSource(hz: hz)
  }

  var reads: Int { count.withLock { $0 } }

  func read(into buffer: UnsafeMutableBufferPointer<Int16>) {
    tone.read(into: buffer)
    count.withLock { $0 += 1 }
    beats.beat()
  }

  /// Waits until the engine has paced so much more audio.
  func paces(_ count: Int) async -> Bool {
    let start = reads
    return await beats.wait { reads >= start + count }
  }
}

/// A camera that counts how often the engine has asked it.
final class Lens: VideoSource {
  private let pattern: PatternSource
  private let count = Mutex(0)

  init(width: Int = 320, height: Int = 240, framesPerSecond: Int = 15) throws {
    pattern = try PatternSource(width: width, height: height, framesPerSecond: framesPerSecond)
  }

  var framesPerSecond: Int { pattern.framesPerSecond }
  var pulls: Int { count.withLock { $0 } }

  func nextFrame() -> VideoFrame? {
    count.withLock { $0 += 1 }
    return pattern.nextFrame()
  }
}

/// Shows what it is shown.
final class Forwarder: VideoSource, VideoRenderer {
  private let newest = Mutex<VideoFrame?>(nil)

  var framesPerSecond: Int { 30 }

  func render(_ frame: VideoFrame) {
    newest.withLock { $0 = frame }
  }

  func nextFrame() -> VideoFrame? {
    newest.withLock { newest in
      defer { newest = nil }
      return newest
    }
  }
}

/// A camera that is held on its side.
final class Turned: VideoSource {
  private let pattern: PatternSource

  init() throws {
    pattern = try PatternSource(width: 320, height: 240, framesPerSecond: 15)
  }

  var framesPerSecond: Int { pattern.framesPerSecond }

  func nextFrame() -> VideoFrame? {
    pattern.nextFrame().map { VideoFrame(buffer: $0.buffer, rotation: 90, timestamp: $0.timestamp) }
  }
}

/// A microphone that says when it is released.
final class Farewell: AudioSource {
  private let released: @Sendable () -> Void

  init(_ released: @escaping @Sendable () -> Void) {
    self.released = released
  }

  deinit {
    released()
  }

  func read(into buffer: UnsafeMutableBufferPointer<Int16>) {
    buffer.update(repeating: 0)
  }
}

/// What happened, in order.
final class Log: Sendable {
  private let list = Mutex<[String]>([])

  var entries: [String] { list.withLock { $0 } }

  func add(_ entry: String) {
    list.withLock { $0.append(entry) }
  }
}

/// The newest of some values.
final class Mailbox<Value: Sendable>: Sendable {
  private let value: Mutex<Value>

  init(_ first: Value) {
    value = Mutex(first)
  }

  var newest: Value { value.withLock { $0 } }

  func put(_ newest: Value) {
    change { _ in newest }
  }

  func change(_ next: (Value) -> Value) {
    value.withLock { $0 = next($0) }
  }
}

/// A microphone that keeps the engine inside its first read until the gate is opened.
final class GatedSource: AudioSource {
  let entered: AsyncStream<Void>
  private let entering: AsyncStream<Void>.Continuation
  private let gate = DispatchSemaphore(value: 0)
  private let log: Log
  private let count = Mutex(0)

  init(_ log: Log) {
    self.log = log
    (entered, entering) = AsyncStream.makeStream(of: Void.self)
  }

  var reads: Int { count.withLock { $0 } }

  func open() {
    gate.signal()
  }

  func read(into buffer: UnsafeMutableBufferPointer<Int16>) {
    buffer.update(repeating: 0)
    let isFirst = count.withLock { count in
      count += 1
      return count == 1
    }
    guard isFirst else { return }
    entering.yield()
    gate.wait()
    log.add("left")
  }
}
