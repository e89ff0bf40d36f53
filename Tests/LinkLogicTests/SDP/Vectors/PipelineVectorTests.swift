import KandyTesting
import LinkLogic
import LinkProtocol
import Testing

/// Part 03 §18.2: handlers. Which of them a whole call runs, and for what, is shown at the client.
@Suite struct PipelineVectorTests {
  @Test(.spec("R-SDP-23", "R-SDP-28", "R-SDP-31", "R-SDP-41", "R-SDP-43", "R-SDP-44"), arguments: vectors)
  func isAsRequired(_ vector: Vector) throws { try vector.show() }

  private struct Broken: Error {}

  private static let marking = SDPHandler("last") { sdp, _, _ in sdp.changed { $0.media[0].addAttribute("x-last") } }

  /// What an engine offers, after these handlers.
  private static func run(_ handlers: SDPHandler...) -> PreparedDescription {
    let offer = SDPFixtures.offer.changed { $0.lines += ["a=group:BUNDLE 0 1"] }
    return LocalDescriptionPipeline(SDPOptions(handlers: handlers)).prepareToSet(
      offer.text, .init(callId: nil, type: .offer, operation: .startCall))
  }

  /// A chain with everything that is built in, applied to its own result.
  private static func twice(_ what: String, _ type: DescriptionType, _ policy: BundlePolicy) -> Vector {
    Vector(what) {
      let pipeline = LocalDescriptionPipeline(
        SDPOptions(
          bundlePolicy: policy,
          codecsToReplace: [
            .init(name: "telephone-event/8000", value: 101), .init(name: "VP8/90000", value: 102),
            .init(name: "opus/48000", value: 8),
          ], opus: OpusParameters(maxPlaybackRate: 16000, fec: 0, ptime: 40), handlers: [.codecRemover(["PCMU"])]))
      let context = LocalDescriptionPipeline.Context(
        callId: nil, type: type, operation: .update, advertisesTrickle: true, localRole: .passive,
        remoteOffer: SDPFixtures.offer, current: SDPFixtures.answer)
      let offer = LocalDescriptionPipelineTests.engineOffer.text
      let once = pipeline.prepareToSet(offer, context)
      #expect(pipeline.prepareToSet(once.text, context).text == once.text)
      #expect(once.text != offer)
      #expect(pipeline.prepareToSend(once.text, context).text == once.text)
    }
  }

  private static func twiceReceived(_ what: String, _ text: String) -> Vector {
    Vector(what) {
      for type in [DescriptionType.offer, .answer] {
        for role in [nil, DTLSRole.active, .passive] {
          let context = RemoteDescriptionPipeline.Context(
            callId: "c", type: type, operation: .update, localRole: role, isOriginator: true,
            localOffer: SDPFixtures.offer, current: SDPFixtures.answer)
          let once = try RemoteDescriptionPipeline().prepareToSet(text, context).text
          let again = try RemoteDescriptionPipeline().prepareToSet(once, context).text
          #expect(again == once)
        }
      }
    }
  }

  static let vectors: [Vector] =
    [
      Vector("TV-13 a handler sees what the one before has changed") {
        let first = SDPHandler("H1") { sdp, _, _ in
          sdp.changed { $0.media[0].bandwidth = [.init(type: "AS", limit: 100)] }
        }
        let second = SDPHandler("H2") { sdp, _, original in
          sdp.changed {
            $0.media[0].addAttribute("x-saw", "\($0.media[0].bandwidth.map(\.limit)) \(original.media[0].bandwidth.count)")
          }
        }
        #expect(run(first, second).description?.media[0].attribute("x-saw") == "[100] 0")
        #expect(run(second, first).description?.media[0].attribute("x-saw") == "[] 0")
      },
      Vector("TV-14 a handler changes its copy and returns it") {
        let setting = SDPHandler { sdp, _, _ in
          var sdp = sdp
          sdp.media[0].ptime = 20
          return sdp
        }
        #expect(run(setting).description?.media[0].ptime == 20)
      },
      Vector("TV-15 a handler returns nothing") {
        let silent = SDPHandler("silent") { sdp, _, _ in
          _ = sdp.changed { $0.media.removeAll() }
          return nil
        }
        #expect(run(silent).description == run().description)
        #expect(run(silent, marking).description == run(marking).description)
      },
      Vector("TV-16 a handler throws") {
        let broken = SDPHandler("broken") { _, _, _ in throw Broken() }
        let prepared = run(broken, marking)
        #expect(prepared.description == run(marking).description)
        #expect(prepared.remarks == [.handlerFailed(name: "broken", errorType: "Broken")])
      },
      // There is no `next` to forget: a handler that does nothing stops nobody.
      Vector("TV-17 a handler does not hand on") {
        let prepared = run(SDPHandler { _, _, _ in nil }, marking)
        #expect(prepared.description?.media[0].hasAttribute("x-last") == true)
        #expect(prepared.description?.groups == [])
      },
      Vector("TV-24 an early answer") {
        let handler = SDPHandler { sdp, info, _ in
          sdp.changed {
            $0.media[0].addAttribute("x-info", "\(info.step.rawValue) \(info.operation.rawValue) \(info.type.rawValue)")
          }
        }
        for type in [DescriptionType.pranswer, .answer] {
          let context = RemoteDescriptionPipeline.Context(
            callId: "c", type: type, operation: .startCall, isOriginator: true, localOffer: SDPFixtures.offer)
          let prepared = try RemoteDescriptionPipeline(SDPOptions(handlers: [handler])).prepareToSet(
            SDPFixtures.answer.text, context)
          #expect(prepared.description?.media[0].attribute("x-info") == "PRE_SET_REMOTE START_CALL \(type.rawValue)")
        }
      },
      Vector("TV-25 a handler removes candidates before sending") {
        let handler = SDPHandler { sdp, info, _ in
          info.step == .preSendLocal ? sdp.changed { $0.media[0].removeAttributes("candidate") } : nil
        }
        let pipeline = LocalDescriptionPipeline(SDPOptions(handlers: [handler]))
        let context = LocalDescriptionPipeline.Context(callId: "c", type: .offer, operation: .startCall)
        #expect(pipeline.prepareToSet(SDPFixtures.offerText, context).description?.media[0].candidates.count == 2)
        let sent = pipeline.prepareToSend(SDPFixtures.offerText, context)
        #expect(sent.description?.media[0].candidates == [])
        #expect(sent.original?.media[0].candidates.count == 2)
      },
      twice("TV-27 an offer", .offer, .disabled), twice("TV-27 an answer", .answer, .disabled),
      twice("TV-27 a bundled offer", .offer, .balanced), twice("TV-27 a bundled answer", .answer, .balanced),
      twiceReceived("TV-27 a remote offer", SDPFixtures.offerText),
      twiceReceived("TV-27 the answer of a gateway", SDPFixtures.gatewayAnswerText),
      twiceReceived("TV-27 the hold of a 3.16 client", SDPFixtures.planBHoldText),
      twiceReceived("TV-27 a remote answer", SDPFixtures.answer.text),
    ]
    + ["no description", "v=0\r\nm=audio\r\n"].map { text in
      Vector("TV-28 what cannot be read: \(text.debugDescription)") {
        let handler = SDPHandler { _, _, _ in SDPFixtures.offer }
        let options = SDPOptions(handlers: [handler])
        let untouched = PreparedDescription(text: text, remarks: [.unreadable])
        let local = LocalDescriptionPipeline.Context(callId: "c", type: .offer, operation: .startCall)
        #expect(LocalDescriptionPipeline(options).prepareToSet(text, local) == untouched)
        let remote = RemoteDescriptionPipeline.Context(callId: "c", type: .offer, operation: .answerCall, isOriginator: false)
        let prepared = try RemoteDescriptionPipeline(options).prepareToSet(text, remote)
        #expect(prepared == untouched)
      }
    }
}
