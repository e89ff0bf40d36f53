import HTTPTypes
import KandyTesting
import LinkLogic
import LinkMetrics
import LinkProtocol
import Testing

@testable import KandyGateway

/// What a gateway counts, case by case.
@Suite(.timeLimit(.minutes(1))) struct GatewayMetricsTests {
  /// The samples with one name, without it: labels and value.
  private static func samples(_ registry: PrometheusRegistry, _ name: String) -> Set<String> {
    Set(
      registry.text.split(separator: "\n").filter { $0.hasPrefix(name + "{") || $0.hasPrefix(name + " ") }.map { line in
        String(line.dropFirst(name.count))
      })
  }

  private static func notification(_ id: String) -> LinkProtocol.Notification {
    LinkProtocol.Notification(eventType: .call, eventId: EventID(id))
  }

  @Test func everyWayToFailToProveWhoOneIsIsCounted() async throws {
    try await GatewayBench.run { bench in
      let alice = GatewayBench.alice.description
      let path = "/rest/version/1/user/\(alice)/subscription"
      let credentials: [HTTPFields] = [
        GatewayBench.basic(alice, "wrong"), GatewayBench.basic("nobody@example.com"), GatewayBench.basic("bob@example.com"),
        [:],
        [.xSession: "nonsense"], [.xToken: "nonsense"],
      ]
      for headers in credentials {
        let answer = try await bench.send("POST", path, headers: headers, #"{"subscribeRequest": {}}"#)
        #expect(answer.status == 403)
      }
      let counted = Self.samples(bench.metrics, "kandy_gateway_authentication_failures_total").filter { !$0.hasSuffix(" 0") }
      #expect(
        counted == [
          #"{credentials="password",reason="invalid"} 2"#, #"{credentials="password",reason="foreign"} 1"#,
          #"{credentials="none",reason="invalid"} 1"#, #"{credentials="session",reason="invalid"} 1"#,
          #"{credentials="token",reason="invalid"} 1"#,
        ])
      #expect(
        Self.samples(bench.metrics, "kandy_gateway_requests_total") == [
          #"{endpoint="subscription",method="POST",status="4xx"} 6"#
        ])
      // Two users when they were added, and three passwords.
      #expect(Self.samples(bench.metrics, "kandy_gateway_password_seconds_count") == [" 5"])
      #expect(Self.samples(bench.metrics, "kandy_gateway_passwords_waiting") == [" 0"])
    }
  }

  @Test func whoeverAsksForWhatThereIsNotMakesNoNewSeries() async throws {
    try await GatewayBench.run { bench in
      for (method, target) in [
        ("GET", "/"), ("GET", "/a"), ("BREW", "/b"), ("PATCH", "/rest/version/1/user/x/subscription"),
        ("DELETE", "/rest/version/1/user/alice@example.com/callControl"),
      ] {
        _ = try await bench.send(method, target)
      }
      #expect(
        Self.samples(bench.metrics, "kandy_gateway_requests_total") == [
          #"{endpoint="none",method="GET",status="4xx"} 2"#, #"{endpoint="none",method="other",status="4xx"} 2"#,
          #"{endpoint="none",method="DELETE",status="4xx"} 1"#,
        ])
    }
  }

  @Test func whatIsWrittenOnceMoreIsToldFromWhatIsWrittenForTheFirstTime() async throws {
    try await GatewayBench.run { bench in
      let made = try await bench.subscribe()
      let id = try #require(made.subscription)
      try await bench.withSocket(made.channel) { dead in
        dead.fallSilent()
        for event in ["e1", "e2"] { await bench.hub.post(Self.notification(event), toSubscription: id) }
        _ = try await dead.notifications(2)
        try await bench.withSocket(made.channel) { socket in
          await bench.hub.post(Self.notification("e3"), toSubscription: id)
          _ = try await socket.notifications(3)
          await bench.confirmed(id)
        }
      }
      #expect(Self.samples(bench.metrics, "kandy_gateway_notifications_queued_total") == [" 3"])
      #expect(Self.samples(bench.metrics, "kandy_gateway_notifications_sent_total") == [" 3"])
      #expect(Self.samples(bench.metrics, "kandy_gateway_notifications_resent_total") == [" 2"])
    }
  }

  @Test func whatIsGivenUpIsCountedByWhy() async throws {
    try await GatewayBench.run({ $0.limits.keptNotifications = 2 }) { bench in
      let id = try #require(try await bench.subscribe().subscription)
      for event in ["e1", "e2", "e3", "e4", "e5"] { await bench.hub.post(Self.notification(event), toSubscription: id) }
      #expect(Self.samples(bench.metrics, "kandy_gateway_subscriptions") == [" 1"])
      await bench.hub.end(id, .none)
      #expect(
        Self.samples(bench.metrics, "kandy_gateway_notifications_dropped_total") == [
          #"{reason="limit"} 3"#, #"{reason="ended"} 2"#,
        ])
      #expect(Self.samples(bench.metrics, "kandy_gateway_subscriptions") == [" 0"])
    }
  }

  @Test func aCallToNobodyEndsAsOne() async throws {
    try await GatewayBench.run { bench in
      let request: [String: JSONValue] = ["type": "callStart", "from": "alice", "to": "nobody@example.com", "sdp": "A1"]
      _ = try await bench.subscribe()
      #expect(try await bench.control("POST", GatewayBench.alice, "", request).verdict == .ok)
      let ended = Self.samples(bench.metrics, "kandy_gateway_calls_ended_total").filter { !$0.hasSuffix(" 0") }
      #expect(ended == [#"{outcome="unknown_callee"} 1"#])
      #expect(Self.samples(bench.metrics, "kandy_gateway_calls") == [" 0"])
      #expect(Self.samples(bench.metrics, "kandy_gateway_call_setup_seconds_count") == [" 0"])
    }
  }

  /// With a clock that stands still but for this.
  @Test func theTimeToAnAnswerIsMeasured() async throws {
    try await GatewayBench.run { bench in
      let bob = try #require(try await bench.subscribe(GatewayBench.bob).subscription)
      let start: [String: JSONValue] = ["type": "callStart", "from": "alice", "to": "bob@example.com", "sdp": "A1"]
      #expect(try await bench.control("POST", GatewayBench.alice, "", start).verdict == .ok)
      let waiting = try #require(await bench.hub.waiting[bob]?.first)
      let session = try #require(
        try WireCoding.decode(LinkProtocol.Notification.self, from: .init(waiting.utf8)).sessionParams?.sessionData)
      await bench.clock.advance(by: .milliseconds(2_500))
      let answer: [String: JSONValue] = ["type": "callAnswer", "sdp": "B1"]
      #expect(try await bench.control("PUT", GatewayBench.bob, "/callSessions/\(session)", answer).verdict == .ok)
      #expect(Self.samples(bench.metrics, "kandy_gateway_call_setup_seconds_sum") == [" 2.5"])
      let buckets = Self.samples(bench.metrics, "kandy_gateway_call_setup_seconds_bucket")
      #expect(buckets.contains(#"{le="2"} 0"#) && buckets.contains(#"{le="3"} 1"#))
      #expect(Self.samples(bench.metrics, "kandy_gateway_calls") == [" 1"])
    }
  }

  @Test func everyOutcomeHasALabelThatTheDescriptionKnows() throws {
    let registry = PrometheusRegistry(Gateway.metrics)
    let metrics = GatewayMetrics(registry)
    let known = Self.samples(registry, "kandy_gateway_calls_ended_total").count
    let outcomes: [GatewayCallMachine.Outcome] = [
      .unknownCallee, .calleeOffline, .cancelled, .declined, .unanswered, .forwarded(to: "x@example.com"),
      .transferred(to: "x@example.com"), .notConnected, .ended(by: .caller), .lost(.callee), .shutDown,
    ]
    for outcome in outcomes { metrics.ended(outcome) }
    let samples = Self.samples(registry, "kandy_gateway_calls_ended_total")
    #expect(samples.count == known)
    #expect(samples.allSatisfy { $0.hasSuffix(" 1") })
  }
}
