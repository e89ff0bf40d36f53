import KandyTesting
import KandyWebRTC
import LinkMedia
import LinkProtocol
import Testing

extension WebRTCTests {
  @Suite struct AudioTests {
    @Test func eachEndHearsOnlyTheOthersTone() async throws {
      let engine = WebRTCEngine()
      let pair = try await Pair(engine)
      try await pair.connect([.audio])
      #expect(await pair.alice.ear.hears(1000))
      #expect(await pair.bob.ear.hears(440))
      await engine.shutdown()
    }

    @Test func twoCallsInOneEngineDoNotHearEachOther() async throws {
      let engine = WebRTCEngine()
      let one = try await Pair(engine, hz: (440, 1000))
      let other = try await Pair(engine, hz: (600, 1500))
      try await one.connect([.audio])
      try await other.connect([.audio])
      #expect(await one.alice.ear.hears(1000))
      #expect(await one.bob.ear.hears(440))
      #expect(await other.alice.ear.hears(1500))
      #expect(await other.bob.ear.hears(600))
      await engine.shutdown()
    }

    @Test(arguments: [("PCMU", 8000), ("PCMA", 8000), ("G722", 16000), ("opus", 48000)])
    func theToneGoesThrough(codec: String, sampleRate: Int) async throws {
      let engine = WebRTCEngine()
      let pair = try await Pair(engine)
      let rates = Mailbox(0)
      try await pair.alice.peer.setAudioSinks([pair.alice.ear, ClosureSink { rates.put($0.sampleRate) }])
      try await pair.connect([.audio], answering: { only(codec, in: $0) })
      #expect(await pair.alice.ear.hears(1000))
      #expect(await pair.bob.ear.hears(440))
      #expect(rates.newest == sampleRate)
      await engine.shutdown()
    }

    @Test(.spec("R-UP-7", "R-MEDIA-25")) func aMutedMicrophoneSendsSilenceUntilItIsUnmuted() async throws {
      let engine = WebRTCEngine()
      let pair = try await Pair(engine)
      try await pair.connect([.audio])
      #expect(await pair.bob.ear.hears(440))
      try await pair.alice.peer.setEnabled(.audio, false)
      #expect(await pair.bob.ear.hearsNothing())
      try await pair.alice.peer.setEnabled(.audio, true)
      #expect(await pair.bob.ear.hears(440))
      await engine.shutdown()
    }

    @Test func aMuteBeforeTheMicrophoneIsThereHolds() async throws {
      let engine = WebRTCEngine()
      let pair = try await Pair(engine)
      try await pair.alice.peer.setEnabled(.audio, false)
      try await pair.connect([.audio])
      #expect(await pair.alice.ear.hears(1000))
      #expect(pair.bob.ear.probe.level < -60)
      await engine.shutdown()
    }

    @Test(.spec("R-UP-30")) func anotherMicrophoneIsHeardAndTheEarlierOneIsNotReadAnyMore() async throws {
      let engine = WebRTCEngine()
      let pair = try await Pair(engine)
      try await pair.connect([.audio])
      #expect(await pair.bob.ear.hears(440))
      let other = Mouth(hz: 700)
      let before = try await pair.alice.peer.localDescription()
      try await pair.alice.peer.setMicrophone(other)
      let reads = pair.aliceMouth.reads
      #expect(await pair.bob.ear.hears(700))
      #expect(pair.aliceMouth.reads == reads)
      #expect(try await pair.alice.peer.localDescription() == before)
      await engine.shutdown()
    }

    @Test func withoutAMicrophoneNothingIsSentUntilThereIsOneAgain() async throws {
      let engine = WebRTCEngine()
      let pair = try await Pair(engine)
      try await pair.connect([.audio])
      #expect(await pair.bob.ear.hears(440))
      try await pair.alice.peer.setMicrophone(nil)
      #expect(await pair.bob.ear.hearsNothing())
      try await pair.alice.peer.setMicrophone(pair.aliceMouth)
      #expect(await pair.bob.ear.hears(440))
      await engine.shutdown()
    }

    @Test func otherSinksReplaceTheEarlierOnes() async throws {
      let engine = WebRTCEngine()
      let pair = try await Pair(engine)
      try await pair.connect([.audio])
      #expect(await pair.bob.ear.hearsFrames(20))
      let others = [Ear(), Ear()]
      try await pair.bob.peer.setAudioSinks(others)
      let frames = pair.bob.ear.probe.frames
      for ear in others { #expect(await ear.hears(440)) }
      #expect(pair.bob.ear.probe.frames == frames)
      await engine.shutdown()
    }

    @Test(.spec("R-MEDIA-80")) func theStatisticsCountWhatWasSentAndReceived() async throws {
      let engine = WebRTCEngine()
      let pair = try await Pair(engine)
      try await pair.connect([.audio])
      #expect(await pair.alice.ear.hearsFrames(100))
      let records = try await pair.alice.peer.statistics()
      let received = try #require(records.first { $0.type == "inbound-rtp" })
      let sent = try #require(records.first { $0.type == "outbound-rtp" })
      #expect(received.texts["kind"] == "audio")
      #expect(received.numbers["packetsReceived"] ?? 0 > 20)
      #expect(received.numbers["packetsLost"] == 0)
      #expect(sent.numbers["packetsSent"] ?? 0 > 20)
      let codec = records.first { $0.id == sent.texts["codecId"] }
      #expect(codec?.texts["mimeType"] == "audio/opus")
      await engine.shutdown()
    }
  }
}
