/// How long a connection cycle waits between its attempts (R-CONN-650).
public struct Backoff: Sendable, Hashable {
  public struct Policy: Sendable, Hashable {
    /// Attempts per cycle, the first included; 0 or less means unlimited.
    public var limit: Int
    /// Before the second attempt.
    public var delay: Duration
    /// What the delay is multiplied with after each further failure.
    public var multiplier: Double
    /// Upper bound of the delay.
    public var cap: Duration

    public init(limit: Int = 5, delay: Duration = .seconds(5), multiplier: Double = 1, cap: Duration = .seconds(640)) {
      self.limit = limit
      self.delay = delay
      self.multiplier = multiplier
      self.cap = cap
    }
  }

  private let policy: Policy
  private var failures = 0
  private var upcoming: Duration

  public init(_ policy: Policy) {
    self.policy = policy
    upcoming = max(min(policy.delay, policy.cap), .zero)
  }

  /// An attempt gets as long as the wait that would follow it, but at least two seconds (R-CONN-604).
  public var attemptTimeout: Duration { max(upcoming, .seconds(2)) }

  /// An attempt has failed. - Returns: how long to wait for the next one; `nil` when there is none.
  public mutating func next() -> Duration? {
    failures += 1
    guard policy.limit <= 0 || failures < policy.limit else { return nil }
    defer { upcoming = grown(upcoming) }
    return upcoming
  }

  /// Stays at the limit once it has been reached; a multiplier that is not a number leaves the delay as it is.
  private func grown(_ delay: Duration) -> Duration {
    guard delay > .zero, policy.multiplier.isFinite, policy.multiplier > 0 else { return delay }
    let headroom = policy.cap / delay
    return headroom.isFinite && policy.multiplier < headroom ? delay * policy.multiplier : policy.cap
  }
}
