import KandyTesting
import LinkLogic
import LinkProtocol
import Testing

private typealias Fixture = GatewayCallFixture

/// Alice calls Bob; one of the two hands the other over to Carol.
@Suite struct GatewayCallTransferTests {
  typealias Content = Machine.Content

  private let aliceAndBob = Fixture.conversation
  private let bobAndCarol = Machine.Conversation(caller: .callee, callee: "sC")
  private let aliceAndCarol = Machine.Conversation(caller: .caller, callee: "sC")
  private let success = SessionParams(sessionData: "sA", statusCode: 9905, reasonText: "Transfer Successful")

  // MARK: - Success

  @Test(.spec("R-CALL-85", "R-CALL-86", "R-CALL-182", "R-CALL-206"))
  func theCallerHandsTheCalleeOver() {
    var machine = Fixture.answered()
    #expect(
      machine.ask(.caller, .transfer(Fixture.carol())) == [
        Fixture.ok,
        .record(
          bobAndCarol,
          .begun(caller: Fixture.call.callee, callee: Fixture.carolClark, .transferred(by: "alice@example.com"))),
        Fixture.notify(
          "sC", .call, SessionParams(sessionData: "sC", actions: ["reject", "forward", "answer"]), Fixture.forCarolOfBob),
        .startTimer(.ring("sC"), generation: 4, after: .seconds(60)),
      ])
    #expect(machine.handle(.notified("sC")) == [])
    #expect(
      machine.ask("sC", .answer(Content(sdp: "C1 offer"), device: nil)) == [
        Fixture.ok, Fixture.notify("sC", .callCancel, SessionParams(sessionData: "sC"), Fixture.forCarolOfBob),
        .cancelTimer(.ring("sC")),
        Fixture.notify(.callee, .startCallUpdate, Fixture.bobSDP("C1 offer"), Fixture.forBobOfCarol),
        .startTimer(.update(.callee), generation: 7, after: .seconds(20)),
      ])
    #expect(
      machine.handle(.request(.callee, .reply(Content(sdp: "B2 answer")))) == [
        Fixture.ok,
        Fixture.notify(
          "sC", .respondCallUpdate, SessionParams(sessionData: "sC", sdp: "B2 answer"), Fixture.forCarolOfBob),
        Fixture.toAlice(.sessionComplete, success), .cancelTimer(.audit(.caller)),
        .startTimer(.audit(.caller), generation: 8, after: .seconds(100)),
        .record(aliceAndBob, .ended(.transferred(to: "carol@example.com"))), .record(bobAndCarol, .answered),
        .cancelTimer(.update(.callee)), .startTimer(.audit(.callee), generation: 9, after: .seconds(100)),
      ])
    // From now on it is a call between Bob and Carol.
    #expect(
      machine.ask("sC", .offer(Content(sdp: "C2"))).prefix(2) == [
        Fixture.ok, Fixture.notify(.callee, .startCallUpdate, Fixture.bobSDP("C2"), Fixture.forBobOfCarol),
      ])
    _ = machine.ask(.callee, .reply(Content(sdp: "B3")))
    #expect(
      machine.ask(.callee, .end(reasonText: nil)).contains(.record(bobAndCarol, .ended(.ended(by: .caller)))))
    #expect(machine.isOver)
  }

  @Test(.spec("R-CALL-206", "R-CALL-830")) func theCalleeHandsTheCallerOver() {
    var machine = Fixture.answered()
    _ = machine.ask(.callee, .transfer(Fixture.carol()))
    #expect(
      machine.ask("sC", .answer(Content(sdp: "C1 offer"), device: nil)).contains(
        Fixture.notify(.caller, .startCallUpdate, Fixture.aliceSDP("C1 offer"), Fixture.forAliceOfCarol)))
    let effects = machine.ask(.caller, .reply(Content(sdp: "A2 answer")))
    #expect(
      effects.contains(
        Fixture.toBob(
          .sessionComplete, SessionParams(sessionData: "sB", statusCode: 9905, reasonText: "Transfer Successful"))))
    #expect(effects.contains(.record(aliceAndCarol, .answered)))
  }

  @Test(.spec("R-CALL-73", "R-CALL-214")) func whoHandedTheCallOverDeletesTheSessionAndNobodyHearsOfIt() {
    var machine = Fixture.transferred()
    #expect(machine.handle(.request(.caller, .audit)) == [Fixture.ok])
    #expect(machine.handle(.request(.caller, .offer(Content(sdp: "A2")))) == [Fixture.noCall])
    #expect(machine.handle(.request(.caller, .read)) == [Fixture.failure(404, 47, "The session does not exist.")])
    #expect(machine.handle(.presence(.caller, false)) == [])
    #expect(machine.handle(.request(.caller, .end(reasonText: nil))) == [Fixture.ok, .cancelTimer(.audit(.caller))])
    #expect(machine.handle(.request(.caller, .end(reasonText: nil))) == [Fixture.noCall])
    #expect(machine.legs == [.callee, "sC"])
  }

  @Test func aSessionThatIsNeverDeletedIsForgottenAfterAWhile() {
    var machine = Fixture.transferred()
    #expect(machine.handle(.timerFired(.audit(.caller), generation: 8)) == [])
    #expect(machine.legs == [.callee, "sC"])
    machine = Fixture.transferred()
    #expect(machine.ask("sC", .end(reasonText: nil)).contains(.cancelTimer(.audit(.caller))))
    #expect(machine.isOver)
  }

  @Test(.spec("R-CALL-49", "R-CALL-381")) func theFirstOfTheTargetsDevicesHasTheCall() {
    var machine = Fixture.transferring(answering: false)
    _ = machine.ask("sC", .answer(Content(sdp: "C1"), device: "desk"))
    #expect(
      machine.ask("sC", .answer(Content(sdp: "C1"), device: "mobile")) == [
        Fixture.failure(409, 55, "The call has been answered by another device."),
        .notify("sC", Fixture.plain("sC", .callEnd, Fixture.forCarolOfBob), only: "mobile"),
      ])
  }

  @Test func aCallIsHandedOverMoreThanOnce() {
    var machine = Fixture.transferred()
    let dave = Machine.Party(user: "dave@example.com")
    #expect(machine.ask("sC", .transfer(.user(dave, "sD", .online))).first == Fixture.ok)
    _ = machine.ask("sD", .answer(Content(sdp: "D1"), device: nil))
    #expect(
      machine.ask(.callee, .reply(Content(sdp: "B3"))).contains {
        if case .notify("sC", let told, nil) = $0 { told.eventType == .sessionComplete } else { false }
      })
    #expect(machine.ask("sD", .end(reasonText: nil)).first == Fixture.ok)
    #expect(machine.isOver)
  }

  @Test func theTargetSendsTheCallOnBeforeAnswering() {
    var machine = Fixture.transferring(answering: false)
    let dave = Machine.Party(user: "dave@example.com")
    for user in ["alice@example.com", "bob@example.com", "carol@example.com"] as [UserAddress] {
      #expect(
        machine.ask("sC", .forward(.user(Machine.Party(user: user), "sX", .online))) == [
          Fixture.failure(400, 37, "A call cannot be forwarded to somebody who is in it.")
        ])
    }
    #expect(machine.ask("sC", .forward(.user(dave, "sD", .online))).first == Fixture.ok)
    _ = machine.ask("sD", .answer(Content(sdp: "D1"), device: nil))
    let effects = machine.ask(.callee, .reply(Content(sdp: "B2")))
    #expect(effects.contains(.record(aliceAndBob, .ended(.transferred(to: "dave@example.com")))))
    #expect(effects.contains(Fixture.toAlice(.sessionComplete, success)))
  }

  // MARK: - Failure

  @Test(
    .spec("R-CALL-214"),
    arguments: [
      (.unknown, 404, "Not Found", .unknownCallee), (.offline, 480, "Temporarily Unavailable", .calleeOffline),
    ] as [(Machine.Reach, StatusCode, String, Machine.Outcome)])
  func aTargetThatCannotBeRungFailsTheTransfer(
    _ reach: Machine.Reach, _ code: StatusCode, _ text: String, _ outcome: Machine.Outcome
  ) {
    var machine = Fixture.answered()
    let effects = machine.ask(.caller, .transfer(Fixture.carol(reach)))
    #expect(
      [effects.first] + effects.suffix(2) == [
        Fixture.ok, Fixture.toAlice(.sessionFail, Fixture.ended("sA", code, text)),
        .record(bobAndCarol, .ended(outcome)),
      ])
    Fixture.expectAsBefore(&machine)
  }

  @Test func aTargetThatDeclinesOrDoesNotAnswerFailsTheTransfer() {
    var machine = Fixture.transferring(answering: false)
    #expect(
      machine.ask("sC", .reject) == [
        Fixture.ok, Fixture.notify("sC", .callCancel, SessionParams(sessionData: "sC"), Fixture.forCarolOfBob),
        .cancelTimer(.ring("sC")), Fixture.toAlice(.sessionFail, Fixture.ended("sA", 603, "Decline")),
        .record(bobAndCarol, .ended(.declined)),
      ])
    Fixture.expectAsBefore(&machine)
    machine = Fixture.transferring(answering: false)
    #expect(
      machine.handle(.timerFired(.ring("sC"), generation: 4)) == [
        Fixture.notify("sC", .callEnd, Fixture.ended("sC", 487, "Request Terminated"), Fixture.forCarolOfBob),
        Fixture.toAlice(.sessionFail, Fixture.ended("sA", 487, "Request Terminated")),
        .record(bobAndCarol, .ended(.unanswered)),
      ])
    Fixture.expectAsBefore(&machine)
  }

  @Test(.spec("R-CALL-177", "R-CALL-173", "R-CALL-824")) func aTransfereeThatRefusesStaysWithTheTransferor() {
    var machine = Fixture.transferring()
    #expect(
      machine.ask(.callee, .refuse) == [
        Fixture.ok,
        Fixture.notify("sC", .callEnd, Fixture.ended("sC", 480, "Temporarily Unavailable"), Fixture.forCarolOfBob),
        .cancelTimer(.audit("sC")), Fixture.toBob(.trying),
        Fixture.toAlice(.sessionFail, Fixture.ended("sA", 491, "Request Pending")),
        .record(bobAndCarol, .ended(.notConnected)), .cancelTimer(.update(.callee)),
      ])
    Fixture.expectAsBefore(&machine)
  }

  @Test(.spec("R-CALL-64", "R-CALL-662")) func aTransfereeThatDoesNotAnswerStaysWithTheTransferor() {
    var machine = Fixture.transferring()
    let effects = machine.handle(.timerFired(.update(.callee), generation: 7))
    #expect(
      effects == [
        Fixture.notify("sC", .callEnd, Fixture.ended("sC", 480, "Temporarily Unavailable"), Fixture.forCarolOfBob),
        .cancelTimer(.audit("sC")), Fixture.toBob(.trying),
        Fixture.toAlice(.sessionFail, Fixture.ended("sA", 480, "Temporarily Unavailable")),
        .record(bobAndCarol, .ended(.notConnected)),
      ])
    #expect(
      machine.ask(.callee, .reply(Content(sdp: "B2 late"))) == [
        Fixture.failure(409, 37, "No offer is waiting for a reply.")
      ])
    Fixture.expectAsBefore(&machine)
  }

  @Test func aTransferThatLeadsNowhereFailsAtOnce() {
    var machine = Fixture.answered()
    let inIt = Fixture.failure(400, 37, "A call cannot be transferred to somebody who is in it.")
    for (destination, failure) in [
      (.unreadable, Fixture.failure(400, 37, "\"address\" is not an address such as carol@example.com.")),
      (.user(Fixture.call.callee, "sX", .online), inIt), (.user(Fixture.call.caller, "sX", .online), inIt),
    ] as [(Machine.Destination, Machine.Effect)] {
      #expect(machine.ask(.caller, .transfer(destination)) == [failure])
    }
    Fixture.expectAsBefore(&machine)
    machine = Fixture.ringing()
    #expect(
      machine.ask(.caller, .transfer(Fixture.carol())) == [Fixture.failure(409, 37, "The call has not been answered.")])
  }

  @Test(arguments: [false, true]) func nobodyTransfersACallThatIsBeingTransferred(answering: Bool) {
    var machine = Fixture.transferring(answering: answering)
    let dave = Machine.Destination.user(Machine.Party(user: "dave@example.com"), "sD", .online)
    let failure = Fixture.failure(409, 37, "The call is being transferred already.")
    #expect(machine.ask(.caller, .transfer(dave)) == [failure])
    #expect(machine.ask(.callee, .transfer(dave)) == [failure])
    if answering { #expect(machine.ask("sC", .transfer(dave)) == [failure]) }
  }

  // MARK: - Somebody leaves meanwhile

  @Test(.spec("R-CALL-452")) func aTransferorWhoHangsUpLeavesTheTransferToTheOthers() {
    var machine = Fixture.transferring(answering: false)
    #expect(
      machine.ask(.caller, .end(reasonText: nil)) == [
        Fixture.ok, Fixture.toAlice(.callEnd), .cancelTimer(.audit(.caller)), Fixture.over(.ended(by: .caller)),
      ])
    // Bob is alone for a while.
    #expect(
      machine.ask(.callee, .offer(Content(sdp: "B2"))) == [
        Fixture.ok, Fixture.toBob(.respondCallUpdate, Fixture.refused("sB", retryAfter: 1), statusCode: 49),
      ])
    _ = machine.ask("sC", .answer(Content(sdp: "C1"), device: nil))
    #expect(
      machine.ask(.callee, .reply(Content(sdp: "B2"))) == [
        Fixture.ok,
        Fixture.notify("sC", .respondCallUpdate, SessionParams(sessionData: "sC", sdp: "B2"), Fixture.forCarolOfBob),
        .record(bobAndCarol, .answered), .cancelTimer(.update(.callee)),
      ])
  }

  @Test func ifNothingComesOfItWithoutTheTransferorTheTransfereeIsToldWhy() {
    var machine = Fixture.transferring(answering: false)
    _ = machine.ask(.caller, .end(reasonText: nil))
    #expect(
      machine.ask("sC", .reject) == [
        Fixture.ok, Fixture.notify("sC", .callCancel, SessionParams(sessionData: "sC"), Fixture.forCarolOfBob),
        .cancelTimer(.ring("sC")), Fixture.toBob(.callEnd, Fixture.ended("sB", 603, "Decline")),
        .cancelTimer(.audit(.callee)), .record(bobAndCarol, .ended(.declined)),
      ])
    #expect(machine.isOver)
  }

  @Test func whatTheTransferorLeavesUnfinishedIsFinished() {
    // Bob owes the answer to Alice's hold.
    var machine = Fixture.transferring(answering: false)
    _ = machine.ask(.caller, .offer(Content(sdp: "A2")))
    _ = machine.ask(.caller, .end(reasonText: nil))
    _ = machine.ask("sC", .answer(Content(sdp: "C1"), device: nil))
    let effects = machine.ask(.callee, .reply(Content(sdp: "B2")))
    #expect(
      effects.prefix(3) == [
        Fixture.ok, .cancelTimer(.update(.callee)),
        Fixture.notify(.callee, .startCallUpdate, Fixture.bobSDP("C1"), Fixture.forBobOfCarol),
      ])
    // Alice owes the answer to Bob's.
    machine = Fixture.transferring(answering: false)
    _ = machine.ask(.callee, .offer(Content(sdp: "B2")))
    #expect(
      machine.ask(.caller, .end(reasonText: nil)).contains(
        Fixture.toBob(.respondCallUpdate, Fixture.refused("sB", retryAfter: 1), statusCode: 49)))
  }

  @Test(arguments: [false, true]) func aTransfereeWhoHangsUpEndsItForEverybody(answering: Bool) {
    var machine = Fixture.transferring(answering: answering)
    let parties = answering ? Fixture.forBobOfCarol : Fixture.forBob
    let effects = machine.ask(.callee, .end(reasonText: "Ended by local user"))
    #expect(
      effects.filter { if case .notify = $0 { true } else { false } } == [
        Fixture.notify("sC", .callEnd, Fixture.ended("sC", 487, "Request Terminated"), Fixture.forCarolOfBob),
        Fixture.notify(.callee, .callEnd, SessionParams(sessionData: "sB"), parties),
        Fixture.toAlice(.callEnd, SessionParams(sessionData: "sA", reasonText: "Ended by local user")),
      ])
    #expect(effects.contains(.record(bobAndCarol, .ended(.cancelled))))
    #expect(effects.contains(Fixture.over(.ended(by: .callee))))
    #expect(machine.isOver)
  }

  @Test(.spec("R-CALL-64")) func aTargetWhoHangsUpBeforeTheTransfereeHasAnsweredFailsTheTransfer() {
    var machine = Fixture.transferring()
    #expect(
      machine.ask("sC", .end(reasonText: nil)) == [
        Fixture.ok, .cancelTimer(.update(.callee)), Fixture.toBob(.trying),
        Fixture.toAlice(.sessionFail, Fixture.ended("sA", 487, "Request Terminated")),
        .record(bobAndCarol, .ended(.ended(by: .callee))),
        Fixture.notify("sC", .callEnd, SessionParams(sessionData: "sC"), Fixture.forCarolOfBob),
        .cancelTimer(.audit("sC")),
      ])
    #expect(
      machine.ask(.callee, .reply(Content(sdp: "B2"))) == [Fixture.failure(409, 37, "No offer is waiting for a reply.")])
    Fixture.expectAsBefore(&machine)
  }

  @Test(.spec("R-CALL-96")) func legsThatVanishAreMissedLikeLegsThatHangUp() {
    var machine = Fixture.transferring()
    let absent = Machine.generation(of: .absence("sC"), in: machine.handle(.presence("sC", false))) ?? 0
    #expect(
      machine.handle(.timerFired(.absence("sC"), generation: absent)).contains(
        Fixture.toAlice(.sessionFail, Fixture.ended("sA", 480, "Temporarily Unavailable"))))
    Fixture.expectAsBefore(&machine)

    machine = Fixture.transferring(answering: false)
    let gone = Machine.generation(of: .absence(.caller), in: machine.handle(.presence(.caller, false))) ?? 0
    #expect(
      machine.handle(.timerFired(.absence(.caller), generation: gone)) == [
        Fixture.toAlice(.callEnd, Fixture.ended("sA", 480, "Temporarily Unavailable")), .cancelTimer(.audit(.caller)),
        Fixture.over(.lost(.caller)),
      ])
    #expect(machine.legs == [.callee, "sC"])

    machine = Fixture.transferring(answering: false)
    let alone = Machine.generation(of: .absence(.callee), in: machine.handle(.presence(.callee, false))) ?? 0
    let effects = machine.handle(.timerFired(.absence(.callee), generation: alone))
    #expect(
      effects.prefix(1) == [
        Fixture.notify("sC", .callEnd, Fixture.ended("sC", 480, "Temporarily Unavailable"), Fixture.forCarolOfBob)
      ])
    #expect(machine.isOver)
  }

  @Test(arguments: [false, true]) func theServersEndIsTheEndForAllThree(answering: Bool) {
    var machine = Fixture.transferring(answering: answering)
    let effects = machine.handle(.shutdown)
    let told = effects.compactMap {
      if case .notify(let leg, let told, nil) = $0, told.eventType == .callEnd { leg } else { nil }
    }
    #expect(told == ["sC", .callee, .caller])
    #expect(effects.suffix(2) == [Fixture.over(.shutDown), .record(bobAndCarol, .ended(.shutDown))])
    #expect(machine.isOver)
  }
}
