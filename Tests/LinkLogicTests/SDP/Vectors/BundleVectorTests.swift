import KandyTesting
import LinkLogic
import LinkProtocol
import Testing

/// Part 03 §18.4: BUNDLE and the trickle option.
@Suite struct BundleVectorTests {
  @Test(.spec("R-SDP-50", "R-SDP-52", "R-SDP-53", "R-SDP-75", "R-SDP-76"), arguments: vectors)
  func isAsRequired(_ vector: Vector) throws { try vector.show() }

  /// What an engine makes: bundled, with its own options.
  private static let engineOffer = LocalDescriptionPipelineTests.engineOffer

  private static func grouped(_ description: SessionDescription) -> SessionDescription {
    description.changed {
      $0.lines.append("a=group:BUNDLE 0 1")
      $0.media[1].addAttribute("bundle-only")
    }
  }

  /// Which ICE options leave, of the session and of its sections.
  private static func options(
    _ what: String, _ offer: SessionDescription, trickle: Bool, session: [String], sections: [[String]]
  ) -> Vector {
    Vector(what) {
      let context = LocalDescriptionPipeline.Context(
        callId: nil, type: .offer, operation: .startCall, advertisesTrickle: trickle)
      for prepared in [
        LocalDescriptionPipeline().prepareToSet(offer.text, context),
        LocalDescriptionPipeline().prepareToSend(offer.text, context),
      ] {
        #expect(prepared.description?.iceOptions == session)
        #expect(prepared.description?.media.map(\.iceOptions) == sections)
      }
    }
  }

  static let vectors: [Vector] = [
    Vector("TV-47 a group in an offer of this end") {
      let expected = SDPFixtures.offer.changed { $0.lines += ["a=extmap-allow-mixed"] }
      let set = try Vector.set(engineOffer)
      #expect(set.lineSets == expected.lineSets)
      let context = LocalDescriptionPipeline.Context(callId: nil, type: .offer, operation: .startCall)
      let sent = LocalDescriptionPipeline().prepareToSend(engineOffer.text, context).description
      #expect(sent?.groups == [])
      #expect(sent?.everyActiveSectionHasCandidate() == true)
    },
    Vector("TV-48 a group in an answer to none") {
      let prepared = try Vector.answered(grouped(SDPFixtures.answer))
      #expect(prepared == SDPFixtures.answer)
    },
    Vector("TV-49 a section that was to ride along, at a port") {
      let prepared = try Vector.received(grouped(SDPFixtures.offer))
      #expect(prepared == SDPFixtures.offer)
    },
    Vector("TV-49 a section that was to ride along, at port 0") {
      let offer = SDPFixtures.offer.changed { $0.media[1].port = 0 }
      let prepared = try Vector.received(grouped(offer))
      #expect(prepared == offer)
      #expect(prepared.media[1].isRejected)
    },
    Vector("TV-50 max-bundle") {
      let bundling = SDPOptions(bundlePolicy: .maxBundle)
      let offered = try Vector.set(engineOffer, bundling)
      #expect(offered.groups == [.init(type: "BUNDLE", mids: ["0", "1"])])
      // One transport: the second section needs no candidates of its own.
      let alone = offered.changed { $0.media[1].removeAttributes("candidate") }
      #expect(alone.everyActiveSectionHasCandidate())
      let accepted = try Vector.answered(grouped(SDPFixtures.answer), bundling)
      #expect(accepted == grouped(SDPFixtures.answer))
    },
    options("TV-52 no trickle, engine offers it", engineOffer, trickle: false, session: [], sections: [[], []]),
    options("TV-52 no trickle, engine does not", SDPFixtures.offer, trickle: false, session: [], sections: [[], []]),
    options(
      "TV-53 trickle, engine does not offer it", SDPFixtures.offer, trickle: true, session: ["trickle"], sections: [[], []]),
    options(
      "TV-53 trickle, engine offers it", engineOffer, trickle: true, session: [], sections: [["trickle"], ["trickle"]]),
  ]
}
