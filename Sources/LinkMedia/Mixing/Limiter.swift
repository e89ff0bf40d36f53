/// Brings a sum of samples into 16 bits by turning it down for as long as it is too loud.
///
/// It looks at stretches of 1 ms. One that would exceed −0.1 dBFS is turned down as a whole by just enough, at once; afterwards
/// the gain comes back with a time constant of 200 ms, so that it does not follow the waveform. What does not exceed −0.1 dBFS
/// passes through unchanged, bit for bit, once the gain has come back, at the latest 1.4 s after anything did.
struct Limiter {
  static let ceiling: Float = 32_392
  static let stretch = 48
  /// The share of the missing gain that comes back in 1 ms.
  private static let recovery: Float = 1 / 200

  private var gain: Float = 1

  /// - Parameter output: as many samples as the sum has.
  mutating func limit(_ sum: [Int32], into output: UnsafeMutableBufferPointer<Int16>) {
    sum.withUnsafeBufferPointer { sum in
      var start = 0
      while start < sum.count {
        let end = min(start + Self.stretch, sum.count)
        let needed = Self.needed(sum, start, end)
        let (from, to) = next(needed)
        Self.scale(sum, start, end, from, to, into: output)
        start = end
      }
    }
  }

  /// The gain at the beginning and at the end of a stretch that allows for no more than `needed`.
  private mutating func next(_ needed: Float) -> (from: Float, to: Float) {
    let recovered = gain > 0.999 ? 1 : gain + (1 - gain) * Self.recovery
    let from = min(gain, needed)
    gain = min(recovered, needed)
    return (from, gain)
  }

  private static func needed(_ sum: UnsafeBufferPointer<Int32>, _ start: Int, _ end: Int) -> Float {
    var peak: Int32 = 0
    var index = start
    while index < end {
      peak = max(peak, sum[index] < 0 ? 0 &- sum[index] : sum[index])
      index &+= 1
    }
    return Float(peak) > ceiling ? ceiling / Float(peak) : 1
  }

  private static func scale(
    _ sum: UnsafeBufferPointer<Int32>, _ start: Int, _ end: Int, _ from: Float, _ to: Float,
    into output: UnsafeMutableBufferPointer<Int16>
  ) {
    let step = (to - from) / Float(max(1, end - start))
    var index = start
    while index < end {
      if from == 1, to == 1 {
        output[index] = Int16(truncatingIfNeeded: sum[index])
      } else {
        output[index] = Int16(Float(sum[index]) * (from + step * Float(index &- start)))
      }
      index &+= 1
    }
  }
}
