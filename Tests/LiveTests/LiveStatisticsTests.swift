import Kandy
import KandyTesting
import LinkLogic
import LinkMedia
import LinkProtocol
import Testing

/// What real libwebrtc counts of a call, and what is made of it.
@Suite(.serialized, .timeLimit(.minutes(1))) struct LiveStatisticsTests {
  @Test(.spec("R-CALL-752", "R-CALL-753", "R-CALL-754")) func aCallOnLoopbackIsCountedAndGood() async throws {
    try await LivePeople.run { people in
      let call = try await people.call()
      var samples = call.made.statistics.makeAsyncIterator()
      try #require(await call.isHeardBothWays())
      // The first seconds are those in which the jitter buffer finds its depth.
      var sample: CallSample?
      for _ in 1...4 { sample = await samples.next(isolation: #isolation) }

      let inbound = try #require(sample?.audio.inbound)
      let outbound = try #require(sample?.audio.outbound)
      // Fifty a second; a machine that is busy has fewer, or those of a second before.
      for packets in [inbound.packets, outbound.packets] { #expect((20...200).contains(packets)) }
      for bitrate in [inbound.bitrate, outbound.bitrate] { #expect((8_000...200_000).contains(bitrate)) }
      #expect(inbound.fractionLost < 0.1)
      #expect((inbound.jitterBufferDelay ?? -1) > 0)
      #expect((inbound.audioLevel ?? 0) > 0.01)
      #expect((outbound.audioLevel ?? 0) > 0.01)
      #expect((sample?.roundTripTime ?? -1) >= 0)
      let mos = try #require(sample?.quality?.mos)
      #expect(mos > 3.5 && mos <= 4.5)

      let statistics = try await people.bob.call.getStats(call.answered.id)
      #expect(statistics.audio.inbound?.codec?.name == "opus")
      #expect(statistics.audio.outbound?.codec?.mimeType == "audio/opus")
      #expect((statistics.audio.inbound?.packetsReceived ?? 0) > 100)
      #expect((statistics.audio.inbound?.totalSamplesReceived ?? 0) > 48_000)
      #expect(statistics.video.inbound == nil)
      #expect([.connected, .completed].contains(statistics.iceConnectionState))
      let transport = try #require(statistics.transport(of: .audio))
      #expect(transport.dtlsState == "connected")
      #expect(transport.srtpCipher?.isEmpty == false)
      let pair = try #require(transport.selectedCandidatePair)
      for candidate in [pair.local, pair.remote] {
        #expect(candidate?.protocol == "udp")
        #expect(["host", "prflx"].contains(candidate?.candidateType))
        #expect((candidate?.port ?? 0) > 0)
        #expect(candidate?.address?.isEmpty == false)
      }
      #expect((pair.currentRoundTripTime ?? -1) >= 0)
      try await call.end()
      #expect(call.made.statisticsLog.samples.count >= 4)
    }
  }

  @Test(.spec("R-CALL-755")) func lossMakesACallBadAndItIsGoodAgainAfterwards() async throws {
    let path = try await NetworkPath.open()
    try await LivePeople.run(
      alice: { $0.call.sdpHandlers = [path.handler(.near)] }, bob: { $0.call.sdpHandlers = [path.handler(.far)] }
    ) { people in
      let call = try await people.call()
      try #require(await call.isHeardBothWays())
      var changes = people.bob.events.makeAsyncIterator()
      func turns() async -> QualityChange? {
        while let event = await changes.next(isolation: #isolation) {
          if case .callQuality(call.answered.id, let change) = event { return change }
        }
        return nil
      }

      path.conditions.loss = 0.35
      let bad = try #require(await turns())
      #expect(bad.quality == .bad)
      #expect(bad.mos < 3.1)
      #expect(bad.reasons.first == .loss)
      let worst = call.answered.statisticsLog.samples.compactMap(\.audio.inbound?.fractionLost).max() ?? 0
      #expect(worst > 0.15 && worst < 0.6)

      path.conditions.loss = 0
      let good = try #require(await turns())
      #expect(good.quality == .good)
      #expect(good.mos >= 3.6)
      #expect(good.reasons == [])
      print("with a third of the packets lost the MOS was \(bad.mos), and \(good.mos) afterwards")
      try await call.end()
    }
    try await path.close()
  }

  @Test(.spec("R-CALL-753")) func picturesAreCounted() async throws {
    try await LivePeople.run { people in
      let arriving = people.bob.events
      let made = try people.alice.call.make(
        "bob@example.com", MakeOptions(sendInitialVideo: true, camera: try PatternSource(width: 320, height: 240)))
      let answered = try people.bob.call.answer(try await arriving.nextCall(), AnswerOptions())
      for await sample in answered.statistics {
        guard let video = sample.video.inbound, video.frameWidth == 320, (video.framesPerSecond ?? 0) > 5 else { continue }
        #expect(video.frameHeight == 240)
        #expect(video.bitrate > 10_000)
        break
      }
      let statistics = try await made.getStats()
      #expect((statistics.video.outbound?.framesEncoded ?? 0) > 5)
      #expect(statistics.video.outbound?.codec?.mimeType.hasPrefix("video/") == true)
      #expect(statistics.video.outbound?.frameWidth == 320)
      try await made.end()
      try await answered.ended()
    }
  }
}
