import LinkProtocol

/// Logs the SDK's internal actions as groups of entries (R-CONN-930 to R-CONN-932).
///
/// An action is what changes a client's state: an input of its session, and what its features do in `ServiceContext.act`. `FCS`,
/// the calls' own trace, is separate.
struct ActionLog: Sendable {
  let loggers: LoggerSet
  let settings: Configuration.LogActions

  private let target = LogEntry.Target(.action)

  /// - Returns: `nil` when action logs are off: switched off, or above level info (D-25).
  init?(_ logs: Configuration.Logs, loggers: LoggerSet) {
    guard let settings = logs.logActions, logs.logLevel <= .info else { return nil }
    self.loggers = loggers
    self.settings = settings
  }

  /// What there is to say about one action.
  struct Action {
    /// In capitals, such as `CONNECT`.
    let type: String
    let payload: JSONValue
    /// Sensitive payloads are never shown (R-CONN-931).
    let isSensitive: Bool
  }

  func log(_ action: Action, before: JSONValue, after: JSONValue, startedAt: Int64, milliseconds: Double) {
    guard settings.excludeActions?.contains(action.type) != true else { return }
    let title = "action \(action.type) @ \(Self.timeOfDay(startedAt)) (in \(Self.hundredths(milliseconds)) ms)"
    // At level info only the title remains of what is logged below it.
    let showsStates = !settings.actionOnly && loggers.level(of: .action) < .info
    entry(settings.collapsed ? .groupCollapsed : .group, [.string(title)])
    if showsStates { entry(.log, ["prev state", before]) }
    entry(settings.actionOnly ? .info : .log, ["action    ", shown(action)])
    if showsStates {
      entry(.log, ["next state", after])
      if settings.diff { logDifference(before, after) }
    }
    entry(.groupEnd, ["end"])
  }

  private func shown(_ action: Action) -> JSONValue {
    let payload: JSONValue? = settings.exposePayloads && !action.isSensitive ? action.payload : .none
    return .members(["type": .string(action.type), "payload": payload])
  }

  private func logDifference(_ before: JSONValue, _ after: JSONValue) {
    entry(.group, ["diff"])
    let old = before.objectValue ?? [:]
    for (key, value) in (after.objectValue ?? [:]).sorted(by: { $0.key < $1.key }) where old[key] != value {
      entry(.log, [.string("CHANGED: \(key)"), old[key] ?? .null, value])
    }
    entry(.groupEnd, ["end"])
  }

  private func entry(_ method: LogEntry.Method, _ messages: [JSONValue]) {
    loggers.log(method, target, level: method == .info ? nil : settings.level) { messages }
  }

  /// `HH:MM:SS.mmm` in universal time.
  static func timeOfDay(_ time: Int64) -> String {
    let inDay = ((time % 86_400_000) + 86_400_000) % 86_400_000
    func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let milliseconds = inDay % 1_000
    let padding = milliseconds < 10 ? "00" : milliseconds < 100 ? "0" : ""
    return "\(two(inDay / 3_600_000)):\(two(inDay / 60_000 % 60)):\(two(inDay / 1_000 % 60)).\(padding)\(milliseconds)"
  }

  static func hundredths(_ value: Double) -> String {
    let hundredths = Int64((max(0, value) * 100).rounded())
    let fraction = hundredths % 100
    return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)"
  }
}

/// How action entries are written that were given no handler (R-CONN-933).
enum ActionLogWriter {
  static func line(_ entry: LogEntry) -> String {
    let first = entry.messages.first?.stringValue ?? ""
    switch entry.method {
    case .group, .groupCollapsed: return first
    case .groupEnd: return "—"
    case .trace, .debug, .info, .warn, .error, .log, .time, .timeLog, .timeEnd:
      let object = entry.messages.dropFirst().map(\.compactText).joined(separator: " ")
      let isAction = first.hasPrefix("action")
      let label = isAction ? entry.messages.dropFirst().first?["type"]?.stringValue ?? first : first.uppercased()
      return "\(entry.timestamp) - ACTION - \(entry.level.rawValue) - \(label) \(object)"
    }
  }
}
