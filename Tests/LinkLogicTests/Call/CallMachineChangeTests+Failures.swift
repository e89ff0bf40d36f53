import KandyTesting
import LinkLogic
import LinkProtocol
import Testing

extension CallMachineChangeTests {
  // MARK: What can go wrong

  @Test(.spec("R-CALL-60", "R-CALL-540", "R-SDP-162")) func aChangeThatTheGatewayRefusesIsTakenBackAndReported() {
    var desk = CallDesk.talking()
    _ = desk.change(.hold)
    _ = desk.described()
    let failure = CallFailure(.generic, "Failed to hold call.", status: .internalError, detail: "no")
    #expect(
      desk.refused(.internalError, "no") == [
        .adjust(.revert), .emit(.changed(.inCall, .inCall)), .emit(.failed(failure)), .emit(.operationFinished(.hold, failure)),
        .complete(2, failure), .adjust(.enable(MediaEnablement())),
      ])
    #expect(!desk.facts.localHold)
  }

  @Test(.spec("R-CALL-60")) func aChangeToACallThatIsGoneEndsIt() {
    var desk = CallDesk.talking()
    _ = desk.change(.hold)
    _ = desk.described()
    let effects = desk.refused(.callNotFound)
    #expect(effects.events.last == .changed(.inCall, .ended, CallReason(.reasonNotProvided)))
    #expect(effects.completions[2]??.code == .invalidState)
  }

  @Test func aDeviceThatCannotBeHadLeavesTheCallAsItWas() {
    var desk = Self.watching()
    _ = desk.change(.startVideo(nil))
    let failure = CallFailure(.userMedia, "Failed to start video.", detail: "why")
    #expect(
      desk.mediaFails(.device) == [
        .adjust(.revert), .emit(.failed(failure)), .emit(.operationFinished(.startVideo, failure)), .complete(2, failure),
      ])
    #expect(desk.facts.sendingVideo == false)
    #expect(desk.facts.state == .inCall)
  }

  @Test(.spec("R-CALL-61", "R-CALL-442", "R-SDP-160")) func aChangeThatCrossesAnotherIsRepeatedLater() {
    var desk = CallDesk.talking()
    _ = desk.change(.hold)
    _ = desk.described()
    _ = desk.accepted()
    #expect(
      desk.notified(.refusal(retryAfter: .seconds(2))) == [
        .cancel(.deadline), .adjust(.revert), .arm(.retry, after: .seconds(2), generation: 5),
      ])
    let pending = CallFailure(
      .invalidState, "Failed to stop video.", detail: "A refused operation is about to be repeated.")
    #expect(desk.change(.stopVideo).completions[3] == pending)
    #expect(desk.fire(.retry).contains(.media(.offer(LocalMedia(audio: .sendonly, video: .sendonly), .hold, .presentPeer), 4)))
    _ = desk.described()
    _ = desk.accepted()
    _ = desk.notified(.answer, sdp: SDPText.make(audio: .recvonly))
    #expect(desk.mediaDone().completions == [2: nil])
  }

  @Test(.spec("R-CALL-61")) func aRefusalOfTheRequestIsOneToo() {
    var desk = CallDesk.talking()
    _ = desk.change(.hold)
    _ = desk.described()
    let response = CallControlResponse(statusCode: .requestPending, retryAfter: 1.5)
    let effects = desk.feed(.response(2, .failure(response)))
    #expect(effects.contains(.arm(.retry, after: .milliseconds(1500), generation: 4)))
    #expect(effects.events == [.changed(.inCall, .inCall)])
  }

  @Test(.spec("R-SDP-160")) func whatIsRefusedAgainAndAgainFails() {
    var desk = CallDesk.talking()
    _ = desk.change(.hold)
    for _ in 0..<3 {
      _ = desk.described()
      _ = desk.accepted()
      _ = desk.notified(.refusal(retryAfter: .seconds(1)))
      _ = desk.fire(.retry)
    }
    _ = desk.described()
    _ = desk.accepted()
    #expect(desk.notified(.refusal(retryAfter: .seconds(1))).completions[2]??.code == .glare)
    #expect(desk.change(.hold).events == [.operationStarted(.hold)])
  }

  @Test(.spec("R-CALL-443")) func aRepetitionThatHasBecomePointlessFails() {
    var desk = Self.watching()
    _ = desk.change(.startVideo(nil))
    _ = desk.described()
    _ = desk.accepted()
    _ = desk.notified(.refusal(retryAfter: .seconds(1)))
    _ = desk.notified(.update, sdp: SDPText.make(audio: .sendonly, video: .sendonly))
    _ = desk.described()
    _ = desk.accepted()
    #expect(desk.facts.state == .onRemoteHold)
    let failure = CallFailure(.invalidState, "Failed to start video.", detail: "The call is held.")
    #expect(desk.fire(.retry).completions[2] == failure)
  }

  @Test(.spec("R-SDP-161")) func oneChangeAtATime() {
    var desk = Self.watching()
    _ = desk.change(.hold)
    let busy = CallFailure(.invalidState, "Failed to start video.", detail: "Another operation is under way.")
    #expect(desk.change(.startVideo(nil)) == [.emit(.failed(busy)), .complete(3, busy)])
  }

  @Test func aChangeWaitsForTheExchangeThatTheFarEndHasBegun() {
    var desk = CallDesk.talking()
    _ = desk.notified(.update, sdp: SDPText.make(audio: .sendonly))
    let silent = MediaEnablement(audio: false, video: false)
    #expect(desk.change(.hold) == [.emit(.operationStarted(.hold)), .adjust(.enable(silent))])
    _ = desk.described()
    let effects = desk.accepted()
    #expect(effects.events.ofTheCall == [.changed(.inCall, .onRemoteHold)])
    #expect(effects.contains(.media(.offer(LocalMedia(audio: .inactive, video: .inactive), .hold, .presentPeer), 4)))
  }

  @Test(.spec("R-CALL-176")) func anAnswerThatOvertakesTheResponseWaitsForIt() {
    var desk = CallDesk.talking()
    _ = desk.change(.hold)
    _ = desk.described()
    let answer = SDPText.make(audio: .recvonly)
    #expect(desk.notified(.answer, sdp: answer) == [])
    #expect(desk.accepted().contains(.media(.accept(.answer, answer, .hold), 4)))
  }

  @Test func aLostResponseDoesNotUndoAChangeThatTheFarEndHasAnswered() {
    var desk = CallDesk.talking()
    _ = desk.change(.hold)
    _ = desk.described()
    _ = desk.notified(.answer, sdp: SDPText.make(audio: .recvonly))
    _ = desk.refused(nil)
    #expect(desk.mediaDone().completions == [2: nil])
    #expect(desk.facts.state == .onHold)
  }

  @Test func aFarEndThatNeverAnswersIsGivenUp() {
    var desk = CallDesk.talking()
    _ = desk.change(.hold)
    _ = desk.described()
    _ = desk.accepted()
    let effects = desk.fire(.deadline)
    #expect(effects.prefix(2) == [.adjust(.revert), .emit(.changed(.inCall, .inCall))])
    #expect(effects.completions[2]??.code == .generic)
  }

  @Test(.spec("R-CALL-429")) func anAnswerThatComesAfterThatIsAnsweredWithAnOfferOfWhatIsSo() {
    var desk = CallDesk.talking()
    _ = desk.change(.hold)
    _ = desk.described()
    _ = desk.accepted()
    _ = desk.fire(.deadline)
    let media = LocalMedia(audio: .sendrecv, video: .recvonly)
    let late = SDPText.make(audio: .recvonly)
    #expect(desk.notified(.answer, sdp: late) == [.media(.offer(media, .reoffer, .presentPeer), 4)])
    _ = desk.described()
    _ = desk.accepted()
    _ = desk.notified(.answer, sdp: SDPText.make())
    #expect(desk.mediaDone().events == [.changed(.inCall, .inCall)])
    // Another copy of it says nothing new.
    #expect(desk.notified(.answer, sdp: late) == [])
  }

  @Test(.spec("R-CALL-424")) func aRefusalThatComesLateIsAFarEndThatDoesNotAnswer() {
    var desk = CallDesk.talking()
    _ = desk.change(.hold)
    _ = desk.described()
    _ = desk.accepted()
    desk.now += 20_000
    let effects = desk.notified(.refusal(retryAfter: .seconds(3)))
    #expect(effects.completions[2]??.detail == "The far end did not answer in time.")
    #expect(desk.fire(.retry) == [])
  }

  @Test(.spec("R-CALL-424")) func aRefusalThatAsksForTooMuchPatienceIsTheLast() {
    var desk = CallDesk.talking()
    _ = desk.change(.hold)
    _ = desk.described()
    _ = desk.accepted()
    #expect(desk.notified(.refusal(retryAfter: .seconds(31))).completions[2]??.code == .glare)
  }

  @Test(.spec("R-SDP-90")) func anAnswerWithoutADescriptionIsTakenBack() {
    var desk = CallDesk.talking()
    _ = desk.change(.hold)
    _ = desk.described()
    _ = desk.accepted()
    #expect(desk.notified(.answer).completions[2]??.code == .invalidOffer)
    #expect(desk.facts.state == .inCall)
  }

  @Test(.spec("R-SDP-163")) func anAnswerThatCannotBeAppliedEndsTheCall() {
    var desk = CallDesk.talking()
    _ = desk.change(.hold)
    _ = desk.described()
    _ = desk.accepted()
    _ = desk.notified(.answer, sdp: SDPText.make())
    #expect(desk.mediaFails(.remoteDescription).events.last == .changed(.inCall, .ended, CallReason(.reasonNotProvided)))
  }

  @Test func hangingUpEndsAChange() {
    var desk = CallDesk.talking()
    _ = desk.change(.hold)
    _ = desk.described()
    #expect(desk.end().completions[2]??.code == .invalidState)
    #expect(desk.feed(.response(2, .success(CallControlResponse()))) == [])
  }

  // MARK: Media that is lost

  @Test(.spec("R-ICE-56", "R-UP-27")) func lostMediaIsRestartedByItself() {
    var desk = CallDesk.talking()
    _ = desk.feed(.mediaState(.connected))
    #expect(
      desk.feed(.mediaState(.disconnected)) == [
        .emit(.mediaStateChanged(.disconnected)), .arm(.mediaRestart, after: .seconds(2), generation: 4),
      ])
    let media = LocalMedia(audio: .sendrecv, video: .recvonly)
    #expect(
      desk.fire(.mediaRestart) == [
        .emit(.operationStarted(.restartMedia)), .media(.offer(media, .reoffer, .restartedICE), 3),
      ])
    _ = desk.described()
    _ = desk.accepted()
    _ = desk.notified(.answer, sdp: SDPText.make())
    #expect(desk.mediaDone().events == [.changed(.inCall, .inCall), .operationFinished(.restartMedia, nil)])
  }

  @Test(.spec("R-CALL-424")) func whatTheUserWantsMeanwhileComesAfterTheRestart() {
    var desk = CallDesk.talking()
    _ = desk.feed(.mediaState(.failed))
    _ = desk.fire(.mediaRestart)
    _ = desk.described()
    _ = desk.accepted()
    #expect(desk.change(.hold).events == [.operationStarted(.hold)])
    #expect(desk.change(.stopVideo).completions[3]??.detail == "Another operation is under way.")
    _ = desk.notified(.answer, sdp: SDPText.make())
    let effects = desk.mediaDone()
    #expect(effects.contains(.media(.offer(LocalMedia(audio: .sendonly, video: .sendonly), .hold, .presentPeer), 5)))
    _ = desk.described()
    _ = desk.accepted()
    _ = desk.notified(.answer, sdp: SDPText.make(audio: .recvonly))
    #expect(desk.mediaDone().completions == [2: nil])
    #expect(desk.facts.state == .onHold)
  }

  @Test func mediaThatComesBackInTimeIsNotRestarted() {
    var desk = CallDesk.talking()
    _ = desk.feed(.mediaState(.disconnected))
    #expect(desk.feed(.mediaState(.connected)) == [.emit(.mediaStateChanged(.connected)), .cancel(.mediaRestart)])
  }

  @Test(.spec("R-ICE-56")) func theEndThatWasCalledWaitsLonger() {
    var desk = CallDesk.answering()
    _ = desk.accepted()
    #expect(desk.feed(.mediaState(.failed)).last == .arm(.mediaRestart, after: .seconds(5), generation: 4))
  }

  @Test func aRestartThatFailsIsTriedAgainButNotForEver() {
    var desk = CallDesk.talking()
    _ = desk.feed(.mediaState(.failed))
    for _ in 0..<6 {
      _ = desk.fire(.mediaRestart)
      _ = desk.described()
      let effects = desk.refused(.internalError)
      #expect(
        effects.events.contains(
          .operationFinished(.restartMedia, CallFailure(.generic, "Failed to restart media.", status: .internalError))))
    }
    #expect(desk.fire(.mediaRestart) == [])
    #expect(desk.facts.state == .inCall)
  }

  @Test(.spec("R-UP-24", "R-DTLS-16")) func anAnswerFromAnotherEndpointIsFollowedByAnOfferFromANewPeer() {
    var desk = CallDesk.ringing()
    _ = desk.notified(.progress, sdp: SDPText.make())
    _ = desk.mediaDone()
    _ = desk.notified(.answer, sdp: SDPText.make())
    let effects = desk.feed(.work(desk.lastWork, .doneElsewhere))
    #expect(effects.contains(.emit(.changed(.earlyMedia, .inCall, nil, .callEstablished))))
    #expect(effects.contains(.media(.offer(LocalMedia(audio: .sendrecv, video: .recvonly), .reoffer, .freshPeer), 4)))
    #expect(desk.described().requests == [Self.update()])
  }
}
