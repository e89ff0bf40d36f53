import KandyTesting
import LinkLogic
import LinkProtocol
import Testing

/// Random walks through everything that an application, a server and the network can do, in any order.
struct SessionMachineWalkTests {
  @Test(arguments: 0..<300 as Range<UInt64>) func everyWalkEndsCleanly(seed: UInt64) {
    var world = World(seed: seed)
    for _ in 0..<400 { world.step() }
    world.settle()
    let violations = world.violations
    #expect(violations == [], "seed \(seed)")
  }
}

/// A machine, a server that remembers what it granted, and a network that answers late or never.
private struct World {
  private var machine = SessionMachine(
    settings: SessionMachine.Settings(backoff: Backoff.Policy(limit: 3, delay: .seconds(1), multiplier: 2)))
  private var random: SplitMix
  private var lastNumber = 0

  /// What the network still owes the machine.
  private var pending: [SessionMachine.Input] = []
  private var timers: [SessionMachine.Timer: Int] = [:]
  private var openSockets: Set<Int> = []
  private var attempts: Set<Int> = []
  /// Subscriptions that exist at the server, by connection.
  private var subscriptions: Set<Int> = []
  /// Those that were told to the machine, and that it does not have to delete: the server ended them, or they were lost.
  private var lapsed: Set<Int> = []
  private var outcomes: [Int: Int] = [:]
  private var forgotten: Set<Int> = []
  private var known: Set<Int> = []
  private(set) var violations: [String] = []

  init(seed: UInt64) { random = SplitMix(state: seed) }

  // MARK: Steps

  mutating func step() {
    switch random.next(15) {
    case 0, 1: connect(isUsable: random.next(8) != 0)
    case 2: request { .disconnect($0) }
    case 3: request { .updateServices($0, ["call"]) }
    case 4: handle(.checkConnectivity(random.next(2) == 0))
    case 5: if let socket = random.pick(openSockets.sorted()) { close(socket, code: [nil, 1000, 1006][random.next(3)]) }
    case 6: if let connection = random.pick(subscriptions.sorted()) { serverEnds(connection) }
    case 7, 8: fireTimer()
    case 9: if lastNumber > 0 { handle(.abandon(lastNumber - random.next(min(4, lastNumber)))) }
    default: answer()
    }
  }

  /// Answers everything that is owed, fires what runs out, disconnects: the machine has to be idle then.
  mutating func settle() {
    request { .disconnect($0) }
    for _ in 0..<200 where !pending.isEmpty { answer() }
    request { .disconnect($0) }
    for _ in 0..<200 where !pending.isEmpty { answer() }
    check(pending.isEmpty, "the network still owes \(pending)")
    check(machine.phase == .idle && !machine.isPending, "the machine rests in \(machine.phase)")
    check(timers.isEmpty, "timers run: \(timers)")
    check(openSockets.isEmpty && attempts.isEmpty, "sockets are left: \(openSockets) \(attempts)")
    check(subscriptions.subtracting(lapsed).isEmpty, "subscriptions are left: \(subscriptions.subtracting(lapsed))")
    for number in 1...lastNumber { check(outcomes[number] == 1, "request \(number) had \(outcomes[number] ?? 0) outcomes") }
    check(known.subtracting(forgotten).isEmpty, "connections are remembered: \(known.subtracting(forgotten))")
  }

  private mutating func connect(isUsable: Bool) {
    lastNumber += 1
    let name = ["alice@example.com", "bob@example.com"][random.next(2)]
    handle(.connect(SessionFixture.request(lastNumber, username: name, isUsable: isUsable)))
  }

  private mutating func request(_ input: (Int) -> SessionMachine.Input) {
    lastNumber += 1
    handle(input(lastNumber))
  }

  private mutating func fireTimer() {
    guard let timer = random.pick(timers.keys.sorted { "\($0)" < "\($1)" }), let generation = timers[timer] else { return }
    timers[timer] = nil
    handle(.timerFired(timer, generation: generation))
  }

  private mutating func close(_ socket: Int, code: Int?) {
    openSockets.remove(socket)
    handle(.socketClosed(socket, code: code))
  }

  private mutating func serverEnds(_ connection: Int) {
    lapsed.insert(connection)
    pending.append(.gone(connection, retryAfter: nil))
  }

  /// Lets one owed answer arrive, in any order.
  private mutating func answer() {
    guard !pending.isEmpty else { return }
    let input = pending.remove(at: random.next(pending.count))
    switch input {
    case .subscribed(let number, .success):
      subscriptions.insert(number)
    case .unsubscribed(let number):
      subscriptions.remove(number)
    case .socketOpened(let attempt):
      guard attempts.remove(attempt) != nil else { return }  // was abandoned
      openSockets.insert(attempt)
    case .socketFailed(let attempt):
      guard attempts.remove(attempt) != nil else { return }
    default:
      break
    }
    handle(input)
  }

  // MARK: Performing

  private mutating func handle(_ input: SessionMachine.Input) {
    let wasConnected = machine.isConnected ? machine.phase : nil
    for effect in machine.handle(input) { perform(effect) }
    if machine.phase == .idle { check(!machine.isPending && !machine.isConnected, "idle and yet connected") }
    if machine.phase == .connected { check(timers[.refresh] != nil || owesRefresh, "connected without a refresh to come") }
    if wasConnected != nil, machine.phase == .idle { check(timers.isEmpty, "timers survive the connection") }
  }

  private var owesRefresh: Bool {
    pending.contains { if case .refreshed = $0 { true } else { false } }
  }

  private mutating func perform(_ effect: SessionMachine.Effect) {
    switch effect {
    case .report, .connected, .webSocketOpened, .sendKeepalive, .readSocket:
      break
    case .finish(let number, _):
      outcomes[number, default: 0] += 1
    case .subscribe(let number, _):
      known.insert(number)
      pending.append(.subscribed(number, subscribeAnswer(number)))
    case .refresh(let number, _, _):
      check(!owesRefresh || !pending.contains { $0.isRefresh(of: number) }, "two requests at once")
      pending.append(.refreshed(number, refreshAnswer(number)))
    case .unsubscribe(let number, let path):
      check(path == "/subscription/\(number)", "a foreign subscription is deleted")
      check(!forgotten.contains(number), "connection \(number) was forgotten before it was deleted")
      pending.append(.unsubscribed(number))
    case .openSocket(let attempt, let number, let path, _):
      check(path == "/websocket/\(number)", "a foreign channel is opened")
      attempts.insert(attempt)
      pending.append(random.next(3) == 0 ? .socketFailed(attempt) : .socketOpened(attempt))
    case .closeSocket(let attempt):
      attempts.remove(attempt)
      openSockets.remove(attempt)
    case .startTimer(let timer, let generation, _):
      timers[timer] = generation
    case .cancelTimer(let timer):
      timers[timer] = nil
    case .ended(let number):
      // A lost connection's subscription lapses at the server; a deleted one is gone already.
      lapsed.insert(number)
    case .forget(let number):
      check(forgotten.insert(number).inserted, "connection \(number) was forgotten twice")
    }
  }

  private mutating func subscribeAnswer(_ number: Int) -> SessionMachine.Answer {
    switch random.next(5) {
    case 0: .failure(SessionMachine.ServerFailure(httpStatus: 403, statusCode: 4, message: "no"))
    default: .success(SessionFixture.granted(number))
    }
  }

  private mutating func refreshAnswer(_ number: Int) -> SessionMachine.Answer {
    switch random.next(6) {
    case 0: .failure(SessionMachine.ServerFailure(httpStatus: 500, message: "no"))
    case 1 where lapsed.contains(number):
      .failure(SessionMachine.ServerFailure(httpStatus: 404, statusCode: 39, message: "gone"))
    default: .success(SessionFixture.refreshed)
    }
  }

  private mutating func check(_ holds: Bool, _ violation: String) {
    if !holds { violations.append(violation) }
  }
}

extension SessionMachine.Input {
  fileprivate func isRefresh(of number: Int) -> Bool {
    if case .refreshed(number, _) = self { true } else { false }
  }
}

/// A small generator whose every sequence follows from its seed.
private struct SplitMix {
  var state: UInt64

  mutating func next(_ bound: Int) -> Int {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return Int((mixed ^ (mixed >> 31)) % UInt64(bound))
  }

  mutating func pick<Value>(_ values: [Value]) -> Value? {
    values.isEmpty ? nil : values[next(values.count)]
  }
}
