import KandyTesting
import LinkLogic
import LinkProtocol
import Testing

/// Being called: part 02 §8.5 to §8.11.
@Suite struct CallMachineAnswerTests {
  @Test(.spec("R-CALL-180", "R-CALL-340")) func anIncomingCallRings() {
    var desk = CallDesk(
      called: IncomingCall(
        session: "sB", offer: SDPText.make(video: .recvonly), callerNumber: "carol@example.com", callerName: "Carol Clark",
        calleeNumber: "alice@example.com"))
    #expect(
      desk.feed(.receive) == [
        .arm(.deadline, after: .seconds(300), generation: 1), .arm(.audit, after: .seconds(30), generation: 2),
        .emit(.received),
      ])
    var facts = CallFacts(direction: .incoming, state: .ringing, from: "carol@example.com", to: "alice@example.com")
    facts.session = "sB"
    facts.callerName = "Carol Clark"
    facts.remoteParticipant = CallParticipant(displayNumber: "carol@example.com", displayName: "Carol Clark")
    facts.isVideoNegotiationAvailable = true
    facts.remoteVideoState = .recvonly
    #expect(desk.facts == facts)
  }

  @Test(.spec("R-CALL-46", "R-CALL-47", "R-CALL-48", "R-UP-11")) func anAnswerGoesOutAndThenTheCallIsEstablished() {
    var desk = CallDesk.called()
    let offer = SDPText.make()
    let parameters = [CustomParameter(name: "X-Desk", value: "7")]
    #expect(
      desk.answer(CallAnswer(customParameters: parameters)) == [
        .emit(.operationStarted(.answer)),
        .cancel(.deadline),
        .media(
          .answer(offer: offer, LocalMedia(audio: .sendrecv, video: .recvonly), .answerCall), 1),
      ])
    #expect(
      desk.described("<answer>") == [
        .send(
          .update("sB", CallControlRequest(type: .callAnswer, sdp: "<answer>", customParameters: parameters)), 1,
          inOrder: true)
      ])
    #expect(desk.facts.state == .ringing)
    #expect(
      desk.accepted() == [
        .adjust(.commit),
        .arm(.audit, after: .seconds(3), generation: 3),
        .emit(.operationFinished(.answer, nil)),
        .complete(1, nil),
        .emit(.changed(.ringing, .inCall, nil, .callEstablished)),
      ])
  }

  @Test(.spec("R-CALL-516", "R-CALL-514")) func theCameraIsNotSentToACallerWithoutVideo() {
    var desk = CallDesk.called()
    _ = desk.answer(CallAnswer(media: MediaWishes(sendVideo: true)))
    #expect(desk.facts.sendingVideo == false)
    #expect(desk.facts.sendInitialVideo == true)

    var call = CallDesk.incoming
    call.offer = SDPText.make(video: .sendrecv)
    desk = CallDesk.called(call)
    _ = desk.answer(CallAnswer(media: MediaWishes(sendVideo: true)))
    #expect(desk.facts.sendingVideo == true)
  }

  @Test(.spec("R-CALL-181", "R-CALL-515")) func whatTheGatewayDoesNotAllowIsNotTried() {
    var call = CallDesk.incoming
    call.actions = ["forward"]
    var desk = CallDesk.called(call)
    let answer = CallFailure(.notSupported, "Failed to answer call.", detail: "The gateway allows no answer.")
    #expect(desk.answer() == [.emit(.failed(answer)), .complete(1, answer)])
    let reject = CallFailure(.notSupported, "Failed to reject call.", detail: "The gateway allows no rejection.")
    #expect(desk.reject() == [.emit(.failed(reject)), .complete(2, reject)])
    #expect(desk.facts.state == .ringing)
  }

  @Test(.spec("R-CALL-515")) func aSecondAnswerIsRefused() {
    var desk = CallDesk.answering()
    let failure = CallFailure(.invalidState, "Failed to answer call.")
    #expect(desk.answer() == [.emit(.failed(failure)), .complete(2, failure)])
    #expect(desk.accepted().events.last == .changed(.ringing, .inCall, nil, .callEstablished))
  }

  @Test(.spec("R-CALL-515")) func withoutADeviceTheCallKeepsRinging() {
    var desk = CallDesk.called()
    _ = desk.answer()
    let failure = CallFailure(.userMedia, "Failed to answer call.", detail: "why")
    #expect(
      desk.mediaFails(.device) == [
        .adjust(.discard),
        .arm(.deadline, after: .seconds(300), generation: 3),
        .emit(.operationFinished(.answer, failure)),
        .complete(1, failure),
        .emit(.failed(failure)),
      ])
    #expect(desk.facts.state == .ringing)
    _ = desk.answer()
    _ = desk.described()
    #expect(desk.accepted().events.last == .changed(.ringing, .inCall, nil, .callEstablished))
    #expect(desk.facts.failure == nil)
  }

  @Test(.spec("R-CALL-515")) func aCallThatCannotBeNegotiatedIsTurnedDown() {
    var desk = CallDesk.called()
    _ = desk.answer()
    let failure = CallFailure(.invalidOffer, "Failed to answer call.", detail: "why")
    let effects = desk.mediaFails(.remoteDescription)
    #expect(effects.events == [.operationFinished(.answer, failure), .failed(failure)])
    #expect(effects.requests == [.disposition(CallDispositionRequest(action: .reject, sessionData: "sB"))])
    #expect(desk.accepted().events == [.changed(.ringing, .ended, CallReason(.rejectedByLocalUser))])
  }

  @Test(
    .spec("R-CALL-49", "R-CALL-415"),
    arguments: [
      (StatusCode.answeredElsewhere, LocalCallCode.respondedFromAnotherDevice), (.callNotFound, .reasonNotProvided),
      (.sessionNotFound, .reasonNotProvided),
    ])
  func anAnswerThatComesTooLateEndsTheCall(_ status: StatusCode, _ code: LocalCallCode) {
    var desk = CallDesk.answering()
    let ended = CallFailure(.invalidState, "The call has ended.")
    let effects = desk.refused(status)
    #expect(effects.events == [.operationFinished(.answer, ended), .changed(.ringing, .ended, CallReason(code))])
    #expect(effects.requests == [])
  }

  @Test(.spec("R-CALL-49", "R-CALL-19"))
  func anAnswerThatIsRefusedOtherwiseLeavesTheCallRinging() {
    let status = StatusCode.internalError
    var desk = CallDesk.answering()
    let failure = CallFailure(.generic, "Failed to answer call.", status: status)
    #expect(desk.refused(status).events == [.operationFinished(.answer, failure), .failed(failure)])
    #expect(desk.facts.state == .ringing)
    #expect(desk.facts.failure == failure)
  }

  // MARK: Nobody says whether the answer has arrived

  private static let again = CallRequest.update("sB", CallControlRequest(type: .callAnswer, sdp: "<answer>"))

  @Test(.spec("R-CALL-419")) func anAnswerThatMayBeLostIsGivenAgain() {
    var desk = CallDesk.answering()
    #expect(
      desk.refused(nil) == [
        .arm(.deadline, after: .seconds(30), generation: 3), .arm(.retry, after: .seconds(1), generation: 4),
      ])
    // The echo of the answer that did arrive.
    #expect(desk.notified(.cancel) == [])
    #expect(desk.fire(.retry).requests == [Self.again])
    #expect(desk.refused(nil) == [.arm(.retry, after: .seconds(1), generation: 5)])
    #expect(desk.fire(.retry).requests == [Self.again])
    #expect(desk.accepted().events == [.operationFinished(.answer, nil), .changed(.ringing, .inCall, nil, .callEstablished)])
    #expect(desk.generations.keys.sorted { $0.rawValue < $1.rawValue } == [.audit])
  }

  @Test(.spec("R-CALL-419")) func itIsGivenAgainAtOnceWhenTheChannelIsOpenAgain() {
    var desk = CallDesk.answering()
    _ = desk.refused(nil)
    #expect(desk.feed(.channelOpened(isReconnection: true)) == [.arm(.retry, after: .zero, generation: 5)])
  }

  @Test(.spec("R-CALL-419")) func whetherItWasTooLateIsKnownThen() {
    var desk = CallDesk.answering()
    _ = desk.refused(nil)
    _ = desk.fire(.retry)
    let code = CallReason(.respondedFromAnotherDevice)
    #expect(desk.refused(.answeredElsewhere).events.last == .changed(.ringing, .ended, code))
  }

  @Test(.spec("R-CALL-419")) func inTheEndTheCallIsGivenUpWithoutAGoodbye() {
    var desk = CallDesk.answering()
    _ = desk.refused(nil)
    let why = "The gateway did not say whether it knows."
    let failure = CallFailure(.generic, "Failed to answer call.", detail: why)
    let effects = desk.fire(.deadline)
    #expect(
      effects.events == [
        .failed(failure), .operationFinished(.answer, failure), .changed(.ringing, .ended, CallReason(.reasonNotProvided)),
      ])
    #expect(effects.requests == [])
  }

  // MARK: Turning down

  @Test(.spec("R-CALL-80", "R-CALL-81")) func aRejectedCallEndsWhenTheGatewayHasAgreed() {
    var desk = CallDesk.called()
    #expect(
      desk.reject() == [
        .emit(.operationStarted(.reject)),
        .cancel(.deadline),
        .send(.disposition(CallDispositionRequest(action: .reject, sessionData: "sB")), 1, inOrder: true),
      ])
    #expect(desk.facts.state == .ringing)
    #expect(
      desk.accepted() == [
        .emit(.operationFinished(.reject, nil)),
        .complete(1, nil),
        .emit(.changed(.ringing, .ended, CallReason(.rejectedByLocalUser))),
        .cancel(.audit),
        .media(.close, 1),
      ])
    #expect(desk.mediaDone() == [.finished])
  }

  @Test(.spec("R-CALL-212", "R-CALL-82")) func theEchoOfARejectionMayComeFirst() {
    var desk = CallDesk.called()
    _ = desk.reject()
    #expect(desk.notified(.cancel).events.last == .changed(.ringing, .ended, CallReason(.rejectedByLocalUser)))
    #expect(desk.accepted() == [])
    #expect(desk.mediaDone() == [.finished])
  }

  @Test(.spec("R-CALL-81")) func aRejectionThatIsRefusedLeavesTheCallRinging() {
    var desk = CallDesk.called()
    _ = desk.reject()
    let failure = CallFailure(.generic, "Failed to reject call.", status: .internalError)
    #expect(
      desk.refused(.internalError) == [
        .arm(.deadline, after: .seconds(300), generation: 3),
        .emit(.operationFinished(.reject, failure)),
        .complete(1, failure),
        .emit(.failed(failure)),
      ])
    #expect(desk.facts.state == .ringing)
  }

  @Test(.spec("R-CALL-419")) func aRejectionThatMayBeLostIsSaidAgain() {
    var desk = CallDesk.called()
    let request = desk.reject().requests
    #expect(desk.refused(nil).events == [])
    #expect(desk.fire(.retry).requests == request)
    #expect(desk.refused(.callNotFound).events.last == .changed(.ringing, .ended, CallReason(.rejectedByLocalUser)))
  }

  @Test func aRejectionOfACallThatIsGoneIsFulfilled() {
    var desk = CallDesk.called()
    _ = desk.reject()
    #expect(desk.refused(.callNotFound).events.last == .changed(.ringing, .ended, CallReason(.rejectedByLocalUser)))
  }

  @Test func anEstablishedCallCannotBeRejected() {
    var desk = CallDesk.talking()
    let failure = CallFailure(.invalidState, "Failed to reject call.")
    #expect(desk.reject() == [.emit(.failed(failure)), .complete(2, failure)])
  }

  @Test(.spec("R-CALL-84", "R-CALL-520")) func anIgnoredCallEndsHereAndNobodyIsTold() {
    for offer in [SDPText.make(), nil] {
      var call = CallDesk.incoming
      call.offer = offer
      var desk = CallDesk.called(call)
      #expect(
        desk.ignore() == [
          .emit(.operationStarted(.ignore)),
          .emit(.operationFinished(.ignore, nil)),
          .complete(1, nil),
          .emit(.changed(.ringing, .ended, CallReason(.ignoredByLocalUser))),
          .cancel(.audit),
          .cancel(.deadline),
          .media(.close, 1),
        ])
    }
  }

  @Test(.spec("R-CALL-520")) func ignoringACallThatDoesNotRingDoesNothing() {
    var desk = CallDesk.talking()
    #expect(
      desk.ignore() == [
        .emit(.operationStarted(.ignore)), .emit(.operationFinished(.ignore, nil)), .complete(2, nil),
      ])
    #expect(desk.facts.state == .inCall)
  }

  // MARK: What others do

  @Test(.spec("R-CALL-212")) func aCallThatAnotherDeviceTookEndsHere() {
    var desk = CallDesk.called()
    #expect(desk.notified(.cancel).events == [.changed(.ringing, .ended, CallReason(.respondedFromAnotherDevice))])
    var slow = CallDesk.incoming
    slow.offer = nil
    desk = CallDesk.called(slow)
    #expect(desk.notified(.cancel).events == [.changed(.ringing, .ended, CallReason(.reasonNotProvided))])
  }

  @Test(.spec("R-CALL-212", "R-CALL-381")) func theEchoOfTheOwnAnswerIsNotTheEnd() {
    var desk = CallDesk.answering()
    #expect(desk.notified(.cancel) == [])
    #expect(desk.accepted().events.last == .changed(.ringing, .inCall, nil, .callEstablished))
    #expect(desk.notified(.cancel) == [])
    #expect(desk.facts.state == .inCall)
  }

  @Test(.spec("R-CALL-212")) func anotherDeviceMayBeFasterThanTheOwnAnswer() {
    var desk = CallDesk.called()
    _ = desk.answer()
    let effects = desk.notified(.cancel)
    #expect(effects.events.last == .changed(.ringing, .ended, CallReason(.respondedFromAnotherDevice)))
    #expect(effects.requests == [])
    #expect(desk.facts.state == .ended)
  }

  @Test(.spec("R-CALL-213", "R-CALL-210")) func aCallerWhoGivesUpEndsTheCall() {
    let reason = CallReason(code: 487, text: "Request Terminated")
    var desk = CallDesk.called()
    #expect(desk.notified(.end, reason).events == [.changed(.ringing, .ended, reason)])

    desk = CallDesk.answering()
    #expect(desk.notified(.end).events.last == .changed(.ringing, .ended, CallReason(.reasonNotProvided)))
    // The answer fails now; the application has been told already.
    #expect(desk.feed(.response(1, .failure(CallControlResponse(statusCode: .callNotFound)))) == [])
    #expect(desk.mediaDone() == [.finished])
  }

  @Test func aCallThatRingsForEverDoesNot() {
    var desk = CallDesk.called()
    let effects = desk.fire(.deadline)
    #expect(effects.events == [.changed(.ringing, .ended, CallReason(.reasonNotProvided))])
    #expect(effects.requests == [])
  }

  // MARK: Slow start

  private static func slowAnswered() -> CallDesk {
    var call = CallDesk.incoming
    call.offer = nil
    var desk = CallDesk.called(call)
    _ = desk.answer()
    _ = desk.described("<offer>")
    return desk
  }

  @Test(.spec("R-CALL-46", "R-CALL-284", "R-SDP-150")) func aCallWithoutAnOfferGetsOurs() {
    var call = CallDesk.incoming
    call.offer = nil
    var desk = CallDesk.called(call)
    #expect(!desk.facts.isVideoNegotiationAvailable)
    #expect(
      desk.answer(CallAnswer(media: MediaWishes(video: false))).last
        == .media(.offer(LocalMedia(audio: .sendrecv, video: nil), .answerCall, .presentPeer), 1))
    #expect(desk.described("<offer>").requests == [.update("sB", CallControlRequest(type: .callAnswer, sdp: "<offer>"))])
    #expect(desk.accepted() == [.arm(.deadline, after: .seconds(300), generation: 3)])
    #expect(desk.facts.state == .ringing)
    let answer = SDPText.make()
    #expect(desk.notified(.answer, sdp: answer) == [.media(.accept(.answer, answer, .answerCall), 2)])
    #expect(
      desk.mediaDone().events
        == [.operationFinished(.answer, nil), .changed(.ringing, .inCall, nil, .callEstablished)])
  }

  @Test(.spec("R-CALL-176")) func theFarEndsAnswerMayOvertakeTheResponse() {
    var desk = Self.slowAnswered()
    #expect(desk.notified(.answer, sdp: SDPText.make(audio: .inactive)) == [])
    guard case .media(.accept, _)? = desk.accepted().last else {
      Issue.record("the answer is lost")
      return
    }
    #expect(desk.mediaDone().events.last == .changed(.ringing, .onRemoteHold, nil, .callEstablished))
  }

  @Test(.spec("R-CALL-741")) func somebodyMayHaveToBeRungAfterTheOwnAnswer() {
    var desk = Self.slowAnswered()
    // Not before the gateway has the answer.
    #expect(desk.notified(.ringing) == [])
    #expect(desk.accepted().events == [.changed(.ringing, .ringing, nil)])
    #expect(desk.notified(.ringing).events == [.changed(.ringing, .ringing, nil)])
    let busy = CallReason(code: 486, text: "Busy Here")
    var refused = desk
    #expect(refused.notified(.end, busy).events.last == .changed(.ringing, .ended, busy))
    guard case .media(.accept, _)? = desk.notified(.answer, sdp: SDPText.make()).last else {
      Issue.record("the answer is lost")
      return
    }
    #expect(desk.mediaDone().events.last == .changed(.ringing, .inCall, nil, .callEstablished))
    #expect(desk.notified(.ringing) == [])
  }

  @Test(.spec("R-SDP-153")) func aSlowStartWithoutAUsableAnswerEnds() {
    var desk = Self.slowAnswered()
    _ = desk.accepted()
    var late = desk
    _ = desk.notified(.answer, sdp: "rubbish")
    #expect(desk.mediaFails(.remoteDescription).requests == [.end("sB", reasonText: nil)])
    #expect(desk.facts.state == .ended)
    #expect(late.fire(.deadline).requests == [.end("sB", reasonText: nil)])
    #expect(late.facts.state == .ended)
  }
}
