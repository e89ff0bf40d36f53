import LinkProtocol

@testable import LinkLogic

/// The gateway's machine at one moment, and its timers. Timers that were started are counted from one, so that moments that differ in
/// nothing else are the same.
struct ExplorationGateway: Hashable {
  typealias Timer = GatewayCallMachine.Timer

  struct Running: Hashable {
    var timer: Timer
    /// Milliseconds.
    var remaining: Int32
  }

  private(set) var machine = GatewayCallMachine(GatewayCallFixture.call)
  /// In order of their legs.
  private(set) var timers: [Running] = []
  /// It has withdrawn an offer whose reply may have been on its way. If another one is given to the same client before that reply comes,
  /// the reply is taken for one to that: requests have no number.
  private(set) var hasWithdrawn = false

  /// What is to be done about an input.
  struct Step {
    var response: CallResponse?
    var notifications: [(to: Exploration.Name, Notification)] = []
  }

  mutating func handle(_ input: GatewayCallMachine.Input) -> Step {
    var step = Step()
    let owed = machine.exchanges
    defer { noteWithdrawals(owed, input) }
    for effect in machine.handle(input) {
      switch effect {
      case .respond(let answer):
        step.response = (200...299).contains(answer.httpStatus) ? .success(answer.body) : .failure(answer.body)
      case .notify(let leg, let notification, _):
        if let name = Exploration.Name.of(leg) { step.notifications.append((name, notification)) }
      case .startTimer(let timer, _, let after):
        timers.removeAll { $0.timer == timer }
        timers.append(Running(timer: timer, remaining: Int32(after.milliseconds)))
      case .cancelTimer(let timer): timers.removeAll { $0.timer == timer }
      case .locate, .record, .mix: break
      }
    }
    countAnew()
    return step
  }

  private mutating func noteWithdrawals(
    _ owed: [GatewayCallMachine.Leg: GatewayCallMachine.Exchange], _ input: GatewayCallMachine.Input
  ) {
    for (leg, exchange) in owed where knows(leg) && machine.exchanges[leg] != exchange {
      if case .request(leg, .reply) = input { continue }
      if case .request(leg, .refuse) = input { continue }
      if machine.exchanges[leg]?.given != exchange.given { hasWithdrawn = true }
    }
  }

  private func knows(_ leg: GatewayCallMachine.Leg) -> Bool { machine.user(of: leg) != nil }

  mutating func fire(_ timer: Timer) -> Step {
    guard let index = timers.firstIndex(where: { $0.timer == timer }) else { return Step() }
    timers.remove(at: index)
    return handle(.timerFired(timer, generation: index + 1))
  }

  mutating func elapse(_ time: Int32) {
    for index in timers.indices { timers[index].remaining = max(timers[index].remaining - time, 0) }
  }

  private mutating func countAnew() {
    timers.sort { ($0.timer.leg.rawValue, $0.timer.kind.order) < ($1.timer.leg.rawValue, $1.timer.kind.order) }
    machine.timers = [:]
    for (index, running) in timers.enumerated() { machine.timers[running.timer] = index + 1 }
    machine.lastGeneration = timers.count
  }

  // MARK: - What it knows

  /// With whom the leg speaks, if it is in an answered call.
  func farEnd(of name: Exploration.Name) -> Exploration.Name? {
    guard machine.isTalking(name.session), let far = machine.members[name.session]?.far else { return nil }
    return machine.isTalking(far) ? .of(far) : nil
  }

  /// Before `callStart` there is no session.
  func knows(_ name: Exploration.Name) -> Bool { !machine.conversations.isEmpty && machine.user(of: name.session) != nil }
  /// The leg is part of the call: it rings or speaks, and has not been handed over.
  func hasInCall(_ name: Exploration.Name) -> Bool {
    knows(name) && machine.stage(name.session) != .left
  }
}

extension GatewayCallMachine.Timer.Kind {
  fileprivate var order: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
