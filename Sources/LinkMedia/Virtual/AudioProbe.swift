import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Measures the last second of what is heard. The second is counted in samples, so it lasts as long as the sound does.
public final class AudioProbe: AudioSink {
  /// What a probe has measured.
  public struct Reading: Sendable, Hashable, Codable {
    /// The root mean square in dBFS, 0 being a full-scale square wave; −120 for digital silence and when nothing has come.
    public var level: Double
    /// Where most of the energy is, in Hz; 0 for silence.
    public var dominantHz: Double
    /// The share of the energy within 25 Hz of the dominant frequency, 0…1.
    public var purity: Double
    /// How many frames of 10 ms have come since the probe was made.
    public var frames: Int

    public init(level: Double, dominantHz: Double, purity: Double, frames: Int) {
      self.level = level
      self.dominantHz = dominantHz
      self.purity = purity
      self.frames = frames
    }
  }

  private struct State {
    var sampleRate = 0
    /// A ring of one second of mono sound.
    var ring: [Float] = []
    var next = 0
    var isFull = false
    var frames = 0

    /// Oldest first.
    var samples: [Float] { isFull ? Array(ring[next...] + ring[..<next]) : Array(ring[..<next]) }

    /// Takes the mean of the channels, as a share of full scale.
    mutating func append(_ frame: AudioFrame) {
      let scale = 1 / (32_768 * Float(frame.channels))
      let capacity = ring.count
      var position = next
      var wrapped = isFull
      let channels = frame.channels
      frame.samples.withUnsafeBufferPointer { samples in
        ring.withUnsafeMutableBufferPointer { ring in
          var index = 0
          while index &+ channels <= samples.count {
            var sum = Int(samples[index])
            var channel = 1
            while channel < channels {
              sum &+= Int(samples[index &+ channel])
              channel &+= 1
            }
            ring[position] = Float(sum) * scale
            position &+= 1
            if position == capacity { (position, wrapped) = (0, true) }
            index &+= channels
          }
        }
      }
      (next, isFull) = (position, wrapped)
    }
  }

  private let state = Mutex(State())

  public init() {}

  public func receive(_ frame: AudioFrame) {
    guard frame.sampleRate > 0, frame.channels > 0 else { return }
    state.withLock { state in
      if state.sampleRate != frame.sampleRate {
        state.sampleRate = frame.sampleRate
        state.ring = [Float](repeating: 0, count: frame.sampleRate)
        (state.next, state.isFull) = (0, false)
      }
      state.frames += 1
      state.append(frame)
    }
  }

  /// How many frames of 10 ms have come since the probe was made.
  public var frames: Int { state.withLock { $0.frames } }

  /// The level of the last second alone, which is cheaper than a whole reading.
  public var level: Double {
    Self.level(snapshot().samples)
  }

  /// Measures the last second. Takes some tens of milliseconds of computing in a debug build.
  public func reading() -> Reading {
    let (samples, sampleRate, frames) = snapshot()
    let level = Self.level(samples)
    guard level > Self.silence else { return Reading(level: level, dominantHz: 0, purity: 0, frames: frames) }
    let spectrum = Spectrum(of: samples, sampleRate: sampleRate)
    let dominant = spectrum.dominantHz
    return Reading(level: level, dominantHz: dominant, purity: spectrum.share(near: dominant), frames: frames)
  }

  /// The share of the last second's energy that lies within 25 Hz of a frequency, 0…1; 0 for silence.
  public func purity(at hz: Double) -> Double {
    let (samples, sampleRate, _) = snapshot()
    guard sampleRate > 0 else { return 0 }
    return Spectrum(of: samples, sampleRate: sampleRate).share(near: hz)
  }

  /// Forgets what was heard, so that the next reading is about what comes from now on. `frames` goes on counting.
  public func reset() {
    state.withLock { ($0.next, $0.isFull) = (0, false) }
  }

  private static let silence = -120.0

  private func snapshot() -> (samples: [Float], sampleRate: Int, frames: Int) {
    state.withLock { ($0.samples, $0.sampleRate, $0.frames) }
  }

  private static func level(_ samples: [Float]) -> Double {
    var sum = 0.0
    samples.withUnsafeBufferPointer { samples in
      var index = 0
      while index < samples.count {
        sum += Double(samples[index]) * Double(samples[index])
        index &+= 1
      }
    }
    guard sum > 0 else { return silence }
    return max(silence, 10 * log10(sum / Double(samples.count)))
  }
}
