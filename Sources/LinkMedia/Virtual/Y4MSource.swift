import Dispatch
import Synchronization

/// A camera that sees a Y4M file (YUV4MPEG2, 8-bit 4:2:0), again and again.
///
/// The next picture is read ahead on a queue of the source's own, so that the engine never waits for a disk; if it is not there
/// in time, there is no new picture.
public final class Y4MSource: VideoSource {
  public var framesPerSecond: Int { max(1, Int((Double(header.rate) / Double(header.scale)).rounded())) }
  public var width: Int { header.width }
  public var height: Int { header.height }

  private struct State {
    var ready: PlanarPicture?
    /// Where the picture after `ready` begins.
    var offset: Int
    var shown = 0
    var failure: MediaError?
  }

  private let file: RawFile
  private let header: Y4MHeader
  private let state: Mutex<State>
  private let queue = DispatchQueue(label: "kandy.y4m-source", qos: .userInitiated)

  /// Opens the file and reads its first picture.
  /// - Throws: `MediaError` with code `device` when the file cannot be read or is malformed.
  public init(path: String) throws {
    let file = try RawFile(reading: path)
    let header = try Y4MHeader(parsing: try file.read(1024, at: 0), path: path)
    let (first, next) = try Self.picture(at: header.count, of: file, header)
    self.file = file
    self.header = header
    state = Mutex(State(ready: first, offset: next))
  }

  public func nextFrame() -> VideoFrame? {
    let frame = state.withLock { state -> VideoFrame? in
      guard let picture = state.ready.take() else { return nil }
      let timestamp = Duration.nanoseconds(state.shown * header.scale * 1_000_000_000 / header.rate)
      state.shown += 1
      return VideoFrame(buffer: picture, timestamp: timestamp)
    }
    if frame != nil {
      queue.async { [weak self] in self?.readAhead() }
    }
    return frame
  }

  /// Why no pictures come any more, if the file could not be read further.
  public var failure: MediaError? { state.withLock { $0.failure } }

  private func readAhead() {
    let offset = state.withLock { $0.offset }
    do {
      let (picture, next) = try Self.picture(at: offset, of: file, header)
      state.withLock { ($0.ready, $0.offset) = (picture, next) }
    } catch {
      state.withLock { $0.failure = error as? MediaError ?? MediaError(.device, "\(error)") }
    }
  }

  /// The picture that begins at an offset, or the first one if the file ends there, and where the one after it begins.
  private static func picture(at offset: Int, of file: RawFile, _ header: Y4MHeader) throws -> (PlanarPicture, Int) {
    let line = try file.read(256, at: offset)
    if offset > header.count, line.isEmpty { return try picture(at: header.count, of: file, header) }
    guard line.starts(with: Array("FRAME".utf8)), let end = line.firstIndex(of: UInt8(ascii: "\n")) else {
      throw MediaError(
        .device, "The file '\(file.path)' is not a Y4M file that can be shown: a picture is missing at \(offset).")
    }
    let count = PlanarPicture.byteCount(width: header.width, height: header.height)
    let bytes = try file.read(count, at: offset + end + 1)
    if bytes.count < count, offset > header.count { return try picture(at: header.count, of: file, header) }
    guard let picture = PlanarPicture(width: header.width, height: header.height, bytes: bytes) else {
      throw MediaError(.device, "The file '\(file.path)' is not a Y4M file that can be shown: its first picture is cut off.")
    }
    return (picture, offset + end + 1 + count)
  }
}

/// The first line of a Y4M file.
struct Y4MHeader: Hashable {
  var width = 0
  var height = 0
  /// Pictures per second are `rate / scale`.
  var rate = 30
  var scale = 1
  /// Of the line and its end, in bytes.
  var count: Int

  init(parsing bytes: [UInt8], path: String) throws {
    func failure(_ reason: String) -> MediaError {
      MediaError(.device, "The file '\(path)' is not a Y4M file that can be shown: \(reason).")
    }
    guard bytes.starts(with: Array("YUV4MPEG2 ".utf8)), let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else {
      throw failure("it does not begin with YUV4MPEG2")
    }
    count = end + 1
    for word in String(decoding: bytes[..<end], as: UTF8.self).split(separator: " ").dropFirst() {
      let value = word.dropFirst()
      switch word.first {
      case "W": width = Int(value) ?? 0
      case "H": height = Int(value) ?? 0
      case "F":
        let parts = value.split(separator: ":").map { Int($0) ?? 0 }
        guard parts.count == 2, parts.allSatisfy({ (1...1_000_000).contains($0) }) else {
          throw failure("its rate is malformed")
        }
        (rate, scale) = (parts[0], parts[1])
      case "C":
        guard ["420", "420jpeg", "420mpeg2", "420paldv"].contains(value) else {
          throw failure("only 8-bit 4:2:0 is understood")
        }
      default: break
      }
    }
    guard PatternSource.sizes.contains(width), PatternSource.sizes.contains(height) else {
      throw failure("\(width)×\(height) is not possible")
    }
  }
}
