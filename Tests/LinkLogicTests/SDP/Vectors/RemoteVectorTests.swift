import KandyTesting
import LinkLogic
import LinkProtocol
import Testing

/// Part 03 §18.6: what a far end sends, made usable.
@Suite struct RemoteVectorTests {
  @Test(
    .spec(
      "R-SDP-83", "R-SDP-84", "R-SDP-88", "R-SDP-91", "R-SDP-96", "R-SDP-97", "R-DTLS-4", "R-DTLS-5", "R-DTLS-6", "R-DTLS-8",
      "R-DTLS-21", "R-DTLS-22", "R-DTLS-24", "R-UP-8", "R-UP-22"),
    arguments: descriptions + credentials + roles + answers + endpoints)
  func isAsRequired(_ vector: Vector) throws { try vector.show() }

  typealias Context = RemoteDescriptionPipeline.Context

  /// A first offer and what it becomes; it stays as it is if nothing else is given.
  private static func offer(
    _ what: String, _ change: @escaping @Sendable (inout SessionDescription) -> Void,
    becomes repaired: (@Sendable (inout SessionDescription) -> Void)? = nil
  ) -> Vector {
    Vector(what) {
      let offer = SDPFixtures.offer.changed(change)
      let expected = repaired.map { SDPFixtures.offer.changed($0) } ?? offer
      let prepared = try Vector.received(offer)
      #expect(prepared.lineSets == expected.lineSets)
    }
  }

  private static func refused(_ what: String, _ type: DescriptionType, _ problem: SDPProblem) -> Vector {
    Vector(what) {
      let text = "v=0\r\nm=audio 5000 RTP/AVP 0\r\na=crypto:1 AES inline:x\r\n"
      let context = Context(
        callId: "c", type: type, operation: .startCall, isOriginator: type == .answer, localOffer: SDPFixtures.offer)
      #expect(throws: problem) { try RemoteDescriptionPipeline().prepareToSet(text, context) }
    }
  }

  static let descriptions: [Vector] = [
    offer("TV-68 keys beside fingerprints") {
      for index in $0.media.indices { $0.media[index].addAttribute("crypto", "1 AES inline:x") }
    } becomes: { _ in
    },
    refused("TV-69 an offer with keys only", .offer, .onlySDES),
    refused("TV-70 an answer with keys only", .answer, .onlySDES),
    offer("TV-71 a fingerprint for the session") {
      $0.lines += ["a=fingerprint:\(SDPFixtures.fingerprint)", "a=setup:actpass"]
      for index in $0.media.indices {
        $0.media[index].fingerprint = nil
        $0.media[index].setup = nil
      }
    },
    offer("TV-72 video without fingerprint and role") {
      $0.media[1].fingerprint = nil
      $0.media[1].setup = nil
    } becomes: { _ in
    },
    offer("TV-72 video with a key instead of a fingerprint") {
      $0.media[1].fingerprint = nil
      $0.media[1].setup = nil
      $0.media[1].addAttribute("crypto", "1 AES inline:x")
    } becomes: { _ in
    },
    offer("TV-73 rejected video") {
      $0.media[1] = MediaSection(type: "video", port: 0, protocol: "RTP/AVP", payloads: ["96"], lines: ["a=inactive"])
    },
    offer("TV-77 google-ice") {
      $0.lines.append("a=ice-options:google-ice")
      $0.media[1].addAttribute("ice-options", "google-ice trickle")
    } becomes: {
      $0.media[1].iceOptions = ["trickle"]
    },
    Vector("TV-78 a direction for the session") {
      let offer = SDPFixtures.offer.changed {
        $0.lines.append("a=sendonly")
        for index in $0.media.indices { $0.media[index].direction = nil }
      }
      let prepared = try Vector.received(offer)
      #expect(prepared.media.map(\.direction) == [.sendonly, .sendonly])
      #expect(MediaDirection.sendrecv.answering(prepared.direction(of: .audio)) == .recvonly)
    },
  ]

  // MARK: - Credentials

  /// Video whose credentials are not usable, in an offer in a call.
  private static func incomplete(
    _ what: String, ufrag: String?, current: SessionDescription?, becomes expected: ICECredentials?
  ) -> Vector {
    Vector(what) {
      let offer = SDPFixtures.offer.changed {
        $0.media[1].iceUfrag = ufrag
        $0.media[1].icePwd = ufrag == nil ? nil : "0123456789abcdefghijklmn"
      }
      let context = Context(callId: "c", type: .offer, operation: .update, isOriginator: false, current: current)
      let prepared = try RemoteDescriptionPipeline().prepareToSet(offer.text, context)
      #expect(prepared.description?.media[1].iceCredentials == expected)
      #expect(prepared.description?.media[0] == offer.media[0])
    }
  }

  static let credentials: [Vector] = [
    incomplete(
      "TV-74 none, as before", ufrag: nil, current: SDPFixtures.answer,
      becomes: SDPFixtures.answer.media[1].iceCredentials),
    incomplete("TV-75 none, none before", ufrag: nil, current: nil, becomes: SDPFixtures.offer.media[0].iceCredentials),
    incomplete(
      "TV-76 three characters, as before", ufrag: "abc", current: SDPFixtures.answer,
      becomes: SDPFixtures.answer.media[1].iceCredentials),
    incomplete(
      "TV-76 three characters, none before", ufrag: "abc", current: nil,
      becomes: SDPFixtures.offer.media[0].iceCredentials),
    Vector("TV-86 credentials of a re-offer by the answerer") {
      let current = SDPFixtures.answer
      #expect(current.media.map(\.iceUfrag) == ["bUf1", "bUf2"])
      // An engine that proposes BUNDLE gives all sections the credentials of the first.
      let reoffer = current.changed {
        for index in $0.media.indices {
          $0.media[index].setup = .actpass
          $0.media[index].iceCredentials = current.media[0].iceCredentials
        }
      }
      var context = LocalDescriptionPipeline.Context(
        callId: "c", type: .offer, operation: .hold, localRole: .active, current: current)
      func ufrags(_ offer: SessionDescription) -> [String?]? {
        LocalDescriptionPipeline().prepareToSet(offer.text, context).description?.media.map(\.iceUfrag)
      }
      #expect(ufrags(reoffer) == ["bUf1", "bUf2"])
      // Not of a slot that is used anew, nor when ICE is restarted.
      #expect(ufrags(reoffer.changed { $0.media[1].mid = "2" }) == ["bUf1", "bUf1"])
      context.current = nil
      #expect(ufrags(reoffer) == ["bUf1", "bUf1"])
    },
  ]

  // MARK: - Roles

  /// What the far end says of its role, and what the engine is told.
  private static func role(
    _ what: String, _ type: DescriptionType, _ stated: SetupRole?, localRole: DTLSRole? = nil, isOriginator: Bool = true,
    becomes result: SetupRole?
  ) -> Vector {
    Vector(what) {
      var context = Context(
        callId: "c", type: type, operation: .update, localRole: localRole, isOriginator: isOriginator)
      if type != .offer { context.localOffer = SDPFixtures.offer }
      let received = SDPFixtures.answer.changed {
        for index in $0.media.indices { $0.media[index].setup = stated }
      }
      let prepared = try RemoteDescriptionPipeline().prepareToSet(received.text, context).description
      #expect(prepared?.media.map(\.setup) == [result, result])
    }
  }

  static let roles: [Vector] = [
    role("TV-80 active in a first offer", .offer, .active, becomes: .active),
    role("TV-81 passive in a first offer", .offer, .passive, becomes: .passive),
    role("TV-81 none in a first offer", .offer, nil, becomes: nil),
    role("TV-82 actpass in the answer to the caller", .answer, .actpass, becomes: .passive),
    Vector("TV-82 the caller is active then") {
      let answer = SDPFixtures.answer.changed { for index in $0.media.indices { $0.media[index].setup = .actpass } }
      let prepared = try Vector.answered(answer)
      #expect(DTLSRole.local(afterRemoteAnswer: prepared) == .active)
    },
    role("TV-83 passive, as this end is, in an offer", .offer, .passive, localRole: .passive, becomes: .actpass),
    Vector("TV-83 this end stays passive") {
      let context = LocalDescriptionPipeline.Context(callId: "c", type: .answer, operation: .update, localRole: .passive)
      let answer = LocalDescriptionPipeline().prepareToSet(SDPFixtures.answer.text, context).description
      #expect(answer?.media.map(\.setup) == [.passive, .passive])
    },
    role("TV-84 the other role than before", .answer, .active, localRole: .active, becomes: .passive),
    role("TV-85 holdconn in a call", .answer, .holdconn, localRole: .passive, becomes: .active),
  ]

  // MARK: - Answers

  /// The direction of an answer to an offer with another one.
  private static func clamped(
    _ what: String, _ offered: MediaDirection, _ answered: MediaDirection?, becomes result: MediaDirection
  ) -> Vector {
    Vector(what) {
      let context = Context(
        callId: "c", type: .answer, operation: .hold, localRole: .passive, isOriginator: true,
        localOffer: SDPFixtures.offer.changed { $0.media[0].direction = offered })
      let answer = SDPFixtures.answer.changed { $0.media[0].direction = answered }
      let prepared = try RemoteDescriptionPipeline().prepareToSet(answer.text, context)
      #expect(prepared.description?.media[0].direction == result)
      // Whether the far end holds is read from what it said.
      #expect(prepared.original?.media[0].direction == answered)
    }
  }

  static let answers: [Vector] = [
    clamped("TV-87 sendrecv to sendonly", .sendonly, .sendrecv, becomes: .recvonly),
    clamped("TV-87 nothing to sendonly", .sendonly, nil, becomes: .recvonly),
    clamped("TV-87 sendonly to sendonly", .sendonly, .sendonly, becomes: .inactive),
    clamped("TV-87 sendrecv to recvonly", .recvonly, .sendrecv, becomes: .sendonly),
    clamped("TV-87 recvonly to recvonly", .recvonly, .recvonly, becomes: .inactive),
    clamped("TV-87 sendonly to sendrecv", .sendrecv, .sendonly, becomes: .sendonly),
    clamped("TV-88 sendrecv to inactive", .inactive, .sendrecv, becomes: .inactive),
    Vector("TV-88 that is no hold") {
      let answer = SDPFixtures.answer.changed { $0.media[0].direction = .sendrecv }
      let context = Context(
        callId: "c", type: .answer, operation: .hold, isOriginator: true,
        localOffer: SDPFixtures.offer.changed { for index in $0.media.indices { $0.media[index].direction = .inactive } })
      let prepared = try RemoteDescriptionPipeline().prepareToSet(answer.text, context)
      #expect(prepared.description?.isHold == true)
      #expect(prepared.original?.isHold == false)
    },
    Vector("TV-89 no video section") {
      let prepared = try Vector.answered(SDPFixtures.answer.changed { $0.media.removeLast() })
      #expect(prepared.media[0] == SDPFixtures.answer.media[0])
      #expect(
        prepared.media[1]
          == MediaSection(
            type: "video", port: 0, protocol: "UDP/TLS/RTP/SAVPF", payloads: ["96"], lines: ["a=mid:1", "a=inactive"]))
    },
    Vector("TV-90 only H.263") {
      let answer = SDPFixtures.answer.changed {
        $0.media[1].payloads = ["34"]
        $0.media[1].lines.removeAll { ["rtpmap", "fmtp", "rtcp-fb"].contains($0.attributeName) }
      }
      let prepared = try Vector.answered(answer)
      #expect(prepared.media.map(\.isRejected) == [false, true])
      #expect(prepared.direction(of: .video) == .inactive)
    },
  ]

  // MARK: - Endpoints

  /// Whether an offer in a call needs another peer.
  private static func endpoint(
    _ what: String, isNew: Bool, _ change: @escaping @Sendable (inout SessionDescription) -> Void
  ) -> Vector {
    Vector(what) {
      #expect(SDPFixtures.offer.changed(change).comesFromNewEndpoint(comparedTo: SDPFixtures.offer) == isNew)
    }
  }

  static let endpoints: [Vector] = [
    endpoint("TV-95 fewer sections", isNew: true) { $0.media.removeLast() },
    endpoint("TV-95 swapped sections", isNew: true) { $0.media.swapAt(0, 1) },
    endpoint("TV-96 another session, fingerprint and credentials", isNew: true) {
      $0.lines[1] = "o=- 99 1 IN IP4 127.0.0.1"
      for index in $0.media.indices {
        $0.media[index].fingerprint = .init(type: "sha-256", hash: "AB:CD")
        $0.media[index].iceCredentials = ICECredentials(ufrag: "nUf1", pwd: "0123456789abcdefghijklmn")
      }
    },
    endpoint("TV-97 another session", isNew: false) { $0.lines[1] = "o=- 99 1 IN IP4 127.0.0.1" },
    endpoint("TV-98 another number for telephone events", isNew: false) {
      $0.media[0].payloads[4] = "101"
      $0.media[0].removeAttributes("rtpmap") { $0.hasPrefix("126 ") }
      $0.media[0].addAttribute("rtpmap", "101 telephone-event/8000")
    },
  ]
}
