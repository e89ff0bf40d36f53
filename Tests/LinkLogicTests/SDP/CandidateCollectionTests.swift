import KandyTesting
import LinkLogic
import LinkProtocol
import Testing

/// When a local description may leave. Times are milliseconds after it was set.
@Suite struct CandidateCollectionTests {
  static let host = "candidate:1 1 udp 2122260223 192.0.2.10 40000 typ host"
  static let relay = "candidate:2 1 udp 41885439 198.51.100.7 50000 typ relay raddr 192.0.2.10 rport 40000"

  static func description(audio: [String], video: [String]) -> SessionDescription {
    SDPFixtures.offer.changed {
      $0.media[0].setAttributes("candidate", audio.map { String($0.dropFirst("candidate:".count)) })
      $0.media[1].setAttributes("candidate", video.map { String($0.dropFirst("candidate:".count)) })
    }
  }

  /// Plays the engine: candidates appear at their times; the collection is asked at each, and at every deadline that it gives.
  /// - Returns: when and how it ended.
  static func run(
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

  @Test(.spec("R-ICE-28")) func noCandidateAtAllMayBeEnough() {
    #expect(Self.run(CandidateCollection(mayBeEmpty: true), completeAt: 100) == (100, .ready))
    #expect(Self.run(CandidateCollection(mayBeEmpty: false), completeAt: 100) == (100, .failed))
  }

  @Test(.spec("R-ICE-22")) func onlySectionsWithATransportCount() {
    let audioOnly = Self.description(audio: [Self.host], video: [])
    #expect(!audioOnly.everyActiveSectionHasCandidate())
    #expect(audioOnly.changed { $0.media[1].port = 0 }.everyActiveSectionHasCandidate())
    #expect(audioOnly.changed { $0.addAttribute("group", "BUNDLE 0 1") }.everyActiveSectionHasCandidate())
    #expect(!audioOnly.changed { $0.addAttribute("group", "BUNDLE 1 0") }.everyActiveSectionHasCandidate())
    #expect(!Self.description(audio: [Self.host], video: [Self.host]).everyActiveSectionHasCandidate(relay: true))
    #expect(Self.description(audio: [Self.relay], video: [Self.relay]).everyActiveSectionHasCandidate(relay: true))
    let placeholder = "candidate:1 1 tcp 1518280447 192.0.2.10 9 typ host tcptype active"
    #expect(!Self.description(audio: [Self.host], video: [placeholder]).everyActiveSectionHasCandidate())
  }

  @Test(
    .spec("R-ICE-34"),
    arguments: [
      ("as it is", CandidateCollectionTests.host, "0", 0, true),
      ("as engines write it alone", CandidateCollectionTests.host + " generation 0 ufrag x", "0", 0, true),
      ("by its index", CandidateCollectionTests.host, nil, 0, true),
      ("of the other section", CandidateCollectionTests.host, "1", 1, false),
      ("of no section", CandidateCollectionTests.host, "7", nil, false),
      ("another one", CandidateCollectionTests.relay, "0", 0, false),
      ("with another port", CandidateCollectionTests.host.replacing("40000", with: "40002"), "0", 0, false),
      ("none", "", "0", 0, false),
    ] as [(String, String, String?, Int?, Bool)])
  func aCandidateIsFoundInItsSection(_ what: String, _ text: String, _ mid: String?, _ index: Int?, _ isThere: Bool) {
    let candidate = ICECandidate(candidate: text, sdpMid: mid, sdpMLineIndex: index)
    #expect(Self.description(audio: [Self.host], video: []).contains(candidate) == isThere)
  }

  @Test func aDescriptionWithoutSectionsInUseHasNothingToWaitFor() {
    var collection = CandidateCollection()
    let rejected = SDPFixtures.offer.changed { for index in $0.media.indices { $0.media[index].port = 0 } }
    #expect(collection.check(rejected, gathering: .gathering, at: .zero) == .ready)
  }
}
