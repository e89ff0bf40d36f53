import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A microphone in a silent room.
public final class SilenceSource: AudioSource {
  public init() {}

  public func read(into buffer: UnsafeMutableBufferPointer<Int16>) {
    buffer.update(repeating: 0)
  }
}

/// A microphone that hears one pure tone, without a seam between blocks.
public final class ToneSource: AudioSource {
  /// The tone's frequency in Hz.
  public let hz: Double
  /// The tone's level in dBFS, 0 being the root mean square of a full-scale square wave.
  public let level: Double

  private let amplitude: Double
  /// The share of a period that has passed, 0 ..< 1.
  private let phase = Mutex(0.0)

  /// - Parameters:
  ///   - hz: more than 0 and less than 24,000.
  ///   - level: at most −3.02 dBFS, a full-scale sine.
  public init(hz: Double, level: Double = -15) {
    self.hz = hz
    self.level = min(level, -3.02)
    amplitude = pow(10, self.level / 20) * 2.0.squareRoot() * 32_768
  }

  public func read(into buffer: UnsafeMutableBufferPointer<Int16>) {
    guard let samples = buffer.baseAddress else { return }
    let start = phase.withLock { phase in
      defer { phase = (phase + hz / 48_000 * Double(buffer.count)).truncatingRemainder(dividingBy: 1) }
      return phase
    }
    // One exact angle for each block, then a rotation for each sample: cheap even when nothing is optimised.
    let step = 2 * Double.pi * hz / 48_000
    let (stepCosine, stepSine) = (cos(step), sin(step))
    var (cosine, sine) = (cos(2 * Double.pi * start) * amplitude, sin(2 * Double.pi * start) * amplitude)
    var index = 0
    while index < buffer.count {
      samples[index] = Int16(sine.rounded())
      (cosine, sine) = (cosine * stepCosine - sine * stepSine, sine * stepCosine + cosine * stepSine)
      index &+= 1
    }
  }
}
