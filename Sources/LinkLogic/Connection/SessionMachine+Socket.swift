extension SessionMachine {
  /// How a WebSocket stands, for `getSocketState` (R-CONN-671).
  public enum SocketStatus: Sendable, Hashable {
    case neverAttempted
    /// The first attempts of a connection run.
    case opening
    case open
    case reopening
    /// On request, or because it did not open, or was lost for good.
    case closed
  }

  public var socketStatus: SocketStatus {
    guard hasAttemptedSocket else { return .neverAttempted }
    switch socket {
    case .none: return .closed
    case .open: return .open
    case .opening, .waiting: return isReconnecting ? .reopening : .opening
    }
  }

  /// The text of a keepalive, to the letter (R-CONN-621).
  public static let keepaliveFrame = Keepalive.frame

  /// Delays grow at random by up to a fifth, so that a thousand clients do not return in the same second.
  static let reconnectSpread = 1.2

  // MARK: - Attempts (R-CONN-650 to R-CONN-653)

  /// A cycle of attempts begins; the first runs at once. One `ws:change` for the cycle (R-CONN-652).
  mutating func startCycle() -> [Effect] {
    isReconnecting = phase == .connected
    hasAttemptedSocket = true
    return [.report(.wsChange)] + attempt(Backoff(settings.backoff))
  }

  private mutating func attempt(_ backoff: Backoff) -> [Effect] {
    guard let connection else { return [] }
    let number = nextAttempt()
    socket = .opening(number, backoff)
    return [.openSocket(number, connection.number, path: connection.channelPath, timeout: backoff.attemptTimeout)]
  }

  mutating func attemptAgain() -> [Effect] {
    guard case .waiting(let backoff) = socket else { return [] }
    return attempt(backoff)
  }

  mutating func socketFailed(_ number: AttemptNumber) -> [Effect] {
    guard case .opening(number, var backoff) = socket else { return [] }
    if let delay = backoff.next() {
      socket = .waiting(backoff)
      return [start(.reconnect, within: delay...delay * Self.reconnectSpread)]
    }
    socket = .none
    if phase == .connected { return end(.lostConnection) }
    guard let connection else { return [] }
    // D-09: the subscription is of no use without its channel.
    return failConnecting(Failure(.socket)) + [.unsubscribe(connection.number, path: connection.subscriptionPath)]
  }

  mutating func socketOpened(_ number: AttemptNumber) -> [Effect] {
    guard case .opening(number, _) = socket else { return [.closeSocket(number)] }
    socket = .open(number)
    connection?.autoReconnect = settings.autoReconnect
    var effects = keepalive.opened(configured: settings.checkConnectivity) ? sendKeepalive(number) : []
    effects += isReconnecting ? [.report(.wsChange)] : complete()
    return effects + [.webSocketOpened(isReconnection: isReconnecting), .readSocket(number)]
  }

  // MARK: - Loss

  /// Closures and errors are acted on at once (D-05), and the socket is closed at this end too (D-29).
  ///
  /// A peer that closes with code 1000 wants no reconnection (R-CONN-627, R-CONN-1123).
  mutating func socketClosed(_ number: AttemptNumber, code: Int?) -> [Effect] {
    guard case .open(number) = socket else { return [] }
    socket = .none
    keepalive.stop()
    let effects = cancel(.keepalive) + [.closeSocket(number), .report(.wsChange)]
    guard phase == .connected, let connection else { return effects }
    let isFinal = code == 1000 || !connection.autoReconnect  // D-06
    return effects + (isFinal ? end(.lostConnection) : startCycle())
  }

  /// Closes an open socket, which is reported, or abandons an attempt, which is not.
  mutating func closeSocket() -> [Effect] {
    guard case .open(let number) = socket else { return abandonAttempt() }
    socket = .none
    return [.closeSocket(number), .report(.wsChange)]
  }

  mutating func abandonAttempt() -> [Effect] {
    switch socket {
    case .opening(let number, _):
      socket = .none
      return [.closeSocket(number)]
    case .waiting:
      socket = .none
      return cancel(.reconnect)
    case .none, .open:
      return []
    }
  }

  // MARK: - Keepalives

  mutating func keepaliveDue() -> [Effect] {
    guard case .open(let number) = socket, keepalive.elapsed() else { return [] }
    return sendKeepalive(number)
  }

  mutating func checkConnectivity(_ enable: Bool) -> [Effect] {
    guard case .open(let number) = socket, phase == .connected else {
      _ = keepalive.enable(enable, socketIsOpen: false)
      return []
    }
    return keepalive.enable(enable, socketIsOpen: true) ? sendKeepalive(number) : []
  }

  /// Sends one and starts the timer for the next.
  private mutating func sendKeepalive(_ number: AttemptNumber) -> [Effect] {
    [.sendKeepalive(number), start(.keepalive, within: settings.pingInterval...settings.pingInterval)]
  }
}
