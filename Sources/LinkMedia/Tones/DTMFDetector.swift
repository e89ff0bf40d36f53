import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Hears the tones of a telephone's keypad and counts them: in-band ones, and telephone events, which libwebrtc reports to nobody
/// but plays as sound (RFC 4733 §2.2).
///
/// Every 10 ms it looks at the last 20 ms with Goertzel filters at the eight frequencies. A tone begins when two looks in a row
/// agree, and ends when three in a row miss it or see much less of it, or two see another. So tones of 40 ms are heard, pauses of
/// 40 ms count the same tone twice, and interruptions of 20 ms, as lost packets make, do not (compare ITU-T Q.24).
public final class DTMFDetector: AudioSink {
  /// A tone that has been heard and has ended.
  public struct Digit: Sendable, Hashable, Codable {
    /// `0`–`9`, `*`, `#` or `A`–`D`.
    public var tone: String
    /// For how many milliseconds, in steps of 10.
    public var milliseconds: Int

    public init(tone: String, milliseconds: Int) {
      self.tone = tone
      self.milliseconds = milliseconds
    }
  }

  fileprivate struct State {
    var look = DTMFLook(sampleRate: 0)
    var candidate: DTMFTone?
    var current: DTMFTone?
    /// How many looks the current tone lasts, up to the last that saw it.
    var length = 0
    /// The greatest power of the current tone.
    var peak: Float = 0
    /// How many looks have missed it since.
    var misses = 0
    var heard: [Digit] = []
    var begun = ""
  }

  private let state = Mutex(State())
  private let onDigit: @Sendable (Character) -> Void

  /// How many digits are remembered; older ones are forgotten.
  static let capacity = 1000

  /// - Parameter onDigit: called when a tone begins, on the thread on which the sound arrives; must not block.
  public init(onDigit: @escaping @Sendable (Character) -> Void = { _ in }) {
    self.onDigit = onDigit
  }

  /// The tones that have begun since the detector was made or reset, in order.
  public var digits: String { state.withLock { $0.begun } }

  /// The tones that have ended, in order, with their lengths.
  public var heard: [Digit] { state.withLock { $0.heard } }

  /// The tone that sounds at this moment.
  public var current: Character? { state.withLock { $0.current?.character } }

  /// Forgets what was heard.
  public func reset() {
    state.withLock { ($0.begun, $0.heard) = ("", []) }
  }

  public func receive(_ frame: AudioFrame) {
    guard frame.sampleRate >= 8000, frame.channels > 0 else { return }
    let begun = state.withLock { state -> DTMFTone? in
      if state.look.sampleRate != frame.sampleRate { state.look = DTMFLook(sampleRate: frame.sampleRate) }
      state.look.append(frame)
      return state.sees(state.look.reading())
    }
    if let begun { onDigit(begun.character) }
  }
}

extension DTMFDetector.State {
  private static let patience = 3

  /// - Returns: the tone that has begun with this look.
  fileprivate mutating func sees(_ seen: DTMFLook.Reading?) -> DTMFTone? {
    if let current, seen?.tone == current {
      if let power = seen?.power, power >= 0.25 * peak {
        peak = max(peak, power)
        length += 1 + misses
        (misses, candidate) = (0, nil)
      } else {
        miss()
      }
      return nil
    }
    miss()
    guard let seen, seen.tone == candidate else {
      candidate = seen?.tone
      return nil
    }
    end()
    // The look that made it a candidate counts as well.
    (current, candidate, length, peak, misses) = (seen.tone, nil, 2, seen.power, 0)
    begun.append(seen.tone.character)
    if begun.count > DTMFDetector.capacity { begun.removeFirst() }
    return seen.tone
  }

  private mutating func miss() {
    guard current != nil else { return }
    misses += 1
    if misses == Self.patience { end() }
  }

  private mutating func end() {
    guard let current else { return }
    heard.append(DTMFDetector.Digit(tone: String(current.character), milliseconds: 10 * length))
    if heard.count > DTMFDetector.capacity { heard.removeFirst() }
    self.current = nil
  }
}

/// The last 20 ms of sound, and which tone is in them.
private struct DTMFLook {
  struct Reading {
    let tone: DTMFTone
    /// The mean square of both frequencies together.
    let power: Float
  }

  let sampleRate: Int
  private var window: [Float]
  /// 2 cos ω of the rows and columns.
  private let coefficients: [Float]

  /// The least level of either frequency, about −45 dBFS.
  private static let leastPower: Float = 1.5e-5
  /// The least share of the energy that the two frequencies have together.
  private static let leastShare: Float = 0.6
  /// How much stronger than the other of its kind a frequency has to be, and how much stronger one of the two may be.
  private static let leastLead: Float = 4
  private static let greatestTwist: Float = 16

  init(sampleRate: Int) {
    self.sampleRate = sampleRate
    window = [Float](repeating: 0, count: sampleRate / 50)
    coefficients =
      sampleRate == 0 ? [] : (DTMFTone.rows + DTMFTone.columns).map { Float(2 * cos(2 * .pi * $0 / Double(sampleRate))) }
  }

  /// Shifts the window by a frame, whose channels are averaged.
  mutating func append(_ frame: AudioFrame) {
    let channels = frame.channels
    let count = min(frame.samples.count / channels, window.count)
    let kept = window.count - count
    let scale = 1 / (32_768 * Float(channels))
    window.withUnsafeMutableBufferPointer { window in
      frame.samples.withUnsafeBufferPointer { samples in
        var index = 0
        while index < kept {
          window[index] = window[index &+ count]
          index &+= 1
        }
        var sample = samples.count - count * channels
        while index < window.count {
          var sum = 0
          var channel = 0
          while channel < channels {
            sum &+= Int(samples[sample])
            sample &+= 1
            channel &+= 1
          }
          window[index] = Float(sum) * scale
          index &+= 1
        }
      }
    }
  }

  func reading() -> Reading? {
    let mean = window.withUnsafeBufferPointer { window in
      var sum: Float = 0
      var index = 0
      while index < window.count {
        sum += window[index] * window[index]
        index &+= 1
      }
      return sum / Float(max(1, window.count))
    }
    guard mean > 2 * Self.leastPower else { return nil }
    let powers = coefficients.map { power($0) }
    guard let row = Self.leader(powers[..<4]), let column = Self.leader(powers[4...]) else { return nil }
    let (low, high) = (powers[row], powers[4 + column])
    guard min(low, high) >= Self.leastPower, low + high >= Self.leastShare * mean,
      max(low, high) <= Self.greatestTwist * min(low, high)
    else { return nil }
    return Reading(tone: DTMFTone(row: row, column: column), power: low + high)
  }

  /// The mean square of the sine of one frequency that is in the window (Goertzel).
  private func power(_ coefficient: Float) -> Float {
    window.withUnsafeBufferPointer { window in
      var (last, before): (Float, Float) = (0, 0)
      var index = 0
      while index < window.count {
        let next = window[index] + coefficient * last - before
        (before, last) = (last, next)
        index &+= 1
      }
      let count = Float(window.count)
      return 2 * (last * last + before * before - coefficient * last * before) / (count * count)
    }
  }

  /// The strongest of some frequencies, if it is so by far.
  private static func leader(_ powers: ArraySlice<Float>) -> Int? {
    guard let best = powers.indices.max(by: { powers[$0] < powers[$1] }) else { return nil }
    let isAlone = powers.indices.allSatisfy { $0 == best || powers[$0] * leastLead <= powers[best] }
    return isAlone ? best - powers.startIndex : nil
  }
}
