import LinkProtocol

extension Configuration {
  /// `config.logs` (part 01 §1.2). Read at creation.
  public struct Logs: Sendable, ConfigurationSection {
    public var logLevel = LogLevel.debug
    /// Receives every entry that is not an action's; `nil` writes to standard error. Not part of JSON.
    public var handler: LogEntryHandler?
    /// Whether the call engine's own trace is logged, at level debug, as `FCS`. Read at `connect`.
    public var enableFcsLogs = true
    /// `nil` switches action logs off (`false` in JSON).
    public var logActions: LogActions? = LogActions()

    public init() {}
    static let fields: [ConfigurationField<Self>] = [
      .init("logLevel", \.level),
      .init("enableFcsLogs", \.enableFcsLogs),
      .init("logActions", \.actions),
    ]

    fileprivate var level: LevelValue {
      get { LevelValue(level: logLevel) }
      set { logLevel = newValue.level }
    }

    fileprivate var actions: LogActionsValue {
      get { LogActionsValue(actions: logActions) }
      set { logActions = newValue.actions }
    }
  }

  /// `config.logs.logActions`.
  public struct LogActions: Sendable, ConfigurationSection {
    /// Receives the action entries; `nil` writes to standard error. Not part of JSON.
    public var handler: LogEntryHandler?
    /// Leaves out the state before and after.
    public var actionOnly = true
    /// Opens groups with `groupCollapsed`.
    public var collapsed = false
    /// Adds what changed.
    public var diff = false
    /// Shows what actions carry, except that of sensitive ones (R-CONN-931).
    public var exposePayloads = false
    /// Undocumented.
    public var level = LogLevel.debug
    /// Actions that are not logged, by type (undocumented).
    public var excludeActions: [String]?

    public init() {}
    static let fields: [ConfigurationField<Self>] = [
      .init("actionOnly", \.actionOnly),
      .init("collapsed", \.collapsed),
      .init("diff", \.diff),
      .init("exposePayloads", \.exposePayloads),
      .init("level", \.levelValue),
      .init("excludeActions", \.excludeActions),
    ]

    fileprivate var levelValue: LevelValue {
      get { LevelValue(level: level) }
      set { level = newValue.level }
    }
  }
}

extension Configuration {
  /// The sections that are free of secrets and addresses, for action logs.
  var shownInActions: JSONValue {
    .members(["connectivity": connectivity.configurationJSON, "logs": logs.configurationJSON])
  }
}

/// A level, read in any case and written in upper case.
private struct LevelValue: ConfigurationValue {
  var level: LogLevel

  mutating func merge(_ json: JSONValue, at path: String) -> [ConfigurationProblem] {
    guard let level = json.stringValue.flatMap({ LogLevel($0) }) else {
      return [ConfigurationProblem(path, "one of \(LogLevel.allCases.map(\.rawValue).joined(separator: ", "))")]
    }
    self.level = level
    return []
  }
  var configurationJSON: JSONValue? { .string(level.rawValue) }
}

/// An object, or `false`.
private struct LogActionsValue: ConfigurationValue {
  var actions: Configuration.LogActions?

  mutating func merge(_ json: JSONValue, at path: String) -> [ConfigurationProblem] {
    if json == false {
      actions = nil
      return []
    }
    var value = actions ?? Configuration.LogActions()
    let problems = json == true ? [] : value.merge(json, at: path)
    actions = value
    return problems
  }
  var configurationJSON: JSONValue? { actions.map { $0.configurationJSON ?? [:] } ?? false }
}

extension Array: ConfigurationDefault where Element: ConfigurationValue & ConfigurationDefault {}
