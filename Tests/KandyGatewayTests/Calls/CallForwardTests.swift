import KandyTesting
import LinkLogic
import LinkProtocol
import Testing

@testable import KandyGateway

@Suite(.timeLimit(.minutes(1))) struct CallForwardTests {
  private func bench(
    limits: GatewayCallMachine.Limits = GatewayCallMachine.Limits(), _ body: (CallBench) async throws -> Void
  ) async throws {
    try await CallBench.run(
      limits: limits, devices: ["alice": CallBench.alice, "bob": CallBench.bob, "bob's other": CallBench.bob], body)
  }

  private func forward(_ session: SessionID, to address: JSONValue?, by user: UserAddress, _ bench: CallBench) async throws
    -> CallBench.Response
  {
    var request: [String: JSONValue] = ["action": "forward", "sessionData": .string(session.rawValue)]
    request["address"] = address
    return try await bench.send(.post, "calldisposition", by: user, ["callDispositionRequest": .object(request)])
  }

  @Test(
    .spec("R-CALL-80", "R-CALL-83", "R-CALL-632"),
    arguments: ["carol@example.com", "sip:carol", "Carol <sip:carol@EXAMPLE.com>"])
  func bobSendsAlicesCallToCarolWhoAnswers(address: String) async throws {
    try await bench { bench in
      await bench.device("carol", of: CallBench.carol)
      let sessions = try await bench.ringing()
      #expect(try await forward(sessions.bob, to: .string(address), by: CallBench.bob, bench) == .ok())
      #expect(try await bench.types(to: "bob") == [.call, .callCancel])
      #expect(try await bench.types(to: "bob's other") == [.call, .callCancel])

      let call = try #require(try await bench.last(to: "carol"))
      let carol = try #require(call.sessionParams?.sessionData)
      #expect(call.eventType == .call && call.sessionParams?.sdp == "A1" && carol != sessions.bob)
      #expect(call.callNotificationParams?.callerDisplayNumber == "alice@example.com")
      #expect(call.callNotificationParams?.calleeDisplayNumber == "carol@example.com")
      #expect(try await bench.types(to: "alice") == [.ringing, .ringing])
      #expect(try await bench.last(to: "alice")?.callNotificationParams?.remoteDisplayNumber == "carol@example.com")

      #expect(
        try await bench.update(sessions.bob, by: CallBench.bob, ["type": "callAnswer", "sdp": "B1"]) == .noCall)
      #expect(try await bench.update(carol, by: CallBench.bob, ["type": "callAnswer", "sdp": "B1"]) == .noCall)
      #expect(try await bench.update(carol, by: CallBench.carol, ["type": "callAnswer", "sdp": "C1"]) == .ok())
      #expect(
        try await bench.last(to: "alice")?.sessionParams == SessionParams(sessionData: sessions.alice, sdp: "C1"))
      #expect(try await bench.end(sessions.alice, by: CallBench.alice) == .ok())
      #expect(try await bench.types(to: "carol") == [.call, .callCancel, .callEnd])
      #expect(await bench.driver.callCount == 0)
    }
  }

  @Test func bothConversationsOfAForwardedCallLeaveARecord() async throws {
    try await bench { bench in
      await bench.device("carol", of: CallBench.carol)
      let start = bench.clock.wallClock()
      let sessions = try await bench.ringing()
      await bench.clock.advance(by: .seconds(3))
      _ = try await forward(sessions.bob, to: "carol", by: CallBench.bob, bench)
      await bench.clock.advance(by: .seconds(4))
      let carol = try #require(try await bench.last(to: "carol")?.sessionParams?.sessionData)
      _ = try await bench.update(carol, by: CallBench.carol, ["type": "callAnswer", "sdp": "C1"])
      await bench.clock.advance(by: .seconds(5))
      _ = try await bench.end(carol, by: CallBench.carol)
      #expect(
        bench.ended.records == [
          CallRecord(
            caller: CallBench.alice, callee: CallBench.bob, callerName: "Alice Adams", calleeName: "Bob Brown",
            startedAt: start, endedAt: start + 3_000, outcome: .forwarded(to: CallBench.carol)),
          CallRecord(
            caller: CallBench.alice, callee: CallBench.carol, callerName: "Alice Adams", calleeName: "carol@example.com",
            origin: .forwarded(by: CallBench.bob), startedAt: start + 3_000, answeredAt: start + 7_000,
            endedAt: start + 12_000, outcome: .ended(by: .callee)),
        ])
    }
  }

  @Test(.spec("R-CALL-231")) func aliceLearnsWhyNobodyAnswersThere() async throws {
    for (address, code, text, outcome) in [
      ("nobody@example.com", 404, "Not Found", .unknownCallee),
      ("carol@example.com", 480, "Temporarily Unavailable", .calleeOffline),
    ] as [(String, StatusCode, String, GatewayCallMachine.Outcome)] {
      try await bench { bench in
        let sessions = try await bench.ringing()
        #expect(try await forward(sessions.bob, to: .string(address), by: CallBench.bob, bench) == .ok())
        #expect(
          try await bench.last(to: "alice")?.sessionParams
            == SessionParams(sessionData: sessions.alice, statusCode: code, reasonText: text))
        #expect(bench.ended.records.map(\.outcome).last == outcome)
      }
    }
  }

  @Test(.spec("R-CALL-83")) func aForwardWithoutADestinationLeavesTheCallRinging() async throws {
    try await bench { bench in
      let sessions = try await bench.ringing()
      let noAddress = CallBench.Response.failure(400, 37, "\"address\" is not an address such as carol@example.com.")
      let inIt = CallBench.Response.failure(400, 37, "A call cannot be forwarded to somebody who is in it.")
      #expect(try await forward(sessions.bob, to: nil, by: CallBench.bob, bench) == noAddress)
      #expect(try await forward(sessions.bob, to: "not an address", by: CallBench.bob, bench) == noAddress)
      #expect(try await forward(sessions.bob, to: "sip:bob@EXAMPLE.COM", by: CallBench.bob, bench) == inIt)
      #expect(try await forward(sessions.bob, to: "alice", by: CallBench.bob, bench) == inIt)
      #expect(try await forward(sessions.bob, to: "carol", by: CallBench.alice, bench) == .noCall)
      #expect(try await bench.types(to: "bob") == [.call])
      #expect(try await bench.update(sessions.bob, by: CallBench.bob, ["type": "callAnswer", "sdp": "B1"]) == .ok())
    }
  }

  @Test(.spec("R-CALL-410")) func theRingTimeStartsAnewThere() async throws {
    try await bench(limits: GatewayCallMachine.Limits(ring: .seconds(30))) { bench in
      await bench.device("carol", of: CallBench.carol)
      let sessions = try await bench.ringing()
      await bench.clock.waitForSleepers(1)
      await bench.clock.advance(by: .seconds(20))
      _ = try await forward(sessions.bob, to: "carol", by: CallBench.bob, bench)
      await bench.clock.waitForSleepers(2)
      await bench.clock.advance(by: .seconds(29))
      #expect(await bench.driver.callCount == 1)
      await bench.clock.advance(by: .seconds(1))
      #expect(await bench.ended.outcomes(2) == [.forwarded(to: CallBench.carol), .unanswered])
      #expect(try await bench.last(to: "carol")?.sessionParams?.statusCode == 487)
      #expect(try await bench.last(to: "alice")?.sessionParams?.statusCode == 487)
    }
  }
}
