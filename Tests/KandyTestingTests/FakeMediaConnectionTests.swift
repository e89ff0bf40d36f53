import KandyTesting
import LinkLogic
import LinkMedia
import LinkProtocol
import Testing

@Suite(.timeLimit(.minutes(1))) struct FakeMediaConnectionTests {
  @Test func twoEndsConnectAndSaySo() async throws {
    let ends = try await Ends()
    try await ends.connect(video: true)
    #expect(ends.alice.iceConnectionState == .connected)
    let alice = await pending(ends.alice)
    #expect(
      alice.filter { if case .candidate = $0 { false } else { true } } == [
        .gatheringState(.gathering), .gatheringState(.complete), .remoteTrack(.audio), .remoteTrack(.video),
        .iceConnectionState(.checking), .iceConnectionState(.connected), .iceConnectionState(.closed),
      ])
    #expect(
      alice.filter { if case .candidate = $0 { true } else { false } } == [
        .candidate(
          ICECandidate(
            candidate: "candidate:1 1 udp 2122260223 192.0.2.2 40002 typ host generation 0 ufrag fake1x1 network-id 1",
            sdpMid: "0", sdpMLineIndex: 0)),
        .candidate(
          ICECandidate(
            candidate: "candidate:1 1 udp 2122260223 192.0.2.2 40004 typ host generation 0 ufrag fake1x1 network-id 1",
            sdpMid: "1", sdpMLineIndex: 1)),
      ])
    #expect(await pending(ends.bob).filter { $0 == .iceConnectionState(.connected) }.count == 1)
  }

  @Test func theOfferIsLikeLibwebrtcs() async throws {
    let ends = try await Ends(PeerConfiguration(streamID: "call-stream"))
    try await ends.alice.addTransceiver(.audio, direction: .sendrecv)
    try await ends.alice.addTransceiver(.video, direction: .recvonly)
    let raw = try SessionDescription(try await ends.alice.createOffer(iceRestart: false))
    #expect(raw.groups == [.init(type: "BUNDLE", mids: ["0", "1"])])
    #expect(raw.media.map(\.port) == [9, 9])
    #expect(!raw.hasCandidate)
    try await ends.alice.setLocalDescription(.offer, raw.text)
    let offer = try SessionDescription(try #require(try await ends.alice.localDescription()))
    #expect(offer.media.map(\.type) == ["audio", "video"])
    #expect(offer.media.map(\.mid) == ["0", "1"])
    #expect(offer.media.map(\.direction) == [.sendrecv, .recvonly])
    #expect(offer.media.map(\.setup) == [.actpass, .actpass])
    #expect(offer.media.map(\.port) == [40_002, 40_004])
    #expect(offer.media.map(\.candidates.count) == [1, 1])
    #expect(offer.media.map(\.msid) == ["call-stream audio-1", nil])
    #expect(offer.media[0].iceCredentials == offer.media[1].iceCredentials)
    #expect(offer.media[0].codecs.map(\.name) == ["opus", "G722", "PCMU", "PCMA", "telephone-event", "telephone-event"])
    #expect(offer.media[1].codecs.map(\.name) == ["VP8", "rtx", "VP9", "rtx", "H264", "rtx", "H264", "rtx"])
    #expect(offer.media.allSatisfy { $0.fingerprint != nil && $0.rtcpMux && $0.hasAttribute("ice-options") })
    #expect(offer.sessionID == raw.sessionID)
  }

  @Test(arguments: MediaDirection.allCases, MediaDirection.allCases)
  func anAnswerIsTheIntersection(_ offered: MediaDirection, _ wanted: MediaDirection) async throws {
    let ends = try await Ends()
    try await ends.alice.addTransceiver(.audio, direction: offered)
    let answer = try await ends.negotiate { try await $0.setDirection(.audio, wanted) }.answer
    let expected = MediaDirection(send: wanted.sends && offered.receives, receive: wanted.receives && offered.sends)
    #expect(answer.media[0].direction == expected)
    #expect(ends.bob.currentDirection(.audio) == expected)
    #expect(ends.alice.currentDirection(.audio) == MediaDirection(send: expected.receives, receive: expected.sends))
  }

  @Test func bundledSectionsShareATransport() async throws {
    let ends = try await Ends()
    try await ends.connect(video: true, removingBundle: false)
    let local = try SessionDescription(try #require(try await ends.bob.localDescription()))
    #expect(local.groups == [.init(type: "BUNDLE", mids: ["0", "1"])])
    #expect(local.media.map(\.candidates.count) == [1, 0])
    #expect(local.media[0].iceCredentials == local.media[1].iceCredentials)
    #expect(ends.bob.iceConnectionState == .connected)
  }

  @Test func withoutBundleTheAnswererHasCredentialsForEachSection() async throws {
    let ends = try await Ends()
    try await ends.connect(video: true)
    let local = try SessionDescription(try #require(try await ends.bob.localDescription()))
    #expect(local.media[0].iceCredentials != local.media[1].iceCredentials)
    #expect(local.media.map(\.candidates.count) == [1, 1])
  }

  @Test(.spec("R-UP-8"))
  func aReofferOfTheAnswererRestartsVideoUnlessItsCredentialsAreKept() async throws {
    let ends = try await Ends()
    try await ends.connect(video: true)
    let before = try SessionDescription(try #require(try await ends.bob.localDescription()))
    let raw = try SessionDescription(try unbundled(try await ends.bob.createOffer(iceRestart: false)))
    #expect(raw.media[0].iceCredentials == before.media[0].iceCredentials)
    #expect(raw.media[1].iceCredentials == before.media[0].iceCredentials)
    var kept = raw
    kept.media[1].iceCredentials = before.media[1].iceCredentials
    try await ends.bob.setLocalDescription(.offer, kept.text)
    let offer = try SessionDescription(try #require(try await ends.bob.localDescription()))
    #expect(offer.media.map(\.port) == before.media.map(\.port))
    let seen = await pending(ends.bob)
    #expect(seen.filter { $0 == .gatheringState(.gathering) }.count == 1)
  }

  @Test func anICERestartConnectsAnew() async throws {
    let ends = try await Ends()
    try await ends.connect()
    let (offer, answer) = try await ends.negotiate(iceRestart: true)
    #expect(offer.media[0].iceUfrag == "fake1x2")
    #expect(answer.media[0].iceUfrag == "fake2x2")
    #expect(ends.alice.iceConnectionState == .connected)
    let states = await pending(ends.bob).compactMap { if case .iceConnectionState(let state) = $0 { state } else { nil } }
    #expect(states == [.checking, .connected, .checking, .connected, .closed])
  }

  @Test func aReofferWithoutRestartKeepsThePortsAndTheConnection() async throws {
    let ends = try await Ends()
    try await ends.connect()
    let raw = try SessionDescription(try await ends.alice.createOffer(iceRestart: false))
    #expect(raw.media[0].port == 40_002)
    #expect(raw.media[0].candidates.count == 1)
    try await ends.negotiate()
    #expect(await pending(ends.alice).filter { $0 == .iceConnectionState(.connected) }.count == 1)
  }

  @Test func candidatesCanBeGatheredByHand() async throws {
    let ends = try await Ends(gathering: .byHand)
    try await ends.alice.addTransceiver(.audio, direction: .sendrecv)
    #expect(try await ends.alice.gatheringState() == .new)
    try await ends.alice.setLocalDescription(.offer, try await ends.alice.createOffer(iceRestart: false))
    #expect(try await ends.alice.gatheringState() == .gathering)
    #expect(try await ends.alice.localDescription()?.contains("a=candidate") == false)
    ends.alice.gather()
    #expect(try await ends.alice.gatheringState() == .gathering)
    #expect(try await ends.alice.localDescription()?.contains("a=candidate") == true)
    ends.alice.finishGathering()
    ends.alice.finishGathering()
    #expect(try await ends.alice.gatheringState() == .complete)
    #expect(await pending(ends.alice).filter { $0 == .gatheringState(.complete) }.count == 1)
  }

  @Test func withoutCandidatesNobodyConnectsUntilTheyTrickleIn() async throws {
    let ends = try await Ends(gathering: .byHand)
    try await ends.connect()
    #expect(ends.alice.iceConnectionState == .checking)
    let candidate = "candidate:1 1 udp 2122260223 192.0.2.3 40002 typ host"
    try await ends.alice.addCandidate(ICECandidate(candidate: candidate, sdpMid: "0", sdpMLineIndex: 0))
    #expect(ends.alice.iceConnectionState == .connected)
    #expect(ends.bob.iceConnectionState == .connected)
  }

  @Test func serversAddCandidatesAndRelayOnlyLeavesOnlyRelays() async throws {
    let servers = [
      ICEServer(urls: ["stun:s.example.com"]), ICEServer(urls: ["turn:t.example.com"], username: "u", credential: "c"),
    ]
    func types(_ configuration: PeerConfiguration) async throws -> [Candidate.CandidateType?] {
      let ends = try await Ends(configuration)
      try await ends.alice.addTransceiver(.audio, direction: .sendrecv)
      try await ends.alice.setLocalDescription(.offer, try await ends.alice.createOffer(iceRestart: false))
      return try SessionDescription(try await ends.alice.localDescription() ?? "").media[0].candidates.map(\.type)
    }
    #expect(try await types(PeerConfiguration(iceServers: servers)) == [.host, .srflx, .relay])
    #expect(try await types(PeerConfiguration(iceServers: servers, relayOnly: true)) == [.relay])
    #expect(try await types(PeerConfiguration(relayOnly: true)) == [])
  }

  @Test(.spec("R-UP-17"))
  func aRejectedSlotIsUsedAgain() async throws {
    let ends = try await Ends()
    try await ends.alice.addTransceiver(.audio, direction: .sendrecv)
    try await ends.alice.addTransceiver(.video, direction: .sendrecv)
    try await ends.alice.setLocalDescription(.offer, try unbundled(try await ends.alice.createOffer(iceRestart: false)))
    try await ends.bob.setRemoteDescription(.offer, try #require(try await ends.alice.localDescription()))
    try await ends.bob.setLocalDescription(.answer, try unbundled(try await ends.bob.createAnswer()))
    let rejecting = edited(try #require(try await ends.bob.localDescription())) { line in
      line.hasPrefix("m=video") ? "m=video 0 UDP/TLS/RTP/SAVPF 96" : line
    }
    try await ends.alice.setRemoteDescription(.answer, rejecting)
    #expect(try await ends.alice.transceivers() == [.audio])
    #expect(ends.alice.currentDirection(.video) == nil)
    try await ends.alice.addTransceiver(.video, direction: .sendrecv)
    let offer = try SessionDescription(try await ends.alice.createOffer(iceRestart: false))
    #expect(offer.media.map(\.mid) == ["0", "2"])
    #expect(offer.media[1].port == 9)
  }

  @Test func theAnswererUsesThePayloadTypesOfTheOffer() async throws {
    let ends = try await Ends()
    try await ends.alice.addTransceiver(.audio, direction: .sendrecv)
    try await ends.alice.setLocalDescription(.offer, try await ends.alice.createOffer(iceRestart: false))
    let offer = edited(try #require(try await ends.alice.localDescription())) { line in
      if line.hasPrefix("m=audio") { return "m=audio 40002 UDP/TLS/RTP/SAVPF 120 9 101" }
      for payload in [0, 8, 9, 110, 126] where line.contains(":\(payload) ") { return nil }
      return line.replacing("111", with: "120")
    }.replacing("a=rtpmap:120 opus/48000/2\r\n", with: "a=rtpmap:120 OPUS/48000/2\r\na=rtpmap:101 telephone-event/8000\r\n")
    try await ends.bob.setRemoteDescription(.offer, offer)
    let answer = try SessionDescription(try await ends.bob.createAnswer())
    #expect(answer.media[0].payloads == ["120", "9", "101"])
    #expect(answer.media[0].fmtp == [.init(payload: 120, config: "minptime=10;useinbandfec=1")])
    try await ends.bob.setLocalDescription(.answer, answer.text)
    let reoffer = try SessionDescription(try await ends.bob.createOffer(iceRestart: false))
    #expect(reoffer.media[0].payloads == ["120", "9", "101", "0", "8", "110"])
  }

  @Test(.spec("R-SDP-88"))
  func aSectionWithoutACommonCodecIsRejected() async throws {
    let ends = try await Ends()
    try await ends.alice.addTransceiver(.audio, direction: .sendrecv)
    try await ends.alice.addTransceiver(.video, direction: .sendrecv)
    try await ends.alice.setLocalDescription(.offer, try unbundled(try await ends.alice.createOffer(iceRestart: false)))
    let offer = edited(try #require(try await ends.alice.localDescription())) { line in
      if line.hasPrefix("m=video") { return "m=video 40004 UDP/TLS/RTP/SAVPF 34" }
      return line.contains("/90000") ? "a=rtpmap:34 H263/90000" : line
    }
    try await ends.bob.setRemoteDescription(.offer, offer)
    try await ends.bob.setLocalDescription(.answer, try await ends.bob.createAnswer())
    let answer = try #require(try await ends.bob.localDescription())
    #expect(try SessionDescription(answer).media.map(\.isRejected) == [false, true])
    #expect(try await ends.bob.transceivers() == [.audio])
    try await ends.alice.setRemoteDescription(.answer, answer)
    #expect(ends.alice.iceConnectionState == .connected)
  }

  @Test func earlyMediaConnectsBeforeTheAnswer() async throws {
    let ends = try await Ends()
    try await ends.alice.addTransceiver(.audio, direction: .sendrecv)
    try await ends.alice.setLocalDescription(.offer, try await ends.alice.createOffer(iceRestart: false))
    try await ends.bob.setRemoteDescription(.offer, try #require(try await ends.alice.localDescription()))
    let answer = try await ends.bob.createAnswer()
    try await ends.bob.setLocalDescription(.pranswer, answer)
    #expect(ends.bob.signalingState == .haveLocalPranswer)
    try await ends.alice.setRemoteDescription(.pranswer, try #require(try await ends.bob.localDescription()))
    #expect(ends.alice.signalingState == .haveRemotePranswer)
    #expect(ends.alice.iceConnectionState == .connected)
    try await ends.bob.setLocalDescription(.answer, answer)
    try await ends.alice.setRemoteDescription(.answer, try #require(try await ends.bob.localDescription()))
    #expect(ends.alice.signalingState == .stable)
    #expect(await pending(ends.alice).filter { $0 == .iceConnectionState(.connected) }.count == 1)
  }

  @Test func theSameStepsWriteTheSameDescriptions() async throws {
    func run() async throws -> [String] {
      let ends = try await Ends()
      try await ends.connect(video: true)
      return [try await ends.alice.localDescription() ?? "", try await ends.bob.localDescription() ?? ""]
    }
    #expect(try await run() == run())
  }
}
