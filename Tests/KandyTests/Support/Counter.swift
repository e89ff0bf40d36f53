import Synchronization

/// Counts.
final class Counter: Sendable {
  private let count = Atomic(0)

  func next() -> Int { count.wrappingAdd(1, ordering: .relaxed).newValue }

  /// `id`, `id-2`, `id-3` …
  func nextID() -> String {
    let number = next()
    return number == 1 ? "id" : "id-\(number)"
  }
}
