import Synchronization

/// A microphone that hears a WAV file of 16-bit PCM, of any rate and number of channels: the channels are averaged and the
/// rate is brought to 48 kHz by linear interpolation.
public final class WAVSource: AudioSource {
  /// The rate of the file in Hz.
  public var sampleRate: Int { format.sampleRate }
  public var channels: Int { format.channels }
  /// How long the file plays once.
  public var duration: Duration { .milliseconds(length * 1000 / format.sampleRate) }
  /// Whether the file begins again when it has ended, without a gap; otherwise silence follows.
  public let loops: Bool
  /// Whether a file that does not loop has been played to its end.
  public var hasEnded: Bool { !loops && position.withLock { $0.index } >= length }

  /// What a file may be long, so that it can be held in memory: about 45 minutes of stereo at 48 kHz.
  static let largestFile = 512 << 20

  private let format: WAVFormat
  private let bytes: [UInt8]
  /// The number of samples of one channel.
  private let length: Int
  private let position: Mutex<ResamplingPosition>

  /// Reads the whole file, so that playing never waits for a disk.
  /// - Throws: `MediaError` with code `device` when the file cannot be read, is malformed, or is longer than 512 MiB.
  public init(path: String, loops: Bool = true) throws {
    let file = try RawFile(reading: path)
    let size = try file.size()
    guard size <= Self.largestFile else { throw MediaError(.device, "The file '\(path)' is longer than 512 MiB.") }
    bytes = try file.read(size, at: 0)
    format = try WAVFormat(parsing: bytes, path: path)
    length = format.dataCount / (2 * format.channels)
    position = Mutex(ResamplingPosition(from: format.sampleRate, to: 48_000))
    self.loops = loops
  }

  public func read(into buffer: UnsafeMutableBufferPointer<Int16>) {
    guard let output = buffer.baseAddress else { return }
    bytes.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      let reader = PCMReader(bytes: base + format.dataOffset, byteCount: format.dataCount, channels: format.channels)
      position.withLock { position in
        var index = 0
        while index < buffer.count {
          output[index] = next(&position, reader)
          index &+= 1
        }
      }
    }
  }

  private func next(_ position: inout ResamplingPosition, _ reader: PCMReader) -> Int16 {
    while position.index >= length {
      if !loops { return 0 }
      position.wrap(by: length)
    }
    let left = reader.sample(position.index)
    let following = position.index &+ 1
    let right = following < length ? reader.sample(following) : (loops ? reader.sample(0) : 0)
    defer { position.advance() }
    return position.interpolate(left, right)
  }
}
