import Kandy
import KandyGateway
import KandyTesting
import LinkMedia
import LinkProtocol
import Testing

/// Calls that are sent or handed on to Carol: three clients and a gateway in one process; only the media engine is a fake.
@Suite struct RedirectScenarios {
  private static func withPeople(_ body: (_ alice: Client, _ bob: Client, _ carol: Client) async throws -> Void) async throws {
    let users: [UserAddress] = ["alice@example.com", "bob@example.com", "carol@example.com"]
    try await InProcessGateway.run(users: users) { gateway in
      let engine = FakeMediaEngine()
      var clients: [Client] = []
      for user in users {
        let client = create(gateway.configuration(), media: engine)
        try await client.connect(Credentials(username: user.description, password: InProcessGateway.password))
        clients.append(client)
      }
      try await body(clients[0], clients[1], clients[2])
      for client in clients {
        await client.disconnect()
        await client.destroy()
      }
    }
  }

  private static let audio = MakeOptions(isVideoEnabled: false)

  /// One calls the other, who answers.
  private static func connect(_ one: Client, _ other: Client, _ number: String) async throws -> (Call, Call) {
    let events = other.events
    let call = try one.call.make(number, audio)
    let answered = try other.call.answer(try await events.nextCall())
    try await call.answered()
    return (call, answered)
  }

  @Test(.timeLimit(.minutes(1))) func bobSendsAlicesCallToCarol() async throws {
    try await Self.withPeople { alice, bob, carol in
      let (atBob, atCarol) = (bob.events, carol.events)
      let call = try alice.call.make("bob@example.com", Self.audio)
      try await bob.call.forwardCall(try await atBob.nextCall(), to: "carol@example.com")
      let carols = try carol.call.answer(try await atCarol.nextCall())
      try await call.answered()
      #expect(call.record.remoteParticipant?.displayNumber == "carol@example.com")
      #expect(carols.record.remoteParticipant?.displayNumber == "alice@example.com")
      try await call.end()
      try await carols.ended()
    }
  }

  @Test(.timeLimit(.minutes(1))) func aliceTransfersBobToCarol() async throws {
    try await Self.withPeople { alice, bob, carol in
      let (alices, bobs) = try await Self.connect(alice, bob, "bob@example.com")
      let events = carol.events
      async let transferred: Void = alices.directTransfer(to: "carol@example.com")
      let carols = try carol.call.answer(try await events.nextCall())
      try await transferred
      try await alices.ended()
      try await carols.answered()
      #expect(carols.record.remoteParticipant?.displayNumber == "bob@example.com")
      #expect(bobs.record.remoteParticipant?.displayNumber == "carol@example.com")
      try await carols.end()
      try await bobs.ended()
    }
  }

  @Test(.timeLimit(.minutes(1))) func carolDeclinesAndAliceKeepsBob() async throws {
    try await Self.withPeople { alice, bob, carol in
      let (alices, bobs) = try await Self.connect(alice, bob, "bob@example.com")
      let events = carol.events
      async let transferred: Void = alices.directTransfer(to: "carol@example.com")
      try await carol.call.reject(try await events.nextCall())
      do {
        try await transferred
        Issue.record("The transfer succeeded.")
      } catch is BasicError {}
      try await alices.hold()
      try await alices.unhold()
      #expect(bobs.record.state == .inCall && alices.record.state == .inCall)
      try await alices.end()
      try await bobs.ended()
    }
  }

  @Test(.timeLimit(.minutes(1))) func aliceConnectsBobAndCarol() async throws {
    try await Self.withPeople { alice, bob, carol in
      let (first, bobs) = try await Self.connect(alice, bob, "bob@example.com")
      try await first.hold()
      let (second, carols) = try await Self.connect(alice, carol, "carol@example.com")
      try await second.hold()
      let events = carol.events
      try await first.consultativeTransfer(to: second)
      try await first.ended()
      try await second.ended()
      // Carol's client is not done with Bob's answer when Alice's learns that it has come.
      for await case .callStateChange(let change) in events where change.callID == carols.id && change.state == .inCall {
        break
      }
      #expect(bobs.record.remoteParticipant?.displayNumber == "carol@example.com")
      #expect(carols.record.remoteParticipant?.displayNumber == "bob@example.com")
      try await bobs.end()
      try await carols.ended()
    }
  }
}
