import KandyTesting
import KandyWebRTC
import LinkLogic
import LinkMedia
import LinkProtocol
import Testing

extension WebRTCTests {
  /// The end that answered an audio and video call offers in it, without BUNDLE. The engine proposes BUNDLE, and with it one set of
  /// credentials; the pipeline gives each section its own back (R-UP-8).
  @Suite struct ReofferTests {
    /// What the answerer wants, one after another: hold, resume, no video, video, hold by both.
    static let wishes: [(audio: MediaDirection, video: MediaDirection)] = [
      (.sendonly, .sendonly), (.sendrecv, .sendrecv), (.sendrecv, .recvonly), (.sendrecv, .sendrecv), (.inactive, .inactive),
      (.sendrecv, .sendrecv),
    ]

    @Test(.spec("TV-86", "R-UP-8", "R-UP-12", "R-UP-13", "R-ICE-25"), arguments: [false, true])
    func theAnswererOffersAndNothingIsGatheredAgain(isVideoFirst: Bool) async throws {
      let engine = WebRTCEngine()
      let pair = try await Pair(engine)
      let kinds: [MediaKind] = isVideoFirst ? [.video, .audio] : [.audio, .video]
      try await pair.connect(kinds)
      #expect(await pair.alice.ear.hears(1000))
      #expect(await pair.bob.eye.seesCounting())
      let (alice, bob) = (Negotiator(pair.alice, .passive), Negotiator(pair.bob, .active))
      let (atAlice, atBob) = (try await alice.local(), try await bob.local())
      #expect(credentials(atAlice).count == 2)
      #expect(Set(credentials(atBob)).count == 2)

      for wish in Self.wishes {
        try await pair.bob.peer.setDirection(.audio, wish.audio)
        try await pair.bob.peer.setDirection(.video, wish.video)
        let (offer, answer) = try await bob.offers(to: alice)
        for (description, before) in [(offer, atBob), (answer, atAlice)] {
          #expect(description.media.compactMap(\.kind) == kinds)
          #expect(credentials(description) == credentials(before))
          #expect(description.groups.isEmpty)
        }
        #expect(offer.direction(of: .audio) == wish.audio)
        #expect(offer.direction(of: .video) == wish.video)
        for end in [pair.alice, pair.bob] { #expect(try await end.peer.gatheringState() == .complete) }
      }

      for end in [pair.alice, pair.bob] { end.ear.probe.reset() }
      #expect(await pair.alice.ear.hears(1000))
      #expect(await pair.bob.ear.hears(440))
      #expect(await pair.alice.eye.seesCounting())
      #expect(await pair.bob.eye.seesCounting())
      for end in [pair.alice, pair.bob] {
        let events = await end.closes()
        #expect(events.count { $0 == .gatheringState(.gathering) } == 1)
        #expect(events.count { $0 == .iceConnectionState(.checking) } == 1)
        #expect(!events.contains(.iceConnectionState(.disconnected)))
      }
      await engine.shutdown()
    }

    private func credentials(_ description: SessionDescription) -> [ICECredentials] {
      description.media.compactMap { description.iceCredentials(of: $0) }
    }
  }
}

/// An end with the pipelines of a client.
private struct Negotiator {
  let end: End
  let role: DTLSRole

  init(_ end: End, _ role: DTLSRole) {
    self.end = end
    self.role = role
  }

  func local() async throws -> SessionDescription {
    try SessionDescription(try #require(try await end.peer.localDescription()))
  }

  /// One exchange. - Returns: what left.
  func offers(to answerer: Negotiator) async throws -> (offer: SessionDescription, answer: SessionDescription) {
    let made = try await end.peer.createOffer(iceRestart: false)
    let context = LocalDescriptionPipeline.Context(
      callId: "c", type: .offer, operation: .update, localRole: role, current: try await local())
    try await end.peer.setLocalDescription(.offer, LocalDescriptionPipeline().prepareToSet(made, context).text)
    let offer = try await local()
    let answer = try await answerer.answers(offer)
    let received = try RemoteDescriptionPipeline().prepareToSet(
      answer.text,
      .init(callId: "c", type: .answer, operation: .update, localRole: role, isOriginator: false, localOffer: offer))
    try await end.peer.setRemoteDescription(.answer, received.text)
    return (offer, answer)
  }

  private func answers(_ offer: SessionDescription) async throws -> SessionDescription {
    let received = try RemoteDescriptionPipeline().prepareToSet(
      offer.text, .init(callId: "c", type: .offer, operation: .update, localRole: role, isOriginator: true))
    try await end.peer.setRemoteDescription(.offer, received.text)
    let made = try await end.peer.createAnswer()
    let context = LocalDescriptionPipeline.Context(
      callId: "c", type: .answer, operation: .update, localRole: role, remoteOffer: received.description)
    try await end.peer.setLocalDescription(.answer, LocalDescriptionPipeline().prepareToSet(made, context).text)
    return try await local()
  }
}
