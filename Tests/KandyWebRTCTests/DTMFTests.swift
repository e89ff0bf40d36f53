import KandyTesting
import KandyWebRTC
import LinkMedia
import LinkProtocol
import Testing

extension WebRTCTests {
  /// The tones of the keypad, as telephone events and as sound.
  @Suite struct DTMFTests {
    private let allTones = "0123456789*#ABCD"

    /// Alice speaks with her tone, which Bob hears; the counter listens with him.
    /// - Parameter answer: what becomes of Bob's answer on its way.
    private func talking(
      answering answer: (String) -> String = { $0 }
    ) async throws -> (WebRTCEngine, Pair, Counter) {
      let engine = WebRTCEngine()
      let pair = try await Pair(engine)
      let counter = Counter()
      try await pair.bob.peer.setAudioSinks([pair.bob.ear, counter])
      try await pair.connect([.audio], answering: answer)
      #expect(await pair.bob.ear.hears(440))
      return (engine, pair, counter)
    }

    @Test(.spec("R-MEDIA-43", "TV-155")) func everyToneOfTheKeypadIsHeardAndCountedByTheFarEnd() async throws {
      let (engine, pair, counter) = try await talking()
      #expect(try await pair.alice.peer.canSendDTMF())
      try await pair.alice.peer.sendDTMF(#require(DTMFTones(allTones, duration: .milliseconds(100), gap: .milliseconds(70))))
      #expect(await counter.counts(allTones))
      #expect(await pair.bob.ear.hears(440))
      #expect(counter.detector.digits == allTones)
      await engine.shutdown()
    }

    @Test(.spec("R-MEDIA-43")) func theSameToneTwiceIsTwoTonesAndALongOneIsOne() async throws {
      let (engine, pair, counter) = try await talking()
      // 10 ms and no gap are brought to what is possible.
      try await pair.alice.peer.sendDTMF(#require(DTMFTones("11", duration: .milliseconds(10), gap: .zero)))
      #expect(await counter.counts("11"))
      try await pair.alice.peer.sendDTMF(#require(DTMFTones("2", duration: .milliseconds(400), gap: .milliseconds(70))))
      #expect(await counter.ends("112"))
      let long = try #require(counter.detector.heard.last)
      #expect((340...480).contains(long.milliseconds), "\(long)")
      await engine.shutdown()
    }

    @Test(.spec("R-MEDIA-44")) func theAnswerTakesEventsWithTheClockOfTheSoundAndTheOfferBoth() async throws {
      let engine = WebRTCEngine()
      let pair = try await Pair(engine)
      try await pair.alice.equip([.audio], pair.aliceMouth, pair.aliceLens)
      let offer = try await pair.alice.offer()
      try await pair.bob.peer.setRemoteDescription(.offer, offer)
      try await pair.bob.equip([.audio], pair.bobMouth, pair.bobLens)
      let answer = try await pair.bob.answer()
      #expect(events(in: offer) == ["48000", "8000"])
      #expect(events(in: answer) == ["48000"])
      let narrow = try await Pair(engine)
      try await narrow.bob.peer.setRemoteDescription(.offer, without("opus/48000/2", in: offer))
      try await narrow.bob.peer.addTransceiver(.audio, direction: .sendrecv)
      #expect(events(in: try await narrow.bob.answer()) == ["8000"])
      await engine.shutdown()
    }

    private func events(in sdp: String) -> [String] {
      sdp.split(separator: "\r\n").filter { $0.contains(" telephone-event/") }.compactMap { line in
        line.split(separator: "/").last.map(String.init)
      }.sorted()
    }

    @Test func tonesThatFollowQuicklyAreAllSent() async throws {
      let (engine, pair, counter) = try await talking()
      for tones in ["12", "34", "5"] {
        try await pair.alice.peer.sendDTMF(#require(DTMFTones(tones, duration: .milliseconds(100), gap: .milliseconds(70))))
      }
      #expect(await counter.counts("12345"))
      await engine.shutdown()
    }

    @Test(.spec("R-MEDIA-44")) func tonesAreHeardAlsoWhereOnlyTheSlowClockIsAnswered() async throws {
      let (engine, pair, counter) = try await talking { without("telephone-event/48000", in: $0) }
      #expect(try await pair.alice.peer.canSendDTMF())
      try await pair.alice.peer.sendDTMF(#require(DTMFTones("123", duration: .milliseconds(200), gap: .milliseconds(100))))
      #expect(await counter.counts("123"))
      await engine.shutdown()
    }

    @Test(.spec("R-MEDIA-41")) func withoutTelephoneEventsTheTonesGoAsSound() async throws {
      let (engine, pair, counter) = try await talking { only("opus", in: $0) }
      let mixer = DTMFMixer(SilenceSource())
      #expect(try await !pair.alice.peer.canSendDTMF())
      try await pair.alice.peer.setMicrophone(mixer)
      mixer.play(try #require(DTMFTones(allTones)))
      #expect(await counter.counts(allTones))
      await engine.shutdown()
    }

    @Test(.spec("R-MEDIA-41")) func aDigitIsHeardAsItsTwoTones() async throws {
      let (engine, pair, _) = try await talking()
      try await pair.alice.peer.setMicrophone(SilenceSource())
      try await pair.alice.peer.sendDTMF(#require(DTMFTones("1", duration: .milliseconds(2000), gap: .milliseconds(70))))
      #expect(await pair.bob.ear.hears(697, and: 1209))
      await engine.shutdown()
    }

    @Test(.spec("R-MEDIA-43")) func aFarEndThatTakesNoTelephoneEventsGetsNone() async throws {
      let (engine, pair, _) = try await talking { only("opus", in: $0) }
      #expect(try await !pair.alice.peer.canSendDTMF())
      let tone = try #require(DTMFTones("1"))
      let error = await #expect(throws: MediaError.self) { try await pair.alice.peer.sendDTMF(tone) }
      #expect(error?.code == .unsupported)
      await engine.shutdown()
    }

    @Test(.spec("R-MEDIA-43")) func digitsAreRefusedWhileNothingIsSent() async throws {
      let engine = WebRTCEngine()
      let pair = try await Pair(engine)
      let tone = try #require(DTMFTones("1"))
      let digit = { try await pair.alice.peer.sendDTMF(tone) }
      #expect(await refusal(digit) == .invalidState)
      #expect(try await !pair.alice.peer.canSendDTMF())
      try await pair.connect([.audio])
      #expect(await pair.bob.ear.hears(440))
      #expect(await refusal(digit) == nil)
      try await pair.alice.peer.setSending(.audio, false)
      #expect(await refusal(digit) == .invalidState)
      try await pair.alice.peer.setSending(.audio, true)
      #expect(await refusal(digit) == nil)
      try await pair.alice.peer.setDirection(.audio, .inactive)
      _ = try await pair.renegotiate(pair.alice, pair.bob)
      #expect(await refusal(digit) == .invalidState)
      await engine.shutdown()
    }
  }
}

/// Counts the tones of the keypad.
final class Counter: AudioSink {
  let detector = DTMFDetector()
  private let beats = Beats()

  func receive(_ frame: AudioFrame) {
    detector.receive(frame)
    beats.beat()
  }

  /// Waits until these tones, and no others, have begun.
  func counts(_ digits: String) async -> Bool {
    await beats.wait { detector.digits == digits }
  }

  /// Waits until these tones, and no others, have ended.
  func ends(_ digits: String) async -> Bool {
    await beats.wait { detector.heard.map(\.tone).joined() == digits }
  }
}
