import KandyTesting
import LinkLogic
import LinkProtocol
import Testing

private typealias Fixture = GatewayCallFixture

/// Calls that are forwarded and handed over while anything happens at any time.
@Suite struct GatewayRedirectWalkTests {
  @Test(.spec("R-CALL-3", "R-CALL-214", "R-CALL-441", "R-CALL-662"), arguments: 1...10)
  func whateverHappensNobodyIsForgotten(seed: Int) {
    var random = SplitMix64(seed: UInt64(seed))
    var (transfers, successes) = (0, 0)
    for round in 0..<50 {
      var walk = begin(&random)
      var last: Machine.Input?
      for _ in 0..<Int.random(in: 1...80, using: &random) {
        // A request may come twice, and long after its time.
        if let last, Int.random(in: 0..<8, using: &random) == 0 { walk.feed(last) } else { last = step(&walk, &random) }
      }
      walk.settle()
      walk.endItAll()
      transfers += walk.transfers
      successes += walk.successes
      if !walk.complaints.isEmpty {
        Issue.record("seed \(seed), round \(round): \(walk.story)")
        return
      }
    }
    #expect(transfers > successes && successes > 0, "the walk does not get around")
  }

  private func begin(_ random: inout SplitMix64) -> RedirectWalk {
    var walk = RedirectWalk()
    let isAnswered = Int.random(in: 0..<4, using: &random) > 0
    if Int.random(in: 0..<3, using: &random) == 0 {
      walk = isAnswered ? .connectedByClick() : .clicked()
    } else {
      walk.feed(.start(Machine.Content(sdp: "A1"), callee: .online))
      if isAnswered {
        walk.feed(.notified(.callee))
        walk.feed(.request(.callee, .answer(Machine.Content(sdp: "B1"), device: nil)))
      }
    }
    if Bool.random(using: &random) { walk.adoptSecondCall() }
    return walk
  }

  private func destination(_ walk: RedirectWalk, _ random: inout SplitMix64) -> Machine.Destination {
    let users: [UserAddress] = ["alice@example.com", "bob@example.com", "carol@example.com", "dave@example.com"]
    let reach: [Machine.Reach] = [.online, .online, .online, .online, .offline, .unknown]
    switch Int.random(in: 0..<8, using: &random) {
    case 0: return .unreadable
    case 1: return .unknownSession
    case 2, 3, 4: return .farEnd(of: walk.legs.randomElement(using: &random) ?? .caller)
    default:
      let party = Machine.Party(user: users.randomElement(using: &random) ?? "carol@example.com")
      let session = SessionID("s\(walk.history.count)")
      return .user(party, session, reach.randomElement(using: &random) ?? .online)
    }
  }

  /// What a client or the clock may do next.
  private func step(_ walk: inout RedirectWalk, _ random: inout SplitMix64) -> Machine.Input? {
    let leg = walk.legs.randomElement(using: &random) ?? .caller
    let text = "X\(walk.history.count)"
    let content = Machine.Content(sdp: [text, "\(text) a=ice-options:trickle", nil].randomElement(using: &random) ?? nil)
    func ask(_ request: Machine.Request) -> Machine.Input { .request(leg, request) }
    var input: Machine.Input?
    switch Int.random(in: 0..<36, using: &random) {
    case 0: input = .notified(leg)
    case 1, 2, 3: input = ask(.answer(content, device: ["desk", nil].randomElement(using: &random) ?? nil))
    case 4: if Int.random(in: 0..<3, using: &random) == 0 { input = ask(.reject) }
    case 5: if Int.random(in: 0..<4, using: &random) == 0 { input = ask(.end(reasonText: nil)) }
    case 6, 7: input = ask(.offer(content))
    case 8, 9, 10, 11, 12: input = ask(.reply(content))
    case 13: input = ask(.refuse)
    case 14: input = ask(.candidates([ICECandidate(candidate: "candidate", sdpMid: "0", sdpMLineIndex: 0)]))
    case 15: input = ask(.audit)
    case 16: input = .presence(leg, Bool.random(using: &random))
    case 17, 18: input = ask(.forward(destination(walk, &random)))
    case 19, 20, 21: input = ask(.transfer(destination(walk, &random)))
    case 22:
      let timers = walk.running.keys.sorted { "\($0)" < "\($1)" }
      if let timer = timers.randomElement(using: &random) { walk.fire(timer) }
    case 23 where !walk.locating.isEmpty:
      walk.locate([.online, .online, .online, .offline, .unknown].randomElement(using: &random) ?? .online)
    case 23...33: input = walk.nextStep(Machine.Content(sdp: text)).randomElement(using: &random)
    default:
      if let (timer, generation) = walk.stale.randomElement(using: &random) {
        if !walk.feed(.timerFired(timer, generation: generation)).isEmpty {
          walk.complaints.append("a stale timer did something")
        }
      }
    }
    if let input { walk.feed(input) }
    return input
  }

  // MARK: - Every order of events

  @Test(.spec("R-CALL-214", "R-CALL-662")) func inEveryOrderATransferIsDecided() {
    let exploration = RedirectExploration.transfer(depth: 5)
    #expect(exploration.complaint == nil && exploration.states > 1_000)
  }

  @Test(.spec("R-CALL-838", "R-CALL-662")) func inEveryOrderAConsultationIsDecided() {
    let exploration = RedirectExploration.consultation(depth: 4)
    #expect(exploration.complaint == nil && exploration.states > 1_000)
  }
}
