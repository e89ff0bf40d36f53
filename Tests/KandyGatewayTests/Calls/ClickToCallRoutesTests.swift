import KandyTesting
import LinkLogic
import LinkProtocol
import Testing

@testable import KandyGateway

@Suite(.timeLimit(.minutes(1))) struct ClickToCallRoutesTests {
  private func bench(
    limits: GatewayCallMachine.Limits = GatewayCallMachine.Limits(),
    devices: KeyValuePairs<SubscriptionID, UserAddress> = [
      "alice": CallBench.alice, "alice's other": CallBench.alice, "bob": CallBench.bob,
    ],
    _ body: (CallBench) async throws -> Void
  ) async throws {
    try await CallBench.run(limits: limits, devices: devices, body)
  }

  private static func request(_ caller: JSONValue?, _ callee: JSONValue?) -> JSONValue {
    var members: [String: JSONValue] = [:]
    members["callingParty"] = caller
    members["calledParty"] = callee
    return ["clickToCallRequest": .object(members)]
  }

  private static let ok = CallBench.Response(status: 200, body: ["clickToCallResponse": ["statusCode": 0]])

  private static func refused(_ status: Int, _ code: Int64, _ text: String) -> CallBench.Response {
    CallBench.Response(
      status: status, body: ["clickToCallResponse": ["statusCode": .integer(code), "reasonText": .string(text)]])
  }

  private func click(
    _ bench: CallBench, from caller: JSONValue? = "alice@example.com", to callee: JSONValue? = "bob@example.com"
  ) async throws -> CallBench.Response {
    try await bench.send(.post, "clicktocall", by: CallBench.alice, Self.request(caller, callee))
  }

  /// Alice has clicked and answered with the offer `A1`.
  private func placed(_ bench: CallBench, to callee: JSONValue = "bob@example.com") async throws -> SessionID {
    #expect(try await click(bench, to: callee) == Self.ok)
    let session = try #require(try await bench.posted(to: "alice", number: 1).sessionParams?.sessionData)
    #expect(try await bench.update(session, by: CallBench.alice, ["type": "callAnswer", "sdp": "A1"]) == .ok())
    return session
  }

  @Test(.spec("R-CALL-730", "R-CALL-737", "R-CALL-738", "R-CALL-739")) func aliceIsRungThenBobAndTheyTalk() async throws {
    try await bench { bench in
      let start = bench.clock.wallClock()
      #expect(try await click(bench) == Self.ok)
      let call = try #require(try await bench.last(to: "alice"))
      let alice = try #require(call.sessionParams?.sessionData)
      #expect(call.eventType == .call)
      #expect(call.sessionParams == SessionParams(sessionData: alice, actions: ["reject", "answer"]))
      #expect(call.callNotificationParams?.callerDisplayNumber == "bob@example.com")
      #expect(call.callNotificationParams?.callerName == "Bob Brown")
      #expect(try await bench.types(to: "alice's other") == [.call])
      #expect(try await bench.types(to: "bob") == [])
      #expect(await bench.driver.callCount == 0)

      await bench.clock.advance(by: .seconds(3))
      #expect(try await bench.update(alice, by: CallBench.alice, ["type": "callAnswer", "sdp": "A1"]) == .ok())
      let invitation = try #require(try await bench.last(to: "bob"))
      let bob = try #require(invitation.sessionParams?.sessionData)
      #expect(invitation.eventType == .call && invitation.sessionParams?.sdp == "A1")
      #expect(invitation.callNotificationParams?.callerName == "Alice Adams")
      #expect(try await bench.types(to: "alice") == [.call, .callCancel, .ringing])
      #expect(try await bench.types(to: "alice's other") == [.call, .callCancel, .ringing])

      await bench.clock.advance(by: .seconds(4))
      #expect(try await bench.update(bob, by: CallBench.bob, ["type": "callAnswer", "sdp": "B1"]) == .ok())
      #expect(try await bench.last(to: "alice")?.sessionParams == SessionParams(sessionData: alice, sdp: "B1"))
      await bench.clock.advance(by: .seconds(5))
      #expect(try await bench.end(alice, by: CallBench.alice) == .ok())
      #expect(try await bench.types(to: "bob") == [.call, .callCancel, .callEnd])
      #expect(
        bench.ended.records == [
          CallRecord(
            caller: CallBench.alice, callee: CallBench.bob, callerName: "Alice Adams", calleeName: "Bob Brown",
            startedAt: start + 3_000, answeredAt: start + 7_000, endedAt: start + 12_000, outcome: .ended(by: .caller))
        ])
    }
  }

  @Test(
    .spec("R-CALL-4", "R-CALL-8", "R-CALL-632", "R-CALL-736"),
    arguments: [
      ("1", "alice@example.com", "bob@example.com"), ("2", "sip:alice@EXAMPLE.com", "sip:bob"),
      ("1.5", "alice", "Bob Brown <sip:bob@example.com;user=phone>"), ("1", "Alice<sip:alice>", "bob"),
    ])
  func anyVersionAndAnyFormOfTheOwnAddressWillDo(_ version: String, _ caller: String, _ callee: String) async throws {
    try await bench { bench in
      let response = try await bench.exchange(
        .post, "/rest/version/\(version)/user/alice@example.com/clicktocall", by: CallBench.alice,
        Self.request(.string(caller), .string(callee)))
      #expect(response == Self.ok)
      #expect(try await bench.last(to: "alice")?.callNotificationParams?.callerDisplayNumber == "bob@example.com")
    }
  }

  @Test(.spec("R-CALL-736", "R-CALL-737")) func whatCannotBeDoneIsRefusedAndNobodyRings() async throws {
    try await bench { bench in
      let foreign = Self.refused(403, 27, "callingParty is not the user who asks.")
      #expect(try await click(bench, from: "bob@example.com", to: "carol@example.com") == foreign)
      #expect(try await click(bench, from: "alice@other.com") == foreign)
      let noCaller = Self.refused(400, 37, "\"callingParty\" is not an address such as bob@example.com.")
      #expect(try await click(bench, from: nil) == noCaller)
      #expect(try await click(bench, from: "") == noCaller)
      let noCallee = Self.refused(400, 37, "\"calledParty\" is not an address such as bob@example.com.")
      #expect(try await click(bench, to: nil) == noCallee)
      #expect(try await click(bench, to: "not an address") == noCallee)
      #expect(
        try await click(bench, to: "sip:alice") == Self.refused(400, 37, "A user cannot be connected with himself."))
      let empty = try await bench.send(.post, "clicktocall", by: CallBench.alice, [:])
      #expect(empty.status == 400 && empty.body["clickToCallResponse"]?["statusCode"] == 5)
      #expect(try await bench.send(.get, "clicktocall", by: CallBench.alice).status == 405)
      #expect(try await bench.types(to: "alice") == [])
      #expect(try await bench.types(to: "bob") == [])
      #expect(await bench.driver.calls.isEmpty)
    }
  }

  @Test(.spec("R-CALL-737")) func whoHasNoDeviceCannotBeConnected() async throws {
    try await bench(devices: ["bob": CallBench.bob]) { bench in
      let refusal = Self.refused(409, 37, "callingParty has no device that could ring.")
      let response = try await click(bench)
      #expect(response == refusal)
      await bench.device("alice", of: CallBench.alice, services: ["IM"])
      #expect(try await click(bench) == refusal)
    }
  }

  @Test(.spec("R-CALL-737")) func whoMayNotCallCannotBeConnected() async throws {
    try await bench { bench in
      try await bench.add("dave@example.com", "Dave", "", services: ["IM"])
      let response = try await bench.send(
        .post, "clicktocall", by: "dave@example.com", Self.request("dave@example.com", "bob@example.com"))
      #expect(response == Self.refused(403, 35, "The user does not have the service call."))
    }
  }

  @Test(
    .spec("R-CALL-740"),
    arguments: [
      ("nobody@example.com", 404, "Not Found", GatewayCallMachine.Outcome.unknownCallee),
      ("carol@example.com", 480, "Temporarily Unavailable", .calleeOffline),
    ] as [(String, StatusCode, String, GatewayCallMachine.Outcome)])
  func aliceLearnsWhyNobodyCanBeRung(
    _ callee: String, _ code: StatusCode, _ text: String, _ outcome: GatewayCallMachine.Outcome
  ) async throws {
    try await bench { bench in
      let session = try await placed(bench, to: .string(callee))
      #expect(
        try await bench.last(to: "alice")?.sessionParams
          == SessionParams(sessionData: session, statusCode: code, reasonText: text))
      #expect(await bench.ended.outcomes(1) == [outcome])
    }
  }

  @Test(.spec("R-CALL-739")) func whetherBobCanBeRungIsDecidedWhenAliceHasAnswered() async throws {
    try await bench(devices: ["alice": CallBench.alice]) { bench in
      #expect(try await click(bench) == Self.ok)
      await bench.device("bob", of: CallBench.bob)
      let session = try #require(try await bench.last(to: "alice")?.sessionParams?.sessionData)
      _ = try await bench.update(session, by: CallBench.alice, ["type": "callAnswer", "sdp": "A1"])
      #expect(try await bench.types(to: "bob") == [.call])
    }
  }

  @Test(.spec("R-CALL-410", "R-CALL-740")) func eachOfTheTwoHasTheWholeRingTime() async throws {
    try await bench(limits: GatewayCallMachine.Limits(ring: .seconds(30))) { bench in
      #expect(try await click(bench) == Self.ok)
      await bench.clock.waitForSleepers(1)
      await bench.clock.advance(by: .seconds(29))
      let session = try #require(try await bench.last(to: "alice")?.sessionParams?.sessionData)
      _ = try await bench.update(session, by: CallBench.alice, ["type": "callAnswer", "sdp": "A1"])
      await bench.clock.waitForSleepers(2)
      await bench.clock.advance(by: .seconds(29))
      #expect(await bench.driver.callCount == 1)
      await bench.clock.advance(by: .seconds(1))
      #expect(await bench.ended.outcomes(1) == [.unanswered])
      #expect(try await bench.last(to: "alice")?.sessionParams?.statusCode == 487)
      #expect(try await bench.last(to: "bob")?.sessionParams?.statusCode == 487)
    }
  }

  @Test(.spec("R-CALL-740")) func ifAliceDoesNotAnswerThereHasBeenNoConversation() async throws {
    try await bench(limits: GatewayCallMachine.Limits(ring: .seconds(30))) { bench in
      #expect(try await click(bench) == Self.ok)
      await bench.clock.waitForSleepers(1)
      await bench.clock.advance(by: .seconds(30))
      let end = try await bench.posted(to: "alice", number: 2)
      #expect(end.eventType == .callEnd && end.sessionParams?.statusCode == 487)
      #expect(bench.ended.records.isEmpty)
      #expect(try await bench.types(to: "bob") == [])
    }
  }

  @Test(.spec("R-CALL-735")) func twoCanBeConnectedAtATime() async throws {
    try await bench { bench in
      await bench.device("carol", of: CallBench.carol)
      let first = try await placed(bench)
      #expect(try await click(bench, to: "carol@example.com") == Self.ok)
      let second = try #require(try await bench.last(to: "alice")?.sessionParams?.sessionData)
      #expect(first != second)
      _ = try await bench.update(second, by: CallBench.alice, ["type": "callAnswer", "sdp": "A2"])
      #expect(try await bench.last(to: "carol")?.sessionParams?.sdp == "A2")
      #expect(await bench.driver.callCount == 2)
    }
  }

  @Test(.spec("R-CALL-742")) func bobMayHandItOverToCarol() async throws {
    try await bench { bench in
      await bench.device("carol", of: CallBench.carol)
      let alice = try await placed(bench)
      let bob = try #require(try await bench.last(to: "bob")?.sessionParams?.sessionData)
      _ = try await bench.update(bob, by: CallBench.bob, ["type": "callAnswer", "sdp": "B1"])
      #expect(try await bench.update(bob, by: CallBench.bob, ["type": "transfer", "address": "carol"]) == .ok())
      let carol = try #require(try await bench.last(to: "carol")?.sessionParams?.sessionData)
      _ = try await bench.update(carol, by: CallBench.carol, ["type": "callAnswer", "sdp": "C1"])
      #expect(try await bench.last(to: "alice")?.sessionParams == SessionParams(sessionData: alice, sdp: "C1"))
      let parties = try await bench.last(to: "alice")?.callNotificationParams
      #expect(parties?.callerDisplayNumber == "carol@example.com" && parties?.calleeDisplayNumber == "alice@example.com")
      #expect(try await bench.update(alice, by: CallBench.alice, ["type": "respondCallUpdate", "sdp": "A2"]) == .ok())
      #expect(try await bench.last(to: "carol")?.sessionParams?.sdp == "A2")
      #expect(await bench.ended.outcomes(1) == [.transferred(to: CallBench.carol)])
    }
  }
}
