import Synchronization

/// A value that comes once and stays, for any number of tasks that wait for it.
final class OneShot<Value: Sendable>: Sendable {
  private struct State {
    var value: Value?
    var lastID = 0
    var waiters: [Int: CheckedContinuation<Value, any Error>] = [:]
    var patient: [CheckedContinuation<Value, Never>] = []
  }

  private let state = Mutex(State())

  /// - Returns: whether this was the first value; later ones are dropped.
  @discardableResult func set(_ value: Value) -> Bool {
    let waiting = state.withLock { state -> State? in
      guard state.value == nil else { return nil }
      defer { (state.waiters, state.patient) = ([:], []) }
      state.value = value
      return state
    }
    guard let waiting else { return false }
    for waiter in waiting.waiters.values { waiter.resume(returning: value) }
    for waiter in waiting.patient { waiter.resume(returning: value) }
    return true
  }

  var current: Value? { state.withLock { $0.value } }

  /// - Throws: `CancellationError` when the waiting task is cancelled before the value has come.
  func get() async throws -> Value {
    let id = state.withLock { state in
      state.lastID += 1
      return state.lastID
    }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let outcome = state.withLock { state -> Result<Value, any Error>? in
          if let value = state.value { return .success(value) }
          if Task.isCancelled { return .failure(CancellationError()) }
          state.waiters[id] = continuation
          return nil
        }
        if let outcome { continuation.resume(with: outcome) }
      }
    } onCancel: {
      state.withLock { $0.waiters.removeValue(forKey: id) }?.resume(throwing: CancellationError())
    }
  }

  /// Waits for the value even when the waiting task is cancelled.
  func getUncancelled() async -> Value {
    if let value = current { return value }
    return await withCheckedContinuation { continuation in
      let value = state.withLock { state -> Value? in
        if state.value == nil { state.patient.append(continuation) }
        return state.value
      }
      if let value { continuation.resume(returning: value) }
    }
  }
}
