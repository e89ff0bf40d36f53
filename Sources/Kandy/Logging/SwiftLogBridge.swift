import LinkProtocol
public import Logging

extension Logging.Logger {
  /// A handler for `config.logs.handler` that hands the SDK's entries to this swift-log logger.
  ///
  /// The message is the entry's text; everything that varies is metadata: `target`, and the members of the entry's data.
  /// Which entries come is decided by `config.logs.logLevel`, and then by the logger's own level.
  public var kandyLogHandler: LogEntryHandler {
    let logger = self
    return { entry in
      guard let level = entry.level.swiftLog else { return }
      var metadata: Logging.Logger.Metadata = ["target": "\(entry.target.name)"]
      for message in entry.messages.dropFirst() {
        switch message {
        case .object(let members): metadata.merge(members.mapValues(\.swiftLog)) { _, new in new }
        case .null, .bool, .integer, .number, .string, .array: metadata["data"] = message.swiftLog
        }
      }
      if let elapsed = entry.timer?.elapsed { metadata["elapsed"] = "\(elapsed)" }
      let text = entry.messages.first?.stringValue ?? entry.messages.first?.compactText ?? ""
      logger.log(level: level, "\(text)", metadata: metadata, source: "Kandy")
    }
  }
}

extension LogLevel {
  /// `nil` for silent, which no entry has.
  fileprivate var swiftLog: Logging.Logger.Level? {
    switch self {
    case .trace: .trace
    case .debug: .debug
    case .info: .info
    case .warn: .warning
    case .error: .error
    case .silent: nil
    }
  }
}

extension JSONValue {
  fileprivate var swiftLog: Logging.Logger.MetadataValue {
    switch self {
    case .string(let text): .string(text)
    case .array(let values): .array(values.map(\.swiftLog))
    case .object(let members): .dictionary(members.mapValues(\.swiftLog))
    case .null, .bool, .integer, .number: .string(compactText)
    }
  }
}
