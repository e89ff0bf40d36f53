import Kandy
import KandyGateway
import KandyTesting
import LinkMedia
import LinkProtocol
import Testing

/// What Alice and Bob do in a call: two clients and a gateway in one process; only the media engine is a fake. Nothing sleeps: each step waits
/// for what the other end sees.
@Suite struct MidCallScenarios {
  private struct People {
    let alice: Client
    let bob: Client
    let engine: FakeMediaEngine
    let networks: [BreakableTransport]

    /// Alice calls Bob, who answers.
    func connect(_ options: MakeOptions = MakeOptions()) async throws -> (alices: Call, bobs: Call) {
      let events = bob.events
      let call = try alice.call.make("bob@example.com", options)
      let answered = try bob.call.answer(try await events.nextCall())
      try await call.connected()
      try await answered.connected()
      return (call, answered)
    }
  }

  private static func run(_ call: JSONValue = [:], _ body: (People) async throws -> Void) async throws {
    try await InProcessGateway.run(users: ["alice@example.com", "bob@example.com"]) { gateway in
      let engine = FakeMediaEngine()
      var clients: [Client] = []
      var networks: [BreakableTransport] = []
      for user in ["alice@example.com", "bob@example.com"] {
        let configuration = gateway.configuration(Configuration(json: ["call": call]))
        let network = BreakableTransport()
        networks.append(network)
        let client = create(configuration, media: engine, transport: network)
        try await client.connect(Credentials(username: user, password: InProcessGateway.password))
        clients.append(client)
      }
      try await body(People(alice: clients[0], bob: clients[1], engine: engine, networks: networks))
      for client in clients {
        await client.disconnect()
        await client.destroy()
      }
    }
  }

  /// Waits until the call shows this state, from these events on.
  private static func sees(_ state: CallState, _ call: Call, _ events: EventStream) async throws {
    if call.record.state == state { return }
    for await case .callStateChange(let change) in events where change.callID == call.id && change.state == state { return }
    throw BasicError(.noCode, "The client ended.")
  }

  // MARK: Hold (part 02 §8.13)

  @Test(.spec("R-CALL-420", "R-CALL-421"), .timeLimit(.minutes(1))) func aliceHoldsBobAndComesBack() async throws {
    try await Self.run { people in
      let (alices, bobs) = try await people.connect()
      let events = people.bob.events
      try await alices.hold()
      try await Self.sees(.onRemoteHold, bobs, events)
      #expect(alices.record.state == .onHold)
      #expect(bobs.record.remoteHold)
      try await alices.unhold()
      try await Self.sees(.inCall, bobs, events)
      #expect(alices.record.state == .inCall)
    }
  }

  @Test(.timeLimit(.minutes(1))) func bothHoldAndComeBackOneAfterTheOther() async throws {
    try await Self.run { people in
      let (alices, bobs) = try await people.connect()
      let (atAlice, atBob) = (people.alice.events, people.bob.events)
      try await alices.hold()
      try await Self.sees(.onRemoteHold, bobs, atBob)
      try await bobs.hold()
      #expect(bobs.record.state == .onHold)
      while !alices.record.remoteHold { await Task.yield() }
      #expect(alices.record.state == .onHold)
      try await alices.unhold()
      #expect(alices.record.state == .onRemoteHold)
      try await bobs.unhold()
      try await Self.sees(.inCall, alices, atAlice)
      #expect(bobs.record.state == .inCall)
    }
  }

  @Test(.spec("R-CALL-440", "R-CALL-441"), .timeLimit(.minutes(1)))
  func bothHoldAtTheSameMoment() async throws {
    try await Self.run { people in
      let (alices, bobs) = try await people.connect()
      async let alicesHold: Void = alices.hold()
      async let bobsHold: Void = bobs.hold()
      try await alicesHold
      try await bobsHold
      while !(alices.record.remoteHold && bobs.record.remoteHold) { await Task.yield() }
      #expect(alices.record.localHold && bobs.record.localHold)
    }
  }

  // MARK: Video and screen (§8.14, §8.15)

  @Test(.spec("R-CALL-425", "R-MEDIA-32"), .timeLimit(.minutes(1))) func aliceShowsHerselfAndThenHerScreen() async throws {
    try await Self.run { people in
      let (alices, bobs) = try await people.connect()
      try await alices.startVideo()
      while bobs.record.remoteVideoState != .direction(.sendrecv) { await Task.yield() }
      #expect(alices.record.sendingVideo == true)
      try await alices.startScreenshare(ScreenShare(mediaSourceId: "virtual:screen"))
      #expect(alices.record.isScreensharing)
      try await alices.stopScreenshare()
      try await alices.stopVideo()
      while bobs.record.remoteVideoState == .direction(.sendrecv) { await Task.yield() }
      #expect(alices.record.sendingVideo == false)
    }
  }

  @Test(.timeLimit(.minutes(1))) func videoFromOneEndMeetsAHoldFromTheOther() async throws {
    try await Self.run { people in
      let (alices, bobs) = try await people.connect()
      async let held: Void = bobs.hold()
      // Whichever comes first: the video is agreed on, or it is not possible any more.
      var isShown = true
      do { try await alices.startVideo() } catch { isShown = (error as? BasicError)?.code != .callInvalidState }
      try await held
      #expect(bobs.record.localHold)
      while !alices.record.remoteHold { await Task.yield() }
      #expect(alices.record.sendingVideo == isShown)
    }
  }

  // MARK: Tones, parameters, silence (§8.20 to §8.22)

  @Test(.spec("R-CALL-470", "R-CALL-471", "R-CALL-831"), .timeLimit(.minutes(1)))
  func tonesAndParametersArrive() async throws {
    try await Self.run { people in
      let events = people.bob.events
      let parameters = [CustomParameter(name: "X-GPS", value: "48.20,16.37")]
      let (alices, bobs) = try await people.connect(MakeOptions(isVideoEnabled: false, customParameters: parameters))
      #expect(bobs.record.remoteCustomParameters == parameters)
      try await alices.sendDTMF("42#")
      #expect(people.engine.peers.contains { $0.receivedTones.map(\.tones) == ["42#"] })
      let others = [CustomParameter(name: "X-Desk", value: "7")]
      try await alices.setCustomParameters(others)
      try await alices.hold()
      for await case .callCustomParameters(_, let received) in events where received == others { break }
    }
  }

  // MARK: The network (§8.23, §8.26)

  @Test(.spec("R-CALL-475", "R-CALL-477", "R-CALL-476"), .timeLimit(.minutes(1)))
  func aHoldIsAgreedOnAlthoughTheWebSocketsBreak() async throws {
    try await Self.run(["resyncOnConnect": true]) { people in
      let (alices, bobs) = try await people.connect()
      let events = people.bob.events
      async let held: Void = alices.hold()
      for network in people.networks { await network.breakSockets() }
      try await held
      try await Self.sees(.onRemoteHold, bobs, events)
      for network in people.networks { await network.breakSockets() }
      try await alices.unhold()
      try await Self.sees(.inCall, bobs, events)
    }
  }

  @Test(.spec("R-CALL-419"), .timeLimit(.minutes(1))) func theGatewaysWordThatBobsAnswerHasArrivedIsLost() async throws {
    try await Self.run { people in
      people.networks[1].loseAnswer(to: "callAnswer")
      let events = people.bob.events
      let (alices, bobs) = try await people.connect()
      try await Self.sees(.inCall, bobs, events)
      #expect(alices.record.state == .inCall)
      try await alices.end()
      #expect(bobs.record.error == nil)
    }
  }

  @Test(.spec("R-ICE-56", "R-UP-27"), .timeLimit(.minutes(1))) func mediaIsAgreedOnAnew() async throws {
    try await Self.run { people in
      let (alices, bobs) = try await people.connect()
      let events = people.alice.events
      try await bobs.restartMedia()
      try await alices.restartMedia()
      for await case .callMediaRestart(let id) in events where id == alices.id { break }
      #expect(alices.record.state == .inCall && bobs.record.state == .inCall)
      try await alices.connected()
    }
  }

  // MARK: Several calls

  @Test(.timeLimit(.minutes(1))) func aliceSwapsBetweenTwoCallsWithBob() async throws {
    try await Self.run { people in
      let (first, _) = try await people.connect(MakeOptions(isVideoEnabled: false))
      try await first.hold()
      let (second, _) = try await people.connect(MakeOptions(isVideoEnabled: false))
      try await second.hold()
      try await first.unhold()
      #expect(try people.alice.call.getAll().map(\.state) == [.inCall, .onHold])
      try await first.end()
      try await second.unhold()
      #expect(try people.alice.call.getAll().map(\.state) == [.ended, .inCall])
    }
  }
}
