import KandyTesting
import LinkLogic
import LinkProtocol
import Testing

/// Hanging up in every phase, muting, auditing, and what comes too late.
@Suite struct CallMachineEndTests {
  static let byUser = CallReason(.endedByLocalUser)
  static let goodbye = CallRequest.end("sA", reasonText: "Ended by local user")

  @Test(.spec("R-CALL-518")) func hangingUpWhileTheOfferIsMadeSendsNothing() {
    var desk = CallDesk()
    _ = desk.make()
    let ended = CallFailure(.invalidState, "The call has ended.")
    #expect(
      desk.end() == [
        .emit(.operationStarted(.end)),
        .emit(.operationFinished(.end, nil)),
        .complete(2, nil),
        .emit(.operationFinished(.make, ended)),
        .complete(1, ended),
        .emit(.changed(.initiating, .ended, Self.byUser)),
        .media(.close, 2),
      ])
    #expect(desk.feed(.work(1, .described("<offer>"))) == [])
    #expect(desk.mediaDone() == [.finished])
  }

  @Test(.spec("R-CALL-518", "R-CALL-43")) func theGoodbyeFollowsAnInviteThatWasOnItsWay() {
    var desk = CallDesk()
    _ = desk.make()
    _ = desk.described()
    let effects = desk.end()
    #expect(effects.events.last == .changed(.initiating, .ended, Self.byUser))
    #expect(effects.requests == [])
    #expect(desk.mediaDone() == [])
    #expect(desk.accepted(CallControlResponse(sessionData: "sA")) == [.send(Self.goodbye, 2, inOrder: true)])
    #expect(desk.notified(.ringing) == [])
    #expect(desk.accepted() == [.finished])
  }

  @Test func anInviteThatIsRefusedAfterHangingUpNeedsNoGoodbye() {
    var desk = CallDesk()
    _ = desk.make()
    _ = desk.described()
    _ = desk.end()
    _ = desk.mediaDone()
    #expect(desk.refused(.internalError) == [.finished])
    #expect(desk.facts.failure == nil)
  }

  @Test(.spec("R-CALL-286", "R-CALL-70")) func hangingUpBeforeItRingsIsImmediate() {
    var desk = CallDesk.trying()
    let effects = desk.end()
    #expect(effects.requests == [Self.goodbye])
    #expect(
      effects.events == [.operationStarted(.end), .operationFinished(.end, nil), .changed(.initiated, .ended, Self.byUser)])
  }

  @Test(.spec("R-CALL-285", "R-CALL-74")) func hangingUpWhileItRingsWaitsForTheGatewayToConfirm() {
    var desk = CallDesk.ringing()
    #expect(
      desk.end() == [
        .emit(.operationStarted(.end)),
        .send(Self.goodbye, 2, inOrder: true),
        .cancel(.audit),
        .cancel(.deadline),
        .media(.close, 2),
        .arm(.deadline, after: .seconds(4), generation: 3),
      ])
    #expect(desk.facts.state == .ringing)
    #expect(desk.accepted() == [])
    #expect(desk.notified(.answer, sdp: SDPText.make()) == [])
    #expect(
      desk.notified(.end) == [
        .emit(.operationFinished(.end, nil)),
        .complete(2, nil),
        .emit(.changed(.ringing, .ended, Self.byUser)),
        .cancel(.deadline),
      ])
    #expect(desk.mediaDone() == [.finished])
  }

  @Test(.spec("R-CALL-285")) func aGatewayThatNeverConfirmsIsNotWaitedForLong() {
    var desk = CallDesk.ringing()
    _ = desk.end()
    _ = desk.accepted()
    #expect(desk.fire(.deadline).events.last == .changed(.ringing, .ended, Self.byUser))
    // The confirmation comes after all.
    #expect(desk.notified(.end) == [])
  }

  @Test(.spec("R-CALL-285", "R-CALL-73")) func aGatewayThatDoesNotKnowTheCallHasNothingToConfirm() {
    var desk = CallDesk.ringing()
    _ = desk.end()
    #expect(desk.refused(.callNotFound).events.last == .changed(.ringing, .ended, Self.byUser))
  }

  @Test(.spec("R-CALL-285", "R-CALL-325")) func theConfirmationsReasonIsShown() {
    let reason = CallReason(code: 487, text: "Request Terminated")
    var desk = CallDesk.ringing()
    _ = desk.end()
    #expect(desk.notified(.end, reason).events.last == .changed(.ringing, .ended, reason))
  }

  @Test func hangingUpTwiceIsHangingUpOnce() {
    var desk = CallDesk.ringing()
    _ = desk.end()
    #expect(desk.end() == [.emit(.operationStarted(.end))])
    #expect(desk.notified(.cancel).completions == [2: nil, 3: nil])
  }

  @Test(.spec("R-CALL-518")) func hangingUpOnACallThatRingsIsTurningItDown() {
    var desk = CallDesk.called()
    #expect(desk.end().requests == [.disposition(CallDispositionRequest(action: .reject, sessionData: "sB"))])
    #expect(
      desk.accepted().events == [.operationFinished(.end, nil), .changed(.ringing, .ended, CallReason(.rejectedByLocalUser))])
  }

  @Test func hangingUpBeforeTheAnswerIsReadyIsTurningDown() {
    var desk = CallDesk.called()
    _ = desk.answer()
    let rejected = CallFailure(.invalidState, "The call has been rejected.")
    #expect(
      desk.end() == [
        .emit(.operationStarted(.end)),
        .emit(.operationFinished(.answer, rejected)),
        .complete(1, rejected),
        .adjust(.discard),
        .send(.disposition(CallDispositionRequest(action: .reject, sessionData: "sB")), 1, inOrder: true),
      ])
    #expect(desk.feed(.work(1, .described("<answer>"))) == [])
    #expect(desk.accepted().events.last == .changed(.ringing, .ended, CallReason(.rejectedByLocalUser)))
  }

  @Test func hangingUpWhileTheAnswerIsOnItsWayEndsTheCallAtOnce() {
    var desk = CallDesk.answering()
    let effects = desk.end()
    #expect(effects.requests == [.end("sB", reasonText: "Ended by local user")])
    #expect(effects.events.last == .changed(.ringing, .ended, Self.byUser))
    #expect(desk.feed(.response(1, .success(CallControlResponse()))) == [])
    #expect(desk.feed(.response(2, .failure(nil))) == [])
    #expect(desk.mediaDone() == [.finished])
  }

  @Test(.spec("R-CALL-286", "R-CALL-72")) func hangingUpAnEstablishedCallIsImmediate() {
    var desk = CallDesk.talking()
    desk.now += 5000
    #expect(
      desk.end() == [
        .emit(.operationStarted(.end)),
        .send(Self.goodbye, 2, inOrder: true),
        .emit(.operationFinished(.end, nil)),
        .complete(2, nil),
        .emit(.changed(.inCall, .ended, Self.byUser)),
        .cancel(.audit),
        .media(.close, 3),
      ])
    #expect(desk.facts.endTime == desk.now)
    #expect(desk.facts.startTime == desk.now - 5000)
    #expect(desk.refused(nil) == [])
    #expect(desk.mediaDone() == [.finished])
  }

  @Test func hangingUpWhileAnOfferIsAnsweredIsImmediate() {
    var desk = CallDesk.talking()
    _ = desk.notified(.update, sdp: SDPText.make())
    var later = desk
    #expect(desk.end().requests == [Self.goodbye])
    #expect(desk.facts.state == .ended)

    _ = later.described("<answer>")
    #expect(later.end().requests == [Self.goodbye])
    #expect(later.feed(.response(2, .success(CallControlResponse()))) == [])
    #expect(later.facts.state == .ended)
  }

  @Test(.spec("R-CALL-518")) func aCallThatHasEndedIsNotFound() {
    var desk = CallDesk.talking()
    _ = desk.end()
    let failure = CallFailure(.invalidParameter, "Call not found.")
    #expect(desk.end() == [.complete(3, failure)])
    #expect(desk.mute(true) == [.complete(4, failure)])
    #expect(desk.answer() == [.complete(5, failure)])
    #expect(desk.ignore() == [.complete(6, failure)])
  }

  @Test(.spec("R-CALL-179")) func nothingIsEmittedAfterTheEnd() {
    var desk = CallDesk.talking()
    _ = desk.end()
    let kinds: [CallNotice.Kind] = [.ringing, .answer, .progress, .update, .end, .cancel, .complete, .fail]
    for kind in kinds { #expect(desk.notified(kind, sdp: SDPText.make()) == []) }
    #expect(desk.feed(.mediaState(.closed)) == [])
    #expect(desk.feed(.localCandidates([])) == [])
  }

  // MARK: Mute

  @Test(.spec("R-CALL-473", "R-MEDIA-25", "R-CALL-423")) func muteSilencesTheMicrophoneAndIsRemembered() {
    var desk = CallDesk.trying()
    #expect(
      desk.mute(true) == [
        .emit(.operationStarted(.mute)),
        .emit(.flagsChanged),
        .emit(.operationFinished(.mute, nil)),
        .complete(2, nil),
        .adjust(.enable(MediaEnablement(audio: false, video: true))),
      ])
    #expect(desk.facts.muted)
    #expect(desk.mute(true).last == .complete(3, nil))
    #expect(desk.mute(false).last == .adjust(.enable(MediaEnablement(audio: true, video: true))))
    #expect(!desk.facts.muted)
  }

  @Test(.spec("R-MEDIA-26")) func muteWhileHeldOnlyTakesEffectAfterwards() {
    var desk = CallDesk.talking()
    _ = desk.notified(.update, sdp: SDPText.make(audio: .inactive))
    _ = desk.described()
    #expect(desk.accepted().last == .adjust(.enable(MediaEnablement(audio: false, video: false))))
    #expect(desk.mute(true).last == .complete(2, nil))
    _ = desk.notified(.update, sdp: SDPText.make())
    _ = desk.described()
    #expect(desk.accepted().last == .adjust(.enable(MediaEnablement(audio: false, video: true))))
  }

  // MARK: Audit

  @Test(.spec("R-CALL-93", "R-CALL-660", "R-CALL-94")) func theGatewayHearsOfTheCallEveryHalfMinute() {
    var desk = CallDesk.talking()
    let audit = CallRequest.update("sA", CallControlRequest(type: .audit))
    #expect(desk.fire(.audit) == [.send(audit, 2, inOrder: false), .arm(.audit, after: .seconds(30), generation: 4)])
    #expect(desk.refused(.internalError) == [])
    #expect(desk.fire(.audit) == [.send(audit, 3, inOrder: false), .arm(.audit, after: .seconds(30), generation: 5)])
    // While one is unanswered there is no other.
    #expect(desk.fire(.audit) == [.arm(.audit, after: .seconds(30), generation: 6)])
    #expect(desk.accepted() == [])
  }

  @Test(.spec("R-CALL-836")) func aCallThatIsBeingSetUpIsAuditedToo() {
    for desk in [CallDesk.trying(), CallDesk.ringing(), CallDesk.called()] {
      var desk = desk
      let session = desk.facts.session ?? ""
      let audit = CallRequest.update(session, CallControlRequest(type: .audit))
      #expect(desk.fire(.audit).requests == [audit])
      #expect(desk.refused(.callNotFound).events.last?.state == .ended)
    }
  }

  @Test(.spec("R-CALL-836", "R-CALL-95")) func anAuditOfACallThatIsGoneEndsIt() {
    var desk = CallDesk.talking()
    _ = desk.fire(.audit)
    let effects = desk.refused(.callNotFound)
    #expect(effects.events == [.changed(.inCall, .ended, CallReason(.auditFailure))])
    #expect(effects.requests == [])
  }

  @Test(.spec("R-CALL-661")) func aFiringThatCameTooLateIsDropped() {
    var desk = CallDesk.talking()
    #expect(desk.feed(.timer(.audit, generation: 1)) == [])
    _ = desk.end()
    #expect(desk.feed(.timer(.audit, generation: 2)) == [])
  }
}
