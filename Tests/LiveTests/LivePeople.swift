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

  /// The same with video both ways.
  struct VideoCall {
    let audio: AudioCall
    let eyes = (alice: LiveEye(), bob: LiveEye())
    var made: Call { audio.made }
    var answered: Call { audio.answered }

    func isHeardAndSeenBothWays() async -> Bool {
      let isHeard = await audio.isHeardBothWays()
      let isSeenByAlice = await eyes.alice.seesMovement()
      return await eyes.bob.seesMovement() && isSeenByAlice && isHeard
    }
  }

  /// Makes and answers an audio call, and waits until both ends are connected.
  func call() async throws -> AudioCall {
    let call = try await call(MakeOptions(isVideoEnabled: false), AnswerOptions(isVideoEnabled: false))
    return try await connected(call)
  }

  func videoCall() async throws -> VideoCall {
    let (first, second) = (try PatternSource(width: 320, height: 240), try PatternSource(width: 320, height: 240))
    let call = VideoCall(
      audio: try await call(
        MakeOptions(sendInitialVideo: true, camera: first), AnswerOptions(sendInitialVideo: true, camera: second)))
    call.made.addVideoRenderer(call.eyes.alice)
    call.answered.addVideoRenderer(call.eyes.bob)
    _ = try await connected(call.audio)
    return call
  }

  private func call(_ making: MakeOptions, _ answering: AnswerOptions) async throws -> AudioCall {
    var (making, answering) = (making, answering)
    making.microphone = ToneSource(hz: 500)
    answering.microphone = ToneSource(hz: 900)
    let arriving = bob.events
    let made = try alice.call.make("bob@example.com", making)
    let call = AudioCall(made: made, answered: try bob.call.answer(try await arriving.nextCall(), answering))
    made.addAudioSink(call.ears.alice)
    call.answered.addAudioSink(call.ears.bob)
    return call
  }

  /// Alice asks the gateway to connect her with Bob, and both answer; waits until both ends are connected.
  func clickToCall() async throws -> AudioCall {
    let (atAlice, atBob) = (alice.events, bob.events)
    try await alice.clickToCall.make("alice@example.com", "bob@example.com")
    let made = try alice.call.answer(
      try await atAlice.nextCall(), AnswerOptions(isVideoEnabled: false, microphone: ToneSource(hz: 500)))
    let answered = try bob.call.answer(
      try await atBob.nextCall(), AnswerOptions(isVideoEnabled: false, microphone: ToneSource(hz: 900)))
    let call = AudioCall(made: made, answered: answered)
    made.addAudioSink(call.ears.alice)
    answered.addAudioSink(call.ears.bob)
    return try await connected(call)
  }

  private func connected(_ call: AudioCall) async throws -> AudioCall {
    try await call.made.connected()
    try await call.answered.connected()
    return call
  }
}
