import KandyTesting
import LinkProtocol
import Testing

@testable import KandyGateway

@Suite struct CallRoutesTests {
  let forAlice = CallNotificationParams(
    callerDisplayNumber: "alice@example.com", callerName: "Alice Adams", calleeDisplayNumber: "bob@example.com",
    primaryContact: "alice@example.com", remoteDisplayNumber: "bob@example.com", remoteName: "Bob Brown")
  let forBob = CallNotificationParams(
    callerDisplayNumber: "alice@example.com", callerName: "Alice Adams", calleeDisplayNumber: "bob@example.com",
    primaryContact: "alice@example.com", remoteDisplayNumber: "alice@example.com", remoteName: "Alice Adams")

  /// Alice with one device, Bob with two.
  private func bench(_ body: (CallBench) async throws -> Void) async throws {
    try await CallBench.run(devices: ["alice": CallBench.alice, "bob": CallBench.bob, "bob's other": CallBench.bob], body)
  }

  @Test(.spec("R-CALL-43", "R-CALL-157", "R-CALL-193", "R-CALL-212", "R-CALL-380"))
  func aCallIsMadeAnsweredUpdatedAndEnded() async throws {
    try await bench { bench in
      let started = try await bench.start()
      let alice = try #require(started.session)
      #expect(started == .ok(["sessionData": .string(alice.rawValue)]))

      let call = try #require(try await bench.last(to: "bob"))
      let bob = try #require(call.sessionParams?.sessionData)
      #expect(bob != alice)
      #expect(
        call
          == Notification(
            eventType: .call, eventId: nil,
            sessionParams: SessionParams(sessionData: bob, sdp: "A1", actions: ["reject", "forward", "answer"]),
            callNotificationParams: forBob))
      #expect(try await bench.posted(to: "bob") == bench.posted(to: "bob's other"))
      #expect(
        try await bench.last(to: "alice")
          == Notification(
            eventType: .ringing, eventId: nil, sessionParams: SessionParams(sessionData: alice),
            callNotificationParams: forAlice))

      #expect(try await bench.update(bob, by: CallBench.bob, ["type": "ringing"]) == .ok())
      #expect(try await bench.update(bob, by: CallBench.bob, ["type": "callAnswer", "sdp": "B1"]) == .ok())
      #expect(
        try await bench.last(to: "alice")
          == Notification(
            eventType: .respondCallUpdate, eventId: nil, sessionParams: SessionParams(sessionData: alice, sdp: "B1"),
            callNotificationParams: forAlice))
      #expect(try await bench.types(to: "bob") == [.call, .callCancel])
      #expect(try await bench.types(to: "bob's other") == [.call, .callCancel])

      #expect(try await bench.update(alice, by: CallBench.alice, ["type": "startCallUpdate", "sdp": "A2"]) == .ok())
      #expect(try await bench.last(to: "bob")?.sessionParams == SessionParams(sessionData: bob, sdp: "A2"))
      #expect(try await bench.update(bob, by: CallBench.bob, ["type": "respondCallUpdate", "sdp": "B2"]) == .ok())
      #expect(try await bench.last(to: "alice")?.sessionParams == SessionParams(sessionData: alice, sdp: "B2"))

      #expect(try await bench.end(bob, by: CallBench.bob, query: "?reasonText=Ended%20by%20local%20user") == .ok())
      #expect(
        try await bench.last(to: "alice")?.sessionParams
          == SessionParams(sessionData: alice, reasonText: "Ended by local user"))
      #expect(try await bench.types(to: "alice") == [.ringing, .respondCallUpdate, .respondCallUpdate, .callEnd])
      #expect(try await bench.types(to: "bob") == [.call, .callCancel, .startCallUpdate, .callEnd])
      #expect(await bench.driver.callCount == 0)
    }
  }

  @Test(.spec("R-CALL-82", "R-CALL-80")) func aRejectReachesTheCallerAndAllDevices() async throws {
    try await bench { bench in
      let sessions = try await bench.ringing()
      let reject: JSONValue = [
        "callDispositionRequest": ["action": "reject", "sessionData": .string(sessions.bob.rawValue)]
      ]
      #expect(try await bench.send(.post, "calldisposition", by: CallBench.alice, reject) == .noCall)
      #expect(try await bench.send(.post, "calldisposition", by: CallBench.bob, reject) == .ok())
      #expect(try await bench.types(to: "bob") == [.call, .callCancel])
      #expect(try await bench.types(to: "bob's other") == [.call, .callCancel])
      #expect(
        try await bench.last(to: "alice")?.sessionParams
          == SessionParams(sessionData: sessions.alice, statusCode: 603, reasonText: "Decline"))
      #expect(try await bench.send(.post, "calldisposition", by: CallBench.bob, reject) == .noCall)
    }
  }

  @Test(.spec("R-CALL-74", "R-CALL-213", "R-CALL-12"))
  func aCancelledCallEndsForBoth() async throws {
    for body in [JSONValue.object([:]), nil] {
      try await bench { bench in
        let sessions = try await bench.ringing()
        let response = try await bench.send(
          .delete, "callControl/callSessions/\(sessions.alice)?reasonText=Ended%20by%20local%20user", by: CallBench.alice, body)
        #expect(response == .ok())
        #expect(
          try await bench.last(to: "bob")?.sessionParams
            == SessionParams(sessionData: sessions.bob, statusCode: 487, reasonText: "Request Terminated"))
        #expect(try await bench.last(to: "alice")?.sessionParams == SessionParams(sessionData: sessions.alice))
        #expect(try await bench.types(to: "alice") == [.ringing, .callEnd])
        #expect(try await bench.end(sessions.alice, by: CallBench.alice) == .noCall)
        #expect(try await bench.end(sessions.bob, by: CallBench.bob) == .noCall)
        #expect(try await bench.types(to: "alice") == [.ringing, .callEnd])
      }
    }
  }

  @Test(.spec("R-CALL-231")) func whoCannotBeReachedIsToldByNotification() async throws {
    try await bench { bench in
      for (to, code, text) in [
        ("sip:nobody@example.com", 404 as StatusCode, "Not Found"), ("carol@example.com", 480, "Temporarily Unavailable"),
      ] {
        let session = try #require(try await bench.start(to: to).session)
        let end = try #require(try await bench.last(to: "alice"))
        #expect(end.eventType == .callEnd)
        #expect(end.sessionParams == SessionParams(sessionData: session, statusCode: code, reasonText: text))
        #expect(try await bench.end(session, by: CallBench.alice) == .noCall)
      }
      #expect(try await bench.last(to: "alice")?.callNotificationParams?.remoteName == "carol@example.com")
    }
  }

  @Test func aUserWithoutTheServiceCannotCallNorBeCalled() async throws {
    try await bench { bench in
      let dave: UserAddress = "dave@example.com"
      try await bench.add(dave, "Dave", "", services: [.im])
      await bench.device("dave", of: dave)
      #expect(try await bench.start(to: "dave@example.com").status == 200)
      #expect(try await bench.last(to: "alice")?.sessionParams?.statusCode == 480)
      #expect(
        try await bench.send(
          .post, "callControl", by: dave,
          ["callControlRequest": ["type": "callStart", "to": "bob@example.com", "sdp": "D1"]])
          == .failure(403, 35, "The user does not have the service call."))
      #expect(try await bench.posted(to: "dave") == [])
    }
  }

  @Test(.spec("R-CALL-632", "R-CALL-8")) func addressesAreUnderstoodInAllForms() async throws {
    try await bench { bench in
      for to in [
        "bob", "sip:bob", "bob@example.com", "sip:bob@EXAMPLE.com", "Bob Brown<sip:bob@example.com>",
        "Bob <sip:bob@example.com;user=phone>",
      ] {
        let before = try await bench.posted(to: "bob").count
        let session = try #require(try await bench.start(to: to).session)
        #expect(try await bench.posted(to: "bob").count == before + 1, "\(to)")
        _ = try await bench.end(session, by: CallBench.alice)
      }
      let slash = try await bench.send(
        .post, "callControl/", by: CallBench.alice,
        ["callControlRequest": ["type": "callStart", "to": "bob@example.com", "sdp": "A1"]])
      #expect(slash.status == 200)
    }
  }

  @Test(.spec("R-CALL-632", "R-CALL-633", "R-CALL-821"))
  func theCallerIsWhoTheCredentialsSay() async throws {
    try await bench { bench in
      _ = try await bench.start(["from": "Santa Claus<sip:santa@example.com>"])
      #expect(try await bench.last(to: "bob")?.callNotificationParams == forBob)

      await bench.device("carol", of: CallBench.carol)
      for (from, name) in [
        ("Carol Clark<sip:carol@example.com>", "Carol Clark"), ("\"Carol C.\" <sip:x@example.com>", "Carol C."),
        ("sip:carol@example.com", "carol@example.com"), ("<sip:carol@example.com>", "carol@example.com"),
      ] {
        _ = try await bench.send(
          .post, "callControl", by: CallBench.carol,
          ["callControlRequest": ["type": "callStart", "from": .string(from), "to": "bob", "sdp": "C1"]])
        let params = try await bench.last(to: "bob")?.callNotificationParams
        #expect(params?.callerName == name)
        #expect(params?.callerDisplayNumber == "carol@example.com")
      }
    }
  }

  @Test(.spec("R-CALL-6", "R-CALL-66", "R-CALL-831"))
  func customParametersPassAndOddOnesAreTolerated() async throws {
    try await bench { bench in
      let custom: JSONValue = [["name": "X-GPS", "value": "48.20,16.37"]]
      _ = try await bench.start(["customParameters": custom, "customBodies": [["type": "text/plain"]]])
      let call = try await bench.last(to: "bob")
      #expect(call?.customParameters == [CustomParameter(name: "X-GPS", value: "48.20,16.37")])
      #expect(call?.customBodies == [["type": "text/plain"]])

      let odd = try await bench.start(["customParameters": [:], "supported": ["earlymedia"], "unheard-of": 1])
      #expect(odd.status == 200)
      #expect(try await bench.last(to: "bob")?.customParameters == nil)
      let realm = try await bench.send(
        .post, "callControl?tokenrealm=example&key=x", by: CallBench.alice,
        ["callControlRequest": ["type": "callStart", "to": "bob", "sdp": "A1"]])
      #expect(realm.status == 200)
    }
  }

  @Test(.spec("R-CALL-16", "R-CALL-73", "R-CALL-102"))
  func aForeignSessionIsLikeAnUnknownOne() async throws {
    try await bench { bench in
      let sessions = try await bench.answered()
      for (session, user) in [
        (sessions.alice, CallBench.bob), (sessions.bob, CallBench.alice), (sessions.bob, CallBench.carol),
        ("no-such-session", CallBench.alice),
      ] {
        for type in ["audit", "startCallUpdate", "respondCallUpdate", "transfer", "no such type"] {
          #expect(try await bench.update(session, by: user, ["type": .string(type), "sdp": "X"]) == .noCall)
        }
        #expect(try await bench.end(session, by: user) == .noCall)
        #expect(
          try await bench.send(.get, "callControl/callSessions/\(session)", by: user)
            == .failure(404, 47, "The session does not exist."))
      }
      #expect(try await bench.types(to: "alice") == [.ringing, .respondCallUpdate])
      #expect(await bench.driver.callCount == 1)
    }
  }

  @Test(.spec("R-CALL-102")) func theStateOfASessionCanBeRead() async throws {
    try await bench { bench in
      let sessions = try await bench.ringing()
      for (session, user) in [(sessions.alice, CallBench.alice), (sessions.bob, CallBench.bob)] {
        #expect(
          try await bench.send(.get, "callControl/callSessions/\(session)", by: user) == .ok(["state": "RINGING"]))
      }
      _ = try await bench.update(sessions.bob, by: CallBench.bob, ["type": "callAnswer", "sdp": "B1"])
      for (session, user) in [(sessions.alice, CallBench.alice), (sessions.bob, CallBench.bob)] {
        #expect(
          try await bench.send(.get, "callControl/callSessions/\(session)", by: user) == .ok(["state": "ANSWERED"]))
      }
    }
  }

  @Test(.spec("R-CALL-16", "R-CALL-49", "R-CALL-440"))
  func whatCannotBeDoneIsRefusedWithACode() async throws {
    try await bench { bench in
      #expect(try await bench.start(sdp: nil) == .failure(400, 37, "callStart needs an sdp."))
      #expect(
        try await bench.start(to: "not an address")
          == .failure(400, 37, "\"to\" is not an address such as bob@example.com."))
      #expect(try await bench.start(["to": nil]).statusCode == 37)
      #expect(
        try await bench.start(["type": "join"])
          == .failure(403, 35, "This server cannot mix calls: it runs without a media engine."))
      #expect(
        try await bench.start(["type": "callAnswer"]) == .failure(400, 37, "Only callStart and join are posted here."))
      #expect(try await bench.send(.post, "callControl", by: CallBench.alice, ["callMeRequest": [:]]).statusCode == 5)
      #expect(await bench.driver.callCount == 0)

      let sessions = try await bench.answered()
      #expect(
        try await bench.update(sessions.bob, by: CallBench.bob, ["type": "callAnswer", "sdp": "B2"])
          == .failure(409, 55, "The call has been answered by another device."))
      _ = try await bench.update(sessions.alice, by: CallBench.alice, ["type": "startCallUpdate", "sdp": "A2"])
      #expect(
        try await bench.update(sessions.alice, by: CallBench.alice, ["type": "startCallUpdate", "sdp": "A3"])
          == .failure(409, 49, "Request Pending", retryAfter: 3))
      #expect(await bench.driver.callCount == 1)
    }
  }

  @Test(.spec("R-CALL-151")) func everyNotificationHasAnIdOfItsOwn() async throws {
    try await bench { bench in
      let sessions = try await bench.answered()
      _ = try await bench.end(sessions.alice, by: CallBench.alice)
      let all = try await bench.posted(to: "alice") + bench.posted(to: "bob")
      #expect(all.allSatisfy { $0.eventId != nil })
      #expect(Set(all.map(\.eventId)).count == all.count)
    }
  }
}
