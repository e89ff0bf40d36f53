import KandyTesting
import LinkLogic
import LinkProtocol
import Testing

private typealias Fixture = GatewayCallFixture

/// The gateway rings Alice, then Bob, and connects the two (part 02 §13).
@Suite struct GatewayClickToCallTests {
  /// Bob calls Alice, as her client sees it.
  private static let forAlice = CallNotificationParams(
    callerDisplayNumber: "bob@example.com", callerName: "Bob Brown", calleeDisplayNumber: "alice@example.com",
    primaryContact: "bob@example.com", remoteDisplayNumber: "bob@example.com", remoteName: "Bob Brown")

  private static func toAlice(
    _ type: EventType, _ params: SessionParams = SessionParams(sessionData: "sA"), custom: [CustomParameter]? = nil
  ) -> Machine.Effect {
    Fixture.notify("sA", type, params, forAlice, custom: custom)
  }

  private static func toBob(
    _ type: EventType, _ params: SessionParams = SessionParams(sessionData: "sB"), custom: [CustomParameter]? = nil
  ) -> Machine.Effect {
    Fixture.notify("sB", type, params, Fixture.forBob, custom: custom)
  }

  private static let offer = Machine.Content(sdp: "A1")

  /// Alice rings.
  private static func clicked() -> Machine {
    var machine = Fixture.unclicked
    _ = machine.handle(.click)
    _ = machine.handle(.notified("sA"))
    return machine
  }

  /// Alice has answered, and Bob is being looked for.
  private static func placing(_ content: Machine.Content = offer, device: SubscriptionID? = nil) -> Machine {
    var machine = clicked()
    _ = machine.handle(.request("sA", .answer(content, device: device)))
    return machine
  }

  /// Bob rings.
  private static func calling(_ reach: Machine.Reach = .online) -> Machine {
    var machine = placing(device: "alice's desk")
    _ = machine.handle(.located(for: "sA", Fixture.call.callee, "sB", reach))
    _ = machine.handle(.notified("sB"))
    return machine
  }

  private static func talking() -> Machine {
    var machine = calling()
    _ = machine.handle(.request("sB", .answer(Machine.Content(sdp: "B1"), device: nil)))
    return machine
  }

  // MARK: - The way to a conversation

  @Test(.spec("R-CALL-182", "R-CALL-738")) func aliceIsRungFirstWithoutAnOffer() {
    var machine = Fixture.unclicked
    #expect(
      machine.handle(.click) == [
        Fixture.ok, Self.toAlice(.call, SessionParams(sessionData: "sA", actions: ["reject", "answer"])),
        .startTimer(.ring("sA"), generation: 1, after: .seconds(60)),
      ])
    #expect(machine.handle(.notified("sA")) == [])
    #expect(machine.legs == ["sA"] && machine.user(of: "sA") == "alice@example.com")
    #expect(machine.ask("sA", .ringing) == [Fixture.ok])
    #expect(machine.hasBeenMade(by: "alice@example.com") && !machine.hasBeenMade(by: "bob@example.com"))
    #expect(machine.handle(.click) == [])
  }

  @Test(.spec("R-CALL-46", "R-CALL-212", "R-CALL-381", "R-CALL-739")) func herOfferRingsBob() {
    var machine = Self.clicked()
    let custom = [CustomParameter(name: "X-Desk", value: "7")]
    let content = Machine.Content(sdp: "A1", customParameters: custom)
    #expect(
      machine.ask("sA", .answer(content, device: nil)) == [
        Fixture.ok, Self.toAlice(.callCancel), .cancelTimer(.ring("sA")), .locate("bob@example.com", for: "sA"),
      ])
    #expect(machine.legs == ["sA"])
    let effects = machine.handle(.located(for: "sA", Fixture.call.callee, "sB", .online))
    #expect(
      effects == [
        Fixture.begun,
        Self.toBob(
          .call, SessionParams(sessionData: "sB", sdp: "A1", actions: ["reject", "forward", "answer"]), custom: custom),
        .startTimer(.ring("sB"), generation: 2, after: .seconds(60)),
      ])
    #expect(machine.handle(.notified("sB")) == [Self.toAlice(.ringing)])
    #expect(!machine.isAnswered)
  }

  @Test(.spec("R-CALL-62", "R-CALL-220", "R-CALL-739")) func hisAnswerConnectsThem() {
    var machine = Self.calling()
    let candidate = ICECandidate(candidate: "candidate", sdpMid: "0", sdpMLineIndex: 0)
    #expect(machine.ask("sA", .candidates([candidate])) == [Fixture.ok])
    #expect(
      machine.ask("sB", .answer(Machine.Content(sdp: "B1 a=ice-options:trickle"), device: nil)) == [
        Fixture.ok, Self.toBob(.callCancel),
        Self.toAlice(.respondCallUpdate, SessionParams(sessionData: "sA", sdp: "B1 a=ice-options:trickle")),
        Self.toBob(.iceCandidate, SessionParams(sessionData: "sB", iceCandidates: [candidate])),
        .cancelTimer(.ring("sB")), Fixture.established,
      ])
    #expect(machine.isTalking("sA") && machine.isTalking("sB"))
  }

  @Test(.spec("R-CALL-380")) func aliceHearsOfTheRingingEvenIfBobAnswersAtOnce() {
    var machine = Self.placing()
    _ = machine.handle(.located(for: "sA", Fixture.call.callee, "sB", .online))
    let effects = machine.ask("sB", .answer(Machine.Content(sdp: "B1"), device: nil))
    #expect(
      effects.prefix(4) == [
        Fixture.ok, Self.toBob(.callCancel), Self.toAlice(.ringing),
        Self.toAlice(.respondCallUpdate, SessionParams(sessionData: "sA", sdp: "B1")),
      ])
  }

  @Test(.spec("R-CALL-157")) func bobIsCalledWhateverHeIsCalledByThen() {
    var machine = Self.placing()
    let renamed = Machine.Party(user: "bob@example.com", name: "Robert Brown")
    _ = machine.handle(.located(for: "sA", renamed, "sB", .online))
    guard case .notify(_, let ringing, _)? = machine.handle(.notified("sB")).first else {
      Issue.record("Alice does not hear of the ringing")
      return
    }
    #expect(ringing.callNotificationParams?.remoteName == "Robert Brown")
  }

  // MARK: - Alice does not answer

  @Test(.spec("R-CALL-740")) func bobNeverHearsOfItIfAliceDeclines() {
    var machine = Self.clicked()
    #expect(machine.ask("sA", .reject) == [Fixture.ok, Self.toAlice(.callCancel), .cancelTimer(.ring("sA"))])
    #expect(machine.isOver)
    machine = Self.clicked()
    #expect(machine.ask("sA", .end(reasonText: nil)).prefix(2) == [Fixture.ok, Self.toAlice(.callCancel)])
    #expect(machine.isOver)
  }

  @Test(.spec("R-CALL-410", "R-CALL-740")) func orIfSheDoesNotAnswerInTime() {
    var machine = Self.clicked()
    #expect(
      machine.handle(.timerFired(.ring("sA"), generation: 1))
        == [Self.toAlice(.callEnd, Fixture.ended("sA", 487, "Request Terminated"))])
    #expect(machine.isOver)
  }

  @Test(.spec("R-CALL-740")) func orIfHerLastDeviceIsGone() {
    var machine = Self.clicked()
    let generation = Machine.generation(of: .absence("sA"), in: machine.handle(.presence("sA", false)))
    #expect(
      machine.handle(.timerFired(.absence("sA"), generation: generation ?? 0))
        == [Self.toAlice(.callEnd, Fixture.ended("sA", 480, "Temporarily Unavailable")), .cancelTimer(.ring("sA"))])
    #expect(machine.isOver)
  }

  @Test(.spec("R-CALL-738")) func aliceCannotSendHerOwnCallElsewhere() {
    var machine = Self.clicked()
    #expect(
      machine.ask("sA", .forward(Fixture.carol()))
        == [Fixture.failure(409, 37, "A call that its own user has asked for cannot be forwarded.")])
    #expect(machine.ask("sA", .answer(Self.offer, device: nil)).first == Fixture.ok)
  }

  @Test(.spec("R-CALL-46")) func anAnswerWithoutAnOfferIsNone() {
    var machine = Self.clicked()
    #expect(
      machine.ask("sA", .answer(Machine.Content(sdp: nil), device: nil))
        == [Fixture.failure(400, 37, "callAnswer needs an sdp.")])
    #expect(machine.ask("sA", .answer(Self.offer, device: nil)).first == Fixture.ok)
  }

  // MARK: - Bob does not answer

  @Test(
    .spec("R-CALL-740"),
    arguments: [
      (Machine.Reach.unknown, CallEndReason.notFound, Machine.Outcome.unknownCallee),
      (.offline, .unavailable, .calleeOffline),
    ])
  func aliceLearnsWhyBobCannotBeRung(_ reach: Machine.Reach, _ reason: CallEndReason, _ outcome: Machine.Outcome) {
    var machine = Self.placing()
    #expect(
      machine.handle(.located(for: "sA", Fixture.call.callee, "sB", reach)) == [
        Fixture.begun, Self.toAlice(.callEnd, Fixture.ended("sA", reason.statusCode, reason.reasonText)),
        Fixture.over(outcome),
      ])
    #expect(machine.isOver)
  }

  @Test(.spec("R-CALL-82", "R-CALL-740")) func aliceLearnsThatBobDeclines() {
    var machine = Self.calling()
    #expect(
      machine.ask("sB", .reject) == [
        Fixture.ok, Self.toBob(.callCancel), Self.toAlice(.callEnd, Fixture.ended("sA", 603, "Decline")),
        .cancelTimer(.ring("sB")), Fixture.over(.declined),
      ])
  }

  @Test(.spec("R-CALL-410", "R-CALL-740")) func aliceLearnsThatBobDoesNotAnswer() {
    var machine = Self.calling()
    let end = Fixture.ended("sB", 487, "Request Terminated")
    #expect(
      machine.handle(.timerFired(.ring("sB"), generation: 2)) == [
        Self.toBob(.callEnd, end), Self.toAlice(.callEnd, Fixture.ended("sA", 487, "Request Terminated")),
        Fixture.over(.unanswered),
      ])
  }

  @Test(.spec("R-CALL-74", "R-CALL-213", "R-CALL-740")) func aliceMayGiveUpWhileBobRings() {
    var machine = Self.calling()
    #expect(
      machine.ask("sA", .end(reasonText: nil)) == [
        Fixture.ok, Self.toBob(.callEnd, Fixture.ended("sB", 487, "Request Terminated")), Self.toAlice(.callEnd),
        .cancelTimer(.ring("sB")), Fixture.over(.cancelled),
      ])
    #expect(machine.isOver)
  }

  @Test(.spec("R-CALL-740")) func aliceMayGiveUpWhileBobIsLookedFor() {
    var machine = Self.placing()
    #expect(machine.ask("sA", .end(reasonText: nil)) == [Fixture.ok, Self.toAlice(.callEnd)])
    #expect(machine.isOver)
    #expect(machine.handle(.located(for: "sA", Fixture.call.callee, "sB", .online)) == [])
  }

  @Test(.spec("R-CALL-740")) func theServersEndIsTheCallsInEveryPhase() {
    let away = Fixture.ended("sA", 480, "Temporarily Unavailable")
    var machine = Self.clicked()
    #expect(machine.handle(.shutdown).first == Self.toAlice(.callEnd, away))
    #expect(machine.isOver)
    machine = Self.placing()
    #expect(machine.handle(.shutdown) == [Self.toAlice(.callEnd, away)])
    #expect(machine.isOver)
    machine = Self.calling()
    #expect(machine.handle(.shutdown).last == Fixture.over(.shutDown))
    #expect(machine.isOver)
  }

  // MARK: - Several devices of Alice's

  @Test(.spec("R-CALL-49", "R-CALL-419", "R-CALL-739"), arguments: [true, false])
  func onlyTheFirstOfHerDevicesHasTheCall(isLocated: Bool) {
    var machine = isLocated ? Self.calling() : Self.placing(device: "alice's desk")
    let elsewhere = Fixture.failure(409, 55, "The call has been answered by another device.")
    #expect(machine.ask("sA", .answer(Self.offer, device: "alice's desk")) == [Fixture.ok])
    let late = machine.ask("sA", .answer(Machine.Content(sdp: "A2"), device: "alice's tablet"))
    #expect(late.first == elsewhere && late.count == 2)
    guard case .notify("sA", let end, only: "alice's tablet")? = late.last else {
      Issue.record("the tablet is not told")
      return
    }
    #expect(end.eventType == .callEnd && end.sessionParams == SessionParams(sessionData: "sA"))
    #expect(machine.ask("sA", .reject) == [elsewhere])
    #expect(machine.ask("sA", .forward(Fixture.carol())) == [elsewhere])
    #expect(machine.ask("sA", .ringing) == [Fixture.ok])
  }

  @Test(.spec("R-CALL-102", "R-CALL-690")) func whoAsksLearnsWhetherItStillRings() {
    func read(_ machine: Machine, _ leg: Machine.Leg) -> CallSessionState? {
      var machine = machine
      guard case .respond(let answer)? = machine.ask(leg, .read).first else { return nil }
      return answer.body.state
    }
    #expect(read(Self.clicked(), "sA") == .ringing)
    #expect(read(Self.placing(), "sA") == .answered)
    #expect(read(Self.calling(), "sA") == .answered)
    #expect(read(Self.calling(), "sB") == .ringing)
    #expect(read(Self.talking(), "sA") == .answered)
  }

  // MARK: - A call like any other

  @Test(.spec("R-CALL-413", "R-CALL-742")) func bobMaySendItToCarol() {
    var machine = Self.calling()
    let effects = machine.ask("sB", .forward(Fixture.carol()))
    #expect(effects.prefix(2) == [Fixture.ok, Self.toBob(.callCancel)])
    #expect(effects.contains(Fixture.over(.forwarded(to: "carol@example.com"))))
    #expect(
      effects.contains(
        Fixture.notify(
          "sC", .call, SessionParams(sessionData: "sC", sdp: "A1", actions: ["reject", "forward", "answer"]),
          Fixture.forCarol)))
    let forAliceOfCarol = CallNotificationParams(
      callerDisplayNumber: "carol@example.com", callerName: "Carol Clark", calleeDisplayNumber: "alice@example.com",
      primaryContact: "carol@example.com", remoteDisplayNumber: "carol@example.com", remoteName: "Carol Clark")
    #expect(
      machine.handle(.notified("sC"))
        == [Fixture.notify("sA", .ringing, SessionParams(sessionData: "sA"), forAliceOfCarol)])
    #expect(
      machine.ask("sC", .answer(Machine.Content(sdp: "C1"), device: nil)).contains(
        Fixture.notify("sA", .respondCallUpdate, SessionParams(sessionData: "sA", sdp: "C1"), forAliceOfCarol)))
    let alices = machine.ask("sB", .forward(Fixture.carol()))
    #expect(alices == [Fixture.noCall])
  }

  @Test(.spec("R-CALL-441", "R-CALL-742")) func offersGoBothWays() {
    var machine = Self.talking()
    #expect(
      machine.ask("sA", .offer(Machine.Content(sdp: "A2"))).prefix(2)
        == [Fixture.ok, Self.toBob(.startCallUpdate, SessionParams(sessionData: "sB", sdp: "A2"))])
    #expect(
      machine.ask("sB", .reply(Machine.Content(sdp: "B2")))[1]
        == Self.toAlice(.respondCallUpdate, SessionParams(sessionData: "sA", sdp: "B2")))
    #expect(
      machine.ask("sB", .offer(Machine.Content(sdp: "B3"))).prefix(2)
        == [Fixture.ok, Self.toAlice(.startCallUpdate, SessionParams(sessionData: "sA", sdp: "B3"))])
  }

  @Test(.spec("R-CALL-214", "R-CALL-742")) func aliceMayHandItOver() {
    var machine = Self.talking()
    #expect(machine.ask("sA", .transfer(Fixture.carol())).first == Fixture.ok)
    _ = machine.handle(.notified("sC"))
    _ = machine.ask("sC", .answer(Machine.Content(sdp: "C1"), device: nil))
    let effects = machine.ask("sB", .reply(Machine.Content(sdp: "B2")))
    #expect(effects.contains(Fixture.over(.transferred(to: "carol@example.com"))))
    #expect(machine.isTalking("sB") && machine.isTalking("sC") && !machine.isTalking("sA"))
  }

  @Test(.spec("R-CALL-742"), arguments: [(Machine.Leg.caller, Machine.Side.caller), (.callee, .callee)])
  func eitherMayHangUp(_ leg: Machine.Leg, _ side: Machine.Side) {
    var machine = Self.talking()
    let effects = machine.ask(leg, .end(reasonText: nil))
    #expect(effects.prefix(3) == [Fixture.ok, Self.toBob(.callEnd), Self.toAlice(.callEnd)])
    #expect(effects.last == Fixture.over(.ended(by: side)))
    #expect(machine.isOver)
  }

  // MARK: - Every order of events

  @Test(.spec("R-CALL-3", "R-CALL-662", "R-CALL-740")) func inEveryOrderAClickToCallIsDecided() {
    let exploration = RedirectExploration.click(depth: 8)
    #expect(exploration.complaint == nil && exploration.states > 500)
  }
}
