import KandyTesting
import LinkLogic
import LinkProtocol
import Testing

private typealias Fixture = GatewayCallFixture

/// What the three offer each other while Alice hands Bob over to Carol.
@Suite struct GatewayCallTransferExchangeTests {
  typealias Content = Machine.Content

  private let success = SessionParams(sessionData: "sA", statusCode: 9905, reasonText: "Transfer Successful")

  @Test(.spec("R-CALL-441")) func theTargetsOfferWaitsUntilTheOtherExchangeIsFinished() {
    var machine = Fixture.transferring(answering: false)
    _ = machine.ask(.caller, .offer(Content(sdp: "A2 hold")))
    #expect(
      machine.ask("sC", .answer(Content(sdp: "C1"), device: nil)) == [
        Fixture.ok, Fixture.notify("sC", .callCancel, SessionParams(sessionData: "sC"), Fixture.forCarolOfBob),
        .cancelTimer(.ring("sC")),
      ])
    #expect(
      machine.ask("sC", .offer(Content(sdp: "C2"))) == [Fixture.failure(409, 49, "Request Pending", retryAfter: 1)])
    #expect(
      machine.ask(.callee, .reply(Content(sdp: "B2 held"))).prefix(4) == [
        Fixture.ok, Fixture.toAlice(.respondCallUpdate, Fixture.aliceSDP("B2 held")), .cancelTimer(.update(.callee)),
        Fixture.notify(.callee, .startCallUpdate, Fixture.bobSDP("C1"), Fixture.forBobOfCarol),
      ])
    #expect(
      machine.ask("sC", .offer(Content(sdp: "C2"))) == [Fixture.failure(409, 49, "Request Pending", retryAfter: 1)])
  }

  @Test func theTransferorIsRefusedWhileTheTransfereeOwesTheTargetAnAnswer() {
    var machine = Fixture.transferring()
    #expect(
      machine.ask(.caller, .offer(Content(sdp: "A2"))) == [
        Fixture.ok, Fixture.toAlice(.respondCallUpdate, Fixture.refused("sA", retryAfter: 3), statusCode: 49),
      ])
  }

  @Test(.spec("R-CALL-440", "R-CALL-824")) func aTransfereeWhoOffersMeanwhileIsHandedTheTargetsOfferAgain() {
    var machine = Fixture.transferring()
    let again = Fixture.notify(.callee, .startCallUpdate, Fixture.bobSDP("C1"), Fixture.forBobOfCarol)
    #expect(
      machine.ask(.callee, .offer(Content(sdp: "B2"))) == [
        Fixture.ok,
        Fixture.notify(
          .callee, .respondCallUpdate, Fixture.refused("sB", retryAfter: 1), Fixture.forBobOfCarol, statusCode: 49),
        again,
      ])
    #expect(machine.ask(.callee, .refuse) == [Fixture.ok])
    #expect(machine.ask(.callee, .reply(Content(sdp: "B2"))).contains(Fixture.toAlice(.sessionComplete, success)))
  }

  @Test(.spec("R-CALL-220")) func candidatesForTheNewFarEndWaitForTheAnswer() {
    let candidate = ICECandidate(candidate: "candidate:1 1 udp 1 192.0.2.1 9 typ host", sdpMid: "0", sdpMLineIndex: 0)
    var machine = Fixture.transferring(offer: "C1 a=ice-options:trickle")
    #expect(machine.ask(.callee, .candidates([candidate])) == [Fixture.ok])
    #expect(
      machine.ask(.callee, .reply(Content(sdp: "B2"))).contains(
        Fixture.notify(
          "sC", .iceCandidate, SessionParams(sessionData: "sC", iceCandidates: [candidate]), Fixture.forCarolOfBob)))
  }
}
