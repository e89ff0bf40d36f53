import KandyTesting
import LinkLogic
import LinkProtocol
import Testing

/// Payload types and Opus parameters, beyond the vectors of part 03 §18.5.
@Suite struct CodecTests {
  private func prepared(_ options: SDPOptions, _ offer: SessionDescription = SDPFixtures.offer) -> PreparedDescription {
    LocalDescriptionPipeline(options).prepareToSet(offer.text, .init(callId: nil, type: .offer, operation: .startCall))
  }

  @Test(.spec("R-SDP-65")) func ratesAreWrittenAsWholeNumbersUpToTheEndOfTheirRange() {
    let opus = OpusParameters(maxPlaybackRate: 8000.9, maxAverageBitrate: 510_000)
    #expect(
      prepared(SDPOptions(opus: opus)).description?.media[0].attributes("fmtp")
        == ["111 maxplaybackrate=8000;maxaveragebitrate=510000"])
  }

  @Test(.spec("R-SDP-63")) func theListOfRedFollowsAndAStaticTypeKeepsItsMeaning() {
    let offer = SDPFixtures.offer.changed {
      $0.media[0].payloads = ["111", "63", "8"]
      $0.media[0].setAttributes("rtpmap", ["111 opus/48000/2", "63 red/48000/2"])
      $0.media[0].setAttributes("fmtp", ["63 111/111"])
    }
    let audio = prepared(SDPOptions(codecsToReplace: [.init(name: "OPUS/48000/2", value: 8)]), offer).description?.media[0]
    #expect(audio?.payloads == ["8", "63", "111"])
    #expect(audio?.attributes("fmtp") == ["63 8/8"])
    #expect(audio?.codecs.map(\.name) == ["opus", "red", "PCMA"])
  }

  @Test(.spec("R-SDP-63"), arguments: [-1, 72, 128]) func aNumberThatCannotBeUsedIsRemarked(_ value: Int) {
    let replacement = CodecReplacement(name: "VP8/90000", value: value)
    let prepared = prepared(SDPOptions(codecsToReplace: [replacement]))
    #expect(prepared.description == SDPFixtures.offer)
    #expect(prepared.remarks == [.codecReplacementIgnored(replacement)])
  }

  @Test(.spec("R-SDP-60")) func ofTwoNumbersForACodecTheLastCounts() {
    let twice = SDPOptions(codecsToReplace: [.init(name: "VP8/90000", value: 120), .init(name: "vp8/90000", value: 121)])
    #expect(prepared(twice).description?.media[1].payloads == ["121", "97", "102"])
  }
}
