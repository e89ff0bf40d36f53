import KandyTesting
import LinkLogic
import LinkProtocol
import Testing

/// Part 03 §18.5: Opus parameters and payload types.
@Suite struct OpusVectorTests {
  @Test(
    .spec("R-SDP-60", "R-SDP-61", "R-SDP-62", "R-SDP-63", "R-SDP-65", "R-SDP-66", "R-SDP-67", "R-SDP-68", "R-SDP-69"),
    arguments: vectors)
  func isAsRequired(_ vector: Vector) throws { try vector.show() }

  private static let full = OpusParameters(maxPlaybackRate: 16000, maxAverageBitrate: 20000, fec: 1, dtx: 0, ptime: 40)
  private static let invalid = OpusParameters(
    maxPlaybackRate: 48001, maxAverageBitrate: 5999, fec: 2, dtx: -1, ptime: 121)
  private static let before = "minptime=10;useinbandfec=1"

  /// What becomes of Opus in a description that says `minptime=10;useinbandfec=1`.
  private static func opus(
    _ what: String, _ opus: OpusParameters, in offer: SessionDescription = SDPFixtures.offer,
    type: DescriptionType = .offer, says config: String = before, ptime: Int? = nil
  ) -> Vector {
    Vector(what) {
      let expected = offer.changed {
        $0.media[0].setAttributes("fmtp", ["111 \(config)"])
        $0.media[0].ptime = ptime
      }
      let prepared = try Vector.set(offer, SDPOptions(opus: opus), type: type)
      #expect(prepared.lineSets == expected.lineSets)
      #expect(prepared.media[0].attributes("ptime").count == (ptime == nil ? 0 : 1))
    }
  }

  private static func unchanged(_ what: String, _ change: @escaping @Sendable (inout MediaSection) -> Void) -> Vector {
    Vector(what) {
      let offer = SDPFixtures.offer.changed { change(&$0.media[0]) }
      let prepared = try Vector.set(offer, SDPOptions(opus: full))
      #expect(prepared == offer)
    }
  }

  /// What becomes of the audio or the video section when codecs get other payload types.
  private static func replacing(
    _ what: String, _ name: String, _ value: Int, in offer: SessionDescription, type: DescriptionType = .offer,
    gives change: @escaping @Sendable (inout SessionDescription) -> Void = { _ in }
  ) -> Vector {
    Vector(what) {
      let options = SDPOptions(codecsToReplace: [.init(name: name, value: value)])
      let prepared = try Vector.set(offer, options, type: type)
      #expect(prepared.lineSets == offer.changed(change).lineSets)
    }
  }

  /// `telephone-event` with everything that can be said of it.
  private static let events = SDPFixtures.offer.changed {
    $0.media[0].addAttribute("fmtp", "126 0-15")
    $0.media[0].addAttribute("rtcp-fb", "126 nack")
  }

  private static let busy = SDPFixtures.offer.changed {
    $0.media[1].payloads = ["96", "97", "100"]
    $0.media[1].setAttributes("rtpmap", ["96 VP8/90000", "97 rtx/90000", "100 H264/90000"])
    $0.media[1].setAttributes("fmtp", ["97 rtx-time=1000; apt=96", "100 profile-level-id=42e01f;x=96;y=1000"])
    $0.media[1].addAttribute("x-96", "96")
  }

  static let vectors: [Vector] = [
    opus(
      "TV-55 everything", full, says: "maxplaybackrate=16000;maxaveragebitrate=20000;useinbandfec=1;usedtx=0", ptime: 40),
    opus("TV-56 fec", OpusParameters(fec: 0), says: "useinbandfec=0"),
    opus("TV-57 a rate out of range, dtx", OpusParameters(maxPlaybackRate: 7999, dtx: 1), says: "usedtx=1"),
    opus("TV-58 everything out of range", invalid),
    opus("TV-58 what is no number", OpusParameters(maxPlaybackRate: .nan, maxAverageBitrate: .infinity)),
    opus("TV-59 ptime 2", OpusParameters(ptime: 2)), opus("TV-59 ptime 2.5", OpusParameters(ptime: 2.5)),
    opus("TV-59 ptime 3", OpusParameters(ptime: 3), ptime: 3),
    opus("TV-59 ptime 120", OpusParameters(ptime: 120), ptime: 120),
    opus("TV-59 ptime 121", OpusParameters(ptime: 121)),
    opus(
      "TV-60 another ptime", OpusParameters(ptime: 60), in: SDPFixtures.offer.changed { $0.media[0].ptime = 20 }, ptime: 60),
    opus("TV-61 ptime alone", OpusParameters(ptime: 40), ptime: 40),
    unchanged("TV-62 no Opus") { $0.removeAttributes("rtpmap") { $0.hasPrefix("111") } },
    unchanged("TV-62 Opus without parameters") { $0.removeAttributes("fmtp") },
    unchanged("TV-62 Opus twice") { $0.addAttribute("rtpmap", "112 opus/48000/2") },
    opus(
      "TV-63 an answer", full, type: .answer,
      says: "maxplaybackrate=16000;maxaveragebitrate=20000;useinbandfec=1;usedtx=0", ptime: 40),
    replacing("TV-64 telephone-event in an offer", "telephone-event/8000", 101, in: events) {
      $0.media[0].payloads = ["111", "0", "8", "110", "101"]
      $0.media[0].setAttributes(
        "rtpmap",
        [
          "111 opus/48000/2", "0 PCMU/8000", "8 PCMA/8000", "110 telephone-event/48000", "101 telephone-event/8000",
        ])
      $0.media[0].setAttributes("fmtp", ["111 minptime=10;useinbandfec=1", "101 0-15"])
      $0.media[0].setAttributes("rtcp-fb", ["101 nack"])
    },
    replacing("TV-65 telephone-event in an answer", "telephone-event/8000", 101, in: events, type: .answer),
    replacing("TV-66 a number that is taken", "VP8/90000", 100, in: busy) {
      $0.media[1].payloads = ["100", "97", "96"]
      $0.media[1].setAttributes("rtpmap", ["100 VP8/90000", "97 rtx/90000", "96 H264/90000"])
      $0.media[1].setAttributes("fmtp", ["97 rtx-time=1000; apt=100", "96 profile-level-id=42e01f;x=96;y=1000"])
      $0.media[1].setAttributes("rtcp-fb", ["100 nack pli"])
    },
    replacing("TV-67 a codec that is not there", "iLBC/8000", 100, in: SDPFixtures.offer),
  ]
}
