import Kandy
import KandyTesting
import LinkProtocol
import Testing

/// What a call survives: its way through the network, and its WebSocket.
@Suite(.serialized, .timeLimit(.minutes(1))) struct RecoveryTests {
  @Test(.spec("R-ICE-56", "R-UP-27")) func aCallWhoseWayBreaksForGoodFindsAnotherByItself() async throws {
    let path = try await NetworkPath.open(sockets: 64)
    try await LivePeople.run(
      alice: { $0.call.sdpHandlers = [path.handler(.near)] }, bob: { $0.call.sdpHandlers = [path.handler(.far)] }
    ) { people in
      let call = try await people.call()
      try #require(await call.isHeardBothWays())
      let (atAlice, atBob) = (CallDiary(call.made.id, people.alice), CallDiary(call.answered.id, people.bob))

      path.abandon()
      #expect(await call.ears.bob.hearsNothing())
      #expect(await atAlice.sees { if case .callMediaStateChange(_, .disconnected) = $0 { true } else { false } })
      #expect(await atAlice.sees { if case .callMediaRestart = $0 { true } else { false } })
      #expect(await call.isHeardBothWays())

      print("the way broke, and the tone was away for \(call.ears.bob.gaps.longest) until the call had found another")
      for (call, diary) in [(call.made, atAlice), (call.answered, atBob)] {
        #expect(call.record.state == .inCall)
        #expect([.connected, .completed].contains(call.record.mediaState))
        #expect(diary.states.allSatisfy { $0 == .inCall })
        #expect(diary.errors == [])
      }
      try await call.end()
    }
    try await path.close()
  }

  @Test(.spec("R-CALL-690", "R-CONN-650")) func aCallGoesOnWhileItsWebSocketIsAwayAndAHoldIsAnsweredAfterwards() async throws {
    let (hers, his) = (try await SocketRelay.open(), try await SocketRelay.open())
    try await LivePeople.run(alice: hers.stand, bob: his.stand) { people in
      let call = try await people.call()
      try #require(await call.isHeardBothWays())
      let (atAlice, atBob) = (CallDiary(call.made.id, people.alice), CallDiary(call.answered.id, people.bob))

      // While they talk, at both ends.
      call.ears.bob.gaps.reset()
      hers.cut()
      his.cut()
      #expect(await atAlice.becomes(isOpen: false))
      #expect(await atBob.becomes(isOpen: false))
      #expect(await call.isHeardBothWays())
      hers.mend()
      his.mend()
      #expect(await atAlice.becomes(isOpen: true))
      #expect(await atBob.becomes(isOpen: true))
      #expect(call.ears.bob.gaps.longest < .milliseconds(500))

      // While Alice holds: the request gets through, what Bob answers has to wait for her WebSocket.
      hers.cut()
      #expect(await atAlice.becomes(isOpen: false))
      async let held: Void = call.made.hold()
      #expect(await atBob.enters(.onRemoteHold))
      #expect(await call.ears.bob.hearsNothing())
      #expect(call.made.record.state == .inCall)
      hers.mend()
      try await held
      #expect(call.made.record.state == .onHold)

      try await call.made.unhold()
      #expect(await call.isHeardBothWays())
      #expect(call.made.record.state == .inCall)
      #expect(await atBob.enters(.inCall))
      #expect(atAlice.errors + atBob.errors == [])
      try await call.end()
    }
    try await hers.close()
    try await his.close()
  }
}

/// What one end of a call reports, from the diary's beginning; each wait goes on from where the last one ended.
private final class CallDiary {
  private let id: CallID
  private let client: Client
  private var events: AsyncStream<Event>.AsyncIterator
  private(set) var states: [CallState] = []
  private(set) var errors: [BasicError] = []

  init(_ id: CallID, _ client: Client) {
    self.id = id
    self.client = client
    events = client.events.makeAsyncIterator()
  }

  /// - Returns: `false` if the time limit came first.
  func sees(_ isIt: (Event) -> Bool) async -> Bool {
    while let event = await events.next(isolation: #isolation) {
      switch event {
      case .callStateChange(let change) where change.callID == id: if let state = change.state { states.append(state) }
      case .callError(id, let error): errors.append(error)
      default: break
      }
      if isIt(event) { return true }
    }
    return false
  }

  func enters(_ state: CallState) async -> Bool {
    await sees { if case .callStateChange(let change) = $0 { change.callID == id && change.state == state } else { false } }
  }

  /// Whether the WebSocket is open, or is not any more.
  func becomes(isOpen: Bool) async -> Bool {
    await sees { event in
      guard case .wsChange = event else { return false }
      return (try? client.connection.getSocketState())?.connected == isOpen
    }
  }
}
