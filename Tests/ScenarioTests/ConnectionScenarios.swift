import Kandy
import KandyTesting
import LinkProtocol
import Testing

/// What a client does about its calls when something was lost on the way, and when its WebSocket returns: part 02 §8.23, §8.26.
@Suite(.timeLimit(.minutes(1))) struct ConnectionScenarios {
  private static let resync: JSONValue = ["resyncOnConnect": true]

  @Test(.spec("R-CALL-419")) func theGatewaysWordThatBobsAnswerHasArrivedIsLost() async throws {
    try await ScenarioBench.run { bench, people in
      let (alice, bob) = (people[0], people[1])
      let call = try alice.make(bob)
      let atBob = try await bob.isCalled()
      bob.network.next("callAnswer", .losesItsAnswer)
      try atBob.answer()
      try await alice.sees(.inCall, of: call)
      #expect(atBob.record.state == .ringing)
      // He says it again, a second later.
      try await bench.pass(.seconds(1))
      try await bob.sees(.inCall, of: atBob)
      #expect(bob.requests.prefix(2) == ["callAnswer", "callAnswer"])
      try await call.connected()
      try await call.end()
      try await bob.sees(.ended, of: atBob)
      #expect(atBob.record.error == nil)
    }
  }

  @Test(.spec("R-CALL-419"), arguments: ["reject", "forward"])
  func nobodySaysThatBobsDecisionHasArrived(_ decision: String) async throws {
    try await ScenarioBench.run(["alice", "bob", "carol"]) { bench, people in
      let (alice, bob, carol) = (people[0], people[1], people[2])
      let call = try alice.make(bob)
      let atBob = try await bob.isCalled()
      bob.network.next("\"\(decision)\"", .losesItsAnswer)
      async let decided: Void = decision == "reject" ? atBob.reject() : atBob.forward(to: carol.address)
      try await bob.asks(decision)
      try await bench.pass(.seconds(1))
      try await decided
      try await bob.sees(.ended, of: atBob)
      #expect(bob.errors == [])
      if decision == "reject" {
        #expect(try await alice.sees(.ended, of: call)?.code == 603)
      } else {
        try await carol.isCalled().answer()
        try await call.connected()
      }
    }
  }

  @Test(.spec("R-CALL-469")) func nobodySaysThatTheTransferIsUnderWay() async throws {
    try await ScenarioBench.run(["alice", "bob", "carol"]) { _, people in
      let (alice, bob, carol) = (people[0], people[1], people[2])
      let call = try await alice.talks(to: bob).mine
      alice.network.next("\"transfer\"", .losesItsAnswer)
      async let transferred: Void = call.directTransfer(to: carol.address)
      try await carol.isCalled().answer()
      try await transferred
      try await alice.sees([.transferred, .ended], of: call)
      #expect(alice.errors == [])
    }
  }

  @Test(.spec("R-CALL-424")) func nobodySaysThatTheHoldIsUnderWay() async throws {
    try await ScenarioBench.run { _, people in
      let (alice, bob) = (people[0], people[1])
      let (call, atBob) = try await alice.talks(to: bob)
      alice.network.next("startCallUpdate", .losesItsAnswer)
      try await call.hold()
      try await bob.sees(.onRemoteHold, of: atBob)
      #expect(call.record.state == .onHold && alice.errors == [])
    }
  }

  @Test(.spec("R-CALL-424")) func bobsClientSaysNothingToAHold() async throws {
    try await ScenarioBench.run { bench, people in
      let (alice, bob) = (people[0], people[1])
      let (call, atBob) = try await alice.talks(to: bob)
      let reply = bob.network.holdBack("respondCallUpdate")
      async let failure = fails { try await call.hold() }
      await reply.reached()
      try await bench.pass(.seconds(30))
      #expect(await failure?.code == .callGenericError)
      #expect(alice.errors.count == 1 && call.record.state == .inCall)
      reply.release()
      // He has done what he was asked for, and hears that it counts for nothing.
      try await bob.asks("startCallUpdate")
      try await bob.sees(.inCall, of: atBob)
      #expect(!atBob.record.remoteHold)
    }
  }

  @Test func nobodySaysThatTheInviteHasArrived() async throws {
    try await ScenarioBench.run { bench, people in
      let (alice, bob) = (people[0], people[1])
      alice.network.next("callStart", .losesItsAnswer)
      let call = try alice.make(bob)
      await #expect(throws: BasicError.self) { try await call.answered() }
      let atBob = try await bob.isCalled()
      try await bench.pass(.seconds(60))
      try await bob.sees(.ended, of: atBob)
    }
  }

  @Test(.spec("R-ICE-56", "R-UP-27", "R-CALL-483")) func mediaIsAgreedOnAnew() async throws {
    try await ScenarioBench.run { bench, people in
      let (alice, bob) = (people[0], people[1])
      let (call, atBob) = try await alice.talks(to: bob)
      bench.media.cut()
      try await alice.sees(call) { $0.mediaState == .disconnected }
      try await bob.sees(atBob) { $0.mediaState == .disconnected }
      // The caller restarts it, without being asked.
      try await bench.pass(.seconds(2))
      try await alice.events.until { alice.events.entries.contains(.callMediaRestart(call.id)) }
      try await alice.sees(call) { $0.mediaState == .connected }
      try await bob.sees(atBob) { $0.mediaState == .connected }
      #expect(call.record.state == .inCall && atBob.record.state == .inCall)
      try await atBob.restartMedia()
      #expect(bob.events.entries.contains(.callMediaRestart(atBob.id)))
    }
  }

  @Test(.spec("R-CALL-475", "R-CALL-477")) func bothWebSocketsBreakWhileAHoldIsAgreedOn() async throws {
    try await ScenarioBench.run { bench, people in
      let (alice, bob) = (people[0], people[1])
      let (call, atBob) = try await alice.talks(to: bob)
      let reply = bob.network.holdBack("respondCallUpdate")
      async let held: Void = call.hold()
      await reply.reached()
      for person in people { try await bench.breakSocket(of: person) }
      reply.release()
      try await bob.sees(.onRemoteHold, of: atBob)
      try await bench.pass(.seconds(3))
      #expect(!call.record.localHold)
      for person in people { try await bench.mendSocket(of: person) }
      try await held
      try await call.unhold()
      try await bob.sees(.inCall, of: atBob)
    }
  }

  // MARK: Resync (§8.26)

  @Test(.spec("R-CALL-690", "R-CALL-475")) func theClientAsksHowItsCallsStandWhenItsWebSocketReturns() async throws {
    try await ScenarioBench.run(call: Self.resync) { bench, people in
      let (alice, bob) = (people[0], people[1])
      let (call, atBob) = try await alice.talks(to: bob)
      try await bench.breakSocket(of: alice)
      // Media goes on, and so do requests.
      #expect(call.record.mediaState == .connected)
      try await bench.pass(.seconds(5))
      #expect(alice.requests == ["callStart", "audit"])
      try await bench.mendSocket(of: alice)
      try await alice.asks("GET")
      let request = alice.network.requests.entries.last { $0.method == .get }
      #expect(request?.isAbout(call.record.session) == true)
      try await call.hold()
      try await bob.sees(.onRemoteHold, of: atBob)
      #expect(alice.states(of: call).suffix(2) == [.inCall, .onHold])
    }
  }

  @Test(.spec("R-CALL-690", "R-CALL-691")) func bobsTabletLearnsThatTheCallHasBeenAnswered() async throws {
    try await ScenarioBench.run(["alice", "bob", "bob"], call: Self.resync) { bench, people in
      let (alice, bob, tablet) = (people[0], people[1], people[2])
      let call = try alice.make(bob)
      let (atBob, atTablet) = (try await bob.isCalled(), try await tablet.isCalled())
      try await bench.breakSocket(of: tablet)
      try atBob.answer()
      try await call.connected()
      #expect(atTablet.record.state == .ringing)
      try await bench.mendSocket(of: tablet)
      #expect(try await tablet.sees(.ended, of: atTablet)?.code == 9904)
      try await tablet.asks("GET")
      #expect(call.record.state == .inCall)
    }
  }

  @Test(.spec("R-CALL-690")) func withoutTheOptionNobodyAsks() async throws {
    try await ScenarioBench.run { bench, people in
      let (alice, bob) = (people[0], people[1])
      let (call, atBob) = try await alice.talks(to: bob)
      try await bench.breakSocket(of: alice)
      try await bench.mendSocket(of: alice)
      try await call.hold()
      try await bob.sees(.onRemoteHold, of: atBob)
      #expect(!alice.requests.contains("GET"))
    }
  }

  // MARK: A call that has rung for long

  @Test(.spec("R-CALL-695"), arguments: [(19, CallState.ringing), (22, .ended)])
  func bobsDeviceIsBackWhileAliceCalls(_ seconds: Int, _ state: CallState) async throws {
    try await ScenarioBench.run(call: ["activeCallTimeoutMS": 20_000]) { bench, people in
      let (alice, bob) = (people[0], people[1])
      let call = try alice.make(bob)
      let atBob = try await bob.isCalled()
      try await bench.pass(.seconds(5))
      try await bench.breakSocket(of: bob)
      try await bench.pass(.seconds(seconds - 6))
      #expect(atBob.record.state == .ringing)
      // The device tries once a second.
      bob.network.mend()
      try await bench.waitForSocket(of: bob)
      if state == .ended {
        #expect(try await bob.sees(.ended, of: atBob)?.code == 9900)
        #expect(call.record.state == .ringing)
      } else {
        try atBob.answer()
        try await call.connected()
      }
    }
  }
}
