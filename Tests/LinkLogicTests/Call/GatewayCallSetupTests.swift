import KandyTesting
import LinkLogic
import LinkProtocol
import Testing

private typealias Fixture = GatewayCallFixture

@Suite struct GatewayCallSetupTests {
  let created = Machine.Effect.respond(
    Machine.Answer(httpStatus: 200, body: CallControlResponse(statusCode: 0, sessionData: "sA")))

  @Test(.spec("R-CALL-3", "R-CALL-43", "R-CALL-157", "R-CALL-181", "R-CALL-831"))
  func aCallIsAcceptedAndThenRingsAtTheCallee() {
    var machine = Machine(Fixture.call)
    let custom = [CustomParameter(name: "X-GPS", value: "48.20,16.37")]
    let bodies: [JSONValue] = [["content": "text"]]
    let effects = machine.handle(
      .start(Machine.Content(sdp: "A1", customParameters: custom, customBodies: bodies), callee: .online))
    let params = SessionParams(sessionData: "sB", sdp: "A1", actions: ["reject", "forward", "answer"])
    #expect(
      effects == [
        created, Fixture.begun, Fixture.toBob(.call, params, custom: custom, bodies: bodies),
        .startTimer(.ring(.callee), generation: 1, after: .seconds(60)),
      ])
    #expect(machine.handle(.start(Machine.Content(sdp: "A1"), callee: .online)) == [])
  }

  @Test(.spec("R-CALL-418")) func aCallWithoutAnOfferIsRefused() {
    var machine = Machine(Fixture.call)
    let effects = machine.handle(.start(Machine.Content(sdp: ""), callee: .online))
    #expect(effects == [Fixture.failure(400, 37, "callStart needs an sdp.")])
    #expect(machine.isOver)
  }

  @Test(.spec("R-CALL-231"))
  func anUnknownCalleeIsToldAfterTheCallWasAccepted() {
    var machine = Machine(Fixture.call)
    #expect(
      machine.handle(.start(Machine.Content(sdp: "A1"), callee: .unknown)) == [
        created, Fixture.begun, Fixture.toAlice(.callEnd, Fixture.ended("sA", 404, "Not Found")), Fixture.over(.unknownCallee),
      ])
  }

  @Test(.spec("R-CALL-231"))
  func aCalleeWithoutDevicesIsUnavailable() {
    var machine = Machine(Fixture.call)
    #expect(
      machine.handle(.start(Machine.Content(sdp: "A1"), callee: .offline)) == [
        created, Fixture.begun, Fixture.toAlice(.callEnd, Fixture.ended("sA", 480, "Temporarily Unavailable")),
        Fixture.over(.calleeOffline),
      ])
  }

  @Test(.spec("R-CALL-98")) func theCallerHearsRingingOnceADeviceHasTheCall() {
    var machine = Machine(Fixture.call)
    _ = machine.handle(.start(Machine.Content(sdp: "A1"), callee: .online))
    #expect(machine.handle(.notified(.callee)) == [Fixture.toAlice(.ringing)])
    #expect(machine.handle(.notified(.callee)) == [])
    #expect(machine.handle(.request(.callee, .ringing)) == [Fixture.ok])
  }

  @Test(.spec("R-CALL-97")) func aDevicesOwnRingingIsPassedOnIfItComesFirst() {
    var machine = Machine(Fixture.call)
    _ = machine.handle(.start(Machine.Content(sdp: "A1"), callee: .online))
    #expect(machine.handle(.request(.callee, .ringing)) == [Fixture.ok, Fixture.toAlice(.ringing)])
    #expect(machine.handle(.notified(.callee)) == [])
    #expect(
      machine.handle(.request(.caller, .ringing)) == [Fixture.failure(409, 37, "Only the called user rings.")])
  }

  @Test(.spec("R-CALL-193", "R-CALL-212", "R-CALL-831"))
  func theFirstAnswerEndsTheRingingAndReachesTheCaller() {
    var machine = Fixture.ringing()
    let custom = [CustomParameter(name: "X-Desk", value: "7")]
    let bodies: [JSONValue] = ["body"]
    let answer = Machine.Content(sdp: "B1", customParameters: custom, customBodies: bodies)
    #expect(
      machine.handle(.request(.callee, .answer(answer, device: nil))) == [
        Fixture.ok, Fixture.toBob(.callCancel),
        Fixture.toAlice(.respondCallUpdate, Fixture.aliceSDP("B1"), custom: custom, bodies: bodies),
        .cancelTimer(.ring(.callee)),
        .startTimer(.audit(.caller), generation: 2, after: .seconds(100)),
        .startTimer(.audit(.callee), generation: 3, after: .seconds(100)), Fixture.established,
      ])
    #expect(machine.isAnswered)
  }

  @Test(.spec("R-CALL-380")) func ringingAlwaysComesBeforeTheAnswer() {
    var machine = Machine(Fixture.call)
    _ = machine.handle(.start(Machine.Content(sdp: "A1"), callee: .online))
    let effects = machine.handle(.request(.callee, .answer(Machine.Content(sdp: "B1"), device: nil)))
    #expect(
      effects.prefix(4) == [
        Fixture.ok, Fixture.toBob(.callCancel), Fixture.toAlice(.ringing),
        Fixture.toAlice(.respondCallUpdate, Fixture.aliceSDP("B1")),
      ])
  }

  @Test func anAnswerNeedsADescriptionAndTheCalledUser() {
    var machine = Fixture.ringing()
    #expect(
      machine.ask(.callee, .answer(Machine.Content(sdp: nil), device: nil)) == [
        Fixture.failure(400, 37, "callAnswer needs an sdp.")
      ])
    #expect(
      machine.ask(.caller, .answer(Machine.Content(sdp: "B1"), device: nil)) == [
        Fixture.failure(409, 37, "Only the called user answers, rejects or forwards.")
      ])
    #expect(
      machine.ask(.caller, .reject) == [Fixture.failure(409, 37, "Only the called user answers, rejects or forwards.")])
    #expect(!machine.isAnswered && !machine.isOver)
  }

  @Test(.spec("R-CALL-49")) func theSecondAnswerIsTooLate() {
    var machine = Fixture.answered()
    let late = Fixture.failure(409, 55, "The call has been answered by another device.")
    #expect(machine.ask(.callee, .answer(Machine.Content(sdp: "B2"), device: nil)) == [late])
    #expect(machine.ask(.callee, .reject) == [late])
    #expect(machine.isAnswered)
  }

  @Test(.spec("R-CALL-49")) func aLoserThatIsKnownIsToldToEndAndNobodyElse() {
    let late = Fixture.failure(409, 55, "The call has been answered by another device.")
    var machine = Fixture.answered(device: "desk")
    #expect(
      machine.ask(.callee, .answer(Machine.Content(sdp: "B2"), device: "mobile")) == [
        late, Fixture.toBob(.callEnd, only: "mobile"),
      ])
    #expect(machine.ask(.callee, .answer(Machine.Content(sdp: "B3"), device: "desk")) == [late])
  }

  @Test(.spec("R-CALL-419")) func theAnswerThatTheCallHasAlreadyIsAcceptedAgainAndAgain() {
    var machine = Fixture.answered()
    for _ in 1...2 { #expect(machine.ask(.callee, .answer(Machine.Content(sdp: "B1"), device: nil)) == [Fixture.ok]) }
  }

  @Test(.spec("R-CALL-82")) func aRejectEndsTheCallOnAllDevices() {
    var machine = Fixture.ringing()
    #expect(
      machine.handle(.request(.callee, .reject)) == [
        Fixture.ok, Fixture.toBob(.callCancel), Fixture.toAlice(.callEnd, Fixture.ended("sA", 603, "Decline")),
        .cancelTimer(.ring(.callee)), Fixture.over(.declined),
      ])
    #expect(machine.handle(.request(.callee, .reject)) == [Fixture.noCall])
  }

  @Test func aCalleeThatDeletesARingingCallRejectsIt() {
    var machine = Fixture.ringing()
    #expect(
      machine.handle(.request(.callee, .end(reasonText: "Ended by local user"))) == [
        Fixture.ok, Fixture.toBob(.callCancel), Fixture.toAlice(.callEnd, Fixture.ended("sA", 603, "Decline")),
        .cancelTimer(.ring(.callee)), Fixture.over(.declined),
      ])
  }

  @Test(.spec("R-CALL-74", "R-CALL-213")) func aCallerThatGivesUpEndsTheCallAtBothEnds() {
    var machine = Fixture.ringing()
    #expect(
      machine.handle(.request(.caller, .end(reasonText: "Ended by local user"))) == [
        Fixture.ok, Fixture.toBob(.callEnd, Fixture.ended("sB", 487, "Request Terminated")),
        Fixture.toAlice(.callEnd), .cancelTimer(.ring(.callee)), Fixture.over(.cancelled),
      ])
  }

  @Test(.spec("R-CALL-410")) func anUnansweredCallEndsAtBothEnds() {
    var machine = Machine(Fixture.call, limits: Machine.Limits(ring: .seconds(5)))
    let started = machine.handle(.start(Machine.Content(sdp: "A1"), callee: .online))
    #expect(started.last == .startTimer(.ring(.callee), generation: 1, after: .seconds(5)))
    #expect(
      machine.handle(.timerFired(.ring(.callee), generation: 1)) == [
        Fixture.toBob(.callEnd, Fixture.ended("sB", 487, "Request Terminated")),
        Fixture.toAlice(.callEnd, Fixture.ended("sA", 487, "Request Terminated")),
        Fixture.over(.unanswered),
      ])
  }

  @Test func aRingTimerThatFiresAfterTheAnswerDoesNothing() {
    var machine = Fixture.answered()
    #expect(machine.handle(.timerFired(.ring(.callee), generation: 1)) == [])
    #expect(machine.isAnswered)
  }

  @Test(.spec("R-CALL-836", "R-CALL-102")) func aRingingCallAnswersAuditsAndItsState() {
    var machine = Fixture.ringing()
    for leg in Machine.Leg.both {
      #expect(machine.handle(.request(leg, .audit)) == [Fixture.ok])
      #expect(
        machine.handle(.request(leg, .read)) == [
          .respond(Machine.Answer(httpStatus: 200, body: CallControlResponse(state: .ringing)))
        ])
      #expect(
        machine.handle(.request(leg, .reply(Machine.Content(sdp: "X")))) == [
          Fixture.failure(409, 37, "The call has not been answered.")
        ])
      #expect(machine.handle(.request(leg, .customHeaders(Machine.Content(sdp: nil)))) == [Fixture.ok])
    }
  }

  /// Before the answer and after it, both ways.
  @Test(.spec("R-CALL-92", "R-CALL-474")) func parametersReachTheFarEndInANotificationThatDoesNothingElse() {
    let parameters = [CustomParameter(name: "X-Desk", value: "8")]
    for var machine in [Fixture.ringing(), Fixture.answered()] {
      for (leg, far) in [(Machine.Leg.caller, Machine.Leg.callee), (.callee, .caller)] {
        let effects = machine.handle(.request(leg, .customHeaders(Machine.Content(sdp: nil, customParameters: parameters))))
        #expect(effects.first == Fixture.ok)
        let told = effects.compactMap { if case .notify(far, let notification, nil) = $0 { notification } else { nil } }
        #expect(told.map(\.eventType) == [.trying])
        #expect(told.map(\.customParameters) == [parameters])
        #expect(told.allSatisfy { $0.sessionParams?.sdp == nil })
      }
    }
  }

  @Test(.spec("R-CALL-441")) func anOfferBeforeTheAnswerHasToWait() {
    var machine = Fixture.ringing()
    let offer = Machine.Request.offer(Machine.Content(sdp: "A2"))
    #expect(
      machine.handle(.request(.caller, offer)) == [Fixture.failure(409, 49, "Request Pending", retryAfter: 3)])
    #expect(
      machine.handle(.request(.callee, offer)) == [Fixture.failure(409, 49, "Request Pending", retryAfter: 1)])
  }

  @Test func whatTheServerDoesNotPerformIsRefusedByName() {
    for var machine in [Fixture.ringing(), Fixture.answered()] {
      #expect(
        machine.ask(.caller, .unsupported(.refer)) == [
          Fixture.failure(403, 35, "This server does not support refer.")
        ])
      #expect(machine.ask(.caller, .unknown) == [Fixture.failure(400, 37, "Unknown type of request.")])
      #expect(!machine.isOver)
    }
  }
}
