import KandyTesting
import LinkLogic
import LinkProtocol
import Testing

/// What the far end changes in an established call: part 02 §4.7, §8.12, §8.13.
@Suite struct CallMachineUpdateTests {
  static let both = LocalMedia(audio: .sendrecv, video: .recvonly)

  @Test(.spec("R-CALL-62", "R-CALL-200", "R-UP-13")) func theFarEndHolds() {
    var desk = CallDesk.talking()
    let hold = SDPText.make(audio: .sendonly)
    #expect(
      desk.notified(.update, sdp: hold) == [
        .emit(.remoteOperationStarted(.hold)), .media(.answer(offer: hold, Self.both, .hold), 3),
      ])
    #expect(
      desk.described("<answer>") == [
        .send(.update("sA", CallControlRequest(type: .respondCallUpdate, sdp: "<answer>")), 2, inOrder: true)
      ])
    #expect(desk.facts.state == .inCall)
    #expect(
      desk.accepted() == [
        .adjust(.commit),
        .emit(.changed(.inCall, .onRemoteHold)), .emit(.remoteOperationFinished(.hold, nil)),
        .adjust(.enable(MediaEnablement(audio: false, video: false))),
      ])
    #expect(desk.facts.remoteHold)
  }

  private static func held() -> CallDesk {
    var desk = CallDesk.talking()
    _ = desk.notified(.update, sdp: SDPText.make(audio: .inactive))
    _ = desk.described()
    _ = desk.accepted()
    return desk
  }

  @Test(.spec("R-CALL-421", "R-SDP-105")) func theFarEndResumes() {
    var desk = Self.held()
    let offer = SDPText.make()
    #expect(desk.notified(.update, sdp: offer).last == .media(.answer(offer: offer, Self.both, .unhold), 4))
    _ = desk.described()
    #expect(desk.accepted().events.ofTheCall == [.changed(.onRemoteHold, .inCall)])
    #expect(!desk.facts.remoteHold)
  }

  @Test(.spec("R-CALL-420")) func aRepeatedHoldIsAnsweredAndAnnouncedAgain() {
    var desk = Self.held()
    _ = desk.notified(.update, sdp: SDPText.make(audio: .inactive))
    #expect(desk.described().requests.count == 1)
    #expect(desk.accepted().events.ofTheCall == [.changed(.onRemoteHold, .onRemoteHold)])
  }

  @Test(.spec("R-UP-4", "R-SDP-122")) func anOldHoldByAddressIsAnsweredInItsOwnWay() {
    var desk = CallDesk.talking()
    let hold = SDPText.make(video: .recvonly, address: "0.0.0.0")
    let local = LocalMedia(audio: .sendonly, video: .inactive)
    #expect(desk.notified(.update, sdp: hold).last == .media(.answer(offer: hold, local, .hold), 3))
  }

  @Test(.spec("R-CALL-325", "R-MEDIA-32")) func theFarEndStartsItsVideo() {
    var desk = CallDesk.talking()
    let offer = SDPText.make(video: .sendrecv)
    #expect(desk.notified(.update, sdp: offer).last == .media(.answer(offer: offer, Self.both, .update), 3))
    _ = desk.described()
    #expect(desk.accepted().events.ofTheCall == [.changed(.inCall, .inCall, nil, .remoteVideoChange)])
    #expect(desk.facts.remoteVideoState == .sendrecv)
  }

  @Test(.spec("R-CALL-51")) func theCallsParametersGoWithEveryAnswer() {
    var desk = CallDesk.called()
    let parameters = [CustomParameter(name: "X-Desk", value: "7")]
    _ = desk.answer(CallAnswer(customParameters: parameters))
    _ = desk.described()
    _ = desk.accepted()
    _ = desk.notified(.update, sdp: SDPText.make())
    let body = CallControlRequest(type: .respondCallUpdate, sdp: "<own>", customParameters: parameters)
    #expect(desk.described().requests == [.update("sB", body)])
  }

  // MARK: Failures

  @Test(.spec("R-CALL-64")) func anAnswerThatTheGatewayRefusesLeavesTheCallAsItWas() {
    var desk = CallDesk.talking()
    _ = desk.notified(.update, sdp: SDPText.make(audio: .inactive))
    _ = desk.described()
    // The engine has applied the answer already: the two ends agree anew on what is so.
    #expect(
      desk.refused(.internalError) == [
        .adjust(.revert), .emit(.changed(.inCall, .inCall)),
        .emit(
          .remoteOperationFinished(.hold, CallFailure(.generic, "The far end's change came to nothing."))),
        .media(.offer(Self.both, .reoffer, .presentPeer), 4),
      ])
    #expect(!desk.facts.remoteHold)
  }

  @Test func anAnswerForACallThatIsGoneEndsIt() {
    var desk = CallDesk.talking()
    _ = desk.notified(.update, sdp: SDPText.make())
    _ = desk.described()
    #expect(desk.refused(.callNotFound).events.ofTheCall == [.changed(.inCall, .ended, CallReason(.reasonNotProvided))])
  }

  @Test(.spec("R-CALL-65", "R-SDP-163")) func anOfferThatCannotBeUsedIsRefusedAndReported() {
    var desk = CallDesk.talking()
    _ = desk.notified(.update, sdp: "rubbish")
    let failure = CallFailure(.invalidOffer, "Failed to answer the far end's offer.", detail: "why")
    #expect(
      desk.mediaFails(.remoteDescription) == [
        .send(.update("sA", CallControlRequest(type: .respondCallUpdate, statusCode: 491)), 2, inOrder: true),
        .emit(.failed(failure)),
        .adjust(.revert),
        .emit(.changed(.inCall, .inCall)),
      ])
    #expect(desk.accepted() == [])
    _ = desk.notified(.update, sdp: SDPText.make(audio: .inactive))
    _ = desk.described()
    #expect(desk.accepted().events.ofTheCall == [.changed(.inCall, .onRemoteHold)])
  }

  @Test(.spec("R-CALL-171")) func offersAreAnsweredOneAfterAnother() {
    var desk = CallDesk.talking()
    _ = desk.notified(.update, sdp: SDPText.make(audio: .inactive))
    #expect(desk.notified(.update, sdp: SDPText.make()) == [])
    #expect(desk.described().requests.count == 1)
    let effects = desk.accepted()
    #expect(effects.events.ofTheCall == [.changed(.inCall, .onRemoteHold)])
    _ = desk.described()
    #expect(desk.accepted().events.ofTheCall == [.changed(.onRemoteHold, .inCall)])
  }

  @Test(.spec("R-CALL-178", "R-CALL-193")) func aSecondAnswerChangesNothing() {
    var desk = CallDesk.talking()
    #expect(desk.notified(.answer, sdp: SDPText.make(video: .sendrecv)) == [])
    #expect(desk.facts.remoteVideoState == nil)
  }

  // MARK: Slow start

  @Test(.spec("R-UP-23", "R-CALL-294", "R-SDP-151")) func theFarEndWantsAnOffer() {
    var desk = CallDesk.talking()
    #expect(desk.notified(.update) == [.media(.offer(Self.both, .reoffer, .freshPeer), 3)])
    #expect(
      desk.described("<offer>").requests == [.update("sA", CallControlRequest(type: .respondCallUpdate, sdp: "<offer>"))])
    #expect(desk.accepted() == [.arm(.deadline, after: .seconds(30), generation: 4)])
    let answer = SDPText.make(audio: .sendonly)
    #expect(desk.notified(.answer, sdp: answer) == [.media(.accept(.answer, answer, .respond), 4)])
    let effects = desk.mediaDone()
    #expect(effects.events.ofTheCall == [.changed(.inCall, .onRemoteHold)])
    #expect(effects.first == .cancel(.deadline))
  }

  @Test(.spec("R-SDP-152")) func anOfferThatCrossesOursIsRefused() {
    var desk = CallDesk.talking()
    _ = desk.notified(.update)
    _ = desk.described()
    _ = desk.accepted()
    #expect(
      desk.notified(.update, sdp: SDPText.make()).requests
        == [.update("sA", CallControlRequest(type: .respondCallUpdate, statusCode: 491))])
    _ = desk.feed(.response(3, .success(CallControlResponse())))
    _ = desk.notified(.answer, sdp: SDPText.make())
    #expect(desk.mediaDone().events.ofTheCall == [.changed(.inCall, .inCall)])
  }

  @Test func anOfferThatNobodyAnswersIsTakenBack() {
    var desk = CallDesk.talking()
    _ = desk.notified(.update)
    _ = desk.described()
    _ = desk.accepted()
    #expect(desk.fire(.deadline) == [.adjust(.revert), .emit(.changed(.inCall, .inCall))])
    // It comes late (R-CALL-429).
    #expect(desk.notified(.answer, sdp: SDPText.make()) == [.media(.offer(Self.both, .reoffer, .presentPeer), 4)])
  }

  @Test(.spec("R-CALL-194")) func anOfferThatIsRefusedIsTakenBack() {
    var desk = CallDesk.talking()
    _ = desk.notified(.update)
    _ = desk.described()
    _ = desk.accepted()
    #expect(
      desk.notified(.refusal(retryAfter: .seconds(2)))
        == [.cancel(.deadline), .adjust(.revert), .emit(.changed(.inCall, .inCall))])
  }

  // MARK: Who is there

  @Test(.spec("R-CALL-173", "R-CALL-341")) func theNotifiedPartyIsShownFromTheNextChangeOn() {
    var desk = CallDesk.trying()
    _ = desk.notified(CallNotice(.ringing, remoteNumber: "bob@example.com", remoteName: "Bob Brown"))
    #expect(desk.facts.remoteParticipant == CallParticipant(displayNumber: "bob@example.com", displayName: "Bob Brown"))
    #expect(desk.facts.to == "bob@example.com")
    #expect(desk.facts.calleeName == "Bob Brown")
    #expect(desk.facts.originalRemoteParticipant == CallParticipant(displayNumber: "bob@example.com"))
  }

  private func update(_ sdp: String, caller: String?, callee: String?) -> CallNotice {
    CallNotice(.update, sdp: sdp, callerNumber: caller, callerName: "Carol Clark", calleeNumber: callee)
  }

  @Test(.spec("R-CALL-206", "R-CALL-207")) func anUnholdByATransferSaysSoOnce() {
    var desk = Self.held()
    _ = desk.notified(update(SDPText.make(), caller: "carol@example.com", callee: "alice@example.com"))
    _ = desk.described()
    let transferred = CallReason(.transferredByRemoteUser)
    #expect(desk.accepted().events.ofTheCall == [.changed(.onRemoteHold, .inCall, transferred)])
    #expect(desk.facts.remoteParticipant == CallParticipant(displayNumber: "carol@example.com", displayName: "Carol Clark"))

    for sdp in [SDPText.make(audio: .inactive), SDPText.make()] {
      _ = desk.notified(update(sdp, caller: "carol@example.com", callee: "alice@example.com"))
      _ = desk.described()
      _ = desk.accepted()
    }
    #expect(desk.facts.transition?.code == nil)
  }

  @Test(.spec("R-CALL-207")) func afterATransferThatFailedNobodyHasBeenTransferred() {
    var desk = Self.held()
    // Carol's offer, which cannot be used, and the news that it is Bob again.
    _ = desk.notified(update(SDPText.make(), caller: "carol@example.com", callee: "alice@example.com"))
    _ = desk.mediaFails(.remoteDescription)
    _ = desk.accepted()
    _ = desk.feed(.notice(CallNotice(.trying, remoteNumber: "bob@example.com", remoteName: "Bob Brown")))
    _ = desk.notified(.update, sdp: SDPText.make())
    _ = desk.described()
    #expect(desk.accepted().events.ofTheCall == [.changed(.onRemoteHold, .inCall)])
    #expect(desk.facts.remoteParticipant?.displayNumber == "bob@example.com")
  }

  @Test(.spec("R-CALL-202", "R-CALL-206")) func anUpdateThatDoesNotSayWhoChangesNobody() {
    var desk = Self.held()
    _ = desk.notified(update(SDPText.make(), caller: nil, callee: "alice@example.com"))
    _ = desk.described()
    #expect(desk.accepted().events.ofTheCall == [.changed(.onRemoteHold, .inCall)])
    #expect(desk.facts.remoteParticipant == CallParticipant(displayNumber: "bob@example.com"))
  }

  @Test(.spec("R-CALL-206")) func aNumberWithoutADomainGetsTheOwnOne() {
    var desk = CallDesk.talking()
    _ = desk.notified(update(SDPText.make(), caller: "5550100", callee: "alice@example.com"))
    _ = desk.described()
    _ = desk.accepted()
    #expect(desk.facts.remoteParticipant?.displayNumber == "5550100@example.com")
  }

  // MARK: Media

  @Test(.spec("R-CALL-322", "R-ICE-50")) func mediaStatesAreReportedAsTheyChange() {
    var desk = CallDesk.talking()
    #expect(desk.feed(.mediaState(.new)) == [])
    #expect(desk.feed(.mediaState(.checking)) == [.emit(.mediaStateChanged(.checking))])
    #expect(desk.feed(.mediaState(.checking)) == [])
    #expect(desk.feed(.mediaState(.failed)).events == [.mediaStateChanged(.failed)])
    #expect(desk.facts.state == .inCall)
  }

  @Test(.spec("R-CALL-220", "R-CALL-99")) func candidatesPassInBothDirections() {
    let candidate = ICECandidate(candidate: "candidate:1 1 udp 1 192.0.2.1 4000 typ host", sdpMid: "0", sdpMLineIndex: 0)
    var desk = CallDesk.talking()
    #expect(desk.notified(.candidates([candidate])) == [.adjust(.addCandidates([candidate]))])
    let body = CallControlRequest(type: .updateIceCandidate, iceCandidates: [candidate])
    #expect(desk.feed(.localCandidates([candidate])) == [.send(.update("sA", body), 2, inOrder: false)])
  }
}
