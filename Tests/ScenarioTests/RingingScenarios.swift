import Kandy
import KandyTesting
import LinkProtocol
import Testing

/// What one can do with a call that rings, and who gets it: part 02 §8.7, §8.8, §8.10, §8.27.
@Suite(.timeLimit(.minutes(1))) struct RingingScenarios {
  // MARK: Ignore (§8.7)

  @Test(.spec("R-CALL-84")) func bobIgnoresTheCall() async throws {
    try await ScenarioBench.run { bench, people in
      let (alice, bob) = (people[0], people[1])
      let call = try alice.make(bob)
      let atBob = try await bob.isCalled()
      try await alice.sees(.ringing, of: call)
      try await atBob.ignore()
      #expect(try await bob.sees(.ended, of: atBob)?.code == 9903)
      try await bench.pass(.seconds(59))
      #expect(call.record.state == .ringing)
      try await bench.pass(.seconds(1))
      #expect(try await alice.sees(.ended, of: call)?.code == 487)
      // What the gateway said at last was about a call that Bob's client does not know any more.
      _ = try await bob.isTold("callEnd")
      #expect(bob.states(of: atBob) == [.ended])
      #expect(bob.requests == [] && bob.errors == [])
    }
  }

  @Test func whatBobHasIgnoredRingsAgainAsANewCall() async throws {
    try await ScenarioBench.run { bench, people in
      let (alice, bob) = (people[0], people[1])
      let call = try alice.make(bob)
      let first = try await bob.isCalled()
      try await first.ignore()
      bob.network.receive(try await bob.isTold("call").again)
      let second = try await bob.isCalled()
      #expect(second.id != first.id && second.record.session == first.record.session)
      try second.answer()
      try await call.connected()
      #expect(first.record.state == .ended)
    }
  }

  // MARK: Forward (§8.8)

  @Test(.spec("R-CALL-83", "R-CALL-413")) func bobSendsAlicesCallToCarol() async throws {
    try await ScenarioBench.run(["alice", "bob", "bob", "carol"]) { _, people in
      let (alice, bob, tablet, carol) = (people[0], people[1], people[2], people[3])
      let call = try alice.make(bob)
      let (atBob, atTablet) = (try await bob.isCalled(), try await tablet.isCalled())
      try await atBob.forward(to: carol.address)
      try await bob.sees(.ended, of: atBob)
      try await tablet.sees(.ended, of: atTablet)
      #expect(bob.events.entries.contains { if case .callForward(atBob.id) = $0 { true } else { false } })
      let atCarol = try await carol.isCalled()
      try atCarol.answer()
      try await call.connected()
      #expect(call.record.remoteParticipant?.displayNumber == "carol@example.com")
      #expect(atCarol.record.remoteParticipant?.displayNumber == "alice@example.com")
      try await call.end()
      try await carol.sees(.ended, of: atCarol)
    }
  }

  @Test(.spec("R-CALL-414"), arguments: ["alice@example.com", "bob@example.com", "nonsense@"])
  func aCallThatCannotBeForwardedRingsOn(_ destination: String) async throws {
    try await ScenarioBench.run { _, people in
      let (alice, bob) = (people[0], people[1])
      let call = try alice.make(bob)
      let atBob = try await bob.isCalled()
      let error = await fails { try await atBob.forward(to: destination) }
      #expect(error?.statusCode == 37)
      #expect(bob.errors.count == 1)
      #expect(atBob.record.state == .ringing)
      try atBob.answer()
      try await call.connected()
    }
  }

  @Test(.spec("R-CALL-413")) func carolDoesNotAnswerTheForwardedCall() async throws {
    try await ScenarioBench.run(["alice", "bob", "carol"]) { bench, people in
      let (alice, bob, carol) = (people[0], people[1], people[2])
      let call = try alice.make(bob)
      let atBob = try await bob.isCalled()
      try await bench.pass(.seconds(50))
      try await atBob.forward(to: carol.address)
      let atCarol = try await carol.isCalled()
      // The ring time starts anew.
      try await bench.pass(.seconds(59))
      #expect(call.record.state == .ringing && atCarol.record.state == .ringing)
      try await bench.pass(.seconds(1))
      #expect(try await alice.sees(.ended, of: call)?.code == 487)
      try await carol.sees(.ended, of: atCarol)
    }
  }

  @Test(.spec("R-CALL-413")) func carolTurnsTheForwardedCallDown() async throws {
    try await ScenarioBench.run(["alice", "bob", "carol"]) { _, people in
      let (alice, bob, carol) = (people[0], people[1], people[2])
      let call = try alice.make(bob)
      try await (try await bob.isCalled()).forward(to: carol.address)
      try await (try await carol.isCalled()).reject()
      #expect(try await alice.sees(.ended, of: call)?.code == 603)
    }
  }

  @Test(.spec("R-CALL-413"), arguments: [("nobody@example.com", StatusCode(404)), ("carol@example.com", 480)])
  func bobForwardsToSomebodyWhoIsNotThere(_ destination: String, _ code: StatusCode) async throws {
    try await ScenarioBench.run { _, people in
      let (alice, bob) = (people[0], people[1])
      let call = try alice.make(bob)
      let atBob = try await bob.isCalled()
      try await atBob.forward(to: destination)
      #expect(try await alice.sees(.ended, of: call)?.code == code)
      try await bob.sees(.ended, of: atBob)
    }
  }

  // MARK: Two devices (§8.10)

  @Test func theFirstDeviceToAnswerWinsAndTheOtherStopsRinging() async throws {
    try await ScenarioBench.run(["alice", "bob", "bob"]) { _, people in
      let (alice, bob, tablet) = (people[0], people[1], people[2])
      let call = try alice.make(bob)
      let (atBob, atTablet) = (try await bob.isCalled(), try await tablet.isCalled())
      try await alice.sees(.ringing, of: call)
      try atTablet.answer()
      try await call.answered()
      #expect(try await bob.sees(.ended, of: atBob)?.code == 9904)
      #expect(atTablet.record.state == .inCall)
      try await call.end()
      try await tablet.sees(.ended, of: atTablet)
    }
  }

  @Test(.spec("R-CALL-49", "R-CALL-419")) func bobAnswersOnBothDevicesAtOnce() async throws {
    try await ScenarioBench.run(["alice", "bob", "bob"]) { _, people in
      let (alice, bob, tablet) = (people[0], people[1], people[2])
      let call = try alice.make(bob)
      let (atBob, atTablet) = (try await bob.isCalled(), try await tablet.isCalled())
      let late = tablet.network.holdBack("callAnswer")
      try atTablet.answer()
      await late.reached()
      try atBob.answer()
      try await call.connected()
      _ = try await tablet.isTold("callCancel")
      late.release()
      // 55: the other one has it.
      #expect(try await tablet.sees(.ended, of: atTablet)?.code == 9904)
      #expect(tablet.states(of: atTablet) == [.ended])
      #expect(call.record.state == .inCall && atBob.record.state == .inCall)
      try await atBob.end()
      try await alice.sees(.ended, of: call)
    }
  }

  // MARK: The next process (§8.27)

  @Test(.spec("R-CALL-484", "R-CALL-700")) func bobsApplicationStartsAnewWhileItRings() async throws {
    try await ScenarioBench.run(["alice"]) { bench, people in
      let alice = people[0]
      let storage = MemoryStorage()
      let settings: JSONValue = ["continuity": true]
      let before = try await bench.person("bob", call: settings, storage: storage)
      let call = try alice.make("bob@example.com")
      let session = try await before.isCalled().record.session
      // Killed: nobody is told.
      await before.client.destroy()
      let after = try await bench.person("bob", call: settings, storage: storage)
      let atBob = try await after.isCalled()
      #expect(atBob.record.session == session)
      #expect(after.requests == ["GET"])
      try atBob.answer()
      try await call.connected()
      try await atBob.end()
      try await alice.sees(.ended, of: call)
      await after.client.disconnect()
      await after.client.destroy()
      #expect(try await storage.keys() == [])
    }
  }
}
