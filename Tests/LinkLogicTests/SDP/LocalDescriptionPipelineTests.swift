import KandyTesting
import LinkLogic
import LinkProtocol
import Testing

@Suite struct LocalDescriptionPipelineTests {
  typealias Context = LocalDescriptionPipeline.Context

  /// What an engine makes: bundled, with its own options.
  static let engineOffer = SDPFixtures.offer.changed {
    $0.lines += ["a=group:BUNDLE 0 1", "a=extmap-allow-mixed"]
    for index in $0.media.indices { $0.media[index].iceOptions = ["trickle"] }
  }

  let offering = Context(callId: nil, type: .offer, operation: .startCall)

  @Test(.spec("TV-47", "TV-52", "R-SDP-50", "R-SDP-76")) func byDefaultAnOfferHasNeitherGroupNorTrickle() {
    let prepared = LocalDescriptionPipeline().prepareToSet(Self.engineOffer.text, offering)
    let expected = SDPFixtures.offer.changed { $0.lines += ["a=extmap-allow-mixed"] }
    #expect(prepared.description?.lineSets == expected.lineSets)
    #expect(prepared.text == prepared.description?.text)
    #expect(prepared.original == Self.engineOffer)
    #expect(prepared.remarks.isEmpty)
  }

  @Test(.spec("TV-50", "R-SDP-50")) func aBundlePolicyLeavesGroupsAlone() {
    let pipeline = LocalDescriptionPipeline(SDPOptions(bundlePolicy: .maxBundle))
    let prepared = pipeline.prepareToSet(Self.engineOffer.text, offering)
    #expect(prepared.description?.groups == [.init(type: "BUNDLE", mids: ["0", "1"])])
  }

  @Test(.spec("R-SDP-52")) func otherGroupsStay() {
    let offer = Self.engineOffer.changed { $0.lines += ["a=group:LS 0 1"] }
    let prepared = LocalDescriptionPipeline().prepareToSet(offer.text, offering)
    #expect(prepared.description?.groups == [.init(type: "LS", mids: ["0", "1"])])
  }

  @Test(.spec("TV-53", "R-SDP-75")) func trickleIsOfferedOnce() {
    var context = offering
    context.advertisesTrickle = true
    let prepared = LocalDescriptionPipeline().prepareToSet(SDPFixtures.offerText, context)
    #expect(prepared.description?.iceOptions == ["trickle"])
    #expect(prepared.description?.media.map(\.iceOptions) == [[], []])
    let already = LocalDescriptionPipeline().prepareToSet(Self.engineOffer.text, context)
    #expect(already.description?.iceOptions == [])
    #expect(already.description?.media.map(\.iceOptions) == [["trickle"], ["trickle"]])
  }

  @Test(.spec("TV-7", "R-SDP-76")) func otherICEOptionsStay() {
    let offer = SDPFixtures.offer.changed { $0.lines += ["a=ice-options:trickle renomination"] }
    let prepared = LocalDescriptionPipeline().prepareToSet(offer.text, offering)
    #expect(prepared.description?.iceOptions == ["renomination"])
  }

  @Test(.spec("R-DTLS-1", "R-DTLS-2", "R-DTLS-12")) func offersLeaveTheRoleOpenAndAnswersKeepIt() {
    let pipeline = LocalDescriptionPipeline()
    let offer = SDPFixtures.offer.changed { for index in $0.media.indices { $0.media[index].setup = .active } }
    #expect(pipeline.prepareToSet(offer.text, offering).description?.media.map(\.setup) == [.actpass, .actpass])
    let answering = Context(callId: "c", type: .answer, operation: .update, localRole: .passive)
    #expect(
      pipeline.prepareToSet(SDPFixtures.answer.text, answering).description?.media.map(\.setup) == [.passive, .passive])
    let first = Context(callId: "c", type: .answer, operation: .answerCall)
    #expect(
      pipeline.prepareToSet(SDPFixtures.answer.text, first).description?.media.map(\.setup) == [.active, .active])
  }

  @Test(.spec("R-DTLS-20")) func keysAreNeverOffered() {
    let offer = SDPFixtures.offer.changed { $0.media[0].addAttribute("crypto", "1 AES_CM_128_HMAC_SHA1_80 inline:x") }
    #expect(LocalDescriptionPipeline().prepareToSet(offer.text, offering).description == SDPFixtures.offer)
  }

  @Test(.spec("TV-86", "R-UP-8")) func aReofferKeepsTheCredentialsOfEverySection() {
    let current = SDPFixtures.answer
    let reoffer = current.changed {
      for index in $0.media.indices {
        $0.media[index].setup = .actpass
        $0.media[index].iceCredentials = current.media[0].iceCredentials
      }
    }
    var context = Context(callId: "c", type: .offer, operation: .hold, localRole: .active, current: current)
    let prepared = LocalDescriptionPipeline().prepareToSet(reoffer.text, context)
    #expect(prepared.description?.media.map(\.iceUfrag) == ["bUf1", "bUf2"])

    let reused = reoffer.changed { $0.media[1].mid = "2" }
    #expect(
      LocalDescriptionPipeline().prepareToSet(reused.text, context).description?.media.map(\.iceUfrag) == ["bUf1", "bUf1"])
    context.current = nil  // an ICE restart
    #expect(
      LocalDescriptionPipeline().prepareToSet(reoffer.text, context).description?.media.map(\.iceUfrag) == [
        "bUf1", "bUf1",
      ])
  }

  @Test(.spec("TV-13", "TV-14", "R-SDP-23", "R-SDP-31")) func handlersRunInOrderEachWithTheResultOfTheOneBefore() {
    let first = SDPHandler("H1") { sdp, _, _ in
      sdp.changed { $0.media[0].bandwidth = [.init(type: "AS", limit: 100)] }
    }
    let second = SDPHandler("H2") { sdp, _, original in
      sdp.changed {
        $0.media[0].addAttribute("x-saw", "\($0.media[0].bandwidth.map(\.limit)) \(original.media[0].bandwidth.count)")
      }
    }
    let pipeline = LocalDescriptionPipeline(SDPOptions(handlers: [first, second]))
    let prepared = pipeline.prepareToSet(SDPFixtures.offerText, offering)
    #expect(prepared.description?.media[0].attribute("x-saw") == "[100] 0")
  }

  @Test(.spec("TV-15", "TV-16", "TV-17", "R-SDP-41")) func aHandlerThatFailsChangesNothingAndStopsNobody() {
    struct Broken: Error {}
    let handlers = [
      SDPHandler("broken") { _, _, _ in throw Broken() },
      SDPHandler("silent") { _, _, _ in nil },
      SDPHandler("last") { sdp, _, _ in sdp.changed { $0.media[0].addAttribute("x-last") } },
    ]
    let prepared = LocalDescriptionPipeline(SDPOptions(handlers: handlers)).prepareToSet(Self.engineOffer.text, offering)
    #expect(prepared.remarks == [.handlerFailed(name: "broken", errorType: "Broken")])
    #expect(prepared.description?.media[0].hasAttribute("x-last") == true)
    #expect(prepared.description?.groups == [])
  }

  @Test(.spec("TV-18", "TV-25", "R-SDP-25", "R-SDP-28")) func handlersAreToldWhatTheDescriptionIs() {
    let handler = SDPHandler { sdp, info, _ in
      sdp.changed {
        $0.media[0].removeAttributes("candidate")
        $0.media[0].addAttribute(
          "x-info", "\(info.step.rawValue) \(info.operation.rawValue) \(info.type.rawValue) \(info.callId ?? "-")")
      }
    }
    let pipeline = LocalDescriptionPipeline(SDPOptions(handlers: [handler]))
    let set = pipeline.prepareToSet(SDPFixtures.offerText, offering)
    #expect(set.description?.media[0].attributes("x-info") == ["PRE_SET_LOCAL START_CALL offer -"])
    let sent = pipeline.prepareToSend(
      SDPFixtures.offerText, Context(callId: "c-1", type: .answer, operation: .answerCall))
    #expect(sent.description?.media[0].attributes("x-info") == ["PRE_SEND_LOCAL ANSWER_CALL answer c-1"])
    #expect(sent.description?.media[0].candidates == [])
    #expect(sent.original?.media[0].candidates.count == 2)
  }

  @Test(.spec("R-SDP-96")) func aHandlerCannotWidenAnAnswerBeyondTheOffer() {
    let widening = SDPHandler { sdp, _, _ in sdp.changed { $0.media[0].direction = .sendrecv } }
    let offer = SDPFixtures.offer.changed { $0.media[0].direction = .sendonly }
    let context = Context(callId: "c", type: .answer, operation: .hold, remoteOffer: offer)
    let pipeline = LocalDescriptionPipeline(SDPOptions(handlers: [widening]))
    #expect(pipeline.prepareToSet(SDPFixtures.answer.text, context).description?.media[0].direction == .recvonly)
    #expect(pipeline.prepareToSend(SDPFixtures.answer.text, context).description?.media[0].direction == .recvonly)
  }

  @Test(.spec("R-SDP-6")) func aLongDescriptionIsRemarkedWhenItLeaves() {
    let long = SDPFixtures.offer.changed { $0.media[0].addAttribute("x", String(repeating: "x", count: 4096)) }
    let prepared = LocalDescriptionPipeline().prepareToSend(long.text, offering)
    #expect(prepared.remarks == [.oversized(bytes: prepared.text.utf8.count)])
    #expect(LocalDescriptionPipeline().prepareToSend(SDPFixtures.offerText, offering).remarks == [])
  }

  @Test(.spec("R-SDP-44", "TV-28")) func whatCannotBeReadIsUsedAsItIs() {
    let handler = SDPHandler { _, _, _ in SDPFixtures.offer }
    let prepared = LocalDescriptionPipeline(SDPOptions(handlers: [handler])).prepareToSet("no description", offering)
    #expect(prepared == PreparedDescription(text: "no description", remarks: [.unreadable]))
  }

  @Test(.spec("TV-27", "R-SDP-43"), arguments: [DescriptionType.offer, .answer], [BundlePolicy.disabled, .balanced])
  func preparingAgainChangesNothing(_ type: DescriptionType, _ policy: BundlePolicy) {
    let pipeline = LocalDescriptionPipeline(
      SDPOptions(
        bundlePolicy: policy,
        codecsToReplace: [
          .init(name: "telephone-event/8000", value: 101), .init(name: "VP8/90000", value: 102),
          .init(name: "opus/48000", value: 8),
        ], opus: OpusParameters(maxPlaybackRate: 16000, fec: 0, ptime: 40), handlers: [.codecRemover(["PCMU"])]))
    let context = Context(
      callId: nil, type: type, operation: .update, advertisesTrickle: true, localRole: .passive,
      remoteOffer: SDPFixtures.offer, current: SDPFixtures.answer)
    let once = pipeline.prepareToSet(Self.engineOffer.text, context)
    let twice = pipeline.prepareToSet(once.text, context)
    #expect(twice.text == once.text)
    #expect(once.text != Self.engineOffer.text)
    #expect(pipeline.prepareToSend(once.text, context).text == once.text)
  }
}
