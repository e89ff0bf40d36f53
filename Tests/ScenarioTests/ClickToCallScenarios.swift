import Kandy
import KandyGateway
import KandyTesting
import LinkMedia
import LinkProtocol
import Testing

/// Alice asks the gateway to connect her with somebody: real clients and a gateway in one process; only the media engine is a fake.
@Suite(.timeLimit(.minutes(1))) struct ClickToCallScenarios {
  /// A client, and its events from the beginning.
  private struct Person: Sendable {
    let client: Client
    let events: EventStream

    /// Waits for a state of a call; gives the reason.
    func sees(_ state: CallState, of call: CallID) async throws -> CallTransition? {
      for await case .callStateChange(let change) in events where change.callID == call && change.state == state {
        return change.transition
      }
      throw BasicError(.noCode, "The client ended.")
    }

    func answersNextCall() async throws -> Call {
      try client.call.answer(try await events.nextCall(), AnswerOptions(isVideoEnabled: false))
    }
  }

  private static func withPeople(
    _ names: [String] = ["alice", "bob"], gatewayClock: ManualClock? = nil, _ body: ([Person]) async throws -> Void
  ) async throws {
    let users: [UserAddress] = ["alice@example.com", "bob@example.com", "carol@example.com"]
    try await InProcessGateway.run(users: users, clock: gatewayClock) { gateway in
      let engine = FakeMediaEngine()
      var people: [Person] = []
      for name in names {
        let client = create(gateway.configuration(), media: engine)
        people.append(Person(client: client, events: client.events))
        try await client.connect(Credentials(username: "\(name)@example.com", password: InProcessGateway.password))
      }
      try await body(people)
      for person in people {
        await person.client.disconnect()
        await person.client.destroy()
      }
    }
  }

  private static let (alices, bobs) = ("alice@example.com", "bob@example.com")

  @Test func aliceClicksAndTalksWithBob() async throws {
    try await Self.withPeople { people in
      let (alice, bob) = (people[0], people[1])
      let id = try await alice.client.clickToCall.make(Self.alices, Self.bobs)
      #expect(try alice.client.clickToCall.get().map(\.id) == [id])
      let call = try await alice.answersNextCall()
      #expect(call.record.direction == .incoming && call.record.state == .ringing)
      #expect(call.record.remoteParticipant == CallParticipant(displayNumber: Self.bobs, displayName: "Bob"))
      let atBob = try await bob.events.nextCall()
      #expect(try await alice.sees(.ringing, of: call.id)?.previousState == .ringing)
      let answered = try bob.client.call.answer(atBob, AnswerOptions(isVideoEnabled: false))
      try await call.connected()
      try await answered.connected()
      #expect(call.record.state == .inCall && answered.record.state == .inCall)
      #expect(answered.record.remoteParticipant == CallParticipant(displayNumber: Self.alices, displayName: "Alice"))

      try await call.hold()
      _ = try await bob.sees(.onRemoteHold, of: answered.id)
      try await call.unhold()
      _ = try await bob.sees(.inCall, of: answered.id)
      try await answered.hold()
      _ = try await alice.sees(.onRemoteHold, of: call.id)
      try await answered.end()
      try await call.ended()
    }
  }

  @Test(arguments: [("nobody@example.com", StatusCode(404)), ("carol@example.com", 480)])
  func aCalleeWhoIsNotThereGivesTheDocumentedEnd(_ callee: String, _ code: StatusCode) async throws {
    try await Self.withPeople(["alice"]) { people in
      try await people[0].client.clickToCall.make(Self.alices, callee)
      let call = try await people[0].answersNextCall()
      #expect(try await people[0].sees(.ended, of: call.id)?.code == code)
    }
  }

  @Test func bobDeclines() async throws {
    try await Self.withPeople { people in
      try await people[0].client.clickToCall.make(Self.alices, Self.bobs)
      let call = try await people[0].answersNextCall()
      try await people[1].client.call.reject(try await people[1].events.nextCall())
      let end = try await people[0].sees(.ended, of: call.id)
      #expect(end?.code == 603 && end?.reasonText == "Decline")
    }
  }

  @Test func bobDoesNotAnswer() async throws {
    let clock = ManualClock()
    try await Self.withPeople(gatewayClock: clock) { people in
      try await people[0].client.clickToCall.make(Self.alices, Self.bobs)
      let call = try await people[0].answersNextCall()
      let atBob = try await people[1].events.nextCall()
      await clock.advance(by: .seconds(60))
      #expect(try await people[0].sees(.ended, of: call.id)?.code == 487)
      #expect(try await people[1].sees(.ended, of: atBob)?.code == 487)
    }
  }

  @Test func aliceDeclinesHerOwnCallAndBobNeverHearsOfIt() async throws {
    try await Self.withPeople(["alice", "alice", "bob"]) { people in
      try await people[0].client.clickToCall.make(Self.alices, Self.bobs)
      let call = try await people[0].events.nextCall()
      let atTablet = try await people[1].events.nextCall()
      try await people[0].client.call.reject(call)
      _ = try await people[1].sees(.ended, of: atTablet)
      #expect(try people[2].client.call.getAll().isEmpty)
    }
  }

  @Test func aliceDoesNotAnswerHerOwnCall() async throws {
    let clock = ManualClock()
    try await Self.withPeople(gatewayClock: clock) { people in
      try await people[0].client.clickToCall.make(Self.alices, Self.bobs)
      let call = try await people[0].events.nextCall()
      await clock.advance(by: .seconds(60))
      #expect(try await people[0].sees(.ended, of: call)?.code == 487)
      #expect(try people[1].client.call.getAll().isEmpty)
    }
  }

  @Test func aliceGivesUpWhileBobRings() async throws {
    try await Self.withPeople { people in
      try await people[0].client.clickToCall.make(Self.alices, Self.bobs)
      let call = try await people[0].answersNextCall()
      let atBob = try await people[1].events.nextCall()
      try await call.end()
      #expect(try await people[1].sees(.ended, of: atBob)?.code == 487)
    }
  }

  @Test func theOtherDeviceOfAlicesStopsRingingWhenSheAnswers() async throws {
    try await Self.withPeople(["alice", "alice", "bob"]) { people in
      try await people[0].client.clickToCall.make(Self.alices, Self.bobs)
      let atDesk = try await people[0].events.nextCall()
      let call = try await people[1].answersNextCall()
      _ = try await people[0].sees(.ended, of: atDesk)
      let answered = try await people[2].answersNextCall()
      try await call.answered()
      try await answered.answered()
      try await call.end()
      try await answered.ended()
    }
  }

  @Test func bobSendsItToCarol() async throws {
    try await Self.withPeople(["alice", "bob", "carol"]) { people in
      try await people[0].client.clickToCall.make(Self.alices, Self.bobs)
      let call = try await people[0].answersNextCall()
      try await people[1].client.call.forwardCall(try await people[1].events.nextCall(), to: "carol@example.com")
      let carols = try await people[2].answersNextCall()
      try await call.answered()
      #expect(call.record.remoteParticipant?.displayNumber == "carol@example.com")
      try await carols.end()
      try await call.ended()
    }
  }

  @Test func aliceHandsBobOverToCarol() async throws {
    try await Self.withPeople(["alice", "bob", "carol"]) { people in
      try await people[0].client.clickToCall.make(Self.alices, Self.bobs)
      let call = try await people[0].answersNextCall()
      let atBob = try await people[1].answersNextCall()
      try await call.answered()
      async let transferred: Void = call.directTransfer(to: "carol@example.com")
      let carols = try await people[2].answersNextCall()
      try await transferred
      try await call.ended()
      try await carols.answered()
      #expect(atBob.record.remoteParticipant?.displayNumber == "carol@example.com")
      try await carols.end()
      try await atBob.ended()
    }
  }

  @Test func nobodyCanMakeSomebodyElseCall() async throws {
    try await Self.withPeople { people in
      let error = await #expect(throws: BasicError.self) {
        try await people[0].client.clickToCall.make(Self.bobs, "carol@example.com")
      }
      #expect(error?.code == .clickToCallResponseError && error?.statusCode == .notAuthorized)
      #expect(error?.cause == "callingParty is not the user who asks.")
      let (records, calls) = (try people[0].client.clickToCall.get(), try people[1].client.call.getAll())
      #expect(records.isEmpty && calls.isEmpty)
    }
  }
}
