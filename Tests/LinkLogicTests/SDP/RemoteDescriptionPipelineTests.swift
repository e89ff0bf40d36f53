import KandyTesting
import LinkLogic
import LinkProtocol
import Testing

@Suite struct RemoteDescriptionPipelineTests {
  typealias Context = RemoteDescriptionPipeline.Context

  let incoming = Context(callId: "c", type: .offer, operation: .answerCall, isOriginator: false)
  let answered = Context(
    callId: "c", type: .answer, operation: .startCall, isOriginator: true, localOffer: SDPFixtures.offer)

  func prepare(_ description: SessionDescription, _ context: Context) throws -> SessionDescription {
    try #require(try RemoteDescriptionPipeline().prepareToSet(description.text, context).description)
  }

  @Test func aSoundOfferStaysAsItIs() throws {
    let prepared = try RemoteDescriptionPipeline().prepareToSet(SDPFixtures.offerText, incoming)
    #expect(
      prepared
        == PreparedDescription(
          text: SDPFixtures.offerText, description: SDPFixtures.offer, original: SDPFixtures.offer))
  }

  @Test(.spec("TV-164", "TV-82", "R-DTLS-5")) func theGatewaysAnswerIsRepaired() throws {
    let answer = SDPFixtures.description(SDPFixtures.gatewayAnswerText)
    let prepared = try prepare(answer, answered)
    let expected = answer.changed {
      $0.media[0].setup = .passive
      $0.media[0].direction = .sendrecv
    }
    #expect(prepared.lineSets == expected.lineSets)
    #expect(DTLSRole.local(afterRemoteAnswer: prepared) == .active)
  }

  // MARK: - Sanity

  @Test(
    .spec("R-SDP-90", "R-DTLS-22", "R-DTLS-25", "TV-69", "TV-70"),
    arguments: [
      ("", SDPProblem.empty), ("v=0\r\ns=-\r\n", .noMediaSection),
      ("v=0\r\nm=audio 5000 RTP/AVP 0\r\na=crypto:1 AES inline:x\r\n", .onlySDES),
      ("v=0\r\nm=audio 5000 RTP/AVP 0\r\n", .unsecured),
    ])
  func whatCannotBeUsedIsRefusedWithTheReason(_ text: String, _ problem: SDPProblem) {
    for context in [incoming, answered] {
      #expect(throws: problem) { try RemoteDescriptionPipeline().prepareToSet(text, context) }
    }
  }

  @Test(.spec("R-SDP-44", "TV-28")) func whatCannotBeReadGoesToTheEngine() throws {
    let handler = SDPHandler { _, _, _ in SDPFixtures.offer }
    let pipeline = RemoteDescriptionPipeline(SDPOptions(handlers: [handler]))
    let prepared = try pipeline.prepareToSet("v=0\r\nm=audio\r\n", incoming)
    #expect(prepared == PreparedDescription(text: "v=0\r\nm=audio\r\n", remarks: [.unreadable]))
  }

  @Test(.spec("TV-12", "R-SDP-90")) func anMLineWithoutFormatGetsOneAndCountsAsRejected() throws {
    for port in [0, 5004] {
      let offer = SDPFixtures.offer.changed {
        $0.media[1].payloads = []
        $0.media[1].port = port
      }
      #expect(try prepare(offer, incoming).media[1].mediaLine == "m=video 0 UDP/TLS/RTP/SAVPF 0")
    }
  }

  @Test(.spec("R-SDP-93")) func whatIsNoLineOfSDPGoes() throws {
    let offer = SDPFixtures.offer.changed {
      $0.lines.append("{")
      $0.media[1].lines += ["}", "}}"]
    }
    #expect(try prepare(offer, incoming) == SDPFixtures.offer)
  }

  // MARK: - Security

  @Test(.spec("TV-68", "R-DTLS-21")) func keysNextToFingerprintsGo() throws {
    let offer = SDPFixtures.offer.changed {
      for index in $0.media.indices { $0.media[index].addAttribute("crypto", "1 AES inline:x") }
    }
    #expect(try prepare(offer, incoming) == SDPFixtures.offer)
  }

  @Test(.spec("TV-71", "R-DTLS-24")) func aFingerprintOfTheSessionIsEnough() throws {
    let offer = SDPFixtures.offer.changed {
      $0.lines += ["a=fingerprint:\(SDPFixtures.fingerprint)", "a=setup:actpass"]
      for index in $0.media.indices {
        $0.media[index].fingerprint = nil
        $0.media[index].setup = nil
      }
    }
    #expect(try prepare(offer, incoming) == offer)
  }

  @Test(.spec("TV-72", "R-DTLS-24")) func aMissingFingerprintIsCopied() throws {
    let offer = SDPFixtures.offer.changed {
      $0.media[1].fingerprint = nil
      $0.media[1].setup = nil
      $0.media[1].addAttribute("crypto", "1 AES inline:x")
    }
    #expect(try prepare(offer, incoming).lineSets == SDPFixtures.offer.lineSets)
  }

  @Test(.spec("TV-73", "R-DTLS-24", "R-SDP-84")) func aRejectedSectionNeedsNothing() throws {
    let offer = SDPFixtures.offer.changed {
      $0.media[1] = MediaSection(type: "video", port: 0, protocol: "RTP/AVP", payloads: ["96"], lines: ["a=inactive"])
    }
    #expect(try prepare(offer, incoming) == offer)
  }

  // MARK: - ICE

  @Test(.spec("TV-74", "TV-75", "TV-76", "R-SDP-84"), arguments: [nil, "abc"], [true, false])
  func missingCredentialsAreCompleted(_ ufrag: String?, _ hasCurrent: Bool) throws {
    let offer = SDPFixtures.offer.changed {
      $0.media[1].iceUfrag = ufrag
      $0.media[1].icePwd = ufrag == nil ? nil : "0123456789abcdefghijklmn"
    }
    var context = Context(callId: "c", type: .offer, operation: .update, isOriginator: false)
    context.current = hasCurrent ? SDPFixtures.answer : nil
    let expected = hasCurrent ? SDPFixtures.answer.media[1].iceCredentials : SDPFixtures.offer.media[0].iceCredentials
    #expect(try prepare(offer, context).media[1].iceCredentials == expected)
  }

  @Test(.spec("R-SDP-84")) func credentialsOfTheSessionAreEnough() throws {
    let offer = SDPFixtures.offer.changed {
      $0.iceCredentials = ICECredentials(ufrag: "sUf1", pwd: "0123456789abcdefghijklmn")
      $0.media[0].iceCredentials = nil
      $0.media[1].icePwd = nil
    }
    let prepared = try prepare(offer, incoming)
    #expect(prepared.media.map(\.iceUfrag) == [nil, nil])
    #expect(prepared.media.map { prepared.iceCredentials(of: $0)?.ufrag } == ["sUf1", "sUf1"])
  }

  @Test(.spec("TV-77", "R-SDP-83")) func googleICEGoes() throws {
    let offer = SDPFixtures.offer.changed {
      $0.lines.append("a=ice-options:google-ice")
      $0.media[1].addAttribute("ice-options", "google-ice trickle")
    }
    let prepared = try prepare(offer, incoming)
    #expect(prepared.lineSets == SDPFixtures.offer.changed { $0.media[1].iceOptions = ["trickle"] }.lineSets)
  }

  @Test(.spec("TV-48", "TV-49", "R-SDP-52", "R-SDP-53")) func groupsGoFromRemoteDescriptionsToo() throws {
    let bundled = SDPFixtures.answer.changed {
      $0.lines.append("a=group:BUNDLE 0 1")
      $0.media[1].addAttribute("bundle-only")
    }
    #expect(try prepare(bundled, answered) == SDPFixtures.answer)
    let pipeline = RemoteDescriptionPipeline(SDPOptions(bundlePolicy: .balanced))
    #expect(try pipeline.prepareToSet(bundled.text, answered).description == bundled)
  }

  // MARK: - Roles

  struct Role: Sendable, CustomTestStringConvertible {
    var what: String
    var type: DescriptionType
    var stated: SetupRole?
    var localRole: DTLSRole?
    var isOriginator = true
    var result: SetupRole?
    var testDescription: String { what }
  }

  @Test(
    .spec("R-DTLS-4", "R-DTLS-5", "R-DTLS-6", "R-DTLS-8"),
    arguments: [
      Role(what: "TV-80 initial offer, active", type: .offer, stated: .active, result: .active),
      Role(what: "TV-81 initial offer, passive", type: .offer, stated: .passive, result: .passive),
      Role(what: "TV-81 initial offer, none", type: .offer, stated: nil, result: nil),
      Role(what: "initial offer, holdconn", type: .offer, stated: .holdconn, result: .actpass),
      Role(what: "TV-83 offer in a call, passive", type: .offer, stated: .passive, localRole: .passive, result: .actpass),
      Role(what: "G11 offer in a call, active", type: .offer, stated: .active, localRole: .passive, result: .actpass),
      Role(what: "TV-82 answer, actpass, caller", type: .answer, stated: .actpass, result: .passive),
      Role(what: "answer, actpass, callee", type: .answer, stated: .actpass, isOriginator: false, result: .active),
      Role(what: "answer, none", type: .answer, stated: nil, result: nil),
      Role(what: "answer, holdconn", type: .answer, stated: .holdconn, result: .passive),
      Role(what: "answer, passive", type: .answer, stated: .passive, result: .passive),
      Role(what: "TV-84 flipped role", type: .answer, stated: .active, localRole: .active, result: .passive),
      Role(what: "TV-85 holdconn in a call", type: .answer, stated: .holdconn, localRole: .passive, result: .active),
      Role(what: "answer in a call, none", type: .answer, stated: nil, localRole: .active, result: .passive),
      Role(what: "early media, actpass", type: .pranswer, stated: .actpass, result: .passive),
    ])
  func rolesAreMadeAcceptable(_ role: Role) throws {
    var context = Context(
      callId: "c", type: role.type, operation: .update, localRole: role.localRole, isOriginator: role.isOriginator)
    if role.type != .offer { context.localOffer = SDPFixtures.offer }
    let received = SDPFixtures.answer.changed {
      for index in $0.media.indices { $0.media[index].setup = role.stated }
    }
    #expect(try prepare(received, context).media.map(\.setup) == [role.result, role.result])
  }

  @Test(.spec("R-DTLS-5")) func aRoleThatOneSectionStatesHoldsForAll() throws {
    let answer = SDPFixtures.answer.changed { $0.media[1].setup = .actpass }
    #expect(try prepare(answer, answered).media.map(\.setup) == [.active, .active])
    let session = SDPFixtures.answer.changed {
      $0.lines.append("a=setup:actpass")
      for index in $0.media.indices { $0.media[index].setup = nil }
    }
    #expect(try prepare(session, answered).media.map(\.setup) == [.passive, .passive])
    #expect(try prepare(session, answered).setup == nil)
  }

  @Test(.spec("R-DTLS-3")) func theLocalRoleFollowsFromTheAnswer() {
    func answer(_ role: SetupRole?) -> SessionDescription {
      SDPFixtures.answer.changed { for index in $0.media.indices { $0.media[index].setup = role } }
    }
    #expect(DTLSRole.local(afterLocalAnswer: answer(.active)) == .active)
    #expect(DTLSRole.local(afterLocalAnswer: answer(nil)) == nil)
    #expect(DTLSRole.local(afterRemoteAnswer: answer(.active)) == .passive)
    #expect(DTLSRole.local(afterRemoteAnswer: answer(.passive)) == .active)
    #expect(DTLSRole.local(afterRemoteAnswer: answer(nil)) == .passive)
    #expect(
      DTLSRole.local(afterRemoteAnswer: SDPFixtures.answer.changed { for i in $0.media.indices { $0.media[i].port = 0 } })
        == nil)
  }

  // MARK: - Answers

  @Test(.spec("TV-78", "R-SDP-91")) func theSessionsDirectionIsWrittenIntoTheSections() throws {
    let offer = SDPFixtures.offer.changed {
      $0.lines.append("a=sendonly")
      $0.media[0].direction = nil
      $0.media[1].direction = nil
    }
    #expect(try prepare(offer, incoming).media.map(\.direction) == [.sendonly, .sendonly])
  }

  @Test(
    .spec("TV-87", "TV-88", "R-SDP-96"),
    arguments: [
      (MediaDirection.sendonly, MediaDirection.sendrecv, MediaDirection.recvonly), (.sendonly, nil, .recvonly),
      (.sendonly, .sendonly, .inactive), (.recvonly, .sendrecv, .sendonly), (.recvonly, .recvonly, .inactive),
      (.inactive, .sendrecv, .inactive), (.sendrecv, .sendonly, .sendonly),
    ] as [(MediaDirection, MediaDirection?, MediaDirection)])
  func anAnswerIsClampedToTheOffer(_ offered: MediaDirection, _ answered: MediaDirection?, _ result: MediaDirection) throws {
    let context = Context(
      callId: "c", type: .answer, operation: .hold, localRole: .passive, isOriginator: true,
      localOffer: SDPFixtures.offer.changed { $0.media[0].direction = offered })
    let answer = SDPFixtures.answer.changed { $0.media[0].direction = answered }
    let prepared = try RemoteDescriptionPipeline().prepareToSet(answer.text, context)
    #expect(prepared.description?.media[0].direction == result)
    // The state is read from what the far end said.
    #expect(prepared.original?.media[0].direction == answered)
  }

  @Test(.spec("TV-89", "R-SDP-97")) func aMissingTailIsRejected() throws {
    let answer = SDPFixtures.answer.changed { $0.media.removeLast() }
    let prepared = try prepare(answer, answered)
    #expect(prepared.media[0] == SDPFixtures.answer.media[0])
    #expect(
      prepared.media[1]
        == MediaSection(
          type: "video", port: 0, protocol: "UDP/TLS/RTP/SAVPF", payloads: ["96"], lines: ["a=mid:1", "a=inactive"]))
  }

  @Test(.spec("R-SDP-97")) func surplusSectionsGoIfNothingFlows() throws {
    for surplus in [
      MediaSection(type: "video", port: 0, protocol: "RTP/AVP", payloads: ["96"]),
      MediaSection(type: "video", port: 5008, protocol: "RTP/AVP", payloads: ["96"], lines: ["a=inactive"]),
    ] {
      #expect(try prepare(SDPFixtures.answer.changed { $0.media.append(surplus) }, answered) == SDPFixtures.answer)
    }
    let flowing = SDPFixtures.answer.changed {
      $0.media.append(MediaSection(type: "video", port: 5008, protocol: "RTP/AVP", payloads: ["96"]))
    }
    #expect(throws: SDPProblem.sectionsDoNotMatchOffer) { try prepare(flowing, answered) }
    let swapped = SDPFixtures.answer.changed { $0.media.swapAt(0, 1) }
    #expect(throws: SDPProblem.sectionsDoNotMatchOffer) { try prepare(swapped, answered) }
  }

  @Test(.spec("TV-90", "R-SDP-88")) func videoWithoutACommonCodecIsRejectedAndAudioLives() throws {
    let answer = SDPFixtures.answer.changed {
      $0.media[1].payloads = ["34"]
      $0.media[1].lines.removeAll { ["rtpmap", "fmtp", "rtcp-fb"].contains($0.attributeName) }
    }
    #expect(try prepare(answer, answered).media.map(\.isRejected) == [false, true])
    let onlyRepeats = answer.changed {
      $0.media[1].payloads = ["97"]
      $0.media[1].addAttribute("rtpmap", "97 rtx/90000")
    }
    #expect(try prepare(onlyRepeats, answered).media[1].isRejected)
    let unmapped = answer.changed { $0.media[1].payloads = ["96"] }
    #expect(try !prepare(unmapped, answered).media[1].isRejected)
    let upperCase = answer.changed {
      $0.media[1].payloads = ["120"]
      $0.media[1].addAttribute("rtpmap", "120 h264/90000")
    }
    #expect(try !prepare(upperCase, answered).media[1].isRejected)
  }

  @Test(.spec("TV-19", "TV-24", "R-SDP-28")) func handlersAreToldWhatTheDescriptionIs() throws {
    let handler = SDPHandler { sdp, info, _ in
      sdp.changed {
        $0.media[0].addAttribute("x-info", "\(info.step.rawValue) \(info.type.rawValue) \(info.endpoint.rawValue)")
        $0.media[0].direction = .sendrecv
      }
    }
    let pipeline = RemoteDescriptionPipeline(SDPOptions(handlers: [handler]))
    let context = Context(
      callId: "c", type: .pranswer, operation: .startCall, isOriginator: true,
      localOffer: SDPFixtures.offer.changed { $0.media[0].direction = .sendonly })
    let prepared = try pipeline.prepareToSet(SDPFixtures.answer.text, context).description
    #expect(prepared?.media[0].attribute("x-info") == "PRE_SET_REMOTE pranswer remote")
    #expect(prepared?.media[0].direction == .recvonly)
  }

  @Test(
    .spec("TV-27", "R-SDP-43"),
    arguments: [
      SDPFixtures.offerText, SDPFixtures.gatewayAnswerText, SDPFixtures.planBHoldText, SDPFixtures.answer.text,
    ], [DescriptionType.offer, .answer])
  func preparingAgainChangesNothing(_ text: String, _ type: DescriptionType) throws {
    for role in [nil, DTLSRole.active, .passive] {
      let context = Context(
        callId: "c", type: type, operation: .update, localRole: role, isOriginator: true,
        localOffer: SDPFixtures.offer, current: SDPFixtures.answer)
      let once = try RemoteDescriptionPipeline().prepareToSet(text, context).text
      #expect(try RemoteDescriptionPipeline().prepareToSet(once, context).text == once)
    }
  }
}
