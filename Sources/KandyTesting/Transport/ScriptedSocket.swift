public import Kandy
public import LinkProtocol
import Synchronization

/// A WebSocket whose other end is the test.
public final class ScriptedSocket: TransportSocket {
  private struct State {
    var url: String?
    var closeCode: Int?
    var isOpen = true
    var isClosedByClient = false
    var sent: [String] = []
    var sendFailure: TransportError?
  }

  private let state = Mutex(State())
  private let opened = OneShot<String>()
  private let incoming: AsyncStream<String>.Continuation
  private let outgoing: AsyncStream<String>
  private let outgoingContinuation: AsyncStream<String>.Continuation

  /// The frames that the test has pushed.
  public let messages: AsyncStream<String>

  public init() {
    (messages, incoming) = AsyncStream.makeStream()
    (outgoing, outgoingContinuation) = AsyncStream.makeStream()
  }

  // MARK: - The client's end

  public var closeCode: Int? { state.withLock { $0.closeCode } }

  /// - Throws: `TransportError` with code `closed` on a socket that has been closed, or what `failNextSend` was given.
  public func send(_ text: String) async throws {
    try state.withLock { state in
      if let failure = state.sendFailure.take() { throw failure }
      guard state.isOpen else { throw TransportError(.closed, "The socket has been closed.") }
      state.sent.append(text)
    }
    outgoingContinuation.yield(text)
  }

  public func close() async {
    let wasOpen = state.withLock { state in
      defer { (state.isOpen, state.isClosedByClient) = (false, state.isClosedByClient || state.isOpen) }
      return state.isOpen
    }
    if wasOpen { finish() }
  }

  // MARK: - The test's end

  /// Sends a text frame to the client. Nothing arrives on a socket that has been closed.
  public func push(_ text: String) {
    guard isOpen else { return }
    incoming.yield(text)
  }

  /// Sends a text frame with a JSON value to the client.
  public func push(_ value: JSONValue) {
    push(value.serialized)
  }

  /// Closes from the server's side.
  /// - Parameter code: the code of the close frame; `nil` breaks the connection without one.
  public func end(code: Int? = 1000) {
    let wasOpen = state.withLock { state in
      defer {
        if state.isOpen { state.closeCode = code }
        state.isOpen = false
      }
      return state.isOpen
    }
    if wasOpen { finish() }
  }

  /// Makes the client's next frame fail.
  public func failNextSend(_ error: TransportError) {
    state.withLock { $0.sendFailure = error }
  }

  /// Waits until the client has opened the socket, and gives the URL that it used.
  /// - Throws: `CancellationError` when the waiting task is cancelled.
  public func url() async throws -> String {
    try await opened.get()
  }

  public var isOpen: Bool { state.withLock { $0.isOpen } }

  /// Whether it was the client who closed.
  public var isClosedByClient: Bool { state.withLock { $0.isClosedByClient } }

  /// Every frame that the client has sent.
  public var sent: [String] { state.withLock { $0.sent } }

  /// Waits for the next frame of the client that has not been taken by this function yet; `nil` when the socket is closed. One
  /// caller at a time.
  public func nextSent() async -> String? {
    var iterator = outgoing.makeAsyncIterator()
    return await iterator.next()
  }

  func open(_ url: String) {
    opened.set(url)
  }

  private func finish() {
    incoming.finish()
    outgoingContinuation.finish()
  }
}
