import KandyTesting
import LinkLogic
import LinkMedia
import LinkProtocol
import Testing

@testable import Kandy

/// Making and answering calls: what goes over the wire, and what the application sees (part 02 §8.1 to §8.11).
@Suite struct CallSetupTests {
  @Test(.spec("R-CALL-40", "R-CALL-41", "R-CALL-507", "R-CALL-630")) func theOptionsOfMakeReachTheWire() async throws {
    try await CallFixture.run(["earlyMedia": true]) { calls in
      let invite = calls.transport.expect(.post, "callControl", CallFixture.started)
      let call = try calls.client.call.make(
        " Bob ",
        MakeOptions(
          from: "alice@example.com", contact: CallContact(firstName: "Alice", lastName: "Adams"), isVideoEnabled: false,
          customParameters: [CustomParameter(name: "X-GPS", value: "48.20,16.37")], normalizeAddress: true))
      let body = CallFixture.body(try await invite.request())
      #expect(body["from"] == "Alice Adams<sip:alice@example.com>")
      #expect(body["to"] == "sip:Bob@example.com")
      #expect(body["supported"] == ["earlymedia"])
      #expect(body["customParameters"] == [["name": "X-GPS", "value": "48.20,16.37"]])
      #expect(body["sdp"]?.stringValue?.contains("m=video") == false)
      #expect(try await calls.first { if case .callStart(let id) = $0 { id } else { nil } } == call.id)
      #expect(call.record.contact == CallContact(firstName: "Alice", lastName: "Adams"))
      #expect(call.record.state == .initiated)
    }
  }

  @Test(
    .spec("R-CALL-634", "R-CALL-40"),
    arguments: [
      ("Reception", "", "Reception<sip:alice@example.com>", "alice@example.com"),
      ("Reception", "Alice", "Reception<sip:alice@example.com>", "alice@example.com"),
      ("desk@example.com", "", "sip:desk@example.com", "desk@example.com"),
      ("Reception <desk@example.com>", "Alice", "Reception<sip:desk@example.com>", "desk@example.com"),
      (" ", "Alice", "Alice<sip:alice@example.com>", "alice@example.com"),
    ] as [(String, String, JSONValue, String)])
  func fromIsTheCallersNameUnlessItIsAnAddress(
    _ from: String, _ firstName: String, _ wire: JSONValue, _ recorded: String
  ) async throws {
    try await CallFixture.run { calls in
      let invite = calls.transport.expect(.post, "callControl", CallFixture.started)
      let call = try calls.client.call.make(
        "bob@example.com",
        MakeOptions(from: from, contact: CallContact(firstName: firstName), isVideoEnabled: false))
      #expect(CallFixture.body(try await invite.request())["from"] == wire)
      #expect(call.record.from == recorded)
      #expect(call.record.contact == CallContact(firstName: firstName))
    }
  }

  @Test(.spec("R-CALL-506", "R-MEDIA-4")) func whatTheOptionsDoNotSayComesFromTheDefaults() async throws {
    try await CallFixture.run(["callDefaults": ["isVideoEnabled": false]]) { calls in
      let invite = calls.transport.expect(.post, "callControl", CallFixture.started)
      let call = try calls.client.call.make("bob@example.com")
      #expect(CallFixture.body(try await invite.request())["sdp"]?.stringValue?.contains("m=video") == false)
      #expect(call.record.isVideoEnabled == false)
      #expect(call.record.isAudioEnabled == true)
    }
  }

  @Test(.spec("TV-160", "R-MEDIA-5", "R-CALL-508", "R-CALL-509")) func aCallWithoutMediaOrCalleeIsRefusedAtOnce() async throws {
    try await CallFixture.run { calls in
      await calls.fails(.callInvalidParameter) {
        _ = try calls.client.call.make("bob@example.com", MakeOptions(isAudioEnabled: false))
      }
      await calls.fails(.callInvalidParameter) { _ = try calls.client.call.make("") }
      let made = try calls.client.call.getAll()
      #expect(made.count == 2)
      for record in made { try await calls.client.call.call(for: record.id)?.ended() }
      #expect(calls.transport.requests(.post, "callControl").isEmpty)
    }
  }

  @Test func hangingUpDuringTheInvitationEndsTheCallAtOnceAndTheGoodbyeLeavesAfterIt() async throws {
    try await CallFixture.run { calls in
      let invite = calls.transport.expect(.post, "callControl")
      let call = try calls.client.call.make("bob@example.com")
      _ = try await invite.request()
      try await call.end()
      #expect(call.record.state == .ended)
      #expect(calls.transport.requests(.delete, CallFixture.session).isEmpty)
      let goodbye = calls.transport.expect(.delete, CallFixture.session, CallFixture.accepted)
      invite.answer(CallFixture.started)
      #expect(try await goodbye.request().query == "reasonText=Ended%20by%20local%20user")
    }
  }

  @Test(.spec("R-CALL-170")) func whatIsNotifiedBeforeTheInvitationIsAnsweredIsNotLost() async throws {
    try await CallFixture.run { calls in
      let invite = calls.transport.expect(.post, "callControl")
      let call = try calls.client.call.make("bob@example.com")
      let request = try await invite.request()
      calls.notify("ringing")
      calls.notify("respondCallUpdate", sdp: try await calls.farEndAnswers(request))
      // Both have passed the router when this has.
      try await calls.client.call.setCustomParameters(call.id, [])
      invite.answer(CallFixture.started)
      _ = try await calls.sees(.ringing)
      try await call.answered()
      #expect(call.record.remoteParticipant == CallParticipant(displayNumber: "bob@example.com", displayName: "Bob Brown"))
    }
  }

  /// Descriptions of which nothing can be made, and how they say that they are encoded.
  static let unusable: [(sdp: String, format: JSONValue)] = [
    ("rubbish", .null), ("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n", .null),
    ("v=0\r\ns=-\r\nm=audio x y\r\n", .null),
    ("AAAA", "compressed"), ("v=0\r\ns=-\r\nm=audio x y\r\n", "compressed"),
  ]

  @Test(.spec("R-SDP-163", "R-DTLS-22", "R-SDP-4"), arguments: unusable)
  func anAnswerThatCannotBeUsedEndsTheCallAndTellsTheGateway(_ sdp: String, _ format: JSONValue) async throws {
    try await CallFixture.run { calls in
      let invite = calls.transport.expect(.post, "callControl", CallFixture.started)
      let goodbye = calls.transport.expect(.delete, CallFixture.session, CallFixture.accepted)
      let call = try calls.client.call.make("bob@example.com")
      _ = try await invite.request()
      calls.notify("respondCallUpdate", sdp: sdp, ["sdpFormat": format])
      #expect(try await calls.seesError().code == .callInvalidOffer)
      _ = try await calls.sees(.ended)
      #expect(call.record.error?.code == .callInvalidOffer)
      _ = try await goodbye.request()
      // Only the far end of the test is left.
      try await call.driver.store.wait(for: .over)
      #expect(calls.engine.openPeers.count == 1)
    }
  }

  @Test(.spec("R-CALL-515", "R-CALL-81", "R-SDP-4"), arguments: unusable)
  func anOfferThatCannotBeUsedIsTurnedDownWhenItIsAnswered(_ sdp: String, _ format: JSONValue) async throws {
    try await CallFixture.run { calls in
      calls.notify("call", sdp: sdp, ["actions": ["answer", "reject"], "sdpFormat": format])
      let id: CallID = try await calls.first { if case .callReceive(let id) = $0 { id } else { nil } }
      let rejection = calls.transport.expect(.post, "calldisposition", CallFixture.accepted)
      let call = try calls.client.call.answer(id)
      await calls.fails(.callInvalidOffer) { try await call.answered() }
      #expect(try await rejection.request().json?["callDispositionRequest"]?["action"] == "reject")
      _ = try await calls.sees(.ended)
    }
  }

  @Test(.spec("R-CALL-45")) func anInvitationThatTheGatewayRefusesReleasesEverything() async throws {
    try await CallFixture.run { calls in
      calls.transport.expect(.post, "callControl", CallFixture.refused(403, 35, "no calls for you"))
      let call = try calls.client.call.make("bob@example.com")
      let error = try await calls.seesError()
      #expect(error.code == .callGenericError)
      #expect(error.statusCode == .serviceNotEnabled)
      #expect(error.cause == "no calls for you")
      await calls.fails(.callGenericError) { try await call.answered() }
      try await call.driver.store.wait(for: .over)
      #expect(calls.engine.openPeers.count == 1)
    }
  }

  @Test(.spec("R-CALL-282", "R-CALL-47", "R-CALL-97")) func anIncomingCallIsAnswered() async throws {
    try await CallFixture.run(["ringingFeedback": true]) { calls in
      let feedback = calls.transport.expect(.put, CallFixture.session, CallFixture.accepted)
      let id = try await calls.isCalled()
      #expect(CallFixture.body(try await feedback.request()) == ["type": "ringing"])
      let answer = calls.transport.expect(.put, CallFixture.session, CallFixture.accepted)
      let call = try calls.client.call.answer(
        id, AnswerOptions(customParameters: [CustomParameter(name: "X-Desk", value: "7")]))
      let body = CallFixture.body(try await answer.request())
      #expect(body["type"] == "callAnswer")
      #expect(body["customParameters"] == [["name": "X-Desk", "value": "7"]])
      try await call.answered()
      try await calls.farEnd.setRemoteDescription(.answer, try #require(body["sdp"]?.stringValue))
      try await call.connected()
    }
  }

  @Test(.spec("R-CALL-515")) func withoutADeviceTheCallRingsOnAndTheNextAttemptUsesWhatItNames() async throws {
    try await CallFixture.run { calls in
      try await calls.client.media.setDefaultDevices(microphone: "virtual:nonsense")
      let id = try await calls.isCalled()
      let call = try calls.client.call.answer(id)
      await calls.fails(.callUserMediaError) { try await call.answered() }
      #expect(call.record.state == .ringing)
      #expect(calls.engine.openPeers.count == 1)
      let answer = calls.transport.expect(.put, CallFixture.session, CallFixture.accepted)
      let tone = ToneSource(hz: 700)
      try calls.client.call.answer(id, AnswerOptions(microphone: tone))
      _ = try await answer.request()
      try await call.answered()
      #expect(calls.engine.openPeers.last?.microphone === tone)
    }
  }

  @Test(.spec("R-CALL-181")) func aCallThatMustNotBeAnsweredSaysSo() async throws {
    try await CallFixture.run { calls in
      let id = try await calls.isCalled(actions: ["reject"])
      let call = try calls.client.call.answer(id)
      await calls.fails(.callNotSupported) { try await call.answered() }
      #expect(call.record.state == .ringing)
    }
  }

  @Test(.spec("R-CALL-479")) func disconnectingHangsUpWhatIsBeingAnsweredAndLeavesWhatRings() async throws {
    try await CallFixture.run { calls in
      let id = try await calls.isCalled()
      let answer = calls.transport.expect(.put, CallFixture.session)
      let call = try calls.client.call.answer(id)
      _ = try await answer.request()
      let goodbye = calls.transport.expect(.delete, CallFixture.session, CallFixture.accepted)
      calls.transport.expect(.delete, "subscription/6d1f0c2e", ClientFixture.deleted)
      async let disconnected: Void = calls.client.disconnect()
      _ = try await calls.sees(.ended)
      answer.answer(CallFixture.accepted)
      _ = try await goodbye.request()
      await disconnected
      #expect(call.record.state == .ended)
    }
  }

  @Test func theEndOfTheSessionEndsItsCalls() async throws {
    try await CallFixture.run { calls in
      let call = try await calls.talking()
      calls.socket.push(["notificationMessage": ["eventType": "gone", "eventId": "g"]])
      _ = try await calls.sees(.ended)
      #expect(call.record.state == .ended)
    }
  }

  @Test(.spec("R-CALL-93", "R-CALL-836")) func anEstablishedCallIsAuditedAndEndsWhenTheGatewayDoesNotKnowIt() async throws {
    try await CallFixture.run(["callAuditTimer": 10_000]) { calls in
      let first = calls.transport.expect(.put, CallFixture.session, CallFixture.accepted)
      _ = try await calls.talking()
      await calls.fixture.clock.advance(by: .seconds(3))
      #expect(CallFixture.body(try await first.request()) == ["type": "audit"])
      let second = calls.transport.expect(.put, CallFixture.session, CallFixture.refused(404, 42, "unknown"))
      // The first response has been heard when the timer runs again.
      await calls.fixture.clock.advance(by: .seconds(10))
      _ = try await second.request()
      #expect(try await calls.sees(.ended)?.code?.rawValue == LocalCallCode.auditFailure.rawValue)
    }
  }
}
