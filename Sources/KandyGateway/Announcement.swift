import Synchronization

/// Something that becomes known once, and that any number of tasks may wait for.
final class Announcement<Value: Sendable>: Sendable {
  private struct State {
    var result: Result<Value, any Error>?
    var lastWaiter = 0
    var waiters: [Int: CheckedContinuation<Value, any Error>] = [:]
  }

  private let state = Mutex(State())

  /// Makes it known. Only the first call counts.
  func make(_ result: Result<Value, any Error>) {
    let waiters = state.withLock { state in
      guard state.result == nil else { return [CheckedContinuation<Value, any Error>]() }
      state.result = result
      defer { state.waiters = [:] }
      return Array(state.waiters.values)
    }
    for waiter in waiters { waiter.resume(with: result) }
  }

  /// Waits until it is known.
  /// - Throws: the error that was announced, or `CancellationError`.
  var value: Value {
    get async throws {
      let number = state.withLock { state in
        state.lastWaiter += 1
        return state.lastWaiter
      }
      return try await withTaskCancellationHandler {
        try await withCheckedThrowingContinuation { wait($0, number) }
      } onCancel: {
        state.withLock { $0.waiters.removeValue(forKey: number) }?.resume(throwing: CancellationError())
      }
    }
  }

  private func wait(_ continuation: CheckedContinuation<Value, any Error>, _ number: Int) {
    let result = state.withLock { state -> Result<Value, any Error>? in
      if let result = state.result { return result }
      // The handler may have run already; the flag is set before it takes the lock.
      if Task.isCancelled { return .failure(CancellationError()) }
      state.waiters[number] = continuation
      return nil
    }
    if let result { continuation.resume(with: result) }
  }
}
