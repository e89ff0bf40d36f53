import Kandy
import KandyGateway
import KandyTesting
import LinkMedia
import LinkProtocol
import Testing

/// Alice joins her calls with Bob and Carol: three clients and a gateway that mixes, in one process; only the media engines are fakes.
@Suite(.timeLimit(.minutes(1))) struct JoinScenarios {
  private struct Person {
    let client: Client
    let engine: FakeMediaEngine

    init(_ name: String, hz: Int, _ gateway: InProcessGateway, _ network: FakeMediaNetwork) async throws {
      engine = FakeMediaEngine(network: network)
      client = create(gateway.configuration(), media: engine)
      try await client.media.setDefaultDevices(microphone: "virtual:tone?hz=\(hz)", speaker: "virtual:null")
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

  /// Alice's two calls, both on hold, and their other ends.
  private struct Setting {
    let mixing: FakeMediaEngine
    let network: FakeMediaNetwork
    let alice: Person
    let bob: Person
    let carol: Person
    let first: Call
    let second: Call
    let atBob: Call
    let atCarol: Call

    /// Lets time pass until each person's tone has this share, in tenths, in what is heard at an end of a call. What has been agreed on
    /// takes effect at one end before the other.
    func hears(_ call: Call, _ wanted: [Int]) async -> Bool {
      for _ in 0..<1_000 {
        if shares(call) == wanted { return true }
        await Task.yield()
      }
      return false
    }

    private func shares(_ call: Call) -> [Int] {
      let probe = AudioProbe()
      call.addAudioSink(probe)
      network.pump(frames: 150)
      call.removeAudioSink(probe)
      return [500.0, 900, 1_300].map { Int((probe.purity(at: $0) * 10).rounded()) }
    }

    /// Waits until the far end is known by this number.
    func names(_ call: Call, _ number: String) async {
      while call.record.remoteParticipant?.displayNumber != number { await Task.yield() }
    }
  }

  private func setting(_ body: (Setting) async throws -> Void) async throws {
    let network = FakeMediaNetwork()
    let mixing = FakeMediaEngine(network: network)
    let users: [UserAddress] = ["alice@example.com", "bob@example.com", "carol@example.com"]
    try await InProcessGateway.run(users: users, media: mixing) { gateway in
      let alice = try await Person("alice", hz: 500, gateway, network)
      let bob = try await Person("bob", hz: 900, gateway, network)
      let carol = try await Person("carol", hz: 1_300, gateway, network)
      let (first, atBob) = try await alice.calls("bob", bob)
      try await first.hold()
      let (second, atCarol) = try await alice.calls("carol", carol)
      try await second.hold()
      try await body(
        Setting(
          mixing: mixing, network: network, alice: alice, bob: bob, carol: carol, first: first, second: second, atBob: atBob,
          atCarol: atCarol))
      for person in [alice, bob, carol] {
        await person.client.disconnect()
        await person.client.destroy()
      }
    }
  }

  /// The join came to nothing: Alice has her calls on hold, and takes one of them up again.
  private func expectAsBefore(_ setting: Setting, _ call: Call, _ farEnd: Call, hears shares: [Int]) async throws {
    #expect(call.record.state == .onHold)
    // The far end may be on its way back from the mixer.
    while call.record.localHold {
      do {
        try await call.unhold()
      } catch let error as BasicError where error.code == .callInvalidState {
        await Task.yield()
      }
    }
    // Who the far end is shows with the next change.
    await setting.names(farEnd, "alice@example.com")
    #expect(await setting.hears(call, shares))
    #expect(await setting.hears(farEnd, [10, 0, 0]))
  }

  @Test(.spec("R-CALL-838")) func threePeopleTalkAndTwoGoOn() async throws {
    try await setting { setting in
      let joined = try await setting.first.join(with: setting.second)
      try await setting.first.ended()
      try await setting.second.ended()
      #expect(setting.first.record.transition?.code == 9906)
      #expect(joined.record.state == .inCall)
      #expect(joined.record.remoteParticipant?.displayName == "Bob, Carol")
      for call in [setting.atBob, setting.atCarol] {
        #expect(call.record.remoteParticipant?.displayNumber == "conference@example.com")
        #expect(call.record.state == .inCall)
      }
      try await joined.connected()
      #expect(await setting.hears(joined, [0, 5, 5]))
      #expect(await setting.hears(setting.atBob, [5, 0, 5]))
      #expect(await setting.hears(setting.atCarol, [5, 5, 0]))

      try await setting.atCarol.hold()
      #expect(await setting.hears(joined, [0, 10, 0]))
      try await setting.atCarol.unhold()
      #expect(await setting.hears(joined, [0, 5, 5]))

      try await joined.end()
      #expect(await setting.hears(setting.atBob, [0, 0, 10]))
      try await setting.atBob.end()
      try await setting.atCarol.ended()
    }
  }

  @Test func theMixersEngineFails() async throws {
    try await setting { setting in
      setting.mixing.failNext(.makePeer)
      let joined = try await setting.first.join(with: setting.second)
      try await joined.ended()
      #expect(joined.record.transition?.code == 500)
      try await expectAsBefore(setting, setting.first, setting.atBob, hears: [0, 10, 0])
    }
  }

  @Test func bobsClientCannotTakeTheMixersOffer() async throws {
    try await setting { setting in
      // Neither the present peer nor a new one.
      setting.bob.engine.failNext(.setRemoteDescription)
      setting.bob.engine.failNext(.setRemoteDescription)
      let joined = try await setting.first.join(with: setting.second)
      try await joined.ended()
      #expect(joined.record.transition?.code == 491)
      try await expectAsBefore(setting, setting.second, setting.atCarol, hears: [0, 0, 10])
      try await setting.second.hold()
      try await expectAsBefore(setting, setting.first, setting.atBob, hears: [0, 10, 0])
    }
  }

  @Test func carolHangsUpMeanwhile() async throws {
    try await setting { setting in
      let hold = setting.mixing.holdNext(.createOffer)
      let joined = try await setting.first.join(with: setting.second)
      try await hold.reached()
      try await setting.atCarol.end()
      try await joined.ended()
      try await setting.second.ended()
      hold.release()
      try await expectAsBefore(setting, setting.first, setting.atBob, hears: [0, 10, 0])
    }
  }

  @Test func aliceThinksBetterOfIt() async throws {
    try await setting { setting in
      let hold = setting.mixing.holdNext(.createOffer)
      let joined = try await setting.first.join(with: setting.second)
      try await hold.reached()
      try await joined.end()
      hold.release()
      while setting.first.record.state != .onHold { await Task.yield() }
      try await expectAsBefore(setting, setting.first, setting.atBob, hears: [0, 10, 0])
    }
  }
}
