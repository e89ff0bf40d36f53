/// Runs jobs one after another, in the order in which they were added.
///
/// A job may wait; only later jobs wait with it. The lane owns its task: `end`, or releasing the lane, cancels the running job
/// and drops the others.
final class Lane: Sendable {
  private let jobs: AsyncStream<@Sendable () async -> Void>.Continuation
  private let worker: Task<Void, Never>

  init() {
    let (stream, continuation) = AsyncStream.makeStream(of: (@Sendable () async -> Void).self)
    jobs = continuation
    worker = Task {
      for await job in stream {
        if Task.isCancelled { break }
        await job()
      }
    }
  }

  deinit {
    end()
  }

  /// Adds a job. After `end` it does nothing.
  func add(_ job: @escaping @Sendable () async -> Void) {
    jobs.yield(job)
  }

  /// Cancels what runs and drops what waits. Idempotent.
  func end() {
    jobs.finish()
    worker.cancel()
  }

  /// Cancels what runs, drops what waits, and returns when nothing runs any more.
  func stop() async {
    end()
    await worker.value
  }

  /// Takes no further job and returns when those added so far are done.
  func finish() async {
    jobs.finish()
    await worker.value
  }
}
