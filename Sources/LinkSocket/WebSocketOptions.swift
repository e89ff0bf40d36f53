/// The limits within which one end of a WebSocket works. Every one of them bounds memory or time that a peer can take.
public struct WebSocketOptions: Sendable, Hashable {
  /// What happens to a binary message; the protocol has none (R-CONN-611).
  public enum BinaryPolicy: Sendable, Hashable {
    /// The connection is closed with 1003.
    case refuse
    /// The message is dropped and the connection stays usable (R-CONN-614).
    case ignore
  }

  /// The largest message accepted, in bytes, whole or in fragments. A larger one closes the connection with 1009.
  public var maximumMessageBytes: Int
  /// Once more than this many bytes of messages wait to be read by `messages`, the socket is not read until half are gone.
  public var inboxBytes: Int
  /// Once more than this many bytes wait to be written, the peer counts as gone and the connection is cut.
  public var outboxBytes: Int
  /// How long writing may make no progress before the connection is cut.
  public var sendTimeout: Duration
  /// How long to wait for the peer's close frame before the connection is cut.
  public var closeTimeout: Duration
  /// How long, at most, the peer may send nothing before the connection is closed with 1001. It is pinged before, so that a
  /// peer that is only quiet stays. `nil`: for ever.
  public var silenceLimit: Duration?
  public var binaryMessages: BinaryPolicy

  public init(
    maximumMessageBytes: Int = 1 << 20, inboxBytes: Int = 1 << 18, outboxBytes: Int = 1 << 20,
    sendTimeout: Duration = .seconds(20), closeTimeout: Duration = .seconds(3), silenceLimit: Duration? = nil,
    binaryMessages: BinaryPolicy = .ignore
  ) {
    self.maximumMessageBytes = maximumMessageBytes
    self.inboxBytes = inboxBytes
    self.outboxBytes = outboxBytes
    self.sendTimeout = sendTimeout
    self.closeTimeout = closeTimeout
    self.silenceLimit = silenceLimit
    self.binaryMessages = binaryMessages
  }

  /// For the end that receives notifications. The largest that our gateway sends has some 2 MiB: a session description of 256 KiB of which
  /// JSON escapes every byte, and what goes with it.
  public static let client = WebSocketOptions(maximumMessageBytes: 4 << 20)

  /// For the end that receives nothing but keepalives (R-CONN-612) and must notice a client that vanished (R-CONN-624).
  public static let server = WebSocketOptions(
    maximumMessageBytes: 1 << 16, inboxBytes: 1 << 16, silenceLimit: .seconds(120), binaryMessages: .refuse)
}
