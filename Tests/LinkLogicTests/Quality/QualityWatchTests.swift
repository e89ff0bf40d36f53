import KandyTesting
import LinkLogic
import LinkProtocol
import Testing

@Suite(.spec("R-CALL-755")) struct QualityWatchTests {
  private let fine = ListeningQuality(.init(delay: 0.1, loss: 0))  // 4.41
  private let between = ListeningQuality(.init(delay: 0.1, loss: 0.04))  // 3.41
  private let lossy = ListeningQuality(.init(delay: 0.1, loss: 0.2))  // 1.60
  private let late = ListeningQuality(.init(delay: 0.8, loss: 0))  // 2.70

  private func changes(_ seconds: [ListeningQuality?], _ watch: inout QualityWatch) -> [(second: Int, QualityChange)] {
    seconds.enumerated().compactMap { second, quality in
      watch.observe(quality, for: .seconds(1)).map { (second + 1, $0) }
    }
  }

  @Test func itTurnsBadAfterThreeBadSecondsAndGoodAfterFiveGoodOnes() {
    var watch = QualityWatch()
    let found = changes([fine] + Array(repeating: lossy, count: 10) + Array(repeating: fine, count: 10), &watch)
    #expect(found.map(\.second) == [4, 16])
    #expect(found.map(\.1.quality) == [.bad, .good])
    #expect(found.map { ($0.1.mos * 100).rounded() } == [160, 441])
    #expect(found.map(\.1.reasons) == [[.loss], []])
    #expect(watch.quality == .good)
  }

  @Test func aBadMomentIsNotABadCall() {
    var watch = QualityWatch()
    #expect(changes([lossy, lossy, fine, lossy, lossy, between, lossy, lossy, nil, lossy, lossy], &watch).isEmpty)
    #expect(watch.quality == .good)
  }

  @Test func aGoodMomentInABadCallIsNotItsEnd() {
    var watch = QualityWatch()
    _ = changes([lossy, lossy, lossy], &watch)
    #expect(changes([fine, fine, fine, fine, between, fine, fine, fine, fine, nil, fine, fine, fine, fine], &watch).isEmpty)
    #expect(watch.quality == .bad)
    #expect(changes([fine], &watch).map(\.1.quality) == [.good])
  }

  @Test func timeCountsAndNotTheNumberOfSamples() {
    var watch = QualityWatch()
    #expect(watch.observe(lossy, for: .milliseconds(2_900)) == nil)
    #expect(watch.observe(lossy, for: .milliseconds(100))?.quality == .bad)
  }

  @Test func reasonsSayWhatTakesAwayMostFirst() {
    var watch = QualityWatch()
    #expect(changes([late, late, late], &watch).map(\.1.reasons) == [[.delay]])
    watch = QualityWatch()
    let both = ListeningQuality(.init(delay: 0.4, loss: 0.2))
    #expect(changes([both, both, both], &watch).map(\.1.reasons) == [[.loss, .delay]])
    watch = QualityWatch()
    let other = ListeningQuality(.init(delay: 0.8, loss: 0.02))
    #expect(changes([other, other, other], &watch).map(\.1.reasons) == [[.delay, .loss]])
  }
}
