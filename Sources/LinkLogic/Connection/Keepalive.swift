/// Whether keepalives are sent, and how often (R-CONN-621, R-CONN-622, R-CONN-631).
struct Keepalive: Sendable, Hashable {
  /// The frame, to the letter.
  static let frame = #"{"message_type":"ping"}"#

  /// What the application said; it wins over the configuration.
  private(set) var override: Bool?
  /// What the configuration said when the socket opened.
  private var configured = true
  /// Whether a timer runs for the next one.
  private(set) var isRunning = false

  private var isWanted: Bool { override ?? configured }

  /// A socket has opened. - Returns: whether a keepalive is due now.
  mutating func opened(configured: Bool) -> Bool {
    self.configured = configured
    isRunning = isWanted
    return isRunning
  }

  /// The interval has passed. - Returns: whether a keepalive is due.
  mutating func elapsed() -> Bool {
    isRunning = isWanted
    return isRunning
  }

  /// The application wants them, or not. - Returns: whether one is due now, because they resume on this socket (D-04).
  mutating func enable(_ enable: Bool, socketIsOpen: Bool) -> Bool {
    override = enable
    guard socketIsOpen, enable, !isRunning else { return false }
    isRunning = true
    return true
  }

  /// The socket is gone; what the application said holds for the next one.
  mutating func stop() {
    isRunning = false
  }

  /// The connection is over, and with it what the application said.
  mutating func reset() {
    self = Keepalive()
  }
}
