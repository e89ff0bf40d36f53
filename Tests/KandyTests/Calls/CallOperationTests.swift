import KandyTesting
import LinkLogic
import LinkMedia
import LinkProtocol
import Testing

@testable import Kandy

/// What is done in a call: what goes over the wire, and what the application sees (part 02 §8.13 to §8.22).
@Suite struct CallOperationTests {
  /// Expects an update, and answers it as the far end.
  static func agree(
    _ calls: CallFixture, _ operation: () async throws -> Void
  ) async throws -> JSONValue {
    let exchange = calls.transport.expect(.put, CallFixture.session, CallFixture.accepted)
    async let request = exchange.request()
    let body = try await withThrowingTaskGroup(of: JSONValue.self) { group in
      group.addTask { [calls] in
        let request = try await exchange.request()
        calls.notify("respondCallUpdate", sdp: try await calls.farEndAnswers(request))
        return CallFixture.body(request)
      }
      try await operation()
      guard let body = try await group.next() else { throw CancellationError() }
      return body
    }
    _ = try await request
    return body
  }

  @Test(.spec("R-CALL-50", "R-UP-12", "R-UP-7")) func holdAndUnholdAreAgreedOn() async throws {
    try await CallFixture.run { calls in
      let call = try await calls.talking(MakeOptions(isVideoEnabled: false))
      let peer = try #require(calls.engine.peers.last)
      let hold = try await Self.agree(calls) { try await call.hold() }
      #expect(hold["type"] == "startCallUpdate")
      #expect(hold["sdp"]?.stringValue?.contains("a=sendonly") == true)
      #expect(call.record.state == .onHold)
      #expect(call.record.localHold)
      #expect(!peer.isEnabled(.audio))
      try await call.mute()
      let unhold = try await Self.agree(calls) { try await call.unhold() }
      #expect(unhold["sdp"]?.stringValue?.contains("a=sendrecv") == true)
      #expect(call.record.state == .inCall)
      #expect(!peer.isEnabled(.audio))
      try await call.unmute()
      try await call.driver.store.wait(for: .settled)
      #expect(call.record.muted == false)
    }
  }

  @Test(.spec("TV-167", "R-CALL-540", "R-SDP-162", "R-UP-9")) func aRefusedHoldLeavesTheCallAsItWas() async throws {
    try await CallFixture.run { calls in
      let call = try await calls.talking(MakeOptions(isVideoEnabled: false))
      calls.transport.expect(.put, CallFixture.session, CallFixture.refused(500, 26, "broken"))
      await calls.fails(.callGenericError) { try await call.hold() }
      #expect(call.record.state == .inCall)
      #expect(try await calls.seesError().statusCode == .internalError)
      // The next offer is that of a call that is not held.
      let again = try await Self.agree(calls) { try await call.restartMedia() }
      #expect(again["sdp"]?.stringValue?.contains("a=sendrecv") == true)
    }
  }

  @Test(.spec("R-ICE-2")) func anICERestartUsesTheTURNCredentialsOfToday() async throws {
    let server: JSONValue = ["urls": ["turn:turn.example.com"], "username": "configured", "credential": "configured"]
    try await CallFixture.run(["iceserver": [server], "serverProvidedTurnCredentials": true]) { calls in
      let call = try await calls.talking(MakeOptions(isVideoEnabled: false))
      let peer = try #require(calls.engine.peers.last)
      #expect(peer.servers.map(\.username) == ["configured"])
      let params: JSONValue = ["service": ["call"], "turnCredentials": ["username": "today", "password": "secret"]]
      calls.transport.expect(
        .put, "subscription/6d1f0c2e", .json(["subscribeResponse": ["statusCode": 0, "subscriptionParams": params]]))
      try await calls.client.updateConnection(services: ["call"])
      _ = try await Self.agree(calls) { try await call.restartMedia() }
      #expect(peer.servers == [ICEServer(urls: ["turn:turn.example.com"], username: "today", credential: "secret")])
    }
  }

  @Test(.spec("R-CALL-61")) func aHoldThatCrossesAnotherOfferIsRepeated() async throws {
    try await CallFixture.run { calls in
      let call = try await calls.talking(MakeOptions(isVideoEnabled: false))
      let refused = ScriptedAnswer.json(
        409, ["callControlResponse": ["statusCode": 49, "reasonText": "Request Pending", "retryAfter": 2]])
      let first = calls.transport.expect(.put, CallFixture.session, refused)
      async let held: Void = call.hold()
      _ = try await first.request()
      _ = try await calls.first { event -> Bool? in
        if case .callStateChange(let change) = event, change.transition?.previousState == .inCall { true } else { nil }
      }
      let second = calls.transport.expect(.put, CallFixture.session, CallFixture.accepted)
      await calls.fixture.clock.advance(by: .seconds(2))
      calls.notify("respondCallUpdate", sdp: try await calls.farEndAnswers(second.request()))
      try await held
      #expect(call.record.state == .onHold)
    }
  }

  @Test(.spec("TV-130", "R-MEDIA-50", "R-MEDIA-51", "R-UP-15", "R-UP-16")) func theCameraIsOpenedAndLetGo() async throws {
    try await CallFixture.run { calls in
      let call = try await calls.talking()
      let peer = try #require(calls.engine.peers.last)
      #expect(peer.camera == nil)
      let start = try await Self.agree(calls) {
        try await call.startVideo(videoResolution: VideoResolution(height: 240, width: 320))
      }
      #expect(start["sdp"]?.stringValue?.components(of: "m=").count == 3)
      #expect(call.record.sendingVideo == true)
      let frame = peer.camera?.nextFrame()
      #expect(frame?.width == 320 && frame?.height == 240)
      _ = try await Self.agree(calls) { try await call.stopVideo() }
      #expect(call.record.sendingVideo == false)
      #expect(peer.camera == nil)
    }
  }

  @Test(.spec("R-CALL-536")) func aCameraThatCannotBeHadLeavesTheCallAsItWas() async throws {
    try await CallFixture.run { calls in
      let call = try await calls.talking()
      try await calls.client.media.setDefaultDevices(camera: "virtual:nonsense")
      await calls.fails(.callUserMediaError) { try await call.startVideo() }
      #expect(call.record.sendingVideo == false)
      #expect(call.record.state == .inCall)
    }
  }

  @Test(.spec("R-MEDIA-61", "R-MEDIA-62", "R-MEDIA-63")) func aScreenTakesTheCamerasPlaceAndGivesItBack() async throws {
    try await CallFixture.run { calls in
      let call = try await calls.talking(MakeOptions(sendInitialVideo: true))
      let peer = try #require(calls.engine.peers.last)
      let camera = try #require(peer.camera)
      _ = try await Self.agree(calls) {
        try await call.startScreenshare(ScreenShare(mediaSourceId: "virtual:screen", width: 640, height: 360))
      }
      #expect(call.record.isScreensharing)
      #expect(peer.camera?.isScreen == true)
      #expect(peer.camera?.nextFrame()?.width == 640)
      await calls.fails(.callInvalidState) { try await call.startScreenshare(ScreenShare(mediaSourceId: "virtual:screen")) }
      _ = try await Self.agree(calls) { try await call.stopScreenshare() }
      #expect(!call.record.isScreensharing)
      #expect(peer.camera?.isScreen == false)
      #expect(peer.camera !== camera)
      await calls.fails(.callInvalidParameter) { try await call.startScreenshare(ScreenShare(mediaSourceId: "")) }
    }
  }

  @Test(.spec("R-MEDIA-27")) func silencingTakesOnlyTheSpeakerAway() async throws {
    try await CallFixture.run { calls in
      let call = try await calls.talking()
      let probe = AudioProbe()
      call.addAudioSink(probe)
      let before = call.driver.media.remoteAudio.sinks.count
      try await call.silence()
      try await call.changeInputDevices()
      #expect(call.driver.media.remoteAudio.sinks.count == before - 1)
      #expect(call.driver.media.remoteAudio.sinks.contains { $0 === probe })
      #expect(call.record.silenced)
      try await call.unsilence()
      try await call.changeInputDevices()
      #expect(call.driver.media.remoteAudio.sinks.count == before)
    }
  }

  @Test(.spec("R-MEDIA-43", "R-CALL-470")) func tonesReachTheFarEnd() async throws {
    try await CallFixture.run { calls in
      let call = try await calls.talking(MakeOptions(isVideoEnabled: false))
      try await call.connected()
      try await call.sendDTMF("12#")
      try await calls.client.call.sendDTMF(call.id, 5)
      let peer = try #require(calls.engine.peers.last)
      #expect(peer.sentTones.map(\.tones) == ["12#", "5"])
      await calls.fails(.callInvalidParameter) { try await call.sendDTMF("x") }
    }
  }

  @Test(.spec("R-MEDIA-41", "R-MEDIA-43")) func aFarEndWithoutTelephoneEventsGetsTheTonesAsSoundAlsoFromAMutedMicrophone()
    async throws
  {
    try await CallFixture.run { calls in
      let call = try await calls.talking(
        MakeOptions(isVideoEnabled: false, microphone: ToneSource(hz: 440)),
        answering: { answer in
          answer.split(separator: "\r\n").filter { !$0.contains(" telephone-event/") }
            .map { ($0.hasPrefix("m=audio") ? $0.replacing(#/ (110|126)/#, with: "") : $0) + "\r\n" }.joined()
        })
      try await call.connected()
      let peer = try #require(calls.engine.peers.last)
      let (keypad, ear) = (DTMFDetector(), AudioProbe())
      /// What the far end hears in this time.
      func listen(milliseconds: Int) throws {
        let microphone = try #require(peer.microphone)
        for _ in 0..<milliseconds / 10 {
          var samples = [Int16](repeating: 0, count: 480)
          samples.withUnsafeMutableBufferPointer { microphone.read(into: $0) }
          let frame = AudioFrame(samples: samples, sampleRate: 48_000)
          keypad.receive(frame)
          ear.receive(frame)
        }
      }
      try await call.sendDTMF("1")
      try await call.sendDTMF("2", duration: .milliseconds(300))
      try listen(milliseconds: 1700)
      #expect(keypad.digits == "12")
      #expect(ear.purity(at: 440) > 0.99)
      #expect(peer.sentTones == [])

      try await call.mute()
      try await call.sendDTMF("#")
      try listen(milliseconds: 1500)
      #expect(keypad.digits == "12#")
      for (heard, wanted) in zip(keypad.heard.map(\.milliseconds), [100, 300, 100]) { #expect(abs(heard - wanted) <= 20) }
      #expect(ear.level == -120)
    }
  }

  @Test(.spec("R-MEDIA-19", "R-UP-30")) func otherDevicesAreUsedWithoutAWord() async throws {
    try await CallFixture.run { calls in
      let tone = ToneSource(hz: 700)
      let call = try await calls.talking(MakeOptions(isVideoEnabled: false, microphone: tone))
      let peer = try #require(calls.engine.peers.last)
      #expect(peer.microphone === tone)
      try await calls.client.media.setDefaultDevices(microphone: "virtual:silence")
      try await call.changeInputDevices()
      #expect(peer.microphone is SilenceSource)
      try await calls.client.media.setDefaultDevices(microphone: "virtual:nonsense")
      await calls.fails(.callUserMediaError) { try await call.changeInputDevices() }
      #expect(peer.microphone is SilenceSource)
      #expect(calls.transport.requests(.put, CallFixture.session).isEmpty)
    }
  }

  @Test(.spec("R-MEDIA-19", "R-UP-30")) func anotherCameraIsUsedInTheSizeThatTheCallHas() async throws {
    try await CallFixture.run { calls in
      let call = try await calls.talking(
        MakeOptions(sendInitialVideo: true, videoResolution: VideoResolution(height: 90, width: 160)))
      let peer = try #require(calls.engine.peers.last)
      let before = try #require(peer.camera)
      try await calls.client.media.setDefaultDevices(camera: "virtual:pattern?fps=5")
      try await call.changeInputDevices()
      #expect(peer.camera !== before)
      #expect(peer.camera?.framesPerSecond == 5)
      #expect(peer.camera?.nextFrame()?.width == 160)
      #expect(calls.transport.requests(.put, CallFixture.session).isEmpty)
    }
  }

  @Test(.spec("R-MEDIA-19")) func anotherCameraIsUsedAlsoWhileVideoIsBeingAgreedOn() async throws {
    try await CallFixture.run { calls in
      let call = try await calls.talking()
      let peer = try #require(calls.engine.peers.last)
      let exchange = calls.transport.expect(.put, CallFixture.session, CallFixture.accepted)
      async let started: Void = call.startVideo()
      let request = try await exchange.request()
      try await calls.client.media.setDefaultDevices(camera: "virtual:pattern?fps=5")
      try await call.changeInputDevices()
      #expect(peer.camera?.framesPerSecond == 5)
      calls.notify("respondCallUpdate", sdp: try await calls.farEndAnswers(request))
      try await started
      #expect(call.record.sendingVideo == true)
      #expect(peer.camera?.framesPerSecond == 5)
    }
  }

  @Test(.spec("R-MEDIA-18", "R-CALL-557")) func anotherSpeakerIsUsedByAllCalls() async throws {
    try await CallFixture.run { calls in
      let call = try await calls.talking()
      let before = call.driver.media.remoteAudio.sinks
      try await calls.client.call.changeSpeaker("virtual:null")
      let after = call.driver.media.remoteAudio.sinks
      #expect(before.count == after.count)
      #expect(!after.contains { sink in before.contains { $0 === sink } })
      #expect(try await calls.first { if case .speakerChange(let id) = $0 { id } else { nil } } == "virtual:null")
      await calls.fails(.callInvalidParameter) { try await calls.client.call.changeSpeaker("") }
      await calls.fails(.callUserMediaError) { try await calls.client.call.changeSpeaker("virtual:tone") }
    }
  }

  @Test(.spec("R-CALL-471", "R-CALL-92", "R-CALL-831")) func customParametersGoAndCome() async throws {
    try await CallFixture.run { calls in
      let call = try await calls.talking()
      #expect(calls.client.call.getCustomParameters(call.id) == [])
      await calls.fails(.callInvalidState) { try await call.sendCustomParameters() }
      let parameters = [CustomParameter(name: "X-GPS", value: "1")]
      try await call.setCustomParameters(parameters)
      #expect(calls.client.call.getCustomParameters(call.id) == parameters)
      let request = calls.transport.expect(.put, CallFixture.session, CallFixture.accepted)
      try await call.sendCustomParameters()
      #expect(
        CallFixture.body(try await request.request()) == [
          "type": "sendCustomHeaders", "customParameters": [["name": "X-GPS", "value": "1"]],
        ])
      calls.socket.push([
        "notificationMessage": [
          "eventType": "ringing", "eventId": "p", "sessionParams": ["sessionData": "s1"],
          "customParameters": [["name": "X-B", "value": "2"]],
        ]
      ])
      let received: [CustomParameter] = try await calls.first {
        if case .callCustomParameters(_, let parameters) = $0 { parameters } else { nil }
      }
      #expect(received == [CustomParameter(name: "X-B", value: "2")])
      #expect(call.record.remoteCustomParameters == received)
    }
  }

  @Test(.spec("R-UP-22", "R-DTLS-15")) func anOfferFromAnotherEndpointGetsAnotherPeer() async throws {
    try await CallFixture.run { calls in
      let call = try await calls.talking(MakeOptions(isVideoEnabled: false))
      let before = calls.engine.openPeers.count
      let other = try await calls.engine.makePeer(PeerConfiguration())
      try await other.addTransceiver(.audio, direction: .sendrecv)
      try await other.setLocalDescription(.offer, try await other.createOffer(iceRestart: false))
      let response = calls.transport.expect(.put, CallFixture.session, CallFixture.accepted)
      calls.notify("startCallUpdate", sdp: try await other.localDescription())
      let body = CallFixture.body(try await response.request())
      #expect(body["type"] == "respondCallUpdate")
      try await other.setRemoteDescription(.answer, try #require(body["sdp"]?.stringValue))
      _ = try await calls.first { event -> Bool? in
        if case .callStateChange(let change) = event, change.transition?.previousState == .inCall { true } else { nil }
      }
      try await call.connected()
      try await call.driver.store.wait(for: .settled)
      try await call.changeInputDevices()
      // The old peer has gone: the far ends of the test and the new one are left.
      #expect(calls.engine.openPeers.count == before + 1)
    }
  }

  @Test(.spec("R-CALL-690", "R-CALL-691")) func aCallThatIsUnknownAfterReconnectingEnds() async throws {
    try await CallFixture.run(["resyncOnConnect": true]) { calls in
      _ = try await calls.talking()
      let question = calls.transport.expect(.get, CallFixture.session, CallFixture.refused(404, 47, "unknown"))
      _ = calls.transport.expectSocket()
      calls.socket.end(code: nil)
      _ = try await question.request()
      // Nobody says how it ended; an audit falls into the wait.
      calls.transport.expect(.put, CallFixture.session, CallFixture.accepted)
      await calls.fixture.clock.advance(by: .seconds(4))
      #expect(try await calls.sees(.ended)?.code?.rawValue == LocalCallCode.reasonNotProvided.rawValue)
    }
  }

  @Test(.spec("R-CALL-80")) func anIncomingCallIsForwarded() async throws {
    try await CallFixture.run { calls in
      let id = try await calls.isCalled()
      let request = calls.transport.expect(.post, "calldisposition", CallFixture.accepted)
      try await calls.client.call.forwardCall(id, to: "carol@example.com")
      #expect(
        try await request.request().json == [
          "callDispositionRequest": ["action": "forward", "sessionData": "s1", "address": "carol@example.com"]
        ])
      #expect(try await calls.first { if case .callForward(let id) = $0 { id } else { nil } } == id)
      #expect(try calls.client.call.getById(id)?.state == .ended)
    }
  }

  @Test func whatIsDoneToACallThatDoesNotExistIsRefused() async throws {
    try await CallFixture.run { calls in
      let none: CallID = "none"
      let call = calls.client.call
      let operations: [() async throws -> Void] = [
        { try await call.hold(none) }, { try await call.unhold(none) }, { try await call.startVideo(none) },
        { try await call.stopVideo(none) }, { try await call.silence(none) }, { try await call.sendDTMF(none, 1) },
        { try await call.forwardCall(none, to: "c@example.com") }, { try await call.directTransfer(none, to: "c@example.com") },
        { try await call.consultativeTransfer(none, to: none) }, { _ = try await call.join(none, with: none) },
        { try await call.changeInputDevices(none) }, { try await call.setCustomParameters(none, []) },
        { try await call.sendCustomParameters(none) }, { try await call.restartMedia(none) },
        { try await call.startScreenshare(none, ScreenShare(mediaSourceId: "virtual:screen")) },
      ]
      for operation in operations { await calls.fails(.callInvalidParameter, operation) }
    }
  }
}

extension String {
  fileprivate func components(of separator: String) -> [Substring] { split(separator: separator) }
}
