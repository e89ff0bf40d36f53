import KandyTesting
import LinkLogic
import LinkMedia
import LinkProtocol
import Testing

@testable import KandyGateway

/// Alice joins her calls with Bob and Carol, over HTTP, with the real hub, database and mixer, and the fake media engine.
@Suite(.timeLimit(.minutes(1))) struct CallJoinTests {
  /// What a client does with its media engine.
  private struct Phone {
    let peer: any MediaPeer
    let probe = AudioProbe()

    init(_ engine: FakeMediaEngine, hz: Double) async throws {
      peer = try await engine.makePeer(PeerConfiguration())
      try await peer.setMicrophone(ToneSource(hz: hz))
      try await peer.setAudioSinks([probe])
    }

    func offer(_ direction: MediaDirection = .sendrecv) async throws -> String {
      if try await peer.transceivers().contains(.audio) {
        try await peer.setDirection(.audio, direction)
      } else {
        try await peer.addTransceiver(.audio, direction: direction)
      }
      try await peer.setLocalDescription(.offer, try await peer.createOffer(iceRestart: false))
      return try #require(try await peer.localDescription())
    }

    func answer(_ offer: String?) async throws -> String {
      try await peer.setRemoteDescription(.offer, try #require(offer))
      try await peer.addTransceiver(.audio, direction: .sendrecv)
      try await peer.setLocalDescription(.answer, try await peer.createAnswer())
      return try #require(try await peer.localDescription())
    }

    func takes(_ answer: String?) async throws {
      try await peer.setRemoteDescription(.answer, try #require(answer))
    }
  }

  /// Alice has two calls, and her client wants to join them.
  private struct Setting {
    let bench: CallBench
    let mixing: FakeMediaEngine
    let network: FakeMediaNetwork
    let alice: Phone
    let bob: Phone
    let carol: Phone
    let first: SessionID
    let second: SessionID
    let atBob: SessionID
    let atCarol: SessionID

    func join(_ sdp: String?, _ more: [String: JSONValue] = [:]) async throws -> CallBench.Response {
      var request: [String: JSONValue] = [
        "type": "join", "firstSessionData": .string(first.rawValue), "secondSessionData": .string(second.rawValue),
      ]
      request["sdp"] = sdp.map { .string($0) }
      return try await bench.send(
        .post, "callControl", by: CallBench.alice, ["callControlRequest": .object(request.merging(more) { $1 })])
    }

    func reply(_ session: SessionID, by user: UserAddress, _ sdp: String) async throws {
      #expect(try await bench.update(session, by: user, ["type": "respondCallUpdate", "sdp": .string(sdp)]) == .ok())
    }

    /// What was posted to somebody next, in this number, all counted.
    func posted(_ device: SubscriptionID, _ number: Int, _ type: EventType) async throws -> SessionParams {
      let notification = try await bench.posted(to: device, number: number)
      #expect(notification.eventType == type)
      return try #require(notification.sessionParams)
    }

    /// Everybody is in the conference. Gives Alice's session in it.
    func joined() async throws -> SessionID {
      let session = try #require(try await join(try await alice.offer()).session)
      try await alice.takes(try await posted("alice", 5, .respondCallUpdate).sdp)
      try await reply(atBob, by: CallBench.bob, try await bob.answer(try await posted("bob", 3, .startCallUpdate).sdp))
      try await reply(
        atCarol, by: CallBench.carol, try await carol.answer(try await posted("carol", 3, .startCallUpdate).sdp))
      let done = try await [posted("alice", 6, .sessionComplete), posted("alice", 7, .sessionComplete)]
      #expect(done.map(\.sessionData) == [first, second])
      for original in [first, second] { #expect(try await bench.end(original, by: CallBench.alice) == .ok()) }
      return session
    }

    /// The share of each person's tone in what somebody hears.
    func shares(_ phone: Phone) -> [Int] {
      phone.probe.reset()
      network.pump(frames: 150)
      return [500.0, 900, 1_300].map { Int((phone.probe.purity(at: $0) * 10).rounded()) }
    }
  }

  private func setting(
    limits: GatewayCallMachine.Limits = GatewayCallMachine.Limits(), isMixing: Bool = true,
    _ body: (Setting) async throws -> Void
  ) async throws {
    let network = FakeMediaNetwork()
    let (mixing, engine) = (FakeMediaEngine(network: network), FakeMediaEngine(network: network))
    try await CallBench.run(limits: limits, media: isMixing ? mixing : nil) { bench in
      await bench.device("alice", of: CallBench.alice)
      await bench.device("bob", of: CallBench.bob)
      await bench.device("carol", of: CallBench.carol)
      let first = try await bench.answered()
      let second = try #require(try await bench.start(to: "carol").session)
      let atCarol = try #require(try await bench.posted(to: "carol").last?.sessionParams?.sessionData)
      _ = try await bench.update(atCarol, by: CallBench.carol, ["type": "callAnswer", "sdp": "C1"])
      try await body(
        Setting(
          bench: bench, mixing: mixing, network: network, alice: Phone(engine, hz: 500), bob: Phone(engine, hz: 900),
          carol: Phone(engine, hz: 1_300), first: first.alice, second: second, atBob: first.bob, atCarol: atCarol))
    }
  }

  // MARK: - Joined

  @Test(.spec("R-CALL-838", "R-MEDIA-72")) func everybodyHearsTheOthers() async throws {
    try await setting { setting in
      let session = try await setting.joined()
      #expect(setting.shares(setting.alice) == [0, 5, 5])
      #expect(setting.shares(setting.bob) == [5, 0, 5])
      #expect(setting.shares(setting.carol) == [5, 5, 0])
      let told = try await setting.bench.posted(to: "bob").last?.callNotificationParams
      #expect(told?.callerDisplayNumber == "conference@example.com")
      #expect(told?.remoteName == "Alice Adams, carol@example.com")

      #expect(try await setting.bench.end(session, by: CallBench.alice) == .ok())
      while setting.mixing.openPeers.count > 2 { await Task.yield() }
      #expect(setting.shares(setting.bob) == [0, 0, 10])
      #expect(try await setting.bench.end(setting.atBob, by: CallBench.bob) == .ok())
      #expect(try await setting.posted("carol", 4, .callEnd).sessionData == setting.atCarol)
      #expect(await setting.bench.driver.callCount == 0)
      #expect(
        await setting.bench.ended.outcomes(3) == [.ended(by: .caller), .ended(by: .caller), .ended(by: .caller)])
    }
  }

  @Test(.spec("R-CALL-405")) func whoHoldsIsNeitherHeardNorHears() async throws {
    try await setting { setting in
      _ = try await setting.joined()
      let (bob, bench) = (setting.bob, setting.bench)
      let hold = try await bob.offer(.sendonly)
      #expect(
        try await bench.update(setting.atBob, by: CallBench.bob, ["type": "startCallUpdate", "sdp": .string(hold)]) == .ok())
      let answer = try await setting.posted("bob", 4, .respondCallUpdate).sdp
      #expect(answer?.contains("a=recvonly") == true)
      try await bob.takes(answer)
      #expect(setting.shares(setting.alice) == [0, 0, 10])
      #expect(setting.shares(setting.bob) == [0, 0, 0])
      let unhold = try await bob.offer(.sendrecv)
      _ = try await bench.update(setting.atBob, by: CallBench.bob, ["type": "startCallUpdate", "sdp": .string(unhold)])
      try await bob.takes(try await setting.posted("bob", 5, .respondCallUpdate).sdp)
      #expect(setting.shares(setting.alice) == [0, 5, 5])
    }
  }

  @Test(.spec("R-SRV-4")) func videoIsRejectedInItsPlace() async throws {
    try await setting { setting in
      try await setting.alice.peer.addTransceiver(.audio, direction: .sendrecv)
      try await setting.alice.peer.addTransceiver(.video, direction: .sendrecv)
      let offer = try await setting.alice.offer()
      #expect(try await setting.join(offer).status == 200)
      let answer = try SessionDescription(try #require(try await setting.posted("alice", 5, .respondCallUpdate).sdp))
      #expect(answer.media.map(\.kind) == [.audio, .video])
      #expect(answer.media.map(\.isRejected) == [false, true])
      try await setting.alice.takes(answer.text)
    }
  }

  @Test func aClientThatComesBackWithAnotherConnectionIsAnswered() async throws {
    try await setting { setting in
      _ = try await setting.joined()
      let engine = FakeMediaEngine(network: setting.network)
      let another = try await Phone(engine, hz: 900)
      await setting.bob.peer.close()
      let offer = try await another.offer()
      _ = try await setting.bench.update(
        setting.atBob, by: CallBench.bob, ["type": "startCallUpdate", "sdp": .string(offer)])
      try await another.takes(try await setting.posted("bob", 4, .respondCallUpdate).sdp)
      #expect(setting.shares(another) == [5, 0, 5])
      #expect(setting.shares(setting.alice) == [0, 5, 5])
      #expect(setting.mixing.openPeers.count == 3)
    }
  }

  // MARK: - Refused

  @Test func aGatewayWithoutAnEngineSaysSo() async throws {
    try await setting(isMixing: false) { setting in
      let response = try await setting.join("J1")
      #expect(response == .failure(403, 35, "This server cannot mix calls: it runs without a media engine."))
    }
  }

  @Test(.spec("R-CALL-467")) func whatIsNotSupportedOrMakesNoSenseIsRefused() async throws {
    try await setting { setting in
      let (first, second) = (JSONValue.string(setting.first.rawValue), JSONValue.string(setting.second.rawValue))
      let cases: [([String: JSONValue], CallBench.Response)] = [
        (["clientControlled": "true"], .failure(403, 35, "This server does not support client-controlled join.")),
        (["secondSessionData": first], .failure(400, 37, "A call cannot be joined with itself.")),
        (["secondSessionData": .null], .failure(400, 37, "join needs firstSessionData and secondSessionData.")),
        (["firstSessionData": "unknown"], .noCall), (["secondSessionData": "unknown"], .noCall),
        (["firstSessionData": .string(setting.atBob.rawValue), "secondSessionData": second], .noCall),
        (["secondSessionData": .string(setting.atCarol.rawValue)], .noCall),
        (["sdp": ""], .failure(400, 37, "join needs an sdp.")),
      ]
      for (members, expected) in cases {
        let response = try await setting.join("J1", members)
        #expect(response == expected)
      }
      #expect(setting.mixing.peers.isEmpty)
    }
  }

  // MARK: - Failed

  @Test(.spec("R-CALL-838")) func anOfferThatTheMixerCannotUseEndsTheJoinedCallOnly() async throws {
    try await setting { setting in
      let session = try #require(try await setting.join("no description").session)
      let end = try await setting.posted("alice", 5, .callEnd)
      #expect(end == SessionParams(sessionData: session, statusCode: 488, reasonText: "Not Acceptable Here"))
      #expect(try await setting.bench.types(to: "bob").count == 2)
      try await expectAsBefore(setting)
    }
  }

  @Test(arguments: [FakeMediaOperation.makePeer, .createAnswer, .setLocalDescription])
  func anEngineThatFailsEndsTheJoinedCallOnly(_ operation: FakeMediaOperation) async throws {
    try await setting { setting in
      setting.mixing.failNext(operation)
      _ = try await setting.join(try await setting.alice.offer())
      #expect(try await setting.posted("alice", 5, .callEnd).reasonText == "Server Internal Error")
      try await expectAsBefore(setting)
      while !setting.mixing.openPeers.isEmpty { await Task.yield() }
    }
  }

  @Test func whoHasMovedIsGivenBackWhenTheOtherRefuses() async throws {
    try await setting { setting in
      let bench = setting.bench
      _ = try await setting.join(try await setting.alice.offer())
      let offer = try await setting.posted("bob", 3, .startCallUpdate).sdp
      try await setting.reply(setting.atBob, by: CallBench.bob, try await setting.bob.answer(offer))
      _ = try await setting.posted("carol", 3, .startCallUpdate)
      #expect(
        try await bench.update(setting.atCarol, by: CallBench.carol, ["type": "respondCallUpdate", "statusCode": 491])
          == .ok())
      #expect(try await setting.posted("alice", 6, .callEnd).statusCode == 491)
      #expect(try await setting.posted("bob", 4, .startCallUpdate).sdp == nil)
      try await setting.reply(setting.atBob, by: CallBench.bob, "B5")
      #expect(try await setting.posted("alice", 7, .startCallUpdate).sdp == "B5")
      try await setting.reply(setting.first, by: CallBench.alice, "A5")
      #expect(try await setting.posted("bob", 5, .respondCallUpdate).sdp == "A5")
      try await expectAsBefore(setting)
      #expect(await bench.driver.callCount == 2)
    }
  }

  @Test func aGuestWhoDoesNotAnswerEndsTheJoin() async throws {
    try await setting { setting in
      _ = try await setting.join(try await setting.alice.offer())
      _ = try await setting.posted("bob", 3, .startCallUpdate)
      _ = try await setting.posted("carol", 3, .startCallUpdate)
      await setting.bench.clock.advance(by: .seconds(20))
      #expect(try await setting.posted("alice", 6, .callEnd).statusCode == 480)
      try await expectAsBefore(setting)
    }
  }

  @Test func anEngineThatHangsEndsTheJoin() async throws {
    try await setting { setting in
      let hold = setting.mixing.holdNext(.createAnswer)
      _ = try await setting.join(try await setting.alice.offer())
      try await hold.reached()
      await setting.bench.clock.advance(by: .seconds(10))
      #expect(try await setting.posted("alice", 5, .callEnd).statusCode == 500)
      hold.release()
      try await expectAsBefore(setting)
    }
  }

  @Test func aStoppingGatewayEndsTheConference() async throws {
    try await setting { setting in
      _ = try await setting.joined()
      await setting.bench.driver.shutDown()
      for (device, number) in [("alice", 8), ("bob", 4), ("carol", 4)] as [(SubscriptionID, Int)] {
        #expect(try await setting.posted(device, number, .callEnd).statusCode == 480)
      }
      #expect(await setting.bench.driver.callCount == 0)
    }
  }

  /// Alice's offers reach Bob again, and his answers her.
  private func expectAsBefore(_ setting: Setting) async throws {
    let bench = setting.bench
    #expect(
      try await bench.update(setting.first, by: CallBench.alice, ["type": "startCallUpdate", "sdp": "A9"]) == .ok())
    #expect(try await bench.last(to: "bob")?.sessionParams?.sdp == "A9")
    #expect(try await bench.last(to: "bob")?.callNotificationParams?.remoteDisplayNumber == "alice@example.com")
    #expect(try await bench.update(setting.atBob, by: CallBench.bob, ["type": "respondCallUpdate", "sdp": "B9"]) == .ok())
    #expect(try await bench.last(to: "alice")?.sessionParams?.sdp == "B9")
  }
}
