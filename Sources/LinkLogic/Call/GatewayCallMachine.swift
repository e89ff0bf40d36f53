public import LinkProtocol

/// The gateway's side of one call between two users: what each request is answered, whom it makes the gateway notify, and when
/// the gateway acts by itself.
///
/// A call has two legs, each with a session id of its own. The called user's devices share theirs (R-CALL-415); the first that
/// answers has the call. Session descriptions pass through unchanged (R-SRV-1).
///
/// The effects of an input are performed in their order. The answer to a request is always the first of them: what the request
/// provokes is notified only when the answer is on its way (R-CALL-3).
public struct GatewayCallMachine: Sendable {
  /// Something that happened to the call.
  public enum Input: Sendable, Hashable {
    /// `callStart`, the input that begins every call. It is answered with the caller's session id whatever has become of the
    /// callee; that the callee cannot be reached is the call's first notification.
    case start(Content, callee: Reach)
    /// A request on one of the two sessions.
    case request(Leg, Request)
    /// A device of the callee has been handed the `call` notification.
    case calleeNotified
    /// The leg's user has lost the last subscription for calls, or has one again.
    case presence(Leg, Bool)
    case timerFired(Timer, generation: Int)
    /// The server stops.
    case shutdown
  }

  /// Something to do about it.
  public enum Effect: Sendable, Hashable {
    /// Answers the request that was the input. Once for each request, and before everything else.
    case respond(Answer)
    /// Sends a notification, still without event id and time, to the subscriptions of the leg's user; to one of them if `only` says so.
    case notify(Leg, Notification, only: SubscriptionID?)
    /// Starts a timer, in place of one of the same name.
    case startTimer(Timer, generation: Int, after: Duration)
    case cancelTimer(Timer)
    /// The call has ended, and from now on both sessions do not exist.
    case over(Outcome)
  }

  enum Phase: Sendable, Hashable {
    case new, ringing, answered, over
  }

  /// The exchange of descriptions on an answered call.
  enum Negotiation: Sendable, Hashable {
    case stable
    /// The leg has been given an offer, or (slow start) asked for one, and owes the reply. The notification is what it was given.
    case awaiting(Leg, slowStart: Bool, Notification)
  }

  /// Who speaks with whom.
  public let call: Call
  /// How long things may take.
  public let limits: Limits

  var phase = Phase.new
  var negotiation = Negotiation.stable
  /// The caller has been told `ringing`.
  var hasRung = false
  /// The device that answered, if its request named one.
  var answeredBy: SubscriptionID?
  /// Legs whose latest description announces trickle (R-SRV-8).
  var tricklers: Set<Leg> = []
  /// Candidates that came before the far end could use them, by the leg that sent them.
  var heldCandidates: [Leg: [ICECandidate]] = [:]
  /// Legs that were handed one offer twice: one of their replies is surplus (R-CALL-440).
  var handedTwice: Set<Leg> = []
  private var timers: [Timer: Int] = [:]
  private var lastGeneration = 0

  /// A call that has not been started yet.
  public init(_ call: Call, limits: Limits = Limits()) {
    self.call = call
    self.limits = limits
  }

  /// Whether a device of the callee has answered.
  public var isAnswered: Bool { phase == .answered }

  /// Whether the call has ended.
  public var isOver: Bool { phase == .over }

  /// Takes one input.
  /// - Returns: what to do about it, in this order.
  public mutating func handle(_ input: Input) -> [Effect] {
    switch input {
    case .start(let content, let callee): start(content, callee: callee)
    case .request(let leg, let request): answer(request, from: leg)
    case .calleeNotified: ring()
    case .presence(let leg, let isPresent): presence(of: leg, isPresent)
    case .timerFired(let timer, let generation): fired(timer, generation)
    case .shutdown: shutdown()
    }
  }

  // MARK: - Timers

  mutating func start(_ timer: Timer, after duration: Duration) -> Effect {
    lastGeneration += 1
    timers[timer] = lastGeneration
    return .startTimer(timer, generation: lastGeneration, after: duration)
  }

  mutating func cancel(_ timer: Timer) -> [Effect] {
    timers.removeValue(forKey: timer) == nil ? [] : [.cancelTimer(timer)]
  }

  func isRunning(_ timer: Timer) -> Bool { timers[timer] != nil }

  private mutating func fired(_ timer: Timer, _ generation: Int) -> [Effect] {
    guard timers[timer] == generation else { return [] }
    timers[timer] = nil
    switch timer {
    case .ring:
      return finish(.unanswered, .noAnswer)
    case .update:
      return updateTimedOut()
    case .audit(let leg), .absence(let leg):
      return finish(.lost(leg), .unavailable)
    }
  }

  private mutating func presence(of leg: Leg, _ isPresent: Bool) -> [Effect] {
    switch phase {
    case .new, .over: return []
    case .ringing, .answered:
      if isPresent { return cancel(.absence(leg)) }
      return isRunning(.absence(leg)) ? [] : [start(.absence(leg), after: limits.absence)]
    }
  }

  private mutating func shutdown() -> [Effect] {
    switch phase {
    case .new, .over: []
    case .ringing, .answered: finish(.shutDown, .unavailable)
    }
  }

  // MARK: - The end

  /// Ends the call for the same reason at both ends.
  mutating func finish(_ outcome: Outcome, _ reason: CallEndReason) -> [Effect] {
    finish(outcome, caller: callEnd(to: .caller, reason), callee: callEnd(to: .callee, reason))
  }

  /// Ends the call, which nothing follows: the callee hears of it first, then the caller (part 02 §8.4).
  mutating func finish(_ outcome: Outcome, caller: Notification?, callee: Notification?) -> [Effect] {
    phase = .over
    negotiation = .stable
    heldCandidates = [:]
    var effects: [Effect] = []
    if let callee { effects.append(.notify(.callee, callee, only: nil)) }
    if let caller { effects.append(.notify(.caller, caller, only: nil)) }
    for timer in Timer.all { effects += cancel(timer) }
    effects.append(.over(outcome))
    return effects
  }
}
