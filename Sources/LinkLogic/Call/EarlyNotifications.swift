public import LinkProtocol

/// Notifications that arrived before the response which says whose they are (R-CALL-170).
///
/// The gateway answers `callStart` and then notifies, but over two connections: the notification may win. While an invite is
/// unanswered, notifications for unknown sessions are kept here.
public struct EarlyNotifications: Sendable {
  /// Milliseconds that a notification is kept.
  public static let lifetime: Int64 = 30_000
  /// More than any gateway says about one invite; the oldest give way.
  public static let capacity = 100

  private var entries: [(session: SessionID, notification: Notification, deadline: Int64)] = []

  public init() {}

  public var isEmpty: Bool { entries.isEmpty }

  /// Keeps a notification. - Parameter now: milliseconds since 1970.
  public mutating func keep(_ notification: Notification, of session: SessionID, at now: Int64) {
    expire(at: now)
    if entries.count == Self.capacity { entries.removeFirst() }
    entries.append((session, notification, now + Self.lifetime))
  }

  /// Hands out what was kept for a session, in order of arrival.
  public mutating func take(_ session: SessionID, at now: Int64) -> [Notification] {
    expire(at: now)
    let found = entries.filter { $0.session == session }.map(\.notification)
    entries.removeAll { $0.session == session }
    return found
  }

  /// No invite is unanswered any more.
  public mutating func clear() { entries.removeAll() }

  private mutating func expire(at now: Int64) { entries.removeAll { $0.deadline <= now } }
}
