import Kandy
import KandyGateway
import KandyTesting
import LinkMedia
import LinkProtocol
import Testing

/// Alice hands Bob over to Carol, whom she does not ask before: part 02 §8.17.
@Suite(.timeLimit(.minutes(1))) struct TransferScenarios {
  /// A call that nobody has hung up, and does not talk to whom it has talked before only if that was wanted.
  private static func expectTalk(_ one: Person, _ call: Call, _ other: Person, _ far: Call) async throws {
    try await call.hold()
    try await other.sees(.onRemoteHold, of: far)
    try await call.unhold()
    try await other.sees(.inCall, of: far)
    #expect(call.record.state == .inCall)
    #expect(call.record.remoteParticipant?.displayNumber == other.address)
    #expect(far.record.remoteParticipant?.displayNumber == one.address)
    try await call.connected()
    try await far.connected()
    try await call.end()
    try await other.sees(.ended, of: far)
  }

  @Test(.spec("R-CALL-456", "R-CALL-457", "R-CALL-458")) func aliceTransfersBobToCarol() async throws {
    try await ScenarioBench.run(["alice", "bob", "carol"]) { _, people in
      let (alice, bob, carol) = (people[0], people[1], people[2])
      let (call, atBob) = try await alice.talks(to: bob)
      async let transferred: Void = call.directTransfer(to: carol.address)
      let atCarol = try await carol.isCalled()
      try atCarol.answer()
      try await transferred
      try await alice.sees(.ended, of: call)
      try await carol.sees(.inCall, of: atCarol)
      #expect(alice.states(of: call).suffix(2) == [.transferred, .ended])
      #expect(call.record.transition?.code == 9905)
      try await bob.sees(atBob) { $0.remoteParticipant?.displayNumber == "carol@example.com" }
      #expect(atCarol.record.remoteParticipant?.displayNumber == "bob@example.com")
      try await Self.expectTalk(carol, atCarol, bob, atBob)
    }
  }

  @Test(.spec("R-CALL-182", "R-CALL-457")) func carolsAnswerIsAnOfferToWhichBobSaysYes() async throws {
    try await ScenarioBench.run(["alice", "bob", "carol"]) { bench, people in
      let (alice, bob, carol) = (people[0], people[1], people[2])
      let call = try await alice.talks(to: bob).mine
      async let transferred: Void = call.directTransfer(to: carol.address)
      let atCarol = try await carol.isCalled()
      #expect(try await carol.isTold("call").sdp == nil)
      #expect(!atCarol.record.isVideoNegotiationAvailable)
      try await bench.pass(.seconds(5))
      let reply = bob.network.holdBack("respondCallUpdate")
      try atCarol.answer()
      await reply.reached()
      // Carol has offered, and is not in the call before Bob has answered.
      #expect(carol.requests == ["callAnswer"] && atCarol.record.state == .ringing && carol.states(of: atCarol) == [])
      let offer = carol.network.requests.entries.last?.body?["sdp"]?.stringValue
      let offered = bob.network.notifications.entries.last { $0.type == "startCallUpdate" }
      #expect(offer != nil && offered?.sdp == offer)
      reply.release()
      try await transferred
      try await atCarol.connected()
      #expect(carol.states(of: atCarol).first == .inCall)
      #expect(atCarol.record.startTime == bench.clock.wallClock())
    }
  }

  @Test(.spec("R-CALL-207")) func bobWhomAliceHoldsComesToCarol() async throws {
    try await ScenarioBench.run(["alice", "bob", "carol"]) { _, people in
      let (alice, bob, carol) = (people[0], people[1], people[2])
      let (call, atBob) = try await alice.talks(to: bob)
      try await call.hold()
      try await bob.sees(.onRemoteHold, of: atBob)
      async let transferred: Void = call.directTransfer(to: carol.address)
      let atCarol = try await carol.isCalled()
      try atCarol.answer()
      try await transferred
      #expect(try await bob.sees(.inCall, of: atBob)?.code == 9907)
      try await carol.sees(.inCall, of: atCarol)
      try await Self.expectTalk(bob, atBob, carol, atCarol)
    }
  }

  @Test(.spec("R-CALL-456")) func bobWhoWasCalledTransfersAliceToCarol() async throws {
    try await ScenarioBench.run(["alice", "bob", "carol"]) { _, people in
      let (alice, bob, carol) = (people[0], people[1], people[2])
      let (call, atBob) = try await alice.talks(to: bob)
      async let transferred: Void = atBob.directTransfer(to: carol.address)
      let atCarol = try await carol.isCalled()
      #expect(atCarol.record.remoteParticipant?.displayNumber == "alice@example.com")
      try atCarol.answer()
      try await transferred
      try await bob.sees(.ended, of: atBob)
      try await carol.sees(.inCall, of: atCarol)
      try await alice.sees(call) { $0.remoteParticipant?.displayNumber == "carol@example.com" }
      try await Self.expectTalk(carol, atCarol, alice, call)
    }
  }

  // MARK: Carol does not come (R-CALL-459)

  @Test(.spec("R-CALL-459"), arguments: [("nobody@example.com", StatusCode(404)), ("carol@example.com", 480)])
  func carolIsNotThere(_ target: String, _ code: StatusCode) async throws {
    try await ScenarioBench.run { _, people in
      let (alice, bob) = (people[0], people[1])
      let (call, atBob) = try await alice.talks(to: bob)
      #expect(await fails { try await call.directTransfer(to: target) }?.statusCode == code)
      #expect(alice.states(of: call).last == .transferFailure)
      try await Self.expectTalk(alice, call, bob, atBob)
    }
  }

  @Test(.spec("R-CALL-459")) func carolDeclinesAndAliceKeepsBob() async throws {
    try await ScenarioBench.run(["alice", "bob", "carol"]) { _, people in
      let (alice, bob, carol) = (people[0], people[1], people[2])
      let (call, atBob) = try await alice.talks(to: bob)
      async let failure = fails { try await call.directTransfer(to: carol.address) }
      try await (try await carol.isCalled()).reject()
      let error = try #require(await failure)
      #expect(error.statusCode == 603)
      #expect(alice.states(of: call).last == .transferFailure)
      #expect(alice.operations("directTransfer", of: call).map(\.transition) == [.start, .finish])
      #expect(alice.operations("directTransfer", of: call).last?.error == error)
      try await Self.expectTalk(alice, call, bob, atBob)
    }
  }

  @Test(.spec("R-CALL-459")) func carolDoesNotAnswerAndAliceKeepsBob() async throws {
    try await ScenarioBench.run(["alice", "bob", "carol"]) { bench, people in
      let (alice, bob, carol) = (people[0], people[1], people[2])
      let (call, atBob) = try await alice.talks(to: bob)
      async let failure = fails { try await call.directTransfer(to: carol.address) }
      let atCarol = try await carol.isCalled()
      try await bench.pass(.seconds(60))
      #expect(await failure?.statusCode == 487)
      try await carol.sees(.ended, of: atCarol)
      try await Self.expectTalk(alice, call, bob, atBob)
    }
  }

  @Test(.spec("R-CALL-459")) func carolHangsUpBeforeBobHasAnsweredHer() async throws {
    try await ScenarioBench.run(["alice", "bob", "carol"]) { _, people in
      let (alice, bob, carol) = (people[0], people[1], people[2])
      let (call, atBob) = try await alice.talks(to: bob)
      async let failure = fails { try await call.directTransfer(to: carol.address) }
      let atCarol = try await carol.isCalled()
      let reply = bob.network.holdBack("respondCallUpdate")
      try atCarol.answer()
      await reply.reached()
      try await atCarol.end()
      #expect(await failure?.statusCode == 487)
      reply.release()
      // Bob's answer comes too late: he is with Alice as before.
      try await bob.asks("startCallUpdate")
      try await bob.sees(atBob) { $0.remoteParticipant?.displayNumber == "alice@example.com" }
      try await bob.network.requests.until { bob.requests.last == "startCallUpdate" }
      try await alice.asks("respondCallUpdate")
      try await Self.expectTalk(alice, call, bob, atBob)
    }
  }

  // MARK: Bob does not come

  @Test(.spec("R-CALL-459")) func bobCannotTakeCarolsOffer() async throws {
    try await ScenarioBench.run(["alice", "bob", "carol"]) { _, people in
      let (alice, bob, carol) = (people[0], people[1], people[2])
      let (call, atBob) = try await alice.talks(to: bob)
      // Neither the present peer nor a new one.
      bob.engine.failNext(.setRemoteDescription)
      bob.engine.failNext(.setRemoteDescription)
      async let failure = fails { try await call.directTransfer(to: carol.address) }
      let atCarol = try await carol.isCalled()
      try atCarol.answer()
      #expect(await failure?.statusCode == 491)
      #expect(try await carol.sees(.ended, of: atCarol)?.code == 480)
      // Bob's peer is spoilt: he answers the next offer from another one. Alice moves to that by herself, and what she wants next waits for it.
      try await Self.expectTalk(alice, call, bob, atBob)
    }
  }

  @Test(.spec("R-CALL-459")) func bobDoesNotReplyInTime() async throws {
    try await ScenarioBench.run(["alice", "bob", "carol"]) { bench, people in
      let (alice, bob, carol) = (people[0], people[1], people[2])
      let (call, atBob) = try await alice.talks(to: bob)
      async let failure = fails { try await call.directTransfer(to: carol.address) }
      let atCarol = try await carol.isCalled()
      let reply = bob.network.holdBack("respondCallUpdate")
      try atCarol.answer()
      await reply.reached()
      try await bench.pass(.seconds(20))
      #expect(await failure?.statusCode == 480)
      #expect(try await carol.sees(.ended, of: atCarol)?.code == 480)
      reply.release()
      try await bob.asks("startCallUpdate")
      try await alice.asks("respondCallUpdate")
      try await Self.expectTalk(alice, call, bob, atBob)
    }
  }

  @Test(.spec("R-CALL-461")) func bobHangsUpWhileCarolRings() async throws {
    try await ScenarioBench.run(["alice", "bob", "carol"]) { _, people in
      let (alice, bob, carol) = (people[0], people[1], people[2])
      let (call, atBob) = try await alice.talks(to: bob)
      async let failure = fails { try await call.directTransfer(to: carol.address) }
      let atCarol = try await carol.isCalled()
      try await atBob.end()
      _ = await failure
      try await alice.sees(.ended, of: call)
      #expect(try await carol.sees(.ended, of: atCarol)?.code == 487)
    }
  }

  // MARK: Alice does not wait (R-CALL-461)

  @Test(.spec("R-CALL-461", "R-CALL-452")) func aliceHangsUpAndBobComesToCarolAllTheSame() async throws {
    try await ScenarioBench.run(["alice", "bob", "carol"]) { _, people in
      let (alice, bob, carol) = (people[0], people[1], people[2])
      let (call, atBob) = try await alice.talks(to: bob)
      async let failure = fails { try await call.directTransfer(to: carol.address) }
      let atCarol = try await carol.isCalled()
      try await call.end()
      _ = await failure
      #expect(call.record.state == .ended && atBob.record.state == .inCall)
      try atCarol.answer()
      try await carol.sees(.inCall, of: atCarol)
      try await bob.sees(atBob) { $0.remoteParticipant?.displayNumber == "carol@example.com" }
      try await Self.expectTalk(carol, atCarol, bob, atBob)
    }
  }

  @Test(.spec("R-CALL-461")) func aliceHangsUpAndCarolDeclines() async throws {
    try await ScenarioBench.run(["alice", "bob", "carol"]) { _, people in
      let (alice, bob, carol) = (people[0], people[1], people[2])
      let (call, atBob) = try await alice.talks(to: bob)
      async let failure = fails { try await call.directTransfer(to: carol.address) }
      let atCarol = try await carol.isCalled()
      try await call.end()
      _ = await failure
      try await atCarol.reject()
      #expect(try await bob.sees(.ended, of: atBob)?.code == 603)
    }
  }
}
