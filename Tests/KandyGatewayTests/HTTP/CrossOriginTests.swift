import HTTPTypes
import KandyTesting
import LinkProtocol
import Testing

@testable import KandyGateway

/// What a browser needs on the answers themselves, good and bad, besides the pre-flight's.
@Suite struct CrossOriginTests {
  private static let app = "https://app.example.org"
  private static let path = "/rest/version/1/user/alice@example.com/subscription"

  /// One answer of every kind: success, refusal, malformed body, unknown path, wrong method.
  private func answers(_ bench: GatewayBench, origin: String?) async throws -> [(status: Int, headers: HTTPFields)] {
    var plain: HTTPFields = [:]
    plain[.origin] = origin
    var signedIn = GatewayBench.basic("alice@example.com")
    signedIn[.origin] = origin
    let body = #"{"subscribeRequest": {"service": ["call"]}}"#
    return [
      try await bench.send("POST", Self.path, headers: signedIn, body),
      try await bench.send("POST", Self.path, headers: plain, body),
      try await bench.send("POST", Self.path, headers: signedIn, "{"),
      try await bench.send("GET", "/", headers: plain),
      try await bench.send("DELETE", Self.path, headers: signedIn),
    ].map { ($0.status, $0.headers) }
  }

  @Test(.spec("R-CONN-414")) func anyOriginReadsEveryAnswerUnlessThereIsAList() async throws {
    try await GatewayBench.run { bench in
      let answers = try await answers(bench, origin: Self.app)
      #expect(answers.map(\.status) == [200, 403, 400, 404, 405])
      for (_, headers) in answers {
        #expect(headers[.accessControlAllowOrigin] == "*")
        #expect(headers[.accessControlAllowCredentials] == nil)
      }
    }
  }

  @Test(.spec("R-CONN-414", "R-CONN-415")) func aListedOriginReadsEveryAnswerAndMaySendCredentials() async throws {
    try await GatewayBench.run {
      $0.allowedOrigins = .only([Self.app, "https://other.example.org"])
    } _: { bench in
      let answers = try await answers(bench, origin: Self.app)
      #expect(answers.map(\.status) == [200, 403, 400, 404, 405])
      for (_, headers) in answers {
        #expect(headers[.accessControlAllowOrigin] == Self.app)
        #expect(headers[.accessControlAllowCredentials] == "true")
        #expect(headers[.vary] == "Origin")
      }
    }
  }

  @Test(arguments: ["https://evil.example.org", "https://app.example.org.evil.org", "null"])
  func anUnlistedOriginReadsNothing(_ origin: String) async throws {
    try await GatewayBench.run {
      $0.allowedOrigins = .only([Self.app])
    } _: { bench in
      for (_, headers) in try await answers(bench, origin: origin) {
        #expect(headers[.accessControlAllowOrigin] == nil)
        #expect(headers[.accessControlAllowCredentials] == nil)
        // A cache must not hand this answer to those who may read it.
        #expect(headers[.vary] == "Origin")
      }
    }
  }

  @Test func whoIsNoBrowserIsNotBotheredWithOrigins() async throws {
    try await GatewayBench.run { bench in
      for (_, headers) in try await answers(bench, origin: nil) { #expect(headers[.accessControlAllowOrigin] == nil) }
    }
  }

  /// A page could not see for how long it is to wait.
  @Test func aListedOriginMaySeeWhenToReturn() async throws {
    try await GatewayBench.run { bench in
      await bench.gateway.keeper.close()
      var headers = GatewayBench.basic("alice@example.com")
      headers[.origin] = Self.app
      let answer = try await bench.send("POST", Self.path, headers: headers, #"{"subscribeRequest": {"service": ["call"]}}"#)
      #expect(answer.status == 503)
      #expect(answer.headers[.accessControlExposeHeaders] == "Retry-After")
    }
  }
}
