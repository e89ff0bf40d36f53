import Kandy
import KandyTesting
import LinkMedia
import LinkProtocol
import Testing

/// Alice connects Bob and Carol, with both of whom she has talked: part 02 §8.18, §8.12.
@Suite(.timeLimit(.minutes(1))) struct ConsultationScenarios {
  private struct Calls {
    let bench: ScenarioBench
    let alice: Person
    let bob: Person
    let carol: Person
    let first: Call
    let second: Call
    let atBob: Call
    let atCarol: Call

    /// Alice has both calls as before, and talks to each.
    func areAsBefore() async throws {
      for (call, other, far) in [(first, bob, atBob), (second, carol, atCarol)] {
        #expect(call.record.localHold)
        try await resumes(call, other, far)
        try await call.hold()
        try await other.sees(.onRemoteHold, of: far)
      }
    }

    /// Takes a call up again. The far end may be on its way back.
    func resumes(_ call: Call, _ other: Person, _ far: Call) async throws {
      async let back: Void = call.unhold()
      try await bench.pass(.seconds(5))
      try await back
      try await other.sees(.inCall, of: far)
      try await other.sees(far) { $0.remoteParticipant?.displayNumber == alice.address }
      try await call.connected()
      try await far.connected()
    }

    /// Bob and Carol talk.
    func areConnected() async throws {
      try await bob.sees(atBob) { $0.remoteParticipant?.displayNumber == carol.address && $0.state == .inCall }
      try await carol.sees(atCarol) { $0.remoteParticipant?.displayNumber == bob.address && $0.state == .inCall }
      try await atBob.hold()
      try await carol.sees(.onRemoteHold, of: atCarol)
      try await atBob.unhold()
      try await carol.sees(.inCall, of: atCarol)
      try await atCarol.connected()
      try await atCarol.end()
      try await bob.sees(.ended, of: atBob)
    }
  }

  private static func run(_ body: (Calls) async throws -> Void) async throws {
    try await ScenarioBench.run(["alice", "bob", "carol"]) { bench, people in
      let (alice, bob, carol) = (people[0], people[1], people[2])
      let (first, atBob) = try await alice.talks(to: bob)
      try await first.hold()
      try await bob.sees(.onRemoteHold, of: atBob)
      let (second, atCarol) = try await alice.talks(to: carol)
      try await second.hold()
      try await carol.sees(.onRemoteHold, of: atCarol)
      try await body(
        Calls(
          bench: bench, alice: alice, bob: bob, carol: carol, first: first, second: second, atBob: atBob, atCarol: atCarol))
    }
  }

  @Test(.spec("R-CALL-464", "R-CALL-207")) func aliceConnectsBobAndCarol() async throws {
    try await Self.run { calls in
      try await calls.first.consultativeTransfer(to: calls.second)
      try await calls.alice.sees(.ended, of: calls.first)
      try await calls.alice.sees(.ended, of: calls.second)
      #expect(calls.alice.states(of: calls.first).suffix(2) == [.transferred, .ended])
      #expect([calls.first, calls.second].map(\.record.transition?.code) == [9905, 9905])
      #expect(try await calls.bob.sees(.inCall, of: calls.atBob)?.code == 9907)
      #expect(try await calls.carol.sees(.inCall, of: calls.atCarol)?.code == 9907)
      try await calls.areConnected()
    }
  }

  @Test(.spec("R-CALL-464", "R-CALL-62")) func carolIsAskedForAnOffer() async throws {
    try await Self.run { calls in
      let replies = calls.carol.requests.count { $0 == "respondCallUpdate" }
      let carolsPeers = calls.carol.engine.peers.count
      let reply = calls.bob.network.holdBack("respondCallUpdate")
      async let transferred: Void = calls.first.consultativeTransfer(to: calls.second)
      await reply.reached()
      let question = calls.carol.network.notifications.entries.last { $0.type == "startCallUpdate" }
      #expect(question != nil && question?.sdp == nil)
      // Her reply is the offer, of a new connection, that Bob gets.
      #expect(calls.carol.requests.count { $0 == "respondCallUpdate" } == replies + 1)
      #expect(calls.carol.engine.peers.count == carolsPeers + 1)
      let offer = calls.carol.network.requests.entries.last { $0.operation == "respondCallUpdate" }
      let offered = calls.bob.network.notifications.entries.last { $0.type == "startCallUpdate" }
      #expect(offer?.body?["sdp"]?.stringValue == offered?.sdp && offered?.sdp != nil)
      #expect(calls.atCarol.record.state == .onRemoteHold)
      reply.release()
      try await transferred
      try await calls.areConnected()
    }
  }

  // MARK: It comes to nothing (R-CALL-464)

  @Test(.spec("R-CALL-464", "R-CALL-459")) func carolsClientHasNoOffer() async throws {
    try await Self.run { calls in
      calls.carol.engine.failNext(.makePeer)
      #expect(await fails { try await calls.first.consultativeTransfer(to: calls.second) }?.statusCode == 491)
      try await calls.areAsBefore()
    }
  }

  @Test(.spec("R-CALL-464", "R-CALL-459")) func bobsClientCannotTakeCarolsOffer() async throws {
    try await Self.run { calls in
      calls.bob.engine.failNext(.setRemoteDescription)
      calls.bob.engine.failNext(.setRemoteDescription)
      #expect(await fails { try await calls.first.consultativeTransfer(to: calls.second) }?.statusCode == 491)
      try await calls.areAsBefore()
    }
  }

  @Test(.spec("R-CALL-464", "R-CALL-459"), arguments: ["bob", "carol"])
  func oneOfThemDoesNotReplyInTime(_ name: String) async throws {
    try await Self.run { calls in
      let person = name == "bob" ? calls.bob : calls.carol
      let reply = person.network.holdBack("respondCallUpdate")
      async let failure = fails { try await calls.first.consultativeTransfer(to: calls.second) }
      await reply.reached()
      try await calls.bench.pass(.seconds(20))
      #expect(await failure?.statusCode == 480)
      reply.release()
      try await calls.areAsBefore()
    }
  }

  @Test(.spec("R-CALL-464", "R-CALL-459")) func carolHangsUpMeanwhile() async throws {
    try await Self.run { calls in
      let reply = calls.bob.network.holdBack("respondCallUpdate")
      async let failure = fails { try await calls.first.consultativeTransfer(to: calls.second) }
      await reply.reached()
      try await calls.atCarol.end()
      #expect(await failure?.statusCode == 487)
      try await calls.alice.sees(.ended, of: calls.second)
      reply.release()
      try await calls.resumes(calls.first, calls.bob, calls.atBob)
    }
  }

  @Test(.spec("R-CALL-464", "R-CALL-459")) func bobHangsUpMeanwhile() async throws {
    try await Self.run { calls in
      let reply = calls.carol.network.holdBack("respondCallUpdate")
      async let failure = fails { try await calls.first.consultativeTransfer(to: calls.second) }
      await reply.reached()
      try await calls.atBob.end()
      _ = await failure
      try await calls.alice.sees(.ended, of: calls.first)
      reply.release()
      try await calls.resumes(calls.second, calls.carol, calls.atCarol)
    }
  }

  @Test(.spec("R-CALL-464", "R-CALL-461")) func aliceHangsUpMeanwhile() async throws {
    try await Self.run { calls in
      let reply = calls.bob.network.holdBack("respondCallUpdate")
      async let failure = fails { try await calls.first.consultativeTransfer(to: calls.second) }
      await reply.reached()
      try await calls.first.end()
      _ = await failure
      reply.release()
      try await calls.alice.sees(.ended, of: calls.second)
      try await calls.areConnected()
    }
  }

  @Test(.spec("R-CALL-463", "R-CALL-469")) func carolHasHungUpAsAliceConnectsHerWithBob() async throws {
    try await Self.run { calls in
      // Alice has not heard of it yet.
      try await calls.bench.breakSocket(of: calls.alice)
      try await calls.atCarol.end()
      #expect(await fails { try await calls.first.consultativeTransfer(to: calls.second) } != nil)
      try await calls.bench.mendSocket(of: calls.alice)
      try await calls.alice.sees(.ended, of: calls.second)
      #expect(calls.first.record.state == .onHold && calls.atBob.record.state == .onRemoteHold)
      try await calls.resumes(calls.first, calls.bob, calls.atBob)
    }
  }
}
