import Kandy
import KandyGateway
import KandyTesting
import KandyWebRTC
import LinkMedia
import LinkProtocol
import Testing

/// Alice brings Bob and Carol together: real sockets, a real gateway with a media engine of its own, real libwebrtc.
@Suite(.serialized, .timeLimit(.minutes(1))) struct LiveJoinTests {
  private func conference(_ body: (_ alice: LiveLeg, _ bob: LiveLeg, _ carol: LiveLeg) async throws -> Void) async throws {
    let (mixing, engine) = (WebRTCEngine(), WebRTCEngine())
    let users: [UserAddress] = ["alice@example.com", "bob@example.com", "carol@example.com"]
    try await InProcessGateway.run(users: users, media: mixing) { gateway in
      let alice = try await LivePerson("alice", hz: 500, gateway, engine)
      let bob = try await LivePerson("bob", hz: 900, gateway, engine)
      let carol = try await LivePerson("carol", hz: 1_300, gateway, engine)
      let (first, atBob) = try await alice.calls("bob", bob)
      try await first.hold()
      let (second, atCarol) = try await alice.calls("carol", carol)
      try await second.hold()
      let joined = try await first.join(with: second)
      let legs = (LiveLeg(joined, alice.hz), LiveLeg(atBob, bob.hz), LiveLeg(atCarol, carol.hz))
      try await first.ended()
      try await second.ended()
      #expect(joined.record.state == .inCall)
      for leg in [legs.1, legs.2] {
        #expect(leg.call.record.remoteParticipant?.displayNumber == "conference@example.com")
      }
      try await body(legs.0, legs.1, legs.2)
      for person in [alice, bob, carol] { await person.leave() }
    }
    await engine.shutdown()
    await mixing.shutdown()
  }

  @Test(.spec("R-CALL-838", "R-MEDIA-72")) func everybodyHearsTheOthersAndNobodyHimself() async throws {
    try await conference { alice, bob, carol in
      #expect(await alice.hears(bob, carol))
      #expect(await bob.hears(alice, carol))
      #expect(await carol.hears(alice, bob))

      try await bob.call.hold()
      #expect(await alice.hears(carol))
      #expect(await carol.hears(alice))
      try await bob.call.unhold()
      #expect(await bob.hears(alice, carol))
      #expect(await alice.hears(bob, carol))

      try await alice.call.end()
      #expect(await bob.hears(carol))
      #expect(await carol.hears(bob))
      try await bob.call.end()
      try await carol.call.ended()
    }
  }
}
