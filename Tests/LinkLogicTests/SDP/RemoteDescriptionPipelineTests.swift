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

  // MARK: - Sanity

  @Test(
    .spec("R-SDP-90", "R-DTLS-22", "R-DTLS-25"),
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

  @Test(.spec("R-SDP-93")) func whatIsNoLineOfSDPGoes() throws {
    let offer = SDPFixtures.offer.changed {
      $0.lines.append("{")
      $0.media[1].lines += ["}", "}}"]
    }
    #expect(try prepare(offer, incoming) == SDPFixtures.offer)
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
      Role(what: "initial offer, holdconn", type: .offer, stated: .holdconn, result: .actpass),
      Role(what: "G11 offer in a call, active", type: .offer, stated: .active, localRole: .passive, result: .actpass),
      Role(what: "answer, actpass, callee", type: .answer, stated: .actpass, isOriginator: false, result: .active),
      Role(what: "answer, none", type: .answer, stated: nil, result: nil),
      Role(what: "answer, holdconn", type: .answer, stated: .holdconn, result: .passive),
      Role(what: "answer, passive", type: .answer, stated: .passive, result: .passive),
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

  @Test(.spec("R-SDP-88")) func videoIsRejectedOnlyIfNoCodecIsCommon() throws {
    let answer = SDPFixtures.answer.changed {
      $0.media[1].lines.removeAll { ["rtpmap", "fmtp", "rtcp-fb"].contains($0.attributeName) }
    }
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

  @Test(.spec("R-SDP-28", "R-SDP-96")) func handlersAreToldWhatTheDescriptionIs() throws {
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

}
