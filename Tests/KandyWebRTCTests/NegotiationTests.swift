import KandyTesting
import KandyWebRTC
import LinkMedia
import LinkProtocol
import Testing

extension WebRTCTests {
  @Suite struct NegotiationTests {
    @Test(.spec("R-SDP-52", "R-ICE-5", "TV-47"))
    func withoutBundleEverySectionHasCandidatesForBothComponents() async throws {
      let engine = WebRTCEngine()
      let pair = try await Pair(engine)
      try await pair.alice.equip([.audio, .video], pair.aliceMouth, pair.aliceLens)
      let offer = try await pair.alice.offer()
      #expect(!offer.contains("a=group"))
      for section in sections(offer) {
        #expect(section.contains(" 1 udp "))
        #expect(section.contains(" 2 udp "))
        #expect(section.contains("a=rtcp-mux\r\n"))
        #expect(section.contains("a=setup:actpass\r\n"))
      }
      #expect(sections(offer).count == 2)
      await engine.shutdown()
    }

    @Test(.spec("R-SDP-50")) func bundledEndsConnectOverOneTransport() async throws {
      let engine = WebRTCEngine()
      let pair = try await Pair(engine, PeerConfiguration(bundlePolicy: .maxBundle))
      try await pair.connect([.audio, .video], keepingGroups: true)
      #expect(await pair.alice.ear.hears(1000))
      #expect(await pair.bob.eye.seesCounting())
      let transports = try await pair.alice.peer.statistics().filter { $0.type == "transport" }
      #expect(transports.count == 1)
      await engine.shutdown()
    }

    @Test(.spec("R-UP-5")) func everySenderIsInTheStreamOfTheCall() async throws {
      let engine = WebRTCEngine()
      let alice = try await End(engine, PeerConfiguration(streamID: "call-7"))
      let bob = try await End(engine, PeerConfiguration(streamID: "call-8"))
      for kind in [MediaKind.audio, .video] { try await alice.peer.addTransceiver(kind, direction: .sendrecv) }
      let offer = try await alice.offer()
      #expect(sections(offer).allSatisfy { $0.contains("a=msid:call-7 ") })
      try await bob.peer.setRemoteDescription(.offer, offer)
      for kind in [MediaKind.audio, .video] { try await bob.peer.addTransceiver(kind, direction: .sendrecv) }
      let answer = try await bob.answer()
      #expect(sections(answer).allSatisfy { $0.contains("a=msid:call-8 ") })
      await engine.shutdown()
    }

    @Test(.spec("R-UP-11", "R-UP-19")) func aRemoteOffersTransceiversAreTakenOver() async throws {
      let engine = WebRTCEngine()
      let alice = try await End(engine)
      let bob = try await End(engine)
      try await alice.peer.addTransceiver(.video, direction: .sendrecv)
      try await alice.peer.addTransceiver(.audio, direction: .sendrecv)
      #expect(try await alice.peer.transceivers() == [.audio, .video])
      try await bob.peer.setRemoteDescription(.offer, try await alice.offer())
      #expect(try await bob.peer.transceivers() == [.video, .audio])
      #expect(try await alice.peer.transceivers() == [.video, .audio])
      try await bob.peer.addTransceiver(.audio, direction: .sendrecv)
      #expect(directions(try await bob.answer()) == ["recvonly", "sendrecv"])
      await engine.shutdown()
    }

    @Test(.spec("R-UP-20", "TV-129")) func aRejectedSectionHasNoTransceiverAndCanBeOfferedAgain() async throws {
      let engine = WebRTCEngine()
      let pair = try await Pair(engine)
      try await pair.alice.equip([.audio, .video], pair.aliceMouth, pair.aliceLens)
      let first = try await pair.alice.offer()
      try await pair.bob.peer.setRemoteDescription(.offer, rejectingVideo(first))
      try await pair.bob.equip([.audio], pair.bobMouth, pair.bobLens)
      try await pair.alice.peer.setRemoteDescription(.answer, try await pair.bob.answer())
      #expect(try await pair.alice.peer.transceivers() == [.audio])
      #expect(try await pair.bob.peer.transceivers() == [.audio])

      try await pair.alice.peer.addTransceiver(.video, direction: .sendrecv)
      let offer = try await pair.alice.offer()
      #expect(sections(offer).count == 2)
      #expect(line("a=mid:", of: sections(offer)[1]) != line("a=mid:", of: sections(first)[1]))
      #expect(sections(offer).allSatisfy { $0.contains("a=candidate:") })
      try await pair.bob.peer.setRemoteDescription(.offer, offer)
      try await pair.bob.equip([.audio, .video], pair.bobMouth, pair.bobLens)
      try await pair.alice.peer.setRemoteDescription(.answer, try await pair.bob.answer())
      #expect(await pair.alice.eye.seesCounting())
      #expect(await pair.bob.eye.seesCounting())
      await engine.shutdown()
    }

    @Test(.spec("R-UP-12", "R-UP-13")) func holdingStopsTheFarEndsToneAndResumingBringsItBack() async throws {
      let engine = WebRTCEngine()
      let pair = try await Pair(engine)
      try await pair.connect([.audio])
      #expect(await pair.alice.ear.hears(1000))

      try await pair.alice.peer.setDirection(.audio, .sendonly)
      let held = try await pair.renegotiate(pair.alice, pair.bob)
      #expect(directions(held.offer) == ["sendonly"])
      #expect(directions(held.answer) == ["recvonly"])
      #expect(await pair.aliceMouth.paces(20))
      pair.alice.ear.probe.reset()
      #expect(await pair.bob.ear.hears(440))
      #expect(pair.alice.ear.probe.level < -60)

      try await pair.alice.peer.setDirection(.audio, .sendrecv)
      let resumed = try await pair.renegotiate(pair.alice, pair.bob)
      #expect(directions(resumed.answer) == ["sendrecv"])
      #expect(await pair.alice.ear.hears(1000))
      #expect(await pair.bob.ear.hears(440))
      await engine.shutdown()
    }

    @Test(.spec("R-UP-14")) func heldByBothEndsNobodyHearsAnything() async throws {
      let engine = WebRTCEngine()
      let pair = try await Pair(engine)
      try await pair.connect([.audio])
      #expect(await pair.alice.ear.hears(1000))
      try await pair.alice.peer.setDirection(.audio, .sendonly)
      _ = try await pair.renegotiate(pair.alice, pair.bob)
      try await pair.bob.peer.setDirection(.audio, .inactive)
      let held = try await pair.renegotiate(pair.bob, pair.alice)
      #expect(directions(held.answer) == ["inactive"])
      #expect(await pair.aliceMouth.paces(20))
      for end in [pair.alice, pair.bob] { end.ear.probe.reset() }
      #expect(await pair.aliceMouth.paces(50))
      for end in [pair.alice, pair.bob] { #expect(end.ear.probe.level < -60) }
      await engine.shutdown()
    }

    @Test(.spec("R-UP-15")) func videoIsAddedToAnAudioCall() async throws {
      let engine = WebRTCEngine()
      let pair = try await Pair(engine)
      try await pair.connect([.audio])
      #expect(await pair.alice.ear.hears(1000))
      try await pair.alice.equip([.audio, .video], pair.aliceMouth, pair.aliceLens)
      let offer = try await pair.alice.offer()
      #expect(sections(offer).allSatisfy { $0.contains("a=candidate:") })
      try await pair.bob.peer.setRemoteDescription(.offer, offer)
      try await pair.bob.peer.addTransceiver(.video, direction: .recvonly)
      try await pair.alice.peer.setRemoteDescription(.answer, try await pair.bob.answer())
      #expect(await pair.bob.eye.seesCounting())
      // It may have come while there was nothing to gather, and nobody read.
      if !pair.bob.seen.contains(.remoteTrack(.video)) { #expect(await pair.bob.reaches(.remoteTrack(.video))) }
      await engine.shutdown()
    }

    @Test(.spec("R-UP-27")) func anICERestartChangesTheCredentialsAndKeepsTheCall() async throws {
      let engine = WebRTCEngine()
      let pair = try await Pair(engine)
      try await pair.connect([.audio])
      #expect(await pair.alice.ear.hears(1000))
      let offered = try await pair.alice.peer.localDescription() ?? ""
      let answered = try await pair.bob.peer.localDescription() ?? ""
      let offer = try await pair.alice.offer(iceRestart: true)
      try await pair.bob.peer.setRemoteDescription(.offer, offer)
      let answer = try await pair.bob.answer()
      try await pair.alice.peer.setRemoteDescription(.answer, answer)
      for prefix in ["a=ice-ufrag:", "a=ice-pwd:"] {
        #expect(line(prefix, of: offer) != line(prefix, of: offered))
        #expect(line(prefix, of: answer) != line(prefix, of: answered))
      }
      #expect(line("a=fingerprint:", of: offer) == line("a=fingerprint:", of: offered))
      for end in [pair.alice, pair.bob] { end.ear.probe.reset() }
      #expect(await pair.alice.ear.hears(1000))
      #expect(await pair.bob.ear.hears(440))
      // The new credentials are the ones in use.
      let pairs = try await pair.alice.peer.statistics().filter {
        $0.type == "candidate-pair" && $0.texts["state"] == "succeeded"
      }
      let locals = try await pair.alice.peer.statistics().filter { $0.type == "local-candidate" }
      let fragments = locals.filter { local in pairs.contains { $0.texts["localCandidateId"] == local.id } }
        .compactMap { $0.texts["usernameFragment"] }
      #expect(fragments.contains { "a=ice-ufrag:\($0)" == line("a=ice-ufrag:", of: offer) })
      await engine.shutdown()
    }

    @Test(.spec("R-ICE-36")) func candidatesThatComeLaterConnectAsWell() async throws {
      let engine = WebRTCEngine()
      let pair = try await Pair(engine)
      try await pair.alice.equip([.audio], pair.aliceMouth, pair.aliceLens)
      let offer = try await pair.alice.peer.createOffer(iceRestart: false)
      try await pair.alice.peer.setLocalDescription(.offer, offer)
      try await pair.bob.peer.setRemoteDescription(.offer, offer)
      try await pair.bob.equip([.audio], pair.bobMouth, pair.bobLens)
      let answer = try await pair.bob.peer.createAnswer()
      try await pair.bob.peer.setLocalDescription(.answer, answer)
      try await pair.alice.peer.setRemoteDescription(.answer, answer)
      _ = try await pair.alice.gathered()
      let candidates = pair.alice.seen.compactMap { if case .candidate(let candidate) = $0 { candidate } else { nil } }
      #expect(!candidates.isEmpty)
      #expect(candidates.allSatisfy { $0.candidate.hasPrefix("candidate:") && $0.sdpMid == "0" && $0.sdpMLineIndex == 0 })
      for candidate in candidates { try await pair.bob.peer.addCandidate(candidate) }
      try await pair.bob.peer.addCandidate(ICECandidate(candidate: "", sdpMid: "0", sdpMLineIndex: 0))
      #expect(await pair.alice.ear.hears(1000))
      #expect(await pair.bob.ear.hears(440))
      await engine.shutdown()
    }

    @Test(.spec("R-ICE-50")) func theConnectionStatesComeInOrder() async throws {
      let engine = WebRTCEngine()
      let pair = try await Pair(engine)
      try await pair.connect([.audio])
      #expect(await pair.alice.connects())
      let states = pair.alice.seen.compactMap { if case .iceConnectionState(let state) = $0 { state } else { nil } }
      #expect(states == [.checking, .connected])
      let gathering = pair.alice.seen.compactMap { if case .gatheringState(let state) = $0 { state } else { nil } }
      #expect(gathering == [.gathering, .complete])
      #expect(pair.alice.seen.contains(.remoteTrack(.audio)))
      await engine.shutdown()
    }

    @Test(.spec("R-ICE-6")) func withRelaysOnlyAndNoneThereAreNoCandidates() async throws {
      let engine = WebRTCEngine()
      let alice = try await End(engine, PeerConfiguration(relayOnly: true))
      try await alice.peer.addTransceiver(.audio, direction: .sendrecv)
      #expect(!(try await alice.offer().contains("a=candidate:")))
      await engine.shutdown()
    }

    @MainActor
    @Test func operationsTakeEffectInTheOrderOfTheirCalls() async throws {
      let engine = WebRTCEngine()
      let peer = try await engine.makePeer(PeerConfiguration())
      // Tasks of one actor begin in the order in which they were made, and each goes on to where it waits for the engine.
      let added = Task { @MainActor in try await peer.addTransceiver(.audio, direction: .sendrecv) }
      let first = Task { @MainActor in try await peer.createOffer(iceRestart: false) }
      let turned = Task { @MainActor in try await peer.setDirection(.audio, .inactive) }
      let second = Task { @MainActor in try await peer.createOffer(iceRestart: false) }
      #expect(directions(try await second.value) == ["inactive"])
      #expect(directions(try await first.value) == ["sendrecv"])
      try await added.value
      try await turned.value
      await engine.shutdown()
    }
  }
}
