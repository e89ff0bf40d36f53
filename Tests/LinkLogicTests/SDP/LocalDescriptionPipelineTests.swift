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

  @Test(.spec("R-SDP-52")) func otherGroupsStay() {
    let offer = Self.engineOffer.changed { $0.lines += ["a=group:LS 0 1"] }
    let prepared = LocalDescriptionPipeline().prepareToSet(offer.text, offering)
    #expect(prepared.description?.groups == [.init(type: "LS", mids: ["0", "1"])])
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

  @Test(.spec("R-SDP-25", "R-SDP-28")) func handlersAreToldWhatTheDescriptionIs() {
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

}
