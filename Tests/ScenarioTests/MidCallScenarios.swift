import Kandy
import KandyTesting
import LinkMedia
import LinkProtocol
import Testing

/// What Alice and Bob do in a call: part 02 §8.13 to §8.16 and §8.20 to §8.22.
@Suite(.timeLimit(.minutes(1))) struct MidCallScenarios {
  private static let video = MakeOptions()

  // MARK: Hold (§8.13)

  @Test(.spec("R-CALL-420", "R-CALL-421")) func aliceHoldsBobAndComesBack() async throws {
    try await ScenarioBench.run { _, people in
      let (alice, bob) = (people[0], people[1])
      let (call, atBob) = try await alice.talks(to: bob)
      try await call.hold()
      try await bob.sees(.onRemoteHold, of: atBob)
      #expect(call.record.localHold && atBob.record.remoteHold)
      try await call.unhold()
      try await bob.sees(.inCall, of: atBob)
      #expect(alice.states(of: call).suffix(2) == [.onHold, .inCall])
    }
  }

  @Test func bothHoldAndComeBackOneAfterTheOther() async throws {
    try await ScenarioBench.run { _, people in
      let (alice, bob) = (people[0], people[1])
      let (call, atBob) = try await alice.talks(to: bob)
      try await call.hold()
      try await bob.sees(.onRemoteHold, of: atBob)
      try await atBob.hold()
      try await alice.sees(call) { $0.remoteHold }
      #expect(call.record.state == .onHold && atBob.record.state == .onHold)
      try await call.unhold()
      #expect(call.record.state == .onRemoteHold && atBob.record.state == .onHold)
      try await atBob.unhold()
      try await alice.sees(.inCall, of: call)
      #expect(atBob.record.state == .inCall)
    }
  }

  @Test(.spec("R-CALL-424")) func aSecondChangeHasToWaitForTheFirst() async throws {
    try await ScenarioBench.run { _, people in
      let (alice, bob) = (people[0], people[1])
      let (call, _) = try await alice.talks(to: bob)
      let offer = alice.network.holdBack("startCallUpdate")
      async let held: Void = call.hold()
      await offer.reached()
      #expect(await fails { try await call.unhold() }?.code == .callInvalidState)
      offer.release()
      try await held
      #expect(call.record.localHold)
    }
  }

  // MARK: Video and screen (§8.14, §8.15)

  @Test(.spec("R-CALL-425", "R-MEDIA-32")) func aliceShowsHerselfAndThenHerScreen() async throws {
    try await ScenarioBench.run { _, people in
      let (alice, bob) = (people[0], people[1])
      let (call, atBob) = try await alice.talks(to: bob, Self.video)
      try await call.startVideo()
      try await bob.sees(atBob) { $0.remoteVideoState.sends }
      #expect(call.record.sendingVideo == true)
      try await call.startScreenshare(ScreenShare(mediaSourceId: "virtual:screen"))
      #expect(call.record.isScreensharing)
      try await call.stopScreenshare()
      #expect(!call.record.isScreensharing)
      // The camera is back.
      #expect(call.record.sendingVideo == true && atBob.record.remoteVideoState.sends)
      let changes = alice.events.entries.count { $0 == .callScreenshareChange(call.id) }
      #expect(changes == 2)
      try await call.stopVideo()
      try await bob.sees(atBob) { !$0.remoteVideoState.sends }
      #expect(call.record.sendingVideo == false)
    }
  }

  @Test(.spec("R-CALL-425")) func bobWhoIsSeenByNobodyShowsHisScreenAndStops() async throws {
    try await ScenarioBench.run { _, people in
      let (alice, bob) = (people[0], people[1])
      let (call, atBob) = try await alice.talks(to: bob, Self.video)
      try await atBob.startScreenshare(ScreenShare(mediaSourceId: "virtual:screen"))
      try await alice.sees(call) { $0.remoteVideoState.sends }
      #expect(atBob.record.isScreensharing && !call.record.isScreensharing)
      try await atBob.stopScreenshare()
      try await alice.sees(call) { !$0.remoteVideoState.sends }
      #expect(atBob.record.sendingVideo == false)
    }
  }

  @Test func eachIsSeenByTheOther() async throws {
    try await ScenarioBench.run { _, people in
      let (alice, bob) = (people[0], people[1])
      let (call, atBob) = try await alice.talks(to: bob, Self.video)
      try await call.startVideo()
      try await bob.sees(atBob) { $0.remoteVideoState.sends }
      try await atBob.startVideo()
      try await alice.sees(call) { $0.remoteVideoState.sends }
      #expect(call.record.sendingVideo == true && atBob.record.sendingVideo == true)
      try await call.stopVideo()
      try await bob.sees(atBob) { !$0.remoteVideoState.sends }
      #expect(atBob.record.sendingVideo == true && call.record.remoteVideoState.sends)
    }
  }

  // MARK: What applications are told of operations

  @Test func anOperationIsToldAtBothEndsFromBeginningToEnd() async throws {
    try await ScenarioBench.run { bench, people in
      let (alice, bob) = (people[0], people[1])
      let (call, atBob) = try await alice.talks(to: bob)
      try await call.hold()
      try await bob.sees(.onRemoteHold, of: atBob)
      #expect(
        alice.operations("hold", of: call) == [
          CallOperationChange(call.id, operation: "hold", transition: .start),
          CallOperationChange(call.id, operation: "hold", transition: .finish),
        ])
      #expect(
        bob.operations("hold", of: atBob) == [
          CallOperationChange(atBob.id, operation: "hold", transition: .start, isLocal: false),
          CallOperationChange(atBob.id, operation: "hold", transition: .finish, isLocal: false),
        ])
      // Bob says nothing to the next one, which fails with an error.
      let reply = bob.network.holdBack("respondCallUpdate")
      async let failure = fails { try await call.unhold() }
      await reply.reached()
      try await bench.pass(.seconds(30))
      let error = try #require(await failure)
      #expect(
        alice.operations("unhold", of: call) == [
          CallOperationChange(call.id, operation: "unhold", transition: .start),
          CallOperationChange(call.id, operation: "unhold", transition: .finish, error: error),
        ])
      reply.release()
    }
  }

  // MARK: Glare (§8.16)

  @Test(.spec("R-CALL-440", "R-CALL-441", "R-CALL-442")) func bothHoldAtTheSameMoment() async throws {
    try await ScenarioBench.run { bench, people in
      let (alice, bob) = (people[0], people[1])
      let (call, atBob) = try await alice.talks(to: bob)
      // Bob's offer is under way when Alice's is handed to him.
      let offer = bob.network.holdBack("startCallUpdate")
      async let bobsHold: Void = atBob.hold()
      await offer.reached()
      async let alicesHold: Void = call.hold()
      _ = try await bob.isTold("startCallUpdate")
      offer.release()
      // His is refused, hers goes ahead.
      let refusal = try await bob.isTold("respondCallUpdate")
      #expect(refusal.sdp == nil && refusal.message?["sessionParams"]?["retryAfter"]?.doubleValue == 1)
      try await alicesHold
      try await bob.sees(.onRemoteHold, of: atBob)
      #expect(!atBob.record.localHold && bob.requests.count { $0 == "startCallUpdate" } == 1)
      // The same once more, a second later.
      try await bench.pass(.seconds(1))
      try await bobsHold
      #expect(bob.requests.count { $0 == "startCallUpdate" } == 2)
      try await alice.sees(call) { $0.remoteHold }
      #expect(call.record.localHold && atBob.record.localHold && atBob.record.remoteHold)
      #expect(alice.errors + bob.errors == [])
    }
  }

  @Test(.spec("R-CALL-441", "R-CALL-443")) func videoFromOneEndMeetsAHoldFromTheOther() async throws {
    try await ScenarioBench.run { bench, people in
      let (alice, bob) = (people[0], people[1])
      let (call, atBob) = try await alice.talks(to: bob, Self.video)
      let offer = alice.network.holdBack("startCallUpdate")
      async let failure = fails { try await call.startVideo() }
      await offer.reached()
      async let held: Void = atBob.hold()
      _ = try await alice.isTold("startCallUpdate")
      offer.release()
      _ = try await alice.network.notifications.first {
        $0.message?["sessionParams"]?["retryAfter"]?.doubleValue == 3 ? true : nil
      }
      try await held
      try await alice.sees(.onRemoteHold, of: call)
      // By then the call is held, and there can be no video.
      try await bench.pass(.seconds(3))
      #expect(await failure?.code == .callInvalidState)
      #expect(call.record.sendingVideo == false && atBob.record.localHold)
      #expect(alice.errors.map(\.code) == [.callInvalidState])
    }
  }

  // MARK: Tones and parameters (§8.20, §8.21)

  @Test(.spec("R-CALL-470")) func bobHearsTheTonesThatAliceSends() async throws {
    try await ScenarioBench.run { _, people in
      let (alice, bob) = (people[0], people[1])
      let (call, _) = try await alice.talks(to: bob)
      let requests = alice.requests
      try await call.sendDTMF("42#")
      #expect(bob.engine.openPeers.map { $0.receivedTones.map(\.tones) } == [["42#"]])
      #expect(alice.requests == requests)
    }
  }

  @Test(.spec("R-CALL-471", "R-CALL-831")) func parametersOfTheApplicationsArrive() async throws {
    try await ScenarioBench.run { _, people in
      let (alice, bob) = (people[0], people[1])
      let parameters = [CustomParameter(name: "X-GPS", value: "48.20,16.37")]
      let (call, atBob) = try await alice.talks(
        to: bob, MakeOptions(isVideoEnabled: false, customParameters: parameters))
      #expect(atBob.record.remoteCustomParameters == parameters)
      let others = [CustomParameter(name: "X-Desk", value: "7")]
      try await call.setCustomParameters(others)
      try await call.hold()
      try await bob.sees(atBob) { $0.remoteCustomParameters == others }
      let more = [CustomParameter(name: "X-Desk", value: "8")]
      try await call.setCustomParameters(more)
      try await call.sendCustomParameters()
      try await bob.sees(atBob) { $0.remoteCustomParameters == more }
    }
  }

  // MARK: Mute and silence (§8.22)

  @Test(.spec("R-CALL-473", "R-CALL-423")) func aliceIsNotHeardWhileSheIsMute() async throws {
    try await ScenarioBench.run { bench, people in
      let (alice, bob) = (people[0], people[1])
      let (call, atBob) = try await alice.talks(to: bob)
      let (requests, told) = (alice.requests, bob.network.notifications.entries.count)
      let peer = try #require(alice.engine.openPeers.first)
      try await call.mute()
      try await bench.media.until { !peer.isEnabled(.audio) }
      #expect(call.record.muted && !atBob.record.muted)
      // Nobody is told.
      #expect(alice.requests == requests && bob.network.notifications.entries.count == told)
      #expect(alice.events.entries.contains(.callStateChange(CallStateChange(call.id))))

      try await call.hold()
      try await call.unhold()
      #expect(call.record.muted && !peer.isEnabled(.audio))
      try await call.unmute()
      try await bench.media.until { peer.isEnabled(.audio) }
      #expect(!call.record.muted)
    }
  }

  @Test(.spec("R-CALL-473")) func bobDoesNotWantToHearAlice() async throws {
    try await ScenarioBench.run { bench, people in
      let (alice, bob) = (people[0], people[1])
      try await alice.client.media.setDefaultDevices(microphone: "virtual:tone?hz=500", speaker: "virtual:null")
      let (call, atBob) = try await alice.talks(to: bob)
      let (requests, told) = (bob.requests, alice.network.notifications.entries.count)
      let recorder = AudioProbe()
      atBob.addAudioSink(recorder)
      try await atBob.silence()
      #expect(atBob.record.silenced && !call.record.silenced)
      // Only the speaker is still, and nobody is told.
      bench.media.pump(frames: 100)
      #expect(recorder.purity(at: 500) > 0.9)
      #expect(bob.requests == requests && alice.network.notifications.entries.count == told)
      #expect(bob.events.entries.contains(.callStateChange(CallStateChange(atBob.id))))
      try await atBob.unsilence()
      #expect(!atBob.record.silenced)
    }
  }

  // MARK: Several calls

  @Test func aliceSwapsBetweenTwoCallsWithBob() async throws {
    try await ScenarioBench.run { _, people in
      let (alice, bob) = (people[0], people[1])
      let (first, _) = try await alice.talks(to: bob)
      try await first.hold()
      let (second, _) = try await alice.talks(to: bob)
      try await second.hold()
      try await first.unhold()
      #expect(try alice.client.call.getAll().map(\.state) == [.inCall, .onHold])
      try await first.end()
      try await second.unhold()
      #expect(try alice.client.call.getAll().map(\.state) == [.ended, .inCall])
    }
  }
}
