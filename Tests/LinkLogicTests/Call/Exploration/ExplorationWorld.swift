import KandyTesting
import LinkProtocol

@testable import LinkLogic

/// One moment of one of the courses that things may take, as numbers of everybody's moments.
struct ExplorationWorld: Hashable {
  var people: SIMD4<Int32>
  var gateway: Int32
  /// How many more things may go wrong.
  var faults: Int32

  func hash(into hasher: inout Hasher) {
    hasher.combine(UInt64(UInt32(people.x)) << 32 | UInt64(UInt32(people.y)))
    hasher.combine(UInt64(UInt32(people.z)) << 32 | UInt64(UInt32(people.w)))
    hasher.combine(UInt64(UInt32(gateway)) << 32 | UInt64(UInt32(faults)))
  }

  static func == (one: Self, other: Self) -> Bool {
    one.gateway == other.gateway && one.faults == other.faults && one.people == other.people
  }
}

/// What the people and the gateway do to each other.
struct ExplorationRules {
  typealias Name = Exploration.Name
  typealias World = ExplorationWorld
  typealias Person = ExplorationPerson

  /// What may happen to one person, worked out once.
  struct Known {
    var options: [ExplorationOption] = []
    var departures: [Int] = []
    var isQuiet = true
    var isGone = false
    var isAbsent = false
    /// Milliseconds until the next timer is due.
    var nextTimer = Int32.max
    var hasOtherTimers = false
    var audits = false
    var mayMistake = false
    var hasMistaken = false
    var view = View()
  }

  /// What the person sees of the call.
  struct View {
    var exists = false
    var isEstablished = false
    var isEnded = false
    var localHold = false
    var remoteHold = false
    var isUnsure = false
    var isBusy = false
  }

  /// What the gateway knows at one moment.
  struct KnownGateway {
    var timers: [ExplorationGateway.Running] = []
    var isDue = false
    var hasWithdrawn = false
    /// By the person's number.
    var knows: [Bool] = []
    var hasInCall: [Bool] = []
    var farEnds: [Name?] = []
  }

  private struct Question: Hashable {
    var number: Int32
    var kind: Int32
    var detail: Int32
  }

  private struct GatewayAnswer {
    var gateway: Int32
    var response: Int32?
    var notifications: [(to: Int, Int32)]
  }

  var tables = ExplorationTables()
  private var gateways = Numbered<ExplorationGateway>()
  private var known: [Known?] = []
  private var knownGateways: [KnownGateway?] = []
  private var gatewayAnswers: [Question: GatewayAnswer] = [:]
  private var pushed: [Question: Int32] = [:]
  private var elapsed: [Question: Int32] = [:]
  private var arrived: [Question: Int32] = [:]

  var clientMoments: Int { tables.clients.count }
  var personMoments: Int { tables.people.count }
  var gatewayMoments: Int { gateways.count }

  func person(_ world: World, _ name: Name) -> Person { tables.people[world.people[name.rawValue]] }
  mutating func gateway(_ world: World) -> KnownGateway { aboutGateway(world.gateway) }

  mutating func beginning(wishes: [Name: Int], faults: Int) -> World {
    var people = SIMD4<Int32>()
    for name in Name.allCases {
      let person = name == .alice ? tables.caller(wishes: wishes[name] ?? 0) : Person(name, wishes: wishes[name] ?? 0)
      people[name.rawValue] = tables.number(of: person)
    }
    let alice = tables.wish(.make, tables.people[people[0]])
    people[0] = alice?.person ?? people[0]
    return World(people: people, gateway: gateways.number(of: ExplorationGateway()), faults: Int32(faults))
  }

  mutating func about(_ number: Int32) -> Known {
    if known.count <= Int(number) { known += Array(repeating: nil, count: Int(number) + 1024 - known.count) }
    if let found = known[Int(number)] { return found }
    let person = tables.people[number]
    var found = Known(options: tables.options(person), departures: person.departures, isQuiet: person.isQuiet)
    found.isGone = person.isGone
    found.isAbsent = person.isAbsent
    found.nextTimer = person.timers.map(\.remaining).min() ?? .max
    found.hasOtherTimers = person.timers.contains { $0.timer != .audit }
    found.mayMistake = person.mayMistake || person.isUnsure
    found.hasMistaken = person.hasMistaken
    found.audits = person.timers.contains { $0.timer == .audit }
    if let client = tables.client(of: person) {
      let facts = client.machine.facts
      found.view = View(
        exists: true, isEstablished: facts.state.isEstablished, isEnded: facts.state == .ended, localHold: facts.localHold,
        remoteHold: facts.remoteHold, isUnsure: person.isUnsure, isBusy: client.isBusy)
    } else {
      found.view.isEnded = person.isGone
    }
    known[Int(number)] = found
    return found
  }

  mutating func aboutGateway(_ number: Int32) -> KnownGateway {
    if knownGateways.count <= Int(number) {
      knownGateways += Array(repeating: nil, count: Int(number) + 1024 - knownGateways.count)
    }
    if let found = knownGateways[Int(number)] { return found }
    let gateway = gateways[number]
    let names = Name.allCases
    let found = KnownGateway(
      timers: gateway.timers, isDue: gateway.timers.contains { $0.remaining == 0 }, hasWithdrawn: gateway.hasWithdrawn,
      knows: names.map { gateway.knows($0) },
      hasInCall: names.map { gateway.hasInCall($0) }, farEnds: names.map { gateway.farEnd(of: $0) })
    knownGateways[Int(number)] = found
    return found
  }

  // MARK: - The gateway

  /// What the gateway may be told besides requests.
  enum GatewayInput {
    case request(Name, Int32)
    case notified(Name)
    case presence(Name, Bool)
    case timer(Int)
    case elapse(Int32)
  }

  /// The gateway takes an input; what it has to say is on its way.
  /// - Returns: the response.
  mutating func tell(_ input: GatewayInput, _ world: inout World) -> Int32? {
    let answer = answer(input, world.gateway)
    world.gateway = answer.gateway
    for (slot, notification) in answer.notifications { world.people[slot] = push(notification, to: world.people[slot]) }
    return answer.response
  }

  private mutating func answer(_ input: GatewayInput, _ number: Int32) -> GatewayAnswer {
    let question: Question =
      switch input {
      case .request(let name, let request): Question(number: number, kind: Int32(name.rawValue), detail: request)
      case .notified(let name): Question(number: number, kind: 4, detail: Int32(name.rawValue))
      case .presence(let name, let on): Question(number: number, kind: on ? 5 : 6, detail: Int32(name.rawValue))
      case .timer(let index): Question(number: number, kind: 7, detail: Int32(index))
      case .elapse(let time): Question(number: number, kind: 8, detail: time)
      }
    if let answer = gatewayAnswers[question] { return answer }
    var gateway = gateways[number]
    let step: ExplorationGateway.Step
    switch input {
    case .request(let name, let request): step = gateway.handle(self.input(tables.requests[request], name))
    case .notified(let name): step = gateway.handle(.notified(name.session))
    case .presence(let name, let on): step = gateway.handle(.presence(name.session, on))
    case .timer(let index): step = gateway.fire(gateway.timers[index].timer)
    case .elapse(let time):
      gateway.elapse(time)
      step = ExplorationGateway.Step()
    }
    let answer = GatewayAnswer(
      gateway: gateways.number(of: gateway), response: step.response.map { tables.number(of: $0) },
      notifications: step.notifications.map { ($0.to.rawValue, tables.number(of: $0.1)) })
    gatewayAnswers[question] = answer
    return answer
  }

  private func input(_ request: CallRequest, _ name: Name) -> GatewayCallMachine.Input {
    switch request {
    case .start(let body): return .start(.init(sdp: body.sdp), callee: .online)
    case .update(let session, let body):
      let target = name.target ?? .carol
      let party = GatewayCallMachine.Party(user: UserAddress(stringLiteral: target.address))
      return .request(
        session, .init(body, device: SubscriptionID("\(name)"), destination: .user(party, target.session, .online)))
    case .end(let session, let reasonText): return .request(session, .end(reasonText: reasonText))
    case .read(let session): return .request(session, .read)
    case .disposition(let body): return .request(body.sessionData, .reject)
    }
  }

  private mutating func push(_ notification: Int32, to number: Int32) -> Int32 {
    let question = Question(number: number, kind: 0, detail: notification)
    if let next = pushed[question] { return next }
    var person = tables.people[number]
    var next = number
    if !person.isGone {
      person.channel.append(notification)
      next = tables.outcome(person, nil).person
    }
    pushed[question] = next
    return next
  }

  // MARK: - Requests

  /// The request reaches the gateway, or does so twice: then the client gets the second response.
  mutating func arrive(_ name: Name, _ index: Int, isDoubled: Bool = false, _ world: inout World) {
    let request = tables.people[world.people[name.rawValue]].errands[index].request
    if isDoubled { _ = tell(.request(name, request), &world) }
    let response = tell(.request(name, request), &world) ?? -1
    // The gateway may have notified the same person.
    let question = Question(number: world.people[name.rawValue], kind: Int32(index), detail: response)
    if let next = arrived[question] {
      world.people[name.rawValue] = next
      return
    }
    var person = tables.people[question.number]
    person.errands[index].stage = .answered(response)
    let next = tables.outcome(person, nil).person
    arrived[question] = next
    world.people[name.rawValue] = next
  }

  /// A second invite would be another call, which the gateway does not know from this one. A refusal that comes twice would refuse both
  /// copies of an offer that was handed over twice (R-CALL-440).
  func mayBeDoubled(_ number: Int32, _ index: Int) -> Bool {
    switch tables.requests[tables.people[number].errands[index].request] {
    case .start: false
    case .update(_, let body): body.type != .respondCallUpdate || body.sdp != nil
    case .read, .end, .disposition: true
    }
  }

  mutating func leave(_ name: Name, _ isAbsent: Bool, _ world: inout World) {
    _ = tell(.presence(name, !isAbsent), &world)
    var person = tables.people[world.people[name.rawValue]]
    person.isAbsent = isAbsent
    world.people[name.rawValue] = tables.number(of: person)
    guard !isAbsent, let outcome = tables.reconnect(person) else { return }
    world.people[name.rawValue] = outcome.person
  }

  // MARK: - Time

  /// Nothing is on its way: time passes until the next timer is due. A sign of life goes to the gateway and is answered in one move: it
  /// matters to nobody else.
  mutating func wait(_ world: inout World) -> String? {
    var time = gateway(world).timers.map(\.remaining).min() ?? .max
    for slot in 0..<4 { time = min(time, about(world.people[slot]).nextTimer) }
    guard time < .max else { return nil }
    _ = tell(.elapse(time), &world)
    for slot in 0..<4 { world.people[slot] = elapse(time, world.people[slot]) }
    for name in Name.allCases {
      if let complaint = audit(name, &world) { return complaint }
    }
    return nil
  }

  private mutating func elapse(_ time: Int32, _ number: Int32) -> Int32 {
    let question = Question(number: number, kind: 0, detail: time)
    if let next = elapsed[question] { return next }
    let next = tables.elapse(time, tables.people[number])
    elapsed[question] = next
    return next
  }

  private mutating func audit(_ name: Name, _ world: inout World) -> String? {
    let person = tables.people[world.people[name.rawValue]]
    guard person.timers.contains(where: { $0.timer == .audit && $0.remaining == 0 }) else { return nil }
    let outcome = tables.fire(.audit, person)
    world.people[name.rawValue] = outcome.person
    if let complaint = outcome.complaint { return complaint }
    guard !tables.people[outcome.person].errands.isEmpty else { return nil }
    arrive(name, 0, &world)
    let audited = tables.people[world.people[name.rawValue]]
    guard let (index, response) = audited.arrivals.first else { return nil }
    let answered = tables.respond(audited, index, response)
    world.people[name.rawValue] = answered.person
    return answered.complaint
  }
}
