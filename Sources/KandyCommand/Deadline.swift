/// Runs `body`, but not longer than `limit`: then it is cancelled.
/// - Parameter missing: the sentence that says what did not happen.
/// - Throws: `CommandFailure` with that sentence when the time is up; what `body` throws.
func within<Value: Sendable>(
  _ limit: Duration, orFail missing: String, _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
  try await withThrowingTaskGroup(of: Value?.self) { group in
    group.addTask { try await body() }
    group.addTask {
      try await Task.sleep(for: limit)
      return nil
    }
    defer { group.cancelAll() }
    guard let first = try await group.next(), let value = first else { throw CommandFailure(missing) }
    return value
  }
}

extension Duration {
  /// Milliseconds below a second, else seconds.
  var brief: String {
    let milliseconds = Int((self / .milliseconds(1)).rounded())
    return milliseconds < 1_000 ? "\(milliseconds) ms" : "\(inSeconds) s"
  }

  /// Seconds with two decimals.
  var inSeconds: String {
    let hundredths = Int((self / .milliseconds(10)).rounded())
    let rest = hundredths % 100
    return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
  }
}
