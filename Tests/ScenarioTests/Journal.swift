import Kandy
import Synchronization

/// What has happened, in order, for those who wait for it.
final class Journal<Entry: Sendable>: Sendable {
  private struct State {
    var entries: [Entry] = []
    var lastReader = 0
    var readers: [Int: AsyncStream<Void>.Continuation] = [:]
  }

  private let state = Mutex(State())

  var entries: [Entry] { state.withLock { $0.entries } }

  func write(_ entry: Entry) {
    let readers = state.withLock { state in
      state.entries.append(entry)
      return Array(state.readers.values)
    }
    for reader in readers { reader.yield() }
  }

  /// Returns when the condition holds. It is looked at now, and after each entry.
  func until(_ condition: () -> Bool) async throws {
    let news = news()
    if condition() { return }
    for await _ in news where condition() { return }
    throw CancellationError()
  }

  /// The first entry that `pick` recognises, whenever it was written.
  func first<Value>(_ pick: (Entry) -> Value?) async throws -> Value {
    var found: Value?
    try await until {
      found = entries.lazy.compactMap(pick).first
      return found != nil
    }
    guard let found else { throw CancellationError() }
    return found
  }

  /// Yields after every entry from now on. Entries that come while nobody looks count as one.
  private func news() -> AsyncStream<Void> {
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let id = state.withLock { state in
      state.lastReader += 1
      state.readers[state.lastReader] = continuation
      return state.lastReader
    }
    continuation.onTermination = { [weak self] _ in self?.state.withLock { _ = $0.readers.removeValue(forKey: id) } }
    return stream
  }
}

/// Something that waits until the test lets it go on.
final class Checkpoint: Sendable {
  private let arrivals = AsyncStream.makeStream(of: Void.self)
  private let permits = AsyncStream.makeStream(of: Void.self)

  /// Waits until it has come here.
  func reached() async { for await _ in arrivals.stream { return } }

  /// Lets it go on. Idempotent.
  func release() { permits.continuation.finish() }

  func pass() async {
    arrivals.continuation.finish()
    for await _ in permits.stream {}
  }
}
