import LinkProtocol

/// One open WebSocket, as the hub sees it.
protocol NotificationSocket: Sendable {
  /// Writes one text frame. Returns when the bytes have been handed to the operating system; throws when the connection is lost,
  /// and at once when the task is cancelled.
  func send(_ text: String) async throws
  /// Asks the client for a sign of life. Returns when it has come: everything sent before has then arrived. Throws as `send` does.
  func ping() async throws
}

/// Why the hub is finished with a socket. Whoever opened it closes it then.
enum SocketEnding: Sendable, Hashable {
  /// No subscription has this channel (any more).
  case unknownChannel
  /// The subscription is over, and its last notification has been written or could not be written in time.
  case subscriptionOver
  /// A newer connection to the same channel has taken over (R-CONN-605).
  case replaced
  /// The connection is lost.
  case lost

  /// The close code to send: 1000 only where the client is not to come back (R-CONN-627).
  var closeCode: UInt16 {
    switch self {
    case .subscriptionOver: 1000
    case .unknownChannel: 1008
    case .replaced, .lost: 1001
    }
  }
}
