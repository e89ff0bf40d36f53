import Kandy
import KandyGateway
import KandyTesting
import LinkLogic
import LinkMedia
import LinkProtocol
import Testing

/// Candidates that travel one by one, between real ends. They are those of a relay, which takes two round trips to give one.
@Suite(.serialized, .timeLimit(.minutes(1))) struct LiveTrickleTests {
  @Test(.spec("R-ICE-31", "R-ICE-32", "R-ICE-34", "R-ICE-36", "R-SRV-8"), arguments: [Configuration.TrickleICE.half, .full])
  func bothEndsTrickle(_ mode: Configuration.TrickleICE) async throws {
    let (fromAlice, fromBob) = (SentDescriptions(), SentDescriptions())
    func trickling(_ sent: SentDescriptions, over server: TurnServer) -> (inout Configuration) -> Void {
      {
        server.relay(&$0, handlers: [sent.handler])
        $0.call.trickleIceSupport = mode
      }
    }
    try await TurnServer.run(secret: "a secret") { server in
      var gateway = GatewayConfiguration()
      gateway.turn = GatewayConfiguration.Turn(secret: "a secret")
      try await LivePeople.run(
        gateway: gateway, alice: trickling(fromAlice, over: server), bob: trickling(fromBob, over: server)
      ) { people in
        let (aliceEvents, bobEvents) = (people.alice.events, people.bob.events)
        let call = try await people.call()
        #expect(await call.isHeardBothWays())
        try await call.made.hold()
        #expect(await call.ears.bob.hearsNothing())
        try await call.made.unhold()
        try await call.answered.restartMedia()
        #expect(await call.isHeardBothWays())
        try await call.end()

        #expect((fromAlice.all + fromBob.all).allSatisfy { $0.offersTrickle })
        if mode == .half { #expect(fromAlice.all.first?.hasCandidate == true) }
        // What is found before a description leaves leaves with it, on a busy machine all; what a description leaves without follows.
        if fromAlice.all.first?.hasCandidate != true { #expect(await bobEvents.candidatesUntilTheCallEnds() > 0) }
        if fromBob.all.first?.hasCandidate != true { #expect(await aliceEvents.candidatesUntilTheCallEnds() > 0) }
      }
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
