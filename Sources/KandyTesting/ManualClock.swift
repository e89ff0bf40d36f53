import Synchronization

/// A clock that stands still until a test moves it.
///
/// Whoever sleeps on it wakes when the test advances past the deadline: one sleeper after another, in the order of their
/// deadlines, and each gets the opportunity to run (and to sleep again) before the next one wakes and before time moves on.
/// No real time passes.
///
/// What a woken task does after its own suspensions cannot be observed from here. A test that depends on it says so with
/// `waitForSleepers(_:)`, or waits for what the task produces.
public final class ManualClock: Clock, Sendable {
  /// A point in the clock's time.
  public struct Instant: InstantProtocol, CustomStringConvertible {
    /// Since the clock was made.
    public var offset: Swift.Duration

    public init(offset: Swift.Duration = .zero) {
      self.offset = offset
    }

    public func advanced(by duration: Swift.Duration) -> Instant {
      Instant(offset: offset + duration)
    }

    public func duration(to other: Instant) -> Swift.Duration {
      other.offset - offset
    }

    public static func < (left: Instant, right: Instant) -> Bool {
      left.offset < right.offset
    }

    public var description: String { offset.description }
  }

  public typealias Duration = Swift.Duration

  private struct Sleeper {
    let id: Int
    let deadline: Instant
    let continuation: CheckedContinuation<Void, any Error>
  }

  private struct Waiter {
    let id: Int
    let count: Int
    let continuation: CheckedContinuation<Void, any Error>
  }

  private struct State {
    var now = Instant()
    var lastID = 0
    /// By deadline, then by arrival.
    var sleepers: [Sleeper] = []
    var waiters: [Waiter] = []
    /// Counts arrivals and departures, so that `settle` sees that something still moves.
    var changes = 0
  }

  private let state = Mutex(State())
  private let epoch: Int64

  /// - Parameter epoch: what `wallClock()` gives before the clock has been moved, in milliseconds since 1970.
  public init(epoch: Int64 = 1_700_000_000_000) {
    self.epoch = epoch
  }

  public var now: Instant { state.withLock { $0.now } }

  public var minimumResolution: Swift.Duration { .zero }

  /// The time of day that belongs to `now`, in milliseconds since 1970.
  public func wallClock() -> Int64 {
    let (seconds, attoseconds) = now.offset.components
    return epoch + seconds * 1000 + attoseconds / 1_000_000_000_000_000
  }

  /// How many tasks are sleeping.
  public var sleepers: Int { state.withLock { $0.sleepers.count } }

  /// When the next sleeper wakes; `nil` when nobody sleeps.
  public var nextDeadline: Instant? { state.withLock { $0.sleepers.first?.deadline } }

  // MARK: - Sleeping

  /// Returns at once when the deadline has passed. `tolerance` is of no consequence.
  /// - Throws: `CancellationError` as soon as the task is cancelled.
  public func sleep(until deadline: Instant, tolerance: Swift.Duration? = nil) async throws {
    let id = makeID()
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        insert(Sleeper(id: id, deadline: deadline, continuation: continuation))
      }
    } onCancel: {
      cancelSleeper(id)
    }
  }

  private func makeID() -> Int {
    state.withLock {
      $0.lastID += 1
      return $0.lastID
    }
  }

  private func insert(_ sleeper: Sleeper) {
    // The handler may have run before the sleeper arrived here; the flag is set before the handler runs, and the handler
    // takes the lock, so one of the two sees the other.
    let (outcome, ready) = state.withLock { state -> (Result<Void, any Error>?, [Waiter]) in
      if Task.isCancelled { return (.failure(CancellationError()), []) }
      if sleeper.deadline <= state.now { return (.success(()), []) }
      let index = state.sleepers.firstIndex { $0.deadline > sleeper.deadline } ?? state.sleepers.endIndex
      state.sleepers.insert(sleeper, at: index)
      state.changes += 1
      let count = state.sleepers.count
      let ready = state.waiters.filter { $0.count <= count }
      state.waiters.removeAll { $0.count <= count }
      return (nil, ready)
    }
    if let outcome { sleeper.continuation.resume(with: outcome) }
    for waiter in ready { waiter.continuation.resume() }
  }

  private func cancelSleeper(_ id: Int) {
    let sleeper = state.withLock { state -> Sleeper? in
      guard let index = state.sleepers.firstIndex(where: { $0.id == id }) else { return nil }
      state.changes += 1
      return state.sleepers.remove(at: index)
    }
    sleeper?.continuation.resume(throwing: CancellationError())
  }

  // MARK: - Moving

  /// Moves time on by a duration; see `advance(to:)`.
  public func advance(by duration: Swift.Duration) async {
    await advance(to: now.advanced(by: duration))
  }

  /// Moves time on to `instant`, waking everybody whose deadline lies on the way, also those who lie down on the way. One
  /// caller at a time. Time never goes back.
  public func advance(to instant: Instant) async {
    await settle()
    while wakeNext(notAfter: instant) { await settle() }
    state.withLock { $0.now = max($0.now, instant) }
    await settle()
  }

  /// Moves time from deadline to deadline until nobody sleeps.
  /// - Parameter limit: stops after so much time, for the sake of those who always sleep again.
  public func run(limit: Swift.Duration = .seconds(86_400)) async {
    let end = now.advanced(by: limit)
    await settle()
    while wakeNext(notAfter: end) { await settle() }
  }

  /// Returns as soon as at least `count` tasks sleep on the clock; at once when they do already. Also returns when the waiting
  /// task is cancelled.
  public func waitForSleepers(_ count: Int) async {
    let id = makeID()
    try? await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let outcome = state.withLock { state -> Result<Void, any Error>? in
          if Task.isCancelled { return .failure(CancellationError()) }
          if state.sleepers.count >= count { return .success(()) }
          state.waiters.append(Waiter(id: id, count: count, continuation: continuation))
          return nil
        }
        if let outcome { continuation.resume(with: outcome) }
      }
    } onCancel: {
      let waiter = state.withLock { state -> Waiter? in
        guard let index = state.waiters.firstIndex(where: { $0.id == id }) else { return nil }
        return state.waiters.remove(at: index)
      }
      waiter?.continuation.resume(throwing: CancellationError())
    }
  }

  private func wakeNext(notAfter instant: Instant) -> Bool {
    let sleeper = state.withLock { state -> Sleeper? in
      guard let first = state.sleepers.first, first.deadline <= instant else { return nil }
      state.now = max(state.now, first.deadline)
      state.changes += 1
      return state.sleepers.removeFirst()
    }
    sleeper?.continuation.resume()
    return sleeper != nil
  }

  /// Goes to the end of the pool's queue again and again, until nobody has come or gone for some rounds.
  @concurrent private func settle() async {
    var quiet = 0
    var seen = state.withLock { $0.changes }
    while quiet < 40, !Task.isCancelled {
      await Task.yield()
      let changes = state.withLock { $0.changes }
      quiet = changes == seen ? quiet + 1 : 0
      seen = changes
    }
  }
}
