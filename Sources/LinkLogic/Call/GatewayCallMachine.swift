public import LinkProtocol

/// The gateway's side of a call: what each request is answered, whom it makes the gateway notify, and when the gateway acts by
/// itself.
///
/// A call has legs, at first two, each with a session id of its own. The devices of a called user share theirs (R-CALL-415); the
/// first that answers has the call. Session descriptions pass through unchanged (R-SRV-1), except those of a
/// conference, which are for its mixer.
///
/// The effects of an input are performed in their order. The answer to a request is always the first of them: what the request
/// provokes is notified only when the answer is on its way (R-CALL-3).
public struct GatewayCallMachine: Sendable, Hashable {
  /// Something that happened to the call.
  public enum Input: Sendable, Hashable {
    /// `callStart`, the input that begins a call of the caller's. It is answered with the caller's session id whatever has become of
    /// the callee; that the callee cannot be reached is the call's first notification.
    case start(Content, callee: Reach)
    /// `clicktocall`, the input that begins a call which the gateway makes for the caller (R-CALL-738).
    case click
    /// Whom a `locate` was about: the callee, the session that the callee's devices get if they are rung, and whether they can be.
    case located(for: Leg, Party, Leg, Reach)
    /// A request on one of the sessions.
    case request(Leg, Request)
    /// A device of the leg's user has been handed the `call` notification.
    case notified(Leg)
    /// The leg's user has lost the last subscription for calls, or has one again.
    case presence(Leg, Bool)
    /// What has come of an order to the mixer.
    case mixed(Seat, MixerNews)
    case timerFired(Timer, generation: Int)
    /// The server stops.
    case shutdown
  }

  /// Something to do about it.
  public enum Effect: Sendable, Hashable {
    /// Answers the request that was the input. Once for each request, and before everything else.
    case respond(Answer)
    /// Finds out who a user is and whether his devices can be rung, for the leg that is to be connected with him.
    case locate(UserAddress, for: Leg)
    /// Sends a notification, still without event id and time, to the subscriptions of the leg's user; to one of them if `only` says so.
    case notify(Leg, Notification, only: SubscriptionID?)
    /// Starts a timer, in place of one of the same name.
    case startTimer(Timer, generation: Int, after: Duration)
    case cancelTimer(Timer)
    /// Goes into the records of the two users.
    case record(Conversation, Milestone)
    /// Something for the media engine that mixes conferences. The orders of one seat are carried out one after another.
    case mix(Seat, MixerOrder)
  }

  /// How long things may take, and how often they may happen.
  public let limits: Limits

  var members: [Leg: Member] = [:]
  var lastOrder = 0
  /// The offers on their way, by the leg that owes the reply.
  var exchanges: [Leg: Exchange] = [:]
  /// The transfers that are not decided yet.
  var transfers: [Transfer] = []
  /// The calls that are being joined, and those that have been.
  var conferences: [Conference] = []
  /// The conversations that have begun and not ended, the oldest first.
  var conversations: [Conversation] = []
  private var hasStarted = false
  var timers: [Timer: Int] = [:]
  var lastGeneration = 0

  /// A call that has not been started yet.
  public init(_ call: Call, limits: Limits = Limits()) {
    self.limits = limits
    let (caller, callee) = (call.callerSession, call.calleeSession)
    let invitation = Invitation(content: Content(sdp: nil))
    add(caller, call.caller, isOutgoing: true, remote: call.callee, far: callee, .calling)
    add(callee, call.callee, isOutgoing: false, remote: call.caller, far: caller, .ringing(invitation))
  }

  /// A call that the gateway makes for a user, and that has not been started yet: its callee has no leg before the caller answers.
  /// - Parameter session: what the caller's devices get.
  public init(clickedBy caller: Party, session: Leg, callee: Party, limits: Limits = Limits()) {
    self.limits = limits
    let invitation = Invitation(content: Content(sdp: nil))
    add(session, caller, isOutgoing: false, hasClicked: true, remote: callee, far: nil, .ringing(invitation))
  }

  /// The legs whose sessions exist, in the order in which they came.
  public var legs: [Leg] { members.sorted { $0.value.order < $1.value.order }.map(\.key) }

  /// Whose leg it is; `nil` when its session does not exist.
  public func user(of leg: Leg) -> UserAddress? { members[leg]?.party.user }

  /// Whether the user has called somebody in it, or had the gateway do it, and is in it still.
  public func hasBeenMade(by user: UserAddress) -> Bool {
    members.values.contains { ($0.isOutgoing || $0.hasClicked) && $0.party.user == user }
  }

  /// Whether the leg is in an answered call.
  public func isTalking(_ leg: Leg) -> Bool { stage(leg) == .talking }

  /// Whether a called user has answered.
  public var isAnswered: Bool { members.values.contains { $0.stage == .talking } }

  /// Whether the call has ended: none of its sessions exists any more.
  public var isOver: Bool { hasStarted && members.isEmpty }

  /// Takes one input.
  /// - Returns: what to do about it, in this order.
  public mutating func handle(_ input: Input) -> [Effect] {
    let effects = take(input) + proceed()
    // Legs that have left are known only as long as somebody is in the call.
    guard hasStarted, members.values.allSatisfy({ $0.stage == .left }) else { return effects }
    return effects + legs.flatMap { remove($0) }
  }

  private mutating func take(_ input: Input) -> [Effect] {
    switch input {
    case .start(let content, let callee): start(content, callee: callee)
    case .click: click()
    case .located(let leg, let callee, let session, let reach): call(callee, as: session, reach, for: leg)
    case .request(let leg, let request): answer(request, from: leg)
    case .notified(let leg): ring(leg)
    case .presence(let leg, let isPresent): presence(of: leg, isPresent)
    case .mixed(let seat, let news): mixed(seat, news)
    case .timerFired(let timer, let generation): fired(timer, generation)
    case .shutdown: shutDown()
    }
  }

  private mutating func click() -> [Effect] {
    guard !hasStarted, let caller = legs.first, members[caller]?.hasClicked == true else { return [] }
    hasStarted = true
    return [.respond(.accepted)] + ringCaller(caller)
  }

  private mutating func start(_ content: Content, callee reach: Reach) -> [Effect] {
    guard !hasStarted, let caller = legs.first, let callee = members[caller]?.far else { return [] }
    hasStarted = true
    guard content.sdp != nil else {
      members = [:]
      return [.respond(.invalid("callStart needs an sdp."))]
    }
    note(content, from: caller)
    members[callee]?.stage = .ringing(Invitation(content: content))
    let created = Answer(httpStatus: 200, body: CallControlResponse(sessionData: caller))
    return [.respond(created)] + begin(caller, callee, .dialled) + invite(callee, reach)
  }

  /// Brings another call's legs into this one, with everything that is under way there: two calls of a user whose far ends are to be
  /// connected. Sessions and timers keep their names. The other call is over then.
  public mutating func adopt(_ other: inout GatewayCallMachine) {
    for (leg, var member) in other.members {
      member.order += lastOrder
      members[leg] = member
    }
    lastOrder += other.lastOrder
    exchanges.merge(other.exchanges) { $1 }
    transfers += other.transfers
    conferences += other.conferences
    conversations += other.conversations
    timers.merge(other.timers) { $1 }
    lastGeneration = max(lastGeneration, other.lastGeneration)
    other = GatewayCallMachine(limits: other.limits)
  }

  /// A call that is over.
  private init(limits: Limits) {
    self.limits = limits
    hasStarted = true
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

  mutating func startAudit(_ leg: Leg) -> Effect { start(.audit(leg), after: limits.audit) }

  private mutating func fired(_ timer: Timer, _ generation: Int) -> [Effect] {
    guard timers[timer] == generation else { return [] }
    timers[timer] = nil
    switch timer.kind {
    case .ring: return notTaken(by: timer.leg, .unanswered, .noAnswer, callEnd(timer.leg, .noAnswer))
    case .update: return updateTimedOut(timer.leg)
    case .mixing: return mixerIsLate(timer.leg)
    case .audit, .absence: return depart(timer.leg, .lost)
    }
  }

  private mutating func presence(of leg: Leg, _ isPresent: Bool) -> [Effect] {
    guard let stage = stage(leg), stage != .left else { return [] }
    if isPresent { return cancel(.absence(leg)) }
    return timers[.absence(leg)] == nil ? [start(.absence(leg), after: limits.absence)] : []
  }
}
