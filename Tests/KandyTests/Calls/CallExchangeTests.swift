import KandyTesting
import LinkLogic
import LinkMedia
import LinkProtocol
import Synchronization
import Testing

@testable import Kandy

/// Exchanges of descriptions that our own gateway never begins, and what SDP handlers see of all: part 02 §8.2, §8.11, §8.12, part 03 §3,
/// §9, §10.
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

  @Test(.spec("R-CALL-46", "R-SDP-150", "TV-20")) func aCallWithoutAnOfferIsAnsweredWithOne() async throws {
    try await CallFixture.run { calls in
      let seen = Seen()
      calls.client.updateConfig { $0.call.sdpHandlers = [seen.handler] }
      calls.notify("call", sdp: nil, ["actions": ["answer", "reject"]])
      let id: CallID = try await calls.first { if case .callReceive(let id) = $0 { id } else { nil } }
      let answer = calls.transport.expect(.put, CallFixture.session, CallFixture.accepted)
      let call = try calls.client.call.answer(id, AnswerOptions(isVideoEnabled: false))
      let request = try await answer.request()
      #expect(CallFixture.body(request)["type"] == "callAnswer")
      calls.notify("respondCallUpdate", sdp: try await calls.farEndAnswers(request))
      try await call.answered()
      #expect(
        seen.runs == [
          "PRE_SET_LOCAL ANSWER_CALL offer", "PRE_SEND_LOCAL ANSWER_CALL offer", "PRE_SET_REMOTE ANSWER_CALL answer",
        ])
    }
  }

  @Test(.spec("R-CALL-62", "R-UP-23", "R-SDP-151", "TV-168")) func anOfferThatIsAskedForComesFromANewPeer() async throws {
    try await CallFixture.run { calls in
      let call = try await calls.talking(MakeOptions(isVideoEnabled: false))
      let before = try #require(try await calls.engine.peers.last?.localDescription())
      try await call.silence()
      let reply = calls.transport.expect(.put, CallFixture.session, CallFixture.accepted)
      calls.notify("startCallUpdate")
      let body = CallFixture.body(try await reply.request())
      #expect(body["type"] == "respondCallUpdate")
      let offer = try #require(body["sdp"]?.stringValue)
      let (old, new) = (try SessionDescription(before), try SessionDescription(offer))
      #expect(new.origin?.sessionId != old.origin?.sessionId)
      #expect(new.media.map(\.type) == ["audio"])
      #expect(new.media.compactMap(\.setup) == [.actpass])
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

  // MARK: Handlers

  @Test(.spec("TV-21", "TV-23", "TV-26", "R-SDP-28")) func handlersSeeEveryStepOfWhatThisEndChanges() async throws {
    try await CallFixture.run { calls in
      let call = try await calls.talking()
      let seen = Seen()
      // A new list counts from the next operation on.
      calls.client.updateConfig { $0.call.sdpHandlers = [seen.handler] }
      _ = try await CallOperationTests.agree(calls) { try await call.hold() }
      _ = try await CallOperationTests.agree(calls) { try await call.unhold() }
      _ = try await CallOperationTests.agree(calls) { try await call.startVideo() }
      #expect(
        seen.runs == [
          "PRE_SET_LOCAL HOLD offer", "PRE_SEND_LOCAL HOLD offer", "PRE_SET_REMOTE HOLD answer",
          "PRE_SET_LOCAL UNHOLD offer", "PRE_SEND_LOCAL UNHOLD offer", "PRE_SET_REMOTE UNHOLD answer",
          "PRE_SET_LOCAL UPDATE offer", "PRE_SEND_LOCAL UPDATE offer", "PRE_SET_REMOTE RESPOND answer",
        ])
    }
  }

  @Test(.spec("TV-22")) func handlersSeeEveryStepOfWhatTheFarEndChanges() async throws {
    try await CallFixture.run { calls in
      _ = try await calls.talking(MakeOptions(isVideoEnabled: false))
      let seen = Seen()
      calls.client.updateConfig { $0.call.sdpHandlers = [seen.handler] }
      try await calls.farEnd.setDirection(.audio, .sendonly)
      try await calls.farEnd.setLocalDescription(.offer, try await calls.farEnd.createOffer(iceRestart: false))
      let reply = calls.transport.expect(.put, CallFixture.session, CallFixture.accepted)
      calls.notify("startCallUpdate", sdp: try await calls.farEnd.localDescription())
      _ = try await reply.request()
      _ = try await calls.sees(.onRemoteHold)
      #expect(
        seen.runs == ["PRE_SET_REMOTE HOLD offer", "PRE_SET_LOCAL HOLD answer", "PRE_SEND_LOCAL HOLD answer"])
      let operation: CallOperationChange = try await calls.first { event in
        if case .callOperation(let change) = event, !change.isLocal, change.transition == .finish { change } else { nil }
      }
      #expect(operation.operation == "hold")
    }
  }
}

/// Remembers what an SDP handler was run for.
private final class Seen: Sendable {
  private let kept = Mutex<[String]>([])
  var runs: [String] { kept.withLock { $0 } }

  var handler: SDPHandler {
    SDPHandler("seen") { [self] _, info, _ in
      kept.withLock { $0.append("\(info.step.rawValue) \(info.operation.rawValue) \(info.type.rawValue)") }
      return nil
    }
  }
}
