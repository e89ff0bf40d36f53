import LinkLogic
import LinkProtocol

/// Everything that can happen while a call is handed over, in every order up to a depth. What is refused changes nothing and is not
/// followed.
struct RedirectExploration {
  private let legs: [SessionID]
  private(set) var states = 0
  /// The first thing that went wrong, and how it came to that.
  private(set) var complaint: String?

  /// Alice, who speaks with Bob, has asked that he be transferred to Carol.
  static func transfer(depth: Int) -> RedirectExploration {
    var exploration = RedirectExploration(legs: [.caller, .callee, "sC"])
    var walk = answered()
    walk.feed(.request(.caller, .transfer(GatewayCallFixture.carol())))
    exploration.visit(walk, depth)
    print("\(exploration.states) states of a transfer, to a depth of \(depth)")
    return exploration
  }

  /// Alice, who speaks with Bob and Carol, has asked that the two be connected.
  static func consultation(depth: Int) -> RedirectExploration {
    var exploration = RedirectExploration(legs: [.caller, .callee, "sA2", "sC"])
    var walk = answered()
    walk.adoptSecondCall()
    walk.feed(.request(.caller, .transfer(.farEnd(of: "sA2"))))
    exploration.visit(walk, depth)
    print("\(exploration.states) states of a consultative transfer, to a depth of \(depth)")
    return exploration
  }

  /// Alice, who speaks with Bob and Carol, has asked that the two calls be joined, and the mixer has answered her.
  static func join(depth: Int) -> RedirectExploration {
    var exploration = RedirectExploration(legs: [.caller, .callee, "sA2", "sC", "sJ"])
    var walk = answered()
    walk.adoptSecondCall()
    walk.feed(.request(.caller, .join(.farEnd(of: "sA2"), as: "sJ", Machine.Content(sdp: "J1"))))
    walk.report(.mixed(Machine.Seat(conference: "sJ", leg: "sJ"), .answer("M1")))
    exploration.visit(walk, depth)
    print("\(exploration.states) states of a join, to a depth of \(depth)")
    return exploration
  }

  private static func answered() -> RedirectWalk {
    var walk = RedirectWalk()
    walk.feed(.start(Machine.Content(sdp: "A1"), callee: .online))
    walk.feed(.request(.callee, .answer(Machine.Content(sdp: "B1"), device: nil)))
    return walk
  }

  private init(legs: [SessionID]) {
    self.legs = legs
  }

  private mutating func visit(_ walk: RedirectWalk, _ depth: Int) {
    guard complaint == nil else { return }
    states += 1
    guard depth > 0, !walk.machine.isOver else { return finish(walk) }
    for input in walk.mixerReports {
      var next = walk
      next.report(input)
      visit(next, depth - 1)
    }
    for leg in legs {
      for request in requests(of: leg, depth) {
        var machine = walk.machine
        if case .respond(let answer) = machine.handle(.request(leg, request)).first, answer.httpStatus != 200 { continue }
        var next = walk
        next.feed(.request(leg, request))
        visit(next, depth - 1)
      }
      for timer in [Machine.Timer.ring(leg), .update(leg), .mixing(leg)] where walk.running[timer] != nil {
        var next = walk
        next.fire(timer)
        visit(next, depth - 1)
      }
      // The leg's client vanishes.
      if walk.machine.isTalking(leg) {
        var next = walk
        next.fire(.audit(leg))
        visit(next, depth - 1)
      }
    }
  }

  private mutating func finish(_ walk: RedirectWalk) {
    var walk = walk
    walk.settle()
    walk.endItAll()
    if !walk.complaints.isEmpty { complaint = walk.story }
  }

  private func requests(of leg: SessionID, _ number: Int) -> [Machine.Request] {
    let content = Machine.Content(sdp: "\(leg) \(number)")
    return [
      .answer(content, device: nil), .reject, .end(reasonText: nil), .offer(content), .offer(Machine.Content(sdp: nil)),
      .reply(content), .refuse,
    ]
  }
}
