import HTTPTypes
import KandyTesting
import LinkProtocol
import Testing

@testable import KandyGateway

/// How a subscription ends, and what is no longer, or never was, the caller's.
@Suite(.timeLimit(.minutes(1))) struct SubscriptionEndTests {
  private let me = "/rest/version/1/user/alice@example.com/subscription"

  @Test(.spec("R-CONN-547", "R-CONN-572")) func whatExpiresIsToldThatItIsGoneAndIsClosed() async throws {
    try await GatewayBench.run { bench in
      let short = try await bench.subscribe(GatewayBench.alice, ["expires": 60])
      let long = try await bench.subscribe(GatewayBench.alice, ["expires": 600])
      try await bench.withSocket(short.channel) { socket in
        await bench.clock.waitForSleepers(1)
        await bench.clock.advance(by: .seconds(59))
        #expect(socket.texts.all.isEmpty)
        await bench.clock.waitForSleepers(1)
        await bench.clock.advance(by: .seconds(2))
        let gone = try #require(try await socket.notifications(1).first)
        #expect(gone.eventType == .gone)
        #expect(gone.eventId != nil && gone.time != nil)
        #expect(await socket.ending == .subscriptionOver)
        #expect(SocketEnding.subscriptionOver.closeCode == 1000)
        #expect(socket.texts.all.count == 1)
      }
      #expect(await !bench.hub.isOpen(try #require(short.channel)))
      #expect(await bench.hub.isOpen(try #require(long.channel)))
    }
  }

  @Test(.spec("R-CONN-1203", "R-CONN-547")) func nobodyEndsOrChangesWhatIsNotHis() async throws {
    try await GatewayBench.run { bench in
      let bobs = try await bench.subscribe(GatewayBench.bob, ["clientCorrelator": "c1"])
      let (id, path) = (try #require(bobs.subscription), try #require(bobs.path))
      // In her own path his subscription is one that does not exist.
      for name in ["\(id)", "unknown", "clientCorrelator/c1"] {
        #expect(try await bench.refresh("\(me)/\(name)", ["service": []]).verdict == .gone)
      }
      let foreign = try await bench.delete("\(me)/\(id)")
      let unknown = try await bench.delete("\(me)/unknown")
      #expect(foreign.verdict == .gone)
      #expect(foreign.text == unknown.text)
      // In his path she is somebody else.
      #expect(try await bench.refresh(path, ["service": []]).verdict == .foreign)
      #expect(try await bench.delete(path).verdict == .foreign)
      let kept = try await bench.refresh(path, headers: GatewayBench.basic("bob@example.com"))
      #expect(kept.params?["service"] == ["IM", "Presence", "call"])
    }
  }

  @Test(.spec("R-CONN-547", "R-CONN-562")) func whatHasBeenDeletedIsGoneForEveryRequest() async throws {
    try await GatewayBench.run { bench in
      let path = try #require(try await bench.subscribe(GatewayBench.alice, ["clientCorrelator": "c1"]).path)
      #expect(try await bench.delete(path).verdict == .ok)
      #expect(try await bench.delete(path).verdict == .gone)
      #expect(try await bench.refresh(path).verdict == .gone)
      #expect(try await bench.refresh("\(me)/clientCorrelator/c1").verdict == .gone)
    }
  }

  /// A client or load balancer reads 503 as "elsewhere, or later".
  @Test(.spec("R-CONN-1103")) func whoComesWhileTheGatewayShutsDownIsToldWhenToReturn() async throws {
    try await GatewayBench.run { bench in
      let alices = try await bench.subscribe()
      _ = try await bench.subscribe(GatewayBench.bob)
      for feature in bench.gateway.features { await feature.shutDown() }
      let call = try await bench.control(
        "POST", GatewayBench.alice, "", ["type": "callStart", "from": "alice", "to": "bob@example.com", "sdp": "v=0"])
      #expect(call.verdict == .refused(503, 503))
      #expect(call.headers[.retryAfter] == "5")
      #expect(call.body["callControlResponse"]?["retryAfter"] == 5)
      // Who is still connected is still served.
      #expect(try await bench.refresh(try #require(alices.path)).status == 200)

      await bench.gateway.keeper.close()
      let subscribe = try await bench.subscribe()
      #expect(subscribe.verdict == .refused(503, 503))
      #expect(subscribe.headers[.retryAfter] == "5")
      #expect(subscribe.subscribe?["retryAfter"] == 5_000)
      let socket = RecordingSocket()
      #expect(await bench.hub.serve(try #require(alices.channel), over: socket) == .lost)
    }
  }
}
