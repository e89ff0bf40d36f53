import KandyTesting
import LinkProtocol
import Testing

@testable import KandyGateway

@Suite struct SubscriptionMembersTests {
  private let me = "/rest/version/1/user/alice@example.com/subscription"

  @Test(.spec("R-CONN-522")) func numbersAndTruthValuesMayBeTextAndUnknownMembersAreIgnored() async throws {
    try await GatewayBench.run { bench in
      let answer = try await bench.subscribe(
        GatewayBench.alice, ["expires": "120", "forceLogOut": "false", "useTurn": true, "nonsense": [1, 2]])
      #expect(answer.verdict == .ok)
      #expect(answer.params?["expires"]?.intValue == 120)
    }
  }

  @Test(.spec("R-CONN-531")) func nobodyGetsLessThanAMinute() async throws {
    try await GatewayBench.run { bench in
      let answer = try await bench.subscribe(GatewayBench.alice, ["expires": 1])
      #expect(try #require(answer.params?["expires"]?.intValue) >= 60)
    }
  }

  @Test(.spec("R-CONN-552"), arguments: [["IM"], ["services": ["IM"]]] as [JSONValue])
  func aRefreshChangesTheServicesInEitherForm(_ services: JSONValue) async throws {
    try await GatewayBench.run { bench in
      let path = try #require(try await bench.subscribe().path)
      let answer = try await bench.refresh(path, ["service": services])
      #expect(answer.status == 200)
      #expect(answer.params?["service"] == ["IM"])
    }
  }

  @Test(.spec("R-CONN-1209")) func aRefreshWithoutMembersKeepsThem() async throws {
    try await GatewayBench.run { bench in
      let made = try await bench.subscribe(GatewayBench.alice, ["expires": 600, "supported": ["RingingFeedback"]])
      let answer = try await bench.refresh(try #require(made.path))
      #expect(answer.params?["expires"]?.intValue == 600)
      #expect(answer.params?["service"] == made.params?["service"])
      #expect(await bench.hub.capabilities(of: try #require(made.subscription)) == ["RingingFeedback"])
    }
  }

  @Test(.spec("R-CONN-541")) func aSubscriptionIsRefreshedByItsCorrelator() async throws {
    try await GatewayBench.run { bench in
      let made = try await bench.subscribe(GatewayBench.alice, ["clientCorrelator": "c1"])
      #expect(made.params?["clientCorrelator"] == "c1")
      #expect(try await bench.refresh("\(me)/clientCorrelator/c1").status == 200)
      #expect(try await bench.refresh("\(me)/clientCorrelator/c2").verdict == .gone)
    }
  }

  @Test func aRefreshBeforeTheEndProlongsASubscription() async throws {
    try await GatewayBench.run { bench in
      let path = try #require(try await bench.subscribe(GatewayBench.alice, ["expires": 60]).path)
      for _ in 1...3 {
        await bench.clock.advance(by: .seconds(50))
        #expect(try await bench.refresh(path).status == 200)
      }
      await bench.clock.advance(by: .seconds(61))
      #expect(try await bench.refresh(path).verdict == .gone)
    }
  }

  @Test(arguments: ["a b", "\u{E4}", "", "a/b"]) func aCorrelatorHasPlainCharacters(_ correlator: String) async throws {
    try await GatewayBench.run { bench in
      let answer = try await bench.subscribe(GatewayBench.alice, ["clientCorrelator": .string(correlator)])
      #expect(answer.verdict == .refused(403, 38))
    }
  }

  @Test func aServiceThatNobodyKnowsIsRefused() async throws {
    try await GatewayBench.run { bench in
      let answer = try await bench.subscribe(GatewayBench.alice, ["service": ["call", "Teleportation"]])
      #expect(answer.verdict == .refused(403, 37))
    }
  }

  @Test(.spec("R-CONN-524")) func twoDevicesWithoutACorrelatorAreTwo() async throws {
    try await GatewayBench.run { bench in
      let (desk, phone) = (try await bench.subscribe(), try await bench.subscribe())
      #expect(desk.path != phone.path)
      #expect(try await bench.refresh(try #require(desk.path)).status == 200)
      #expect(try await bench.refresh(try #require(phone.path)).status == 200)
    }
  }
}
