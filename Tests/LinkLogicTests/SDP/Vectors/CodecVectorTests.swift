import KandyTesting
import LinkLogic
import LinkProtocol
import Testing

/// Part 03 §18.3: the codec remover.
@Suite struct CodecVectorTests {
  @Test(.spec("R-SDP-45", "R-SDP-46", "R-SDP-48"), arguments: vectors)
  func isAsRequired(_ vector: Vector) throws { try vector.show() }

  /// Which payload types are left, in the offer of part 03 §14.3.1 if no other is given. What is not mentioned stays as it is.
  private static func removing(
    _ what: String, _ selectors: [CodecSelector], from offer: SessionDescription = SDPFixtures.offer,
    audio: [String]? = nil, video: [String]? = nil, remarks: [SDPRemark] = []
  ) -> Vector {
    Vector(what) {
      let prepared = removed(selectors, from: offer)
      let expected = offer.changed {
        if let audio { $0.media[0].keep(audio) }
        if let video { $0.media[1].keep(video) }
      }
      #expect(prepared.description == expected)
      #expect(prepared.remarks == remarks)
    }
  }

  private static func removed(_ selectors: [CodecSelector], from offer: SessionDescription) -> PreparedDescription {
    LocalDescriptionPipeline(SDPOptions(handlers: [.codecRemover(selectors)])).prepareToSet(
      offer.text, .init(callId: nil, type: .offer, operation: .startCall))
  }

  /// VP8, and H.264 in three kinds, two of them with retransmissions: 103 repeats 102, 105 repeats 104.
  private static let threeH264 = SDPFixtures.offer.changed {
    $0.media[1].payloads = ["96", "102", "103", "104", "105", "106"]
    $0.media[1].setAttributes(
      "rtpmap",
      ["96 VP8/90000", "102 H264/90000", "103 rtx/90000", "104 H264/90000", "105 rtx/90000", "106 H264/90000"])
    $0.media[1].setAttributes(
      "fmtp",
      [
        "103 apt=102", "105 rtx-time=3000;apt=104", "102 packetization-mode=1;profile-level-id=42e01f",
        "104 packetization-mode=0;profile-level-id=42e01f", "106 packetization-mode=1;profile-level-id=640c1f",
      ])
  }

  private static let chain = SDPFixtures.offer.changed {
    $0.media[1].payloads += ["98"]
    $0.media[1].addAttribute("rtpmap", "98 rtx/90000")
    $0.media[1].setAttributes("fmtp", ["98 apt=97", "97 apt=96"])
  }

  private static func retransmission(_ config: String) -> SessionDescription {
    SDPFixtures.offer.changed { $0.media[1].setAttributes("fmtp", ["97 \(config)"]) }
  }

  private static let withRed = SDPFixtures.offer.changed {
    $0.media[0].payloads.append("63")
    $0.media[0].addAttribute("rtpmap", "63 red/48000/2")
    $0.media[0].addAttribute("fmtp", "63 111/111")
  }

  private static let withData = SDPFixtures.offer.changed {
    $0.media.append(
      MediaSection(
        type: "application", port: 9, protocol: "UDP/DTLS/SCTP", payloads: ["webrtc-datachannel"],
        lines: ["a=sctp-port:5000"]))
  }

  static let vectors: [Vector] = [
    removing("TV-29 VP8", ["VP8"], video: ["102"]),
    removing("TV-30 vp8", ["vp8"]),
    removing("TV-31 rtx", ["rtx"], video: ["96", "102"]),
    removing(
      "TV-32 H.264 of mode 0", [CodecSelector(name: "H264", fmtpParams: ["packetization-mode=0"])], from: threeH264,
      video: ["96", "102", "103", "106"]),
    removing(
      "TV-33 H.264 of profile 42… and mode 1",
      [CodecSelector(name: "H264", fmtpParams: ["profile-level-id=42", "packetization-mode=1"])], from: threeH264,
      video: ["96", "104", "105", "106"]),
    removing("TV-34 a codec without parameters", [CodecSelector(name: "VP8", fmtpParams: ["x=1"])], from: threeH264),
    removing(
      "TV-35 two kinds of H.264",
      [
        CodecSelector(name: "H264", fmtpParams: ["packetization-mode=0"]),
        CodecSelector(name: "H264", fmtpParams: ["profile-level-id=64"]),
      ], from: threeH264, video: ["96", "102", "103"]),
    removing("TV-36 retransmissions before what they repeat", ["H264"], from: threeH264, video: ["96"]),
    removing("TV-36 retransmissions of retransmissions", ["VP8"], from: chain, video: ["102"]),
    removing("TV-37 apt before other parameters", ["VP8"], from: retransmission("apt=96;rtx-time=3000"), video: ["102"]),
    removing("TV-38 apt behind other parameters", ["VP8"], from: retransmission("rtx-time=3000;apt=96"), video: ["102"]),
    removing(
      "TV-39 every audio codec", ["opus", "PCMU", "PCMA", "VP8"], video: ["102"], remarks: [.codecsKept(section: 0)]),
    removing(
      "TV-40 feedback for all", ["VP8"],
      from: SDPFixtures.offer.changed { $0.media[1].addAttribute("rtcp-fb", "* nack") }, video: ["102"]),
    Vector("TV-41 feedback of a removed codec") {
      #expect(SDPFixtures.offer.media[1].rtcpFb.map(\.payload) == ["96"])
      #expect(removed(["VP8"], from: SDPFixtures.offer).description?.media[1].rtcpFb == [])
    },
    removing("TV-42 a data channel", ["webrtc-datachannel", "VP8"], from: withData, video: ["102"]),
    removing("TV-43 opus under red", ["opus"], from: withRed, audio: ["0", "8", "110", "126", "63"]),
    removing("TV-43 red itself", ["red"], from: withRed, audio: ["111", "0", "8", "110", "126"]),
    removing(
      "TV-44 PCMU without rtpmap", ["PCMU"],
      from: SDPFixtures.offer.changed { $0.media[0].removeAttributes("rtpmap") { $0.hasPrefix("0 ") } }),
  ]
}

extension MediaSection {
  /// Leaves these payload types, and what is said of them or of all.
  fileprivate mutating func keep(_ left: [String]) {
    let gone = payloads.filter { !left.contains($0) }
    payloads = left
    for name in ["rtpmap", "fmtp", "rtcp-fb"] {
      removeAttributes(name) { value in gone.contains(String(value.prefix { $0 != " " })) }
    }
  }
}
