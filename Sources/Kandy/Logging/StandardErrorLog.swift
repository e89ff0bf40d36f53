import Dispatch
import LinkProtocol
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
#elseif canImport(Darwin)
  import Darwin
#endif

/// Writes the entries of a client that was given no handler: one line on standard error per entry (R-CONN-925).
///
/// Whoever logs never waits for whoever reads: a thread of its own writes. What does not fit any more while nobody reads is
/// dropped, and counted in a line that follows when it flows again.
final class StandardErrorLog: Sendable {
  private struct State {
    var waiting: [String] = []
    var bytes = 0
    var dropped = 0
    var isWriting = false
  }

  private let descriptor: Int32
  private let capacity: Int
  private let now: @Sendable () -> Int64
  private let state = Mutex(State())
  /// Serial; it has a thread while there is something to write.
  private let thread = DispatchQueue(label: "kandy.log")

  /// - Parameters:
  ///   - descriptor: where to; another one than standard error in tests.
  ///   - capacity: how much waits before entries are dropped, in bytes.
  init(descriptor: Int32 = 2, capacity: Int = 1 << 20, now: @escaping @Sendable () -> Int64) {
    self.descriptor = descriptor
    self.capacity = capacity
    self.now = now
  }

  func handle(_ entry: LogEntry) { put(Self.line(entry)) }

  func handleAction(_ entry: LogEntry) { put(ActionLogWriter.line(entry)) }

  /// Takes a line without waiting.
  func put(_ line: String) {
    let begins = state.withLock { state in
      let size = line.utf8.count + 1
      guard state.bytes + size <= capacity else {
        state.dropped += 1
        return false
      }
      state.waiting.append(line)
      state.bytes += size
      defer { state.isWriting = true }
      return !state.isWriting
    }
    if begins { thread.async { self.drain() } }
  }

  /// Returns when everything taken so far has been written, or after `limit` when nobody reads.
  func flush(within limit: DispatchTimeInterval = .seconds(1)) async {
    await withCheckedContinuation { continuation in
      let waiting = Waiting(continuation)
      thread.async { waiting.end() }
      DispatchQueue.global().asyncAfter(deadline: .now() + limit) { waiting.end() }
    }
  }

  private func drain() {
    while let (lines, dropped) = take() {
      let notice = dropped > 0 ? [Self.line(notice(of: dropped))] : []
      _ = writeWhole((lines + notice).joined(separator: "\n") + "\n", to: descriptor)
      state.withLock { $0.bytes -= lines.reduce(0) { $0 + $1.utf8.count + 1 } }
    }
  }

  /// What waits, and how many entries had to be dropped after it; `nil` when there is nothing to write any more.
  private func take() -> (lines: [String], dropped: Int)? {
    state.withLock { state in
      guard !state.waiting.isEmpty || state.dropped > 0 else {
        state.isWriting = false
        return nil
      }
      defer { (state.waiting, state.dropped) = ([], 0) }
      return (state.waiting, state.dropped)
    }
  }

  private func notice(of dropped: Int) -> LogEntry {
    LogEntry(
      timestamp: now(), method: .warn, level: .warn, target: LogEntry.Target(.logs),
      messages: ["Entries were dropped: nobody read standard error.", ["count": .int(dropped)]])
  }

  // MARK: Lines

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
}

/// Somebody who waits and is told once.
private final class Waiting: Sendable {
  private let continuation: Mutex<CheckedContinuation<Void, Never>?>

  init(_ continuation: CheckedContinuation<Void, Never>) {
    self.continuation = Mutex(continuation)
  }

  func end() {
    continuation.withLock { $0.take() }?.resume()
  }
}

/// Writes the whole text, however long the reader takes.
/// - Returns: whether it could be written: not when nobody reads any more.
package func writeWhole(_ text: String, to descriptor: Int32) -> Bool {
  var text = text
  return text.withUTF8 { bytes in
    var rest = UnsafeRawBufferPointer(bytes)
    while !rest.isEmpty {
      let count = write(descriptor, rest.baseAddress, rest.count)
      if count >= 0 {
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
      } else if errno == EAGAIN {
        var readiness = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        poll(&readiness, 1, -1)
      } else if errno != EINTR {
        return false
      }
    }
    return true
  }
}
