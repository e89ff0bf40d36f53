/// Why a WebSocket could not be opened, or why a text was not sent.
public struct WebSocketError: Error, Sendable, Hashable, CustomStringConvertible {
  public enum Code: Sendable, Hashable {
    /// Not a `ws:` or `wss:` URL.
    case invalidURL
    /// No connection: refused, no route, no such host.
    case unreachable
    /// Not within the time given.
    case timeout
    /// The TLS handshake failed, or the certificate is not to be trusted.
    case tls
    /// The server answered, but not with an upgrade; the HTTP status is here if it sent one.
    case refused(status: Int?)
    /// The connection has been closed, or was while the text was on its way.
    case closed
    /// The peer does not read: too much waits to be written, and the connection has been cut.
    case overflow
  }

  public let code: Code
  public let message: String

  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  public var description: String { "\(code): \(message)" }

  static let closed = WebSocketError(.closed, "the connection is closed")
  static let overflow = WebSocketError(.overflow, "the peer reads too slowly")
}
