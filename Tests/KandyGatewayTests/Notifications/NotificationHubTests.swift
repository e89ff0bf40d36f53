import KandyTesting
import LinkProtocol
import Testing

@testable import KandyGateway

@Suite(.timeLimit(.minutes(1))) struct NotificationHubTests {
  private static let call = ServiceName(rawValue: "call")

  private func notification(_ id: String) -> LinkProtocol.Notification {
    LinkProtocol.Notification(eventType: .call, eventId: EventID(id))
  }

  @Test(.spec("R-CONN-654")) func whatWaitsComesInOrderAndOnceWhenTheSocketReturns() async throws {
    try await GatewayBench.run { bench in
      let made = try await bench.subscribe()
      let id = try #require(made.subscription)
      for event in ["e1", "e2"] { await bench.hub.post(notification(event), toSubscription: id) }
      let first = try await bench.withSocket(made.channel) { socket in
        let got = try await socket.notifications(2).map(\.eventId)
        await bench.confirmed(id)
        return got
      }
      #expect(first == [EventID("e1"), EventID("e2")])
      await bench.hub.post(notification("e3"), toSubscription: id)
      let second = try await bench.withSocket(made.channel) { try await $0.notifications(1).map(\.eventId) }
      #expect(second == [EventID("e3")])
    }
  }

  @Test(.spec("R-CONN-654", "R-CALL-477"))
  func aClientWhoseSocketFellSilentUnnoticedGetsEverythingOnceMore() async throws {
    try await GatewayBench.run { bench in
      let made = try await bench.subscribe()
      let id = try #require(made.subscription)
      try await bench.withSocket(made.channel) { dead in
        await bench.hub.post(notification("e1"), toSubscription: id)
        _ = try await dead.notifications(1)
        await bench.confirmed(id)
        dead.fallSilent()
        for event in ["e2", "e3"] { await bench.hub.post(notification(event), toSubscription: id) }
        _ = try await dead.notifications(3)
        try await bench.withSocket(made.channel) { socket in
          #expect(await dead.ending == .replaced)
          await bench.hub.post(notification("e4"), toSubscription: id)
          let got = try await socket.notifications(3)
          #expect(got.map(\.eventId) == ["e2", "e3", "e4"])
          #expect(Array(socket.texts.all.prefix(2)) == Array(dead.texts.all.suffix(2)))
          await bench.confirmed(id)
        }
      }
      try await bench.withSocket(made.channel) { socket in
        await bench.hub.post(notification("e5"), toSubscription: id)
        let got = try await socket.notifications(1).map(\.eventId)
        #expect(got == ["e5"])
      }
    }
  }

  @Test func aClientThatNeverAnswersAPingIsNotKeptWaiting() async throws {
    try await GatewayBench.run {
      $0.limits.keptNotifications = 2
    } _: { bench in
      let made = try await bench.subscribe()
      let id = try #require(made.subscription)
      try await bench.withSocket(made.channel) { socket in
        socket.fallSilent()
        for number in 1...5 {
          await bench.hub.post(notification("e\(number)"), toSubscription: id)
          let last = try await socket.notifications(number).last
          #expect(last?.eventId == EventID("e\(number)"))
        }
        #expect(await bench.hub.unconfirmed(by: id) == 2)
      }
    }
  }

  @Test func aMailboxIsBoundedByBytesToo() async throws {
    try await GatewayBench.run {
      $0.limits.keptBytes = 65_536
    } _: { bench in
      let made = try await bench.subscribe()
      let id = try #require(made.subscription)
      let blank = String(repeating: "x", count: 30_000)
      for event in ["e1", "e2", "e3"] { await bench.hub.post(notification(event + blank), toSubscription: id) }
      let got = try await bench.withSocket(made.channel) { try await $0.notifications(2).map(\.eventId) }
      #expect(got == [EventID("e2" + blank), EventID("e3" + blank)])
      // One that is larger than everything is delivered all the same.
      await bench.hub.post(notification(blank + blank + blank), toSubscription: id)
      #expect(await bench.hub.unconfirmed(by: id) == 1)
    }
  }

  @Test func whoPostsLearnsHowManyDevicesHaveASocket() async throws {
    try await GatewayBench.run { bench in
      let desk = try await bench.subscribe()
      _ = try await bench.subscribe()
      let nobody = await bench.hub.post(notification("e1"), to: GatewayBench.alice, service: Self.call)
      #expect(nobody == NotificationHub.Receivers(all: 2, connected: 0))
      try await bench.withSocket(desk.channel) { socket in
        _ = try await socket.notifications(1)
        let one = await bench.hub.post(notification("e2"), to: GatewayBench.alice, service: Self.call)
        #expect(one == NotificationHub.Receivers(all: 2, connected: 1))
      }
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
        await bench.confirmed(id)
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
      #expect(await bench.hub.post(unnumbered, to: GatewayBench.alice, service: Self.call).all == 2)
      let first = try await bench.withSocket(desk.channel) { try await $0.notifications(1).map(\.eventId) }
      let second = try await bench.withSocket(phone.channel) { try await $0.notifications(1).map(\.eventId) }
      #expect(first == second)
      #expect(first != [nil])
    }
  }

  @Test func aSubscriptionWithoutTheServiceIsLeftAlone() async throws {
    try await GatewayBench.run { bench in
      _ = try await bench.subscribe(GatewayBench.alice, ["service": ["IM"]])
      #expect(await bench.hub.post(notification("e1"), to: GatewayBench.alice, service: Self.call).all == 0)
    }
  }

  @Test func anUnknownChannelIsNotServed() async throws {
    try await GatewayBench.run { bench in
      let socket = RecordingSocket()
      #expect(await bench.hub.serve(ChannelID("nobody's"), over: socket) == .unknownChannel)
    }
  }
}
