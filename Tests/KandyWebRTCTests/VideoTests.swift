import KandyTesting
import KandyWebRTC
import LinkMedia
import LinkProtocol
import Testing

extension WebRTCTests {
  @Suite struct VideoTests {
    @Test func bothEndsSeeTheOthersMovingPicture() async throws {
      let engine = WebRTCEngine()
      let pair = try await Pair(engine)
      try await pair.connect([.audio, .video])
      #expect(await pair.alice.eye.seesCounting())
      #expect(await pair.bob.eye.seesCounting())
      #expect(pair.alice.eye.probe.reading().isMoving)
      #expect(await pair.alice.ear.hears(1000))
      await engine.shutdown()
    }

    @Test(arguments: ["VP8", "VP9", "H264"])
    func thePictureGoesThrough(codec: String) async throws {
      let engine = WebRTCEngine()
      let pair = try await Pair(engine)
      try await pair.connect([.video], answering: { only(codec, in: $0) })
      #expect(await pair.alice.eye.seesCounting())
      #expect(await pair.bob.eye.seesCounting())
      await engine.shutdown()
    }

    @Test(.spec("R-UP-7")) func aDisabledCameraSendsBlackUntilItIsEnabledAgain() async throws {
      let engine = WebRTCEngine()
      let pair = try await Pair(engine)
      try await pair.connect([.video])
      #expect(await pair.bob.eye.seesCounting())
      try await pair.alice.peer.setEnabled(.video, false)
      #expect(await pair.bob.eye.sees { $0.brightness < 20 })
      try await pair.alice.peer.setEnabled(.video, true)
      #expect(await pair.bob.eye.seesCounting())
      await engine.shutdown()
    }

    @Test func aCameraThatIsDisabledFromTheBeginningIsNeverSeen() async throws {
      let engine = WebRTCEngine()
      let pair = try await Pair(engine)
      let brightest = Mailbox<Double>(0)
      let eye = pair.bob.eye
      try await pair.bob.peer.setVideoRenderers([
        eye, ClosureRenderer { _ in brightest.change { max($0, eye.probe.reading().brightness) } },
      ])
      try await pair.alice.peer.setEnabled(.video, false)
      try await pair.connect([.video])
      #expect(await eye.sees { $0.frames > 5 })
      #expect(await pair.alice.eye.seesCounting())
      #expect(brightest.newest < 20)
      await engine.shutdown()
    }

    @Test(.spec("R-UP-15", "R-UP-16")) func theCameraIsPulledOnlyWhileItIsSet() async throws {
      let engine = WebRTCEngine()
      let pair = try await Pair(engine)
      try await pair.connect([.video])
      #expect(await pair.bob.eye.seesCounting())
      try await pair.alice.peer.setCamera(nil)
      let pulls = pair.aliceLens.pulls
      #expect(await pair.alice.eye.seesCounting())
      #expect(pair.aliceLens.pulls == pulls)
      try await pair.alice.peer.setCamera(try Lens(width: 160, height: 120))
      #expect(await pair.bob.eye.sees { $0.width == 160 && $0.height == 120 })
      await engine.shutdown()
    }

    @Test func aReceivedPictureCanBeSentOn() async throws {
      let engine = WebRTCEngine()
      let first = try await Pair(engine)
      let second = try await Pair(engine)
      let forwarded = Forwarder()
      try await first.connect([.video])
      try await first.bob.peer.setVideoRenderers([forwarded])
      try await second.connect([.video])
      try await second.alice.peer.setCamera(forwarded)
      // Bob of the second call sees what Alice of the first one shows.
      #expect(await second.bob.eye.seesCounting())
      await engine.shutdown()
    }

    @Test func aPictureOutlivesThePeerThatReceivedIt() async throws {
      let engine = WebRTCEngine()
      let pair = try await Pair(engine)
      try await pair.connect([.video])
      #expect(await pair.bob.eye.seesCounting())
      let frame = try #require(pair.bob.eye.newest)
      let number = PatternSource.number(in: frame.buffer)
      await engine.shutdown()
      #expect(PatternSource.number(in: frame.buffer) == number)
      #expect(number != nil)
    }

    @Test func aTurnedPictureArrivesWithItsRotation() async throws {
      let engine = WebRTCEngine()
      let pair = try await Pair(engine)
      try await pair.connect([.video])
      try await pair.alice.peer.setCamera(try Turned())
      // The probe tells the size of the upright picture.
      #expect(await pair.bob.eye.sees { $0.width == 240 && $0.height == 320 })
      await engine.shutdown()
    }
  }
}
