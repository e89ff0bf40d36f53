import KandyTesting
import LinkProtocol
import LinkSocket
import NIOCore
import NIOPosix
import Testing

@testable import KandyGateway

/// `/metrics` as a scraper sees it: over a socket, on a port of its own.
@Suite(.timeLimit(.minutes(1))) struct MetricsServerTests {
  private static let users: [UserAddress] = ["alice@example.com", "bob@example.com"]

  private static func run(_ body: (SocketBench, RawClient) async throws -> Void) async throws {
    var configuration = GatewayConfiguration()
    configuration.metrics = GatewayConfiguration.Metrics(port: 0)
    try await SocketBench.run(users: users, configuration: configuration) { bench in
      try await body(bench, try await RawClient.connect(port: try await port(of: bench.gateway)))
    }
  }

  private static func port(of gateway: Gateway) async throws -> Int {
    let url = try #require(try await gateway.metricsURL)
    return try #require(Int(url.dropFirst("http://127.0.0.1:".count).prefix { $0 != "/" }))
  }

  @Test func aScraperSeesWhatHasHappened() async throws {
    try await Self.run { bench, scraper in
      let alice = try await SocketClient.connect("alice@example.com", to: bench.port)
      let bob = try await SocketClient.connect("bob@example.com", to: bench.port)
      let sessions = try await alice.call(bob)
      let during = try await scraper.exchange("GET /metrics").body
      #expect(during.contains("\nkandy_gateway_calls 1\n"))
      #expect(during.contains("\nkandy_gateway_websockets 2\n"))
      #expect(during.contains("\nkandy_gateway_subscriptions 2\n"))
      try await alice.control("DELETE", "/callSessions/\(sessions.own)")
      while try await alice.next().eventType != .callEnd {}
      while try await bob.next().eventType != .callEnd {}
      for client in [alice, bob] { await bench.confirmed(client.subscription) }

      let answer = try await scraper.exchange("GET /metrics")
      #expect(answer.status == 200)
      #expect(answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
      for line in [
        "# TYPE kandy_gateway_requests_total counter",
        #"kandy_gateway_requests_total{endpoint="subscription",method="POST",status="2xx"} 2"#,
        #"kandy_gateway_requests_total{endpoint="callControl",method="POST",status="2xx"} 1"#,
        #"kandy_gateway_requests_total{endpoint="callControl/callSessions/:key",method="PUT",status="2xx"} 1"#,
        #"kandy_gateway_requests_total{endpoint="callControl/callSessions/:key",method="DELETE",status="2xx"} 1"#,
        #"kandy_gateway_request_seconds_count{endpoint="callControl",method="POST"} 1"#,
        "kandy_gateway_calls 0", #"kandy_gateway_calls_begun_total{origin="dialled"} 1"#,
        "kandy_gateway_calls_answered_total 1",
        #"kandy_gateway_calls_ended_total{outcome="ended"} 1"#, #"kandy_gateway_calls_ended_total{outcome="declined"} 0"#,
        "# TYPE kandy_gateway_call_setup_seconds histogram", "kandy_gateway_call_setup_seconds_count 1",
        "kandy_gateway_websockets_opened_total 2", "kandy_gateway_notifications_queued_total 6",
        "kandy_gateway_notifications_sent_total 6", "kandy_gateway_notifications_resent_total 0",
        "kandy_gateway_passwords_waiting 0", "kandy_metrics_refused_series_total 0",
      ] {
        #expect(answer.body.contains("\(line)\n"), "\(line) is not in \(answer.body)")
      }
      #expect(!answer.body.contains("alice") && !answer.body.contains("example.com"))
      for client in [alice, bob] { await (try client.socket).close() }
    }
  }

  @Test func clientsFindNoMetricsOnTheirPort() async throws {
    try await Self.run { bench, scraper in
      let client = try await RawClient.connect(port: bench.port)
      let answer = try await client.exchange("GET /metrics", [RawClient.basic("alice@example.com")])
      #expect(answer.status == 404)
      #expect(!answer.body.contains("kandy_gateway"))
      #expect(try await scraper.exchange("GET /metrics").status == 200)
    }
  }

  @Test func scrapersFindNothingElseOnTheirs() async throws {
    try await Self.run { bench, scraper in
      let alice: UserAddress = "alice@example.com"
      let subscribe = try await scraper.exchange(
        "POST /rest/version/1/user/\(alice)/subscription", [RawClient.basic(alice)],
        body: #"{"subscribeRequest": {"service": ["call"]}}"#)
      #expect(subscribe.status == 404)
      #expect(try await scraper.exchange("GET /").status == 404)
      let refused = try await scraper.exchange("POST /metrics", body: "x")
      #expect(refused.status == 405)
      #expect(refused.headers["allow"] == "GET, HEAD")
    }
  }

  @Test func withoutASettingNothingListens() async throws {
    try await SocketBench.run { bench in
      let url = try await bench.gateway.metricsURL
      #expect(url == nil)
    }
  }

  @Test func aPortThatIsInUseKeepsTheGatewayFromStarting() async throws {
    let other = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton).bind(host: "127.0.0.1", port: 0).get()
    let port = try #require(other.localAddress?.port)
    var configuration = GatewayConfiguration()
    configuration.port = 0
    configuration.metrics = GatewayConfiguration.Metrics(port: port)
    let gateway = try Gateway(configuration)
    let error = await #expect(throws: GatewayError.self) { try await gateway.run() }
    #expect(error?.code == .cannotListen)
    #expect(
      error?.message
        == "Cannot listen on 127.0.0.1:\(port): the port is in use; choose another one, or 0 for a free one.")
    await #expect(throws: GatewayError.self) { _ = try await gateway.metricsURL }
    try await other.close()
  }
}
