import KandyTesting
import KandyWebRTC
import LinkMedia
import LinkProtocol
import Synchronization
import Testing

extension WebRTCTests {
  @Suite struct LifeTests {
    @Test(.spec("R-MEDIA-2")) func anEngineInitializes() async throws {
      let engine = WebRTCEngine()
      #expect(await engine.initialize() == .initialized)
      #expect(await engine.initialize() == .initialized)
      await engine.shutdown()
    }

    @Test func afterClosingNothingIsPossibleAndTheEventsEnd() async throws {
      let engine = WebRTCEngine()
      let end = try await End(engine)
      await end.peer.close()
      await end.peer.close()
      #expect(await refusal { try await end.peer.addTransceiver(.audio, direction: .sendrecv) } == .closed)
      #expect(await refusal { _ = try await end.peer.createOffer(iceRestart: false) } == .closed)
      #expect(await refusal { try await end.peer.setMicrophone(SilenceSource()) } == .closed)
      #expect(await refusal { _ = try await end.peer.statistics() } == .closed)
      #expect(await end.reaches(.iceConnectionState(.closed)))
      #expect(await !end.reaches(.iceConnectionState(.closed)))
      await engine.shutdown()
    }

    @Test func closingWaitsForWhoeverIsInASource() async throws {
      let engine = WebRTCEngine()
      let log = Log()
      let source = GatedSource(log)
      // More waiting calls than the pool has threads: were one of them to block, the test would not get to the gate.
      let peers = [
        try await engine.makePeer(PeerConfiguration()), try await engine.makePeer(PeerConfiguration()),
        try await engine.makePeer(PeerConfiguration()), try await engine.makePeer(PeerConfiguration()),
      ]
      try await peers[0].setMicrophone(source)
      await source.entered.first { true }
      await withTaskGroup(of: Void.self) { group in
        for peer in peers + peers {
          group.addTask {
            await peer.close()
            log.add("closed")
          }
        }
        await Task.yield()
        source.open()
        await group.waitForAll()
      }
      let first = log.entries.firstIndex(of: "left") ?? .max
      #expect(log.entries.count == 9)
      #expect(first <= 6)
      await engine.shutdown()
      #expect(source.reads == 1)
    }

    @Test func closingDuringEverythingLeavesNothingWaiting() async throws {
      let engine = WebRTCEngine()
      for round in 0..<5 {
        let pair = try await Pair(engine)
        try await pair.connect([.audio, .video])
        if round > 0 { #expect(await pair.alice.ear.hearsFrames(round)) }
        let (alice, bob) = (pair.alice.peer, pair.bob.peer)
        await withTaskGroup(of: Void.self) { group in
          for _ in 0..<3 {
            group.addTask { _ = try? await alice.createOffer(iceRestart: true) }
            group.addTask { _ = try? await bob.statistics() }
            group.addTask { try? await alice.setCamera(nil) }
            group.addTask { try? await bob.setMicrophone(SilenceSource()) }
            group.addTask { try? await bob.setDirection(.video, .inactive) }
          }
          group.addTask { await alice.close() }
          group.addTask { await bob.close() }
        }
        let counts = (pair.aliceMouth.reads, pair.bobLens.pulls, pair.alice.ear.probe.frames, pair.bob.eye.probe.frames)
        // Another microphone of the same engine shows that its audio goes on meanwhile.
        let other = try await engine.makePeer(PeerConfiguration())
        let clock = Mouth(hz: 440)
        try await other.setMicrophone(clock)
        #expect(await clock.paces(10))
        await other.close()
        #expect(
          counts == (pair.aliceMouth.reads, pair.bobLens.pulls, pair.alice.ear.probe.frames, pair.bob.eye.probe.frames))
      }
      await engine.shutdown()
    }

    @Test func twentyCallsOneAfterTheOther() async throws {
      let engine = WebRTCEngine()
      for _ in 0..<20 {
        let pair = try await Pair(engine)
        try await pair.connect([.audio, .video])
        #expect(await pair.alice.connects())
        await pair.close()
      }
      await engine.shutdown()
    }

    @Test func twentyEnginesOneAfterTheOther() async throws {
      for _ in 0..<20 {
        let engine = WebRTCEngine()
        let peer = try await engine.makePeer(PeerConfiguration())
        try await peer.addTransceiver(.audio, direction: .sendrecv)
        _ = try await peer.createOffer(iceRestart: false)
        await engine.shutdown()
      }
    }

    @Test func shuttingDownClosesWhatIsOpenAndCanBeRepeated() async throws {
      let engine = WebRTCEngine()
      let pair = try await Pair(engine)
      try await pair.connect([.audio, .video])
      #expect(await pair.alice.ear.hears(1000))
      await withTaskGroup(of: Void.self) { group in
        for _ in 0..<4 { group.addTask { await engine.shutdown() } }
      }
      await engine.shutdown()
      #expect(await refusal { _ = try await pair.alice.peer.createOffer(iceRestart: false) } == .closed)
      #expect(await refusal { _ = try await engine.makePeer(PeerConfiguration()) } == .closed)
      #expect(await engine.initialize() == .failed)
      #expect(await pair.bob.reaches(.iceConnectionState(.closed)))
      await pair.close()
    }

    @Test func anEngineThatIsForgottenGivesEverythingBack() async throws {
      let released = AsyncStream.makeStream(of: Void.self)
      try await {
        let engine = WebRTCEngine()
        let pair = try await Pair(engine)
        try await pair.connect([.audio, .video])
        #expect(await pair.bob.ear.hears(440))
        try await pair.alice.peer.setMicrophone(Farewell { released.continuation.finish() })
      }()
      // Ends when the engine has let go of the microphone.
      for await _ in released.stream {}
    }

    @Test func theSelfTestPasses() async throws {
      let engine = WebRTCEngine()
      let report = await engine.selfTest()
      #expect(report.failure == nil)
      #expect(report.passed)
      #expect(report.purity ?? 0 >= 0.95)
      let times = [report.gathered, report.connected, report.firstSound].compactMap { $0 }
      #expect(times.count == 3)
      #expect(times == times.sorted())
      #expect(report.firstPicture ?? .seconds(60) < report.total)
      await engine.shutdown()
      #expect(await engine.selfTest().passed == false)
    }
  }
}
