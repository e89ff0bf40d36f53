import Hummingbird
import KandyTesting
import LinkLogic
import LinkProtocol
import Testing

@testable import KandyGateway

@Suite(.timeLimit(.minutes(1))) struct GatewayCallDriverTests {
  private func bench(
    limits: GatewayCallMachine.Limits = GatewayCallMachine.Limits(), _ body: (CallBench) async throws -> Void
  ) async throws {
    try await CallBench.run(limits: limits, devices: ["alice": CallBench.alice, "bob": CallBench.bob], body)
  }

  private func caller(_ user: UserAddress, _ name: String, subscription: SubscriptionID? = nil) -> Caller {
    Caller(user: user, displayName: name, subscription: subscription)
  }

  private let alice = Caller(user: CallBench.alice, displayName: "Alice Adams")
  private let callStart = CallControlRequest(type: .callStart, to: "bob@example.com", sdp: "A1")
  private let answer = GatewayCallMachine.Request.answer(GatewayCallMachine.Content(sdp: "B1"), device: nil)

  // MARK: - The order of things

  @Test(.spec("R-CALL-3")) func nothingIsNotifiedBeforeTheAnswerHasLeft() async throws {
    try await bench { bench in
      let reply = try await bench.driver.start(callStart, by: alice)
      #expect(try await bench.types(to: "bob") == [])
      await reply.after?()
      #expect(try await bench.types(to: "bob") == [.call])
      #expect(try await bench.types(to: "alice") == [.ringing])
    }
  }

  @Test func aSlowAnswerDelaysWhatFollowsButNeverOvertakes() async throws {
    try await bench { bench in
      let sessions = try await bench.ringing()
      let answered = await bench.driver.perform(answer, on: sessions.bob, by: CallBench.bob)
      let offered = await bench.driver.perform(
        .offer(GatewayCallMachine.Content(sdp: "B2")), on: sessions.bob, by: CallBench.bob)
      await offered.after?()
      #expect(try await bench.types(to: "alice") == [.ringing])
      await answered.after?()
      #expect(try await bench.types(to: "alice") == [.ringing, .respondCallUpdate, .startCallUpdate])
      #expect(try await bench.last(to: "alice")?.sessionParams?.sdp == "B2")
    }
  }

  @Test func whatARequestProvokesIsSentOnceHoweverOftenItsAnswerLeaves() async throws {
    try await bench { bench in
      let reply = try await bench.driver.start(callStart, by: alice)
      await reply.after?()
      await reply.after?()
      #expect(try await bench.types(to: "bob") == [.call])
    }
  }

  @Test func manyRequestsAtOnceAreAllAnsweredAndEndTheCallOnce() async throws {
    try await bench { bench in
      let sessions = try await bench.answered()
      try await withThrowingTaskGroup(of: Void.self) { group in
        for round in 0..<20 {
          let user = round.isMultiple(of: 2) ? CallBench.alice : CallBench.bob
          let session = round.isMultiple(of: 2) ? sessions.alice : sessions.bob
          group.addTask {
            let response = try await bench.end(session, by: user)
            #expect([.ok(), .noCall].contains(response))
          }
        }
        try await group.waitForAll()
      }
      #expect(try await bench.types(to: "alice") == [.ringing, .respondCallUpdate, .callEnd])
      #expect(try await bench.types(to: "bob") == [.call, .callCancel, .callEnd])
      #expect(bench.ended.records.count == 1)
    }
  }

  @Test(.spec("R-CALL-49")) func ofTwoDevicesThatAnswerOneHasTheCall() async throws {
    try await bench { bench in
      await bench.device("bob's other", of: CallBench.bob)
      let sessions = try await bench.ringing()
      func answer(from device: SubscriptionID) async -> Reply<CallControlResponse> {
        let reply = await bench.driver.perform(
          .answer(GatewayCallMachine.Content(sdp: "from \(device)"), device: device), on: sessions.bob, by: CallBench.bob)
        await reply.after?()
        return reply
      }
      let first = await answer(from: "bob's other")
      let second = await answer(from: "bob")
      #expect(first.body.statusCode == .success)
      #expect(second.body.statusCode == .answeredElsewhere)
      #expect(second.status == .conflict)
      #expect(try await bench.last(to: "alice")?.sessionParams?.sdp == "from bob's other")
      #expect(try await bench.types(to: "bob") == [.call, .callCancel, .callEnd])
      #expect(try await bench.types(to: "bob's other") == [.call, .callCancel])
    }
  }

  // MARK: - Time

  @Test(.spec("R-CALL-410")) func aCallThatNobodyAnswersEndsAfterTheRingTime() async throws {
    try await bench(limits: GatewayCallMachine.Limits(ring: .seconds(30))) { bench in
      let sessions = try await bench.ringing()
      await bench.clock.waitForSleepers(1)
      await bench.clock.advance(by: .milliseconds(29_999))
      #expect(try await bench.types(to: "bob") == [.call])
      await bench.clock.advance(by: .milliseconds(1))
      #expect(await bench.ended.outcomes(1) == [.unanswered])
      #expect(
        try await bench.last(to: "bob")?.sessionParams
          == SessionParams(sessionData: sessions.bob, statusCode: 487, reasonText: "Request Terminated"))
      #expect(
        try await bench.last(to: "alice")?.sessionParams
          == SessionParams(sessionData: sessions.alice, statusCode: 487, reasonText: "Request Terminated"))
    }
  }

  @Test(.spec("R-CALL-96")) func auditsKeepACallAndTheirAbsenceEndsIt() async throws {
    try await bench { bench in
      let sessions = try await bench.answered()
      for _ in 0..<20 {
        await bench.clock.advance(by: .seconds(30))
        #expect(try await bench.update(sessions.alice, by: CallBench.alice, ["type": "audit"]) == .ok())
        #expect(try await bench.update(sessions.bob, by: CallBench.bob, ["type": "audit"]) == .ok())
      }
      await bench.clock.advance(by: .seconds(60))
      #expect(try await bench.update(sessions.alice, by: CallBench.alice, ["type": "audit"]) == .ok())
      #expect(await bench.driver.callCount == 1)
      await bench.clock.advance(by: .seconds(40))
      #expect(await bench.ended.outcomes(1) == [.lost(.callee)])
      #expect(try await bench.update(sessions.bob, by: CallBench.bob, ["type": "audit"]) == .noCall)
      #expect(
        try await bench.last(to: "alice")?.sessionParams
          == SessionParams(sessionData: sessions.alice, statusCode: 480, reasonText: "Temporarily Unavailable"))
    }
  }

  @Test(.spec("R-CALL-297", "R-CALL-216")) func anOfferThatNobodyAnswersIsRefused() async throws {
    try await bench { bench in
      let sessions = try await bench.answered()
      _ = try await bench.update(sessions.alice, by: CallBench.alice, ["type": "startCallUpdate", "sdp": "A2"])
      await bench.clock.waitForSleepers(1)
      await bench.clock.advance(by: .seconds(20))
      let refusal = try await bench.posted(to: "alice", number: 3)
      #expect(refusal.statusCode == 49)
      #expect(
        refusal.sessionParams
          == SessionParams(sessionData: sessions.alice, statusCode: 49, reasonText: "Request Pending", retryAfter: 3))
      #expect(
        try await bench.update(sessions.bob, by: CallBench.bob, ["type": "respondCallUpdate", "sdp": "B2"])
          == .failure(409, 37, "No offer is waiting for a reply."))
    }
  }

  @Test func timersLeaveNoSleeperBehind() async throws {
    try await bench { bench in
      let sessions = try await bench.answered()
      await bench.clock.waitForSleepers(3)
      _ = try await bench.end(sessions.alice, by: CallBench.alice)
      await bench.clock.advance(by: .seconds(100))
      while bench.clock.sleepers > 0 { await Task.yield() }
      #expect(bench.ended.records.count == 1)
    }
  }

  // MARK: - Who vanishes

  @Test func aClientThatVanishesEndsTheCallForTheOther() async throws {
    try await bench { bench in
      let sessions = try await bench.answered()
      await bench.remove("bob", of: CallBench.bob)
      await bench.clock.advance(by: .milliseconds(9_999))
      #expect(await bench.driver.callCount == 1)
      await bench.clock.advance(by: .milliseconds(1))
      #expect(await bench.ended.outcomes(1) == [.lost(.callee)])
      #expect(
        try await bench.last(to: "alice")?.sessionParams
          == SessionParams(sessionData: sessions.alice, statusCode: 480, reasonText: "Temporarily Unavailable"))
    }
  }

  @Test func aClientThatSubscribesAnewKeepsItsCall() async throws {
    try await bench { bench in
      let sessions = try await bench.answered()
      await bench.remove("bob", of: CallBench.bob)
      await bench.clock.advance(by: .seconds(5))
      await bench.device("bob again", of: CallBench.bob)
      await bench.clock.advance(by: .seconds(60))
      #expect(await bench.driver.callCount == 1)
      _ = try await bench.end(sessions.alice, by: CallBench.alice)
      #expect(try await bench.types(to: "bob again") == [.callEnd])
    }
  }

  @Test func oneOfTwoDevicesMayGo() async throws {
    try await bench { bench in
      await bench.device("bob's other", of: CallBench.bob)
      _ = try await bench.answered()
      await bench.remove("bob", of: CallBench.bob)
      await bench.clock.advance(by: .seconds(60))
      #expect(await bench.driver.callCount == 1)
    }
  }

  @Test func theCalleesLastDeviceGoesBeforeItCouldRing() async throws {
    try await bench { bench in
      let reply = try await bench.driver.start(callStart, by: alice)
      await bench.remove("bob", of: CallBench.bob)
      await reply.after?()
      #expect(try await bench.types(to: "alice") == [])
      await bench.clock.advance(by: .seconds(10))
      #expect(await bench.ended.outcomes(1) == [.lost(.callee)])
      #expect(try await bench.last(to: "alice")?.sessionParams?.statusCode == 480)
    }
  }

  @Test func theServersEndIsPostedToEverybody() async throws {
    try await bench { bench in
      let answered = try await bench.answered()
      let ringing = try await bench.ringing()
      // Its answer has not left yet; the end comes all the same, and in order.
      let waiting = try await bench.driver.start(callStart, by: alice)
      await bench.driver.shutDown()
      #expect(await bench.driver.callCount == 0)
      #expect(bench.ended.records.map(\.outcome) == [.shutDown, .shutDown, .shutDown])
      let ends = try await bench.posted(to: "alice").filter { $0.eventType == .callEnd }
      let third = try #require(waiting.body.sessionData)
      #expect(Set(ends.compactMap(\.sessionParams?.sessionData)) == [answered.alice, ringing.alice, third])
      #expect(ends.allSatisfy { $0.sessionParams?.statusCode == 480 })
      #expect(try await bench.types(to: "bob").suffix(2) == [.call, .callEnd])
      await #expect(throws: Refusal.shuttingDown) { try await bench.driver.start(callStart, by: alice) }
      await bench.driver.shutDown()
    }
  }

  // MARK: - Records

  @Test func aCallLeavesARecord() async throws {
    try await bench { bench in
      let start = bench.clock.wallClock()
      let sessions = try await bench.ringing()
      await bench.clock.advance(by: .seconds(4))
      _ = try await bench.update(sessions.bob, by: CallBench.bob, ["type": "callAnswer", "sdp": "B1"])
      await bench.clock.advance(by: .seconds(7))
      _ = try await bench.end(sessions.alice, by: CallBench.alice)
      #expect(
        bench.ended.records == [
          CallRecord(
            caller: CallBench.alice, callee: CallBench.bob, callerName: "Alice Adams", calleeName: "Bob Brown",
            startedAt: start, answeredAt: start + 4_000, endedAt: start + 11_000, outcome: .ended(by: .caller))
        ])
      _ = try await bench.start(to: "nobody@example.com")
      let record = try #require(bench.ended.records.last)
      #expect(record.outcome == .unknownCallee && record.answeredAt == nil && record.callee.user == "nobody")
    }
  }
}
