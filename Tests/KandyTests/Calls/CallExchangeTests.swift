import KandyTesting
import LinkLogic
import LinkMedia
import LinkProtocol
import Testing

@testable import Kandy

/// Exchanges of descriptions that our own gateway never begins: part 02 §8.2, §8.11, §8.12, part 03 §9, §10.
@Suite struct CallExchangeTests {
  // MARK: Early media

  @Test(.spec("R-SDP-157", "R-UP-28", "R-CALL-189", "TV-24")) func earlyMediaIsHeardBeforeTheAnswer() async throws {
    try await CallFixture.run(["earlyMedia": true]) { calls in
      let invite = calls.transport.expect(.post, "callControl", CallFixture.started)
      let call = try calls.client.call.make("bob@example.com", MakeOptions(isVideoEnabled: false))
      let answer = try await calls.farEndAnswers(try await invite.request())
      calls.notify("sessionProgress", sdp: "")
      calls.notify("sessionProgress", sdp: answer)
      _ = try await calls.sees(.earlyMedia)
      try await call.connected()
      calls.notify("ringing")
      _ = try await calls.sees(.ringing)
      calls.notify("respondCallUpdate", sdp: answer)
      try await call.answered()
      #expect(calls.transport.requests(.put, CallFixture.session).isEmpty)
    }
  }

  @Test(.spec("R-DTLS-16", "R-UP-24", "TV-99")) func theAnswerOfAnotherEndpointIsFollowedByAnOfferFromANewPeer() async throws {
    try await CallFixture.run(["earlyMedia": true]) { calls in
      let invite = calls.transport.expect(.post, "callControl", CallFixture.started)
      let call = try calls.client.call.make("bob@example.com", MakeOptions(isVideoEnabled: false))
      let request = try await invite.request()
      calls.notify("sessionProgress", sdp: try await calls.farEndAnswers(request))
      _ = try await calls.sees(.earlyMedia)
      let other = try await calls.engine.makePeer(PeerConfiguration())
      try await other.setRemoteDescription(.offer, try #require(CallFixture.body(request)["sdp"]?.stringValue))
      try await other.setDirection(.audio, .sendrecv)
      try await other.setLocalDescription(.answer, try await other.createAnswer())
      let update = calls.transport.expect(.put, CallFixture.session, CallFixture.accepted)
      calls.notify("respondCallUpdate", sdp: try await other.localDescription())
      try await call.answered()
      let offer = CallFixture.body(try await update.request())
      #expect(offer["type"] == "startCallUpdate")
      let third = try await calls.engine.makePeer(PeerConfiguration())
      try await third.setRemoteDescription(.offer, try #require(offer["sdp"]?.stringValue))
      try await third.setDirection(.audio, .sendrecv)
      try await third.setLocalDescription(.answer, try await third.createAnswer())
      calls.notify("respondCallUpdate", sdp: try await third.localDescription())
      try await call.driver.store.wait(for: .settled)
      try await call.connected()
    }
  }

  // MARK: Slow start

  @Test(.spec("R-CALL-62", "R-UP-23", "R-SDP-151", "TV-168")) func anOfferThatIsAskedForComesFromANewPeer() async throws {
    try await CallFixture.run { calls in
      let call = try await calls.talking()
      let before = try #require(try await calls.engine.peers.last?.localDescription())
      try await call.silence()
      let reply = calls.transport.expect(.put, CallFixture.session, CallFixture.accepted)
      calls.notify("startCallUpdate")
      let body = CallFixture.body(try await reply.request())
      #expect(body["type"] == "respondCallUpdate")
      let offer = try #require(body["sdp"]?.stringValue)
      let (old, new) = (try SessionDescription(before), try SessionDescription(offer))
      #expect(new.origin?.sessionId != old.origin?.sessionId)
      #expect(new.media.map(\.type) == ["audio", "video"])
      #expect(new.media.compactMap(\.setup) == [.actpass, .actpass])
      let other = try await calls.engine.makePeer(PeerConfiguration())
      try await other.setRemoteDescription(.offer, offer)
      try await other.setDirection(.audio, .sendrecv)
      try await other.setLocalDescription(.answer, try await other.createAnswer())
      calls.notify("respondCallUpdate", sdp: try await other.localDescription())
      _ = try await calls.first { event -> Bool? in
        if case .callStateChange(let change) = event, change.transition?.previousState == .inCall { true } else { nil }
      }
      try await call.connected()
      #expect(call.record.silenced)
    }
  }

  // MARK: Another endpoint

  @Test(.spec("TV-96", "TV-154", "TV-166", "R-UP-22", "R-MEDIA-27"))
  func aMutedAndSilencedCallGoesOnSoWithAnotherEndpoint() async throws {
    try await CallFixture.run { calls in
      let call = try await calls.talking(MakeOptions(isVideoEnabled: false, microphone: ToneSource(hz: 440)))
      let (probe, ear) = (AudioProbe(), AudioProbe())
      call.addAudioSink(probe)
      try await call.mute()
      try await call.silence()
      let other = try await calls.anotherEndpointOffers(sink: ear)
      try await call.connected()
      try await call.driver.store.wait(for: .settled)
      #expect(call.driver.media.remoteAudio.sinks.map { ObjectIdentifier($0) } == [ObjectIdentifier(probe)])
      calls.engine.network.pump(frames: 100)
      #expect(probe.purity(at: 700) > 0.9)
      #expect(ear.level == -120)
      try await call.unmute()
      try await calls.client.media.setDefaultDevices(microphone: "virtual:tone?hz=500")
      try await call.changeInputDevices()
      // The old peer has gone: the far ends of the test and the new one are left.
      #expect(calls.engine.openPeers.count == 3)
      #expect(calls.engine.peers.last?.id != other.id)
      calls.engine.network.pump(frames: 100)
      #expect(ear.purity(at: 500) > 0.9)
    }
  }

  // MARK: Handlers

  @Test(.spec("TV-45", "R-SDP-45")) func aCodecThatWasRemovedFromAnOfferIsNotAnswered() async throws {
    try await CallFixture.run { calls in
      calls.client.updateConfig { $0.call.sdpHandlers = [sdpHandlers.createCodecRemover(["opus"])] }
      let id = try await calls.isCalled()
      let answer = calls.transport.expect(.put, CallFixture.session, CallFixture.accepted)
      try calls.client.call.answer(id)
      let sdp = try SessionDescription(try #require(CallFixture.body(try await answer.request())["sdp"]?.stringValue))
      let offered = try #require(try await calls.farEnd.localDescription()).contains("opus")
      #expect(offered)
      #expect(sdp.media[0].codecs.map(\.name).contains("PCMU"))
      #expect(!sdp.media[0].codecs.map(\.name).contains("opus"))
    }
  }
}

extension CallFixture {
  /// An end that the client does not know yet takes the call over, says a tone of 700 Hz, and gets the client's answer.
  fileprivate func anotherEndpointOffers(sink: any AudioSink) async throws -> FakeMediaPeer {
    let other = try #require(try await engine.makePeer(PeerConfiguration()) as? FakeMediaPeer)
    try await other.setMicrophone(ToneSource(hz: 700))
    try await other.setAudioSinks([sink])
    try await other.addTransceiver(.audio, direction: .sendrecv)
    try await other.setLocalDescription(.offer, try await other.createOffer(iceRestart: false))
    let response = transport.expect(.put, Self.session, Self.accepted)
    notify("startCallUpdate", sdp: try await other.localDescription())
    let body = Self.body(try await response.request())
    try await other.setRemoteDescription(.answer, try #require(body["sdp"]?.stringValue))
    _ = try await first { event -> Bool? in
      if case .callStateChange(let change) = event, change.transition?.previousState == .inCall { true } else { nil }
    }
    return other
  }
}
