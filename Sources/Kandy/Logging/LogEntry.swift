public import LinkProtocol

/// How severe an entry is (R-CONN-901). The raw values are as in entries; names are read in any case.
public enum LogLevel: String, Sendable, Hashable, Codable, CaseIterable, Comparable {
  case trace = "TRACE"
  case debug = "DEBUG"
  case info = "INFO"
  case warn = "WARN"
  case error = "ERROR"
  case silent = "SILENT"

  public init?(_ name: String) {
    self.init(rawValue: name.uppercased())
  }

  public static func < (left: LogLevel, right: LogLevel) -> Bool { left.rank < right.rank }

  private var rank: Int {
    switch self {
    case .trace: 0
    case .debug: 1
    case .info: 2
    case .warn: 3
    case .error: 4
    case .silent: 5
    }
  }
}

/// One entry of the SDK's log (R-CONN-912).
public struct LogEntry: Sendable, Hashable, Codable {
  /// Milliseconds since 1970.
  public var timestamp: Int64
  public var method: Method
  public var level: LogLevel
  public var target: Target
  /// The first is normally a text, the others are data.
  public var messages: [JSONValue]
  /// Of timer methods only.
  public var timer: Timer?

  public init(
    timestamp: Int64, method: Method, level: LogLevel, target: Target, messages: [JSONValue], timer: Timer? = nil
  ) {
    self.timestamp = timestamp
    self.method = method
    self.level = level
    self.target = target
    self.messages = messages
    self.timer = timer
  }

  /// The logging function that made an entry.
  public enum Method: String, Sendable, Hashable, Codable, CaseIterable {
    case trace, debug, info, warn, error, log, group, groupCollapsed, groupEnd, time, timeLog, timeEnd

    /// The level of the entries that it makes (R-CONN-913).
    public var level: LogLevel {
      switch self {
      case .trace: .trace
      case .info: .info
      case .warn: .warn
      case .error: .error
      case .debug, .log, .group, .groupCollapsed, .groupEnd, .time, .timeLog, .timeEnd: .debug
      }
    }
  }

  /// What an entry is about.
  public struct Target: Sendable, Hashable, Codable {
    public var type: LogType
    /// Which one of its kind; empty when there is only one.
    public var id: String
    /// The type, or `type-id`.
    public var name: String

    public init(_ type: LogType, id: String = "") {
      self.type = type
      self.id = id
      name = id.isEmpty ? type.rawValue : "\(type.rawValue)-\(id)"
    }
  }

  /// What a timer measured, in milliseconds since 1970 (R-CONN-921).
  public struct Timer: Sendable, Hashable, Codable {
    public var event: Method
    public var name: String
    public var start: Int64?
    public var split: Int64?
    public var end: Int64?
    public var elapsed: Int64?

    public init(
      event: Method, name: String, start: Int64? = nil, split: Int64? = nil, end: Int64? = nil, elapsed: Int64? = nil
    ) {
      self.event = event
      self.name = name
      self.start = start
      self.split = split
      self.end = end
      self.elapsed = elapsed
    }
  }
}

/// The parts of the SDK that log (R-CONN-911). New parts need no new type.
public struct LogType: RawRepresentable, Sendable, Hashable, Codable, ExpressibleByStringLiteral, CustomStringConvertible {
  public let rawValue: String
  public init(rawValue: String) { self.rawValue = rawValue }
  public init(stringLiteral value: String) { rawValue = value }
  public var description: String { rawValue }

  public init(from decoder: any Decoder) throws {
    rawValue = try decoder.singleValueContainer().decode(String.self)
  }
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(rawValue)
  }

  public static let action: LogType = "ACTION"
  public static let auth: LogType = "AUTH"
  public static let call: LogType = "CALL"
  public static let callHistory: LogType = "CALLHISTORY"
  public static let clickToCall: LogType = "CLICKTOCALL"
  public static let config: LogType = "CONFIG"
  public static let connectivity: LogType = "CONNECTIVITY"
  public static let events: LogType = "EVENTS"
  public static let factory: LogType = "FACTORY"
  /// The call engine's own trace, at level debug, while `logs.enableFcsLogs` is on.
  public static let fcs: LogType = "FCS"
  public static let logs: LogType = "LOGS"
  public static let messaging: LogType = "MESSAGING"
  public static let voicemail: LogType = "MWI"
  public static let notifications: LogType = "NOTIFICATIONS"
  public static let presence: LogType = "PRESENCE"
  public static let request: LogType = "REQUEST"
  public static let sipEvents: LogType = "SIPEVENTS"
  public static let users: LogType = "USERS"
  public static let validation: LogType = "VALIDATION"

  /// Stands for all loggers in `logger.setLevel` and its like (R-CONN-941).
  public static let all: LogType = "DEFAULT"

  static let known: [LogType] = [
    .action, .auth, .call, .callHistory, .clickToCall, .config, .connectivity, .events, .factory, .fcs, .logs, .messaging,
    .voicemail, .notifications, .presence, .request, .sipEvents, .users, .validation,
  ]
}

/// Receives log entries, one call per entry, on whatever thread logged (R-CONN-914): be brief.
public typealias LogEntryHandler = @Sendable (LogEntry) -> Void
