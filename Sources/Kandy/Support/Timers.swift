import Synchronization

/// Timers by name. Starting one again replaces it; releasing the set cancels all.
///
/// A firing that was under way when its timer was cancelled may still come: machines number their timers and drop it.
final class Timers<ID: Hashable & Sendable>: Sendable {
  private let clock: any Clock<Duration>
  private let running = Mutex<[ID: Task<Void, Never>]>([:])

  init(clock: any Clock<Duration>) {
    self.clock = clock
  }

  deinit {
    cancelAll()
  }

  func start(_ id: ID, after delay: Duration, _ fire: @escaping @Sendable () -> Void) {
    let clock = clock
    let task = Task {
      do { try await clock.sleep(for: delay) } catch { return }
      if !Task.isCancelled { fire() }
    }
    running.withLock { $0.updateValue(task, forKey: id) }?.cancel()
  }

  func cancel(_ id: ID) {
    running.withLock { $0.removeValue(forKey: id) }?.cancel()
  }

  func cancelAll() {
    let tasks = running.withLock { running in
      defer { running = [:] }
      return Array(running.values)
    }
    for task in tasks { task.cancel() }
  }
}
