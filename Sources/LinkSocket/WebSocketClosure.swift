/// The code of a close frame (RFC 6455, section 7.4).
public struct WebSocketCloseCode: RawRepresentable, Sendable, Hashable {
  public let rawValue: UInt16

  public init(rawValue: UInt16) {
    self.rawValue = rawValue
  }

  /// Done for good: a later client does not connect again (R-CONN-627).
  public static let normal = WebSocketCloseCode(rawValue: 1000)
  /// This end is going away, or gave the peer up; connecting again is welcome.
  public static let goingAway = WebSocketCloseCode(rawValue: 1001)
  public static let protocolError = WebSocketCloseCode(rawValue: 1002)
  public static let unsupportedData = WebSocketCloseCode(rawValue: 1003)
  /// Stands for a close frame that held no code; never sent.
  public static let noStatus = WebSocketCloseCode(rawValue: 1005)
  /// A text that is not UTF-8.
  public static let invalidPayload = WebSocketCloseCode(rawValue: 1007)
  public static let policyViolation = WebSocketCloseCode(rawValue: 1008)
  public static let messageTooBig = WebSocketCloseCode(rawValue: 1009)
  public static let internalError = WebSocketCloseCode(rawValue: 1011)

  /// Whether the code may stand in a close frame.
  var isValidOnWire: Bool {
    switch rawValue {
    case 1000...1003, 1007...1014, 3000...4999: true
    default: false
    }
  }
}

/// How a WebSocket came to its end.
public struct WebSocketClosure: Sendable, Hashable {
  public enum Cause: Sendable, Hashable {
    /// The peer closed.
    case peer
    /// This end closed with this code: because it was told to, or because the peer broke a rule.
    case local(WebSocketCloseCode)
    /// The connection broke, and nobody had sent a close frame.
    case lost
  }

  public var cause: Cause
  /// The code of the peer's close frame; `nil` if none came.
  public var code: WebSocketCloseCode?
  /// The text of the peer's close frame, or why this end closed.
  public var reason: String

  public init(_ cause: Cause, code: WebSocketCloseCode? = nil, reason: String = "") {
    self.cause = cause
    self.code = code
    self.reason = reason
  }
}
