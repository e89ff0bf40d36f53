import KandyTesting
import KandyWebRTC
import LinkLogic
import LinkMedia
import LinkProtocol
import Testing

extension WebRTCTests {
  /// Offers as other engines and gateways make them, between two real ends: part 03 §18.4 and §18.6.
  @Suite struct CompatibilityTests {
    struct Row: Sendable, CustomTestStringConvertible {
      let testDescription: String
      /// What becomes of an offer of audio and video on its way.
      let change: @Sendable (inout SessionDescription) -> Void
      /// What the answer has to be.
      let isAnswered: @Sendable (SessionDescription) -> Bool
      /// Whether pictures arrive.
      let flows: Bool

      init(
        _ what: String, flows: Bool = true, change: @escaping @Sendable (inout SessionDescription) -> Void,
        isAnswered: @escaping @Sendable (SessionDescription) -> Bool
      ) {
        testDescription = what
        self.change = change
        self.isAnswered = isAnswered
        self.flows = flows
      }
    }

    @Test(.spec("R-ICE-5", "R-SDP-52", "R-SDP-53", "R-SDP-88", "R-SDP-92", "R-DTLS-21"), arguments: rows)
    func isAnsweredAndAudioFlows(_ row: Row) async throws {
      let engine = WebRTCEngine()
      let pair = try await Pair(engine)
      try await pair.alice.equip([.audio, .video], pair.aliceMouth, pair.aliceLens)
      let own = try await pair.alice.offer()
      var offer = try SessionDescription(own)
      row.change(&offer)
      let received = try RemoteDescriptionPipeline().prepareToSet(
        offer.text, .init(callId: "c", type: .offer, operation: .answerCall, isOriginator: false))
      try await pair.bob.peer.setRemoteDescription(.offer, received.text)
      try await pair.bob.equip(try await pair.bob.peer.transceivers(), pair.bobMouth, pair.bobLens)
      let answer = try await pair.bob.answer()
      let isAnswered = try row.isAnswered(SessionDescription(answer))
      #expect(isAnswered, "\(answer)")
      let accepted = try RemoteDescriptionPipeline().prepareToSet(
        answer,
        .init(
          callId: "c", type: .answer, operation: .startCall, isOriginator: true, localOffer: try SessionDescription(own)))
      try await pair.alice.peer.setRemoteDescription(.answer, accepted.text)
      #expect(await pair.alice.ear.hears(1000))
      #expect(await pair.bob.ear.hears(440))
      if row.flows {
        #expect(await pair.alice.eye.seesCounting())
        #expect(await pair.bob.eye.seesCounting())
      }
      await engine.shutdown()
    }

    static let rows: [Row] = [
      Row("TV-49 a section that was to ride along, at a port") { offer in
        offer.lines.append("a=group:BUNDLE 0 1")
        offer.media[1].addAttribute("bundle-only")
      } isAnswered: { answer in
        answer.groups.isEmpty && answer.everyActiveSectionHasCandidate() && !answer.media[1].isRejected
          && answer.iceCredentials(of: answer.media[0]) != answer.iceCredentials(of: answer.media[1])
      },
      Row("TV-49 a section that was to ride along, at port 0", flows: false) { offer in
        offer.lines.append("a=group:BUNDLE 0 1")
        offer.media[1].addAttribute("bundle-only")
        offer.media[1].port = 0
      } isAnswered: { answer in
        answer.groups.isEmpty && answer.media.map(\.isRejected) == [false, true]
      },
      Row("TV-68 keys beside fingerprints") { offer in
        let key = "1 AES_CM_128_HMAC_SHA1_80 inline:MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkw"
        for index in offer.media.indices { offer.media[index].addAttribute("crypto", key) }
      } isAnswered: { answer in
        answer.media.allSatisfy { !$0.hasCrypto && $0.fingerprint != nil }
      },
      Row("TV-79 no rtcp-mux") { offer in
        for index in offer.media.indices { offer.media[index].removeAttributes("rtcp-mux") }
      } isAnswered: { answer in
        answer.media.allSatisfy { !$0.rtcpMux && $0.candidates.contains { $0.component == 2 } }
      },
      Row("TV-91 only H.263", flows: false) { offer in
        offer.media[1].payloads = ["34"]
        for name in ["rtpmap", "fmtp", "rtcp-fb"] { offer.media[1].removeAttributes(name) }
        offer.media[1].addAttribute("rtpmap", "34 H263/90000")
      } isAnswered: { answer in
        answer.media.map(\.isRejected) == [false, true]
      },
      Row("TV-92 only H.264 of profile 428014") { offer in
        let mode = "packetization-mode=1"
        let baseline = offer.media[1].fmtp.first { $0.config.contains(mode) && $0.config.contains("profile-level-id=42001f") }
        guard let payload = baseline?.payload else {
          offer.media.removeLast()
          return
        }
        offer.media[1].payloads = [String(payload)]
        offer.media[1].setAttributes("rtpmap", ["\(payload) H264/90000"])
        offer.media[1].setAttributes("fmtp", ["\(payload) level-asymmetry-allowed=1;\(mode);profile-level-id=428014"])
        offer.media[1].removeAttributes("rtcp-fb") { !$0.hasPrefix("\(payload) ") }
      } isAnswered: { answer in
        answer.media[1].codecs.map(\.name) == ["H264"] && answer.media[1].port != 0
      },
      Row("TV-93 capital letters, and numbers that need no names") { offer in
        offer.media[0].removeAttributes("rtpmap") { $0.hasPrefix("0 ") || $0.hasPrefix("8 ") }
        let maps = offer.media[0].attributes("rtpmap")
        offer.media[0].setAttributes("rtpmap", maps.map { $0.replacing("opus/48000/2", with: "OPUS/48000/2") })
      } isAnswered: { answer in
        Set(answer.media[0].codecs.map { $0.name.lowercased() }).isSuperset(of: ["opus", "pcmu", "pcma"])
      },
      Row("TV-94 inactive video with a bandwidth", flows: false) { offer in
        offer.media[1].direction = .inactive
        offer.media[1].bandwidth = [.init(type: "AS", limit: 500)]
      } isAnswered: { answer in
        answer.media.map(\.direction) == [.sendrecv, .inactive] && !answer.media[1].isRejected
      },
    ]

    // MARK: Telephone events

    private static let replacing = SDPOptions(codecsToReplace: [.init(name: "telephone-event/8000", value: 101)])

    /// Alice's offer with these options, as it leaves.
    private func offer(_ pair: Pair, _ options: SDPOptions) async throws -> String {
      let made = without("telephone-event/48000", in: try await pair.alice.peer.createOffer(iceRestart: false))
      let prepared = LocalDescriptionPipeline(options).prepareToSet(
        made, .init(callId: "c", type: .offer, operation: .update))
      try await pair.alice.peer.setLocalDescription(.offer, prepared.text)
      return try await pair.alice.gathered()
    }

    private func events(_ sdp: String) throws -> [Int] {
      try SessionDescription(sdp).media[0].codecs.filter { $0.name == "telephone-event" }.map(\.payload)
    }

    @Test(.spec("TV-98", "R-SDP-61", "R-MEDIA-43")) func telephoneEventsGetAnotherNumberInACall() async throws {
      let engine = WebRTCEngine()
      let pair = try await Pair(engine)
      let keypad = Counter()
      try await pair.bob.peer.setAudioSinks([pair.bob.ear, keypad])
      try await pair.alice.equip([.audio], pair.aliceMouth, pair.aliceLens)
      for (options, number) in [(SDPOptions(), 126), (Self.replacing, 101)] {
        let offer = try await offer(pair, options)
        #expect(try events(offer) == [number])
        try await pair.bob.peer.setRemoteDescription(.offer, offer)
        try await pair.bob.equip([.audio], pair.bobMouth, pair.bobLens)
        let answer = try await pair.bob.answer()
        #expect(try events(answer) == [number])
        try await pair.alice.peer.setRemoteDescription(.answer, answer)
        #expect(await pair.bob.ear.hears(440))
      }
      try await pair.alice.peer.sendDTMF(#require(DTMFTones("159", duration: .milliseconds(200), gap: .milliseconds(100))))
      #expect(await keypad.counts("159"))
      await engine.shutdown()
    }

    /// A gateway that answers 101 whatever is offered gets what it has asked for (RFC 3264 §6.1).
    @Test(.spec("TV-164", "R-SDP-61", "R-MEDIA-43"), arguments: [false, true])
    func aGatewayTakesTelephoneEventsWithItsOwnNumber(_ isReplaced: Bool) async throws {
      let engine = WebRTCEngine()
      let pair = try await Pair(engine)
      try await pair.alice.equip([.audio], pair.aliceMouth, pair.aliceLens)
      try await pair.bob.peer.setRemoteDescription(.offer, try await offer(pair, isReplaced ? Self.replacing : SDPOptions()))
      try await pair.bob.equip([.audio], pair.bobMouth, pair.bobLens)
      var answer = try SessionDescription(try await pair.bob.answer())
      answer.media[0].payloads = answer.media[0].payloads.map { $0 == "126" ? "101" : $0 }
      let maps = answer.media[0].attributes("rtpmap")
      answer.media[0].setAttributes("rtpmap", maps.map { $0 == "126 telephone-event/8000" ? "101 telephone-event/8000" : $0 })
      #expect(try events(answer.text) == [101])
      try await pair.alice.peer.setRemoteDescription(.answer, answer.text)
      #expect(await pair.bob.ear.hears(440))
      #expect(try await pair.alice.peer.canSendDTMF())
      await engine.shutdown()
    }
  }
}
