import Kandy
import KandyGateway
import KandyTesting
import LinkMedia
import LinkProtocol
import Testing

/// Alice, Bob and Bob's second device with a gateway, in one process; only the media engine is a fake.
@Suite struct CallScenarios {
  /// A client, and its events from the beginning.
  private struct Device: Sendable {
    let client: Client
    let events: EventStream

    /// Waits for the first event that `pick` recognises, whenever it happened.
    func first<Value>(_ pick: (Event) -> Value?) async throws -> Value {
      for await event in events {
        if let value = pick(event) { return value }
      }
      throw BasicError(.noCode, "The client ended.")
    }

    func receivesCall() async throws -> CallID {
      try await events.nextCall()
    }

    /// Waits until a call has this state; gives the reason.
    func sees(_ state: CallState, of call: CallID) async throws -> CallTransition? {
      try await first { event -> CallTransition?? in
        if case .callStateChange(let change) = event, change.callID == call, change.state == state {
          change.transition
        } else {
          nil
        }
      }
    }
  }

  private static func withDevices(
    _ owners: [String], _ body: ([Device]) async throws -> Void
  ) async throws {
    try await InProcessGateway.run(users: ["alice@example.com", "bob@example.com", "carol@example.com"]) { gateway in
      let engine = FakeMediaEngine()
      var devices: [Device] = []
      for owner in owners {
        let client = create(gateway.configuration(), media: engine)
        devices.append(Device(client: client, events: client.events))
        try await client.connect(Credentials(username: "\(owner)@example.com", password: InProcessGateway.password))
      }
      try await body(devices)
      for device in devices {
        await device.client.disconnect()
        await device.client.destroy()
      }
    }
  }

  @Test(.timeLimit(.minutes(1))) func theFirstDeviceToAnswerWinsAndTheOtherStopsRinging() async throws {
    try await Self.withDevices(["alice", "bob", "bob"]) { devices in
      let (alice, bob, bobsTablet) = (devices[0], devices[1], devices[2])
      let call = try alice.client.call.make("bob@example.com", MakeOptions(isVideoEnabled: false))
      let atBob = try await bob.receivesCall()
      let atTablet = try await bobsTablet.receivesCall()
      _ = try await alice.sees(.ringing, of: call.id)
      try bobsTablet.client.call.answer(atTablet)
      try await call.answered()
      _ = try await bob.sees(.ended, of: atBob)
      #expect(try bobsTablet.client.call.getById(atTablet)?.state == .inCall)
      try await call.end()
      _ = try await bobsTablet.sees(.ended, of: atTablet)
    }
  }

  @Test(.timeLimit(.minutes(1))) func bobTurnsTheCallDown() async throws {
    try await Self.withDevices(["alice", "bob", "bob"]) { devices in
      let (alice, bob, bobsTablet) = (devices[0], devices[1], devices[2])
      let call = try alice.client.call.make("bob@example.com", MakeOptions(isVideoEnabled: false))
      let atBob = try await bob.receivesCall()
      let atTablet = try await bobsTablet.receivesCall()
      try await bob.client.call.reject(atBob)
      #expect(try await alice.sees(.ended, of: call.id)?.code == 603)
      _ = try await bobsTablet.sees(.ended, of: atTablet)
    }
  }

  @Test(.timeLimit(.minutes(1)), arguments: [("nobody@example.com", StatusCode(404)), ("carol@example.com", 480)])
  func aCalleeWhoIsNotThereGivesTheDocumentedEnd(_ callee: String, _ code: StatusCode) async throws {
    try await Self.withDevices(["alice"]) { devices in
      let call = try devices[0].client.call.make(callee, MakeOptions(isVideoEnabled: false))
      #expect(try await devices[0].sees(.ended, of: call.id)?.code == code)
    }
  }

  @Test(.timeLimit(.minutes(1))) func hangingUpWhileItRingsEndsItEverywhere() async throws {
    try await Self.withDevices(["alice", "bob", "bob"]) { devices in
      let call = try devices[0].client.call.make("bob@example.com", MakeOptions(isVideoEnabled: false))
      let atBob = try await devices[1].receivesCall()
      let atTablet = try await devices[2].receivesCall()
      try await call.end()
      _ = try await devices[1].sees(.ended, of: atBob)
      _ = try await devices[2].sees(.ended, of: atTablet)
    }
  }

  @Test(.timeLimit(.minutes(1))) func disconnectingEndsTheCallForTheOther() async throws {
    try await Self.withDevices(["alice", "bob"]) { devices in
      let call = try devices[0].client.call.make("bob@example.com", MakeOptions(isVideoEnabled: false))
      let atBob = try await devices[1].receivesCall()
      try devices[1].client.call.answer(atBob)
      try await call.connected()
      await devices[1].client.disconnect()
      _ = try await devices[0].sees(.ended, of: call.id)
    }
  }
}
