import Dispatch

/// What blocks a thread, such as reading a file, and so must not run on Swift's own.
enum Blocking {
  /// - Parameter blocks: whether it does block; otherwise it runs at once, without waiting.
  static func run<Value: Sendable>(
    if blocks: Bool = true, _ body: @escaping @Sendable () throws -> Value
  ) async throws -> Value {
    guard blocks else { return try body() }
    return try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global().async { continuation.resume(with: Result { try body() }) }
    }
  }
}
