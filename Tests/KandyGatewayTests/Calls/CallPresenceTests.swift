import Foundation
import KandyTesting
import LinkProtocol
import Testing

@testable import KandyGateway

/// How a composed gateway's calls learn that a device is no longer there for them.
@Suite(.timeLimit(.minutes(1))) struct CallPresenceTests {
  /// What was posted to a device without a socket, as soon as the last is of a type.
  private func notifications(_ bench: GatewayBench, to id: SubscriptionID, until last: EventType) async throws -> [EventType] {
    while true {
      let types = try await bench.hub.waiting[id, default: []].map {
        try WireCoding.decode(LinkProtocol.Notification.self, from: Data($0.utf8)).eventType
      }
      if types.last == last { return types }
      try Task.checkCancellation()
      await Task.yield()
    }
  }

  @Test(.spec("R-CONN-550", "R-CONN-1113")) func aDeviceThatGivesUpTheServiceCallLosesItsCall() async throws {
    try await GatewayBench.run { bench in
      let alice = try #require(try await bench.subscribe().subscription)
      let made = try await bench.subscribe(GatewayBench.bob)
      _ = try await bench.call(answeredAt: try #require(made.subscription))
      await bench.clock.waitForSleepers(4)  // the keeper's beat, the ring time, and an audit for each
      let changed = try await bench.refresh(
        try #require(made.path), headers: GatewayBench.basic("bob@example.com"), ["service": ["IM"]])
      #expect(changed.params?["service"] == ["IM"])
      await bench.clock.waitForSleepers(5)
      await bench.clock.advance(by: .seconds(10))
      let types = try await notifications(bench, to: alice, until: .callEnd)
      #expect(types == [.ringing, .respondCallUpdate, .callEnd])
    }
  }

  @Test(.spec("R-CONN-1113")) func aDeviceThatGivesUpAnotherServiceKeepsItsCall() async throws {
    try await GatewayBench.run { bench in
      let alice = try #require(try await bench.subscribe().subscription)
      let made = try await bench.subscribe(GatewayBench.bob)
      let sessions = try await bench.call(answeredAt: try #require(made.subscription))
      await bench.clock.waitForSleepers(4)
      _ = try await bench.refresh(
        try #require(made.path), headers: GatewayBench.basic("bob@example.com"), ["service": ["call"]])
      await bench.clock.advance(by: .seconds(60))
      let audit = try await bench.control("PUT", GatewayBench.alice, "/callSessions/\(sessions.alice)", ["type": "audit"])
      #expect(audit.verdict == .ok)
      #expect(try await notifications(bench, to: alice, until: .respondCallUpdate) == [.ringing, .respondCallUpdate])
    }
  }
}
