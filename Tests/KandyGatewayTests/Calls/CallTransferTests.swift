import KandyTesting
import LinkLogic
import LinkProtocol
import Testing

@testable import KandyGateway

/// Alice, Bob and Carol, over HTTP, with the real hub and database.
@Suite(.timeLimit(.minutes(1))) struct CallTransferTests {
  private func bench(
    limits: GatewayCallMachine.Limits = GatewayCallMachine.Limits(), _ body: (CallBench) async throws -> Void
  ) async throws {
    try await CallBench.run(
      limits: limits,
      devices: ["alice": CallBench.alice, "bob": CallBench.bob, "carol": CallBench.carol, "carol's other": CallBench.carol],
      body)
  }

  private let done = SessionParams(sessionData: nil, statusCode: 9905, reasonText: "Transfer Successful")

  private func expect(
    _ device: SubscriptionID, _ type: EventType, _ params: SessionParams, on session: SessionID, _ bench: CallBench,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    var params = params
    params.sessionData = session
    let last = try await bench.last(to: device)
    #expect(last?.eventType == type, sourceLocation: sourceLocation)
    #expect(last?.sessionParams == params, sourceLocation: sourceLocation)
  }

  private func transfer(_ session: SessionID, to address: String, by user: UserAddress, _ bench: CallBench) async throws
    -> CallBench.Response
  {
    try await bench.update(session, by: user, ["type": "transfer", "address": .string(address)])
  }

  /// Carol's session, once she rings.
  private func ringing(_ bench: CallBench) async throws -> SessionID {
    let call = try #require(try await bench.last(to: "carol"))
    #expect(call.eventType == .call)
    return try #require(call.sessionParams?.sessionData)
  }

  // MARK: - Direct

  @Test(.spec("R-CALL-86", "R-CALL-182", "R-CALL-206", "R-CALL-214", "R-CALL-73"))
  func aliceTransfersBobToCarol() async throws {
    try await bench { bench in
      let sessions = try await bench.answered()
      #expect(try await transfer(sessions.alice, to: "sip:carol@example.com", by: CallBench.alice, bench) == .ok())
      let carol = try await ringing(bench)
      let call = try #require(try await bench.last(to: "carol"))
      #expect(call.sessionParams?.sdp == nil)
      #expect(call.callNotificationParams?.callerDisplayNumber == "bob@example.com")
      #expect(call.callNotificationParams?.callerName == "Bob Brown")
      #expect(try await bench.types(to: "alice") == [.ringing, .respondCallUpdate])

      #expect(try await bench.update(carol, by: CallBench.carol, ["type": "callAnswer", "sdp": "C1"]) == .ok())
      #expect(try await bench.types(to: "carol's other") == [.call, .callCancel])
      try await expect("bob", .startCallUpdate, SessionParams(sessionData: nil, sdp: "C1"), on: sessions.bob, bench)
      #expect(try await bench.last(to: "bob")?.callNotificationParams?.callerDisplayNumber == "carol@example.com")
      #expect(
        try await bench.update(sessions.bob, by: CallBench.bob, ["type": "respondCallUpdate", "sdp": "B2"]) == .ok())
      try await expect("carol", .respondCallUpdate, SessionParams(sessionData: nil, sdp: "B2"), on: carol, bench)
      try await expect("alice", .sessionComplete, done, on: sessions.alice, bench)

      #expect(try await bench.end(sessions.alice, by: CallBench.alice) == .ok())
      #expect(try await bench.types(to: "alice") == [.ringing, .respondCallUpdate, .sessionComplete])
      #expect(
        try await bench.update(carol, by: CallBench.carol, ["type": "startCallUpdate", "sdp": "C2"]) == .ok())
      try await expect("bob", .startCallUpdate, SessionParams(sessionData: nil, sdp: "C2"), on: sessions.bob, bench)
      #expect(try await bench.end(carol, by: CallBench.carol) == .ok())
      #expect(try await bench.types(to: "bob").last == .callEnd)
      #expect(await bench.driver.callCount == 0)
    }
  }

  @Test func bothConversationsOfATransferredCallLeaveARecord() async throws {
    try await bench { bench in
      let start = bench.clock.wallClock()
      let sessions = try await bench.answered()
      await bench.clock.advance(by: .seconds(3))
      _ = try await transfer(sessions.bob, to: "carol", by: CallBench.bob, bench)
      let carol = try await ringing(bench)
      await bench.clock.advance(by: .seconds(4))
      _ = try await bench.update(carol, by: CallBench.carol, ["type": "callAnswer", "sdp": "C1"])
      _ = try await bench.update(sessions.alice, by: CallBench.alice, ["type": "respondCallUpdate", "sdp": "A2"])
      await bench.clock.advance(by: .seconds(5))
      _ = try await bench.end(sessions.alice, by: CallBench.alice)
      #expect(
        bench.ended.records == [
          CallRecord(
            caller: CallBench.alice, callee: CallBench.bob, callerName: "Alice Adams", calleeName: "Bob Brown",
            startedAt: start, answeredAt: start, endedAt: start + 7_000, outcome: .transferred(to: CallBench.carol)),
          CallRecord(
            caller: CallBench.alice, callee: CallBench.carol, callerName: "Alice Adams", calleeName: "carol@example.com",
            origin: .transferred(by: CallBench.bob), startedAt: start + 3_000, answeredAt: start + 7_000,
            endedAt: start + 12_000, outcome: .ended(by: .caller)),
        ])
    }
  }

  @Test(.spec("R-CALL-214")) func aTransferThatFailsIsReportedAndTheCallGoesOn() async throws {
    try await bench { bench in
      let sessions = try await bench.answered()
      #expect(try await transfer(sessions.alice, to: "nobody@example.com", by: CallBench.alice, bench) == .ok())
      let notFound = SessionParams(sessionData: nil, statusCode: 404, reasonText: "Not Found")
      try await expect("alice", .sessionFail, notFound, on: sessions.alice, bench)

      #expect(try await transfer(sessions.alice, to: "carol", by: CallBench.alice, bench) == .ok())
      let carol = try await ringing(bench)
      let reject: JSONValue = ["callDispositionRequest": ["action": "reject", "sessionData": .string(carol.rawValue)]]
      #expect(try await bench.send(.post, "calldisposition", by: CallBench.carol, reject) == .ok())
      let declined = SessionParams(sessionData: nil, statusCode: 603, reasonText: "Decline")
      try await expect("alice", .sessionFail, declined, on: sessions.alice, bench)
      #expect(try await bench.types(to: "carol's other") == [.call, .callCancel])

      await bench.remove("carol", of: CallBench.carol)
      await bench.remove("carol's other", of: CallBench.carol)
      #expect(try await transfer(sessions.alice, to: "carol", by: CallBench.alice, bench) == .ok())
      let offline = SessionParams(sessionData: nil, statusCode: 480, reasonText: "Temporarily Unavailable")
      try await expect("alice", .sessionFail, offline, on: sessions.alice, bench)

      #expect(try await bench.update(sessions.alice, by: CallBench.alice, ["type": "startCallUpdate", "sdp": "A2"]) == .ok())
      try await expect("bob", .startCallUpdate, SessionParams(sessionData: nil, sdp: "A2"), on: sessions.bob, bench)
      #expect(bench.ended.records.map(\.outcome) == [.unknownCallee, .declined, .calleeOffline])
      #expect(bench.ended.records.allSatisfy { $0.origin == .transferred(by: CallBench.alice) })
    }
  }

  @Test(.spec("R-CALL-410", "R-CALL-662")) func aTransferThatNobodyAnswersFailsInTheEnd() async throws {
    try await bench(limits: GatewayCallMachine.Limits(ring: .seconds(30))) { bench in
      let sessions = try await bench.answered()
      await bench.clock.waitForSleepers(3)
      _ = try await transfer(sessions.alice, to: "carol", by: CallBench.alice, bench)
      let carol = try await ringing(bench)
      await bench.clock.waitForSleepers(4)
      await bench.clock.advance(by: .seconds(30))
      #expect(await bench.ended.outcomes(1) == [.unanswered])
      let late = SessionParams(sessionData: nil, statusCode: 487, reasonText: "Request Terminated")
      try await expect("alice", .sessionFail, late, on: sessions.alice, bench)
      try await expect("carol", .callEnd, late, on: carol, bench)
      #expect(await bench.driver.callCount == 1)
    }
  }

  @Test func aTransferWithoutADestinationFailsAtOnce() async throws {
    try await bench { bench in
      let sessions = try await bench.answered()
      let inIt = CallBench.Response.failure(400, 37, "A call cannot be transferred to somebody who is in it.")
      #expect(try await transfer(sessions.alice, to: "sip:alice", by: CallBench.alice, bench) == inIt)
      #expect(try await transfer(sessions.alice, to: "bob@EXAMPLE.com", by: CallBench.alice, bench) == inIt)
      #expect(
        try await bench.update(sessions.alice, by: CallBench.alice, ["type": "transfer"])
          == .failure(400, 37, "\"address\" is not an address such as carol@example.com."))
      #expect(try await transfer(sessions.alice, to: "carol", by: CallBench.alice, bench) == .ok())
      #expect(
        try await transfer(sessions.bob, to: "carol", by: CallBench.bob, bench)
          == .failure(409, 37, "The call is being transferred already."))
    }
  }

  @Test(.spec("R-CALL-452")) func aliceHangsUpAndTheTransferGoesOn() async throws {
    try await bench { bench in
      let sessions = try await bench.answered()
      _ = try await transfer(sessions.alice, to: "carol", by: CallBench.alice, bench)
      let carol = try await ringing(bench)
      #expect(try await bench.end(sessions.alice, by: CallBench.alice) == .ok())
      #expect(try await bench.types(to: "alice").last == .callEnd)
      #expect(try await bench.types(to: "bob") == [.call, .callCancel])
      _ = try await bench.update(carol, by: CallBench.carol, ["type": "callAnswer", "sdp": "C1"])
      _ = try await bench.update(sessions.bob, by: CallBench.bob, ["type": "respondCallUpdate", "sdp": "B2"])
      try await expect("carol", .respondCallUpdate, SessionParams(sessionData: nil, sdp: "B2"), on: carol, bench)
      #expect(await bench.driver.callCount == 1)
    }
  }

  @Test func carolsLastDeviceVanishesWhileSheRings() async throws {
    try await bench { bench in
      let sessions = try await bench.answered()
      _ = try await transfer(sessions.alice, to: "carol", by: CallBench.alice, bench)
      await bench.remove("carol", of: CallBench.carol)
      await bench.remove("carol's other", of: CallBench.carol)
      await bench.clock.advance(by: .seconds(10))
      #expect(await bench.ended.outcomes(1) == [.lost(.callee)])
      let lost = SessionParams(sessionData: nil, statusCode: 480, reasonText: "Temporarily Unavailable")
      try await expect("alice", .sessionFail, lost, on: sessions.alice, bench)
    }
  }

  @Test func theServersEndReachesAllThree() async throws {
    try await bench { bench in
      let sessions = try await bench.answered()
      _ = try await transfer(sessions.alice, to: "carol", by: CallBench.alice, bench)
      await bench.driver.shutDown()
      for device in ["alice", "bob", "carol", "carol's other"] as [SubscriptionID] {
        #expect(try await bench.last(to: device)?.eventType == .callEnd)
        #expect(try await bench.last(to: device)?.sessionParams?.statusCode == 480)
      }
      #expect(bench.ended.records.map(\.outcome) == [.shutDown, .shutDown])
    }
  }

  // MARK: - Consultative

  /// Alice speaks with Bob and, in a second call, with Carol.
  private func consulting(_ bench: CallBench) async throws -> (
    alice: SessionID, bob: SessionID, second: SessionID, carol: SessionID
  ) {
    let sessions = try await bench.answered()
    let second = try #require(try await bench.start(to: "carol").session)
    let carol = try await ringing(bench)
    #expect(try await bench.update(carol, by: CallBench.carol, ["type": "callAnswer", "sdp": "C1"]) == .ok())
    return (sessions.alice, sessions.bob, second, carol)
  }

  private func connect(_ first: SessionID, _ second: SessionID, by user: UserAddress, _ bench: CallBench) async throws
    -> CallBench.Response
  {
    try await bench.update(
      first, by: user, ["type": "transfer", "address": "carol@example.com", "sessionData": .string(second.rawValue)])
  }

  @Test(.spec("R-CALL-85", "R-CALL-88", "R-CALL-838")) func aliceConnectsBobAndCarol() async throws {
    try await bench { bench in
      let sessions = try await consulting(bench)
      #expect(try await connect(sessions.alice, sessions.second, by: CallBench.alice, bench) == .ok())
      try await expect("carol", .startCallUpdate, SessionParams(sessionData: nil), on: sessions.carol, bench)
      #expect(try await bench.last(to: "carol")?.callNotificationParams?.remoteDisplayNumber == "bob@example.com")
      #expect(
        try await bench.update(sessions.carol, by: CallBench.carol, ["type": "respondCallUpdate", "sdp": "C2"]) == .ok())
      try await expect("bob", .startCallUpdate, SessionParams(sessionData: nil, sdp: "C2"), on: sessions.bob, bench)
      #expect(
        try await bench.update(sessions.bob, by: CallBench.bob, ["type": "respondCallUpdate", "sdp": "B2"]) == .ok())
      try await expect("carol", .respondCallUpdate, SessionParams(sessionData: nil, sdp: "B2"), on: sessions.carol, bench)
      let ends = try await bench.posted(to: "alice").suffix(2)
      #expect(ends.map(\.eventType) == [.sessionComplete, .callEnd])
      #expect(ends.map(\.sessionParams?.sessionData) == [sessions.alice, sessions.second])
      #expect(try await bench.end(sessions.alice, by: CallBench.alice) == .ok())
      #expect(try await bench.end(sessions.second, by: CallBench.alice) == .ok())
      #expect(await bench.driver.callCount == 1)

      #expect(try await bench.end(sessions.bob, by: CallBench.bob) == .ok())
      #expect(try await bench.last(to: "carol")?.eventType == .callEnd)
      #expect(
        bench.ended.records.map(\.outcome) == [
          .transferred(to: CallBench.carol), .transferred(to: CallBench.bob), .ended(by: .caller),
        ])
      let record = try #require(bench.ended.records.last)
      #expect(record.caller == CallBench.bob && record.callee == CallBench.carol)
      #expect(record.origin == .transferred(by: CallBench.alice))
    }
  }

  @Test(.spec("R-CALL-824")) func bothCallsGoOnWhenBobRefuses() async throws {
    try await bench { bench in
      let sessions = try await consulting(bench)
      _ = try await connect(sessions.alice, sessions.second, by: CallBench.alice, bench)
      _ = try await bench.update(sessions.carol, by: CallBench.carol, ["type": "respondCallUpdate", "sdp": "C2"])
      _ = try await bench.update(sessions.bob, by: CallBench.bob, ["type": "respondCallUpdate", "statusCode": "491"])
      let refused = SessionParams(sessionData: nil, statusCode: 491, reasonText: "Request Pending")
      try await expect("alice", .sessionFail, refused, on: sessions.alice, bench)
      #expect(try await bench.last(to: "carol")?.statusCode == 49)
      #expect(try await bench.types(to: "bob").last == .trying)
      #expect(await bench.driver.callCount == 2)
      // Audits of both keep both.
      for _ in 0..<5 {
        await bench.clock.advance(by: .seconds(30))
        for (session, user) in [
          (sessions.alice, CallBench.alice), (sessions.second, CallBench.alice), (sessions.bob, CallBench.bob),
          (sessions.carol, CallBench.carol),
        ] {
          #expect(try await bench.update(session, by: user, ["type": "audit"]) == .ok())
        }
      }
      #expect(try await bench.end(sessions.alice, by: CallBench.alice) == .ok())
      #expect(try await bench.last(to: "bob")?.eventType == .callEnd)
      #expect(await bench.driver.callCount == 1)
      #expect(try await bench.end(sessions.carol, by: CallBench.carol) == .ok())
      #expect(await bench.driver.callCount == 0)
      #expect(bench.ended.records.map(\.outcome) == [.ended(by: .caller), .ended(by: .callee)])
    }
  }

  @Test func aSecondCallHasToBeAlicesAndAnswered() async throws {
    try await bench { bench in
      let sessions = try await bench.answered()
      let unanswered = try #require(try await bench.start(to: "carol").session)
      let carol = try await ringing(bench)
      #expect(try await connect(sessions.alice, "no-such-session", by: CallBench.alice, bench) == .noCall)
      #expect(try await connect(sessions.alice, carol, by: CallBench.alice, bench) == .noCall)
      #expect(try await connect(carol, sessions.alice, by: CallBench.alice, bench) == .noCall)
      #expect(
        try await connect(sessions.alice, unanswered, by: CallBench.alice, bench)
          == .failure(409, 37, "The second call has not been answered."))
      #expect(
        try await connect(unanswered, sessions.alice, by: CallBench.alice, bench)
          == .failure(409, 37, "The call has not been answered."))
      #expect(await bench.driver.callCount == 2)
    }
  }

  @Test(.spec("R-CALL-3")) func whatTheSecondCallStillHasToSendLeavesFirst() async throws {
    try await bench { bench in
      let sessions = try await consulting(bench)
      let alice = Caller(user: CallBench.alice, displayName: "Alice Adams")
      // The answer to Alice's hold has not left when she connects the two.
      let held = await bench.driver.perform(
        .offer(GatewayCallMachine.Content(sdp: "A2 hold")), on: sessions.second, by: CallBench.alice)
      let answered = await bench.driver.perform(
        .reply(GatewayCallMachine.Content(sdp: "C2 held")), on: sessions.carol, by: CallBench.carol)
      let connected = try await bench.driver.perform(
        CallControlRequest(type: .transfer, sessionData: sessions.second), on: sessions.alice, by: alice)
      await connected.after?()
      await answered.after?()
      #expect(try await bench.types(to: "carol") == [.call, .callCancel])
      await held.after?()
      #expect(try await bench.types(to: "carol").suffix(2) == [.startCallUpdate, .startCallUpdate])
      #expect(try await bench.last(to: "carol")?.sessionParams?.sdp == nil)
      #expect(try await bench.last(to: "alice")?.sessionParams == SessionParams(sessionData: sessions.second, sdp: "C2 held"))
      await bench.driver.shutDown()
      #expect(bench.ended.records.count == 2)
    }
  }
}
