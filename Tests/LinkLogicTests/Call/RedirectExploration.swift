import LinkLogic
import LinkProtocol

/// Everything that can happen at the gateway while a call is handed over, in every order up to a depth, breadth first. What is refused
/// changes nothing and is not followed.
struct RedirectExploration {
  private let legs: [SessionID]
  private let start: RedirectWalk
  private var seen: Set<RedirectWalk.Moment> = []
  /// By the number of the moment: the one before, and what happened then.
  private var parents: [Int] = []
  private var inputs: [Machine.Input] = []
  private var level: [(number: Int, walk: RedirectWalk)] = []
  private var next: [(number: Int, walk: RedirectWalk)] = []
  /// How many different moments there were.
  var states: Int { seen.count }
  /// The first thing that went wrong, and how it came to that.
  private(set) var complaint: String?

  /// Alice, who speaks with Bob, has asked that he be transferred to Carol.
  static func transfer(depth: Int) -> RedirectExploration {
    var walk = answered()
    walk.feed(.request(.caller, .transfer(GatewayCallFixture.carol())))
    return RedirectExploration("a transfer", [.caller, .callee, "sC"], walk, depth)
  }

  /// Alice has asked that she be connected with Bob, and rings.
  static func click(depth: Int) -> RedirectExploration {
    RedirectExploration("a click-to-call", Machine.Leg.both, .clicked(), depth)
  }

  /// Alice, who speaks with Bob and Carol, has asked that the two be connected.
  static func consultation(depth: Int) -> RedirectExploration {
    var walk = answered()
    walk.adoptSecondCall()
    walk.feed(.request(.caller, .transfer(.farEnd(of: "sA2"))))
    return RedirectExploration("a consultative transfer", [.caller, .callee, "sA2", "sC"], walk, depth)
  }

  /// Alice, who speaks with Bob and Carol, has asked that the two calls be joined, and the mixer has answered her.
  static func join(depth: Int) -> RedirectExploration {
    var walk = answered()
    walk.adoptSecondCall()
    walk.feed(.request(.caller, .join(.farEnd(of: "sA2"), as: "sJ", Machine.Content(sdp: "J1"))))
    walk.report(.mixed(Machine.Seat(conference: "sJ", leg: "sJ"), .answer("M1")))
    return RedirectExploration("a join", [.caller, .callee, "sA2", "sC", "sJ"], walk, depth)
  }

  private static func answered() -> RedirectWalk {
    var walk = RedirectWalk()
    walk.feed(.start(Machine.Content(sdp: "A1"), callee: .online))
    walk.feed(.request(.callee, .answer(Machine.Content(sdp: "B1"), device: nil)))
    return walk
  }

  private init(_ name: String, _ legs: [SessionID], _ start: RedirectWalk, _ depth: Int) {
    self.legs = legs
    self.start = start
    visit(start, .shutdown, from: -1)
    for _ in 0..<depth where complaint == nil {
      swap(&level, &next)
      next = []
      for (number, walk) in level where complaint == nil { expand(number, walk) }
    }
    for (number, walk) in next { finish(number, walk) }
    print("\(states) states of \(name) at the gateway, to a depth of \(depth) inputs")
  }

  private mutating func expand(_ number: Int, _ walk: RedirectWalk) {
    guard !walk.machine.isOver else { return finish(number, walk) }
    for input in inputs(walk) {
      var next = walk
      let effects = next.take(input)
      if case .respond(let answer) = effects.first, answer.httpStatus != 200, next.complaints.isEmpty { continue }
      visit(next, input, from: number)
    }
  }

  private mutating func visit(_ walk: RedirectWalk, _ input: Machine.Input, from number: Int) {
    guard complaint == nil else { return }
    var walk = walk
    let complaints = walk.complaints
    let isNew = seen.insert(walk.settleDown()).inserted
    guard isNew || !complaints.isEmpty else { return }
    parents.append(number)
    inputs.append(input)
    if complaints.isEmpty { next.append((parents.count - 1, walk)) } else { tell(parents.count - 1) }
  }

  private mutating func finish(_ number: Int, _ walk: RedirectWalk) {
    guard complaint == nil else { return }
    var walk = walk
    walk.settle()
    walk.endItAll()
    if !walk.complaints.isEmpty { tell(number) }
  }

  /// Goes the way there once more.
  private mutating func tell(_ number: Int) {
    var way: [Machine.Input] = []
    var number = number
    while parents[number] >= 0 {
      way.append(inputs[number])
      number = parents[number]
    }
    var walk = start
    for input in way.reversed() { walk.take(input) }
    if walk.complaints.isEmpty {
      walk.settle()
      walk.endItAll()
    }
    complaint = walk.story
  }

  /// What the mixer, the directory, the clients and the clock may do next; a client may also vanish.
  private func inputs(_ walk: RedirectWalk) -> [Machine.Input] {
    var inputs = walk.mixerReports
    if let leg = walk.locating.last {
      inputs += [.online, .offline].map { .located(for: leg, GatewayCallFixture.call.callee, .callee, $0) }
    }
    for leg in legs {
      let content = Machine.Content(sdp: walk.description(of: leg))
      inputs +=
        [
          .answer(content, device: nil), .reject, .end(reasonText: nil), .offer(content), .offer(Machine.Content(sdp: nil)),
          .reply(content), .refuse,
        ].map { .request(leg, $0) }
      var timers: [Machine.Timer] = [.ring(leg), .update(leg), .mixing(leg)]
      if walk.machine.isTalking(leg) { timers.append(.audit(leg)) }
      inputs += timers.compactMap { timer in
        walk.running[timer].map { .timerFired(timer, generation: $0) }
      }
    }
    return inputs
  }
}

extension RedirectWalk {
  /// Whatever it is.
  @discardableResult fileprivate mutating func take(_ input: Machine.Input) -> [Machine.Effect] {
    switch input {
    case .timerFired(let timer, _): return fire(timer)
    case .mixed: return report(input)
    case .located(_, _, _, let reach): return locate(reach)
    case .start, .click, .request, .notified, .presence, .shutdown: return feed(input)
    }
  }
}
