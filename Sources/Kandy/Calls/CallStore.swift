import LinkProtocol
import Synchronization

/// A call's record, and those who wait for it to change.
final class CallStore: Sendable {
  /// What can be waited for.
  enum Milestone: Sendable {
    /// Both ends have agreed on media.
    case answered
    /// Media flows.
    case connected
    case ended
    /// No change of the call is being agreed on.
    case settled
    /// Ended, and nothing is outstanding.
    case over
  }

  private struct Waiter {
    let milestone: Milestone
    let continuation: CheckedContinuation<Void, any Error>
  }

  private struct State {
    var record: CallRecord
    var isOver = false
    var isNegotiating = false
    var waiters: [Int: Waiter] = [:]
    var nextWaiter = 0
  }

  private let state: Mutex<State>

  init(_ record: CallRecord) {
    state = Mutex(State(record: record))
  }

  var record: CallRecord { state.withLock { $0.record } }

  /// Whether a change of the call is being agreed on.
  var isNegotiating: Bool { state.withLock { $0.isNegotiating } }

  /// Changes the record and wakes those who have waited for the change.
  func update(isNegotiating: Bool? = nil, _ change: (inout CallRecord) -> Void) {
    let done = state.withLock { state in
      change(&state.record)
      state.isNegotiating = isNegotiating ?? state.isNegotiating
      return Self.takeDone(&state)
    }
    for (continuation, verdict) in done { continuation.resume(with: verdict) }
  }

  /// The call's run is over, whatever its record says.
  func finish() {
    let done = state.withLock { state in
      state.isOver = true
      return Self.takeDone(&state)
    }
    for (continuation, verdict) in done { continuation.resume(with: verdict) }
  }

  private static func takeDone(
    _ state: inout State
  ) -> [(CheckedContinuation<Void, any Error>, Result<Void, any Error>)] {
    let done = state.waiters.compactMap { id, waiter in
      Self.verdict(on: waiter.milestone, state).map { (id, waiter.continuation, $0) }
    }
    for (id, _, _) in done { state.waiters[id] = nil }
    return done.map { ($0.1, $0.2) }
  }

  /// Returns when the call has come so far.
  /// - Throws: `BasicError` when it has ended before, or `CancellationError`.
  func wait(for milestone: Milestone) async throws {
    let id = state.withLock { state in
      state.nextWaiter += 1
      return state.nextWaiter
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let verdict = state.withLock { state -> Result<Void, any Error>? in
          if let verdict = Self.verdict(on: milestone, state) { return verdict }
          if Task.isCancelled { return .failure(CancellationError()) }
          state.waiters[id] = Waiter(milestone: milestone, continuation: continuation)
          return nil
        }
        if let verdict { continuation.resume(with: verdict) }
      }
    } onCancel: {
      let waiter = state.withLock { $0.waiters.removeValue(forKey: id) }
      waiter?.continuation.resume(throwing: CancellationError())
    }
  }

  /// `nil`: not yet.
  private static func verdict(on milestone: Milestone, _ state: State) -> Result<Void, any Error>? {
    let record = state.record
    let hasEnded = record.state == .ended || state.isOver
    return switch milestone {
    case .answered where record.state.isEstablished: .success(())
    case .connected where record.mediaState == .connected || record.mediaState == .completed: .success(())
    case .settled where hasEnded || !state.isNegotiating: .success(())
    case .ended where hasEnded, .over where state.isOver: .success(())
    case .answered where hasEnded, .connected where hasEnded:
      .failure(record.error ?? BasicError(.callInvalidState, "The call has ended."))
    // An attempt to answer came to nothing; the call rings on.
    case .answered where record.failsToBeAnswered, .connected where record.failsToBeAnswered:
      .failure(record.error ?? BasicError(.callGenericError, "Failed to answer call."))
    case .answered, .connected, .settled, .ended, .over: nil
    }
  }
}

extension CallRecord {
  fileprivate var failsToBeAnswered: Bool { direction == .incoming && state == .ringing && error != nil }
}
