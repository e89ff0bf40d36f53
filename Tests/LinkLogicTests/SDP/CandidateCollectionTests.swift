import KandyTesting
import LinkLogic
import LinkProtocol
import Testing

/// When a local description may leave. Times are milliseconds after it was set.
@Suite struct CandidateCollectionTests {
  static let host = "candidate:1 1 udp 2122260223 192.0.2.10 40000 typ host"
  static let relay = "candidate:2 1 udp 41885439 198.51.100.7 50000 typ relay raddr 192.0.2.10 rport 40000"

  func description(audio: [String], video: [String]) -> SessionDescription {
    SDPFixtures.offer.changed {
      $0.media[0].setAttributes("candidate", audio.map { String($0.dropFirst("candidate:".count)) })
      $0.media[1].setAttributes("candidate", video.map { String($0.dropFirst("candidate:".count)) })
    }
  }

  /// Plays the engine: candidates appear at their times; the collection is asked at each, and at every deadline that it gives.
  /// - Returns: when and how it ended.
  func run(
    _ collection: CandidateCollection, audio: [(Int, String)] = [], video: [(Int, String)] = [], completeAt: Int? = nil,
    wasComplete: Bool = false
  ) -> (Int, CandidateCollection.Verdict) {
    var collection = collection
    var times = Set([0] + audio.map(\.0) + video.map(\.0) + [completeAt].compactMap { $0 })
    while let now = times.min() {
      times.remove(now)
      let local = description(audio: audio.filter { $0.0 <= now }.map(\.1), video: video.filter { $0.0 <= now }.map(\.1))
      let progress: CandidateCollection.Progress =
        completeAt.map { $0 <= now } == true ? .complete : wasComplete ? .wasComplete : .gathering
      switch collection.check(local, gathering: progress, at: .milliseconds(now)) {
      case .wait(let deadline): times.insert(Int(deadline / .milliseconds(1)))
      case let verdict: return (now, verdict)
      }
    }
    return (-1, .failed)
  }

  @Test(.spec("TV-134")) func hostCandidatesEverywhereLeaveAfterOneInterval() {
    #expect(run(CandidateCollection(), audio: [(50, Self.host)], video: [(50, Self.host)]) == (3050, .ready))
  }

  @Test(.spec("TV-135")) func aSectionWithoutCandidatesHoldsTheDescriptionBack() {
    #expect(run(CandidateCollection(), audio: [(50, Self.host)], video: [(4000, Self.host)]) == (6050, .ready))
  }

  @Test(.spec("TV-136", "R-ICE-28")) func relayCandidatesEverywhereLeaveAtOnce() {
    let collection = CandidateCollection(interval: .seconds(1), cycles: 3, mayBeEmpty: false)
    #expect(
      run(collection, audio: [(0, Self.host), (900, Self.relay)], video: [(0, Self.host), (1500, Self.relay)])
        == (1500, .ready))
  }

  @Test(.spec("TV-137")) func withoutRelaysTheCyclesEndIt() {
    let collection = CandidateCollection(interval: .seconds(1), cycles: 3)
    #expect(run(collection, audio: [(0, Self.host)], video: [(0, Self.host)]) == (3000, .ready))
    #expect(run(collection, audio: [(0, Self.host)]) == (3000, .ready))
  }

  @Test(.spec("TV-138")) func oneCycleIsOneInterval() {
    let collection = CandidateCollection(interval: .seconds(1), cycles: 1)
    #expect(run(collection, audio: [(200, Self.host)]) == (1200, .ready))
  }

  @Test(.spec("TV-139")) func completionEndsIt() {
    #expect(
      run(CandidateCollection(), audio: [(50, Self.host)], video: [(60, Self.host)], completeAt: 200) == (200, .ready))
    // A section that the engine found nothing for does not hold back the others.
    #expect(run(CandidateCollection(mayBeEmpty: false), audio: [(50, Self.host)], completeAt: 200) == (200, .ready))
  }

  @Test(.spec("TV-140")) func withoutAnIntervalOnlyCompletionCounts() {
    let collection = CandidateCollection(interval: .zero)
    #expect(run(collection, audio: [(0, Self.host)], video: [(0, Self.host)], completeAt: 7000) == (7000, .ready))
  }

  @Test(.spec("TV-141", "R-ICE-25")) func nothingToGatherLeavesAtOnce() {
    let collection = CandidateCollection()
    #expect(run(collection, audio: [(0, Self.host)], video: [(0, Self.host)], wasComplete: true) == (0, .ready))
    // Old news: the new section has still to gather.
    #expect(run(collection, audio: [(0, Self.host)], video: [(40, Self.host)], wasComplete: true) == (40, .ready))
  }

  @Test(.spec("R-ICE-24", "R-ICE-28")) func noCandidateAtAllEndsAtTheLimit() {
    #expect(run(CandidateCollection()) == (13_000, .failed))
    #expect(run(CandidateCollection(interval: .seconds(1), cycles: 3)) == (13_000, .failed))
    #expect(run(CandidateCollection(mayBeEmpty: true), completeAt: 100) == (100, .ready))
    #expect(run(CandidateCollection(mayBeEmpty: false), completeAt: 100) == (100, .failed))
  }

  @Test(.spec("R-ICE-22")) func onlySectionsWithATransportCount() {
    let audioOnly = description(audio: [Self.host], video: [])
    #expect(!audioOnly.everyActiveSectionHasCandidate())
    #expect(audioOnly.changed { $0.media[1].port = 0 }.everyActiveSectionHasCandidate())
    #expect(audioOnly.changed { $0.addAttribute("group", "BUNDLE 0 1") }.everyActiveSectionHasCandidate())
    #expect(!audioOnly.changed { $0.addAttribute("group", "BUNDLE 1 0") }.everyActiveSectionHasCandidate())
    #expect(!description(audio: [Self.host], video: [Self.host]).everyActiveSectionHasCandidate(relay: true))
    #expect(description(audio: [Self.relay], video: [Self.relay]).everyActiveSectionHasCandidate(relay: true))
    let placeholder = "candidate:1 1 tcp 1518280447 192.0.2.10 9 typ host tcptype active"
    #expect(!description(audio: [Self.host], video: [placeholder]).everyActiveSectionHasCandidate())
  }

  @Test func aDescriptionWithoutSectionsInUseHasNothingToWaitFor() {
    var collection = CandidateCollection()
    let rejected = SDPFixtures.offer.changed { for index in $0.media.indices { $0.media[index].port = 0 } }
    #expect(collection.check(rejected, gathering: .gathering, at: .zero) == .ready)
  }
}
