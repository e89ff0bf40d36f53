/// A stretch of PCM: 16-bit samples, interleaved, in little-endian bytes as a WAV file has them, or in memory.
struct PCMReader {
  let channels: Int
  /// The number of samples of one channel.
  let length: Int
  private let bytes: UnsafeRawPointer

  /// - Parameter bytes: stays valid as long as the reader is used.
  init(bytes: UnsafeRawPointer, byteCount: Int, channels: Int) {
    self.bytes = bytes
    self.channels = channels
    length = byteCount / (2 * channels)
  }

  /// The mean of all channels at a position.
  func sample(_ position: Int) -> Int {
    let first = position &* channels
    if channels == 1 { return value(first) }
    var sum = 0
    var channel = 0
    while channel < channels {
      sum &+= value(first &+ channel)
      channel &+= 1
    }
    return sum / channels
  }

  private func value(_ index: Int) -> Int {
    Int(Int16(littleEndian: bytes.loadUnaligned(fromByteOffset: index &* 2, as: Int16.self)))
  }
}

/// Where a linear interpolation between the samples of one rate stands that produces samples of another, without drift.
struct ResamplingPosition: Hashable {
  /// The sample before the position.
  private(set) var index = 0
  /// How far the position is behind it, in parts of the target rate.
  private(set) var fraction = 0

  private let sourceRate: Int
  private let targetRate: Int

  init(from sourceRate: Int, to targetRate: Int) {
    self.sourceRate = sourceRate
    self.targetRate = targetRate
  }

  mutating func advance() {
    fraction &+= sourceRate
    if fraction >= targetRate {
      index &+= fraction / targetRate
      fraction %= targetRate
    }
  }

  /// Goes back by a number of source samples, as when a loop begins again.
  mutating func wrap(by count: Int) {
    index &-= count
  }

  /// The value between `left`, the sample at `index`, and `right`, the one behind it.
  func interpolate(_ left: Int, _ right: Int) -> Int16 {
    Int16(clamping: left &+ (right &- left) &* fraction / targetRate)
  }
}

/// Turns frames of any rate and number of channels into one mono stream of 16-bit samples.
struct MonoResampler {
  private let targetRate: Int
  private var sourceRate = 0
  private var position = ResamplingPosition(from: 1, to: 1)
  /// The last sample of the frame before, which lies at index 0 of the next interpolation.
  private var last = 0

  init(to targetRate: Int) {
    self.targetRate = targetRate
  }

  /// Appends what a frame gives. Without change of rate or channels this is a copy.
  mutating func append(_ frame: AudioFrame, to output: inout [Int16]) {
    guard frame.sampleRate > 0, frame.channels > 0, !frame.samples.isEmpty else { return }
    if frame.sampleRate != sourceRate {
      sourceRate = frame.sampleRate
      position = ResamplingPosition(from: sourceRate, to: targetRate)
      last = 0
    }
    if frame.sampleRate == targetRate, frame.channels == 1 {
      output.append(contentsOf: frame.samples)
      return
    }
    frame.samples.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      let reader = PCMReader(bytes: base, byteCount: bytes.count, channels: frame.channels)
      if frame.sampleRate == targetRate {
        var index = 0
        while index < reader.length {
          output.append(Int16(clamping: reader.sample(index)))
          index &+= 1
        }
      } else {
        interpolate(reader, into: &output)
      }
    }
  }

  /// Index 0 is the last sample of the frame before, index n the n-th of this one.
  private mutating func interpolate(_ reader: PCMReader, into output: inout [Int16]) {
    while position.index < reader.length {
      let left = position.index == 0 ? last : reader.sample(position.index &- 1)
      output.append(position.interpolate(left, reader.sample(position.index)))
      position.advance()
    }
    position.wrap(by: reader.length)
    if reader.length > 0 { last = reader.sample(reader.length &- 1) }
  }
}
