/// 10 ms of 16-bit PCM, interleaved.
public struct AudioFrame: Sendable, Hashable {
  public var samples: [Int16]
  /// Hz.
  public var sampleRate: Int
  public var channels: Int

  public init(samples: [Int16], sampleRate: Int, channels: Int = 1) {
    self.samples = samples
    self.sampleRate = sampleRate
    self.channels = channels
  }
}

/// Where audio to be sent comes from: a microphone, a file, a tone. An engine pulls it, so it is always paced.
public protocol AudioSource: AnyObject, Sendable {
  /// Fills `buffer` with the next 10 ms: mono, 48 kHz, 480 samples. Called on a thread of the engine; must not block.
  func read(into buffer: UnsafeMutableBufferPointer<Int16>)
}

/// Where received audio goes: a speaker, a file, a probe.
public protocol AudioSink: AnyObject, Sendable {
  /// Called with every 10 ms on a thread of the engine; must not block.
  func receive(_ frame: AudioFrame)
}
