import Kandy
import KandyTesting
import LinkMedia
import LinkProtocol
import Testing

/// What another server of this protocol says, and ours does not: part 02 §8.2, §8.3, §8.24; and what comes twice or too late: §8.25.
@Suite(.timeLimit(.minutes(1))) struct OtherServerScenarios {
  private static func notification(
    _ type: String, _ session: SessionID?, _ params: [String: JSONValue] = [:], _ more: [String: JSONValue] = [:]
  ) -> String {
    var message: [String: JSONValue] = ["eventType": .string(type), "eventId": .string("other-\(type)")]
    message["sessionParams"] = .object(params.merging(["sessionData": .string(session?.rawValue ?? "")]) { $1 })
    return (["notificationMessage": .object(message.merging(more) { $1 })] as JSONValue).serialized
  }

  // MARK: Early media (§8.2)

  @Test(.spec("R-CALL-405", "R-CALL-41")) func aliceHearsAnAnnouncementBeforeBobAnswers() async throws {
    try await ScenarioBench.run(call: ["earlyMedia": true]) { bench, people in
      let (alice, bob) = (people[0], people[1])
      let call = try alice.make(bob)
      let atBob = try await bob.isCalled()
      try await alice.sees(.ringing, of: call)
      let invite = try #require(alice.network.requests.entries.first { $0.operation == "callStart" }?.body)
      #expect(invite["supported"] == ["earlymedia"])

      // A machine at the far end has something to say.
      let machine = try await bob.engine.makePeer(PeerConfiguration())
      try await machine.setRemoteDescription(.offer, try #require(invite["sdp"]?.stringValue))
      try await machine.setDirection(.audio, .sendrecv)
      try await machine.setLocalDescription(.answer, try await machine.createAnswer())
      let words = try #require(try await machine.localDescription())
      alice.network.receive(Self.notification("sessionProgress", call.record.session, ["sdp": .string(words)]))
      try await alice.sees(.earlyMedia, of: call)
      try await alice.sees(call) { $0.mediaState == .connected }
      alice.network.receive(Self.notification("ringing", call.record.session))
      try await alice.sees(.ringing, of: call)

      // Bob's answer comes from somewhere else: Alice offers once more, from a new connection.
      try atBob.answer()
      try await alice.sees(.inCall, of: call)
      try await alice.asks("startCallUpdate")
      try await call.connected()
      try await atBob.connected()
      try await alice.sees([.ringing, .earlyMedia, .ringing, .inCall, .inCall], of: call)
      await machine.close()
      try await call.end()
      try await bob.sees(.ended, of: atBob)
    }
  }

  // MARK: Busy (§8.3)

  @Test func bobIsBusy() async throws {
    try await ScenarioBench.run { _, people in
      let (alice, bob) = (people[0], people[1])
      let call = try alice.make(bob)
      try await alice.sees(.ringing, of: call)
      let reason: [String: JSONValue] = ["statusCode": 486, "reasonText": "Busy Here"]
      alice.network.receive(Self.notification("callEnd", call.record.session, reason))
      let transition = try await alice.sees(.ended, of: call)
      #expect(transition?.code == 486 && transition?.reasonText == "Busy Here")
      #expect(alice.requests == ["callStart"])
    }
  }

  // MARK: Call replacement (§8.24)

  @Test(.spec("R-CALL-480", "R-CALL-481")) func nobodyCanReplaceAlicesCall() async throws {
    try await ScenarioBench.run { _, people in
      let (alice, bob) = (people[0], people[1])
      let (call, atBob) = try await alice.talks(to: bob)
      let before = alice.events.entries.count
      let replaces = JSONValue.string(call.record.session?.rawValue ?? "")
      alice.network.receive(
        Self.notification(
          "startCallReplace", "another", [:], ["replaces": replaces, "remoteParty": "carol@example.com"]))
      try await alice.asks("rejectCallReplace")
      let refusal = alice.network.requests.entries.last { $0.operation == "rejectCallReplace" }
      #expect(refusal?.isAbout("another") == true)
      // Neither a new call nor a word about the old one.
      #expect(alice.news(since: before) == [])
      #expect(try alice.client.call.getAll().map(\.state) == [.inCall])
      try await call.hold()
      try await bob.sees(.onRemoteHold, of: atBob)
    }
  }

  // MARK: Unknown, late, twice (§8.25)

  @Test(.spec("R-CALL-170", "R-CALL-482")) func nobodyHearsOfACallThatIsNotKnown() async throws {
    try await ScenarioBench.run { _, people in
      let (alice, bob) = (people[0], people[1])
      let (call, atBob) = try await alice.talks(to: bob)
      let before = alice.events.entries.count
      for type in ["ringing", "respondCallUpdate", "startCallUpdate", "callCancel", "sessionComplete", "callEnd"] {
        alice.network.receive(Self.notification(type, "unknown", ["sdp": "v=0"]))
      }
      // They have been dealt with when this has.
      try await atBob.hold()
      try await alice.sees(.onRemoteHold, of: call)
      #expect(alice.news(since: before).filter { !$0.isAbout(call) } == [])
      #expect(alice.requests == ["callStart", "respondCallUpdate"])
    }
  }

  @Test(.spec("R-CALL-178", "R-CALL-482")) func whatComesTooLateChangesNothing() async throws {
    try await ScenarioBench.run { _, people in
      let (alice, bob) = (people[0], people[1])
      let (first, atBob) = try await alice.talks(to: bob)
      try await atBob.end()
      try await alice.sees(.ended, of: first)
      let before = alice.events.entries.count
      for told in alice.network.notifications.entries where told.session == first.record.session?.rawValue {
        alice.network.receive(told.again)
      }
      let second = try await alice.talks(to: bob).mine
      #expect(alice.news(since: before).filter { !$0.isAbout(second) } == [])
      #expect(first.record.state == .ended && second.record.state == .inCall)
    }
  }

  @Test(.spec("R-CALL-179", "R-CALL-482")) func whatComesTwiceCountsOnce() async throws {
    try await ScenarioBench.run { _, people in
      let (alice, bob) = (people[0], people[1])
      let call = try alice.make(bob)
      let atBob = try await bob.isCalled()
      bob.network.receive(try await bob.isTold("call").again)
      try await alice.sees(.ringing, of: call)
      // The same event once more is dropped; another one of the kind tells it again.
      alice.network.receive(try await alice.isTold("ringing").text)
      alice.network.receive(try await alice.isTold("ringing").again)
      try await alice.events.until { alice.states(of: call) == [.ringing, .ringing] }
      try atBob.answer()
      try await call.connected()
      alice.network.receive(try await alice.isTold("respondCallUpdate").again)
      try await atBob.hold()
      try await alice.sees(.onRemoteHold, of: call)
      #expect(alice.states(of: call) == [.ringing, .ringing, .inCall, .onRemoteHold])
      #expect(try bob.client.call.getAll().count == 1)
      #expect(alice.errors + bob.errors == [])
    }
  }
}

extension Person {
  /// What the application was told after so many events, notifications themselves left out.
  fileprivate func news(since count: Int) -> [Event] {
    events.entries.dropFirst(count).filter { !$0.isAboutNotifications }
  }
}

extension Event {
  fileprivate var isAboutNotifications: Bool {
    if case .notificationReceived = self { true } else { false }
  }

  fileprivate func isAbout(_ call: Call) -> Bool {
    switch self {
    case .callStateChange(let change): change.callID == call.id
    case .callOperation(let change): change.callID == call.id
    case .callMediaStateChange(let id, _), .callStart(let id), .callError(let id?, _): id == call.id
    default: false
    }
  }
}
