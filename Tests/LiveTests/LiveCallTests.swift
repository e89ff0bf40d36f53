import Kandy
import KandyGateway
import KandyTesting
import KandyWebRTC
import LinkMedia
import LinkProtocol
import Testing

/// Calls over real sockets and real libwebrtc, through a real gateway.
@Suite(.serialized) struct LiveCallTests {
  private static func client(_ name: String, _ gateway: InProcessGateway, _ engine: WebRTCEngine) async throws -> Client {
    var configuration = Configuration()
    configuration.authentication.subscription.protocol = "http"
    configuration.authentication.subscription.server = gateway.host
    configuration.authentication.subscription.port = gateway.port
    let client = create(configuration, media: engine)
    try await client.connect(Credentials(username: "\(name)@example.com", password: InProcessGateway.password))
    return client
  }

  @Test(.timeLimit(.minutes(1))) func toneAndPicturesGoBothWays() async throws {
    try await InProcessGateway.run(users: ["alice@example.com", "bob@example.com"]) { gateway in
      let engine = WebRTCEngine()
      let alice = try await Self.client("alice", gateway, engine)
      let bob = try await Self.client("bob", gateway, engine)
      let (atAlice, atBob) = (AudioProbe(), AudioProbe())
      let (seenByAlice, seenByBob) = (VideoProbe(), VideoProbe())

      let arriving = bob.events
      let made = try alice.call.make(
        "bob@example.com",
        MakeOptions(
          sendInitialVideo: true, microphone: ToneSource(hz: 500), camera: try PatternSource(width: 320, height: 240)))
      made.addAudioSink(atAlice)
      made.addVideoRenderer(seenByAlice)
      var incoming: CallID?
      for await event in arriving {
        if case .callReceive(let id) = event {
          incoming = id
          break
        }
      }
      let answered = try bob.call.answer(
        #require(incoming),
        AnswerOptions(
          sendInitialVideo: true, microphone: ToneSource(hz: 900), camera: try PatternSource(width: 320, height: 240)))
      answered.addAudioSink(atBob)
      answered.addVideoRenderer(seenByBob)
      try await made.connected()
      try await answered.connected()

      // Media has its own time; the test's time limit ends a wait in vain.
      while atAlice.purity(at: 900) < 0.95 || atBob.purity(at: 500) < 0.95 { try await Task.sleep(for: .milliseconds(50)) }
      while seenByAlice.frames < 10 || seenByBob.frames < 10 { try await Task.sleep(for: .milliseconds(50)) }
      #expect(seenByAlice.reading().isMoving)
      #expect(seenByBob.reading().isMoving)

      try await made.end()
      try await answered.ended()
      #expect(made.record.state == .ended)
      #expect(answered.record.state == .ended)
      for client in [alice, bob] {
        await client.disconnect()
        await client.destroy()
      }
      await engine.shutdown()
    }
  }
}
