import NIOCore
import Synchronization

/// The messages that have arrived and not been read yet. It takes whatever it is given; its owner stops reading the socket
/// while `isFull`, and is told when to go on.
final class WebSocketInbox: Sendable {
  private struct State {
    var waiting = CircularBuffer<String>()
    var bytes = 0
    var isFull = false
    var reader: CheckedContinuation<String?, Never>?
    var closure: WebSocketClosure?
  }

  private let state = Mutex(State())
  private let capacity: Int
  private let onDrained: @Sendable () -> Void

  /// - Parameter onDrained: called when it had been full and half of it has been read.
  init(capacity: Int, onDrained: @escaping @Sendable () -> Void) {
    self.capacity = capacity
    self.onDrained = onDrained
  }

  var isFull: Bool { state.withLock { $0.isFull } }

  /// Set once nothing more will arrive.
  var closure: WebSocketClosure? { state.withLock { $0.closure } }

  func push(_ message: String) {
    let reader = state.withLock { state -> CheckedContinuation<String?, Never>? in
      if let reader = state.reader.take() { return reader }
      state.waiting.append(message)
      state.bytes += Self.cost(message)
      state.isFull = state.isFull || state.bytes > capacity
      return nil
    }
    reader?.resume(returning: message)
  }

  func finish(_ closure: WebSocketClosure) {
    let reader = state.withLock { state in
      state.closure = state.closure ?? closure
      return state.reader.take()
    }
    reader?.resume(returning: nil)
  }

  /// The next message; `nil` when there will be none, or when the task is cancelled. One reader at a time.
  func next() async -> String? {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let (message, isDrained) = take(or: continuation)
        if let message { continuation.resume(returning: message) }
        if isDrained { onDrained() }
      }
    } onCancel: {
      state.withLock { $0.reader.take() }?.resume(returning: nil)
    }
  }

  /// - Returns: the answer, or `nil` if the continuation has been kept to be resumed later.
  private func take(or continuation: CheckedContinuation<String?, Never>) -> (message: String??, isDrained: Bool) {
    state.withLock { state in
      if Task.isCancelled { return (.some(nil), false) }
      guard let message = state.waiting.popFirst() else {
        if state.closure != nil { return (.some(nil), false) }
        precondition(state.reader == nil, "the messages of a WebSocket have one reader")
        state.reader = continuation
        return (nil, false)
      }
      state.bytes -= Self.cost(message)
      let isDrained = state.isFull && state.bytes <= capacity / 2
      if isDrained { state.isFull = false }
      return (message, isDrained)
    }
  }

  /// With what a string takes besides its text, so that empty messages count.
  private static func cost(_ message: String) -> Int { message.utf8.count + 64 }
}
