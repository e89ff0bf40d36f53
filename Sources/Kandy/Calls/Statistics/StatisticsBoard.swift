import LinkProtocol
import Synchronization

/// The samples of one call, those who read them as they come, and what its peers have counted in all.
final class StatisticsBoard: Sendable {
  private struct State {
    var log = StatisticsLog()
    var totals: CallTotals?
    var readers: [Int: AsyncStream<CallSample>.Continuation] = [:]
    var nextReader = 0
    var isFinished = false
  }

  private let state = Mutex(State())

  var log: StatisticsLog { state.withLock { $0.log } }

  /// `nil` for a call that has had no media.
  var totals: CallTotals? { state.withLock { $0.totals } }

  func append(_ sample: CallSample) {
    let readers = state.withLock { state in
      state.log.append(sample)
      return state.readers.values.map(\.self)
    }
    for reader in readers { reader.yield(sample) }
  }

  /// Adds the last reading of a peer.
  func add(_ statistics: CallStatistics) {
    state.withLock { state in
      var totals = state.totals ?? CallTotals()
      totals.add(statistics)
      state.totals = totals
    }
  }

  /// Every sample from now on. Of a reader who is slow only the newest minute waits.
  func reader() -> AsyncStream<CallSample> {
    let (stream, continuation) = AsyncStream.makeStream(of: CallSample.self, bufferingPolicy: .bufferingNewest(60))
    let id = state.withLock { state -> Int? in
      guard !state.isFinished else { return nil }
      state.nextReader += 1
      state.readers[state.nextReader] = continuation
      return state.nextReader
    }
    guard let id else {
      continuation.finish()
      return stream
    }
    continuation.onTermination = { [weak self] _ in self?.remove(id) }
    return stream
  }

  private func remove(_ id: Int) {
    let removed = state.withLock { $0.readers.removeValue(forKey: id) }
    _ = removed  // released outside the lock
  }

  func finish() {
    let readers = state.withLock { state in
      state.isFinished = true
      return state.readers.values.map(\.self)
    }
    for reader in readers { reader.finish() }
  }
}
