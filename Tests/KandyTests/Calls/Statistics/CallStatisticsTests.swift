import Foundation
import KandyTesting
import LinkLogic
import LinkMedia
import LinkProtocol
import Testing

@testable import Kandy

/// What is read from an engine's records, and what two readings make.
@Suite struct CallStatisticsTests {
  private func reading(_ counted: Counted, peer: Int = 1) -> CallStatistics {
    CallStatistics(counted.records, timestamp: 1_000, peer: peer, iceConnectionState: .connected)
  }

  @Test(.spec("R-CALL-752")) func recordsAreReadByTheirNamesAndFindOneAnother() throws {
    var counted = Counted()
    counted.pass(10, loss: 0.1)
    counted.farEndLost = 7
    let statistics = reading(counted)
    let outbound = try #require(statistics.audio.outbound)
    #expect(outbound.packetsSent == 500)
    #expect(outbound.bytesSent == 40_000)
    #expect(outbound.audioLevel == 0.25)
    #expect(outbound.codec?.mimeType == "audio/opus")
    #expect(outbound.codec?.name == "opus")
    #expect(outbound.codec?.payloadType == 111)
    #expect(outbound.remote?.packetsLost == 7)
    #expect(outbound.remote?.roundTripTime == 0.031)
    let inbound = try #require(statistics.audio.inbound)
    #expect(inbound.packetsReceived == 450)
    #expect(inbound.packetsLost == 50)
    #expect(inbound.jitter == 0.004)
    #expect(inbound.concealedSamples == 48_000)
    #expect(inbound.codec == outbound.codec)
    #expect(statistics.video == CallStatistics.Medium())
    let transport = try #require(statistics.transport(of: .audio))
    #expect(transport.dtlsState == "connected")
    #expect(transport.selectedCandidatePair?.nominated == true)
    #expect(transport.selectedCandidatePair?.local?.candidateType == "relay")
    #expect(transport.selectedCandidatePair?.local?.address == "192.0.2.1")
    #expect(transport.selectedCandidatePair?.local?.relayProtocol == "tcp")
    #expect(transport.selectedCandidatePair?.remote?.address == "198.51.100.7")
    #expect(transport.selectedCandidatePair?.remote?.port == 40_000)
    #expect(statistics.roundTripTime == 0.02)
    let copy = try JSONDecoder().decode(CallStatistics.self, from: JSONEncoder().encode(statistics))
    #expect(copy == statistics)
  }

  @Test(.spec("R-CALL-760")) func redactedStatisticsNameNobody() throws {
    let redacted = reading(Counted()).redacted
    let text = String(decoding: try JSONEncoder().encode(redacted), as: UTF8.self)
    #expect(!text.contains("192.0.2.1") && !text.contains("198.51.100.7"))
    #expect(!text.contains("50000") && !text.contains("40000"))
    #expect(text.contains("relay"))
  }

  @Test func anEngineThatCountsLessIsReadAllTheSame() {
    let statistics = CallStatistics(
      [
        .init(type: "inbound-rtp", id: "old", numbers: ["packetsReceived": 3], texts: ["mediaType": "video"]),
        .init(
          type: "inbound-rtp", id: "new", numbers: ["packetsReceived": 8, "frameWidth": 320, "bytesReceived": .infinity],
          texts: ["kind": "video", "codecId": "none"]),
        .init(type: "transport", id: "T", numbers: [:], texts: ["selectedCandidatePairId": "none"]),
      ], timestamp: 1, peer: 1, iceConnectionState: .checking)
    #expect(statistics.video.inbound?.packetsReceived == 8)
    #expect(statistics.video.inbound?.frameWidth == 320)
    #expect(statistics.video.inbound?.bytesReceived == 0)
    #expect(statistics.video.inbound?.codec == nil)
    #expect(statistics.transports.map(\.id) == ["T"])
    #expect(statistics.roundTripTime == nil)
  }

  // MARK: Samples

  private func difference(_ old: Counted, _ new: Counted, isListening: Bool = true) -> CallSample? {
    CallSample(from: reading(old), to: reading(new), interval: .seconds(2), isListening: isListening)
  }

  @Test(.spec("R-CALL-753", "R-CALL-754")) func aSampleIsTheDifferenceOfTwoReadings() throws {
    var old = Counted()
    old.pass(10, loss: 0.5)
    var new = old
    new.pass(2, loss: 0.2)
    let sample = try #require(difference(old, new))
    #expect(sample.interval == 2)
    #expect(sample.roundTripTime == 0.02)
    let outbound = try #require(sample.audio.outbound)
    #expect(outbound.packets == 100)
    #expect(outbound.bitrate == 32_000)
    #expect(outbound.fractionLost == 0.25)
    let inbound = try #require(sample.audio.inbound)
    #expect(inbound.packets == 80)
    #expect(inbound.packetsLost == 20)
    #expect(inbound.bitrate == 25_600)
    #expect(inbound.fractionLost == 0.2)
    #expect(inbound.fractionConcealed == 0.2)
    #expect(abs((inbound.jitterBufferDelay ?? 0) - 0.06) < 1e-9)
    // 0.01 + 0.06 + 0.0265 s: no impairment; 20 % of loss.
    #expect(sample.quality?.delayImpairment == 0)
    #expect(abs((sample.quality?.mos ?? 0) - 1.6035) < 0.0001)
  }

  @Test(.spec("R-CALL-754")) func aSecondWithoutAnyPacketIsLossOfEverything() throws {
    var old = Counted()
    old.pass(10)
    var new = old
    new.hearNothing(2)
    let sample = try #require(difference(old, new))
    #expect(sample.audio.inbound?.fractionConcealed == 0)
    #expect(abs((sample.quality?.mos ?? 0) - 1.0023) < 0.0001)
  }

  @Test(.spec("R-CALL-754")) func nothingIsEstimatedWhenNothingIsToBeHeardOrHasComeYet() throws {
    var counted = Counted()
    #expect(try #require(difference(counted, counted)).quality == nil)
    let before = counted
    counted.pass(2)
    #expect(try #require(difference(before, counted, isListening: false)).quality == nil)
    #expect(try #require(difference(before, counted)).quality != nil)
  }

  @Test func readingsOfTwoPeersMakeNoSample() {
    let (old, new) = (reading(Counted()), reading(Counted(), peer: 2))
    #expect(CallSample(from: old, to: new, interval: .seconds(1), isListening: true) == nil)
    #expect(CallSample(from: old, to: old, interval: .zero, isListening: true) == nil)
  }

  // MARK: Totals

  @Test(.spec("TV-159", "R-MEDIA-80", "R-CALL-750")) func countersOfAllPeersAreSummedAndTheRestIsTheLatest() {
    var first = Counted()
    first.pass(4)
    var second = Counted()
    second.pass(2, loss: 0.1)
    second.farEndLost = 5
    var totals = CallTotals()
    totals.add(reading(first))  // its far end has reported no loss yet: −1
    totals.add(reading(second, peer: 2))
    #expect(totals.audio.packetsSent == 300)
    #expect(totals.audio.bytesSent == 24_000)
    #expect(totals.audio.bytesReceived == 16_000 + 7_200)
    #expect(totals.audio.packetsLost == 5)
    #expect(totals.audio.codec == "opus")
    #expect(totals.audio.jitter == 4)
    #expect(totals.audio.rtt == 31)
    #expect(totals.audio.peerAddress == "198.51.100.7:40000")
    #expect(totals.video == CallTotals.Medium())
  }
}
