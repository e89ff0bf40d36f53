import KandyTesting
import KandyWebRTC
import LinkLogic
import LinkMedia
import LinkProtocol
import Testing

/// Two peers whose way through the network breaks for good under a call.
@Suite(.serialized, .timeLimit(.minutes(1))) struct ICERestartTests {
  /// One peer and the reader of its events.
  private final class End {
    let peer: any MediaPeer
    let side: NetworkPath.Side
    let ear: LiveEar
    private var events: AsyncStream<PeerEvent>.AsyncIterator

    init(_ engine: WebRTCEngine, _ side: NetworkPath.Side, hears hz: Double, says: Double) async throws {
      peer = try await engine.makePeer(PeerConfiguration())
      self.side = side
      ear = LiveEar(hz)
      events = peer.events.makeAsyncIterator()
      try await peer.setAudioSinks([ear])
      try await peer.setMicrophone(ToneSource(hz: says))
    }

    /// Reads events until the connection is in this state. - Returns: `false` if the time limit came first.
    func becomes(_ state: ICEConnectionState) async -> Bool {
      while let event = await events.next(isolation: #isolation) {
        if event == .iceConnectionState(state) { return true }
      }
      return false
    }

    /// The description that was just set, with its candidates, as the other end is to see it.
    func description(through path: NetworkPath) async throws -> String {
      while try await peer.gatheringState() != .complete {
        guard await events.next(isolation: #isolation) != nil else { throw MediaError.closed }
      }
      let text = try await peer.localDescription() ?? ""
      return try path.through(SessionDescription(text), side).text
    }
  }

  private func exchange(_ offerer: End, _ answerer: End, _ path: NetworkPath, iceRestart: Bool = false) async throws {
    try await offerer.peer.setLocalDescription(.offer, try await offerer.peer.createOffer(iceRestart: iceRestart))
    try await answerer.peer.setRemoteDescription(.offer, try await offerer.description(through: path))
    try await answerer.peer.addTransceiver(.audio, direction: .sendrecv)
    try await answerer.peer.setLocalDescription(.answer, try await answerer.peer.createAnswer())
    try await offerer.peer.setRemoteDescription(.answer, try await answerer.description(through: path))
  }

  @Test(.spec("R-UP-27", "R-ICE-57")) func anICERestartFindsAnotherWay() async throws {
    let path = try await NetworkPath.open()
    let engine = WebRTCEngine()
    let alice = try await End(engine, .near, hears: 900, says: 500)
    let bob = try await End(engine, .far, hears: 500, says: 900)
    try await alice.peer.addTransceiver(.audio, direction: .sendrecv)
    try await exchange(alice, bob, path)
    try #require(await alice.ear.hears(900))
    try #require(await bob.ear.hears(500))

    path.abandon()
    #expect(await alice.becomes(.disconnected))
    #expect(await alice.ear.hearsNothing())
    try await exchange(alice, bob, path, iceRestart: true)
    #expect(await alice.ear.hears(900))
    #expect(await bob.ear.hears(500))
    print("the way broke, and the tone was away for \(bob.ear.gaps.longest), most of it until the engine noticed")
    await engine.shutdown()
    try await path.close()
  }
}
