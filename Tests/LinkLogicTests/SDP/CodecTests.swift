import KandyTesting
import LinkLogic
import LinkProtocol
import Testing

/// Payload types, Opus parameters, codec removal.
@Suite struct CodecTests {
  func local(_ options: SDPOptions, _ offer: SessionDescription, type: DescriptionType = .offer) -> SessionDescription? {
    LocalDescriptionPipeline(options).prepareToSet(
      offer.text, .init(callId: nil, type: type, operation: .startCall)
    ).description
  }

  // MARK: - Opus

  static let full = OpusParameters(maxPlaybackRate: 16000, maxAverageBitrate: 20000, fec: 1, dtx: 0, ptime: 40)

  @Test(.spec("TV-55", "TV-63", "R-SDP-66", "R-SDP-68"), arguments: [DescriptionType.offer, .answer])
  func opusParametersReplaceTheEngines(_ type: DescriptionType) {
    let expected = SDPFixtures.offer.changed {
      $0.media[0].setAttributes("fmtp", ["111 maxplaybackrate=16000;maxaveragebitrate=20000;useinbandfec=1;usedtx=0"])
      $0.media[0].ptime = 40
    }
    #expect(local(SDPOptions(opus: Self.full), SDPFixtures.offer, type: type)?.lineSets == expected.lineSets)
  }

  @Test(
    .spec("TV-56", "TV-57", "TV-58", "TV-61", "R-SDP-65"),
    arguments: [
      (OpusParameters(fec: 0), "111 useinbandfec=0", nil),
      (OpusParameters(maxPlaybackRate: 7999, dtx: 1), "111 usedtx=1", nil),
      (
        OpusParameters(maxPlaybackRate: 48001, maxAverageBitrate: 5999, fec: 2, dtx: -1, ptime: 121),
        "111 minptime=10;useinbandfec=1", nil
      ),
      (OpusParameters(ptime: 40), "111 minptime=10;useinbandfec=1", 40),
      (
        OpusParameters(maxPlaybackRate: 8000.9, maxAverageBitrate: 510_000),
        "111 maxplaybackrate=8000;maxaveragebitrate=510000", nil
      ),
      (OpusParameters(maxPlaybackRate: .nan, maxAverageBitrate: .infinity), "111 minptime=10;useinbandfec=1", nil),
    ] as [(OpusParameters, String, Int?)])
  func onlyValidOpusParametersCount(_ opus: OpusParameters, _ fmtp: String, _ ptime: Int?) {
    let prepared = local(SDPOptions(opus: opus), SDPFixtures.offer)
    #expect(prepared?.media[0].attributes("fmtp") == [fmtp])
    #expect(prepared?.media[0].ptime == ptime)
  }

  @Test(.spec("TV-59"), arguments: [(2, nil), (2.5, nil), (3, 3), (120, 120), (121, nil)] as [(Double, Int?)])
  func ptimeHasItsRange(_ configured: Double, _ written: Int?) {
    #expect(local(SDPOptions(opus: OpusParameters(ptime: configured)), SDPFixtures.offer)?.media[0].ptime == written)
  }

  @Test(.spec("TV-60", "R-SDP-69")) func anExistingPtimeIsReplaced() {
    let offer = SDPFixtures.offer.changed { $0.media[0].ptime = 20 }
    let prepared = local(SDPOptions(opus: OpusParameters(ptime: 60)), offer)
    #expect(prepared?.media[0].attributes("ptime") == ["60"])
    #expect(prepared?.media[1].ptime == nil)
  }

  @Test(.spec("TV-62", "R-SDP-67")) func withoutExactlyOneOpusNothingChanges() {
    let none = SDPFixtures.offer.changed { $0.media[0].removeAttributes("rtpmap") { $0.hasPrefix("111") } }
    let noFmtp = SDPFixtures.offer.changed { $0.media[0].removeAttributes("fmtp") }
    let two = SDPFixtures.offer.changed { $0.media[0].addAttribute("rtpmap", "112 opus/48000/2") }
    for offer in [none, noFmtp, two] {
      #expect(local(SDPOptions(opus: Self.full), offer) == offer)
    }
  }

  // MARK: - Codec replacement

  @Test(.spec("TV-64", "TV-65", "R-SDP-61", "R-SDP-62")) func aCodecGetsItsNumberInOffersOnly() {
    let options = SDPOptions(codecsToReplace: [.init(name: "telephone-event/8000", value: 101)])
    let offer = SDPFixtures.offer.changed {
      $0.media[0].addAttribute("fmtp", "126 0-15")
      $0.media[0].addAttribute("rtcp-fb", "126 nack")
    }
    let prepared = local(options, offer)
    #expect(prepared?.media[0].payloads == ["111", "0", "8", "110", "101"])
    #expect(prepared?.media[0].rtp.last == .init(payload: 101, codec: "telephone-event", rate: 8000))
    #expect(prepared?.media[0].fmtp.last == .init(payload: 101, config: "0-15"))
    #expect(prepared?.media[0].rtcpFb == [.init(payload: "101", type: "nack")])
    #expect(prepared?.media[1] == offer.media[1])
    #expect(local(options, offer, type: .answer) == offer)
  }

  @Test(.spec("TV-66", "R-SDP-63")) func numbersInUseChangePlaces() {
    let offer = SDPFixtures.offer.changed {
      $0.media[1].payloads = ["96", "97", "100"]
      $0.media[1].setAttributes("rtpmap", ["96 VP8/90000", "97 rtx/90000", "100 H264/90000"])
      $0.media[1].setAttributes("fmtp", ["97 rtx-time=1000; apt=96", "100 profile-level-id=42e01f;x=96"])
      $0.media[1].addAttribute("x-96", "96")
    }
    let prepared = local(SDPOptions(codecsToReplace: [.init(name: "VP8/90000", value: 100)]), offer)
    #expect(prepared?.media[1].payloads == ["100", "97", "96"])
    #expect(prepared?.media[1].attributes("rtpmap") == ["100 VP8/90000", "97 rtx/90000", "96 H264/90000"])
    #expect(prepared?.media[1].attributes("fmtp") == ["97 rtx-time=1000; apt=100", "96 profile-level-id=42e01f;x=96"])
    #expect(prepared?.media[1].attributes("rtcp-fb") == ["100 nack pli"])
    #expect(prepared?.media[1].attribute("x-96") == "96")
    #expect(prepared?.media[0] == offer.media[0])
  }

  @Test(.spec("R-SDP-63")) func theListOfRedFollowsAndAStaticTypeKeepsItsMeaning() {
    let offer = SDPFixtures.offer.changed {
      $0.media[0].payloads = ["111", "63", "8"]
      $0.media[0].setAttributes("rtpmap", ["111 opus/48000/2", "63 red/48000/2"])
      $0.media[0].setAttributes("fmtp", ["63 111/111"])
    }
    let prepared = local(SDPOptions(codecsToReplace: [.init(name: "OPUS/48000/2", value: 8)]), offer)
    #expect(prepared?.media[0].payloads == ["8", "63", "111"])
    #expect(prepared?.media[0].attributes("fmtp") == ["63 8/8"])
    #expect(prepared?.media[0].codecs.map(\.name) == ["opus", "red", "PCMA"])
  }

  @Test(.spec("TV-67", "R-SDP-60", "R-SDP-63")) func whatCannotBeReplacedStays() {
    func prepared(_ replacements: [CodecReplacement]) -> PreparedDescription {
      LocalDescriptionPipeline(SDPOptions(codecsToReplace: replacements)).prepareToSet(
        SDPFixtures.offerText, .init(callId: nil, type: .offer, operation: .startCall))
    }
    #expect(prepared([.init(name: "iLBC/8000", value: 100)]).description == SDPFixtures.offer)
    for value in [-1, 72, 128] {
      let replacement = CodecReplacement(name: "VP8/90000", value: value)
      #expect(prepared([replacement]).description == SDPFixtures.offer)
      #expect(prepared([replacement]).remarks == [.codecReplacementIgnored(replacement)])
    }
    let twice = prepared([.init(name: "VP8/90000", value: 120), .init(name: "vp8/90000", value: 121)])
    #expect(twice.description?.media[1].payloads == ["121", "97", "102"])
  }

  // MARK: - Codec remover

  func removed(
    _ selectors: [CodecSelector], from offer: SessionDescription = SDPFixtures.offer
  ) -> (SessionDescription?, [SDPRemark]) {
    let prepared = LocalDescriptionPipeline(SDPOptions(handlers: [.codecRemover(selectors)])).prepareToSet(
      offer.text, .init(callId: nil, type: .offer, operation: .startCall))
    return (prepared.description, prepared.remarks)
  }

  @Test(.spec("TV-29", "TV-41", "R-SDP-45")) func aRemovedCodecTakesItsRetransmissionsAlong() {
    let expected = SDPFixtures.offer.changed {
      $0.media[1].payloads = ["102"]
      $0.media[1].lines.removeAll { $0.attributeValue?.hasPrefix("96 ") == true || $0.attributeValue?.hasPrefix("97 ") == true }
    }
    #expect(removed(["VP8"]).0 == expected)
  }

  @Test(.spec("TV-30", "TV-44", "R-SDP-46")) func namesAreComparedExactly() {
    #expect(removed(["vp8"]).0 == SDPFixtures.offer)
    let bare = SDPFixtures.offer.changed { $0.media[0].removeAttributes("rtpmap") { $0.hasPrefix("0 ") } }
    #expect(removed(["PCMU"], from: bare).0 == bare)
  }

  @Test(.spec("TV-31")) func retransmissionsCanBeRemovedAlone() {
    #expect(removed(["rtx"]).0?.media[1].payloads == ["96", "102"])
  }

  static let twoH264 = SDPFixtures.offer.changed {
    $0.media[1].payloads = ["96", "102", "103", "104", "105", "106"]
    $0.media[1].setAttributes(
      "rtpmap",
      [
        "96 VP8/90000", "102 H264/90000", "103 rtx/90000", "104 H264/90000", "105 rtx/90000", "106 H264/90000",
      ])
    $0.media[1].setAttributes(
      "fmtp",
      [
        "103 apt=102", "105 rtx-time=3000;apt=104", "102 packetization-mode=1;profile-level-id=42e01f",
        "104 packetization-mode=0;profile-level-id=42e01f", "106 packetization-mode=1;profile-level-id=640c1f",
      ])
  }

  @Test(
    .spec("TV-32", "TV-33", "TV-35", "TV-36", "TV-38", "R-SDP-48"),
    arguments: [
      ([CodecSelector(name: "H264", fmtpParams: ["packetization-mode=0"])], ["96", "102", "103", "106"]),
      (
        [CodecSelector(name: "H264", fmtpParams: ["profile-level-id=42", "packetization-mode=1"])], ["96", "104", "105", "106"]
      ),
      (
        [
          CodecSelector(name: "H264", fmtpParams: ["packetization-mode=0"]),
          CodecSelector(name: "H264", fmtpParams: ["profile-level-id=64"]),
        ], ["96", "102", "103"]
      ),
      ([CodecSelector(name: "H264")], ["96"]), ([CodecSelector(name: "VP8", fmtpParams: ["x=1"])], nil),
    ] as [([CodecSelector], [String]?)])
  func parametersSelect(_ selectors: [CodecSelector], _ left: [String]?) {
    #expect(removed(selectors, from: Self.twoH264).0?.media[1].payloads == left ?? Self.twoH264.media[1].payloads)
  }

  @Test(.spec("TV-37", "TV-36", "R-SDP-48")) func retransmissionsOfRetransmissionsGoToo() {
    let offer = SDPFixtures.offer.changed {
      $0.media[1].payloads += ["98"]
      $0.media[1].addAttribute("rtpmap", "98 rtx/90000")
      $0.media[1].setAttributes("fmtp", ["98 apt=97", "97 apt=96;rtx-time=3000"])
    }
    #expect(removed(["VP8"], from: offer).0?.media[1].payloads == ["102"])
  }

  @Test(.spec("TV-39", "R-SDP-48")) func aSectionNeverLosesAllItsCodecs() {
    let (description, remarks) = removed(["opus", "PCMU", "PCMA", "VP8"])
    #expect(description?.media[0] == SDPFixtures.offer.media[0])
    #expect(description?.media[1].payloads == ["102"])
    #expect(remarks == [.codecsKept(section: 0)])
  }

  @Test(.spec("TV-40", "TV-42", "TV-43")) func whatIsNotNamedStays() {
    let offer = SDPFixtures.offer.changed {
      $0.media[0].payloads.append("63")
      $0.media[0].addAttribute("rtpmap", "63 red/48000/2")
      $0.media[0].addAttribute("fmtp", "63 111/111")
      $0.media[1].addAttribute("rtcp-fb", "* nack")
      $0.media.append(
        MediaSection(
          type: "application", port: 9, protocol: "UDP/DTLS/SCTP", payloads: ["webrtc-datachannel"],
          lines: ["a=sctp-port:5000"]))
    }
    let (description, remarks) = removed(["opus", "VP8"], from: offer)
    #expect(description?.media[0].payloads == ["0", "8", "110", "126", "63"])
    #expect(description?.media[1].rtcpFb == [.init(payload: "*", type: "nack")])
    #expect(description?.media[2] == offer.media[2])
    #expect(remarks == [])
  }
}
