import KandyTesting
import LinkLogic
import LinkProtocol
import Testing

private typealias Fixture = GatewayCallFixture

/// Thousands of calls in which anything happens at any time.
@Suite struct GatewayCallWalkTests {
  @Test(.spec("R-CALL-3", "R-CALL-441", "R-CALL-662"), arguments: 1...40)
  func whateverHappensTheCallKeepsItsPromises(seed: Int) {
    var random = Lehmer(seed: UInt64(seed))
    for round in 0..<50 {
      var walk = Walk()
      walk.begin(&random)
      for _ in 0..<Int.random(in: 1...60, using: &random) { walk.step(&random) }
      walk.endItAll()
      if !walk.complaints.isEmpty {
        Issue.record("seed \(seed), round \(round): \(walk.complaints)\n\(walk.history.joined(separator: "\n"))")
        return
      }
    }
  }
}

/// A generator whose numbers depend only on its seed.
private struct Lehmer: RandomNumberGenerator {
  var state: UInt64
  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }
  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }
}

/// One call, and what an observer knows of it from its effects alone.
private struct Walk {
  var machine = Machine(Fixture.call)
  var complaints: [String] = []
  var history: [String] = []
  var running: [Machine.Timer: Int] = [:]
  var stale: [(Machine.Timer, Int)] = []
  /// Legs that know of the call, and how many final notifications they got.
  var terminals: [Machine.Leg: Int] = [:]
  var overs = 0
  var rings = 0
  /// Offers that a leg made and that have neither been answered nor refused.
  var outstanding: [Machine.Leg: Int] = [.caller: 0, .callee: 0]
  /// The leg that waits for an offer that it has asked for.
  var asker: Machine.Leg?
  var lastReply: [Machine.Leg: Notification] = [:]

  mutating func begin(_ random: inout Lehmer) {
    let reach = [Machine.Reach.online, .online, .online, .online, .offline, .unknown].randomElement(using: &random) ?? .online
    feed(.start(Machine.Content(sdp: "A1"), callee: reach))
    terminals[.caller] = terminals[.caller, default: 0]
    // The offer of the call itself.
    if !machine.isOver { outstanding[.caller] = 1 }
  }

  mutating func step(_ random: inout Lehmer) {
    let leg: Machine.Leg = Bool.random(using: &random) ? .caller : .callee
    let sdp = ["X\(history.count)", "Y\(history.count) a=ice-options:trickle", nil].randomElement(using: &random) ?? nil
    let content = Machine.Content(sdp: sdp)
    let device: SubscriptionID? = ["desk", "mobile", nil].randomElement(using: &random) ?? nil
    switch Int.random(in: 0..<22, using: &random) {
    case 0: feed(.notified(.callee))
    case 1: feed(.request(leg, .ringing))
    case 2, 3: feed(.request(leg, .answer(content, device: device)))
    case 4: if Int.random(in: 0..<4, using: &random) == 0 { feed(.request(leg, .reject)) }
    case 5: if Int.random(in: 0..<6, using: &random) == 0 { feed(.request(leg, .end(reasonText: nil))) }
    case 6, 7, 8: feed(.request(leg, .offer(content)))
    case 9, 10, 11: feed(.request(leg, .reply(content)))
    case 12: feed(.request(leg, .refuse))
    case 13: feed(.request(leg, .candidates([])))
    case 14: feed(.request(leg, .audit))
    case 15: feed(.request(leg, .read))
    case 16: feed(.request(leg, .unsupported(.refer)))
    case 17: feed(.presence(leg, Bool.random(using: &random)))
    case 18:
      let timers = Machine.Leg.both.flatMap { [Machine.Timer.audit($0), .absence($0), .ring($0), .update($0)] }
      if let timer = timers.randomElement(using: &random), let generation = running[timer] {
        running[timer] = nil
        feed(.timerFired(timer, generation: generation))
      }
    case 19, 20:
      if let (timer, generation) = stale.randomElement(using: &random) {
        let before = machine.isOver
        let effects = feed(.timerFired(timer, generation: generation))
        if !effects.isEmpty || machine.isOver != before { complaints.append("a stale timer did something") }
      }
    default: feed(.start(content, callee: .online))
    }
  }

  /// Whatever is left ends.
  mutating func endItAll() {
    feed(.shutdown)
    if !machine.isOver { complaints.append("the call is not over") }
    if overs != 1 { complaints.append("over \(overs) times") }
    for (leg, count) in terminals where count != 1 { complaints.append("\(leg) got \(count) ends") }
    if !running.isEmpty { complaints.append("timers left: \(running)") }
  }

  @discardableResult mutating func feed(_ input: Machine.Input) -> [Machine.Effect] {
    let wasOver = machine.isOver
    let effects = machine.handle(input)
    history.append("\(input)\n  → \(effects)")
    let responses = effects.filter { if case .respond = $0 { true } else { false } }
    var expected = 0
    if case .request = input { expected = 1 }
    if case .start = input, history.count == 1 { expected = 1 }
    if responses.count != expected { complaints.append("\(responses.count) answers to \(input)") }
    if let response = responses.first, effects.first != response { complaints.append("the answer is not the first effect") }
    if wasOver, effects.count != expected { complaints.append("effects after the end") }
    observe(effects, of: input)
    return effects
  }

  private mutating func observe(_ effects: [Machine.Effect], of input: Machine.Input) {
    for effect in effects {
      switch effect {
      case .respond(let answer):
        let accepted = answer.httpStatus == 200
        if accepted != (answer.body.statusCode == .success) { complaints.append("status and code disagree") }
        if accepted, case .request(let leg, .offer) = input { outstanding[leg, default: 0] += 1 }
      case .notify(let leg, let notification, let only):
        notified(leg, notification, only)
      case .startTimer(let timer, let generation, _):
        if let old = running.updateValue(generation, forKey: timer) { stale.append((timer, old)) }
      case .cancelTimer(let timer):
        if let generation = running.removeValue(forKey: timer) {
          stale.append((timer, generation))
        } else {
          complaints.append("\(timer) was not running")
        }
      case .record(_, .ended):
        overs += 1
      case .record: break
      case .locate(let user, let leg): complaints.append("\(user) is looked for, for \(leg)")
      case .mix(let seat, let order): complaints.append("\(order) for \(seat)")
      }
    }
  }

  private mutating func notified(_ leg: Machine.Leg, _ notification: Notification, _ only: SubscriptionID?) {
    if notification.sessionParams?.sessionData != leg { complaints.append("a foreign session id") }
    if notification.callNotificationParams != (leg == .caller ? Fixture.forAlice : Fixture.forBob) {
      complaints.append("the parties are not named")
    }
    if only != nil {
      if notification.eventType != .callEnd { complaints.append("\(notification.eventType) for one device") }
      return
    }
    if terminals[leg] ?? 0 > 0 { complaints.append("\(notification.eventType) after the end of \(leg)") }
    switch notification.eventType {
    case .call:
      terminals[leg] = 0
    case .ringing:
      rings += 1
      if rings > 1 { complaints.append("ringing \(rings) times") }
    case .callEnd:
      terminals[leg, default: 0] += 1
    case .callCancel:
      if !machine.isAnswered { terminals[leg, default: 0] += 1 }
    case .startCallUpdate:
      if notification.sessionParams?.sdp == nil { asker = leg.other }
      if outstanding[leg] ?? 0 > 0 { complaints.append("an offer for \(leg), whose own is outstanding") }
    case .respondCallUpdate:
      if rings == 0 { complaints.append("an answer before ringing") }
      replied(leg, notification)
    case .iceCandidate: break
    default: complaints.append("\(notification.eventType) is none of ours")
    }
  }

  /// A leg got the reply to its offer: an answer, a refusal, or the offer that it had asked for and now answers itself.
  private mutating func replied(_ leg: Machine.Leg, _ notification: Notification) {
    if notification.statusCode == nil {
      if lastReply[leg] == notification { return }  // Handed over again.
      lastReply[leg] = notification
    }
    outstanding[leg, default: 0] -= 1
    if outstanding[leg] != 0 { complaints.append("\(leg) has \(outstanding[leg] ?? 0) offers after a reply") }
    guard asker == leg else { return }
    asker = nil
    if notification.statusCode == nil { outstanding[leg.other, default: 0] += 1 }
  }
}
