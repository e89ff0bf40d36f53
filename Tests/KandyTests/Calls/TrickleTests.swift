import KandyTesting
import LinkLogic
import LinkMedia
import LinkProtocol
import Testing

@testable import Kandy

/// `call.trickleIceSupport`: when descriptions leave, and what becomes of candidates that they do not have (part 03 §12.4). The engine
/// finds candidates when the test says.
@Suite(.timeLimit(.minutes(1))) struct TrickleTests {
  typealias Mode = Configuration.TrickleICE

  private static func run(_ mode: Mode, _ body: (CallFixture) async throws -> Void) async throws {
    try await CallFixture.run(["trickleIceSupport": .string(mode.rawValue)], gathering: .byHand, body)
  }

  // MARK: - This end's candidates

  @Test(.spec("TV-52", "TV-53", "TV-147", "R-ICE-32", "R-ICE-34", "R-SDP-75"), arguments: Mode.allCases)
  func anInitialOfferLeavesAtOnceOnlyInFullTrickle(_ mode: Mode) async throws {
    try await Self.run(mode) { calls in
      let invite = calls.transport.expect(.post, "callControl", CallFixture.started)
      let hold = calls.engine.holdNextResult(.localDescription)
      let call = try calls.client.call.make("bob@example.com")
      try await calls.findCandidates(during: hold)
      let request = try await invite.request()
      let offer = try calls.description(request)
      #expect(offer.offersTrickle == (mode != .none))
      #expect(offer.everyActiveSectionHasCandidate() == (mode != .full))
      #expect(offer.hasCandidate == (mode != .full))

      calls.notify("ringing")
      _ = try await calls.sees(.ringing)
      #expect(calls.trickled == [])
      calls.notify("respondCallUpdate", sdp: try await calls.farEndAnswers(request))
      try await call.answered()
      if mode == .full { try await calls.flush() }
      #expect(calls.trickled.map { $0.map(\.sdpMid) } == (mode == .full ? [["0", "1"]] : []))
      // Each once.
      try await calls.hold(call)
      #expect(calls.trickled.count == (mode == .full ? 1 : 0))
    }
  }

  @Test(.spec("R-ICE-31", "R-ICE-32"), arguments: Mode.allCases, [true, false])
  func anAnswerLeavesAtOnceIfBothEndsTrickle(_ mode: Mode, _ farEndTrickles: Bool) async throws {
    try await Self.run(mode) { calls in
      let id = try await calls.isCalled(trickling: farEndTrickles)
      let answering = calls.transport.expect(.put, CallFixture.session, CallFixture.accepted)
      let hold = calls.engine.holdNextResult(.localDescription)
      let call = try calls.client.call.answer(id)
      try await calls.findCandidates(during: hold)
      let answer = try calls.description(try await answering.request())
      let trickles = mode != .none && farEndTrickles
      #expect(answer.offersTrickle == trickles)
      #expect(answer.hasCandidate == !trickles)
      try await call.answered()
      if trickles { try await calls.flush() }
      #expect(calls.trickled.map { $0.map(\.sdpMid) } == (trickles ? [["0"]] : []))
    }
  }

  @Test(.spec("TV-54", "R-SDP-75", "R-ICE-32"), arguments: Mode.allCases, [true, false])
  func anOfferInACallLeavesAtOnceIfBothEndsTrickle(_ mode: Mode, _ farEndTrickles: Bool) async throws {
    try await Self.run(mode) { calls in
      let call = try await calls.talking(mode, farEndTrickles: farEndTrickles)
      let trickles = mode != .none && farEndTrickles
      let before = calls.trickled.count
      let update = calls.transport.expect(.put, CallFixture.session, CallFixture.accepted)
      let hold = calls.engine.holdNextResult(.localDescription)
      async let restarted: Void = call.restartMedia()
      try await hold.reached()
      calls.engine.peers.last?.finishGathering()
      hold.release()
      let request = try await update.request()
      let offer = try calls.description(request)
      #expect(offer.offersTrickle == trickles)
      #expect(offer.hasCandidate == !trickles)
      if trickles { try await calls.flush() }
      calls.notify("respondCallUpdate", sdp: try await calls.farEndAnswers(request))
      try await restarted
      #expect(calls.trickled.count - before == (trickles ? 1 : 0))
    }
  }

  /// A handler that takes candidates out of what is sent takes them out for good.
  @Test(.spec("TV-25", "R-ICE-34")) func whatAHandlerHasRemovedIsNotTrickled() async throws {
    try await Self.run(.half) { calls in
      calls.client.updateConfig {
        $0.call.sdpHandlers = [
          SDPHandler { sdp, info, _ in
            guard info.step == .preSendLocal else { return nil }
            var sdp = sdp
            for index in sdp.media.indices { sdp.media[index].removeAttributes("candidate") }
            return sdp
          }
        ]
      }
      let call = try await calls.talking(.half, farEndTrickles: true)
      try await calls.hold(call)
      #expect(calls.trickled == [])
    }
  }

  // MARK: - The far end's candidates

  @Test(.spec("TV-148", "R-ICE-36"), arguments: Mode.allCases)
  func theFarEndsCandidatesWaitForItsDescription(_ mode: Mode) async throws {
    try await Self.run(mode) { calls in
      // Nothing is known of either end's addresses but by this candidate.
      calls.client.updateConfig { $0.call.sdpHandlers = [SDPHandler { sdp, _, _ in sdp.withoutCandidates }] }
      let invite = calls.transport.expect(.post, "callControl", CallFixture.started)
      let hold = calls.engine.holdNextResult(.localDescription)
      let call = try calls.client.call.make("bob@example.com", MakeOptions(isVideoEnabled: false))
      try await calls.findCandidates(during: hold)
      let request = try await invite.request()
      calls.trickles([ICECandidate(candidate: CallFixture.candidate, sdpMid: "0", sdpMLineIndex: 0)])
      let peer = try #require(calls.engine.peers.last)
      calls.notify("ringing")
      _ = try await calls.sees(.ringing)
      #expect(!peer.history.contains(.addCandidate))
      calls.notify("respondCallUpdate", sdp: try await calls.farEndAnswers(request))
      try await call.connected()
      #expect(
        peer.history.filter { $0 == .setRemoteDescription || $0 == .addCandidate } == [.setRemoteDescription, .addCandidate])
    }
  }

  @Test(
    .spec("TV-149", "R-ICE-36", "R-SDP-1"),
    arguments: [
      (ICECandidate(candidate: CallFixture.candidate, sdpMid: "0", sdpMLineIndex: 0), true),
      (ICECandidate(candidate: CallFixture.candidate, sdpMid: nil, sdpMLineIndex: 0), true),
      (ICECandidate(candidate: CallFixture.candidate, sdpMid: "7", sdpMLineIndex: 7), false),
      (ICECandidate(candidate: CallFixture.candidate, sdpMid: nil, sdpMLineIndex: nil), false),
      (ICECandidate(candidate: "candidate:what", sdpMid: "0", sdpMLineIndex: 0), true),
      (ICECandidate(candidate: "", sdpMid: "0", sdpMLineIndex: 0), true),
    ])
  func aCandidateThatBelongsNowhereIsDroppedAndNoneDoesHarm(_ candidate: ICECandidate, reachesEngine: Bool) async throws {
    try await CallFixture.run { calls in
      let call = try await calls.talking(MakeOptions(isVideoEnabled: false))
      calls.trickles([candidate])
      _ = try await CallOperationTests.agree(calls) { try await call.hold() }
      #expect(calls.engine.peers.last?.history.contains(.addCandidate) == reachesEngine)
      #expect(call.record.state == .onHold)
    }
  }
}

extension SessionDescription {
  fileprivate var withoutCandidates: SessionDescription {
    var description = self
    for index in description.media.indices { description.media[index].removeAttributes("candidate") }
    return description
  }
}

extension CallFixture {
  fileprivate static let candidate = "candidate:1 1 udp 2122260223 192.0.2.77 40000 typ host generation 0"

  fileprivate func description(_ request: TransportRequest) throws -> SessionDescription {
    try SessionDescription(try #require(Self.body(request)["sdp"]?.stringValue))
  }

  /// What has gone out in `updateIceCandidate`, request by request.
  fileprivate var trickled: [[ICECandidate]] {
    transport.requests(.put, Self.session).map(Self.body).filter { $0["type"] == "updateIceCandidate" }.map { body in
      (body["iceCandidates"]?.arrayValue ?? []).compactMap { value in
        value["candidate"]?.stringValue.map {
          ICECandidate(candidate: $0, sdpMid: value["sdpMid"]?.stringValue, sdpMLineIndex: value["sdpMLineIndex"]?.intValue)
        }
      }
    }
  }

  /// The engine finds everything after the client has asked for its description and before the client has heard the answer.
  fileprivate func findCandidates(during hold: FakeMediaHold) async throws {
    try await hold.reached()
    let peer = try #require(engine.peers.last)
    peer.finishGathering()
    peer.report(.checking)
    // The client hears in order: when it has reported this it knows of the candidates.
    _ = try await first { if case .callMediaStateChange(_, .checking) = $0 { true } else { nil } }
    hold.release()
  }

  /// Lets the time pass for which candidates are collected, and takes them.
  fileprivate func flush() async throws {
    let due = fixture.clock.now.advanced(by: .milliseconds(100))
    let update = transport.expect(.put, Self.session, Self.accepted)
    while fixture.clock.nextDeadline != due {
      try Task.checkCancellation()
      await Task.yield()
    }
    await fixture.clock.advance(to: due)
    #expect(Self.body(try await update.request())["type"] == "updateIceCandidate")
  }

  fileprivate func hold(_ call: Call) async throws {
    _ = try await CallOperationTests.agree(self) { try await call.hold() }
  }

  /// A call in which everything that was found at the beginning has been told.
  fileprivate func talking(_ mode: TrickleTests.Mode, farEndTrickles: Bool) async throws -> Call {
    let invite = transport.expect(.post, "callControl", Self.started)
    let hold = engine.holdNextResult(.localDescription)
    let call = try client.call.make("bob@example.com", MakeOptions(isVideoEnabled: false))
    try await findCandidates(during: hold)
    let answer = try await farEndAnswers(try await invite.request())
    notify("respondCallUpdate", sdp: farEndTrickles ? answer : Self.withoutTrickle(answer))
    try await call.answered()
    if mode == .full, farEndTrickles { try await flush() }
    return call
  }

  fileprivate static func withoutTrickle(_ sdp: String) -> String {
    sdp.split(separator: "\r\n").filter { !$0.hasPrefix("a=ice-options") }.map { $0 + "\r\n" }.joined()
  }

  fileprivate func isCalled(trickling: Bool) async throws -> CallID {
    try await farEnd.addTransceiver(.audio, direction: .sendrecv)
    try await farEnd.setLocalDescription(.offer, try await farEnd.createOffer(iceRestart: false))
    (farEnd as? FakeMediaPeer)?.finishGathering()
    let offer = try #require(try await farEnd.localDescription())
    notify("call", sdp: trickling ? offer : Self.withoutTrickle(offer), ["actions": ["answer", "reject"]])
    return try await first { if case .callReceive(let id) = $0 { id } else { nil } }
  }

  fileprivate func trickles(_ candidates: [ICECandidate]) {
    let values: [JSONValue] = candidates.map { candidate in
      var value: [String: JSONValue] = ["candidate": .string(candidate.candidate)]
      value["sdpMid"] = candidate.sdpMid.map { .string($0) }
      value["sdpMLineIndex"] = candidate.sdpMLineIndex.map { .integer(Int64($0)) }
      return .object(value)
    }
    notify("IceCandidate", ["iceCandidates": .array(values)])
  }
}
