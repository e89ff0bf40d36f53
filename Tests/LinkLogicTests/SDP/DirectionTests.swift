import KandyTesting
import LinkLogic
import LinkProtocol
import Testing

@Suite struct DirectionTests {
  /// Part 03 §14.4: offer, own wish, answer.
  static let answers: [(offer: MediaDirection, wish: MediaDirection, answer: MediaDirection)] = [
    (.sendrecv, .sendrecv, .sendrecv), (.sendrecv, .sendonly, .sendonly), (.sendrecv, .recvonly, .recvonly),
    (.sendrecv, .inactive, .inactive), (.sendonly, .sendrecv, .recvonly), (.sendonly, .sendonly, .inactive),
    (.sendonly, .recvonly, .recvonly), (.sendonly, .inactive, .inactive), (.recvonly, .sendrecv, .sendonly),
    (.recvonly, .sendonly, .sendonly), (.recvonly, .recvonly, .inactive), (.recvonly, .inactive, .inactive),
    (.inactive, .sendrecv, .inactive), (.inactive, .sendonly, .inactive), (.inactive, .recvonly, .inactive),
    (.inactive, .inactive, .inactive),
  ]

  @Test(.spec("R-SDP-96", "R-UP-14"), arguments: answers)
  func anAnswerIsTheWishAsFarAsTheOfferAllows(_ row: (offer: MediaDirection, wish: MediaDirection, answer: MediaDirection)) {
    #expect(row.wish.answering(row.offer) == row.answer)
  }

  @Test func theComplementIsWhatTheOtherEndSees() {
    #expect(
      MediaDirection.allCases.map(\.complement) == [.sendrecv, .recvonly, .sendonly, .inactive])
  }

  @Test(.spec("R-SDP-91", "R-SDP-100")) func theDirectionInForceComesFromTheSectionElseTheSession() {
    let description = SDPFixtures.sections(
      ("audio", 5000, ["a=recvonly"]), ("video", 5002, []), ("audio", 0, ["a=sendrecv"]), session: ["a=sendonly"])
    #expect(description.media.map { description.direction(of: $0) } == [.recvonly, .sendonly, .inactive])
    #expect(description.direction(of: .audio) == .recvonly)
    let bare = SDPFixtures.sections(("audio", 5000, []))
    #expect(bare.direction(of: .audio) == .sendrecv)
    #expect(bare.direction(of: .video) == .inactive)
  }

  @Test(
    .spec("R-SDP-95", "R-SDP-101", "R-SDP-103", "R-CALL-201"),
    arguments: [
      ("address ::", SDPFixtures.sections(("audio", 5000, ["c=IN IP6 ::"])), true),
      ("a data channel takes no part", SDPFixtures.sections(("audio", 5000, ["a=sendonly"]), ("application", 5004, [])), true),
      ("a call", SDPFixtures.offer, false),
    ])
  func aHoldIsReadFromDirectionsAndAddresses(_ what: String, _ description: SessionDescription, _ isHold: Bool) {
    #expect(description.isHold == isHold)
  }
}
