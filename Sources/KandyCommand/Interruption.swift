import UnixSignals

private enum Outcome<Value: Sendable>: Sendable {
  case done(Value)
  case interrupted(UnixSignal)
  case unwatched
}

/// Runs `body`, until it is done or this process is told to end: then it is cancelled, and gets the time to clean up.
/// - Parameters:
///   - signals: those that tell it to; one that came before counts too.
///   - complaint: the sentence that is said then.
/// - Throws: `CommandFailure` with that sentence and the exit code by which a shell knows the signal; what `body` throws.
func untilInterrupted<Value: Sendable>(
  by signals: UnixSignalsSequence, orSay complaint: String, _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
  try await withThrowingTaskGroup(of: Outcome<Value>.self) { group in
    group.addTask { .done(try await body()) }
    group.addTask {
      for await signal in signals { return .interrupted(signal) }
      return .unwatched
    }
    defer { group.cancelAll() }
    while let outcome = try await group.next() {
      switch outcome {
      case .done(let value): return value
      case .interrupted(let signal):
        group.cancelAll()
        while let rest = await group.nextResult() {
          // It was done when the signal came.
          if case .success(.done(let value)) = rest { return value }
        }
        throw CommandFailure(complaint, code: 128 + signal.rawValue)
      case .unwatched: break
      }
    }
    throw CancellationError()
  }
}
