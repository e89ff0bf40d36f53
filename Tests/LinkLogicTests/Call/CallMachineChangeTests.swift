import KandyTesting
import LinkLogic
import LinkProtocol
import Testing

/// What this end changes in an established call: part 02 §8.13 to §8.16, part 03 §8 and §14.3.
@Suite struct CallMachineChangeTests {
  static func update(_ sdp: String = "<own>") -> CallRequest {
    .update("sA", CallControlRequest(type: .startCallUpdate, sdp: sdp))
  }

  /// Established, with video that this end receives, and sends if wished.
  static func watching(sending: Bool = false, video: MediaDirection = .sendrecv) -> CallDesk {
    var desk = CallDesk(media: MediaWishes(video: true, sendVideo: sending))
    desk = CallDesk.trying(desk)
    _ = desk.notified(.answer, sdp: SDPText.make(video: video))
    _ = desk.mediaDone()
    return desk
  }

  /// Brings a change to its end.
  @discardableResult
  static func complete(
    _ kind: CallMachine.Change.Kind, _ desk: inout CallDesk, answer: String = SDPText.make(video: .recvonly)
  ) -> [CallMachine.Effect] {
    _ = desk.change(kind)
    _ = desk.described()
    _ = desk.accepted()
    _ = desk.notified(.answer, sdp: answer)
    return desk.mediaDone()
  }

  // MARK: Hold

  @Test(.spec("R-CALL-50", "R-UP-12", "R-MEDIA-1")) func thisEndHolds() {
    var desk = CallDesk.talking()
    let held = LocalMedia(audio: .sendonly, video: .sendonly)
    #expect(
      desk.change(.hold) == [
        .emit(.operationStarted(.hold)), .media(.offer(held, .hold, .presentPeer), 3),
        .adjust(.enable(MediaEnablement(audio: false, video: false))),
      ])
    #expect(desk.described().requests == [Self.update()])
    #expect(desk.facts.state == .inCall)
    #expect(desk.facts.isNegotiating)
    #expect(desk.accepted() == [.arm(.deadline, after: .seconds(30), generation: 4)])
    let answer = SDPText.make(audio: .recvonly)
    #expect(desk.notified(.answer, sdp: answer) == [.media(.accept(.answer, answer, .hold), 4)])
    let effects = desk.mediaDone()
    #expect(
      effects == [
        .cancel(.deadline), .emit(.changed(.inCall, .onHold)), .emit(.operationFinished(.hold, nil)), .complete(2, nil),
      ])
    #expect(desk.facts.localHold)
    #expect(!desk.facts.isNegotiating)
  }

  @Test(.spec("R-CALL-50", "R-SDP-111")) func aHeldCallIsHeldBackWithInactiveMedia() {
    var desk = CallDesk.talking()
    _ = desk.notified(.update, sdp: SDPText.make(audio: .sendonly))
    _ = desk.described()
    _ = desk.accepted()
    let both = LocalMedia(audio: .inactive, video: .inactive)
    #expect(desk.change(.hold).contains(.media(.offer(both, .hold, .presentPeer), 4)))
    _ = desk.described()
    _ = desk.accepted()
    _ = desk.notified(.answer, sdp: SDPText.make(audio: .inactive))
    #expect(desk.mediaDone().events.first == .changed(.onRemoteHold, .onHold))
    #expect(desk.facts.localHold && desk.facts.remoteHold)
  }

  @Test(.spec("R-CALL-640")) func videoCanBeInactiveOnHold() {
    var settings = CallDesk.settings
    settings.videoInactiveOnHold = true
    var desk = CallDesk(settings: settings)
    desk = CallDesk.trying(desk)
    _ = desk.notified(.answer, sdp: SDPText.make(video: .sendrecv))
    _ = desk.mediaDone()
    #expect(desk.change(.hold).contains(.media(.offer(LocalMedia(audio: .sendonly, video: .inactive), .hold, .presentPeer), 3)))
  }

  @Test(.spec("R-SDP-131")) func aHeldCallCanBeKeptFromSendingAnythingAtAll() {
    var settings = CallDesk.settings
    settings.forceDisableMediaOnHold = true
    var desk = CallDesk(settings: settings)
    desk = CallDesk.trying(desk)
    _ = desk.notified(.answer, sdp: SDPText.make())
    _ = desk.mediaDone()
    #expect(
      Self.complete(.hold, &desk, answer: SDPText.make(audio: .recvonly)).last
        == .adjust(.enable(MediaEnablement(audio: false, video: false, transmits: false))))
    #expect(Self.complete(.unhold, &desk, answer: SDPText.make()).last == .adjust(.enable(MediaEnablement())))
  }

  @Test(.spec("R-CALL-421", "R-SDP-112", "R-CALL-423")) func thisEndResumesAndStaysMuted() {
    var desk = CallDesk.holding()
    _ = desk.mute(true)
    #expect(
      desk.change(.unhold).contains(.media(.offer(LocalMedia(audio: .sendrecv, video: .recvonly), .unhold, .presentPeer), 5)))
    _ = desk.described()
    _ = desk.accepted()
    _ = desk.notified(.answer, sdp: SDPText.make())
    let effects = desk.mediaDone()
    #expect(effects.events.first == .changed(.onHold, .inCall))
    #expect(effects.last == .adjust(.enable(MediaEnablement(audio: false))))
    #expect(!desk.facts.localHold)
  }

  @Test(.spec("R-SDP-132", "R-CALL-293")) func anUnholdThatIsAnsweredWithAHoldLeavesTheCallHeldByTheFarEnd() {
    var desk = CallDesk.holding()
    Self.complete(.unhold, &desk, answer: SDPText.make(audio: .sendonly))
    #expect(desk.facts.state == .onRemoteHold)
    #expect(desk.facts.remoteHold && !desk.facts.localHold)
  }

  @Test(.spec("R-CALL-530")) func holdingTwiceAndResumingACallThatIsNotHeldAreRefused() {
    var desk = CallDesk.talking()
    let notHeld = CallFailure(.invalidState, "Failed to unhold call.", detail: "The call is not on hold.")
    #expect(desk.change(.unhold) == [.emit(.failed(notHeld)), .complete(2, notHeld)])
    desk = CallDesk.holding()
    let held = CallFailure(.invalidState, "Failed to hold call.", detail: "The call is on hold already.")
    #expect(desk.change(.hold) == [.emit(.failed(held)), .complete(3, held)])
    desk = CallDesk.ringing()
    #expect(desk.change(.hold).completions[2]??.code == .invalidState)
  }

  // MARK: Video and screen

  @Test(.spec("R-MEDIA-50", "R-CALL-325", "R-SDP-113")) func videoIsStartedAndStopped() {
    var desk = Self.watching()
    let size = VideoResolution(height: 480, width: 640)
    #expect(
      desk.change(.startVideo(size)).contains(
        .media(.offer(LocalMedia(audio: .sendrecv, video: .sendrecv, content: .camera(size)), .update, .presentPeer), 3)))
    _ = desk.described()
    #expect(desk.facts.sendingVideo == false)
    _ = desk.accepted()
    let answer = SDPText.make(video: .sendrecv)
    #expect(desk.notified(.answer, sdp: answer) == [.media(.accept(.answer, answer, .respond), 4)])
    #expect(desk.mediaDone().events.first == .changed(.inCall, .inCall))
    #expect(desk.facts.sendingVideo == true)

    #expect(
      desk.change(.stopVideo).contains(
        .media(.offer(LocalMedia(audio: .sendrecv, video: .recvonly), .update, .presentPeer), 5)))
    _ = desk.described()
    _ = desk.accepted()
    _ = desk.notified(.answer, sdp: SDPText.make(video: .sendonly))
    _ = desk.mediaDone()
    #expect(desk.facts.sendingVideo == false)
  }

  @Test(.spec("R-SDP-113", "R-UP-16")) func videoThatNobodySendsGoesToSleep() {
    var desk = Self.watching(sending: true, video: .recvonly)
    #expect(
      desk.change(.stopVideo).contains(
        .media(.offer(LocalMedia(audio: .sendrecv, video: .inactive), .update, .presentPeer), 3)))
  }

  @Test(.spec("R-MEDIA-52")) func videoThatIsSentAlreadyNeedsNoOffer() {
    var desk = Self.watching(sending: true)
    #expect(
      desk.change(.startVideo(nil)) == [
        .emit(.operationStarted(.startVideo)), .emit(.operationFinished(.startVideo, nil)), .complete(2, nil),
      ])
  }

  @Test(.spec("R-MEDIA-53")) func aCallThatWasMadeWithoutVideoGetsNone() {
    var desk = CallDesk(media: MediaWishes(video: false))
    desk = CallDesk.trying(desk)
    _ = desk.notified(.answer, sdp: SDPText.make())
    _ = desk.mediaDone()
    let failure = CallFailure(.invalidState, "Failed to start video.", detail: "The call was made without video.")
    #expect(desk.change(.startVideo(nil)) == [.emit(.failed(failure)), .complete(2, failure)])
  }

  @Test(.spec("R-UP-20")) func videoThatTheFarEndRejectsIsNotSent() {
    var desk = Self.watching()
    let rejection = SDPText.make() + "m=video 0 UDP/TLS/RTP/SAVPF 96\r\n"
    Self.complete(.startVideo(nil), &desk, answer: rejection)
    #expect(desk.facts.sendingVideo == false)
  }

  @Test(.spec("R-CALL-428", "R-MEDIA-61", "R-MEDIA-62", "R-MEDIA-54")) func aScreenTakesTheCamerasPlace() {
    var desk = Self.watching(sending: true)
    let share = ScreenShare(mediaSourceId: "virtual:screen")
    #expect(
      desk.change(.startScreenshare(share)).contains(
        .media(.offer(LocalMedia(audio: .sendrecv, video: .sendrecv, content: .screen(share)), .update, .presentPeer), 3)))
    _ = desk.described()
    _ = desk.accepted()
    _ = desk.notified(.answer, sdp: SDPText.make(video: .sendrecv))
    #expect(
      desk.mediaDone().events == [
        .changed(.inCall, .inCall), .screenshareChanged, .operationFinished(.startScreenshare, nil),
      ])
    #expect(desk.facts.isScreensharing)
    #expect(desk.change(.startScreenshare(share)).completions[3]??.code == .invalidState)

    // The camera's wish is remembered until the screen is gone.
    #expect(desk.change(.stopVideo).requests == [])
    #expect(
      desk.change(.stopScreenshare).contains(
        .media(.offer(LocalMedia(audio: .sendrecv, video: .recvonly), .update, .presentPeer), 5)))
    _ = desk.described()
    _ = desk.accepted()
    _ = desk.notified(.answer, sdp: SDPText.make(video: .sendonly))
    #expect(desk.mediaDone().events.contains(.screenshareChanged))
    #expect(!desk.facts.isScreensharing)
    #expect(desk.change(.stopScreenshare).completions[6]??.code == .invalidState)
  }

  @Test(.spec("R-MEDIA-63")) func aScreenThatIsNotSharedAnyMoreInAHeldCallIsGoneWhenItResumes() {
    var desk = Self.watching()
    let share = ScreenShare(mediaSourceId: "virtual:screen")
    Self.complete(.startScreenshare(share), &desk, answer: SDPText.make(video: .sendrecv))
    Self.complete(.hold, &desk)
    #expect(desk.change(.stopScreenshare).events.contains(.screenshareChanged))
    #expect(
      desk.change(.unhold).contains(.media(.offer(LocalMedia(audio: .sendrecv, video: .recvonly), .unhold, .presentPeer), 7)))
  }
}
