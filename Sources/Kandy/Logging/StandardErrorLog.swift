import LinkProtocol

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif
#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The handler of a client that was given none: one line on standard error per entry (R-CONN-925).
enum StandardErrorLog {
  @Sendable static func handle(_ entry: LogEntry) {
    put(line(entry))
  }

  static func line(_ entry: LogEntry) -> String {
    let head = "\(entry.timestamp) - \(shortName(entry.target)) - \(entry.level.rawValue) - "
    return head + entry.messages.map(text).joined(separator: " ")
  }

  /// The type, or `type/id`; a long id is cut.
  static func shortName(_ target: LogEntry.Target) -> String {
    guard !target.id.isEmpty else { return target.type.rawValue }
    let id = target.id.count > 8 ? String(target.id.prefix(6)) : target.id
    return "\(target.type.rawValue)/\(id)"
  }

  static func text(_ message: JSONValue) -> String {
    message.stringValue ?? message.compactText
  }

  /// Writes the line with one call, so that lines of several threads do not mix.
  static func put(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    _ = bytes.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
  }
}
