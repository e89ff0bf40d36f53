public import NIOCore
import NIOWebSocket

/// An open WebSocket, seen from either end. It carries texts and knows no service.
///
/// The text messages that arrive are read from `messages`, by one reader. A reader that is slow slows the peer down; a peer
/// that does not read what it is sent is cut off. Pings are answered and the closing handshake is done without anybody's help,
/// as long as the messages are read. A connection that nobody holds any more is closed.
public final class WebSocketConnection: Sendable {
  private let channel: any Channel
  private let inbox: WebSocketInbox

  private init(channel: any Channel, inbox: WebSocketInbox) {
    self.channel = channel
    self.inbox = inbox
  }

  deinit {
    channel.close(promise: nil)
  }

  /// The text messages that arrive, whole and in order. Finishes when the connection is closed, with `closure` set; what had
  /// arrived before can still be read. One reader at a time; cancelling it leaves the connection open.
  public var messages: AsyncStream<String> {
    AsyncStream { await self.inbox.next() }
  }

  /// How the connection was closed; `nil` while it is open.
  public var closure: WebSocketClosure? { inbox.closure }

  /// The code of the peer's close frame (1005 if it held none); `nil` while open, or when none came.
  public var closeCode: Int? { closure?.code.map { Int($0.rawValue) } }

  /// Sends a text message; returns when it has been handed to the operating system. Messages leave in the order of the calls.
  /// - Throws: `WebSocketError` with `closed` if the connection is or gets closed before that – also when writing made no
  ///   progress for the send timeout –, with `overflow` if too much waits to be written; the connection is closed then.
  ///   `CancellationError`, at once, when the task is cancelled; whether the message is sent is open then.
  public func send(_ text: String) async throws {
    try await perform(.send(text))
  }

  /// Sends a ping; returns when the peer has answered it, and thus has received every message that was sent before.
  /// - Throws: `WebSocketError` with `closed` if the connection is or gets closed before that; `CancellationError`, at once, when
  ///   the task is cancelled.
  public func ping() async throws {
    try await perform(.ping)
  }

  private func perform(_ command: WebSocketCommand) async throws {
    let done = channel.eventLoop.makePromise(of: Void.self)
    do {
      try await withTaskCancellationHandler {
        channel.writeAndFlush(command, promise: done)
        try await done.futureResult.get()
      } onCancel: {
        // Of two results a promise takes the first.
        done.fail(CancellationError())
      }
    } catch let error as WebSocketError {
      throw error
    } catch let error as CancellationError {
      throw error
    } catch {
      throw WebSocketError.closed
    }
  }

  /// Closes the connection and returns when it is closed: after the peer's close frame, or the close timeout. Idempotent.
  /// - Parameters:
  ///   - code: one that must not be sent, such as 1005, makes a close frame without code and reason.
  ///   - reason: cut to the 123 bytes that a close frame has room for.
  public func close(code: WebSocketCloseCode = .normal, reason: String = "") async {
    channel.writeAndFlush(WebSocketCommand.close(code, reason: reason), promise: nil)
    _ = await closed
  }

  /// Waits until the connection is closed.
  public var closed: WebSocketClosure {
    get async {
      try? await channel.closeFuture.get()
      return closure ?? WebSocketClosure(.lost)
    }
  }
}

extension WebSocketConnection {
  /// Makes a connection of a server's channel on which the opening handshake is done and which holds NIO's frame encoder and
  /// decoder (with a maximum frame size of `options.maximumMessageBytes` and no error handler): what
  /// `NIOTypedWebSocketServerUpgrader` leaves to its `upgradePipelineHandler`. Call it on the channel's event loop.
  public static func server(on channel: any Channel, options: WebSocketOptions = .server) throws -> WebSocketConnection {
    try connection(on: channel, role: .server, options: options)
  }

  static func connection(
    on channel: any Channel, role: WebSocketMachine.Role, options: WebSocketOptions
  ) throws -> WebSocketConnection {
    let inbox = WebSocketInbox(capacity: options.inboxBytes) { channel.read() }
    try channel.pipeline.syncOperations.addHandler(WebSocketHandler(role: role, options: options, inbox: inbox))
    return WebSocketConnection(channel: channel, inbox: inbox)
  }
}
