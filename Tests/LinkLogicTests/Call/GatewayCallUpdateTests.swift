import KandyTesting
import LinkLogic
import LinkProtocol
import Testing

private typealias Fixture = GatewayCallFixture

@Suite struct GatewayCallUpdateTests {
  typealias Content = Machine.Content
  let custom = [CustomParameter(name: "X-GPS", value: "48.20,16.37")]

  @Test(.spec("R-CALL-52", "R-CALL-62", "R-CALL-202", "R-SRV-1"))
  func anOfferAndItsAnswerPassUnchanged() {
    var machine = Fixture.answered()
    let offered = machine.ask(.caller, .offer(Content(sdp: "A2", customParameters: custom)))
    #expect(
      offered == [
        Fixture.ok, Fixture.toBob(.startCallUpdate, Fixture.bobSDP("A2"), custom: custom),
        .startTimer(.update(.callee), generation: 4, after: .seconds(20)),
      ])
    #expect(
      machine.ask(.callee, .reply(Content(sdp: "B2", customParameters: custom))) == [
        Fixture.ok, Fixture.toAlice(.respondCallUpdate, Fixture.aliceSDP("B2"), custom: custom), .cancelTimer(.update(.callee)),
      ])
  }

  @Test(.spec("R-CALL-405")) func theCallerMayOfferDirectlyAfterTheAnswer() {
    var machine = Fixture.answered()
    #expect(
      machine.ask(.caller, .offer(Content(sdp: "A2"))).dropLast() == [
        Fixture.ok, Fixture.toBob(.startCallUpdate, Fixture.bobSDP("A2")),
      ])
  }

  @Test(.spec("R-CALL-63")) func theSameDescriptionAgainIsAnAnswerToo() {
    var machine = Fixture.answered()
    _ = machine.ask(.caller, .offer(Content(sdp: "A2")))
    #expect(
      machine.ask(.callee, .reply(Content(sdp: "B1"))) == [
        Fixture.ok, Fixture.toAlice(.respondCallUpdate, Fixture.aliceSDP("B1")), .cancelTimer(.update(.callee)),
      ])
  }

  @Test(.spec("R-CALL-62", "R-SRV-6"))
  func anOfferWithoutDescriptionAsksTheFarEndForOne() {
    var machine = Fixture.answered()
    #expect(
      machine.ask(.caller, .offer(Content(sdp: ""))) == [
        Fixture.ok, Fixture.toBob(.startCallUpdate), .startTimer(.update(.callee), generation: 4, after: .seconds(20)),
      ])
    #expect(
      machine.ask(.callee, .reply(Content(sdp: "B2 offer"))) == [
        Fixture.ok, .cancelTimer(.update(.callee)),
        Fixture.toAlice(.respondCallUpdate, Fixture.aliceSDP("B2 offer")),
        .startTimer(.update(.caller), generation: 6, after: .seconds(20)),
      ])
    #expect(
      machine.ask(.caller, .reply(Content(sdp: "A2 answer"))) == [
        Fixture.ok, Fixture.toBob(.respondCallUpdate, Fixture.bobSDP("A2 answer")), .cancelTimer(.update(.caller)),
      ])
    #expect(machine.ask(.caller, .reply(Content(sdp: "A2 answer"))) == [Fixture.ok])
    #expect(
      machine.ask(.caller, .reply(Content(sdp: "A3 answer"))) == [
        Fixture.failure(409, 37, "No offer is waiting for a reply.")
      ])
  }

  @Test(.spec("R-CALL-65", "R-CALL-216", "R-CALL-824"))
  func aClientsRefusalReachesTheOffererInBothForms() {
    for (offerer, retry) in [(Machine.Leg.caller, 3.0), (.callee, 1.0)] {
      var machine = Fixture.answered()
      _ = machine.ask(offerer, .offer(Content(sdp: "offer")))
      let refusal =
        offerer == .caller
        ? Fixture.toAlice(.respondCallUpdate, Fixture.refused("sA", retryAfter: retry), statusCode: 49)
        : Fixture.toBob(.respondCallUpdate, Fixture.refused("sB", retryAfter: retry), statusCode: 49)
      #expect(machine.ask(offerer.other, .refuse) == [Fixture.ok, refusal, .cancelTimer(.update(offerer.other))])
    }
  }

  @Test func aReplyWithNothingInItIsInvalidAndTheOfferKeepsWaiting() {
    var machine = Fixture.answered()
    _ = machine.ask(.caller, .offer(Content(sdp: "A2")))
    #expect(
      machine.ask(.callee, .reply(Content(sdp: ""))) == [
        Fixture.failure(400, 37, "respondCallUpdate needs an sdp or a statusCode.")
      ])
    #expect(
      machine.ask(.callee, .reply(Content(sdp: "B2"))) == [
        Fixture.ok, Fixture.toAlice(.respondCallUpdate, Fixture.aliceSDP("B2")), .cancelTimer(.update(.callee)),
      ])
  }

  @Test(.spec("R-CALL-440", "R-CALL-441"))
  func ofTwoOffersThatCrossTheSecondIsRefusedAndTheFirstHandedOverAgain() {
    var machine = Fixture.answered()
    _ = machine.ask(.caller, .offer(Content(sdp: "A2")))
    #expect(
      machine.ask(.callee, .offer(Content(sdp: "B2"))) == [
        Fixture.ok, Fixture.toBob(.respondCallUpdate, Fixture.refused("sB", retryAfter: 1), statusCode: 49),
        Fixture.toBob(.startCallUpdate, Fixture.bobSDP("A2")),
      ])
    #expect(
      machine.ask(.callee, .reply(Content(sdp: "B2 answer"))) == [
        Fixture.ok, Fixture.toAlice(.respondCallUpdate, Fixture.aliceSDP("B2 answer")), .cancelTimer(.update(.callee)),
      ])
    // A client that took both copies answers twice.
    #expect(machine.ask(.callee, .reply(Content(sdp: "B2 answer"))) == [Fixture.ok])
    #expect(
      machine.ask(.callee, .reply(Content(sdp: "B3 answer"))) == [
        Fixture.failure(409, 37, "No offer is waiting for a reply.")
      ])
  }

  /// A proxy that repeats requests does no harm: each of the two is heard once (R-CALL-430).
  @Test(.spec("R-CALL-430")) func theSameOfferAndTheSameAnswerAgainLeadToNothing() {
    var machine = Fixture.answered()
    _ = machine.ask(.caller, .offer(Content(sdp: "A2")))
    #expect(machine.ask(.caller, .offer(Content(sdp: "A2"))) == [Fixture.ok])
    #expect(machine.ask(.caller, .offer(Content(sdp: "A3"))) != [Fixture.ok])
    _ = machine.ask(.callee, .reply(Content(sdp: "B2 answer")))
    #expect(machine.ask(.callee, .reply(Content(sdp: "B2 answer"))) == [Fixture.ok])
    // Once it has been answered, the same text is a new offer.
    #expect(machine.ask(.caller, .offer(Content(sdp: "A2"))).contains(Fixture.toBob(.startCallUpdate, Fixture.bobSDP("A2"))))
  }

  @Test(.spec("R-CALL-440", "R-CALL-824"))
  func aClientThatRefusesTheCrossingOfferIsHandedItAgain() {
    var machine = Fixture.answered()
    _ = machine.ask(.callee, .offer(Content(sdp: "B2")))
    #expect(
      machine.ask(.caller, .offer(Content(sdp: "A2"))) == [
        Fixture.ok, Fixture.toAlice(.respondCallUpdate, Fixture.refused("sA", retryAfter: 3), statusCode: 49),
        Fixture.toAlice(.startCallUpdate, Fixture.aliceSDP("B2")),
      ])
    // 7.x had refused the first copy while its own offer was on the way.
    #expect(machine.ask(.caller, .refuse) == [Fixture.ok])
    // Should it offer again before it replies, it is only refused again.
    #expect(
      machine.ask(.caller, .reply(Content(sdp: "A2 answer"))) == [
        Fixture.ok, Fixture.toBob(.respondCallUpdate, Fixture.bobSDP("A2 answer")), .cancelTimer(.update(.caller)),
      ])
  }

  @Test func anOfferIsHandedOverAgainOnlyOnce() {
    var machine = Fixture.answered()
    _ = machine.ask(.caller, .offer(Content(sdp: "A2")))
    _ = machine.ask(.callee, .offer(Content(sdp: "B2")))
    #expect(
      machine.ask(.callee, .offer(Content(sdp: "B3"))) == [
        Fixture.ok, Fixture.toBob(.respondCallUpdate, Fixture.refused("sB", retryAfter: 1), statusCode: 49),
      ])
  }

  @Test(.spec("R-CALL-441")) func aSecondOfferOfTheSameLegFails() {
    var machine = Fixture.answered()
    _ = machine.ask(.caller, .offer(Content(sdp: "A2")))
    #expect(
      machine.ask(.caller, .offer(Content(sdp: "A3"))) == [
        Fixture.failure(409, 49, "Request Pending", retryAfter: 3)
      ])
  }

  @Test(.spec("R-CALL-297", "R-CALL-300", "R-CALL-64"))
  func anOfferThatNobodyAnswersIsRefusedInTheEnd() {
    var machine = Fixture.answered()
    let effects = machine.ask(.callee, .offer(Content(sdp: "B2")))
    let generation = Machine.generation(of: .update(.caller), in: effects) ?? 0
    #expect(
      machine.handle(.timerFired(.update(.caller), generation: generation)) == [
        Fixture.toBob(.respondCallUpdate, Fixture.refused("sB", retryAfter: 1), statusCode: 49)
      ])
    #expect(
      machine.ask(.caller, .reply(Content(sdp: "A2 late"))) == [
        Fixture.failure(409, 37, "No offer is waiting for a reply.")
      ])
    #expect(machine.handle(.timerFired(.update(.caller), generation: generation)) == [])
    #expect(machine.ask(.callee, .offer(Content(sdp: "B3"))).first == Fixture.ok)
  }

  @Test func anOldUpdateTimerDoesNotRefuseANewOffer() {
    var machine = Fixture.answered()
    let first = Machine.generation(of: .update(.callee), in: machine.ask(.caller, .offer(Content(sdp: "A2")))) ?? 0
    _ = machine.ask(.callee, .reply(Content(sdp: "B2")))
    _ = machine.ask(.caller, .offer(Content(sdp: "A3")))
    #expect(machine.handle(.timerFired(.update(.callee), generation: first)) == [])
    #expect(
      machine.ask(.callee, .reply(Content(sdp: "B3"))) == [
        Fixture.ok, Fixture.toAlice(.respondCallUpdate, Fixture.aliceSDP("B3")), .cancelTimer(.update(.callee)),
      ])
  }

  // MARK: - Candidates

  let candidate = ICECandidate(candidate: "candidate:1 1 udp 1 192.0.2.1 9 typ host", sdpMid: "0", sdpMLineIndex: 0)

  @Test(.spec("R-CALL-220", "R-SRV-8")) func candidatesGoToAClientThatTrickles() {
    var machine = Fixture.answered(offer: "A1\r\na=ice-options:trickle\r\n", answer: "B1")
    let params = SessionParams(sessionData: "sA", iceCandidates: [candidate])
    #expect(machine.ask(.callee, .candidates([candidate])) == [Fixture.ok, Fixture.toAlice(.iceCandidate, params)])
    #expect(machine.ask(.caller, .candidates([candidate])) == [Fixture.ok])
    #expect(machine.ask(.callee, .candidates([])) == [Fixture.ok])
  }

  @Test(.spec("R-CALL-100", "R-CALL-220")) func candidatesBeforeTheAnswerWaitForIt() {
    var machine = Fixture.ringing("A1")
    #expect(machine.ask(.caller, .candidates([candidate, candidate])) == [Fixture.ok])
    let effects = machine.ask(.callee, .answer(Content(sdp: "B1\r\na=ice-options:trickle\r\n"), device: nil))
    let params = SessionParams(sessionData: "sB", iceCandidates: [candidate, candidate])
    #expect(effects.contains(Fixture.toBob(.iceCandidate, params)))
  }

  @Test func notMoreThanSixtyFourCandidatesWait() {
    var machine = Fixture.ringing("A1")
    for _ in 0..<10 { _ = machine.ask(.caller, .candidates(Array(repeating: candidate, count: 10))) }
    let effects = machine.ask(.callee, .answer(Content(sdp: "B1\r\na=ice-options:trickle\r\n"), device: nil))
    let params = SessionParams(sessionData: "sB", iceCandidates: Array(repeating: candidate, count: 64))
    #expect(effects.contains(Fixture.toBob(.iceCandidate, params)))
  }

  // MARK: - Reading requests

  @Test(.spec("R-CALL-30", "R-CALL-65")) func aBodySaysWhichRequestItIs() {
    func read(_ body: CallControlRequest) -> Machine.Request { Machine.Request(body, device: "desk") }
    let content = Content(sdp: "X", customParameters: custom, customBodies: ["b"])
    func body(_ type: CallOperation) -> CallControlRequest {
      CallControlRequest(type: type, sdp: "X", customParameters: custom, customBodies: ["b"])
    }
    #expect(read(body(.callAnswer)) == .answer(content, device: "desk"))
    #expect(read(body(.startCallUpdate)) == .offer(content))
    #expect(read(body(.respondCallUpdate)) == .reply(content))
    #expect(read(CallControlRequest(type: .respondCallUpdate, statusCode: 491)) == .refuse)
    #expect(read(CallControlRequest(type: .respondCallUpdate, sdp: "X", statusCode: 491)) == .reply(Content(sdp: "X")))
    #expect(read(CallControlRequest(type: .startCallUpdate, sdp: "")) == .offer(Content(sdp: nil)))
    #expect(
      read(CallControlRequest(type: .updateIceCandidate, iceCandidates: [candidate])) == .candidates([candidate]))
    #expect(read(CallControlRequest(type: .updateIceCandidate)) == .candidates([]))
    #expect(read(body(.ringing)) == .ringing)
    #expect(read(body(.audit)) == .audit)
    #expect(read(body(.sendCustomHeaders)) == .customHeaders(content))
    #expect(
      Machine.Request(body(.transfer), device: "desk", destination: Fixture.carol()) == .transfer(Fixture.carol()))
    for operation in [CallOperation.refer, .acceptCallReplace, .rejectCallReplace] {
      #expect(read(body(operation)) == .unsupported(operation))
    }
    for operation in [CallOperation.callStart, .join, "hold"] { #expect(read(body(operation)) == .unknown) }
  }
}
