/// `client.logger`: levels and handlers of this client's loggers (part 01 §9.6).
public struct Loggers: Sendable {
  let context: ServiceContext

  /// `logger.levels`: the documented names and values (R-CONN-901).
  public var levels: [String: String] {
    Dictionary(
      uniqueKeysWithValues: LogLevel.allCases.filter { $0 != .trace }.map { ($0.rawValue, $0.rawValue.lowercased()) })
  }

  /// Sets the threshold of one type of entries, or of all. After `destroy` it does nothing.
  public func setLevel(_ level: LogLevel, type: LogType = .all) {
    guard !context.lifetime.isDestroyed else { return }
    context.log.setLevel(level, of: type)
  }

  /// - Throws: when the client has been destroyed.
  public func getLevel(type: LogType = .all) throws(BasicError) -> LogLevel {
    try context.lifetime.check()
    return context.log.level(of: type)
  }

  /// Sets who receives the entries of one type, or all entries but those of actions.
  public func setHandler(type: LogType = .all, _ handler: @escaping LogEntryHandler) {
    guard !context.lifetime.isDestroyed else { return }
    context.log.setHandler(handler, of: type)
  }

  /// `DEFAULT`, which stands for all, and the types of entries that there are.
  public func getTypes() -> [LogType] { [.all] + LogType.known }
}
