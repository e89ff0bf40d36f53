import Foundation
import Kandy
import KandyGateway
import KandyTesting
import LinkMetrics
import LinkProtocol
import Testing

/// What both ends measure, what docs/metrics.md says of it, and that they agree.
@Suite(.timeLimit(.minutes(1))) struct MetricsScenarios {
  private static let all = Gateway.metrics + Client.metrics + [PrometheusRegistry.refusals]

  @Test func theDocumentListsEveryMetricAsTheCodeHasIt() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let text = try String(contentsOf: root.appending(path: "docs/metrics.md"), encoding: .utf8)
    let rows = text.split(separator: "\n").filter { $0.hasPrefix("| `kandy_") }.map(String.init)
    let expected = Self.all.map { metric in
      let labels = metric.labels.map { label in
        "`\(label.name)`" + (label.values.map { ": " + $0.joined(separator: ", ") } ?? "")
      }
      let unit = metric.unit
      return "| `\(metric.name)` | \(metric.kind.rawValue) | \(labels.joined(separator: "; ")) | \(unit) | \(metric.meaning) |"
    }
    #expect(rows == expected)
    #expect(Set(Self.all.map(\.name)).count == Self.all.count)
  }

  /// A call, a wrong password and a request for nothing, through two real clients and a real gateway that share a registry.
  private static func measured() async throws -> String {
    let registry = PrometheusRegistry(all)
    try await InProcessGateway.run(users: ["alice@example.com", "bob@example.com"], metrics: registry) { gateway in
      let engine = FakeMediaEngine()
      func client() -> Client {
        create(gateway.configuration(), media: engine, surroundings: Surroundings(metrics: registry))
      }
      let (alice, bob) = (client(), client())
      await #expect(throws: BasicError.self) {
        try await alice.connect(Credentials(username: "alice@example.com", password: "wrong"))
      }
      for (client, name) in [(alice, "alice"), (bob, "bob")] {
        try await client.connect(Credentials(username: "\(name)@example.com", password: InProcessGateway.password))
      }
      let events = bob.events
      let call = try alice.call.make("bob@example.com", MakeOptions(isVideoEnabled: false))
      let answered = try bob.call.answer(try await events.nextCall(), AnswerOptions(isVideoEnabled: false))
      try await call.connected()
      try await answered.connected()
      try await call.end()
      try await answered.ended()
      for client in [alice, bob] {
        await client.disconnect()
        await client.destroy()
      }
    }
    return registry.text
  }

  @Test func bothEndsOfACallCountTheSame() async throws {
    let text = try await Self.measured()
    for line in [
      #"kandy_gateway_authentication_failures_total{credentials="password",reason="invalid"} 1"#,
      #"kandy_gateway_calls_begun_total{origin="dialled"} 1"#, "kandy_gateway_calls_answered_total 1",
      #"kandy_gateway_calls_ended_total{outcome="ended"} 1"#, "kandy_gateway_calls 0", "kandy_gateway_websockets 0",
      "kandy_gateway_websockets_opened_total 2", "kandy_gateway_subscriptions 0",
      #"kandy_client_calls_begun_total{direction="incoming"} 1"#, #"kandy_client_calls_begun_total{direction="outgoing"} 1"#,
      #"kandy_client_calls_ended_total{direction="incoming",outcome="completed"} 1"#,
      #"kandy_client_calls_ended_total{direction="outgoing",outcome="completed"} 1"#,
      #"kandy_client_call_setup_seconds_count{direction="outgoing",milestone="media"} 1"#,
      #"kandy_client_call_setup_seconds_count{direction="incoming",milestone="established"} 1"#,
      "kandy_client_calls 0", "kandy_client_connections 0", "kandy_client_reconnects_total 0",
      #"kandy_client_requests_total{method="POST",outcome="2xx",resource="subscription"} 2"#,
      #"kandy_gateway_requests_total{endpoint="subscription",method="POST",status="2xx"} 2"#,
      "kandy_metrics_refused_series_total 0",
    ] {
      #expect(text.contains("\n\(line)\n"), "\(line) is not in \(text)")
    }
  }

  @Test func noSeriesHasALabelThatIsNotDescribedAndNoneNamesAnybody() async throws {
    let text = try await Self.measured()
    #expect(!text.contains("alice") && !text.contains("example.com") && !text.contains("bob"))
    let described = Dictionary(uniqueKeysWithValues: Self.all.map { ($0.name, $0) })
    let endpoints: Set = ["subscription", "subscription/:key", "callControl", "callControl/callSessions/:key"]
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      let name = String(line.prefix { $0 != "{" && $0 != " " })
      let base = ["_bucket", "_sum", "_count"].reduce(name) { name, suffix in
        described[name] == nil && name.hasSuffix(suffix) ? String(name.dropLast(suffix.count)) : name
      }
      let metric = try #require(described[base], "\(line)")
      for label in line.matches(of: /(\w+)="([^"]*)"/) where label.1 != "le" {
        let known = try #require(metric.labels.first { $0.name == label.1 }, "\(line)")
        #expect(known.values.map { $0.contains(String(label.2)) } ?? endpoints.contains(String(label.2)), "\(line)")
      }
    }
  }
}
