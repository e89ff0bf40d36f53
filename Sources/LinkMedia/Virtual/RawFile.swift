#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// An open file, read and written at given offsets; closed when it is released. Its functions block: call them where that is
/// allowed.
final class RawFile: Sendable {
  let path: String
  private let descriptor: Int32

  /// - Throws: `MediaError` with code `device` when the file cannot be opened.
  init(reading path: String) throws {
    self.path = path
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Self.failure("cannot be read", path) }
  }

  /// Creates the file, or empties it.
  /// - Throws: `MediaError` with code `device` when the file cannot be created.
  init(creating path: String) throws {
    self.path = path
    descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw Self.failure("cannot be written", path) }
  }

  deinit {
    // Also runs when an initializer has thrown after `descriptor` was set.
    if descriptor >= 0 { close(descriptor) }
  }

  /// The file's length in bytes.
  func size() throws -> Int {
    let end = lseek(descriptor, 0, SEEK_END)
    guard end >= 0 else { throw Self.failure("cannot be read", path) }
    return Int(end)
  }

  /// Up to `count` bytes; fewer only at the end of the file.
  func read(_ count: Int, at offset: Int) throws -> [UInt8] {
    var failed = false
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while filled < count {
        let target = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[filled...])
        let got = pread(descriptor, target.baseAddress, target.count, off_t(offset + filled))
        if got < 0, errno == EINTR { continue }
        failed = got < 0
        if got <= 0 { break }
        filled += got
      }
    }
    if failed { throw Self.failure("cannot be read", path) }
    return bytes
  }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws {
    var written = 0
    while written < bytes.count {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
      let count = pwrite(descriptor, rest.baseAddress, rest.count, off_t(offset + written))
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw Self.failure("cannot be written", path) }
      written += count
    }
  }

  /// Puts a whole file in place, so that a reader sees either the old one or the new one.
  static func replace(_ path: String, with bytes: [UInt8]) throws {
    let temporary = path + ".part"
    let file = try RawFile(creating: temporary)
    do {
      try bytes.withUnsafeBytes { try file.write($0, at: 0) }
      guard rename(temporary, path) == 0 else { throw failure("cannot be written", path) }
    } catch {
      unlink(temporary)
      throw error
    }
  }

  private static func failure(_ what: String, _ path: String) -> MediaError {
    MediaError(.device, "The file '\(path)' \(what): \(String(cString: strerror(errno))).")
  }
}
