public import Kandy

/// One request that a script expects, and its answer.
public final class ScriptedExchange: Sendable {
  let method: String
  let pattern: PathPattern
  private let received = OneShot<TransportRequest>()
  private let answered = OneShot<ScriptedAnswer>()

  init(method: String, pattern: PathPattern, answer: ScriptedAnswer?) {
    self.method = method
    self.pattern = pattern
    if let answer { answered.set(answer) }
  }

  /// Waits until the client has sent the request.
  /// - Throws: `CancellationError` when the waiting task is cancelled.
  public func request() async throws -> TransportRequest {
    try await received.get()
  }

  /// The request, if the client has sent it.
  public var requestIfSent: TransportRequest? { received.current }

  /// Answers a request that was scripted to be held back. The first answer counts.
  public func answer(_ answer: ScriptedAnswer) {
    answered.set(answer)
  }

  /// Takes the client's request and gives the scripted answer.
  func perform(_ request: TransportRequest, clock: (any Clock<Duration>)?) async throws -> TransportResponse {
    received.set(request)
    switch try await answer(within: request.timeout, clock: clock) {
    case .response(let response): return response
    case .failure(let error): throw error
    case .never: throw TransportError(.timeout, "No answer came within \(request.timeout).")
    }
  }

  /// The answer, or `.never` when the clock has passed the timeout.
  private func answer(within timeout: Duration, clock: (any Clock<Duration>)?) async throws -> ScriptedAnswer {
    if let answer = answered.current, answer != .never { return answer }
    return try await withThrowingTaskGroup(of: ScriptedAnswer.self) { group in
      defer { group.cancelAll() }
      if let clock {
        group.addTask {
          try await clock.sleep(for: timeout)
          return .never
        }
      }
      group.addTask { [answered] in
        let answer = try await answered.get()
        // Only the clock or a cancellation ends what is never answered.
        return answer == .never ? try await OneShot<ScriptedAnswer>().get() : answer
      }
      guard let first = try await group.next() else { throw CancellationError() }
      return first
    }
  }
}
