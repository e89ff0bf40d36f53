import Foundation
import KandyTesting
import LinkLogic
import LinkProtocol
import Testing

private typealias Fixture = GatewayCallFixture

/// Two calls that are joined, sometimes again and again, while anything happens at any time.
@Suite struct GatewayJoinWalkTests {
  @Test(.spec("R-CALL-3", "R-CALL-441", "R-CALL-662", "R-CALL-838"), arguments: 1...20)
  func whateverHappensNobodyIsForgotten(seed: Int) {
    var random = SplitMix64(seed: UInt64(seed))
    var (joins, conferences) = (0, 0)
    for round in 0..<50 {
      var walk = RedirectWalk()
      if round.isMultiple(of: 3) {
        walk = .connectedByClick()
      } else {
        walk.feed(.start(Machine.Content(sdp: "A1"), callee: .online))
        walk.feed(.notified(.callee))
        walk.feed(.request(.callee, .answer(Machine.Content(sdp: "B1"), device: nil)))
      }
      walk.adoptSecondCall()
      for _ in 0..<Int.random(in: 1...80, using: &random) { step(&walk, &random) }
      walk.settle()
      walk.endItAll()
      joins += walk.joins
      conferences += walk.conferences
      if !walk.complaints.isEmpty {
        Issue.record("seed \(seed), round \(round): \(walk.story)")
        return
      }
    }
    #expect(2 * joins > conferences && conferences > 0, "the walk does not get around")
  }

  /// What a client, the mixer or the clock may do next.
  private func step(_ walk: inout RedirectWalk, _ random: inout SplitMix64) {
    let leg = walk.legs.randomElement(using: &random) ?? .caller
    let text = "X\(walk.history.count)"
    let content = Machine.Content(sdp: [text, "\(text) a=ice-options:trickle", nil].randomElement(using: &random) ?? nil)
    func ask(_ request: Machine.Request) { walk.feed(.request(leg, request)) }
    switch Int.random(in: 0..<40, using: &random) {
    case 0: if Int.random(in: 0..<4, using: &random) == 0 { ask(.end(reasonText: nil)) }
    case 1, 2: ask(.offer(content))
    case 3: ask(.reply(content))
    case 4: ask(.refuse)
    case 5: ask(.candidates([ICECandidate(candidate: "candidate", sdpMid: "0", sdpMLineIndex: 0)]))
    case 6: ask(.audit)
    case 7: walk.feed(.presence(leg, Bool.random(using: &random)))
    case 8, 9:
      let second = walk.legs.randomElement(using: &random) ?? "sA2"
      ask(.join(.farEnd(of: second), as: SessionID("j\(walk.history.count)"), content))
    case 10, 11, 12:
      walk.feed(
        .request(
          .caller, .join(.farEnd(of: "sA2"), as: SessionID("j\(walk.history.count)"), Machine.Content(sdp: text))))
    case 13: ask(.transfer(.farEnd(of: walk.legs.randomElement(using: &random) ?? .caller)))
    case 14:
      let timers = walk.running.keys.sorted { "\($0)" < "\($1)" }
      if let timer = timers.randomElement(using: &random) { walk.fire(timer) }
    case 15:
      if let (timer, generation) = walk.stale.randomElement(using: &random),
        !walk.feed(.timerFired(timer, generation: generation)).isEmpty
      {
        walk.complain("a stale timer did something")
      }
    case 16:
      // The mixer reports what nobody has asked for any more.
      if let seat = walk.leftSeats.sorted(by: { "\($0)" < "\($1)" }).randomElement(using: &random),
        !walk.feed(.mixed(seat, [.accepted, .answer(text), .failed(.engine)].randomElement(using: &random) ?? .accepted))
          .isEmpty
      {
        walk.complain("a seat that has been left did something")
      }
    case 17...29:
      // Failures are rare.
      let reports = walk.mixerReports.filter {
        if case .mixed(_, .failed) = $0 { Int.random(in: 0..<12, using: &random) == 0 } else { true }
      }
      if let report = reports.randomElement(using: &random) { walk.report(report) }
    default:
      if let input = walk.nextStep(Machine.Content(sdp: text)).randomElement(using: &random) { walk.feed(input) }
    }
  }

  // MARK: - Every order of events

  @Test(.spec("R-CALL-838", "R-CALL-662")) func inEveryOrderAJoinIsDecided() {
    let exploration = RedirectExploration.join(depth: 4)
    #expect(exploration.complaint == nil && exploration.states > 1_000)
  }
}
