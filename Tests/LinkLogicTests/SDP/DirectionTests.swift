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

  @Test(.spec("R-SDP-91", "R-SDP-100", "TV-78")) func theDirectionInForceComesFromTheSectionElseTheSession() {
    let description = SDPFixtures.sections(
      ("audio", 5000, ["a=recvonly"]), ("video", 5002, []), ("audio", 0, ["a=sendrecv"]), session: ["a=sendonly"])
    #expect(description.media.map { description.direction(of: $0) } == [.recvonly, .sendonly, .inactive])
    #expect(description.direction(of: .audio) == .recvonly)
    let bare = SDPFixtures.sections(("audio", 5000, []))
    #expect(bare.direction(of: .audio) == .sendrecv)
    #expect(bare.direction(of: .video) == .inactive)
  }

  struct Offer: Sendable, CustomTestStringConvertible {
    var what: String
    var description: SessionDescription
    var isHold: Bool
    var testDescription: String { what }
  }

  static let offers: [Offer] = [
    Offer(
      what: "TV-107 both inactive",
      description: SDPFixtures.sections(("audio", 5000, ["a=inactive"]), ("video", 5002, ["a=inactive"])), isHold: true),
    Offer(
      what: "TV-107 sendonly and inactive",
      description: SDPFixtures.sections(("audio", 5000, ["a=sendonly"]), ("video", 5002, ["a=inactive"])), isHold: true),
    Offer(
      what: "TV-107 inactive and sendonly",
      description: SDPFixtures.sections(("audio", 5000, ["a=inactive"]), ("video", 5002, ["a=sendonly"])), isHold: true),
    Offer(
      what: "TV-108 sendonly and recvonly",
      description: SDPFixtures.sections(("audio", 5000, ["a=sendonly"]), ("video", 5002, ["a=recvonly"])), isHold: false),
    Offer(
      what: "TV-109 recvonly", description: SDPFixtures.sections(("audio", 5000, ["a=recvonly"])), isHold: false),
    Offer(
      what: "TV-110 address 0.0.0.0",
      description: SDPFixtures.sections(("audio", 5000, ["c=IN IP4 0.0.0.0", "a=sendrecv"])), isHold: true),
    Offer(
      what: "R-SDP-103 address ::", description: SDPFixtures.sections(("audio", 5000, ["c=IN IP6 ::"])), isHold: true),
    Offer(
      what: "TV-111 address 0.0.0.0 at port 9",
      description: SDPFixtures.sections(("audio", 9, ["c=IN IP4 0.0.0.0", "a=sendrecv"])), isHold: false),
    Offer(
      what: "TV-112 port 9 and sendonly",
      description: SDPFixtures.sections(("audio", 9, ["a=sendonly"]), ("video", 9, ["a=sendonly"])), isHold: true),
    Offer(
      what: "TV-113 rejected video",
      description: SDPFixtures.sections(("audio", 5000, ["a=sendonly"]), ("video", 0, [])), isHold: true),
    Offer(
      what: "TV-114 all rejected",
      description: SDPFixtures.sections(("audio", 0, ["a=inactive"]), ("video", 0, ["a=inactive"])), isHold: false),
    Offer(
      what: "R-SDP-95 a data channel takes no part",
      description: SDPFixtures.sections(("audio", 5000, ["a=sendonly"]), ("application", 5004, [])), isHold: true),
    Offer(what: "TV-165 the hold of 3.16", description: SDPFixtures.description(SDPFixtures.planBHoldText), isHold: true),
    Offer(what: "a call", description: SDPFixtures.offer, isHold: false),
  ]

  @Test(.spec("R-SDP-101", "R-SDP-103", "R-CALL-201"), arguments: offers)
  func aHoldIsReadFromDirectionsAndAddresses(_ offer: Offer) {
    #expect(offer.description.isHold == offer.isHold)
  }
}
