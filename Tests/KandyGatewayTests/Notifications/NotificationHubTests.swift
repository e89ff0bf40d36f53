import KandyTesting
import LinkProtocol
import Testing

@testable import KandyGateway

@Suite struct NotificationHubTests {
  private static let call = ServiceName(rawValue: "call")

  private func notification(_ id: String) -> LinkProtocol.Notification {
    LinkProtocol.Notification(eventType: .call, eventId: EventID(id))
  }

  @Test(.spec("R-CONN-654")) func whatWaitsComesInOrderAndOnceWhenTheSocketReturns() async throws {
    try await GatewayBench.run { bench in
      let made = try await bench.subscribe()
      let id = try #require(made.subscription)
      for event in ["e1", "e2"] { await bench.hub.post(notification(event), toSubscription: id) }
      let first = try await bench.withSocket(made.channel) { try await $0.notifications(2).map(\.eventId) }
      #expect(first == [EventID("e1"), EventID("e2")])
      await bench.hub.post(notification("e3"), toSubscription: id)
      let second = try await bench.withSocket(made.channel) { try await $0.notifications(1).map(\.eventId) }
      #expect(second == [EventID("e3")])
    }
  }

  @Test func aMailboxThatIsFullLosesItsOldest() async throws {
    try await GatewayBench.run {
      $0.limits.keptNotifications = 2
    } _: { bench in
      let made = try await bench.subscribe()
      let id = try #require(made.subscription)
      for event in ["e1", "e2", "e3"] { await bench.hub.post(notification(event), toSubscription: id) }
      let got = try await bench.withSocket(made.channel) { try await $0.notifications(2).map(\.eventId) }
      #expect(got == [EventID("e2"), EventID("e3")])
    }
  }

  @Test(.spec("R-CONN-605")) func aNewerConnectionTakesTheChannelOver() async throws {
    try await GatewayBench.run { bench in
      let made = try await bench.subscribe()
      let id = try #require(made.subscription)
      await bench.hub.post(notification("e1"), toSubscription: id)
      try await bench.withSocket(made.channel) { older in
        _ = try await older.notifications(1)
        try await bench.withSocket(made.channel) { newer in
          #expect(await older.ending == .replaced)
          await bench.hub.post(notification("e2"), toSubscription: id)
          let got = try await newer.notifications(1).map(\.eventId)
          #expect(got == [EventID("e2")])
        }
        #expect(older.texts.all.count == 1)
      }
    }
  }

  @Test func aClientThatDoesNotReadDelaysNobodyElse() async throws {
    try await GatewayBench.run { bench in
      let alice = try await bench.subscribe()
      let bob = try await bench.subscribe(GatewayBench.bob)
      let (alices, bobs) = (try #require(alice.subscription), try #require(bob.subscription))
      try await bench.withSocket(alice.channel) { deaf in
        deaf.stopReading()
        await bench.hub.post(notification("e1"), toSubscription: alices)
        try await bench.withSocket(bob.channel) { socket in
          await bench.hub.post(notification("e2"), toSubscription: bobs)
          let got = try await socket.notifications(1).map(\.eventId)
          #expect(got == [EventID("e2")])
        }
        #expect(deaf.texts.all.isEmpty)
        deaf.readAgain()
        #expect(try await deaf.notifications(1).map(\.eventId) == [EventID("e1")])
      }
    }
  }

  @Test func whatBreaksWhileBeingWrittenComesAgain() async throws {
    try await GatewayBench.run { bench in
      let made = try await bench.subscribe()
      let id = try #require(made.subscription)
      try await bench.withSocket(made.channel) { socket in
        socket.stopReading()
        await bench.hub.post(notification("e1"), toSubscription: id)
        socket.breakDown()
        #expect(await socket.ending == .lost)
      }
      let got = try await bench.withSocket(made.channel) { try await $0.notifications(1).map(\.eventId) }
      #expect(got == [EventID("e1")])
    }
  }

  @Test(.spec("R-CONN-524")) func aReplacedSubscriptionIsToldThatItIsOverridden() async throws {
    try await GatewayBench.run { bench in
      let made = try await bench.subscribe(GatewayBench.alice, ["clientCorrelator": "c1"])
      try await bench.withSocket(made.channel) { socket in
        await bench.hub.post(notification("e1"), toSubscription: try #require(made.subscription))
        _ = try await socket.notifications(1)
        #expect(try await bench.subscribe(GatewayBench.alice, ["clientCorrelator": "c1"]).verdict == .ok)
        #expect(try await socket.types(2) == [.call, .websocketOverridden])
        #expect(await socket.ending == .subscriptionOver)
      }
    }
  }

  @Test(.spec("R-CONN-523")) func aForcedLogOutTellsTheOldestThatItIsGone() async throws {
    try await GatewayBench.run {
      $0.limits.subscriptionsPerUser = 1
    } _: { bench in
      let made = try await bench.subscribe()
      try await bench.withSocket(made.channel) { socket in
        await bench.hub.post(notification("e1"), toSubscription: try #require(made.subscription))
        _ = try await socket.notifications(1)
        #expect(try await bench.subscribe(GatewayBench.alice, ["forceLogOut": "true"]).verdict == .ok)
        #expect(try await socket.types(2) == [.call, .gone])
        #expect(await socket.ending == .subscriptionOver)
      }
    }
  }

  @Test(.spec("R-CONN-562")) func aClientThatLeavesIsNotToldThatItIsGone() async throws {
    try await GatewayBench.run { bench in
      let made = try await bench.subscribe()
      try await bench.withSocket(made.channel) { socket in
        await bench.hub.post(notification("e1"), toSubscription: try #require(made.subscription))
        _ = try await socket.notifications(1)
        #expect(try await bench.delete(try #require(made.path)).verdict == .ok)
        #expect(await socket.ending == .subscriptionOver)
        #expect(socket.texts.all.count == 1)
      }
    }
  }

  @Test(.spec("R-CONN-701")) func everyDeviceGetsTheSameEventId() async throws {
    try await GatewayBench.run { bench in
      let (desk, phone) = (try await bench.subscribe(), try await bench.subscribe())
      let unnumbered = LinkProtocol.Notification(eventType: .call, eventId: nil)
      #expect(await bench.hub.post(unnumbered, to: GatewayBench.alice, service: Self.call) == 2)
      let first = try await bench.withSocket(desk.channel) { try await $0.notifications(1).map(\.eventId) }
      let second = try await bench.withSocket(phone.channel) { try await $0.notifications(1).map(\.eventId) }
      #expect(first == second)
      #expect(first != [nil])
    }
  }

  @Test func aSubscriptionWithoutTheServiceIsLeftAlone() async throws {
    try await GatewayBench.run { bench in
      _ = try await bench.subscribe(GatewayBench.alice, ["service": ["IM"]])
      #expect(await bench.hub.post(notification("e1"), to: GatewayBench.alice, service: Self.call) == 0)
    }
  }

  @Test func anUnknownChannelIsNotServed() async throws {
    try await GatewayBench.run { bench in
      let socket = RecordingSocket()
      #expect(await bench.hub.serve(ChannelID("nobody's"), over: socket) == .unknownChannel)
    }
  }
}
