import KandyTesting
import LinkLogic
import LinkProtocol
import Testing

private typealias Fixture = GatewayCallFixture

/// Alice speaks with Bob, then with Carol, and connects the two.
@Suite struct GatewayCallConsultationTests {
  typealias Content = Machine.Content

  private let aliceAndCarol = Machine.Conversation(caller: "sA2", callee: "sC")
  private let bobAndCarol = Machine.Conversation(caller: .callee, callee: "sC")
  private let nothing = Machine.Effect.respond(
    Machine.Answer(httpStatus: 409, body: CallControlResponse(statusCode: 37, reasonText: "No offer is waiting for a reply.")))

  /// Alice to Carol, as Alice's second leg and Carol see it.
  private let forAlice2 = Fixture.forAliceOfCarol
  private let forCarol2 = Fixture.forCarol

  private func toAlice2(_ type: EventType, _ params: SessionParams) -> Machine.Effect {
    Fixture.notify("sA2", type, params, forAlice2)
  }

  private func toCarol(
    _ type: EventType, _ params: SessionParams = SessionParams(sessionData: "sC"), of parties: CallNotificationParams,
    statusCode: StatusCode? = nil
  ) -> Machine.Effect {
    Fixture.notify("sC", type, params, parties, statusCode: statusCode)
  }

  // MARK: - Success

  @Test(.spec("R-CALL-85", "R-CALL-88", "R-CALL-206", "R-CALL-838"))
  func theTwoFarEndsAreConnectedAndBothCallsOfTheTransferorEnd() {
    var machine = Fixture.consulting()
    #expect(machine.legs == [.caller, .callee, "sA2", "sC"])
    let asked = machine.ask(.caller, .transfer(.farEnd(of: "sA2")))
    #expect(asked.dropLast() == [Fixture.ok, toCarol(.startCallUpdate, of: Fixture.forCarolOfBob)])
    #expect(Machine.generation(of: .update("sC"), in: asked) != nil)
    let offered = machine.ask("sC", .reply(Content(sdp: "C2 offer")))
    #expect(
      offered.dropLast() == [
        Fixture.ok, .cancelTimer(.update("sC")),
        Fixture.notify(.callee, .startCallUpdate, Fixture.bobSDP("C2 offer"), Fixture.forBobOfCarol),
      ])
    let effects = machine.ask(.callee, .reply(Content(sdp: "B2 answer")))
    let text = "Transfer Successful"
    #expect(
      effects == [
        Fixture.ok,
        toCarol(.respondCallUpdate, SessionParams(sessionData: "sC", sdp: "B2 answer"), of: Fixture.forCarolOfBob),
        Fixture.toAlice(.sessionComplete, Fixture.ended("sA", 9905, text)), .cancelTimer(.audit(.caller)),
        Fixture.over(.transferred(to: "carol@example.com")),
        toAlice2(.callEnd, Fixture.ended("sA2", 9905, text)), .cancelTimer(.audit("sA2")),
        .record(aliceAndCarol, .ended(.transferred(to: "bob@example.com"))),
        .record(
          bobAndCarol,
          .begun(caller: Fixture.call.callee, callee: Fixture.carolClark, .transferred(by: "alice@example.com"))),
        .record(bobAndCarol, .answered), .cancelTimer(.update(.callee)),
      ])
    for session in [SessionID.caller, "sA2"] {
      #expect(machine.ask(session, .end(reasonText: nil)).first == Fixture.ok)
      #expect(machine.ask(session, .end(reasonText: nil)) == [Fixture.noCall])
    }
    #expect(machine.ask("sC", .offer(Content(sdp: "C3"))).first == Fixture.ok)
    #expect(machine.ask(.callee, .end(reasonText: nil)).first == Fixture.ok)
    #expect(machine.isOver)
  }

  @Test(.spec("R-CALL-206")) func aTargetWhoHadCalledSeesTheNewFarEndAsCallee() {
    let call = Machine.Call(
      caller: Fixture.carolClark, callee: Fixture.call.caller, callerSession: "sC", calleeSession: "sA2")
    var machine = Fixture.consulting(call)
    let parties = CallNotificationParams(
      callerDisplayNumber: "carol@example.com", callerName: "Carol Clark", calleeDisplayNumber: "bob@example.com",
      primaryContact: "carol@example.com", remoteDisplayNumber: "bob@example.com", remoteName: "Bob Brown")
    #expect(
      machine.ask(.caller, .transfer(.farEnd(of: "sA2"))).contains(toCarol(.startCallUpdate, of: parties)))
    _ = machine.ask("sC", .reply(Content(sdp: "C2")))
    #expect(machine.ask(.callee, .reply(Content(sdp: "B2"))).contains(.record(bobAndCarol, .answered)))
  }

  @Test(.spec("R-CALL-441")) func theTargetIsAskedWhenItsOtherExchangeIsFinished() {
    var machine = Fixture.consulting()
    _ = machine.ask("sA2", .offer(Content(sdp: "A3 hold")))
    #expect(machine.ask(.caller, .transfer(.farEnd(of: "sA2"))) == [Fixture.ok])
    #expect(
      machine.ask("sC", .reply(Content(sdp: "C2 held"))).dropLast() == [
        Fixture.ok, toAlice2(.respondCallUpdate, SessionParams(sessionData: "sA2", sdp: "C2 held")),
        .cancelTimer(.update("sC")), toCarol(.startCallUpdate, of: Fixture.forCarolOfBob),
      ])
    // Asked, it is not given another offer.
    #expect(machine.ask("sA2", .offer(Content(sdp: "A4"))).count == 2)
  }

  // MARK: - Failure

  @Test(.spec("R-CALL-824", "R-CALL-173")) func aTargetThatRefusesLeavesBothCallsAsTheyWere() {
    var machine = Fixture.consulting()
    _ = machine.ask(.caller, .transfer(.farEnd(of: "sA2")))
    #expect(
      machine.ask("sC", .refuse) == [
        Fixture.ok, toCarol(.trying, of: forCarol2),
        Fixture.toAlice(.sessionFail, Fixture.ended("sA", 491, "Request Pending")), .cancelTimer(.update("sC")),
      ])
    expectBothCalls(&machine)
  }

  @Test(.spec("R-CALL-297", "R-CALL-662")) func aTargetThatMakesNoOfferLeavesBothCallsAsTheyWere() {
    var machine = Fixture.consulting()
    let asked = machine.ask(.caller, .transfer(.farEnd(of: "sA2")))
    let generation = Machine.generation(of: .update("sC"), in: asked) ?? 0
    #expect(
      machine.handle(.timerFired(.update("sC"), generation: generation)) == [
        toCarol(.trying, of: forCarol2),
        Fixture.toAlice(.sessionFail, Fixture.ended("sA", 480, "Temporarily Unavailable")),
      ])
    #expect(machine.ask("sC", .reply(Content(sdp: "C2 late"))) == [nothing])
    expectBothCalls(&machine)
  }

  @Test(.spec("R-CALL-216")) func aTransfereeThatRefusesLeavesBothCallsAsTheyWere() {
    var machine = Fixture.consulting()
    _ = machine.ask(.caller, .transfer(.farEnd(of: "sA2")))
    _ = machine.ask("sC", .reply(Content(sdp: "C2")))
    let refused = SessionParams(sessionData: "sC", statusCode: 49, reasonText: "Request Pending", retryAfter: 1)
    #expect(
      machine.ask(.callee, .refuse) == [
        Fixture.ok, toCarol(.respondCallUpdate, refused, of: forCarol2, statusCode: 49), Fixture.toBob(.trying),
        Fixture.toAlice(.sessionFail, Fixture.ended("sA", 491, "Request Pending")), .cancelTimer(.update(.callee)),
      ])
    expectBothCalls(&machine)
  }

  @Test func aTransferWithoutASecondCallFailsAtOnce() {
    var machine = Fixture.consulting()
    #expect(machine.ask(.caller, .transfer(.unknownSession)) == [Fixture.noCall])
    #expect(machine.ask(.caller, .transfer(.farEnd(of: "sC"))) == [Fixture.noCall])
    #expect(machine.ask(.caller, .transfer(.farEnd(of: "nobody's"))) == [Fixture.noCall])
    let unanswered = Fixture.failure(409, 37, "The second call has not been answered.")
    #expect(machine.ask(.caller, .transfer(.unansweredSession)) == [unanswered])
    let inIt = Fixture.failure(400, 37, "A call cannot be transferred to somebody who is in it.")
    #expect(machine.ask(.caller, .transfer(.farEnd(of: .caller))) == [inIt])
    expectBothCalls(&machine)
    // A second call with Bob.
    let call = Machine.Call(
      caller: Fixture.call.caller, callee: Fixture.call.callee, callerSession: "sA2", calleeSession: "sB2")
    machine = Fixture.consulting(call)
    #expect(machine.ask(.caller, .transfer(.farEnd(of: "sA2"))) == [inIt])
  }

  // MARK: - Somebody leaves meanwhile

  @Test func aTargetWhoHangsUpEndsTheSecondCallOnly() {
    var machine = Fixture.consulting()
    _ = machine.ask(.caller, .transfer(.farEnd(of: "sA2")))
    _ = machine.ask("sC", .reply(Content(sdp: "C2")))
    let effects = machine.ask("sC", .end(reasonText: nil))
    #expect(
      effects.filter { if case .notify = $0 { true } else { false } } == [
        Fixture.toBob(.trying), Fixture.toAlice(.sessionFail, Fixture.ended("sA", 487, "Request Terminated")),
        toCarol(.callEnd, of: Fixture.forCarolOfBob), toAlice2(.callEnd, SessionParams(sessionData: "sA2")),
      ])
    #expect(machine.ask(.callee, .reply(Content(sdp: "B2"))) == [nothing])
    Fixture.expectAsBefore(&machine)
  }

  @Test func aTransfereeWhoHangsUpEndsTheFirstCallOnly() {
    var machine = Fixture.consulting()
    _ = machine.ask(.caller, .transfer(.farEnd(of: "sA2")))
    let effects = machine.ask(.callee, .end(reasonText: nil))
    #expect(
      effects.filter { if case .notify = $0 { true } else { false } } == [
        toCarol(.trying, of: forCarol2), Fixture.toBob(.callEnd), Fixture.toAlice(.callEnd),
      ])
    #expect(machine.ask("sC", .reply(Content(sdp: "C2"))) == [nothing])
    #expect(machine.legs == ["sA2", "sC"])
    #expect(machine.ask("sA2", .offer(Content(sdp: "A3"))).first == Fixture.ok)
  }

  @Test(.spec("R-CALL-452")) func aTransferorWhoHangsUpBothIsNotNeeded() {
    var machine = Fixture.consulting()
    _ = machine.ask(.caller, .transfer(.farEnd(of: "sA2")))
    #expect(machine.ask(.caller, .end(reasonText: nil)).contains(Fixture.toAlice(.callEnd)))
    #expect(machine.ask("sA2", .end(reasonText: nil)).contains(toAlice2(.callEnd, SessionParams(sessionData: "sA2"))))
    _ = machine.ask("sC", .reply(Content(sdp: "C2")))
    #expect(machine.ask(.callee, .reply(Content(sdp: "B2"))).contains(.record(bobAndCarol, .answered)))
    #expect(machine.legs == [.callee, "sC"])
  }

  @Test func ifNothingComesOfItWhoeverIsAloneIsToldTheEnd() {
    var machine = Fixture.consulting()
    _ = machine.ask(.caller, .transfer(.farEnd(of: "sA2")))
    _ = machine.ask("sA2", .end(reasonText: nil))
    #expect(
      machine.ask("sC", .refuse).prefix(5) == [
        Fixture.ok, toCarol(.callEnd, Fixture.ended("sC", 480, "Temporarily Unavailable"), of: Fixture.forCarolOfBob),
        .cancelTimer(.update("sC")), .cancelTimer(.audit("sC")),
        Fixture.toAlice(.sessionFail, Fixture.ended("sA", 491, "Request Pending")),
      ])
    Fixture.expectAsBefore(&machine)
  }

  /// Alice's two calls work, and can be connected again.
  private func expectBothCalls(_ machine: inout Machine) {
    #expect(
      machine.ask("sA2", .offer(Content(sdp: "A3"))).prefix(2).last
        == toCarol(.startCallUpdate, SessionParams(sessionData: "sC", sdp: "A3"), of: forCarol2))
    #expect(
      machine.ask("sC", .reply(Content(sdp: "C3"))).prefix(2).last
        == toAlice2(.respondCallUpdate, SessionParams(sessionData: "sA2", sdp: "C3")))
    Fixture.expectExchange(&machine)
    #expect(machine.ask(.caller, .transfer(.farEnd(of: "sA2"))).first == Fixture.ok)
  }
}
