/// What one party has said and another has not heard yet: a queue of samples at 48 kHz, from 10 to 60 ms long.
///
/// - It gives nothing until it has 20 ms, so that a block that comes up to 10 ms late is not missed.
/// - When it runs dry it gives silence until it has 20 ms again.
/// - When it would hold more than 60 ms, because the writer's clock is faster or the reader has stopped, the oldest samples are
///   dropped down to 20 ms. So the delay never exceeds 60 ms, and memory is bounded.
struct JitterBuffer {
  static let block = 480
  static let start = 2 * block
  static let capacity = 6 * block

  private var ring = [Int16](repeating: 0, count: capacity)
  private var head = 0
  private(set) var count = 0
  private(set) var isPlaying = false

  mutating func write(_ samples: [Int16]) {
    var samples = samples[...]
    if count + samples.count > Self.capacity {
      // What is kept, with what comes, is 20 ms.
      if samples.count > Self.start { samples = samples.suffix(Self.start) }
      let kept = Self.start - samples.count
      if count > kept {
        head = (head + count - kept) % Self.capacity
        count = kept
      }
    }
    ring.withUnsafeMutableBufferPointer { ring in
      samples.withUnsafeBufferPointer { samples in
        var (index, tail) = (0, (head + count) % Self.capacity)
        while index < samples.count {
          ring[tail] = samples[index]
          index &+= 1
          tail &+= 1
          if tail == Self.capacity { tail = 0 }
        }
      }
    }
    count += samples.count
    if count >= Self.start { isPlaying = true }
  }

  /// Adds the next samples to a sum of as many; nothing if there are not enough.
  mutating func read(addingTo sum: inout [Int32]) {
    guard isPlaying else { return }
    guard count >= sum.count else { return isPlaying = false }
    ring.withUnsafeBufferPointer { ring in
      sum.withUnsafeMutableBufferPointer { sum in
        var (index, position) = (0, head)
        while index < sum.count {
          sum[index] &+= Int32(ring[position])
          index &+= 1
          position &+= 1
          if position == Self.capacity { position = 0 }
        }
      }
    }
    head = (head + sum.count) % Self.capacity
    count -= sum.count
  }
}
