import KandyTesting
import LinkLogic
import LinkMedia
import LinkProtocol
import Testing

@Suite(.timeLimit(.minutes(1))) struct FakeMediaRefusalTests {
  /// Alice's offer, set at her end.
  private func offering(_ ends: Ends, video: Bool = true) async throws -> String {
    try await ends.alice.addTransceiver(.audio, direction: .sendrecv)
    if video { try await ends.alice.addTransceiver(.video, direction: .sendrecv) }
    try await ends.alice.setLocalDescription(.offer, try unbundled(try await ends.alice.createOffer(iceRestart: false)))
    return try #require(try await ends.alice.localDescription())
  }

  /// Bob's answer to it, set at his end.
  private func answering(_ ends: Ends, _ offer: String) async throws -> String {
    try await ends.bob.setRemoteDescription(.offer, offer)
    try await ends.bob.setLocalDescription(.answer, try await ends.bob.createAnswer())
    return try #require(try await ends.bob.localDescription())
  }

  private func refusal(_ body: () async throws -> Void) async -> String? {
    do {
      try await body()
      return nil
    } catch {
      return (error as? MediaError)?.message
    }
  }

  @Test func operationsInTheWrongStateAreRefused() async throws {
    let ends = try await Ends()
    let (alice, bob) = (ends.alice, ends.bob)
    #expect(await code { _ = try await alice.createAnswer() } == .invalidState)
    #expect(await code { try await alice.rollback() } == .invalidState)
    #expect(await code { try await alice.setDirection(.audio, .sendonly) } == .invalidState)
    let offer = try await offering(ends)
    #expect(await code { try await alice.setRemoteDescription(.offer, offer) } == .invalidState)
    #expect(await code { try await alice.setLocalDescription(.answer, offer) } == .invalidState)
    #expect(await code { try await bob.setRemoteDescription(.answer, offer) } == .invalidState)
    let answer = try await answering(ends, offer)
    #expect(await code { try await bob.setLocalDescription(.answer, answer) } == .invalidState)
    try await alice.setRemoteDescription(.answer, answer)
    #expect(await code { try await alice.setRemoteDescription(.answer, answer) } == .invalidState)
    #expect(
      await refusal { try await alice.setRemoteDescription(.answer, answer) }
        == "Failed to set remote answer sdp: Called in wrong state: stable")
    #expect(alice.signalingState == .stable)
  }

  @Test func everythingIsRefusedAfterClose() async throws {
    let ends = try await Ends()
    let peer = ends.alice
    await peer.close()
    await peer.close()
    let tone = try #require(DTMFTones("1"))
    let operations: [(FakeMediaPeer) async throws -> Void] = [
      { try await $0.addTransceiver(.audio, direction: .sendrecv) }, { _ = try await $0.transceivers() },
      { try await $0.setDirection(.audio, .sendrecv) }, { _ = try await $0.createOffer(iceRestart: false) },
      { _ = try await $0.createAnswer() }, { try await $0.setLocalDescription(.offer, "") },
      { try await $0.setRemoteDescription(.offer, "") }, { try await $0.rollback() }, { _ = try await $0.localDescription() },
      { _ = try await $0.gatheringState() },
      { try await $0.addCandidate(ICECandidate(candidate: "", sdpMid: nil, sdpMLineIndex: nil)) },
      { try await $0.setMicrophone(nil) }, { try await $0.setCamera(nil) }, { try await $0.setEnabled(.audio, false) },
      { try await $0.setSending(.audio, false) }, { _ = try await $0.canSendDTMF() },
      { try await $0.setAudioSinks([]) }, { try await $0.setVideoRenderers([]) },
      { try await $0.sendDTMF(tone) }, { _ = try await $0.statistics() },
    ]
    for operation in operations { await #expect(throws: MediaError.closed) { try await operation(peer) } }
    #expect(peer.isClosed)
    #expect(peer.history == [.close])
    #expect(ends.engine.openPeers.map(\.id) == [ends.bob.id])
  }

  @Test(arguments: [
    ("", "empty"), ("hello", "malformed"), ("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n", "There is no m= line."),
  ])
  func whatIsNoDescriptionIsRefused(_ text: String, _ reason: String) async throws {
    let ends = try await Ends()
    let message = await refusal { try await ends.bob.setRemoteDescription(.offer, text) }
    #expect(message?.hasPrefix("Failed to set remote offer sdp: ") == true)
    #expect(ends.bob.signalingState == .stable)
    #expect(await code { try await ends.bob.setRemoteDescription(.offer, text) } == .invalidDescription)
    if reason.hasPrefix("There") { #expect(message == "Failed to set remote offer sdp: \(reason)") }
  }

  @Test(
    .spec("R-SDP-84", "R-DTLS-24", "R-SDP-90"),
    arguments: [
      ("a=ice-ufrag:", nil, "Called with SDP without ice-ufrag and ice-pwd."),
      ("a=ice-pwd:", nil, "Called with SDP without ice-ufrag and ice-pwd."),
      ("a=ice-ufrag:", "a=ice-ufrag:abc", "Called with SDP without ice-ufrag and ice-pwd."),
      ("a=fingerprint:", nil, "Called with SDP without DTLS fingerprint."),
      ("m=audio", "m=audio 9 UDP/TLS/RTP/SAVPF", "Expects at least 4 fields: m=audio 9 UDP/TLS/RTP/SAVPF"),
      ("a=mid:", "a=mid:7", "Duplicate a=mid value '7'."), ("s=", nil, "Expect line: s="), ("o=", nil, "Expect line: o="),
      ("t=", "t=0 0\r\na=group:BUNDLE 0 5", "A BUNDLE group contains a MID='5' matching no m= section."),
    ] as [(String, String?, String)])
  func anOfferThatLacksSomethingIsRefused(_ prefix: String, _ replacement: String?, _ reason: String) async throws {
    let ends = try await Ends()
    let offer = edited(try await offering(ends)) { $0.hasPrefix(prefix) ? replacement : $0 }
    #expect(
      await refusal { try await ends.bob.setRemoteDescription(.offer, offer) } == "Failed to set remote offer sdp: \(reason)")
    #expect(try await ends.bob.transceivers() == [])
  }

  @Test(.spec("R-DTLS-24"))
  func aRejectedSectionNeedsNeitherCredentialsNorFingerprint() async throws {
    let ends = try await Ends()
    let offer = try await offering(ends)
    let cut = try #require(offer.firstRange(of: "m=video"))
    let rejecting = offer[..<cut.lowerBound] + "m=video 0 RTP/AVP 96\r\n"
    let answer = try await answering(ends, String(rejecting))
    #expect(try SessionDescription(answer).media.map(\.isRejected) == [false, true])
    #expect(try await ends.bob.transceivers() == [.audio])
  }

  @Test func attributesAtSessionLevelAreEnough() async throws {
    let ends = try await Ends()
    var offer = try SessionDescription(try await offering(ends))
    offer.fingerprint = offer.media[0].fingerprint
    offer.iceCredentials = offer.media[0].iceCredentials
    for index in offer.media.indices {
      (offer.media[index].fingerprint, offer.media[index].iceCredentials, offer.media[index].mid) = (nil, nil, nil)
    }
    try await ends.alice.setRemoteDescription(.answer, try await answering(ends, offer.text))
    #expect(ends.bob.iceConnectionState == .connected)
  }

  @Test(.spec("R-SDP-96"))
  func anAnswerWithADirectionThatWasNotOfferedIsRefused() async throws {
    for offered in MediaDirection.allCases {
      for answered in MediaDirection.allCases {
        let ends = try await Ends()
        try await ends.alice.addTransceiver(.audio, direction: offered)
        try await ends.alice.setLocalDescription(.offer, try await ends.alice.createOffer(iceRestart: false))
        let answer = try await answering(ends, try #require(try await ends.alice.localDescription()))
        let changed = edited(answer) {
          MediaDirection(rawValue: String($0.dropFirst(2))) == nil ? $0 : "a=\(answered.rawValue)"
        }
        let isAllowed = (!answered.sends || offered.receives) && (!answered.receives || offered.sends)
        #expect(
          await refusal { try await ends.alice.setRemoteDescription(.answer, changed) }
            == (isAllowed ? nil : "Failed to set remote answer sdp: Incompatible direction in section mid='0'."))
      }
    }
  }

  @Test(.spec("R-SDP-91"))
  func aDirectionAtSessionLevelIsNotLookedAt() async throws {
    let ends = try await Ends()
    try await ends.alice.addTransceiver(.audio, direction: .sendonly)
    try await ends.alice.setLocalDescription(.offer, try await ends.alice.createOffer(iceRestart: false))
    let answer = try await answering(ends, try #require(try await ends.alice.localDescription()))
    let moved = edited(answer) { $0 == "a=recvonly" ? nil : $0 == "t=0 0" ? "t=0 0\r\na=recvonly" : $0 }
    #expect(await code { try await ends.alice.setRemoteDescription(.answer, moved) } == .invalidDescription)
  }

  @Test(.spec("R-SDP-97"))
  func anAnswerWithOtherSectionsIsRefused() async throws {
    let reason =
      "Failed to set remote answer sdp: The order of m-lines in answer doesn't match order in offer. Rejecting answer."
    let changes: [(inout SessionDescription) -> Void] = [
      { $0.media.removeLast() },
      {
        $0.media.append($0.media[1]); $0.media[2].mid = "2"
      }, { $0.media.swapAt(0, 1) },
      { $0.media[1].mid = "5" }, { $0.media[1].type = "audio" },
    ]
    for change in changes {
      let ends = try await Ends()
      var answer = try SessionDescription(try await answering(ends, try await offering(ends)))
      change(&answer)
      #expect(await refusal { try await ends.alice.setRemoteDescription(.answer, answer.text) } == reason)
    }
  }

  @Test(.spec("R-DTLS-5", "R-DTLS-8"), arguments: ["actpass", "holdconn"])
  func anAnswerThatLeavesTheRoleOpenIsRefused(_ role: String) async throws {
    let ends = try await Ends()
    let answer = edited(try await answering(ends, try await offering(ends))) {
      $0.hasPrefix("a=setup:") ? "a=setup:\(role)" : $0
    }
    #expect(
      await refusal { try await ends.alice.setRemoteDescription(.answer, answer) }
        == "Failed to set remote answer sdp: Answerer must use either active or passive value for setup attribute.")
  }

  @Test(.spec("R-DTLS-4", "R-DTLS-6"))
  func aRoleOnceTakenStays() async throws {
    let ends = try await Ends()
    try await ends.connect()
    func offer(_ setup: String) async throws -> String {
      try await ends.bob.setLocalDescription(.offer, try await ends.bob.createOffer(iceRestart: false))
      return edited(try #require(try await ends.bob.localDescription())) { $0.hasPrefix("a=setup:") ? "a=setup:\(setup)" : $0 }
    }
    // Bob answered the first offer, so he is active.
    #expect(await code { try await ends.alice.setRemoteDescription(.offer, try await offer("passive")) } == .invalidDescription)
    try await ends.alice.setRemoteDescription(.offer, try await offer("active"))
    let answer = try await ends.alice.createAnswer()
    #expect(try SessionDescription(answer).media[0].setup == .passive)
    try await ends.alice.setLocalDescription(.answer, answer)
    let flipped = answer.replacing("a=setup:passive", with: "a=setup:active")
    #expect(
      await refusal { try await ends.bob.setRemoteDescription(.answer, flipped) }
        == "Failed to set remote answer sdp: Failed to set SSL role for the transport.")
    try await ends.bob.setRemoteDescription(.answer, answer)
  }

  @Test(.spec("TV-48"))
  func aBundleGroupThatWasNotOfferedIsRefused() async throws {
    let ends = try await Ends()
    let answer = edited(try await answering(ends, try await offering(ends))) {
      $0 == "t=0 0" ? "t=0 0\r\na=group:BUNDLE 0 1" : $0
    }
    #expect(
      await refusal { try await ends.alice.setRemoteDescription(.answer, answer) }
        == "Failed to set remote answer sdp: A BUNDLE group in answer contains MID='0' that was not in the offered group.")
    try await ends.alice.setRemoteDescription(.answer, try unbundled(answer))
  }

  @Test func bundleNeedsRTCPMux() async throws {
    let ends = try await Ends()
    try await ends.alice.addTransceiver(.audio, direction: .sendrecv)
    let offer = edited(try await ends.alice.createOffer(iceRestart: false)) { $0 == "a=rtcp-mux" ? nil : $0 }
    #expect(await code { try await ends.alice.setLocalDescription(.offer, offer) } == .invalidDescription)
    try await ends.alice.setLocalDescription(.offer, try unbundled(offer))
  }

  @Test(.spec("R-UP-22"))
  func aLaterOfferWithOtherSectionsIsRefused() async throws {
    let changes: [(inout SessionDescription) -> Void] = [
      { $0.media.removeLast() }, { $0.media.swapAt(0, 1) }, { $0.media[1].mid = "9" },
    ]
    for change in changes {
      let ends = try await Ends()
      try await ends.connect(video: true)
      var offer = try SessionDescription(try unbundled(try await ends.alice.createOffer(iceRestart: false)))
      change(&offer)
      #expect(await code { try await ends.bob.setRemoteDescription(.offer, offer.text) } == .invalidDescription)
      #expect(ends.bob.signalingState == .stable)
    }
  }

  @Test func aLocalOfferNeedsATransceiverForEachSection() async throws {
    let ends = try await Ends()
    let offer = try await offering(ends)
    try await ends.bob.addTransceiver(.audio, direction: .sendrecv)
    #expect(await code { try await ends.bob.setLocalDescription(.offer, offer) } == .invalidDescription)
    #expect(ends.bob.signalingState == .stable)
  }

  @Test func candidatesThatFitNowhereAreRefused() async throws {
    let ends = try await Ends()
    func add(_ text: String, _ mid: String?, _ index: Int?) async -> MediaError.Code? {
      await code { try await ends.bob.addCandidate(ICECandidate(candidate: text, sdpMid: mid, sdpMLineIndex: index)) }
    }
    let good = "candidate:1 1 udp 2122260223 192.0.2.2 40002 typ host"
    #expect(await add(good, "0", 0) == .invalidState)
    try await ends.bob.setRemoteDescription(.offer, try await offering(ends))
    #expect(await add(good, "0", 0) == nil)
    #expect(await add(good, nil, 1) == nil)
    #expect(await add("", nil, nil) == nil)
    #expect(await add(good, "7", 0) == .invalidCandidate)
    #expect(await add(good, nil, 2) == .invalidCandidate)
    #expect(await add("candidate:1 1 udp", "0", 0) == .invalidCandidate)
    #expect(await add("nonsense", "0", 0) == .invalidCandidate)
  }
}

@Suite(.timeLimit(.minutes(1))) struct FakeMediaRollbackTests {
  @Test(.spec("R-UP-9"))
  func aLocalOfferIsTakenBackButNotItsTransceiversAndDirections() async throws {
    let ends = try await Ends()
    try await ends.connect()
    let before = try await ends.alice.localDescription()
    try await ends.alice.addTransceiver(.video, direction: .sendrecv)
    try await ends.alice.setDirection(.audio, .sendonly)
    try await ends.alice.setLocalDescription(.offer, try unbundled(try await ends.alice.createOffer(iceRestart: false)))
    try await ends.alice.rollback()
    #expect(ends.alice.signalingState == .stable)
    #expect(try await ends.alice.localDescription() == before)
    #expect(try await ends.alice.transceivers() == [.audio, .video])
    #expect(ends.alice.direction(.audio) == .sendonly)
    #expect(ends.alice.currentDirection(.audio) == .sendrecv)
    #expect(try SessionDescription(try await ends.alice.createOffer(iceRestart: false)).media.map(\.mid) == ["0", "1"])
    #expect(await code { try await ends.alice.rollback() } == .invalidState)
  }

  @Test func aRemoteOfferIsTakenBackWithItsTransceivers() async throws {
    let ends = try await Ends()
    try await ends.connect()
    try await ends.alice.addTransceiver(.video, direction: .sendrecv)
    try await ends.alice.setLocalDescription(.offer, try unbundled(try await ends.alice.createOffer(iceRestart: false)))
    try await ends.bob.setRemoteDescription(.offer, try #require(try await ends.alice.localDescription()))
    #expect(try await ends.bob.transceivers() == [.audio, .video])
    try await ends.bob.rollback()
    #expect(try await ends.bob.transceivers() == [.audio])
    #expect(ends.bob.signalingState == .stable)
    #expect(ends.bob.iceConnectionState == .connected)
  }

  @Test func aFailedRestartLeavesTheConnectionAsItWas() async throws {
    let ends = try await Ends()
    try await ends.connect()
    let before = try await ends.alice.localDescription()
    try await ends.alice.setLocalDescription(.offer, try await ends.alice.createOffer(iceRestart: true))
    #expect(try await ends.alice.localDescription() != before)
    try await ends.alice.rollback()
    #expect(try await ends.alice.localDescription() == before)
    #expect(ends.alice.iceConnectionState == .connected)
  }
}
