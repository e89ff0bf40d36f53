import KandyTesting
import LinkLogic
import LinkMedia
import LinkProtocol
import Testing

@testable import Kandy

/// `client.audioBridge` on a scripted network: what it says, and what it does with a call's media.
@Suite(.timeLimit(.minutes(1))) struct AudioBridgeTests {
  /// A client with two calls, Bob at the other end of the first and Carol of the second.
  private struct Setting {
    let calls: CallFixture
    let first: Call
    let second: Call
    let bob: FakeMediaPeer
    let carol: FakeMediaPeer
    /// What Bob and Carol hear.
    let ears = (bob: AudioProbe(), carol: AudioProbe())

    var bridges: AudioBridges { calls.client.audioBridge }
    /// This end of the calls.
    var peers: [FakeMediaPeer] { calls.engine.peers.filter { $0 !== bob && $0 !== carol } }

    /// The share of each tone, in tenths, in what comes from now on: Alice's, Bob's and Carol's.
    func shares(_ ear: AudioProbe) -> [Int] {
      calls.engine.network.pump(frames: 10)
      ear.reset()
      calls.engine.network.pump(frames: 100)
      return [500.0, 900, 1_300].map { Int((ear.purity(at: $0) * 10).rounded()) }
    }

    /// Waits until these are the shares: what a call does takes effect at its peer a moment later.
    func hears(_ ear: AudioProbe, _ wanted: [Int]) async throws {
      try await calls.engine.network.until { shares(ear) == wanted }
    }
  }

  private func run(
    answering change: (String) -> String = { $0 }, _ body: (Setting) async throws -> Void
  ) async throws {
    try await CallFixture.run { calls in
      let bob = try #require(calls.farEnd as? FakeMediaPeer)
      let carol = try #require(try await calls.engine.makePeer(PeerConfiguration()) as? FakeMediaPeer)
      let options = { MakeOptions(isVideoEnabled: false, microphone: ToneSource(hz: 500)) }
      let first = try await calls.talking(options(), answering: change)
      let second = try await calls.talking(options(), session: "s2", with: carol)
      let setting = Setting(calls: calls, first: first, second: second, bob: bob, carol: carol)
      for (peer, hz, ear) in [(bob, 900.0, setting.ears.bob), (carol, 1_300, setting.ears.carol)] {
        try await peer.setMicrophone(ToneSource(hz: hz))
        try await peer.setAudioSinks([ear])
      }
      try await first.connected()
      try await second.connected()
      try await body(setting)
    }
  }

  private func bridged(
    answering change: (String) -> String = { $0 }, _ body: (Setting, AudioBridge.ID) async throws -> Void
  ) async throws {
    try await run(answering: change) { setting in
      let bridge = try setting.bridges.create()
      try await setting.bridges.addCall(bridge, setting.first.id)
      try await setting.bridges.addCall(bridge, setting.second.id)
      try await body(setting, bridge)
    }
  }

  /// What has been reported of bridges since the client was made.
  private func reports(_ calls: CallFixture) async -> [String] {
    let events = await calls.fixture.eventsUntilDestroyed().filter {
      switch $0 {
      case .audioBridgeChange, .audioBridgeError: true
      case .callStateChange(let change): change.state == .ended
      default: false
      }
    }
    return events.map { event in
      switch event {
      case .audioBridgeError(let error): error.description
      case .callStateChange: "ended"
      default: event.payload["bridgeId"]?.stringValue.map { "change \($0)" } ?? "?"
      }
    }
  }

  @Test(.spec("R-CALL-712", "R-CALL-715", "R-CALL-716", "R-CALL-720")) func theDocumentedFlow() async throws {
    let calls = try await CallFixture()
    let other = try await calls.engine.makePeer(PeerConfiguration())
    let first = try await calls.talking(MakeOptions(isVideoEnabled: false))
    let second = try await calls.talking(MakeOptions(isVideoEnabled: false), session: "s2", with: other)
    let bridges = calls.client.audioBridge
    let bridge = try bridges.create()
    try await bridges.addCall(bridge, first.id)
    try await bridges.addCall(bridge, second.id)
    #expect(try bridges.getBridgeCalls(bridge) == [first.id, second.id])
    calls.notify("callEnd", ["sessionData": "s2"])
    try await second.ended()
    while try bridges.getBridgeCalls(bridge) != [first.id] { await Task.yield() }
    #expect(try bridges.getAll() == [AudioBridge(id: bridge, calls: [first.id])])
    try await bridges.close(bridge)
    #expect(try bridges.getAll() == [AudioBridge(id: bridge, calls: [first.id], status: .closed)])
    #expect(first.record.state == .inCall)
    let change = "change \(bridge)"
    #expect(await reports(calls) == [change, change, change, "ended", change, change])
  }

  @Test(.spec("R-CALL-713", "R-MEDIA-70")) func withoutMediaThereAreNoBridges() async throws {
    let fixture = ClientFixture(media: FakeMediaEngine())
    let error = #expect(throws: BasicError.self) { try fixture.client.audioBridge.create() }
    #expect(error?.code == "audioBridge:5")
    #expect(error?.message == "Feature not supported by browser.")
    #expect(try fixture.client.audioBridge.getAll().isEmpty)
    try await fixture.connect()
    let bridge = try fixture.client.audioBridge.create()
    #expect(try fixture.client.audioBridge.getAll() == [AudioBridge(id: bridge)])
    let events = await fixture.eventsUntilDestroyed()
    #expect(events.first?.name == .audioBridgeError)
    #expect(events.last == .audioBridgeChange(bridge))

    let unequipped = ClientFixture()
    try await unequipped.connect()
    #expect(throws: BasicError.self) { try unequipped.client.audioBridge.create() }
    await unequipped.client.destroy()
  }

  @Test(.spec("R-CALL-711", "R-CALL-713", "R-CALL-716", "R-CALL-721")) func everyRefusalIsThrownAndReported() async throws {
    let calls = try await CallFixture()
    let bridges = calls.client.audioBridge
    let bridge = try bridges.create()
    #expect(try bridges.getBridgeCalls("none") == [])
    let call = try await calls.talking(MakeOptions(isVideoEnabled: false))
    try await call.connected()
    for body: (AudioBridge.ID) async throws -> Void in [
      bridges.close, bridges.mute, bridges.unmute, bridges.silence, bridges.unsilence,
      { try await bridges.addCall($0, call.id) }, { try await bridges.removeCall($0, call.id) },
    ] {
      await calls.fails(.audioBridgeInvalidInput) { try await body("none") }
    }
    await calls.fails(.audioBridgeInvalidInput) { try await bridges.addCall(bridge, "none") }
    await calls.fails(.audioBridgeNotFound) { try await bridges.removeCall(bridge, call.id) }
    calls.notify("callEnd")
    try await call.ended()
    await calls.fails(.audioBridgeInvalidInput) { try await bridges.addCall(bridge, call.id) }
    await calls.fails(.audioBridgeNotFound) { try await bridges.removeCall(bridge, call.id) }
    try await bridges.close(bridge)
    await calls.fails(.audioBridgeInvalidState) { try await bridges.close(bridge) }
    await calls.fails(.audioBridgeInvalidState) { try await bridges.mute(bridge) }
    let (noBridge, noMatch) = (BasicError.unknownBridge.description, BasicError.unknownBridgeOrCall.description)
    let notIn = "audioBridge:4: Specified call not in bridge."
    #expect(
      await reports(calls)
        == ["change \(bridge)"] + [String](repeating: noBridge, count: 5) + [
          noMatch, noMatch, noMatch, notIn, "ended", noMatch, notIn,
        ]
        + ["change \(bridge)", "audioBridge:7: Invalid state.", "audioBridge:7: Invalid state."])
    #expect(throws: BasicError.destroyed) { try bridges.getAll() }
    #expect(throws: BasicError.destroyed) { try bridges.getBridgeCalls(bridge) }
    #expect(throws: BasicError.destroyed) { try bridges.create() }
  }

  @Test(.spec("R-CALL-717", "R-MEDIA-72", "R-MEDIA-73")) func whoIsBridgedHearsTheOther() async throws {
    try await bridged { setting, bridge in
      #expect(setting.shares(setting.ears.bob) == [5, 0, 5])
      #expect(setting.shares(setting.ears.carol) == [5, 5, 0])
      try await setting.bridges.removeCall(bridge, setting.first.id)
      #expect(setting.shares(setting.ears.bob) == [10, 0, 0])
      #expect(setting.shares(setting.ears.carol) == [10, 0, 0])
      // Nothing of the bridge is left behind.
      #expect(setting.peers[0].microphone is ToneSource)
      #expect(!setting.first.driver.media.remoteAudio.sinks.contains { $0 is BridgeSeat })
      try await setting.bridges.addCall(bridge, setting.first.id)
      #expect(setting.shares(setting.ears.bob) == [5, 0, 5])
      try await setting.bridges.close(bridge)
      #expect(setting.shares(setting.ears.carol) == [10, 0, 0])
      #expect(setting.peers.allSatisfy { $0.microphone is ToneSource })
    }
  }

  @Test(.spec("R-CALL-718", "R-CALL-719", "R-MEDIA-74")) func theBridgesMuteAndSilenceCountForLaterCallsAndAreTakenBack()
    async throws
  {
    try await run { setting in
      let bridge = try setting.bridges.create()
      try await setting.bridges.addCall(bridge, setting.first.id)
      try await setting.bridges.mute(bridge)
      try await setting.bridges.silence(bridge)
      let speakers = { [setting.first, setting.second].map { $0.driver.media.remoteAudio.sinks.count { $0 is NullSink } } }
      #expect(speakers() == [0, 1])
      try await setting.bridges.addCall(bridge, setting.second.id)
      #expect(speakers() == [0, 0])
      #expect(setting.shares(setting.ears.bob) == [0, 0, 10])
      #expect(setting.shares(setting.ears.carol) == [0, 10, 0])
      #expect(try setting.bridges.getAll().map { [$0.muted, $0.silenced] } == [[true, true]])
      #expect(!setting.first.record.muted && !setting.first.record.silenced)

      try await setting.second.silence()
      try await setting.bridges.unmute(bridge)
      try await setting.bridges.unsilence(bridge)
      while speakers() != [1, 0] { await Task.yield() }
      #expect(setting.shares(setting.ears.bob) == [5, 0, 5])
      try await setting.bridges.mute(bridge)
      try await setting.bridges.silence(bridge)
      try await setting.bridges.close(bridge)
      #expect(speakers() == [1, 0])
      #expect(setting.shares(setting.ears.bob) == [10, 0, 0])
    }
  }

  @Test(.spec("R-CALL-721")) func aMutedCallHearsAndPassesOnTheOthers() async throws {
    try await run { setting in
      try await setting.first.mute()
      try await setting.hears(setting.ears.bob, [0, 0, 0])
      #expect(!setting.peers[0].isEnabled(.audio))
      let bridge = try setting.bridges.create()
      try await setting.bridges.addCall(bridge, setting.first.id)
      try await setting.bridges.addCall(bridge, setting.second.id)
      #expect(setting.shares(setting.ears.bob) == [0, 0, 10])
      #expect(setting.shares(setting.ears.carol) == [5, 5, 0])
      try await setting.bridges.unmute(bridge)
      #expect(setting.shares(setting.ears.bob) == [0, 0, 10])

      // The microphone is not heard for a moment when the call leaves.
      try await setting.bridges.removeCall(bridge, setting.first.id)
      #expect(!setting.peers[0].isEnabled(.audio))
      let history = setting.peers[0].history
      let attached = try #require(history.lastIndex(of: .setMicrophone))
      #expect(history[..<attached].last == .setEnabled)
      #expect(setting.shares(setting.ears.bob) == [0, 0, 0])
      try await setting.first.unmute()
      try await setting.hears(setting.ears.bob, [10, 0, 0])
    }
  }

  @Test(.spec("R-CALL-720", "R-CALL-722", "R-MEDIA-75")) func aHeldCallStaysAndNeitherHearsNorIsHeard() async throws {
    try await bridged { setting, bridge in
      _ = try await CallOperationTests.agree(setting.calls) { try await setting.first.hold() }
      try await setting.hears(setting.ears.bob, [0, 0, 0])
      try await setting.hears(setting.ears.carol, [10, 0, 0])
      #expect(try setting.bridges.getBridgeCalls(bridge) == [setting.first.id, setting.second.id])

      // One that this end holds is not taken in.
      try await setting.bridges.removeCall(bridge, setting.first.id)
      await setting.calls.fails(.audioBridgeInvalidState) { try await setting.bridges.addCall(bridge, setting.first.id) }
      _ = try await CallOperationTests.agree(setting.calls) { try await setting.first.unhold() }
      try await setting.bridges.addCall(bridge, setting.first.id)
      try await setting.hears(setting.ears.bob, [5, 0, 5])
      try await setting.hears(setting.ears.carol, [5, 5, 0])
    }
  }

  @Test(.spec("R-CALL-714", "R-CALL-722")) func whatTheFarEndHoldsIsTakenInAndIsHeardWhenItComesBack() async throws {
    try await run { setting in
      func farEnd(_ direction: MediaDirection) async throws {
        try await setting.bob.setDirection(.audio, direction)
        try await setting.bob.setLocalDescription(.offer, try await setting.bob.createOffer(iceRestart: false))
        let reply = setting.calls.transport.expect(.put, CallFixture.session, CallFixture.accepted)
        setting.calls.notify("startCallUpdate", sdp: try await setting.bob.localDescription())
        let body = CallFixture.body(try await reply.request())
        try await setting.bob.setRemoteDescription(.answer, try #require(body["sdp"]?.stringValue))
      }
      // Bob sends on while he holds, as with music.
      try await farEnd(.sendonly)
      while setting.first.record.state != .onRemoteHold { await Task.yield() }
      let bridge = try setting.bridges.create()
      try await setting.bridges.addCall(bridge, setting.first.id)
      try await setting.bridges.addCall(bridge, setting.second.id)
      let ear = AudioProbe()
      setting.first.addAudioSink(ear)
      try await setting.hears(setting.ears.carol, [10, 0, 0])
      try await setting.hears(ear, [0, 10, 0])
      try await setting.hears(setting.ears.bob, [0, 0, 0])
      try await farEnd(.sendrecv)
      while setting.first.record.state != .inCall { await Task.yield() }
      try await setting.hears(setting.ears.carol, [5, 5, 0])
      try await setting.hears(setting.ears.bob, [5, 0, 5])
    }
  }

  @Test(.spec("R-CALL-720", "R-MEDIA-75")) func otherDevicesAndAnotherPeerFindTheBridge() async throws {
    try await bridged { setting, _ in
      try await setting.calls.client.media.setDefaultDevices(microphone: "virtual:silence")
      try await setting.first.changeInputDevices()
      #expect(setting.shares(setting.ears.bob) == [0, 0, 10])

      let other = try #require(try await setting.calls.engine.makePeer(PeerConfiguration()) as? FakeMediaPeer)
      try await other.addTransceiver(.audio, direction: .sendrecv)
      try await other.setLocalDescription(.offer, try await other.createOffer(iceRestart: false))
      let response = setting.calls.transport.expect(.put, CallFixture.session, CallFixture.accepted)
      setting.calls.notify("startCallUpdate", sdp: try await other.localDescription())
      let body = CallFixture.body(try await response.request())
      try await other.setRemoteDescription(.answer, try #require(body["sdp"]?.stringValue))
      try await other.setMicrophone(ToneSource(hz: 900))
      try await other.setAudioSinks([setting.ears.bob])
      try await setting.calls.engine.network.until {
        setting.peers[0].isClosed && other.iceConnectionState == .connected
      }
      #expect(setting.shares(setting.ears.bob) == [0, 0, 10])
      #expect(setting.shares(setting.ears.carol) == [5, 5, 0])
    }
  }

  @Test(.spec("R-CALL-723", "R-MEDIA-72")) func keypadTonesGoToOneFarEndAlsoFromAMutedBridge() async throws {
    let withoutEvents = { (answer: String) in
      answer.split(separator: "\r\n").filter { !$0.contains(" telephone-event/") }
        .map { ($0.hasPrefix("m=audio") ? $0.replacing(#/ (110|126)/#, with: "") : $0) + "\r\n" }.joined()
    }
    try await bridged(answering: withoutEvents) { setting, bridge in
      try await setting.bridges.mute(bridge)
      let (atBob, atCarol) = (DTMFDetector(), DTMFDetector())
      try await setting.bob.setAudioSinks([setting.ears.bob, atBob])
      try await setting.carol.setAudioSinks([setting.ears.carol, atCarol])
      try await setting.first.sendDTMF("42")
      setting.calls.engine.network.pump(frames: 60)
      #expect(atBob.digits == "42")
      #expect(atCarol.digits == "")
      #expect(setting.shares(setting.ears.bob) == [0, 0, 10])
      try await setting.bridges.close(bridge)
      #expect(setting.shares(setting.ears.bob) == [10, 0, 0])
    }
  }

  @Test(.spec("R-CALL-713")) func anEngineThatFailsLeavesTheCallOutside() async throws {
    try await run { setting in
      let bridge = try setting.bridges.create()
      try await setting.bridges.addCall(bridge, setting.second.id)
      setting.calls.engine.failNext(.setMicrophone)
      await setting.calls.fails(.audioBridgeUnknownError) { try await setting.bridges.addCall(bridge, setting.first.id) }
      #expect(try setting.bridges.getBridgeCalls(bridge) == [setting.second.id])
      #expect(setting.shares(setting.ears.bob) == [10, 0, 0])
      #expect(setting.shares(setting.ears.carol) == [10, 0, 0])
      try await setting.bridges.addCall(bridge, setting.first.id)
      #expect(setting.shares(setting.ears.bob) == [5, 0, 5])
    }
  }

  @Test(.spec("R-CALL-715")) func aCallThatEndsWhileItIsAddedIsNotInTheBridge() async throws {
    try await run { setting in
      let bridge = try setting.bridges.create()
      try await setting.bridges.addCall(bridge, setting.second.id)
      let hold = setting.calls.engine.holdNext(.setMicrophone)
      async let added: Void = setting.bridges.addCall(bridge, setting.first.id)
      try await hold.reached()
      #expect(try setting.bridges.getBridgeCalls(bridge) == [setting.second.id, setting.first.id])
      setting.calls.notify("callEnd")
      try await setting.first.ended()
      while try setting.bridges.getBridgeCalls(bridge) != [setting.second.id] { await Task.yield() }
      hold.release()
      do {
        try await added
        Issue.record("It was added.")
      } catch {
        #expect((error as? BasicError)?.code == .audioBridgeInvalidInput)
      }
      #expect(try setting.bridges.getBridgeCalls(bridge) == [setting.second.id])
      #expect(setting.shares(setting.ears.carol) == [10, 0, 0])
    }
  }

  @Test(.spec("R-CALL-721")) func aBridgeThatIsClosedWhileACallIsAddedSaysSo() async throws {
    try await run { setting in
      let bridge = try setting.bridges.create()
      let hold = setting.calls.engine.holdNext(.setMicrophone)
      async let added: Void = setting.bridges.addCall(bridge, setting.first.id)
      try await hold.reached()
      async let closed: Void = setting.bridges.close(bridge)
      while try setting.bridges.getAll().contains(where: { $0.id == bridge && $0.status != .closed }) { await Task.yield() }
      hold.release()
      do {
        try await added
        Issue.record("It was added.")
      } catch {
        #expect((error as? BasicError)?.code == .audioBridgeInvalidState)
      }
      try await closed
    }
  }

  @Test(.spec("R-CALL-718")) func aBridgeIsMutedAlsoWhileTheEngineIsBusy() async throws {
    try await bridged { setting, bridge in
      let hold = setting.calls.engine.holdNext(.setMicrophone)
      async let changed: Void = setting.second.changeInputDevices()
      try await hold.reached()
      try await setting.bridges.mute(bridge)
      #expect(setting.shares(setting.ears.bob) == [0, 0, 10])
      #expect(setting.shares(setting.ears.carol) == [0, 10, 0])
      hold.release()
      try await changed
    }
  }

  @Test(.spec("R-CALL-713", "R-CALL-714")) func aCallThatIsNotAnsweredHasNoSoundToMix() async throws {
    try await run { setting in
      let bridge = try setting.bridges.create()
      try await setting.bridges.addCall(bridge, setting.first.id)
      let invite = setting.calls.transport.expect(.post, "callControl", CallFixture.started("s3"))
      let third = try setting.calls.client.call.make("bob@example.com", MakeOptions(isVideoEnabled: false))
      _ = try await invite.request()
      await setting.calls.fails(.audioBridgeMediaNotFound) { try await setting.bridges.addCall(bridge, third.id) }
      // As the first one it may wait there.
      let other = try setting.bridges.create()
      try await setting.bridges.addCall(other, third.id)
      await setting.calls.fails(.audioBridgeMediaNotFound) { try await setting.bridges.addCall(other, setting.second.id) }
    }
  }
}
