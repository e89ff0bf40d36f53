import Kandy
import KandyGateway
import KandyTesting
import LinkProtocol
import Testing

/// Calls from the first ring to the last word: part 02 §8.1, §8.3 to §8.6.
@Suite(.timeLimit(.minutes(1))) struct CallScenarios {
  @Test(.spec("R-CALL-380", "R-CALL-381", "R-CALL-93")) func aliceCallsBobWhoAnswersAndHangsUp() async throws {
    try await ScenarioBench.run { bench, people in
      let (alice, bob) = (people[0], people[1])
      let atAlice = try alice.make(bob)
      let atBob = try await bob.isCalled()
      #expect(atBob.record.remoteParticipant?.displayNumber == "alice@example.com")
      #expect(atBob.record.callerName == "Alice")
      try await alice.sees(.ringing, of: atAlice)
      try await bench.pass(.seconds(7))
      try atBob.answer()
      try await atAlice.connected()
      try await atBob.connected()
      try await alice.sees(.inCall, of: atAlice)
      try await bob.sees(.inCall, of: atBob)
      for call in [atAlice, atBob] { #expect(call.record.startTime == bench.clock.wallClock()) }
      // Both ends show the gateway that they are there.
      try await bench.pass(.seconds(3))
      try await alice.asks("audit")
      try await bob.asks("audit")
      try await bench.pass(.seconds(57))
      try await atBob.end()
      try await alice.sees(.ended, of: atAlice)
      try await bob.sees(.ended, of: atBob)
      #expect(atAlice.record.endTime == atAlice.record.startTime.map { $0 + 60_000 })
      #expect(alice.states(of: atAlice) == [.ringing, .inCall, .ended])
      #expect(bob.states(of: atBob) == [.inCall, .ended])
      #expect(atBob.record.transition?.code == 9901)
      #expect(alice.requests == ["callStart", "audit", "audit"])
      #expect(bob.requests == ["callAnswer", "audit", "audit", "DELETE"])
      #expect(alice.errors + bob.errors == [])
    }
  }

  // MARK: Nobody takes it (§8.3)

  @Test(.spec("R-CALL-410")) func nobodyAnswers() async throws {
    try await ScenarioBench.run(["alice", "bob", "bob"]) { bench, people in
      let (alice, bob, tablet) = (people[0], people[1], people[2])
      let call = try alice.make(bob)
      let (atBob, atTablet) = (try await bob.isCalled(), try await tablet.isCalled())
      try await alice.sees(.ringing, of: call)
      try await bench.pass(.seconds(59))
      #expect([call, atBob, atTablet].map(\.record.state) == [.ringing, .ringing, .ringing])
      try await bench.pass(.seconds(1))
      #expect(try await alice.sees(.ended, of: call)?.code == 487)
      try await bob.sees(.ended, of: atBob)
      try await tablet.sees(.ended, of: atTablet)
      #expect(!alice.requests.contains("DELETE"))
    }
  }

  @Test(arguments: [("nobody@example.com", StatusCode(404)), ("carol@example.com", 480)])
  func aCalleeWhoIsNotThereGivesTheDocumentedEnd(_ callee: String, _ code: StatusCode) async throws {
    try await ScenarioBench.run(["alice"]) { _, people in
      let call = try people[0].make(callee)
      #expect(try await people[0].sees(.ended, of: call)?.code == code)
    }
  }

  @Test func bobTurnsTheCallDown() async throws {
    try await ScenarioBench.run(["alice", "bob", "bob"]) { _, people in
      let (alice, bob, tablet) = (people[0], people[1], people[2])
      let call = try alice.make(bob)
      let (atBob, atTablet) = (try await bob.isCalled(), try await tablet.isCalled())
      try await atBob.reject()
      #expect(try await alice.sees(.ended, of: call)?.code == 603)
      #expect(try await bob.sees(.ended, of: atBob)?.code == 9902)
      #expect(try await tablet.sees(.ended, of: atTablet)?.code == 9904)
    }
  }

  // MARK: Alice thinks better of it (§8.4, §8.9)

  @Test(.spec("R-CALL-45")) func aliceHangsUpBeforeTheGatewayHasHeardOfTheCall() async throws {
    try await ScenarioBench.run { _, people in
      let (alice, bob) = (people[0], people[1])
      let invite = alice.network.holdBack("callStart")
      let call = try alice.make(bob)
      await invite.reached()
      try await call.end()
      #expect(try await alice.sees(.ended, of: call)?.code == 9901)
      invite.release()
      try await bob.sees(.ended, of: try await bob.isCalled())
      #expect(alice.requests == ["callStart", "DELETE"])
      #expect(alice.errors == [])
    }
  }

  @Test func aliceHangsUpBeforeItRings() async throws {
    try await ScenarioBench.run { bench, people in
      let (alice, bob) = (people[0], people[1])
      // The news that it rings does not reach her.
      try await bench.breakSocket(of: alice)
      let call = try alice.make(bob)
      let atBob = try await bob.isCalled()
      try await alice.sees(call) { $0.state == .initiated }
      try await call.end()
      #expect(try await alice.sees(.ended, of: call)?.code == 9901)
      try await bob.sees(.ended, of: atBob)
      try await bench.mendSocket(of: alice)
      #expect(alice.states(of: call) == [.ended])
    }
  }

  @Test func hangingUpWhileItRingsEndsItEverywhere() async throws {
    try await ScenarioBench.run(["alice", "bob", "bob"]) { _, people in
      let (alice, bob, tablet) = (people[0], people[1], people[2])
      let call = try alice.make(bob)
      let (atBob, atTablet) = (try await bob.isCalled(), try await tablet.isCalled())
      try await alice.sees(.ringing, of: call)
      try await call.end()
      try await bob.sees(.ended, of: atBob)
      try await tablet.sees(.ended, of: atTablet)
      #expect(try await alice.sees(.ended, of: call)?.code == 9901)
    }
  }

  @Test(.spec("R-CALL-49")) func aliceHangsUpWhileBobsAnswerIsOnItsWay() async throws {
    try await ScenarioBench.run { _, people in
      let (alice, bob) = (people[0], people[1])
      let call = try alice.make(bob)
      let atBob = try await bob.isCalled()
      try await alice.sees(.ringing, of: call)
      let answer = bob.network.holdBack("callAnswer")
      try atBob.answer()
      await answer.reached()
      try await call.end()
      try await bob.sees(.ended, of: atBob)
      answer.release()
      await #expect(throws: BasicError.self) { try await atBob.answered() }
      #expect(bob.states(of: atBob) == [.ended])
      #expect(alice.states(of: call) == [.ringing, .ended])
    }
  }

  @Test(.spec("R-CALL-479")) func disconnectingEndsTheCallForTheOther() async throws {
    try await ScenarioBench.run { _, people in
      let (alice, bob) = (people[0], people[1])
      let call = try await alice.talks(to: bob).mine
      await bob.client.disconnect()
      try await alice.sees(.ended, of: call)
    }
  }
}
