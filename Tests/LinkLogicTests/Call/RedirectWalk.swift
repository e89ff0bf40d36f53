import LinkProtocol

@testable import LinkLogic

private typealias Fixture = GatewayCallFixture

/// A call in which legs come and go, and what an observer knows of it from its effects alone.
struct RedirectWalk {
  /// What the observer knows of one leg.
  struct Seen: Hashable {
    /// How often the leg was told that its call is over.
    var ends = 0
    /// Offers of its own that have neither been answered nor refused.
    var offers = 0
    var latestOffer: String?
    /// Its newest offer was a wish for one.
    var isAsking = false
    /// It owes the reply to what it was given; to a wish, the reply is an offer.
    var owes: Owed?
    var lastGiven: Notification?
    /// A transfer of its own that has not been decided.
    var isTransferring = false
    /// It is one of two that are being joined: the session of the joined call.
    var joins: SessionID?
    var wasInvitedWithoutOffer = false
    var hasRung = false
    /// What it has answered the call.
    var answer: String?
    /// Counts what it has said, so that no two descriptions are the same.
    var descriptions = 0
  }

  /// What tells one moment from another, except how it came about.
  struct Moment: Hashable {
    var machine: Machine
    var seen: [SessionID: Seen]
    var running: [Machine.Timer: Int]
    var seats: [Machine.Seat: Machine.MixerOrder?]
    var leftSeats: Set<Machine.Seat>
    var locating: [SessionID]
    var conversations: [Machine.Conversation: Bool]
  }

  enum Owed: Hashable {
    case answer, offer
  }

  var machine = Machine(Fixture.call)
  var complaints: [String] = []
  private(set) var history: [(Machine.Input, [Machine.Effect])] = []
  var seen: [SessionID: Seen] = [.caller: Seen(offers: 1), .callee: Seen()]
  var running: [Machine.Timer: Int] = [:]
  var stale: [(Machine.Timer, Int)] = []
  /// The seats at the mixer, and what it owes each.
  var seats: [Machine.Seat: Machine.MixerOrder?] = [:]
  var leftSeats: Set<Machine.Seat> = []
  /// The legs that wait for whom they are to be connected with.
  var locating: [SessionID] = []
  /// The conversations that last, and whether they have been answered.
  var conversations: [Machine.Conversation: Bool] = [:]
  /// How many transfers have been accepted, and how many of them succeeded.
  var transfers = 0
  var successes = 0
  /// The same of joins.
  var joins = 0
  var conferences = 0

  var legs: [SessionID] { seen.keys.sorted { $0.rawValue < $1.rawValue } }

  /// Alice has asked the gateway to connect her with Bob, and her devices ring.
  static func clicked() -> RedirectWalk {
    var walk = RedirectWalk()
    walk.machine = Fixture.unclicked
    walk.seen = [.caller: Seen()]
    walk.feed(.click)
    walk.feed(.notified(.caller))
    return walk
  }

  /// Alice speaks with Bob, because the gateway has connected the two.
  static func connectedByClick() -> RedirectWalk {
    var walk = clicked()
    walk.feed(.request(.caller, .answer(Machine.Content(sdp: "A1"), device: nil)))
    walk.locate()
    walk.feed(.request(.callee, .answer(Machine.Content(sdp: "B1"), device: nil)))
    return walk
  }

  /// The directory answers what was asked last.
  @discardableResult mutating func locate(_ reach: Machine.Reach = .online) -> [Machine.Effect] {
    guard let leg = locating.popLast() else { return [] }
    let wasOver = seen[leg]?.ends != 0
    let effects = feed(.located(for: leg, Fixture.call.callee, .callee, reach))
    if wasOver, !effects.isEmpty { complain("\(leg) is connected after its end") }
    return effects
  }

  /// What brings things forward: an answer from whoever rings, a reply from whoever owes one.
  func nextStep(_ content: Machine.Content) -> [Machine.Input] {
    legs.compactMap { leg in
      guard let seen = seen[leg], seen.ends == 0 else { return nil }
      if seen.owes != nil { return .request(leg, .reply(content)) }
      return running[.ring(leg)] == nil ? nil : .request(leg, .answer(content, device: nil))
    }
  }

  // MARK: - Acting

  @discardableResult mutating func feed(_ input: Machine.Input) -> [Machine.Effect] {
    let effects = machine.handle(input)
    history.append((input, effects))
    let answers = effects.compactMap { if case .respond(let answer) = $0 { answer } else { nil } }
    let isQuestion =
      switch input {
      case .request, .start, .click: true
      case .located, .notified, .presence, .mixed, .timerFired, .shutdown: false
      }
    if answers.count != (isQuestion ? 1 : 0) { complain("\(answers.count) answers") }
    if let answer = answers.first {
      if effects.first != .respond(answer) { complain("the answer is not the first effect") }
      if case .request(let leg, let request) = input { answered(leg, request, answer) }
    }
    for effect in effects { observe(effect) }
    return effects
  }

  /// Takes over a second call of Alice's, with Carol, that has been answered.
  mutating func adoptSecondCall() {
    var other = Machine(Fixture.second)
    var effects = other.handle(.start(Machine.Content(sdp: "A0"), callee: .online))
    seen["sA2"] = Seen(offers: 1)
    seen["sC"] = Seen(answer: "C0")
    effects += other.handle(.notified("sC"))
    effects += other.handle(.request("sC", .answer(Machine.Content(sdp: "C0"), device: nil)))
    machine.adopt(&other)
    for effect in effects { observe(effect) }
  }

  /// Counts the timers that run from one, so that moments that differ in nothing else are the same, and forgets the past.
  mutating func settleDown() -> Moment {
    history = []
    stale = []
    let timers = running.keys.sorted { ($0.leg.rawValue, "\($0.kind)") < ($1.leg.rawValue, "\($1.kind)") }
    for (index, timer) in timers.enumerated() {
      running[timer] = index + 1
      machine.timers[timer] = index + 1
    }
    machine.lastGeneration = timers.count
    return Moment(
      machine: machine, seen: seen, running: running, seats: seats, leftSeats: leftSeats, locating: locating,
      conversations: conversations)
  }

  /// What the leg says next.
  func description(of leg: SessionID) -> String { "\(leg) \(seen[leg]?.descriptions ?? 0)" }

  /// What was complained about, and everything that led to it.
  var story: String {
    let story = history.map { input, effects in (["\(input)"] + effects.map { "  → \($0)" }).joined(separator: "\n") }
    return ([complaints.joined(separator: ", ")] + story).joined(separator: "\n")
      .replacing("LinkLogic.GatewayCallMachine.", with: "").replacing("LinkProtocol.", with: "")
  }

  /// Lets the time of everything that rings or waits for a reply run out: then nothing is left undecided.
  mutating func settle() {
    for _ in 0..<20 {
      locate()
      let due = running.keys.filter { [.ring, .update, .mixing].contains($0.kind) }.sorted { $0.leg.rawValue < $1.leg.rawValue }
      guard let timer = due.first else { break }
      fire(timer)
    }
    for (leg, seen) in seen where seen.ends == 0 {
      if seen.offers != 0 { complain("\(leg) still waits for a reply") }
      if seen.isTransferring || seen.joins != nil { complain("\(leg) still waits for what comes of its request") }
      if !machine.legs.contains(leg) { complain("\(leg) does not know that its call is over") }
      if let seat = seats.keys.first(where: { $0.leg == leg }) {
        if seats.keys.count(where: { $0.conference == seat.conference }) < 2 { complain("\(leg) is alone at the mixer") }
        continue
      }
      let talks = conversations.keys.filter { $0.caller == leg || $0.callee == leg }
      if talks.count != 1 { complain("\(leg) is in \(talks.count) conversations") }
      for talk in talks where self.seen[talk.caller == leg ? talk.callee : talk.caller]?.ends != 0 {
        complain("\(leg) is left alone")
      }
    }
  }

  @discardableResult mutating func fire(_ timer: Machine.Timer) -> [Machine.Effect] {
    guard let generation = running.removeValue(forKey: timer) else { return [] }
    return feed(.timerFired(timer, generation: generation))
  }

  /// Whatever is left ends.
  mutating func endItAll() {
    feed(.shutdown)
    if !machine.isOver { complain("the call is not over") }
    for (leg, seen) in seen where seen.ends != 1 { complain("\(leg) was told the end \(seen.ends) times") }
    if !running.isEmpty { complain("timers left: \(running)") }
    if !seats.isEmpty { complain("seats left: \(seats)") }
    if !conversations.isEmpty { complain("conversations left: \(conversations)") }
    if seen.values.contains(where: { $0.isTransferring && $0.ends == 0 }) { complain("a transfer is left") }
  }

  mutating func complain(_ text: String) {
    complaints.append(text)
  }

  // MARK: - Observing

  private mutating func answered(_ leg: SessionID, _ request: Machine.Request, _ answer: Machine.Answer) {
    let isAccepted = answer.httpStatus == 200
    if isAccepted != (answer.body.statusCode == .success) { complain("status and code disagree") }
    guard isAccepted else { return }
    switch request {
    case .offer(let content):
      if let sdp = content.sdp, sdp == seen[leg]?.latestOffer, seen[leg]?.offers ?? 0 > 0 { return }  // The same request again.
      described(leg)
      seen[leg]?.latestOffer = content.sdp
      seen[leg]?.offers += 1
      seen[leg]?.isAsking = content.sdp == nil
    case .reply:
      described(leg)
      if seen[leg]?.owes == .offer { seen[leg]?.offers += 1 }
      seen[leg]?.owes = nil
    case .answer(let content, _):
      described(leg)
      if let first = seen[leg]?.answer {
        if first != content.sdp { complain("two answers of \(leg)") }
      } else {
        seen[leg]?.answer = content.sdp
        if seen[leg]?.wasInvitedWithoutOffer == true { seen[leg]?.offers += 1 }
      }
    case .transfer:
      if seen[leg]?.isTransferring == true { complain("two transfers of \(leg)") }
      seen[leg]?.isTransferring = true
      transfers += 1
    case .join(.farEnd(let second), as: let session, _):
      for original in [leg, second] { seen[original]?.joins = session }
      seen[session] = Seen(offers: 1)
      joins += 1
    case .join, .ringing, .reject, .forward, .end, .refuse, .candidates, .customHeaders, .audit, .read, .unsupported, .unknown:
      break
    }
  }

  private mutating func described(_ leg: SessionID) {
    seen[leg]?.descriptions += 1
  }

  private mutating func observe(_ effect: Machine.Effect) {
    switch effect {
    case .respond: break
    case .notify(let leg, let notification, only: nil): notified(leg, notification)
    case .notify(_, let notification, _):
      if notification.eventType != .callEnd { complain("\(notification.eventType) for one device") }
    case .startTimer(let timer, let generation, _):
      if let old = running.updateValue(generation, forKey: timer) { stale.append((timer, old)) }
    case .cancelTimer(let timer):
      if let generation = running.removeValue(forKey: timer) {
        stale.append((timer, generation))
      } else {
        complain("\(timer) was not running")
      }
    case .locate(let user, let leg):
      if user != Fixture.call.callee.user || seen[leg]?.answer == nil { complain("nobody is to be found for \(leg)") }
      locating.append(leg)
    case .mix(let seat, let order): ordered(order, at: seat)
    case .record(let conversation, .begun):
      if conversations.updateValue(false, forKey: conversation) != nil { complain("\(conversation) begins twice") }
    case .record(let conversation, .answered):
      if conversations.updateValue(true, forKey: conversation) != false { complain("\(conversation) is answered, but how?") }
    case .record(let conversation, .ended):
      if conversations.removeValue(forKey: conversation) == nil { complain("\(conversation) ends without beginning") }
    }
  }

  private mutating func notified(_ leg: SessionID, _ notification: Notification) {
    checkParties(leg, notification)
    if seen[leg]?.ends ?? 0 > 0 { complain("\(notification.eventType) after the end of \(leg)") }
    switch notification.eventType {
    case .call:
      if leg == .caller, seen[leg]?.answer != nil { complain("\(leg) rings twice") }
      seen[leg, default: Seen()].wasInvitedWithoutOffer = notification.sessionParams?.sdp == nil
    case .ringing: seen[leg]?.hasRung = true
    case .callEnd: end(leg)
    case .callCancel:
      if seen[leg]?.answer == nil { end(leg) }
    case .sessionComplete, .sessionFail:
      if seen[leg]?.isTransferring != true, seen[leg]?.joins == nil {
        complain("\(notification.eventType) for \(leg), which has asked for nothing")
      }
      seen[leg]?.isTransferring = false
      if notification.eventType == .sessionComplete {
        if seen[leg]?.joins == nil { successes += 1 } else { conferences += 1 }
        end(leg)
      }
    case .startCallUpdate: given(leg, notification)
    case .respondCallUpdate: replied(leg, notification)
    case .iceCandidate, .trying: break
    default: complain("\(notification.eventType) is none of ours")
    }
  }

  private mutating func end(_ leg: SessionID) {
    seen[leg]?.ends += 1
    seen[leg]?.offers = 0
    // The host's client goes back to the two calls when the joined one ends.
    for original in legs where seen[original]?.joins == leg || original == leg { seen[original]?.joins = nil }
  }

  private mutating func checkParties(_ leg: SessionID, _ notification: Notification) {
    let parties = notification.callNotificationParams
    let both = [parties?.callerDisplayNumber, parties?.calleeDisplayNumber]
    if notification.sessionParams?.sessionData != leg { complain("a foreign session id") }
    if both.contains(nil) || !both.contains(parties?.remoteDisplayNumber) || both[0] == both[1] {
      complain("the parties are not named: \(both), \(parties?.remoteDisplayNumber ?? "-")")
    }
  }

  private mutating func given(_ leg: SessionID, _ notification: Notification) {
    if seen[leg]?.offers ?? 0 > 0 { complain("an offer for \(leg), whose own is outstanding") }
    seen[leg]?.owes = notification.sessionParams?.sdp == nil ? .offer : .answer
  }

  /// A leg got the reply to its offer: an answer, a refusal, or the offer that it had asked for and now answers itself.
  private mutating func replied(_ leg: SessionID, _ notification: Notification) {
    if notification.statusCode == nil {
      if seen[leg]?.lastGiven == notification { return }  // Handed over again.
      seen[leg]?.lastGiven = notification
      if leg == .caller, seen[leg]?.hasRung == false { complain("an answer before ringing") }
    }
    seen[leg]?.offers -= 1
    if seen[leg]?.offers != 0 { complain("\(leg) has \(seen[leg]?.offers ?? 0) offers after a reply") }
    if notification.statusCode == nil, seen[leg]?.isAsking == true { seen[leg]?.owes = .answer }
    seen[leg]?.isAsking = false
  }
}
