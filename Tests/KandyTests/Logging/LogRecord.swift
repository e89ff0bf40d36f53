import Kandy
import Synchronization

/// Keeps the entries that a handler is given.
final class LogRecord: Sendable {
  private let kept = Mutex<[LogEntry]>([])
  var entries: [LogEntry] { kept.withLock { $0 } }

  var handler: LogEntryHandler {
    { [self] entry in kept.withLock { $0.append(entry) } }
  }
}
