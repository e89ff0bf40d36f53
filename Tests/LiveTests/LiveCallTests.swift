import Kandy
import KandyTesting
import LinkMedia
import LinkProtocol
import Testing

/// Calls over real sockets and real libwebrtc, through a real gateway.
@Suite(.serialized) struct LiveCallTests {
  @Test(.timeLimit(.minutes(1))) func toneAndPicturesGoBothWays() async throws {
    try await LivePeople.run { people in
      let (atAlice, atBob) = (LiveEar(900), LiveEar(500))
      let (seenByAlice, seenByBob) = (LiveEye(), LiveEye())
      let arriving = people.bob.events
      let made = try people.alice.call.make(
        "bob@example.com",
        MakeOptions(
          sendInitialVideo: true, microphone: ToneSource(hz: 500), camera: try PatternSource(width: 320, height: 240)))
      made.addAudioSink(atAlice)
      made.addVideoRenderer(seenByAlice)
      let answered = try people.bob.call.answer(
        try await arriving.nextCall(),
        AnswerOptions(
          sendInitialVideo: true, microphone: ToneSource(hz: 900), camera: try PatternSource(width: 320, height: 240)))
      answered.addAudioSink(atBob)
      answered.addVideoRenderer(seenByBob)
      try await made.connected()
      try await answered.connected()

      #expect(await atAlice.hears(900))
      #expect(await atBob.hears(500))
      #expect(await seenByAlice.seesMovement())
      #expect(await seenByBob.seesMovement())

      try await made.end()
      try await answered.ended()
      #expect(made.record.state == .ended)
      #expect(answered.record.state == .ended)
    }
  }

  @Test(.timeLimit(.minutes(1))) func whoTheGatewayConnectsHearEachOther() async throws {
    try await LivePeople.run { people in
      let call = try await people.clickToCall()
      #expect(await call.isHeardBothWays())
      try await call.made.hold()
      try await call.made.unhold()
      #expect(await call.isHeardBothWays())
      try await call.end()
      #expect(call.made.record.transition?.code?.rawValue == LocalCallCode.endedByLocalUser.rawValue)
    }
  }
}
