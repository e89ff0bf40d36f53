import Kandy
import KandyTesting
import LinkLogic
import LinkMedia
import LinkProtocol
import Testing

/// Keypad tones for a far end that takes no telephone events.
@Suite(.serialized, .timeLimit(.minutes(1))) struct InBandToneTests {
  @Test(.spec("R-MEDIA-41", "R-MEDIA-43")) func tonesAreCountedByAFarEndThatTakesNoTelephoneEvents() async throws {
    try await LivePeople.run(
      bob: { $0.call.sdpHandlers = [sdpHandlers.createCodecRemover(["telephone-event"])] }
    ) { people in
      let call = try await people.call()
      try #require(await call.isHeardBothWays())
      let (begun, digits) = AsyncStream.makeStream(of: Character.self)
      let keypad = DTMFDetector { digits.yield($0) }
      call.answered.addAudioSink(keypad)

      try await call.made.sendDTMF("12#")
      try await call.made.sendDTMF("9", duration: .milliseconds(300))
      #expect(await begun.prefix(4).reduce("") { $0 + String($1) } == "12#9")
      // The microphone goes on behind the tones.
      #expect(await call.ears.bob.hears(500))
      let lengths = keypad.heard.map(\.milliseconds)
      #expect(lengths.count == 4)
      #expect(lengths.prefix(3).allSatisfy { (60...160).contains($0) }, "\(lengths)")
      #expect((240...380).contains(lengths.last ?? 0), "\(lengths)")

      try await call.made.mute()
      #expect(await call.ears.bob.hearsNothing())
      try await call.made.sendDTMF("A0")
      #expect(await begun.prefix(2).reduce("") { $0 + String($1) } == "A0")
      #expect(await call.ears.bob.hearsNothing())

      try await call.made.unmute()
      #expect(await call.ears.bob.hears(500))
      try await call.made.hold()
      #expect(await call.ears.bob.hearsNothing())
      try await call.made.unhold()
      #expect(await call.isHeardBothWays())
      #expect(keypad.digits == "12#9A0")
      try await call.end()
    }
  }
}
