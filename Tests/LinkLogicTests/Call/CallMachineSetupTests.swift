import KandyTesting
import LinkLogic
import LinkProtocol
import Testing

/// Calling somebody: part 02 §8.1 to §8.3.
@Suite struct CallMachineSetupTests {
  @Test(.spec("R-CALL-40", "R-CALL-41", "R-SDP-110")) func theInviteLeavesWhenTheOfferIsReady() {
    var desk = CallDesk(customParameters: [CustomParameter(name: "X-GPS", value: "1,2")])
    #expect(
      desk.make() == [
        .emit(.operationStarted(.make)),
        .media(
          .offer(LocalMedia(audio: .sendrecv, video: .recvonly), .startCall, .presentPeer), 1),
      ])
    #expect(desk.facts.state == .initiating)
    #expect(
      desk.described("<offer>") == [
        .send(
          .start(
            CallControlRequest(
              type: .callStart, from: "sip:alice@example.com", to: "sip:bob@example.com", sdp: "<offer>",
              customParameters: [CustomParameter(name: "X-GPS", value: "1,2")])), 1, inOrder: true)
      ])
  }

  @Test(.spec("R-CALL-41")) func earlyMediaIsAnnouncedWhenItIsConfigured() {
    var settings = CallDesk.settings
    settings.earlyMedia = true
    var desk = CallDesk(settings: settings)
    _ = desk.make()
    guard case .start(let body)? = desk.described().requests.first else {
      Issue.record("no invite")
      return
    }
    #expect(body.supported == ["earlymedia"])
  }

  @Test(
    .spec("R-SDP-110"),
    arguments: [
      (MediaWishes(), MediaDirection.sendrecv, MediaDirection.recvonly),
      (MediaWishes(sendVideo: true), .sendrecv, .sendrecv),
      (MediaWishes(video: false), .sendrecv, nil),
      (MediaWishes(video: false, sendVideo: true), .sendrecv, .sendrecv),
      (MediaWishes(audio: false, sendVideo: true), nil, .sendrecv),
    ] as [(MediaWishes, MediaDirection?, MediaDirection?)])
  func theOptionsDecideTheSectionsOfTheOffer(_ wishes: MediaWishes, _ audio: MediaDirection?, _ video: MediaDirection?) {
    var desk = CallDesk(media: wishes)
    let local = LocalMedia(audio: audio, video: video, content: wishes.sendVideo ? .camera(nil) : .nothing)
    #expect(desk.make().last == .media(.offer(local, .startCall, .presentPeer), 1))
  }

  @Test(.spec("R-CALL-44", "R-CALL-321")) func anAcceptedInviteStartsTheCall() {
    var desk = CallDesk()
    _ = desk.make()
    _ = desk.described()
    #expect(
      desk.accepted(CallControlResponse(sessionData: "sA")) == [
        .arm(.deadline, after: .seconds(300), generation: 1),
        .arm(.audit, after: .seconds(30), generation: 2),
        .registered("sA"),
        .emit(.operationFinished(.make, nil)),
        .complete(1, nil),
        .emit(.started),
      ])
    #expect(desk.facts.state == .initiated)
    #expect(desk.facts.session == "sA")
    #expect(desk.facts.remoteParticipant == nil)
  }

  @Test(.spec("R-CALL-186", "R-CALL-178", "R-CALL-325")) func ringingIsAnnouncedAsOftenAsItComes() {
    var desk = CallDesk.trying()
    let reason = CallReason(code: 180, text: "Ringing")
    #expect(desk.notified(.ringing, reason).events == [.changed(.initiated, .ringing, reason)])
    #expect(desk.facts.remoteParticipant == CallParticipant(displayNumber: "bob@example.com"))
    #expect(desk.notified(.ringing).events == [.changed(.ringing, .ringing)])
  }

  @Test(.spec("R-CALL-283", "R-CALL-328", "R-CALL-93")) func anAnswerEstablishesTheCallOnceMediaHasTakenIt() {
    var desk = CallDesk.ringing()
    let answer = SDPText.make(video: .sendonly)
    #expect(desk.notified(.answer, sdp: answer) == [.media(.accept(.answer, answer, .startCall), 2)])
    #expect(desk.facts.state == .ringing)
    #expect(
      desk.mediaDone() == [
        .cancel(.deadline),
        .arm(.audit, after: .seconds(3), generation: 3),
        .emit(.changed(.ringing, .inCall, nil, .callEstablished)),
      ])
    #expect(desk.facts.startTime == desk.now)
    #expect(desk.facts.remoteVideoState == .sendonly)
    #expect(desk.facts.isVideoNegotiationAvailable)
  }

  @Test(.spec("R-CALL-380", "R-CALL-328")) func anAnswerWithoutRingingEstablishesTheCallToo() {
    var desk = CallDesk.trying()
    _ = desk.notified(.answer, sdp: SDPText.make())
    #expect(desk.mediaDone().events == [.changed(.initiated, .inCall, nil, .callEstablished)])
    #expect(desk.facts.startTime == desk.now)
  }

  @Test(.spec("R-SDP-134")) func anAnswerThatHoldsLeavesTheCallHeld() {
    var desk = CallDesk.ringing()
    _ = desk.notified(.answer, sdp: SDPText.make(audio: .sendonly))
    let effects = desk.mediaDone()
    #expect(effects.events == [.changed(.ringing, .onRemoteHold, nil, .callEstablished)])
    #expect(effects.last == .adjust(.enable(MediaEnablement(audio: false, video: false))))
    #expect(desk.facts.remoteHold)
  }

  @Test(.spec("R-CALL-189", "R-SDP-157")) func earlyMediaIsAProvisionalAnswerAsOftenAsItComes() {
    var desk = CallDesk.trying()
    let early = SDPText.make(audio: .sendonly)
    #expect(desk.notified(.progress, sdp: early) == [.media(.accept(.pranswer, early, .startCall), 2)])
    #expect(desk.mediaDone().events == [.changed(.initiated, .earlyMedia)])
    #expect(desk.notified(.ringing).events == [.changed(.earlyMedia, .ringing)])
    #expect(desk.notified(.progress, sdp: early) == [.media(.accept(.pranswer, early, .startCall), 3)])
    #expect(desk.mediaDone().events == [.changed(.ringing, .earlyMedia)])
    #expect(desk.notified(.answer, sdp: early) == [.media(.accept(.answer, early, .startCall), 4)])
    _ = desk.mediaDone()
    #expect(desk.facts.state == .onRemoteHold)
    #expect(desk.facts.startTime == desk.now)
  }

  @Test(.spec("R-CALL-188", "R-CALL-189")) func earlyMediaThatCannotBeUsedIsPassedOver() {
    var desk = CallDesk.ringing()
    #expect(desk.notified(.progress) == [])
    _ = desk.notified(.progress, sdp: "v=0")
    #expect(desk.mediaFails(.remoteDescription) == [])
    #expect(desk.facts.state == .ringing)
    _ = desk.notified(.answer, sdp: SDPText.make())
    #expect(desk.mediaDone().events == [.changed(.ringing, .inCall, nil, .callEstablished)])
  }

  @Test(.spec("R-CALL-171")) func whatComesWhileAnAnswerIsAppliedWaits() {
    var desk = CallDesk.ringing()
    _ = desk.notified(.answer, sdp: SDPText.make())
    #expect(desk.notified(.update, sdp: SDPText.make(audio: .inactive)) == [])
    let effects = desk.mediaDone()
    #expect(effects.events.ofTheCall == [.changed(.ringing, .inCall, nil, .callEstablished)])
    guard case .media(.answer, 3)? = effects.last else {
      Issue.record("the update was not taken up")
      return
    }
  }

  // MARK: Failures

  @Test(.spec("R-CALL-508", "R-MEDIA-5")) func aCallWithoutMediaIsNotMade() {
    var desk = CallDesk(media: MediaWishes(audio: false))
    let failure = CallFailure(.invalidParameter, "No media specified for call.")
    #expect(
      desk.make() == [
        .emit(.operationStarted(.make)), .emit(.operationFinished(.make, failure)), .complete(1, failure),
        .emit(.failed(failure)), .media(.close, 1),
      ])
    #expect(desk.facts.state == .ended)
    #expect(desk.facts.failure == failure)
    #expect(desk.facts.endTime == nil)
    #expect(desk.mediaDone() == [.finished])
  }

  @Test(.spec("R-CALL-509")) func aCallToNobodyIsNotMade() {
    var desk = CallDesk(calling: "")
    #expect(desk.make().completions == [1: CallFailure(.invalidParameter, "No callee specified for call.")])
    #expect(desk.facts.state == .ended)
  }

  @Test(
    .spec("R-CALL-508"),
    arguments: [
      (MediaFailure.Cause.initialization, CallFailure(.mediaInitialization, "why")),
      (.device, CallFailure(.userMedia, "Failed to initialize call.", detail: "why")),
      (.engine, CallFailure(.generic, "Failed to initialize call.", detail: "why")),
    ])
  func withoutAnOfferThereIsNoInvite(_ cause: MediaFailure.Cause, _ failure: CallFailure) {
    var desk = CallDesk()
    _ = desk.make()
    let effects = desk.mediaFails(cause)
    #expect(effects.events == [.operationFinished(.make, failure), .failed(failure)])
    #expect(effects.requests == [])
    #expect(desk.facts.state == .ended)
    #expect(desk.mediaDone() == [.finished])
  }

  @Test(.spec("R-CALL-45")) func aRefusedInviteEndsTheCallWithoutAStateChange() {
    var desk = CallDesk()
    _ = desk.make()
    _ = desk.described()
    let failure = CallFailure(.generic, "Failed to initialize call.", status: 35, detail: "not for you")
    #expect(
      desk.refused(35, "not for you") == [
        .emit(.operationFinished(.make, failure)), .complete(1, failure), .emit(.failed(failure)), .media(.close, 2),
      ])
    #expect(desk.facts.state == .ended)
    #expect(desk.facts.failure == failure)
  }

  @Test(.spec("R-CALL-43", "R-CALL-19")) func aResponseWithoutASessionAndNoResponseAreRefusals() {
    for response in [CallResponse.success(CallControlResponse()), .failure(nil)] {
      var desk = CallDesk()
      _ = desk.make()
      _ = desk.described()
      let failure = CallFailure(.generic, "Failed to initialize call.")
      #expect(desk.feed(.response(1, response)).events == [.operationFinished(.make, failure), .failed(failure)])
      #expect(desk.facts.state == .ended)
    }
  }

  @Test(.spec("R-CALL-283", "R-SDP-163")) func anAnswerThatCannotBeUsedEndsTheCallAndSaysSo() {
    var desk = CallDesk.ringing()
    _ = desk.notified(.answer, sdp: "rubbish")
    let failure = CallFailure(.invalidOffer, "Failed to use the far end's answer.", detail: "why")
    let effects = desk.mediaFails(.remoteDescription)
    #expect(effects.requests == [.end("sA", reasonText: nil)])
    #expect(effects.events == [.failed(failure), .changed(.ringing, .ended, CallReason(.reasonNotProvided))])
  }

  @Test(.spec("R-SDP-90")) func anAnswerWithoutADescriptionEndsTheCall() {
    var desk = CallDesk.ringing()
    let effects = desk.notified(.answer)
    #expect(effects.requests == [.end("sA", reasonText: nil)])
    #expect(desk.facts.state == .ended)
    #expect(desk.facts.failure?.code == .invalidOffer)
  }

  @Test(.spec("R-CALL-210", "R-CALL-411", "R-CALL-231")) func aFarEndThatDoesNotAnswerEndsTheCall() {
    let busy = CallReason(code: 486, text: "Busy Here")
    var desk = CallDesk.ringing()
    #expect(desk.notified(.end, busy).events == [.changed(.ringing, .ended, busy)])
    #expect(desk.facts.startTime == desk.now)
    #expect(desk.facts.endTime == desk.now)
    #expect(desk.mediaDone() == [.finished])

    desk = CallDesk.ringing()
    #expect(desk.notified(.end).events == [.changed(.ringing, .ended, CallReason(.reasonNotProvided))])

    desk = CallDesk.trying()
    #expect(desk.notified(.end).events == [.changed(.initiated, .ended)])
  }

  @Test func aCallThatNobodyEverAnswersEndsWhenPatienceDoes() {
    var desk = CallDesk.ringing()
    let effects = desk.fire(.deadline)
    #expect(effects.requests == [.end("sA", reasonText: nil)])
    #expect(effects.events == [.changed(.ringing, .ended, CallReason(.reasonNotProvided))])
  }
}
