import Kandy
import KandyGateway
import KandyTesting
import LinkProtocol
import Testing

/// What Bob reads as the name of who calls him.
@Suite struct CallerNameScenarios {
  @Test(
    .spec("R-CALL-634", "R-CALL-821"), .timeLimit(.minutes(1)),
    arguments: [("Reception", "Reception"), (nil, "desk@example.com")] as [(String?, String)])
  func aTelephoneWithoutANameInTheDirectoryCallsUnderTheOneThatItGives(_ from: String?, _ seen: String) async throws {
    #expect(try await Self.name(of: "desk@example.com", calling: MakeOptions(from: from, isVideoEnabled: false)) == seen)
  }

  @Test(.spec("R-CALL-634", "R-CALL-632"), .timeLimit(.minutes(1)))
  func aliceCannotCallUnderAnotherNameThanTheDirectorys() async throws {
    let options = MakeOptions(from: "Santa Claus", isVideoEnabled: false)
    #expect(try await Self.name(of: "alice@example.com", calling: options) == "Alice")
  }

  /// Calls Bob, and gives the caller's name in the call that he sees.
  private static func name(of user: UserAddress, calling options: MakeOptions) async throws -> String? {
    try await InProcessGateway.run(users: ["alice@example.com", "bob@example.com"]) { gateway in
      try await gateway.gateway.users.add(User(address: "desk@example.com"), password: InProcessGateway.password)
      let engine = FakeMediaEngine()
      let (caller, bob) = (create(gateway.configuration(), media: engine), create(gateway.configuration(), media: engine))
      try await caller.connect(Credentials(username: user.description, password: InProcessGateway.password))
      try await bob.connect(Credentials(username: "bob@example.com", password: InProcessGateway.password))
      let events = bob.events
      let call = try caller.call.make("bob@example.com", options)
      let record = try bob.call.getById(try await events.nextCall())
      #expect(record?.from == user.description)
      try await call.end()
      for client in [caller, bob] {
        await client.disconnect()
        await client.destroy()
      }
      return record?.remoteParticipant?.displayName
    }
  }
}
