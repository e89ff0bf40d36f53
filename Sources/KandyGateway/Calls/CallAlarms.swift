import LinkLogic

/// When which leg of a call wants to be woken. A sleeper watches each alarm; one that is set anew, as audits do all the time, keeps its sleeper,
/// which then sleeps again.
struct CallAlarms: Sendable {
  typealias Name = GatewayCallMachine.Timer

  private struct Alarm {
    let generation: Int
    /// On the driver's stopwatch.
    let deadline: Duration
  }

  /// What a sleeper is to do.
  enum Advice: Sendable, Hashable {
    case sleep(until: Duration)
    case ring(generation: Int)
    case leave
  }

  private var alarms: [Name: Alarm] = [:]
  private var watched: Set<Name> = []

  /// - Returns: whether the alarm needs a new sleeper.
  mutating func set(_ name: Name, generation: Int, deadline: Duration) -> Bool {
    alarms[name] = Alarm(generation: generation, deadline: deadline)
    return watched.insert(name).inserted
  }

  /// The alarm's sleeper finds out when it wakes.
  mutating func cancel(_ name: Name) {
    alarms[name] = nil
  }

  mutating func advice(on name: Name, at time: Duration) -> Advice {
    guard let alarm = alarms[name] else {
      watched.remove(name)
      return .leave
    }
    guard alarm.deadline <= time else { return .sleep(until: alarm.deadline) }
    alarms[name] = nil
    watched.remove(name)
    return .ring(generation: alarm.generation)
  }
}

/// Time since a moment, on any clock. Sleeping until a point of it, and not for a while, cannot be late because the sleeper was.
struct Stopwatch: Sendable {
  let elapsed: @Sendable () -> Duration
  let sleep: @Sendable (_ until: Duration) async throws -> Void

  init<C: Clock<Duration>>(_ clock: C) {
    let start = clock.now
    elapsed = { start.duration(to: clock.now) }
    sleep = { try await clock.sleep(until: start.advanced(by: $0), tolerance: nil) }
  }
}
