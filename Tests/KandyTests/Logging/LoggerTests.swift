import KandyTesting
import LinkProtocol
import Logging
import Synchronization
import Testing

@testable import Kandy

struct LoggerTests {
  private let record = LogRecord()

  private func loggers(_ level: LogLevel = .trace) -> LoggerSet {
    LoggerSet(level: level, handler: record.handler, now: { 1_000 })
  }

  @Test(.spec("R-CONN-912", "R-CONN-913")) func anEntrySaysWhenWhoAndWhat() {
    loggers().logger(.request, id: "7").info("It happened.", ["status": 200])
    #expect(
      record.entries == [
        LogEntry(
          timestamp: 1_000, method: .info, level: .info, target: .init(.request, id: "7"),
          messages: ["It happened.", ["status": 200]])
      ])
    #expect(record.entries.first?.target.name == "REQUEST-7")
  }

  @Test(.spec("R-CONN-901"), arguments: LogLevel.allCases) func entriesBelowTheLevelAreNotMade(level: LogLevel) {
    let log = loggers(level).logger(.call)
    log.trace("t")
    log.debug("d")
    log.info("i")
    log.warn("w")
    log.error("e")
    let expected: [LogLevel] = [.trace, .debug, .info, .warn, .error].filter { $0 >= level }
    #expect(record.entries.map(\.level) == expected)
  }

  @Test func whatIsNotLoggedIsNotComputed() {
    let computed = Atomic(0)
    func value() -> JSONValue { .int(computed.add(1, ordering: .relaxed).newValue) }
    loggers(.warn).logger(.call).info("i", ["value": value()])
    loggers(.warn).logger(.call).warn("w", ["value": value()])
    #expect(computed.load(ordering: .relaxed) == 1)
  }

  @Test(.spec("R-CONN-941", "R-CONN-225")) func levelsAndHandlersCanBeSetForOneTypeOrAll() {
    let set = loggers(.error)
    set.setLevel(.debug, of: .call)
    set.logger(.call).debug("call")
    set.logger(.auth).debug("auth")
    set.setLevel(.debug, of: .all)
    set.logger(.auth).debug("auth again")
    let other = LogRecord()
    set.setHandler(other.handler, of: .auth)
    set.logger(.auth).debug("elsewhere")
    #expect(record.entries.map { $0.messages[0] } == ["call", "auth again"])
    #expect(other.entries.map { $0.messages[0] } == ["elsewhere"])
    loggers().logger(.auth).debug("another instance")
    #expect(record.entries.last?.messages == ["another instance"])
  }

  @Test(.spec("R-CONN-921")) func timersTellWhatTheyMeasured() {
    let now = Atomic<Int64>(100)
    let log = LoggerSet(level: .trace, handler: record.handler, now: { now.load(ordering: .relaxed) }).logger(.call)
    log.time("setup")
    now.store(130, ordering: .relaxed)
    log.time("setup")
    log.timeLog("setup")
    now.store(150, ordering: .relaxed)
    log.timeEnd("setup")
    log.timeEnd("setup")
    #expect(record.entries.map(\.method) == [.time, .warn, .timeLog, .timeEnd, .warn])
    #expect(record.entries.map(\.level) == [.debug, .warn, .debug, .debug, .warn])
    #expect(
      record.entries.map(\.timer) == [
        .init(event: .time, name: "setup", start: 100),
        .init(event: .time, name: "setup", start: 100),
        .init(event: .timeLog, name: "setup", start: 100, split: 130, elapsed: 30),
        .init(event: .timeEnd, name: "setup", start: 100, end: 150, elapsed: 50),
        .init(event: .timeEnd, name: "setup"),
      ])
  }

  @Test(.spec("R-CONN-925")) func theDefaultHandlerWritesOneLine() {
    let target = LogEntry.Target(.call, id: "0123456789")
    let entry = LogEntry(
      timestamp: 5, method: .warn, level: .warn, target: target, messages: ["Look.", ["b": 1, "a": "x"]])
    #expect(StandardErrorLog.line(entry) == #"5 - CALL/012345 - WARN - Look. {"a":"x","b":1}"#)
    #expect(StandardErrorLog.shortName(.init(.auth)) == "AUTH")
    #expect(StandardErrorLog.shortName(.init(.request, id: "12")) == "REQUEST/12")
  }

  @Test func swiftLogGetsTheTextAndTheDataApart() {
    let sink = SwiftLogRecord()
    var logger = Logger(label: "test") { _ in sink }
    logger.logLevel = .trace
    let set = LoggerSet(level: .trace, handler: logger.kandyLogHandler, now: { 0 })
    set.logger(.call, id: "c1").warn("Media failed.", ["code": 24, "kinds": ["audio"]])
    #expect(sink.lines == ["warning Media failed. code=24 kinds=[\"audio\"] target=CALL-c1"])
  }

  // MARK: Actions

  private func action(_ change: (inout Configuration.LogActions) -> Void, level: LogLevel = .debug) -> [LogEntry] {
    var logs = Configuration.Logs()
    logs.logLevel = level
    logs.handler = record.handler
    logs.logActions?.handler = record.handler
    if logs.logActions != nil { change(&logs.logActions!) }
    let actions = ActionLog(logs, loggers: LoggerSet(logs, now: { 0 }))
    actions?.log(
      .init(type: "UPDATE_CONNECTION", payload: ["services": ["call"]], isSensitive: false), before: ["a": 1, "b": 1],
      after: ["a": 1, "b": 2], startedAt: 3_723_004, milliseconds: 1.5)
    actions?.log(
      .init(type: "CONNECT", payload: ["password": "secret"], isSensitive: true), before: [:], after: [:], startedAt: 0,
      milliseconds: 0)
    return record.entries
  }

  @Test(.spec("R-CONN-930")) func anActionIsAGroupOfEntries() {
    let entries = action { _ in }
    #expect(
      entries.prefix(3).map(\.messages) == [
        ["action UPDATE_CONNECTION @ 01:02:03.004 (in 1.50 ms)"], ["action    ", ["type": "UPDATE_CONNECTION"]], ["end"],
      ])
    #expect(entries.prefix(3).map(\.method) == [.group, .info, .groupEnd])
    #expect(Set(entries.map(\.target.type)) == [.action])
  }

  @Test(.spec("R-CONN-930", "R-CONN-931")) func payloadsStatesAndDifferencesAreShownOnRequest() {
    let entries = action {
      $0.actionOnly = false
      $0.diff = true
      $0.collapsed = true
      $0.exposePayloads = true
    }
    #expect(
      entries.prefix(9).map(\.messages) == [
        ["action UPDATE_CONNECTION @ 01:02:03.004 (in 1.50 ms)"], ["prev state", ["a": 1, "b": 1]],
        ["action    ", ["type": "UPDATE_CONNECTION", "payload": ["services": ["call"]]]], ["next state", ["a": 1, "b": 2]],
        ["diff"], ["CHANGED: b", 1, 2], ["end"], ["end"], ["action CONNECT @ 00:00:00.000 (in 0.00 ms)"],
      ])
    #expect(entries.first?.method == .groupCollapsed)
    #expect(!entries.contains { $0.messages.contains { $0["payload"]?["password"] != nil } })
  }

  @Test(
    .spec("R-CONN-932", "D-25"),
    arguments: [(LogLevel.trace, true), (.debug, true), (.info, true), (.warn, false), (.error, false)])
  func actionsAreLoggedUpToInfo(level: LogLevel, isOn: Bool) {
    #expect(action({ _ in }, level: level).isEmpty != isOn)
  }

  @Test func actionsCanBeLeftOut() {
    let entries = action { $0.excludeActions = ["CONNECT"] }
    #expect(entries.count == 3)
  }

  @Test(.spec("R-CONN-933")) func theDefaultActionHandlerNamesTheAction() {
    let entries = action { $0.actionOnly = false }
    #expect(
      entries.prefix(3).map(ActionLogWriter.line) == [
        "action UPDATE_CONNECTION @ 01:02:03.004 (in 1.50 ms)", #"0 - ACTION - DEBUG - PREV STATE {"a":1,"b":1}"#,
        #"0 - ACTION - DEBUG - UPDATE_CONNECTION {"type":"UPDATE_CONNECTION"}"#,
      ])
  }
}

/// A swift-log backend that keeps its lines.
private final class SwiftLogRecord: LogHandler {
  private let kept = Mutex<[String]>([])
  var lines: [String] { kept.withLock { $0 } }

  var metadata: Logger.Metadata {
    get { [:] }
    set {}
  }
  var logLevel: Logger.Level {
    get { .trace }
    set {}
  }
  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { nil }
    set {}
  }

  func log(event: LogEvent) {
    let data = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    kept.withLock { $0.append(([event.level.rawValue, "\(event.message)"] + data).joined(separator: " ")) }
  }
}
