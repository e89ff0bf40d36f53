import Kandy
import KandyTesting
import LinkLogic
import LinkMedia
import LinkProtocol
import Testing

/// Candidates that travel one by one, between real ends.
@Suite(.serialized, .timeLimit(.minutes(1))) struct LiveTrickleTests {
  @Test(.spec("R-ICE-31", "R-ICE-32", "R-ICE-34", "R-ICE-36", "R-SRV-8"), arguments: [Configuration.TrickleICE.half, .full])
  func bothEndsTrickle(_ mode: Configuration.TrickleICE) async throws {
    let (fromAlice, fromBob) = (SentDescriptions(), SentDescriptions())
    try await LivePeople.run(
      alice: {
        $0.call.trickleIceSupport = mode
        $0.call.sdpHandlers = [fromAlice.handler]
      },
      bob: {
        $0.call.trickleIceSupport = mode
        $0.call.sdpHandlers = [fromBob.handler]
      }
    ) { people in
      let events = [people.alice.events, people.bob.events]
      let call = try await people.call()
      #expect(await call.isHeardBothWays())
      try await call.made.hold()
      #expect(await call.ears.bob.hearsNothing())
      try await call.made.unhold()
      try await call.answered.restartMedia()
      #expect(await call.isHeardBothWays())
      try await call.end()

      #expect((fromAlice.all + fromBob.all).allSatisfy { $0.offersTrickle })
      // An offer leaves empty only in full trickle; an answer in both.
      #expect(fromAlice.all.first?.hasCandidate == (mode == .half))
      #expect(fromBob.all.first?.hasCandidate == false)
      let arrived = await [events[0].candidatesUntilTheCallEnds(), events[1].candidatesUntilTheCallEnds()]
      #expect(arrived.allSatisfy { $0 > 0 })
    }
  }
}

extension EventStream {
  /// How many candidates were notified before the call was over.
  fileprivate func candidatesUntilTheCallEnds() async -> Int {
    var count = 0
    for await event in self {
      if case .notificationReceived(let notification) = event, notification.eventType == .iceCandidate {
        count += notification.sessionParams?.iceCandidates?.count ?? 0
      }
      if case .callStateChange(let change) = event, change.state == .ended { break }
    }
    return count
  }
}
