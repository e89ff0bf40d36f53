import KandyTesting
import LinkLogic
import LinkProtocol
import Testing

private typealias Fixture = GatewayCallFixture

@Suite struct GatewayCallEndTests {
  @Test(.spec("R-CALL-70")) func hangingUpTellsBothEndsAndPassesTheReasonOn() {
    var machine = Fixture.answered()
    #expect(
      machine.handle(.request(.callee, .end(reasonText: "Ended by local user"))) == [
        Fixture.ok, Fixture.toBob(.callEnd),
        Fixture.toAlice(.callEnd, SessionParams(sessionData: "sA", reasonText: "Ended by local user")),
        .cancelTimer(.audit(.caller)), .cancelTimer(.audit(.callee)), Fixture.over(.ended(by: .callee)),
      ])
    machine = Fixture.answered()
    #expect(
      machine.handle(.request(.caller, .end(reasonText: nil))) == [
        Fixture.ok, Fixture.toBob(.callEnd), Fixture.toAlice(.callEnd),
        .cancelTimer(.audit(.caller)), .cancelTimer(.audit(.callee)), Fixture.over(.ended(by: .caller)),
      ])
  }

  @Test(.spec("R-CALL-73", "R-CALL-96", "R-CALL-102"))
  func everythingAfterTheEndIsAboutACallThatDoesNotExist() {
    let content = Machine.Content(sdp: "X")
    let requests: [Machine.Request] = [
      .ringing, .answer(content, device: nil), .reject, .end(reasonText: nil), .offer(content), .reply(content), .refuse,
      .candidates([]), .customHeaders(Machine.Content(sdp: nil)), .audit, .unsupported(.refer), .unknown,
    ]
    var machine = Fixture.answered()
    _ = machine.handle(.request(.caller, .end(reasonText: nil)))
    for leg in Machine.Leg.both {
      for request in requests { #expect(machine.handle(.request(leg, request)) == [Fixture.noCall]) }
      #expect(
        machine.handle(.request(leg, .read)) == [Fixture.failure(404, 47, "The session does not exist.")])
    }
  }

  @Test(.spec("R-CALL-102")) func anAnsweredCallSaysSo() {
    var machine = Fixture.answered()
    #expect(
      machine.ask(.caller, .read) == [
        .respond(Machine.Answer(httpStatus: 200, body: CallControlResponse(state: .answered)))
      ])
  }

  @Test(.spec("R-CALL-96")) func aLegThatFallsSilentEndsTheCall() {
    var machine = Fixture.answered()
    let effects = machine.handle(.request(.callee, .audit))
    #expect(effects == [Fixture.ok, .startTimer(.audit(.callee), generation: 4, after: .seconds(100))])
    // The timer from before the audit is stale.
    #expect(machine.handle(.timerFired(.audit(.callee), generation: 3)) == [])
    #expect(
      machine.handle(.timerFired(.audit(.callee), generation: 4)) == [
        Fixture.toBob(.callEnd, Fixture.ended("sB", 480, "Temporarily Unavailable")),
        Fixture.toAlice(.callEnd, Fixture.ended("sA", 480, "Temporarily Unavailable")),
        .cancelTimer(.audit(.caller)), Fixture.over(.lost(.callee)),
      ])
  }

  @Test func anyRequestShowsThatTheLegIsThere() {
    var machine = Fixture.answered()
    for request in [
      Machine.Request.ringing, .candidates([]), .customHeaders(Machine.Content(sdp: nil)), .read, .unknown,
      .offer(Machine.Content(sdp: "A2")), .unsupported(.refer),
    ] {
      let effects = machine.handle(.request(.caller, request))
      #expect(Machine.generation(of: .audit(.caller), in: effects) != nil, "\(request)")
      #expect(Machine.generation(of: .audit(.callee), in: effects) == nil, "\(request)")
    }
  }

  @Test func aUserWhoseDevicesAreGoneLeavesTheCallAfterAWhile() {
    for leg in Machine.Leg.both {
      var machine = Fixture.answered()
      let effects = machine.handle(.presence(leg, false))
      #expect(effects == [.startTimer(.absence(leg), generation: 4, after: .seconds(10))])
      #expect(machine.handle(.presence(leg, false)) == [])
      #expect(
        machine.handle(.timerFired(.absence(leg), generation: 4)) == [
          Fixture.toBob(.callEnd, Fixture.ended("sB", 480, "Temporarily Unavailable")),
          Fixture.toAlice(.callEnd, Fixture.ended("sA", 480, "Temporarily Unavailable")),
          .cancelTimer(.audit(.caller)), .cancelTimer(.audit(.callee)), Fixture.over(.lost(leg == .caller ? .caller : .callee)),
        ])
    }
  }

  @Test func aUserWhoSubscribesAnewKeepsTheCall() {
    var machine = Fixture.ringing()
    #expect(
      machine.handle(.presence(.callee, false)) == [.startTimer(.absence(.callee), generation: 2, after: .seconds(10))])
    #expect(machine.handle(.presence(.callee, true)) == [.cancelTimer(.absence(.callee))])
    #expect(machine.handle(.timerFired(.absence(.callee), generation: 2)) == [])
    #expect(machine.handle(.presence(.callee, true)) == [])
    #expect(!machine.isOver)
  }

  @Test func theServersEndIsTheEndOfTheCall() {
    var machine = Fixture.answered()
    #expect(
      machine.handle(.shutdown) == [
        Fixture.toBob(.callEnd, Fixture.ended("sB", 480, "Temporarily Unavailable")),
        Fixture.toAlice(.callEnd, Fixture.ended("sA", 480, "Temporarily Unavailable")),
        .cancelTimer(.audit(.caller)), .cancelTimer(.audit(.callee)), Fixture.over(.shutDown),
      ])
    #expect(machine.handle(.shutdown) == [])
    #expect(machine.handle(.presence(.caller, false)) == [])
  }
}
