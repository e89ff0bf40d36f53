import Kandy
import KandyGateway
import KandyTesting
import KandyWebRTC
import LinkMedia
import LinkProtocol
import Testing

/// Alice and Bob, each with a client, over real sockets, a real gateway and real libwebrtc.
struct LivePeople {
  let alice: Client
  let bob: Client
  let engine: WatchedEngine

  /// - Parameters:
  ///   - change: what each client's configuration has beside the gateway's address.
  static func run(
    gateway: GatewayConfiguration = GatewayConfiguration(), alice forAlice: (inout Configuration) -> Void = { _ in },
    bob forBob: (inout Configuration) -> Void = { _ in }, _ body: (LivePeople) async throws -> Void
  ) async throws {
    try await InProcessGateway.run(users: ["alice@example.com", "bob@example.com"], configuration: gateway) { gateway in
      let engine = WatchedEngine(WebRTCEngine())
      let people = LivePeople(
        alice: try await client("alice", gateway, engine, forAlice), bob: try await client("bob", gateway, engine, forBob),
        engine: engine)
      let result: Result<Void, any Error>
      do { result = .success(try await body(people)) } catch { result = .failure(error) }
      for client in [people.alice, people.bob] {
        await client.disconnect()
        await client.destroy()
      }
      await engine.shutdown()
      try result.get()
    }
  }

  private static func client(
    _ name: String, _ gateway: InProcessGateway, _ engine: any MediaEngine, _ change: (inout Configuration) -> Void
  ) async throws -> Client {
    var configuration = gateway.configuration()
    change(&configuration)
    let client = create(configuration, media: engine)
    try await client.connect(Credentials(username: "\(name)@example.com", password: InProcessGateway.password))
    return client
  }

  /// A call from Alice to Bob: she speaks with a tone of 500 Hz, he with one of 900 Hz.
  struct AudioCall {
    let made: Call
    let answered: Call
    /// At Alice, and at Bob.
    let ears = (alice: LiveEar(900), bob: LiveEar(500))

    /// Whether each hears the other, and hardly anything else.
    func isHeardBothWays() async -> Bool {
      let atAlice = await ears.alice.hears(900)
      return await ears.bob.hears(500) && atAlice
    }

    func end() async throws {
      try await made.end()
      try await answered.ended()
    }
  }

  /// Makes and answers an audio call, and waits until both ends are connected.
  func call() async throws -> AudioCall {
    let arriving = bob.events
    let made = try alice.call.make(
      "bob@example.com", MakeOptions(isVideoEnabled: false, microphone: ToneSource(hz: 500)))
    let answered = try bob.call.answer(
      try await arriving.nextCall(), AnswerOptions(isVideoEnabled: false, microphone: ToneSource(hz: 900)))
    let call = AudioCall(made: made, answered: answered)
    made.addAudioSink(call.ears.alice)
    answered.addAudioSink(call.ears.bob)
    try await made.connected()
    try await answered.connected()
    return call
  }
}
