import KandyTesting
import LinkLogic
import LinkProtocol
import Testing

private typealias Fixture = GatewayCallFixture

/// Alice calls Bob, who sends the call to Carol.
@Suite struct GatewayCallForwardTests {
  let toCarol = Machine.Conversation(caller: .caller, callee: "sC")

  private func forwarded(_ reach: Machine.Reach = .online) -> (Machine, [Machine.Effect]) {
    var machine = Fixture.ringing()
    let effects = machine.handle(.request(.callee, .forward(Fixture.carol(reach))))
    return (machine, effects)
  }

  @Test(.spec("R-CALL-80", "R-CALL-83", "R-CALL-212"))
  func aForwardedCallStopsRingingHereAndRingsThere() {
    var machine = Machine(Fixture.call)
    let custom = [CustomParameter(name: "X-GPS", value: "48.20,16.37")]
    _ = machine.handle(.start(Machine.Content(sdp: "A1", customParameters: custom), callee: .online))
    _ = machine.handle(.notified(.callee))
    let invitation = SessionParams(sessionData: "sC", sdp: "A1", actions: ["reject", "forward", "answer"])
    #expect(
      machine.handle(.request(.callee, .forward(Fixture.carol()))) == [
        Fixture.ok, Fixture.toBob(.callCancel), .cancelTimer(.ring(.callee)),
        Fixture.over(.forwarded(to: "carol@example.com")),
        .record(
          toCarol,
          .begun(caller: Fixture.call.caller, callee: Fixture.carolClark, .forwarded(by: "bob@example.com"))),
        Fixture.notify("sC", .call, invitation, Fixture.forCarol, custom: custom),
        .startTimer(.ring("sC"), generation: 2, after: .seconds(60)),
      ])
    #expect(machine.handle(.request(.callee, .answer(Machine.Content(sdp: "B1"), device: nil))) == [Fixture.noCall])
  }

  @Test(.spec("R-CALL-98")) func theCallerHearsRingingAgainAndWhereItRings() {
    var (machine, _) = forwarded()
    // Bob's device had been on its way to ring.
    #expect(machine.handle(.notified(.callee)) == [])
    #expect(
      machine.handle(.notified("sC")) == [
        Fixture.notify(.caller, .ringing, SessionParams(sessionData: "sA"), Fixture.forAliceOfCarol)
      ])
    #expect(machine.handle(.notified("sC")) == [])
  }

  @Test(.spec("R-CALL-193", "R-CALL-157")) func whoeverItWasForwardedToAnswers() {
    var (machine, _) = forwarded()
    #expect(
      machine.handle(.request("sC", .answer(Machine.Content(sdp: "C1"), device: nil))) == [
        Fixture.ok, Fixture.notify("sC", .callCancel, SessionParams(sessionData: "sC"), Fixture.forCarol),
        Fixture.notify(.caller, .ringing, SessionParams(sessionData: "sA"), Fixture.forAliceOfCarol),
        Fixture.notify(.caller, .respondCallUpdate, Fixture.aliceSDP("C1"), Fixture.forAliceOfCarol),
        .cancelTimer(.ring("sC")),
        .startTimer(.audit(.caller), generation: 3, after: .seconds(100)),
        .startTimer(.audit("sC"), generation: 4, after: .seconds(100)), .record(toCarol, .answered),
      ])
    #expect(
      machine.ask("sC", .end(reasonText: nil)).suffix(1) == [.record(toCarol, .ended(.ended(by: .callee)))])
    #expect(machine.isOver)
  }

  @Test(.spec("R-CALL-220")) func candidatesThatTheCallerSentEarlyReachTheLastCallee() {
    var machine = Fixture.ringing()
    let candidate = ICECandidate(candidate: "candidate:1 1 udp 1 192.0.2.1 9 typ host", sdpMid: "0", sdpMLineIndex: 0)
    _ = machine.ask(.caller, .candidates([candidate]))
    _ = machine.ask(.callee, .forward(Fixture.carol()))
    let effects = machine.ask("sC", .answer(Machine.Content(sdp: "C1\r\na=ice-options:trickle\r\n"), device: nil))
    let params = SessionParams(sessionData: "sC", iceCandidates: [candidate])
    #expect(effects.contains(Fixture.notify("sC", .iceCandidate, params, Fixture.forCarol)))
  }

  @Test(
    .spec("R-CALL-231"),
    arguments: [
      (.unknown, 404, "Not Found", .unknownCallee), (.offline, 480, "Temporarily Unavailable", .calleeOffline),
    ] as [(Machine.Reach, StatusCode, String, Machine.Outcome)])
  func theCallerIsToldThatItCannotRingThere(
    _ reach: Machine.Reach, _ code: StatusCode, _ text: String, _ outcome: Machine.Outcome
  ) {
    let (machine, effects) = forwarded(reach)
    #expect(effects.prefix(2) == [Fixture.ok, Fixture.toBob(.callCancel)])
    #expect(
      effects.suffix(2) == [
        Fixture.notify(.caller, .callEnd, Fixture.ended("sA", code, text), Fixture.forAliceOfCarol),
        .record(toCarol, .ended(outcome)),
      ])
    #expect(machine.isOver)
  }

  @Test func whoeverItWasForwardedToDeclinesOrDoesNotAnswer() {
    var (machine, _) = forwarded()
    #expect(
      machine.handle(.request("sC", .reject)) == [
        Fixture.ok, Fixture.notify("sC", .callCancel, SessionParams(sessionData: "sC"), Fixture.forCarol),
        Fixture.notify(.caller, .callEnd, Fixture.ended("sA", 603, "Decline"), Fixture.forAliceOfCarol),
        .cancelTimer(.ring("sC")), .record(toCarol, .ended(.declined)),
      ])
    (machine, _) = forwarded()
    // Bob's ring time is over long before Carol's.
    #expect(machine.handle(.timerFired(.ring(.callee), generation: 1)) == [])
    #expect(
      machine.handle(.timerFired(.ring("sC"), generation: 2)) == [
        Fixture.notify("sC", .callEnd, Fixture.ended("sC", 487, "Request Terminated"), Fixture.forCarol),
        Fixture.notify(.caller, .callEnd, Fixture.ended("sA", 487, "Request Terminated"), Fixture.forAliceOfCarol),
        .record(toCarol, .ended(.unanswered)),
      ])
  }

  @Test func theCallerGivesUpWhileItRingsThere() {
    var (machine, _) = forwarded()
    #expect(
      machine.handle(.request(.caller, .end(reasonText: nil))) == [
        Fixture.ok, Fixture.notify("sC", .callEnd, Fixture.ended("sC", 487, "Request Terminated"), Fixture.forCarol),
        Fixture.notify(.caller, .callEnd, SessionParams(sessionData: "sA"), Fixture.forAliceOfCarol),
        .cancelTimer(.ring("sC")), .record(toCarol, .ended(.cancelled)),
      ])
  }

  @Test(.spec("R-CALL-83")) func aForwardThatLeadsNowhereFailsAndTheCallKeepsRinging() {
    var machine = Fixture.ringing()
    let inIt = Fixture.failure(400, 37, "A call cannot be forwarded to somebody who is in it.")
    for (destination, failure) in [
      (.unreadable, Fixture.failure(400, 37, "\"address\" is not an address such as carol@example.com.")),
      (.user(Fixture.call.callee, "sX", .online), inIt), (.user(Fixture.call.caller, "sX", .online), inIt),
    ] as [(Machine.Destination, Machine.Effect)] {
      #expect(machine.handle(.request(.callee, .forward(destination))) == [failure])
    }
    #expect(
      machine.handle(.request(.caller, .forward(Fixture.carol()))) == [
        Fixture.failure(409, 37, "Only the called user answers, rejects or forwards.")
      ])
    #expect(machine.ask(.callee, .answer(Machine.Content(sdp: "B1"), device: nil)).first == Fixture.ok)
    #expect(
      machine.ask(.callee, .forward(Fixture.carol())) == [
        Fixture.failure(409, 55, "The call has been answered by another device.")
      ])
  }

  @Test func aCallIsForwardedFiveTimesAtMost() {
    var machine = Fixture.ringing()
    var ringing: SessionID = .callee
    for number in 1...5 {
      let next = SessionID("s\(number)")
      let party = Machine.Party(user: number.isMultiple(of: 2) ? "bob@example.com" : "carol@example.com")
      #expect(machine.handle(.request(ringing, .forward(.user(party, next, .online)))).first == Fixture.ok)
      ringing = next
    }
    #expect(
      machine.handle(.request(ringing, .forward(.user(Fixture.call.callee, "s6", .online)))) == [
        Fixture.failure(409, 37, "The call has been forwarded 5 times already.")
      ])
    #expect(machine.handle(.request(ringing, .answer(Machine.Content(sdp: "C1"), device: nil))).first == Fixture.ok)
  }
}
