import KandyTesting
import KandyWebRTC
import LinkMedia
import LinkProtocol
import Testing

extension WebRTCTests {
  /// What stops packets and brings them back without an offer.
  @Suite struct SendingTests {
    @Test(.spec("R-UP-7", "R-SDP-131")) func whatIsNotSendingSendsNoPacketUntilItDoesAgain() async throws {
      let engine = WebRTCEngine()
      let pair = try await Pair(engine)
      try await pair.connect([.audio, .video])
      #expect(await pair.bob.ear.hears(440))
      #expect(await pair.bob.eye.seesCounting())
      let description = try await pair.alice.peer.localDescription()

      for kind in [MediaKind.audio, .video] { try await pair.alice.peer.setSending(kind, false) }
      // What was on its way leaves within these 100 ms.
      #expect(await pair.aliceMouth.paces(10))
      let before = try await packetsSent(pair.alice)
      #expect(await pair.aliceMouth.paces(100))
      #expect(try await packetsSent(pair.alice) == before)
      #expect(before.allSatisfy { $0 > 0 })
      #expect(await pair.bob.ear.hearsNothing())

      for kind in [MediaKind.audio, .video] { try await pair.alice.peer.setSending(kind, true) }
      #expect(await pair.bob.ear.hears(440))
      #expect(await pair.bob.eye.seesCounting())
      let after = try await packetsSent(pair.alice)
      #expect(zip(before, after).allSatisfy { $0 < $1 })
      #expect(try await pair.alice.peer.localDescription() == description)
      await engine.shutdown()
    }

    @Test(.spec("R-UP-7", "R-SDP-131", "TV-125", "TV-126"))
    func aHeldCallSendsSilenceUnlessSendingIsOffToo() async throws {
      let engine = WebRTCEngine()
      let pair = try await Pair(engine)
      try await pair.connect([.audio])
      #expect(await pair.bob.ear.hears(440))
      try await pair.alice.peer.setEnabled(.audio, false)
      try await pair.alice.peer.setDirection(.audio, .sendonly)
      let held = try await pair.renegotiate(pair.alice, pair.bob)
      #expect(directions(held.answer) == ["recvonly"])
      let silence = try await packetsSent(pair.alice)
      #expect(await pair.aliceMouth.paces(50))
      #expect(try await packetsSent(pair.alice)[0] > silence[0] + 10)

      try await pair.alice.peer.setSending(.audio, false)
      _ = try await pair.renegotiate(pair.alice, pair.bob)
      #expect(await pair.aliceMouth.paces(10))
      let none = try await packetsSent(pair.alice)
      #expect(await pair.aliceMouth.paces(50))
      // Neither both ends' hold nor its end by the far one changes that.
      for direction in [MediaDirection.inactive, .sendonly] {
        try await pair.alice.peer.setDirection(.audio, direction)
        _ = try await pair.renegotiate(pair.bob, pair.alice)
        #expect(await pair.aliceMouth.paces(30))
      }
      #expect(try await packetsSent(pair.alice) == none)

      try await pair.alice.peer.setSending(.audio, true)
      try await pair.alice.peer.setEnabled(.audio, true)
      try await pair.alice.peer.setDirection(.audio, .sendrecv)
      _ = try await pair.renegotiate(pair.alice, pair.bob)
      #expect(await pair.bob.ear.hears(440))
      await engine.shutdown()
    }

    @Test func nothingIsSentByAnEndThatWasNotToSendFromTheBeginning() async throws {
      let engine = WebRTCEngine()
      let pair = try await Pair(engine)
      for end in [pair.alice, pair.bob] { try await end.peer.setSending(.audio, false) }
      try await pair.connect([.audio])
      #expect(await pair.alice.connects())
      #expect(await pair.aliceMouth.paces(50))
      for end in [pair.alice, pair.bob] { #expect(try await packetsSent(end) == [0]) }
      for end in [pair.alice, pair.bob] { try await end.peer.setSending(.audio, true) }
      #expect(await pair.bob.ear.hears(440))
      #expect(await pair.alice.ear.hears(1000))
      await engine.shutdown()
    }

    @Test(.spec("R-UP-30")) func anotherCameraIsSeenWithoutAnOffer() async throws {
      let engine = WebRTCEngine()
      let pair = try await Pair(engine)
      try await pair.connect([.audio, .video])
      #expect(await pair.bob.eye.seesCounting())
      let description = try await pair.alice.peer.localDescription()
      try await pair.alice.peer.setCamera(try Lens(width: 160, height: 120))
      #expect(await pair.bob.eye.sees { $0.width == 160 && $0.height == 120 && $0.isMoving })
      #expect(await pair.bob.eye.seesCounting())
      #expect(try await pair.alice.peer.localDescription() == description)
      await engine.shutdown()
    }

    @Test(.spec("R-MEDIA-61", "R-MEDIA-66", "R-UP-18")) func aScreenReplacesTheCameraAndGoesAgain() async throws {
      let engine = WebRTCEngine()
      let pair = try await Pair(engine)
      try await pair.connect([.video])
      #expect(await pair.bob.eye.sees { $0.isMoving && $0.brightness < 120 })
      try await pair.alice.peer.setCamera(try VirtualDevices.screen("virtual:screen?width=640&height=480"))
      #expect(await pair.bob.eye.sees { $0.isMoving && $0.brightness > 150 && $0.width == 640 && $0.height == 480 })
      try await pair.alice.peer.setCamera(pair.aliceLens)
      #expect(await pair.bob.eye.sees { $0.isMoving && $0.brightness < 120 && $0.width == 320 })
      await engine.shutdown()
    }

    /// How many packets each kind has sent, audio first.
    private func packetsSent(_ end: End) async throws -> [Double] {
      let streams = try await end.peer.statistics().filter { $0.type == "outbound-rtp" }
      return ["audio", "video"].compactMap { kind in streams.first { $0.texts["kind"] == kind }?.numbers["packetsSent"] }
    }
  }
}
