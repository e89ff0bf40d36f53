import LinkProtocol
import Synchronization

/// The loggers of one client (R-CONN-225): levels and handlers by type, and the timers.
final class LoggerSet: Sendable {
  private struct State {
    var level: LogLevel
    var levels: [LogType: LogLevel] = [:]
    var handler: LogEntryHandler
    var handlers: [LogType: LogEntryHandler] = [:]
    var timers: [TimerKey: Int64] = [:]
    var tracesCalls = true
  }

  private struct TimerKey: Hashable {
    let target: LogEntry.Target
    let name: String
  }

  private let state: Mutex<State>
  private let now: @Sendable () -> Int64
  /// Where entries go for which no handler was given.
  private let standardError: StandardErrorLog

  init(level: LogLevel = .debug, handler: LogEntryHandler? = nil, now: @escaping @Sendable () -> Int64) {
    let standardError = StandardErrorLog(now: now)
    state = Mutex(State(level: level, handler: handler ?? standardError.handle))
    self.standardError = standardError
    self.now = now
  }

  /// The loggers that `config.logs` asks for. Actions have a level and a handler of their own.
  convenience init(_ settings: Configuration.Logs, now: @escaping @Sendable () -> Int64) {
    self.init(level: settings.logLevel, handler: settings.handler, now: now)
    setHandler(settings.logActions?.handler ?? standardError.handleAction, of: .action)
    if let level = settings.logActions?.level { setLevel(max(level, settings.logLevel), of: .action) }
    traceCalls(settings.enableFcsLogs)
  }

  /// Returns when what was logged to standard error has been written, or nobody has read it for a second.
  func flush() async {
    await standardError.flush()
  }

  func logger(_ type: LogType, id: String = "") -> TargetLogger {
    TargetLogger(loggers: self, target: LogEntry.Target(type, id: id))
  }

  /// Whether the call engine's own trace is logged: `logs.enableFcsLogs`, read at each `connect`.
  func traceCalls(_ on: Bool) {
    state.withLock { $0.tracesCalls = on }
  }

  func level(of type: LogType) -> LogLevel {
    state.withLock { $0.levels[type] ?? $0.level }
  }

  /// Sets the level of one type, or of all.
  func setLevel(_ level: LogLevel, of type: LogType) {
    state.withLock { state in
      if type == .all {
        state.level = level
        state.levels = [:]
      } else {
        state.levels[type] = level
      }
    }
  }

  func setHandler(_ handler: @escaping LogEntryHandler, of type: LogType) {
    state.withLock { state in
      if type == .all {
        // The action logger keeps a handler of its own: it is set apart, by `logs.logActions.handler`.
        let action = state.handlers[.action]
        state.handler = handler
        state.handlers = [:]
        state.handlers[.action] = action
      } else {
        state.handlers[type] = handler
      }
    }
  }

  /// Makes an entry if its level is let through.
  func log(
    _ method: LogEntry.Method, _ target: LogEntry.Target, level: LogLevel? = nil, timer: LogEntry.Timer? = nil,
    _ messages: () -> [JSONValue]
  ) {
    let level = level ?? method.level
    let target = target.traced(at: level)
    let handler = state.withLock { state -> LogEntryHandler? in
      if target.type == .fcs, !state.tracesCalls { return nil }
      let threshold = state.levels[target.type] ?? state.level
      return level >= threshold && threshold != .silent ? state.handlers[target.type] ?? state.handler : nil
    }
    guard let handler else { return }
    handler(
      LogEntry(timestamp: now(), method: method, level: level, target: target, messages: messages(), timer: timer))
  }

  // MARK: Timers (R-CONN-921)

  func startTimer(_ name: String, _ target: LogEntry.Target) {
    let start = now()
    let running = state.withLock { state -> Int64? in
      let key = TimerKey(target: target, name: name)
      if let running = state.timers[key] { return running }
      state.timers[key] = start
      return nil
    }
    if let running {
      log(.warn, target, timer: LogEntry.Timer(event: .time, name: name, start: running)) {
        [.string("Timer \(name) is already running.")]
      }
    } else {
      log(.time, target, timer: LogEntry.Timer(event: .time, name: name, start: start)) {
        [.string("Timer \(name) started.")]
      }
    }
  }

  func readTimer(_ name: String, _ target: LogEntry.Target, ends: Bool) {
    let event: LogEntry.Method = ends ? .timeEnd : .timeLog
    let time = now()
    let start = state.withLock { state in
      let key = TimerKey(target: target, name: name)
      return ends ? state.timers.removeValue(forKey: key) : state.timers[key]
    }
    guard let start else {
      log(.warn, target, timer: LogEntry.Timer(event: event, name: name)) { [.string("Timer \(name) is not running.")] }
      return
    }
    let elapsed = time - start
    let timer = LogEntry.Timer(
      event: event, name: name, start: start, split: ends ? nil : time, end: ends ? time : nil, elapsed: elapsed)
    log(event, target, timer: timer) {
      [.string(ends ? "Timer \(name) ended after \(elapsed) ms." : "Timer \(name) has run for \(elapsed) ms.")]
    }
  }
}

extension LogEntry.Target {
  /// What one call logs up to level debug is the call engine's own trace; what is said above concerns the application.
  fileprivate func traced(at level: LogLevel) -> LogEntry.Target {
    type == .call && !id.isEmpty && level <= .debug ? LogEntry.Target(.fcs, id: id) : self
  }
}

/// Logs about one target.
///
/// The text is static; what varies goes into `data`. Passwords, tokens, session and channel ids, bodies, session descriptions
/// and addresses never do (R-CONN-942).
struct TargetLogger: Sendable {
  fileprivate let loggers: LoggerSet
  let target: LogEntry.Target

  typealias Fields = KeyValuePairs<String, JSONValue>

  func trace(_ text: StaticString, _ data: @autoclosure () -> Fields = [:]) { log(.trace, text, data) }
  func debug(_ text: StaticString, _ data: @autoclosure () -> Fields = [:]) { log(.debug, text, data) }
  func info(_ text: StaticString, _ data: @autoclosure () -> Fields = [:]) { log(.info, text, data) }
  func warn(_ text: StaticString, _ data: @autoclosure () -> Fields = [:]) { log(.warn, text, data) }
  func error(_ text: StaticString, _ data: @autoclosure () -> Fields = [:]) { log(.error, text, data) }

  func time(_ name: String) { loggers.startTimer(name, target) }
  func timeLog(_ name: String) { loggers.readTimer(name, target, ends: false) }
  func timeEnd(_ name: String) { loggers.readTimer(name, target, ends: true) }

  /// The entry that every function of the API makes (R-CONN-206).
  func invoked(_ function: StaticString, _ data: @autoclosure () -> Fields = [:]) {
    loggers.log(.debug, target) { Self.messages("API invoked: \(function)", data()) }
  }

  /// An entry whose text is made at run time.
  func log(_ method: LogEntry.Method, text: @autoclosure () -> String) {
    loggers.log(method, target) { [.string(text())] }
  }

  private func log(_ method: LogEntry.Method, _ text: StaticString, _ data: () -> Fields) {
    loggers.log(method, target) { Self.messages("\(text)", data()) }
  }

  private static func messages(_ text: String, _ data: Fields) -> [JSONValue] {
    guard !data.isEmpty else { return [.string(text)] }
    return [.string(text), .object(Dictionary(data.map { ($0.key, $0.value) }, uniquingKeysWith: { _, last in last }))]
  }
}
