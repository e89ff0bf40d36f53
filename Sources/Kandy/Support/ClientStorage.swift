import NIOPosix

#if canImport(FoundationEssentials)
  public import FoundationEssentials
#else
  public import Foundation
#endif

/// What a client keeps beyond the life of its process: small values by name. Nothing is kept unless an option asks for it, such as
/// `call.continuity`.
public protocol ClientStorage: Sendable {
  /// - Throws: when it cannot be read.
  func value(for key: String) async throws -> Data?
  /// - Parameter value: `nil` removes what is there.
  /// - Throws: when it cannot be written.
  func set(_ value: Data?, for key: String) async throws
  /// The names of everything that is kept.
  /// - Throws: when they cannot be read.
  func keys() async throws -> [String]
}

/// A file for each value in a folder, which is made when it is needed. Only its owner can read it.
public struct FileStorage: ClientStorage {
  public let folder: URL

  /// - Parameter folder: by default `kandy` where the system has the data of a user's programs: `$XDG_DATA_HOME` or
  ///   `~/.local/share`, on Apple platforms `~/Library/Application Support`.
  public init(folder: URL? = nil) {
    self.folder = folder ?? Self.data.appending(path: "kandy")
  }

  private static var data: URL {
    #if canImport(Darwin)
      URL(filePath: NSHomeDirectory()).appending(path: "Library/Application Support")
    #else
      if let folder = ProcessInfo.processInfo.environment["XDG_DATA_HOME"], folder.hasPrefix("/") {
        URL(filePath: folder)
      } else {
        FileManager.default.homeDirectoryForCurrentUser.appending(path: ".local/share")
      }
    #endif
  }

  public func value(for key: String) async throws -> Data? {
    let file = file(key)
    return try await NIOThreadPool.singleton.runIfActive {
      FileManager.default.fileExists(atPath: file.path) ? try Data(contentsOf: file) : nil
    }
  }

  public func set(_ value: Data?, for key: String) async throws {
    let file = file(key)
    let folder = folder
    try await NIOThreadPool.singleton.runIfActive {
      guard let value else {
        if FileManager.default.fileExists(atPath: file.path) { try FileManager.default.removeItem(at: file) }
        return
      }
      try FileManager.default.createDirectory(
        at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      try value.write(to: file, options: .atomic)
    }
  }

  public func keys() async throws -> [String] {
    let folder = folder
    return try await NIOThreadPool.singleton.runIfActive {
      guard FileManager.default.fileExists(atPath: folder.path) else { return [] }
      return try FileManager.default.contentsOfDirectory(atPath: folder.path).compactMap(Self.key)
    }
  }

  private func file(_ key: String) -> URL {
    folder.appending(path: key.utf8.map { Self.isPlain($0) ? String(UnicodeScalar($0)) : "=" + Self.hex($0) }.joined())
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
      UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "@"):
      true
    default: false
    }
  }

  private static func hex(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 16)
    return digits.count == 1 ? "0" + digits : digits
  }

  private static func key(_ file: String) -> String? {
    var bytes: [UInt8] = []
    var rest = Array(file.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "=") else {
        bytes.append(byte)
        continue
      }
      guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else { return nil }
      bytes.append(value)
      rest.removeFirst(2)
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
