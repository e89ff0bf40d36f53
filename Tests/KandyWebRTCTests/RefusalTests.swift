import KandyTesting
import KandyWebRTC
import LinkMedia
import LinkProtocol
import Testing

extension WebRTCTests {
  @Suite struct RefusalTests {
    @Test(
      .spec("TV-28"),
      arguments: ["", "hello", "v=0\r\nm=audio", "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 9 X\r\n"])
    func whatIsNoDescriptionIsRefusedAndThePeerGoesOn(sdp: String) async throws {
      let engine = WebRTCEngine()
      let pair = try await Pair(engine)
      let remote = await refusal { try await pair.bob.peer.setRemoteDescription(.offer, sdp) }
      #expect(remote == .invalidDescription)
      let local = await refusal { try await pair.alice.peer.setLocalDescription(.offer, sdp) }
      #expect(local == .invalidDescription)
      try await pair.connect([.audio])
      #expect(await pair.alice.ear.hears(1000))
      await engine.shutdown()
    }

    /// libwebrtc does not recover from a description that it took apart halfway; the call needs a new peer (R-UP-22).
    @Test(.spec("R-SDP-53")) func anAnswerWithAGroupThatWasNotOfferedEndsWhatThePeerIsGoodFor() async throws {
      let engine = WebRTCEngine()
      let pair = try await Pair(engine)
      try await pair.alice.equip([.audio, .video], pair.aliceMouth, pair.aliceLens)
      try await pair.bob.peer.setRemoteDescription(.offer, try await pair.alice.offer())
      try await pair.bob.equip([.audio, .video], pair.bobMouth, pair.bobLens)
      let answer = try await pair.bob.answer()
      let grouped = answer.replacing("t=0 0\r\n", with: "t=0 0\r\na=group:BUNDLE 0 1\r\n")
      #expect(await refusal { try await pair.alice.peer.setRemoteDescription(.answer, grouped) } == .invalidDescription)
      #expect(await refusal { try await pair.alice.peer.setRemoteDescription(.answer, answer) } == .invalidDescription)
      await pair.alice.peer.close()
      let second = try await Pair(engine)
      try await second.connect([.audio])
      #expect(await second.alice.ear.hears(1000))
      await engine.shutdown()
    }

    @Test(.spec("R-DTLS-25")) func anOfferWithoutFingerprintsIsRefused() async throws {
      let engine = WebRTCEngine()
      let pair = try await Pair(engine)
      try await pair.alice.equip([.audio], pair.aliceMouth, pair.aliceLens)
      let offer = try await pair.alice.offer()
      let plain = offer.split(separator: "\r\n").filter { !$0.hasPrefix("a=fingerprint") }.map { $0 + "\r\n" }.joined()
      #expect(await refusal { try await pair.bob.peer.setRemoteDescription(.offer, plain) } == .invalidDescription)
      try await pair.bob.peer.setRemoteDescription(.offer, offer)
      try await pair.bob.equip([.audio], pair.bobMouth, pair.bobLens)
      try await pair.alice.peer.setRemoteDescription(.answer, try await pair.bob.answer())
      #expect(await pair.alice.ear.hears(1000))
      await engine.shutdown()
    }

    @Test func whatDoesNotFitTheSignallingStateIsRefused() async throws {
      let engine = WebRTCEngine()
      let pair = try await Pair(engine)
      try await pair.alice.equip([.audio], pair.aliceMouth, pair.aliceLens)
      let offer = try await pair.alice.offer()
      let bob = pair.bob.peer
      #expect(await refusal { try await bob.setRemoteDescription(.answer, offer) } == .invalidState)
      #expect(await refusal { _ = try await bob.createAnswer() } == .invalidState)
      #expect(await refusal { try await bob.rollback() } == .invalidState)
      #expect(await refusal { try await bob.setDirection(.audio, .inactive) } == .invalidState)
      #expect(await refusal { try await pair.alice.peer.setRemoteDescription(.offer, offer) } == .invalidState)
      await engine.shutdown()
    }

    @Test(.spec("TV-149")) func candidatesThatFitNothingAreRefused() async throws {
      let engine = WebRTCEngine()
      let pair = try await Pair(engine)
      let good = "candidate:1 1 udp 2122260223 127.0.0.1 40000 typ host generation 0"
      let early = await refusal {
        try await pair.bob.peer.addCandidate(ICECandidate(candidate: good, sdpMid: "0", sdpMLineIndex: 0))
      }
      #expect(early == .invalidState)
      try await pair.connect([.audio])
      for candidate in [
        ICECandidate(candidate: "candidate:what", sdpMid: "0", sdpMLineIndex: 0),
        ICECandidate(candidate: good, sdpMid: "7", sdpMLineIndex: 7),
      ] {
        #expect(await refusal { try await pair.bob.peer.addCandidate(candidate) } == .invalidCandidate)
      }
      #expect(await pair.alice.ear.hears(1000))
      await engine.shutdown()
    }

    @Test func aServerThatIsNoneIsRefused() async throws {
      let engine = WebRTCEngine()
      let servers = [ICEServer(urls: ["http://example.com"])]
      #expect(await refusal { _ = try await engine.makePeer(PeerConfiguration(iceServers: servers)) } == .engine)
      let peer = try await engine.makePeer(PeerConfiguration())
      #expect(try await peer.transceivers() == [])
      await engine.shutdown()
    }

    @Test(.spec("R-UP-9", "TV-132", "TV-133"), arguments: [false, true])
    func anOfferTakenBackLeavesTheCallAsItWas(byTheAnswerer: Bool) async throws {
      let engine = WebRTCEngine()
      let pair = try await Pair(engine)
      try await pair.connect([.audio])
      #expect(await pair.alice.ear.hears(1000))
      #expect(await pair.bob.ear.hears(440))
      let (holder, other) = byTheAnswerer ? (pair.bob, pair.alice) : (pair.alice, pair.bob)
      try await holder.peer.setDirection(.audio, .inactive)
      let offer = try await holder.offer()
      try await other.peer.setRemoteDescription(.offer, offer)
      try await holder.peer.rollback()
      try await other.peer.rollback()
      for end in [pair.alice, pair.bob] { end.ear.probe.reset() }
      #expect(await pair.alice.ear.hears(1000))
      #expect(await pair.bob.ear.hears(440))
      try await holder.peer.setDirection(.audio, .sendrecv)
      let again = try await pair.renegotiate(holder, other)
      #expect(directions(again.answer) == ["sendrecv"])
      #expect(await pair.alice.ear.hears(1000))
      await engine.shutdown()
    }

    @Test(.spec("R-UP-27")) func anICERestartTakenBackKeepsTheCredentials() async throws {
      let engine = WebRTCEngine()
      let pair = try await Pair(engine)
      try await pair.connect([.audio, .video])
      #expect(await pair.alice.ear.hears(1000))
      let before = line("a=ice-ufrag:", of: try await pair.alice.peer.localDescription() ?? "")
      #expect(line("a=ice-ufrag:", of: try await pair.alice.offer(iceRestart: true)) != before)
      try await pair.alice.peer.rollback()
      #expect(line("a=ice-ufrag:", of: try await pair.alice.peer.localDescription() ?? "") == before)
      #expect(line("a=ice-ufrag:", of: try await pair.alice.offer()) == before)
      try await pair.alice.peer.rollback()
      pair.alice.ear.probe.reset()
      #expect(await pair.alice.ear.hears(1000))
      #expect(await pair.bob.eye.seesCounting())
      await engine.shutdown()
    }

    @Test func aRemoteOfferTakenBackCanBeMadeAgain() async throws {
      let engine = WebRTCEngine()
      let pair = try await Pair(engine)
      try await pair.alice.equip([.audio], pair.aliceMouth, pair.aliceLens)
      let offer = try await pair.alice.offer()
      try await pair.bob.peer.setRemoteDescription(.offer, offer)
      try await pair.bob.peer.rollback()
      #expect(try await pair.bob.peer.transceivers() == [])
      try await pair.bob.peer.setRemoteDescription(.offer, offer)
      try await pair.bob.equip([.audio], pair.bobMouth, pair.bobLens)
      try await pair.alice.peer.setRemoteDescription(.answer, try await pair.bob.answer())
      #expect(await pair.alice.ear.hears(1000))
      #expect(await pair.bob.ear.hears(440))
      await engine.shutdown()
    }

    @Test(.spec("R-UP-2", "R-UP-9")) func afterGlareThereIsStillOneSectionOfAKind() async throws {
      let engine = WebRTCEngine()
      let pair = try await Pair(engine)
      try await pair.connect([.audio])
      // Both want video at the same time; Alice gives way.
      try await pair.alice.equip([.audio, .video], pair.aliceMouth, pair.aliceLens)
      _ = try await pair.alice.offer()
      try await pair.bob.equip([.audio, .video], pair.bobMouth, pair.bobLens)
      let offer = try await pair.bob.offer()
      try await pair.alice.peer.rollback()
      try await pair.alice.peer.setRemoteDescription(.offer, offer)
      try await pair.alice.peer.addTransceiver(.video, direction: .sendrecv)
      try await pair.bob.peer.setRemoteDescription(.answer, try await pair.alice.answer())
      #expect(await pair.alice.eye.seesCounting())
      #expect(await pair.bob.eye.seesCounting())
      #expect(sections(try await pair.alice.offer()).count == 2)
      await engine.shutdown()
    }
  }
}
