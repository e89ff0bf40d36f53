import KandyTesting
import LinkLogic
import LinkMedia
import LinkProtocol
import Testing

@Suite(.timeLimit(.minutes(1))) struct FakeMediaFlowTests {
  /// Two ends in a call, each with a voice, an ear, a camera and an eye.
  private struct Call {
    let ends: Ends
    let ears = (alice: AudioProbe(), bob: AudioProbe())
    let eyes = (alice: VideoProbe(), bob: VideoProbe())

    init(removingBundle: Bool = true) async throws {
      ends = try await Ends()
      for (peer, hz, ear, eye) in [(ends.alice, 440.0, ears.alice, eyes.alice), (ends.bob, 1000.0, ears.bob, eyes.bob)] {
        try await peer.setMicrophone(ToneSource(hz: hz))
        try await peer.setCamera(try PatternSource(width: 64, height: 48, framesPerSecond: 25))
        try await peer.setAudioSinks([ear])
        try await peer.setVideoRenderers([eye])
      }
      try await ends.connect(video: true, removingBundle: removingBundle)
    }

    func forget() {
      ears.alice.reset()
      ears.bob.reset()
    }
  }

  @Test(arguments: [true, false])
  func eachHearsAndSeesTheOther(_ removingBundle: Bool) async throws {
    let call = try await Call(removingBundle: removingBundle)
    #expect(call.ears.bob.frames == 0)
    call.ends.network.pump(frames: 100)
    #expect(call.ears.bob.purity(at: 440) > 0.99)
    #expect(call.ears.alice.purity(at: 1000) > 0.99)
    #expect(call.ears.alice.frames == 100)
    let seen = call.eyes.alice.reading()
    #expect([seen.width, seen.height, seen.framesPerSecond, seen.frames] == [64, 48, 25, 25])
    #expect(seen.isMoving)
  }

  @Test func aDisabledTrackSendsSilenceAndBlack() async throws {
    let call = try await Call()
    try await call.ends.alice.setEnabled(.audio, false)
    try await call.ends.alice.setEnabled(.video, false)
    #expect(!call.ends.alice.isEnabled(.audio))
    call.ends.network.pump(frames: 50)
    #expect(call.ears.bob.frames == 50)
    #expect(call.ears.bob.level == -120)
    #expect(call.eyes.bob.reading().brightness == 16)
    #expect(call.ears.alice.purity(at: 1000) > 0.99)
    try await call.ends.alice.setEnabled(.audio, true)
    call.forget()
    call.ends.network.pump(frames: 50)
    #expect(call.ears.bob.purity(at: 440) > 0.99)
  }

  @Test func directionsDecideWhatFlows() async throws {
    let call = try await Call()
    try await call.ends.alice.setDirection(.audio, .sendonly)
    try await call.ends.alice.setDirection(.video, .inactive)
    call.ends.network.pump(frames: 10)
    #expect(call.ears.alice.frames == 10, "a direction takes effect with the next exchange")
    let (offer, answer) = try await call.ends.negotiate()
    #expect(offer.media.map(\.direction) == [.sendonly, .inactive])
    #expect(answer.media.map(\.direction) == [.recvonly, .inactive])
    let pictures = call.eyes.bob.frames
    call.ends.network.pump(frames: 100)
    #expect(call.ears.alice.frames == 10)
    #expect(call.ears.bob.frames == 110)
    #expect(call.eyes.bob.frames == pictures)
  }

  @Test func aTrackThatReturnsIsAnnouncedAgain() async throws {
    let call = try await Call()
    try await call.ends.alice.setDirection(.audio, .inactive)
    try await call.ends.negotiate()
    try await call.ends.alice.setDirection(.audio, .sendrecv)
    try await call.ends.negotiate()
    #expect(await pending(call.ends.bob).filter { $0 == .remoteTrack(.audio) }.count == 2)
  }

  @Test func nothingFlowsWithoutASource() async throws {
    let call = try await Call()
    try await call.ends.alice.setMicrophone(nil)
    try await call.ends.alice.setCamera(nil)
    call.ends.network.pump(frames: 100)
    #expect(call.ears.bob.frames == 0)
    #expect(call.eyes.bob.frames == 0)
    #expect(call.ears.alice.frames == 100)
  }

  @Test func nothingFlowsThroughAnInterruptedNetwork() async throws {
    let call = try await Call()
    call.ends.network.interrupt()
    call.ends.network.pump(frames: 10)
    #expect(call.ears.bob.frames == 0)
    #expect(call.ends.alice.iceConnectionState == .disconnected)
    call.ends.network.mend()
    call.ends.network.pump(frames: 10)
    #expect(call.ears.bob.frames == 10)
    #expect(call.ends.alice.iceConnectionState == .connected)
  }

  @Test(.spec("R-UP-27")) func onlyAnICERestartBringsBackAConnectionThatWasCut() async throws {
    let call = try await Call()
    let network = call.ends.network
    network.cut()
    network.mend()
    network.pump(frames: 10)
    #expect(call.ears.bob.frames == 0)
    #expect(call.ends.alice.iceConnectionState == .disconnected)
    try await call.ends.negotiate()
    network.pump(frames: 10)
    #expect(call.ears.bob.frames == 0)
    #expect(call.ends.alice.iceConnectionState == .disconnected)
    let (offer, answer) = try await call.ends.negotiate(from: call.ends.bob, iceRestart: true)
    #expect(offer.media[0].iceUfrag == "fake2x3")
    #expect(answer.media[0].iceUfrag == "fake1x2")
    #expect(call.ends.alice.iceConnectionState == .connected)
    network.pump(frames: 100)
    #expect(call.ears.bob.purity(at: 440) > 0.99)
    #expect(call.ears.alice.purity(at: 1000) > 0.99)
  }

  @Test func nothingConnectsWhileTheNetworkIsInterrupted() async throws {
    let ends = try await Ends()
    ends.network.interrupt()
    try await ends.connect()
    #expect(ends.alice.iceConnectionState == .checking)
    ends.network.mend()
    #expect(ends.alice.iceConnectionState == .connected)
    #expect(ends.bob.iceConnectionState == .connected)
  }

  @Test func nothingFlowsAfterTheFarEndHasGone() async throws {
    let call = try await Call()
    await call.ends.bob.close()
    call.ends.network.pump(frames: 10)
    #expect(call.ears.alice.frames == 0)
    #expect(call.ends.bob.microphone == nil)
  }

  @Test(arguments: ["a=fingerprint:", "a=setup:"])
  func damagedSecurityIsSilence(_ prefix: String) async throws {
    let ends = try await Ends()
    let ear = AudioProbe()
    try await ends.alice.setMicrophone(ToneSource(hz: 440))
    try await ends.bob.setAudioSinks([ear])
    try await ends.alice.addTransceiver(.audio, direction: .sendrecv)
    try await ends.alice.setLocalDescription(.offer, try await ends.alice.createOffer(iceRestart: false))
    try await ends.bob.setRemoteDescription(.offer, try #require(try await ends.alice.localDescription()))
    try await ends.bob.setLocalDescription(.answer, try await ends.bob.createAnswer())
    let answer = edited(try #require(try await ends.bob.localDescription())) { line in
      guard line.hasPrefix(prefix) else { return line }
      return prefix == "a=setup:" ? "a=setup:passive" : "a=fingerprint:sha-256 00:11"
    }
    try await ends.alice.setRemoteDescription(.answer, answer)
    #expect(ends.alice.iceConnectionState == .connected)
    ends.network.pump(frames: 10)
    #expect(ear.frames == 0)
  }

  @Test(.spec("R-DTLS-16"))
  func anAnswerFromANewEndIsNotServedOnALiveConnection() async throws {
    let ends = try await Ends()
    try await ends.connect()
    let carol = try #require(try await ends.engine.makePeer(PeerConfiguration()) as? FakeMediaPeer)
    let ear = AudioProbe()
    try await ends.alice.setMicrophone(ToneSource(hz: 440))
    try await carol.setAudioSinks([ear])
    try await ends.alice.setLocalDescription(.offer, try await ends.alice.createOffer(iceRestart: true))
    try await carol.setRemoteDescription(.offer, try #require(try await ends.alice.localDescription()))
    try await carol.setLocalDescription(.answer, try await carol.createAnswer())
    try await ends.alice.setRemoteDescription(.answer, try #require(try await carol.localDescription()))
    #expect(ends.alice.iceConnectionState == .connected)
    ends.network.pump(frames: 10)
    #expect(ear.frames == 0)
  }

  @Test(.spec("R-UP-7")) func whatIsNotSendingSendsNothingAtAllWhateverIsAgreedMeanwhile() async throws {
    let call = try await Call()
    let alice = call.ends.alice
    try await alice.setSending(.audio, false)
    try await alice.setSending(.video, false)
    #expect(!alice.isSending(.audio))
    call.ends.network.pump(frames: 50)
    try await alice.setDirection(.audio, .sendonly)
    try await call.ends.negotiate()
    call.ends.network.pump(frames: 50)
    #expect(call.ears.bob.frames == 0)
    #expect(call.eyes.bob.frames == 0)
    #expect(try await alice.statistics().compactMap { $0.numbers["packetsSent"] } == [0, 0])
    try await alice.setSending(.audio, true)
    try await alice.setSending(.video, true)
    call.ends.network.pump(frames: 100)
    #expect(call.ears.bob.purity(at: 440) > 0.99)
    #expect(call.eyes.bob.frames == 25)
  }

  @Test(.spec("R-MEDIA-43")) func tonesArriveAndAreHeardWhereTheyAreUnderstood() async throws {
    let call = try await Call()
    let (alice, bob) = (call.ends.alice, call.ends.bob)
    let detector = DTMFDetector()
    try await bob.setAudioSinks([detector])
    #expect(try await alice.canSendDTMF())
    try await alice.sendDTMF(#require(DTMFTones("1a#", duration: .milliseconds(400), gap: .milliseconds(50))))
    #expect(bob.receivedTones == [FakeTone("1A#", duration: .milliseconds(400), gap: .milliseconds(50))])
    #expect(alice.sentTones == bob.receivedTones)
    call.ends.network.pump(frames: 150)
    #expect(detector.digits == "1A#")
    try await alice.sendDTMF(#require(DTMFTones("2", duration: .milliseconds(10), gap: .milliseconds(10))))
    #expect(bob.receivedTones.last == FakeTone("2", duration: .milliseconds(40), gap: .milliseconds(30)))
  }

  @Test(.spec("R-MEDIA-43")) func tonesAreRefusedWhileNoAudioIsSent() async throws {
    let call = try await Call()
    let alice = call.ends.alice
    let tone = try #require(DTMFTones("1"))
    let digit = { try await alice.sendDTMF(tone) }
    try await alice.setSending(.audio, false)
    #expect(try await !alice.canSendDTMF())
    #expect(await code(digit) == .invalidState)
    try await alice.setSending(.audio, true)
    #expect(await code(digit) == nil)
    try await alice.setDirection(.audio, .recvonly)
    try await call.ends.negotiate()
    #expect(try await !alice.canSendDTMF())
    #expect(await code(digit) == .invalidState)
  }

  @Test(.spec("R-MEDIA-43"), arguments: [true, false])
  func tonesGoWithTheNumberThatWasAnsweredAndNotWithoutOne(_ hasEvents: Bool) async throws {
    let ends = try await Ends()
    try await ends.alice.addTransceiver(.audio, direction: .sendrecv)
    try await ends.alice.setLocalDescription(.offer, try await ends.alice.createOffer(iceRestart: false))
    try await ends.bob.setRemoteDescription(.offer, try #require(try await ends.alice.localDescription()))
    try await ends.bob.setDirection(.audio, .sendrecv)
    try await ends.bob.setLocalDescription(.answer, try await ends.bob.createAnswer())
    let answer = edited(try #require(try await ends.bob.localDescription())) { line in
      if line.hasPrefix("m=audio") { return "m=audio 40002 UDP/TLS/RTP/SAVPF 111\(hasEvents ? " 101" : "")" }
      if line.contains("telephone-event/48000") { return nil }
      return line.contains("rtpmap:126") ? hasEvents ? line.replacing("126", with: "101") : nil : line
    }
    try await ends.alice.setRemoteDescription(.answer, answer)
    #expect(try await ends.alice.canSendDTMF() == hasEvents)
    let tone = try #require(DTMFTones("1"))
    #expect(await code { try await ends.alice.sendDTMF(tone) } == (hasEvents ? nil : .unsupported))
  }

  @Test func statisticsCountWhatFlowed() async throws {
    let call = try await Call()
    call.ends.network.pump(frames: 100)
    let records = try await call.ends.alice.statistics()
    #expect(
      records.map { "\($0.type) \($0.texts["kind"] ?? "")" } == [
        "outbound-rtp audio", "inbound-rtp audio", "outbound-rtp video", "inbound-rtp video", "transport ",
      ])
    #expect(records.compactMap { $0.numbers["packetsSent"] ?? $0.numbers["packetsReceived"] } == [100, 100, 25, 25])
    #expect(records.last?.texts == ["iceState": "connected", "dtlsRole": "passive"])
  }
}

@Suite(.timeLimit(.minutes(1))) struct FakeMediaFaultTests {
  @Test func aFailureHitsTheNextOperationOnceAndChangesNothing() async throws {
    let ends = try await Ends()
    ends.engine.failNext(.addTransceiver, MediaError(.device, "first"))
    ends.engine.failNext(.addTransceiver, MediaError(.device, "second"))
    await #expect(throws: MediaError(.device, "first")) { try await ends.alice.addTransceiver(.audio, direction: .sendrecv) }
    await #expect(throws: MediaError(.device, "second")) { try await ends.bob.addTransceiver(.audio, direction: .sendrecv) }
    #expect(try await ends.alice.transceivers() == [])
    try await ends.alice.addTransceiver(.audio, direction: .sendrecv)
    #expect(ends.alice.history == [.addTransceiver, .addTransceiver])
    ends.engine.failNext(.makePeer)
    await #expect(throws: MediaError.self) { try await ends.engine.makePeer(PeerConfiguration()) }
  }

  @Test func aHeldOperationHoldsUpThoseBehindIt() async throws {
    let ends = try await Ends()
    try await ends.alice.addTransceiver(.audio, direction: .sendrecv)
    let hold = ends.engine.holdNext(.createOffer)
    let alice = ends.alice
    let offering = Task { try await alice.createOffer(iceRestart: false) }
    try await hold.reached()
    let closing = Task { await alice.close() }
    #expect(!alice.isClosed)
    hold.release()
    hold.release()
    #expect(try await offering.value.hasPrefix("v=0\r\n"))
    await closing.value
    #expect(alice.isClosed)
    #expect(alice.history == [.addTransceiver, .createOffer, .close])
  }

  @Test func aCancelledCallerDoesNotCancelTheOperation() async throws {
    let ends = try await Ends()
    let hold = ends.engine.holdNext(.addTransceiver)
    let alice = ends.alice
    let adding = Task { try await alice.addTransceiver(.audio, direction: .sendrecv) }
    try await hold.reached()
    adding.cancel()
    hold.release()
    try await adding.value
    #expect(try await alice.transceivers() == [.audio])
  }

  @Test func shutdownClosesEverything() async throws {
    let ends = try await Ends()
    await ends.engine.shutdown()
    await ends.engine.shutdown()
    #expect(ends.engine.openPeers.isEmpty)
    #expect(ends.engine.peers.count == 2)
    #expect(await code { _ = try await ends.engine.makePeer(PeerConfiguration()) } == .closed)
    #expect(await pending(ends.alice) == [.iceConnectionState(.closed)])
  }

  @Test func initializationSaysWhatTheTestWants() async {
    #expect(await FakeMediaEngine().initialize() == .initialized)
    #expect(await FakeMediaEngine(initialization: .failed).initialize() == .failed)
  }
}
