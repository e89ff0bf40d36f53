import KandyTesting
import LinkLogic
import LinkProtocol
import Testing

@testable import Kandy

/// A call of any length in a bounded number of samples.
@Suite(.spec("R-CALL-753")) struct StatisticsLogTests {
  private func sample(_ second: Int64, packets: Int = 50, lost: Int = 0, peer: Int = 1) -> CallSample {
    CallSample(
      timestamp: second * 1_000, interval: 1, peer: peer, roundTripTime: Double(second) / 100,
      audio: .init(
        outbound: nil,
        inbound: .init(
          packets: packets, bytes: packets * 80, bitrate: Double(packets) * 640, packetsLost: lost,
          fractionLost: Double(lost) / Double(packets + lost))),
      video: .init(),
      quality: ListeningQuality(.init(delay: 0.1, loss: Double(lost) / Double(packets + lost))))
  }

  private func log(_ count: Int64, capacity: Int) -> StatisticsLog {
    var log = StatisticsLog(capacity: capacity)
    for second in 1...count { log.append(sample(second)) }
    return log
  }

  @Test func whatThereIsRoomForIsKept() {
    let log = log(4, capacity: 4)
    #expect(log.samples == (1...4).map { sample($0) })
    #expect(log.resolution == 1)
  }

  @Test func withoutRoomNeighboursAreMergedAndSoIsWhatComes() {
    #expect(log(5, capacity: 4).samples.map(\.interval) == [2, 2, 1])
    #expect(log(8, capacity: 4).samples.map(\.interval) == [2, 2, 2, 2])
    #expect(log(9, capacity: 4).samples.map(\.interval) == [4, 4, 1])
    #expect(log(9, capacity: 4).samples.map(\.timestamp) == [4_000, 8_000, 9_000])
    #expect(log(3_600, capacity: 600).resolution == 8)
    #expect(log(3_600, capacity: 600).samples.count == 450)
  }

  @Test func noSecondIsLost() {
    for count in Int64(1)...70 {
      let log = log(count, capacity: 6)
      #expect(log.samples.count <= 6)
      #expect(log.samples.map(\.interval).reduce(0, +) == Double(count))
      #expect(log.samples.compactMap(\.audio.inbound?.packets).reduce(0, +) == Int(count) * 50)
      #expect(log.samples.last?.timestamp == count * 1_000)
    }
  }

  @Test func aMergedSampleAddsCountersAveragesRatesAndKeepsTheWorseQuality() throws {
    let (first, second) = (sample(1, packets: 40, lost: 10), sample(2))
    let merged = first.merged(with: second)
    let inbound = try #require(merged.audio.inbound)
    #expect(merged.interval == 2)
    #expect(merged.timestamp == 2_000)
    #expect(merged.roundTripTime == 0.02)
    #expect(inbound.packets == 90)
    #expect(inbound.bytes == 7_200)
    #expect(inbound.packetsLost == 10)
    #expect(inbound.fractionLost == 0.1)
    #expect(inbound.bitrate == 28_800)
    #expect(merged.quality == first.quality)
    #expect(merged.merged(with: sample(3)).audio.inbound?.bitrate == 29_866 + 2.0 / 3)
  }

  @Test func samplesOfTwoPeersStayApart() {
    var log = StatisticsLog(capacity: 4)
    for second in Int64(1)...3 { log.append(sample(second)) }
    for second in Int64(4)...6 { log.append(sample(second, peer: 2)) }
    #expect(log.samples.map(\.peer) == [1, 1, 2, 2])
    #expect(log.samples.map(\.interval) == [2, 1, 1, 2])
  }
}
