import Kandy
import KandyGateway
import KandyTesting
import KandyWebRTC
import LinkMedia
import LinkProtocol
import Testing

/// Alice brings Bob and Carol together: real sockets, a real gateway with a media engine of its own, real libwebrtc.
@Suite(.serialized, .timeLimit(.minutes(1))) struct LiveJoinTests {
  /// Somebody who speaks with a tone.
  private struct Person {
    let client: Client
    let hz: Double

    init(_ name: String, hz: Double, _ gateway: InProcessGateway, _ engine: WebRTCEngine) async throws {
      client = create(gateway.configuration(), media: engine)
      self.hz = hz
      try await client.media.setDefaultDevices(microphone: "virtual:tone?hz=\(Int(hz))", speaker: "virtual:null")
      try await client.connect(Credentials(username: "\(name)@example.com", password: InProcessGateway.password))
    }

    func calls(_ name: String, _ other: Person) async throws -> (Call, Call) {
      let events = other.client.events
      let made = try client.call.make("\(name)@example.com", MakeOptions(isVideoEnabled: false))
      let answered = try other.client.call.answer(try await events.nextCall(), AnswerOptions(isVideoEnabled: false))
      try await made.connected()
      try await answered.connected()
      return (made, answered)
    }
  }

  /// One leg of the conference, and what is heard there.
  private struct Leg {
    let call: Call
    let hz: Double
    let ear: LiveEar

    init(_ call: Call, _ hz: Double) {
      (self.call, self.hz, ear) = (call, hz, LiveEar(hz))
      call.addAudioSink(ear)
    }

    func hears(_ others: Leg...) async -> Bool {
      let isHeard = await ear.hears(others.map(\.hz))
      return isHeard && ear.probe.purity(at: hz) < 0.01
    }
  }

  private func conference(_ body: (_ alice: Leg, _ bob: Leg, _ carol: Leg) async throws -> Void) async throws {
    let (mixing, engine) = (WebRTCEngine(), WebRTCEngine())
    let users: [UserAddress] = ["alice@example.com", "bob@example.com", "carol@example.com"]
    try await InProcessGateway.run(users: users, media: mixing) { gateway in
      let alice = try await Person("alice", hz: 500, gateway, engine)
      let bob = try await Person("bob", hz: 900, gateway, engine)
      let carol = try await Person("carol", hz: 1_300, gateway, engine)
      let (first, atBob) = try await alice.calls("bob", bob)
      try await first.hold()
      let (second, atCarol) = try await alice.calls("carol", carol)
      try await second.hold()
      let joined = try await first.join(with: second)
      let legs = (Leg(joined, alice.hz), Leg(atBob, bob.hz), Leg(atCarol, carol.hz))
      try await first.ended()
      try await second.ended()
      #expect(joined.record.state == .inCall)
      for leg in [legs.1, legs.2] {
        #expect(leg.call.record.remoteParticipant?.displayNumber == "conference@example.com")
      }
      try await body(legs.0, legs.1, legs.2)
      for person in [alice, bob, carol] {
        await person.client.disconnect()
        await person.client.destroy()
      }
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
