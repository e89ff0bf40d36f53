import Kandy
import KandyGateway
import KandyTesting
import LinkMedia
import LinkProtocol
import Testing

/// Alice joins her calls with Bob and Carol: three clients and a gateway that mixes, in one process; only the media engines are fakes.
@Suite(.timeLimit(.minutes(1))) struct JoinScenarios {
  /// Alice's two calls, both on hold, and their other ends.
  private struct Setting {
    let bench: ScenarioBench
    let alice: Person
    let bob: Person
    let carol: Person
    let first: Call
    let second: Call
    let atBob: Call
    let atCarol: Call

    /// Waits until this is heard of Alice, Bob and Carol at an end of a call.
    func hears(_ call: Call, _ wanted: [Int]) async throws {
      try await bench.hears(call, wanted, of: [500, 900, 1_300])
    }
  }

  private func setting(_ body: (Setting) async throws -> Void) async throws {
    try await ScenarioBench.run(["alice", "bob", "carol"]) { bench, people in
      let (alice, bob, carol) = (people[0], people[1], people[2])
      for (person, hz) in [(alice, 500), (bob, 900), (carol, 1_300)] {
        try await person.client.media.setDefaultDevices(microphone: "virtual:tone?hz=\(hz)", speaker: "virtual:null")
      }
      let (first, atBob) = try await alice.talks(to: bob)
      try await first.hold()
      let (second, atCarol) = try await alice.talks(to: carol)
      try await second.hold()
      try await body(
        Setting(
          bench: bench, alice: alice, bob: bob, carol: carol, first: first, second: second, atBob: atBob, atCarol: atCarol))
    }
  }

  /// The join came to nothing: Alice has her calls on hold, and takes one of them up again.
  private func expectAsBefore(
    _ setting: Setting, _ call: Call, _ other: Person, _ farEnd: Call, hears shares: [Int]
  ) async throws {
    try await setting.alice.sees(.onHold, of: call)
    // The far end may be on its way back from the mixer: then the offer is repeated.
    async let back: Void = call.unhold()
    try await setting.bench.pass(.seconds(5))
    try await back
    // Who the far end is shows with the next change.
    try await other.sees(farEnd) { $0.remoteParticipant?.displayNumber == "alice@example.com" }
    try await setting.hears(call, shares)
    try await setting.hears(farEnd, [10, 0, 0])
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
      try await setting.hears(joined, [0, 5, 5])
      try await setting.hears(setting.atBob, [5, 0, 5])
      try await setting.hears(setting.atCarol, [5, 5, 0])

      try await setting.atCarol.hold()
      try await setting.hears(joined, [0, 10, 0])
      try await setting.atCarol.unhold()
      try await setting.hears(joined, [0, 5, 5])

      try await joined.end()
      try await setting.hears(setting.atBob, [0, 0, 10])
      try await setting.atBob.end()
      try await setting.atCarol.ended()
    }
  }

  @Test func theMixersEngineFails() async throws {
    try await setting { setting in
      setting.bench.mixing.failNext(.makePeer)
      let joined = try await setting.first.join(with: setting.second)
      try await joined.ended()
      #expect(joined.record.transition?.code == 500)
      try await expectAsBefore(setting, setting.first, setting.bob, setting.atBob, hears: [0, 10, 0])
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
      try await expectAsBefore(setting, setting.second, setting.carol, setting.atCarol, hears: [0, 0, 10])
      try await setting.second.hold()
      try await expectAsBefore(setting, setting.first, setting.bob, setting.atBob, hears: [0, 10, 0])
    }
  }

  @Test func carolHangsUpMeanwhile() async throws {
    try await setting { setting in
      let hold = setting.bench.mixing.holdNext(.createOffer)
      let joined = try await setting.first.join(with: setting.second)
      try await hold.reached()
      try await setting.atCarol.end()
      try await joined.ended()
      try await setting.second.ended()
      hold.release()
      try await expectAsBefore(setting, setting.first, setting.bob, setting.atBob, hears: [0, 10, 0])
    }
  }

  @Test func aliceThinksBetterOfIt() async throws {
    try await setting { setting in
      let hold = setting.bench.mixing.holdNext(.createOffer)
      let joined = try await setting.first.join(with: setting.second)
      try await hold.reached()
      try await joined.end()
      hold.release()
      try await expectAsBefore(setting, setting.first, setting.bob, setting.atBob, hears: [0, 10, 0])
    }
  }

  // MARK: - Somebody does not answer, or leaves

  @Test(.spec("R-CALL-838"), arguments: [false, true]) func oneOfThemDoesNotAnswerTheMixer(isFirst: Bool) async throws {
    try await setting { setting in
      let silent = isFirst ? setting.bob : setting.carol
      let reply = silent.network.holdBack("respondCallUpdate")
      let joined = try await setting.first.join(with: setting.second)
      await reply.reached()
      try await setting.bench.pass(.seconds(20))
      try await joined.ended()
      #expect(joined.record.transition?.code == 480)
      reply.release()
      // The other one, and then the silent one, whose client has taken back what it had answered in vain.
      let other = isFirst ? (setting.second, setting.carol, setting.atCarol) : (setting.first, setting.bob, setting.atBob)
      let shares = isFirst ? [0, 0, 10] : [0, 10, 0]
      try await expectAsBefore(setting, other.0, other.1, other.2, hears: shares)
    }
  }

  @Test func bobHangsUpMeanwhile() async throws {
    try await setting { setting in
      let hold = setting.bench.mixing.holdNext(.createOffer)
      let joined = try await setting.first.join(with: setting.second)
      try await hold.reached()
      try await setting.atBob.end()
      try await joined.ended()
      try await setting.first.ended()
      hold.release()
      try await expectAsBefore(setting, setting.second, setting.carol, setting.atCarol, hears: [0, 0, 10])
    }
  }

  // MARK: - Which calls can be joined

  @Test(.spec("R-CALL-465")) func callsThatTheFarEndsHoldAreJoined() async throws {
    try await setting { setting in
      // Bob's is held from both ends, Carol's by her alone.
      try await setting.atBob.hold()
      try await setting.alice.sees(setting.first) { $0.localHold && $0.remoteHold }
      try await setting.second.unhold()
      try await setting.atCarol.hold()
      try await setting.alice.sees(setting.second) { !$0.localHold && $0.remoteHold }
      let joined = try await setting.first.join(with: setting.second)
      try await joined.connected()
      // Both hold still, and are heard when they come back.
      try await setting.atBob.unhold()
      try await setting.atCarol.unhold()
      try await setting.hears(joined, [0, 5, 5])
      try await setting.hears(setting.atBob, [5, 0, 5])
      try await setting.hears(setting.atCarol, [5, 5, 0])
    }
  }

  @Test(.spec("R-CALL-465")) func aCallThatNobodyHoldsIsNotJoined() async throws {
    try await setting { setting in
      try await setting.second.unhold()
      #expect(await fails { _ = try await setting.first.join(with: setting.second) }?.code == .callInvalidState)
      #expect(setting.alice.requests.contains("join") == false)
      #expect(setting.first.record.state == .onHold && setting.second.record.state == .inCall)
    }
  }
}
