import Foundation
import HTTPTypes
import KandyTesting
import LinkProtocol
import Testing

@testable import KandyGateway

/// Every request about a subscription that clients of the 3.16 and 7.x families really sent, with their headers and at their
/// times, gets what those clients read from the answer.
@Suite(.timeLimit(.minutes(1))) struct SubscriptionTraceTests {
  static var traces: [String] {
    get throws {
      try ["3.16", "7.x"].flatMap { family in
        try FileManager.default.contentsOfDirectory(atPath: folder.appendingPathComponent(family).path)
          .filter { $0.hasSuffix(".jsonl") }.map { "\(family)/\($0)" }
      }.sorted()
    }
  }

  private static var folder: URL {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../../docs/protocol/traces")
  }

  private static func requests(of trace: String) throws -> [JSONValue] {
    try String(contentsOf: folder.appendingPathComponent(trace), encoding: .utf8).split(separator: "\n")
      .map { try JSONDecoder().decode(JSONValue.self, from: Data($0.utf8)) }
      .filter { $0["kind"] == "http" && $0["url"]?.stringValue?.contains("/subscription") == true }
  }

  @Test(.spec("R-CONN-520", "R-CONN-530", "R-CONN-541", "R-CONN-542", "R-CONN-562"), arguments: try traces)
  func aRecordedClientSubscribesRefreshesAndLeaves(_ trace: String) async throws {
    let requests = try Self.requests(of: trace)
    #expect(requests.contains { $0["method"] == "POST" } && requests.contains { $0["method"] == "DELETE" })
    let bench = try GatewayBench()
    for user in Set(requests.compactMap { $0["user"]?.stringValue }) {
      try await bench.gateway.users.add(User(address: try #require(UserAddress(user))), password: GatewayBench.password)
    }
    try await bench.running {
      /// Recorded paths and what they are here.
      var paths: [String: String] = [:]
      var time = Duration.zero
      for request in requests {
        let then = Duration.seconds(try #require(request["t"]?.doubleValue))
        await bench.clock.advance(by: then - time)
        time = then
        try await replay(request, bench, &paths)
      }
      #expect(await bench.hub.subscriptions.count == paths.count)
    }
  }

  private func replay(_ request: JSONValue, _ bench: GatewayBench, _ paths: inout [String: String]) async throws {
    let (method, url) = (try #require(request["method"]?.stringValue), try #require(request["url"]?.stringValue))
    let user = try #require(request["user"]?.stringValue)
    var headers = HTTPFields()
    for (name, value) in try #require(request["headers"]?.objectValue) {
      headers[try #require(HTTPField.Name(name))] = value.stringValue
    }
    try #require(headers[.authorization] == "Basic ***")
    headers[.authorization] = GatewayBench.basic(user)[.authorization]
    let body = try request["request"].flatMap { $0 == .null ? nil : try JSONEncoder().encode($0) }
    let answer = try await bench.send(method, paths[url] ?? url, headers: headers, bytes: body.map(Array.init))

    let recorded = try #require(request["response"]?["subscribeResponse"])
    #expect(answer.status == request["status"]?.intValue)
    #expect(answer.statusCode == recorded["statusCode"]?.intValue)
    #expect(answer.headers[.contentType] == "application/json")
    guard let params = recorded["subscriptionParams"], let path = recorded["subscription"]?.stringValue else {
      paths[url] = nil
      return
    }
    for member in ["expires", "service", "localization", "notificationType", "clientCorrelator"] {
      #expect(answer.params?[member] == params[member], "\(member)")
    }
    let here = try #require(answer.path)
    #expect(here.hasPrefix("/rest/version/1/user/\(user)/subscription/"))
    if method == "PUT" { #expect(here == paths[path]) }
    #expect(answer.params?["notificationChannel"]?.stringValue?.contains("/websocket/") == true)
    paths[path] = here
  }

  @Test func theTracesHoldWhatTheyAreReplayedFor() throws {
    let requests = try Self.traces.flatMap(Self.requests)
    #expect(requests.count > 50)
    #expect(requests.contains { $0["method"] == "PUT" })
    let services = requests.compactMap { $0["request"]?["subscribeRequest"]?["service"] }.map { "\($0)" }.joined()
    #expect(services.contains("MWI") && services.contains("event:"))
  }
}
