import LinkMedia
import Synchronization

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif
#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A folder that vanishes with the value's last reference.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    let url = FileManager.default.temporaryDirectory.appending(path: "kandy-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }

  func file(_ name: String) -> String { path + "/" + name }

  /// Writes a file and gives its path.
  func write(_ bytes: [UInt8], to name: String) throws -> String {
    try Data(bytes).write(to: URL(filePath: file(name)))
    return file(name)
  }

  func read(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(filePath: file(name))))
  }
}

/// A number of seconds of what a source gives, as frames of 10 ms.
func frames(_ source: any AudioSource, seconds: Double) -> [AudioFrame] {
  (0..<Int((seconds * 100).rounded())).map { _ in
    var samples = [Int16](repeating: 0x5555, count: 480)
    samples.withUnsafeMutableBufferPointer { source.read(into: $0) }
    return AudioFrame(samples: samples, sampleRate: 48_000)
  }
}

func samples(_ source: any AudioSource, seconds: Double) -> [Int16] {
  frames(source, seconds: seconds).flatMap(\.samples)
}

/// A WAV file's bytes, made independently of the code under test.
func wav(
  _ samples: [Int16], sampleRate: Int = 48_000, channels: Int = 1, format: Int = 1, bits: Int = 16, claimedCount: Int? = nil,
  extraChunk: Bool = false
) -> [UInt8] {
  func little(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
  var body = Array("WAVEfmt ".utf8) + little(16, 4) + little(format, 2) + little(channels, 2) + little(sampleRate, 4)
  body += little(sampleRate * channels * bits / 8, 4) + little(channels * bits / 8, 2) + little(bits, 2)
  // A chunk of odd length has a byte of padding behind it.
  if extraChunk { body += Array("LIST".utf8) + little(3, 4) + [1, 2, 3, 0] }
  body += Array("data".utf8) + little(claimedCount ?? 2 * samples.count, 4) + samples.flatMap { little(Int($0), 2) }
  return Array("RIFF".utf8) + little(body.count, 4) + body
}

/// A picture of one colour.
func plain(_ y: UInt8, _ u: UInt8, _ v: UInt8, width: Int, height: Int) -> PlanarPicture? {
  let chroma = ((width + 1) / 2) * ((height + 1) / 2)
  let bytes =
    [UInt8](repeating: y, count: width * height) + [UInt8](repeating: u, count: chroma) + [UInt8](repeating: v, count: chroma)
  return PlanarPicture(width: width, height: height, bytes: bytes)
}

/// The planes' bytes without the gaps that strides may leave.
func planeBytes(_ buffer: any I420Buffer) -> [UInt8] {
  let (chromaWidth, chromaHeight) = ((buffer.width + 1) / 2, (buffer.height + 1) / 2)
  return buffer.withPlanes { planes in
    func bytes(_ plane: UnsafePointer<UInt8>, _ stride: Int, _ width: Int, _ height: Int) -> [UInt8] {
      (0..<height).flatMap { Array(UnsafeBufferPointer(start: plane + $0 * stride, count: width)) }
    }
    return bytes(planes.y, planes.strideY, buffer.width, buffer.height)
      + bytes(planes.u, planes.strideU, chromaWidth, chromaHeight) + bytes(planes.v, planes.strideV, chromaWidth, chromaHeight)
  }
}

/// The newest of some text.
final class Mailbox: Sendable {
  private let value: Mutex<String>

  init(_ first: String) {
    value = Mutex(first)
  }

  var newest: String { value.withLock { $0 } }

  func append(_ character: Character) {
    value.withLock { $0.append(character) }
  }
}

/// The sine of a number of turns.
func sine(_ turns: Double) -> Double {
  sin(2 * .pi * turns)
}
