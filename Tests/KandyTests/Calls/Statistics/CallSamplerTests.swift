import Foundation
import KandyTesting
import LinkLogic
import LinkMedia
import LinkProtocol
import Testing

@testable import Kandy

/// Statistics of a call as the application gets them: part 02 §14.
@Suite struct CallSamplerTests {
  /// A call whose engine counts what the test says, and its samples.
  private final class Line {
    let calls: CallFixture
    let call: Call
    let peer: FakeMediaPeer
    var counted = Counted()
    private var samples: AsyncStream<CallSample>.AsyncIterator

    init(_ calls: CallFixture) async throws {
      self.calls = calls
      call = try await calls.talking(MakeOptions(isVideoEnabled: false))
      peer = try #require(calls.engine.peers.last)
      samples = call.statistics.makeAsyncIterator()
      // The sampler takes its first reading, and the call is audited for the first time after three seconds.
      await calls.fixture.clock.advance(by: .zero)
      calls.transport.expect(.put, CallFixture.session, CallFixture.accepted)
      for _ in 1...4 { _ = await second() }
    }

    /// Lets a second pass.
    func second(loss: Double = 0) async -> CallSample? {
      counted.pass(1, loss: loss)
      peer.report(counted.records)
      await calls.fixture.clock.advance(by: .seconds(1))
      return await samples.next(isolation: #isolation)
    }

    /// What remains to be read.
    func rest() async -> Int {
      var count = 0
      while await samples.next(isolation: #isolation) != nil { count += 1 }
      return count
    }
  }

  @Test(.spec("R-CALL-753")) func aSampleIsTakenEachSecondUntilTheCallEnds() async throws {
    try await CallFixture.run { calls in
      let line = try await Line(calls)
      let start = calls.fixture.clock.wallClock()
      for second in Int64(1)...3 {
        let sample = try #require(await line.second())
        #expect(sample.interval == 1)
        #expect(sample.timestamp == start + second * 1_000)
        #expect(sample.audio.inbound?.packets == 50)
        #expect(sample.audio.outbound?.bitrate == 32_000)
        #expect(sample.peer == 1)
      }
      #expect(line.call.statisticsLog.samples.count == 7)
      calls.transport.expect(.delete, CallFixture.session, CallFixture.accepted)
      try await line.call.end()
      #expect(await line.rest() == 0)
      #expect(line.call.statisticsLog.samples.count == 7)
      // Whoever asks after the end is not kept waiting.
      var late = line.call.statistics.makeAsyncIterator()
      #expect(await late.next(isolation: #isolation) == nil)
    }
  }

  @Test(.spec("R-CALL-755")) func badQualityIsReportedAndThatItIsGoodAgain() async throws {
    try await CallFixture.run { calls in
      let line = try await Line(calls)
      for _ in 1...3 { _ = await line.second(loss: 0.2) }
      let bad = try await calls.first { if case .callQuality = $0 { $0 } else { nil } }
      #expect(bad.name.rawValue == "call:quality")
      #expect(
        bad.payload == [
          "callId": .string(line.call.id.rawValue), "quality": "bad", "mos": 1.6, "reasons": ["loss"],
        ])
      for _ in 1...5 { _ = await line.second() }
      let good = try await calls.first { if case .callQuality(_, let change) = $0 { change } else { nil } }
      #expect(good.quality == .good)
      #expect(good.reasons == [])
    }
  }

  @Test(.spec("R-CALL-754")) func aHeldCallIsNeitherGoodNorBad() async throws {
    try await CallFixture.run { calls in
      let line = try await Line(calls)
      _ = try await CallOperationTests.agree(calls) { try await line.call.hold() }
      for _ in 1...5 {
        let sample = try #require(await line.second(loss: 0.5))
        #expect(sample.quality == nil)
        #expect(sample.audio.inbound?.packetsLost == 25)
      }
      _ = try await CallOperationTests.agree(calls) { try await line.call.unhold() }
      // The second in which it was taken up again is not judged.
      #expect(try #require(await line.second()).quality == nil)
      #expect(try #require(await line.second()).quality != nil)
      let names = await calls.fixture.eventsUntilDestroyed().map(\.name)
      #expect(!names.contains(.callQuality))
    }
  }

  @Test(.spec("R-CALL-752")) func theApplicationReadsWhatHasBeenCounted() async throws {
    try await CallFixture.run { calls in
      let line = try await Line(calls)
      line.counted.pass(6)
      line.peer.report(line.counted.records)
      let statistics = try await calls.client.call.getStats(line.call.id)
      #expect(statistics.audio.inbound?.packetsReceived == 500)
      #expect(statistics.iceConnectionState == .connected)
      #expect(statistics.timestamp == calls.fixture.clock.wallClock())
      #expect(try await line.call.getStats() == statistics)
      await calls.fails(.callInvalidParameter) { _ = try await calls.client.call.getStats("nobody") }
      line.peer.report(nil as [StatisticsRecord]?)
      calls.engine.failNext(.statistics)
      await calls.fails(.callInvalidState) { _ = try await line.call.getStats() }
      calls.transport.expect(.delete, CallFixture.session, CallFixture.accepted)
      try await line.call.end()
      await calls.fails(.callInvalidParameter) { _ = try await line.call.getStats() }
    }
  }

  @Test(.spec("R-CALL-752")) func aCallThatRingsHasNothingToCount() async throws {
    try await CallFixture.run { calls in
      let id = try await calls.isCalled()
      await calls.fails(.callInvalidState) { _ = try await calls.client.call.getStats(id) }
    }
  }

  @Test(.spec("R-CALL-753")) func aReadingThatFailsIsASampleLessAndNoMore() async throws {
    try await CallFixture.run { calls in
      let line = try await Line(calls)
      calls.engine.failNext(.statistics)
      line.counted.pass(1)
      await calls.fixture.clock.advance(by: .seconds(1))
      let sample = try #require(await line.second())
      #expect(sample.interval == 2)
      #expect(sample.audio.inbound?.packets == 100)
    }
  }
}

/// What is kept and logged: `recordCallStats`, `webrtcLogCollectionInterval`.
@Suite struct CallStatisticsKeepingTests {
  private static let key = "FCS_alice@example.com_alice@example.com_stats"

  private func text(_ storage: MemoryStorage) async throws -> String? {
    try await storage.value(for: Self.key).map { String(decoding: $0, as: UTF8.self) }
  }

  @Test(.spec("R-CALL-750", "R-CALL-751", "R-MEDIA-81")) func theLastCountersOfACallAreKept() async throws {
    let storage = MemoryStorage()
    try await storage.set(Data("the call before".utf8), for: Self.key)
    try await CallFixture.run(["recordCallStats": true], storage: storage) { calls in
      let call = try await calls.talking(MakeOptions(isVideoEnabled: false))
      var counted = Counted()
      counted.pass(10, loss: 0.1)
      counted.farEndLost = 3
      try #require(calls.engine.peers.last).report(counted.records)
      calls.transport.expect(.delete, CallFixture.session, CallFixture.accepted)
      try await call.end()
      try await call.driver.store.wait(for: .over)
      #expect(
        try await text(storage) == #"""
          {"audio":{"bytesReceived":36000,"bytesSent":40000,"codec":"opus","jitter":4,"packetsLost":3,"packetsSent":500,"peerAddress":"198.51.100.7:40000","rtt":31},"video":{"bytesReceived":0,"bytesSent":0,"packetsLost":0,"packetsSent":0}}
          """#)
    }
  }

  @Test(.spec("R-CALL-751")) func anEngineThatDoesNotTellKeepsNothingOpen() async throws {
    try await CallFixture.run { calls in
      let call = try await calls.talking(MakeOptions(isVideoEnabled: false))
      let hold = calls.engine.holdNext(.statistics)
      calls.transport.expect(.delete, CallFixture.session, CallFixture.accepted)
      try await call.end()
      try await hold.reached()
      let peer = try #require(calls.engine.peers.last)
      // The second begins a moment after the question.
      for _ in 0..<20 where !peer.isClosed {
        for _ in 0..<1_000 { await Task.yield() }
        await calls.fixture.clock.advance(by: .seconds(1))
      }
      #expect(peer.isClosed)
      hold.release()
      try await call.driver.store.wait(for: .over)
    }
  }

  @Test(.spec("R-CALL-750")) func aPeerThatWasReplacedIsCounted() async throws {
    let storage = MemoryStorage()
    try await CallFixture.run(["recordCallStats": true], storage: storage) { calls in
      let call = try await calls.talking(MakeOptions(isVideoEnabled: false))
      var counted = Counted()
      counted.pass(10)
      try #require(calls.engine.peers.last).report(counted.records)
      let reply = calls.transport.expect(.put, CallFixture.session, CallFixture.accepted)
      calls.notify("startCallUpdate")
      let offer = try #require(CallFixture.body(try await reply.request())["sdp"]?.stringValue)
      try #require(calls.engine.peers.last).report(counted.records)
      let other = try await calls.engine.makePeer(PeerConfiguration())
      try await other.setRemoteDescription(.offer, offer)
      try await other.setDirection(.audio, .sendrecv)
      try await other.setLocalDescription(.answer, try await other.createAnswer())
      calls.notify("respondCallUpdate", sdp: try await other.localDescription())
      _ = try await calls.first { event -> Bool? in
        if case .callStateChange(let change) = event, change.transition?.previousState == .inCall { true } else { nil }
      }
      #expect(try await call.getStats().peer == 2)
      // The client is destroyed in the middle of the call.
    }
    #expect(try await text(storage)?.contains(#""packetsSent":1000"#) == true)
  }

  @Test(.spec("R-CALL-750")) func nothingIsKeptUnlessItIsWantedAndThereWasMedia() async throws {
    let storage = MemoryStorage()
    try await CallFixture.run(storage: storage) { calls in _ = try await calls.talking() }
    try await CallFixture.run(["recordCallStats": true], storage: storage) { calls in
      let id = try await calls.isCalled()
      try await calls.client.call.ignore(id)
    }
    #expect(try await storage.keys() == [])
  }

  @Test(.spec("R-CALL-760", "R-MEDIA-82")) func statisticsAreLoggedAsOftenAsIsConfiguredAndWithoutAddresses() async throws {
    try await CallFixture.run(["webrtcLogCollectionInterval": 2_500]) { calls in
      calls.client.logger.setLevel(.trace)
      let call = try await calls.talking(MakeOptions(isVideoEnabled: false))
      var counted = Counted()
      counted.pass(10)
      try #require(calls.engine.peers.last).report(counted.records)
      func entries() -> [LogEntry] {
        calls.fixture.log.entries.filter { $0.messages.first == "Statistics of a peer." }
      }
      calls.transport.expect(.put, CallFixture.session, CallFixture.accepted)  // an audit
      for count in 1...4 {
        await calls.fixture.clock.advance(by: .milliseconds(2_499))
        #expect(entries().count == count - 1)
        await calls.fixture.clock.advance(by: .milliseconds(1))
        while entries().count < count { await Task.yield() }
      }
      let found = entries()
      #expect(found.count == 4)
      #expect(found.allSatisfy { $0.level == .trace && $0.target == LogEntry.Target(.fcs, id: call.id.rawValue) })
      let statistics = try #require(found.last?.messages.last?["statistics"])
      #expect(statistics["audio"]?["inbound"]?["packetsReceived"] == 500)
      #expect(!found.contains { "\($0.messages)".contains("198.51.100.7") })
      #expect(!found.contains { "\($0.messages)".contains("192.0.2.1") })
    }
  }

  @Test(.spec("R-CALL-760")) func statisticsAreNotLoggedUnlessThatIsConfigured() async throws {
    try await CallFixture.run { calls in
      calls.client.logger.setLevel(.trace)
      _ = try await calls.talking(MakeOptions(isVideoEnabled: false))
      calls.transport.expect(.put, CallFixture.session, CallFixture.accepted)  // an audit
      await calls.fixture.clock.advance(by: .seconds(11))
      #expect(!calls.fixture.log.entries.contains { $0.messages.first == "Statistics of a peer." })
    }
  }
}
