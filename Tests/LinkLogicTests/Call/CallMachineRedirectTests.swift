import KandyTesting
import LinkLogic
import LinkProtocol
import Testing

/// Calls that go on without this end: part 02 §8.8, §8.17 to §8.19.
@Suite struct CallMachineRedirectTests {
  // MARK: Forward

  @Test(.spec("R-CALL-80", "R-CALL-83")) func aForwardedCallIsOverHere() {
    var desk = CallDesk.called()
    let body = CallDispositionRequest(action: .forward, sessionData: "sB", address: "dave@example.com")
    #expect(
      desk.forward(to: "dave@example.com") == [
        .emit(.operationStarted(.forwardCall)), .cancel(.deadline), .send(.disposition(body), 1, inOrder: true),
      ])
    let effects = desk.accepted()
    #expect(effects.events == [.forwarded, .operationFinished(.forwardCall, nil), .changed(.ringing, .ended)])
    #expect(effects.completions == [1: nil])
  }

  @Test(.spec("R-CALL-83", "R-CALL-521")) func aForwardThatIsRefusedLeavesTheCallRinging() {
    var desk = CallDesk.called()
    _ = desk.forward(to: "dave@example.com")
    let failure = CallFailure(.generic, "Failed to forward call.", status: .invalidValue, detail: "no")
    let effects = desk.refused(.invalidValue, "no")
    #expect(effects.events == [.operationFinished(.forwardCall, failure), .failed(failure)])
    #expect(desk.facts.state == .ringing)
    #expect(desk.answer().events == [.operationStarted(.answer)])
  }

  @Test(.spec("R-CALL-212")) func theEndOfTheRingingThatTheForwardCausesIsNotTakenForAnAnswerElsewhere() {
    var desk = CallDesk.called()
    _ = desk.forward(to: "dave@example.com")
    #expect(desk.notified(.cancel) == [])
    #expect(desk.accepted().events.contains(.forwarded))
  }

  @Test func aForwardThatFailsBecauseAnotherDeviceAnsweredEndsAsThat() {
    var desk = CallDesk.called()
    _ = desk.forward(to: "dave@example.com")
    _ = desk.notified(.cancel)
    #expect(
      desk.refused(.internalError).events.last == .changed(.ringing, .ended, CallReason(.respondedFromAnotherDevice)))
  }

  @Test(.spec("R-CALL-419"), arguments: [StatusCode.callNotFound, nil])
  func aForwardThatMayBeLostIsSaidAgain(_ status: StatusCode?) {
    var desk = CallDesk.called()
    let request = desk.forward(to: "dave@example.com").requests
    #expect(desk.refused(nil).contains(.arm(.retry, after: .seconds(1), generation: 4)))
    #expect(desk.fire(.retry).requests == request)
    // Success, or the news that the call is gone: it has been forwarded before.
    let effects = status == nil ? desk.accepted() : desk.refused(status)
    #expect(effects.events.contains(.forwarded))
    #expect(effects.events.last == .changed(.ringing, .ended))
  }

  /// Code 42 may be about whom the call was to go to.
  @Test(.spec("R-CALL-83")) func aForwardToNobodyRingsOnAndTheGatewayIsAskedWhetherItIsSo() {
    var desk = CallDesk.called()
    _ = desk.forward(to: "dave@example.com")
    let effects = desk.refused(.callNotFound)
    #expect(effects.completions[1]??.code == .generic)
    #expect(desk.facts.state == .ringing && !effects.events.contains(.forwarded))
    #expect(effects.requests.contains { if case .read = $0 { true } else { false } })
  }

  @Test(.spec("R-CALL-83")) func aForwardOfASessionThatIsGoneEndsTheCall() {
    var desk = CallDesk.called()
    _ = desk.forward(to: "dave@example.com")
    #expect(desk.refused(.sessionNotFound).events.last == .changed(.ringing, .ended, CallReason(.reasonNotProvided)))
  }

  @Test(.spec("R-CALL-419")) func aForwardOfWhichNothingIsHeardFailsInTheEnd() {
    var desk = CallDesk.called()
    _ = desk.forward(to: "dave@example.com")
    _ = desk.refused(nil)
    let why = "The gateway did not say whether it knows."
    #expect(desk.fire(.deadline).completions[1] == CallFailure(.generic, "Failed to forward call.", detail: why))
    #expect(desk.facts.state == .ringing)
    #expect(desk.fire(.retry) == [])
  }

  @Test(.spec("R-CALL-181")) func aGatewayThatAllowsNoForwardingIsBelieved() {
    var call = CallDesk.incoming
    call.actions = ["answer", "reject"]
    var desk = CallDesk.called(call)
    #expect(desk.forward(to: "dave@example.com").completions[1]??.code == .notSupported)
    desk = CallDesk.called()
    #expect(desk.forward(to: "").completions[1]??.code == .invalidParameter)
    desk = CallDesk.talking()
    #expect(desk.forward(to: "dave@example.com").completions[2]??.code == .invalidState)
  }

  // MARK: Transfer

  @Test(.spec("R-CALL-85", "R-CALL-86", "R-CALL-214")) func theFarEndIsTransferred() {
    var desk = CallDesk.talking()
    let body = CallControlRequest(type: .transfer, address: "sip:carol@example.com")
    #expect(
      desk.transfer(to: .address("carol@example.com")) == [
        .emit(.operationStarted(.directTransfer)), .send(.update("sA", body), 2, inOrder: true),
      ])
    #expect(desk.accepted() == [.arm(.redirect, after: .seconds(300), generation: 4)])
    #expect(desk.notified(.accepted) == [])
    let effects = desk.notified(.complete)
    let done = CallReason(.sessionCompleted)
    #expect(
      effects.events == [
        .changed(.inCall, .transferred, done), .operationFinished(.directTransfer, nil), .changed(.transferred, .ended, done),
      ])
    #expect(effects.requests == [.end("sA", reasonText: nil)])
    #expect(effects.completions == [2: nil])
  }

  @Test(.spec("R-CALL-214")) func aTransferThatFailsLeavesTheCallHeld() {
    var desk = CallDesk.holding()
    _ = desk.transfer(to: .address("carol@example.com"))
    _ = desk.accepted()
    let declined = CallReason(code: 603, text: "Declined")
    let failure = CallFailure(.generic, "Failed to transfer call.", status: 603, detail: "Declined")
    let effects = desk.notified(.fail, declined)
    #expect(
      effects.events == [
        .changed(.onHold, .transferFailure, declined), .failed(failure), .operationFinished(.directTransfer, failure),
      ])
    #expect(desk.facts.localHold)
    #expect(desk.change(.unhold).events == [.operationStarted(.unhold)])
  }

  @Test(.spec("R-CALL-87", "R-CALL-545")) func aTransferThatTheGatewayRefusesIsReported() {
    var desk = CallDesk.talking()
    _ = desk.transfer(to: .address("carol@example.com"))
    let failure = CallFailure(.generic, "Failed to transfer call.", status: .invalidValue, detail: "no")
    #expect(
      desk.refused(.invalidValue, "no").events == [.failed(failure), .operationFinished(.directTransfer, failure)])
    #expect(desk.facts.state == .inCall)
  }

  @Test(.spec("R-CALL-451", "R-CALL-455")) func aTransferWaitsForTheHold() {
    var desk = CallDesk.talking()
    _ = desk.change(.hold)
    #expect(desk.transfer(to: .address("carol@example.com")).requests == [])
    #expect(desk.transfer(to: .address("dave@example.com")).completions[4]??.code == .invalidState)
    _ = desk.described()
    _ = desk.accepted()
    _ = desk.notified(.answer, sdp: SDPText.make(audio: .recvonly))
    let effects = desk.mediaDone()
    #expect(effects.events == [.changed(.inCall, .onHold), .operationFinished(.hold, nil)])
    #expect(
      effects.requests == [.update("sA", CallControlRequest(type: .transfer, address: "sip:carol@example.com"))])
  }

  @Test(.spec("R-CALL-85", "R-CALL-460")) func theFarEndsOfTwoHeldCallsAreConnected() {
    var desk = CallDesk.holding()
    let body = CallControlRequest(type: .transfer, address: "carol@example.com", sessionData: "s2")
    #expect(desk.transfer(to: .call("s2", number: "carol@example.com")).requests == [.update("sA", body)])
    _ = desk.accepted()
    #expect(desk.notified(.complete).completions == [3: nil])
    desk = CallDesk.talking()
    #expect(desk.transfer(to: .call("s2", number: "carol@example.com")).completions[2]??.code == .invalidState)
  }

  @Test(.spec("R-CALL-463", "R-CALL-469")) func theOtherCallMayBeTheOneThatIsGone() {
    var desk = CallDesk.holding()
    _ = desk.transfer(to: .call("s2", number: "carol@example.com"))
    let effects = desk.refused(.callNotFound)
    #expect(effects.completions[3]??.status == .callNotFound)
    #expect(desk.facts.state == .onHold)
    #expect(desk.fire(.audit).requests == [.update("sA", CallControlRequest(type: .audit))])
    #expect(desk.accepted() == [])
  }

  @Test(.spec("R-CALL-469")) func aTransferThatNobodyConfirmsIsDecidedByItsOutcome() {
    var desk = CallDesk.talking()
    _ = desk.transfer(to: .address("carol@example.com"))
    #expect(desk.refused(nil) == [.arm(.redirect, after: .seconds(90), generation: 4)])
    #expect(desk.notified(.complete).completions == [2: nil])
    #expect(desk.facts.state == .ended)
  }

  @Test(.spec("R-CALL-838")) func theOtherCallOfAConsultativeTransferEndsWhenItIsComplete() {
    var desk = CallDesk.holding()
    let effects = desk.notified(.complete)
    #expect(effects.requests == [.end("sA", reasonText: nil)])
    #expect(effects.events == [.changed(.onHold, .ended, CallReason(.sessionCompleted))])
  }

  @Test(.spec("R-CALL-174")) func offersDuringATransferAreAnsweredWithoutAWord() {
    var desk = CallDesk.holding()
    _ = desk.transfer(to: .address("carol@example.com"))
    _ = desk.accepted()
    _ = desk.notified(.update, sdp: SDPText.make(audio: .inactive))
    #expect(desk.described().requests.count == 1)
    #expect(desk.accepted().events.ofTheCall == [])
    #expect(desk.change(.unhold).completions[4]??.code == .invalidState)
  }

  @Test(.spec("R-CALL-452")) func hangingUpDuringATransferEndsTheCall() {
    var desk = CallDesk.talking()
    _ = desk.transfer(to: .address("carol@example.com"))
    _ = desk.accepted()
    let effects = desk.end()
    #expect(effects.requests == [.end("sA", reasonText: "Ended by local user")])
    #expect(effects.completions[2]??.code == .invalidState)
    #expect(effects.completions[3] == .some(nil))
  }

  @Test func aTransferOfWhichNothingIsHeardFails() {
    var desk = CallDesk.talking()
    _ = desk.transfer(to: .address("carol@example.com"))
    _ = desk.accepted()
    let effects = desk.fire(.redirect)
    #expect(effects.events.first == .changed(.inCall, .transferFailure))
    #expect(effects.completions[2]??.code == .generic)
  }

  @Test func aDestinationHasToBeNamedAndTheFarEndsHoldRespected() {
    var desk = CallDesk.talking()
    #expect(desk.transfer(to: .address("")).completions[2]??.code == .invalidParameter)
    _ = desk.notified(.update, sdp: SDPText.make(audio: .sendonly))
    _ = desk.described()
    _ = desk.accepted()
    #expect(desk.transfer(to: .address("carol@example.com")).completions[3]??.code == .invalidState)
  }

  // MARK: Join

  private static func joining() -> CallDesk {
    var desk = CallDesk()
    desk.machine = CallMachine(
      outgoing: OutgoingCall(
        joining: JoinedSessions(first: "s1", second: "s2"), customParameters: [CustomParameter(name: "X-A", value: "1")]),
      settings: CallDesk.settings)
    return desk
  }

  @Test(.spec("R-CALL-89", "R-CALL-90", "R-UP-26")) func twoCallsAreJoined() {
    var desk = Self.joining()
    #expect(
      desk.make() == [
        .emit(.operationStarted(.join)),
        .media(.offer(LocalMedia(audio: .sendrecv, video: nil), .update, .presentPeer), 1),
      ])
    let body = CallControlRequest(
      type: .join, sdp: "<own>", customParameters: [CustomParameter(name: "X-A", value: "1")], firstSessionData: "s1",
      secondSessionData: "s2")
    #expect(desk.described().requests == [.start(body)])
    let effects = desk.accepted(CallControlResponse(sessionData: "sJ"))
    #expect(
      effects == [
        .arm(.deadline, after: .seconds(300), generation: 1), .arm(.audit, after: .seconds(30), generation: 2),
        .registered("sJ"), .tellOriginals(.accepted),
        .emit(.operationFinished(.join, nil)), .complete(1, nil), .emit(.joined),
      ])
    #expect(desk.facts.state == .inCall)
    _ = desk.notified(.answer, sdp: SDPText.make())
    #expect(
      desk.mediaDone().events == [.changed(.inCall, .inCall, CallReason(.joinCompleted), .callEstablished)])
  }

  @Test(.spec("R-CALL-546")) func aJoinThatTheGatewayRefusesIsReported() {
    var desk = Self.joining()
    _ = desk.make()
    _ = desk.described()
    let failure = CallFailure(.generic, "Failed to join call.", status: .serviceNotEnabled, detail: "no mixer")
    let effects = desk.refused(.serviceNotEnabled, "no mixer")
    #expect(effects.events == [.operationFinished(.join, failure), .failed(failure)])
    #expect(!effects.contains(.tellOriginals(.failed)))
  }

  @Test(.spec("R-CALL-214")) func theOriginalsEndWhenTheirFarEndsHaveBeenJoined() {
    var desk = CallDesk.holding()
    #expect(desk.feed(.joined) == [.arm(.redirect, after: .seconds(300), generation: 5)])
    let effects = desk.notified(.complete)
    #expect(effects.requests == [.end("sA", reasonText: nil)])
    #expect(effects.events == [.changed(.onHold, .ended, CallReason(.joinCompleted))])
  }

  @Test(.spec("R-CALL-214")) func anOriginalThatCannotBeJoinedIsHeldAsBefore() {
    var desk = CallDesk.holding()
    _ = desk.feed(.joined)
    let reason = CallReason(code: 480, text: "Gone")
    #expect(desk.notified(.fail, reason).events == [.changed(.onHold, .transferFailure, reason)])
    #expect(desk.change(.unhold).events == [.operationStarted(.unhold)])
  }

  @Test func theEndOfTheJoinedCallBeforeItReplacedTheOriginalsLeavesThemHeld() {
    var joined = Self.joining()
    _ = joined.make()
    _ = joined.described()
    _ = joined.accepted(CallControlResponse(sessionData: "sJ"))
    #expect(joined.notified(.end).contains(.tellOriginals(.failed)))

    var original = CallDesk.holding()
    _ = original.feed(.joined)
    #expect(original.feed(.joinFailed) == [.cancel(.redirect), .emit(.changed(.onHold, .onHold))])
  }
}
