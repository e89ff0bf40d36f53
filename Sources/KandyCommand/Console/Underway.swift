import Synchronization

/// Counts what is under way, for whoever waits until it is done.
final class Underway: Sendable {
  private struct State {
    var count = 0
    var isClosed = false
  }

  private let state = Mutex(State())
  private let over: AsyncStream<Void>
  private let signal: AsyncStream<Void>.Continuation

  init() {
    (over, signal) = AsyncStream.makeStream()
  }

  func begin() {
    state.withLock { $0.count += 1 }
  }

  func end() {
    let isOver = state.withLock { state in
      state.count -= 1
      return state.isClosed && state.count == 0
    }
    if isOver { signal.finish() }
  }

  /// Nothing more begins: returns when everything is done, or when the task is cancelled.
  func finish() async {
    let isOver = state.withLock { state in
      state.isClosed = true
      return state.count == 0
    }
    if isOver { signal.finish() }
    for await _ in over {}
  }
}
