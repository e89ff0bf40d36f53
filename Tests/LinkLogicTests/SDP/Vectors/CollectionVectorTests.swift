import KandyTesting
import LinkLogic
import Testing

/// Part 03 §18.8: when a local description may leave. Times are milliseconds after it was set.
@Suite struct CollectionVectorTests {
  @Test(.spec("R-ICE-20", "R-ICE-21", "R-ICE-24", "R-ICE-25", "R-ICE-28"), arguments: vectors)
  func isAsRequired(_ vector: Vector) throws { try vector.show() }

  private static let host = CandidateCollectionTests.host
  private static let relay = CandidateCollectionTests.relay

  /// Candidates appear at their times; the description leaves when it has to.
  private static func leaves(
    _ what: String, _ collection: CandidateCollection, audio: [(Int, String)] = [], video: [(Int, String)] = [],
    completeAt: Int? = nil, wasComplete: Bool = false, at time: Int, _ verdict: CandidateCollection.Verdict = .ready
  ) -> Vector {
    Vector(what) {
      let result = CandidateCollectionTests.run(
        collection, audio: audio, video: video, completeAt: completeAt, wasComplete: wasComplete)
      #expect(result == (time, verdict))
    }
  }

  private static let standard = CandidateCollection()
  private static let three = CandidateCollection(interval: .seconds(1), cycles: 3)

  static let vectors: [Vector] = [
    leaves("TV-134 hosts everywhere", standard, audio: [(50, host)], video: [(50, host)], at: 3050),
    leaves("TV-135 video late", standard, audio: [(50, host)], video: [(4000, host)], at: 6050),
    // The improved variant: 3.16 waits for the end of the second interval.
    leaves(
      "TV-136 relays everywhere", three, audio: [(0, host), (900, relay)], video: [(0, host), (1500, relay)], at: 1500),
    leaves("TV-137 no relay", three, audio: [(0, host)], video: [(0, host)], at: 3000),
    leaves("TV-137 no relay, no video", three, audio: [(0, host)], at: 3000),
    leaves("TV-138 one interval", CandidateCollection(interval: .seconds(1), cycles: 1), audio: [(200, host)], at: 1200),
    leaves("TV-139 complete", standard, audio: [(50, host)], video: [(60, host)], completeAt: 200, at: 200),
    leaves(
      "TV-139 complete, nothing for video", CandidateCollection(mayBeEmpty: false), audio: [(50, host)], completeAt: 200,
      at: 200),
    leaves(
      "TV-140 no interval", CandidateCollection(interval: .zero), audio: [(0, host)], video: [(0, host)],
      completeAt: 7000, at: 7000),
    leaves("TV-141 nothing to gather", standard, audio: [(0, host)], video: [(0, host)], wasComplete: true, at: 0),
    leaves(
      "TV-141 a new section has to gather", standard, audio: [(0, host)], video: [(40, host)], wasComplete: true, at: 40),
    leaves("TV-145 no candidate", standard, at: 13_000, .failed),
    leaves("TV-145 no candidate, three intervals", three, at: 13_000, .failed),
  ]
}
