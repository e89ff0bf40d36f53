import HTTPTypes
import KandyTesting
import LinkProtocol
import Testing

@testable import KandyGateway

@Suite struct RequestTests {
  private static let body = #"{"subscribeRequest": {"service": ["call"]}}"#
  private static let alice = GatewayBench.basic("alice@example.com")

  private func path(_ user: String) -> String { "/rest/version/1/user/\(user)/subscription" }

  @Test(.spec("R-CONN-403"), arguments: ["alice@example.com", "alice%40example.com"])
  func theAtSignMayBeEncoded(_ user: String) async throws {
    try await GatewayBench.run { bench in
      let answer = try await bench.send("POST", path(user), headers: Self.alice, Self.body)
      #expect(answer.verdict == .ok)
    }
  }

  @Test func anEncodedSlashBelongsToTheNameAndNotToThePath() async throws {
    try await GatewayBench.run { bench in
      let answer = try await bench.send("POST", path("alice%2F@example.com"), headers: Self.alice, Self.body)
      #expect(answer.verdict == .foreign)
    }
  }

  @Test(arguments: ["j%C3%BCrgen@example.com", "ju%CC%88rgen@example.com"])
  func aNameNeedNotBeASCII(_ user: String) async throws {
    try await GatewayBench.run { bench in
      try await bench.gateway.users.add(
        User(address: "j\u{FC}rgen@example.com", firstName: "J\u{FC}rgen"), password: GatewayBench.password)
      let answer = try await bench.send(
        "POST", path(user), headers: GatewayBench.basic("j\u{FC}rgen@example.com"), Self.body)
      #expect(answer.verdict == .ok)
    }
  }

  @Test(arguments: ["%zz", "%C3", "%"]) func encodingWithoutMeaningIsABadRequest(_ user: String) async throws {
    try await GatewayBench.run { bench in
      let answer = try await bench.send("POST", path(user), headers: Self.alice, Self.body)
      #expect(answer.status == 400)
      #expect(answer.statusCode != nil)
    }
  }

  @Test(arguments: ["/", "/rest", "/rest/version/1/user/alice@example.com/nothing", "/rest/version/x/user/a@b.c/subscription"])
  func whatIsNotThereIsNotFound(_ target: String) async throws {
    try await GatewayBench.run { bench in
      let answer = try await bench.send("POST", target, headers: Self.alice, Self.body)
      #expect(answer.verdict == .gone)
    }
  }

  @Test func aMethodThatTheResourceDoesNotKnowIsRefusedWithThoseItKnows() async throws {
    try await GatewayBench.run { bench in
      let answer = try await bench.send("DELETE", path("alice@example.com"), headers: Self.alice)
      #expect(answer.status == 405)
      #expect(answer.headers[.allow] == "POST")
    }
  }

  @Test(
    arguments: [[:], [.authorization: "Basic"], [.authorization: "Basic ====="], [.authorization: "Bearer abc"]] as [HTTPFields]
  )
  func whoProvesNothingGetsTheAnswerOfAWrongPassword(_ headers: HTTPFields) async throws {
    try await GatewayBench.run { bench in
      let answer = try await bench.send("POST", path("alice@example.com"), headers: headers, Self.body)
      #expect(answer.verdict == .wrongCredentials)
    }
  }

  /// Later clients have other credentials, which this gateway does not issue.
  @Test(.spec("R-CONN-1102"), arguments: ["?token=abc", "?key=abc", "?access_token=abc"])
  func whatStandsInTheQueryProvesNothing(_ query: String) async throws {
    try await GatewayBench.run { bench in
      let answer = try await bench.send("POST", path("alice@example.com") + query, Self.body)
      #expect(answer.verdict == .wrongCredentials)
    }
  }

  @Test(.spec("R-CONN-1102")) func thereAreNoAnonymousUsers() async throws {
    try await GatewayBench.run { bench in
      let answer = try await bench.send("POST", "/rest/version/1/anonymous/alice@example.com/subscription", Self.body)
      #expect(answer.verdict == .gone)
    }
  }

  @Test(.spec("R-CONN-426")) func theSchemesCaseDoesNotMatter() async throws {
    try await GatewayBench.run { bench in
      let headers = GatewayBench.basic("alice@example.com", scheme: "basic")
      let answer = try await bench.subscribe(headers: headers)
      #expect(answer.verdict == .ok)
    }
  }

  @Test(.spec("R-CONN-444")) func everyAnswerIsJSON() async throws {
    try await GatewayBench.run { bench in
      for answer in [
        try await bench.subscribe(), try await bench.subscribe(headers: [:]), try await bench.send("GET", "/"),
      ] {
        #expect(answer.headers[.contentType] == "application/json")
        #expect(answer.body.objectValue != nil)
      }
    }
  }

  @Test(.spec("R-CONN-414")) func aBrowserMayAskFromAnyOriginUnlessThereIsAList() async throws {
    let headers: HTTPFields = [.origin: "https://app.example.org", .accessControlRequestMethod: "POST"]
    try await GatewayBench.run { bench in
      let answer = try await bench.send("OPTIONS", path("alice@example.com"), headers: headers)
      #expect(answer.status == 204)
      #expect(answer.headers[.accessControlAllowOrigin] == "*")
      #expect(answer.headers[.accessControlAllowHeaders]?.contains("x-session") == true)
      #expect(answer.headers[.accessControlAllowMethods] == "GET, POST, PUT, DELETE")
    }
    try await GatewayBench.run {
      $0.allowedOrigins = .only(["https://other.example.org"])
    } _: { bench in
      let answer = try await bench.send("OPTIONS", path("alice@example.com"), headers: headers)
      #expect(answer.headers[.accessControlAllowOrigin] == nil)
    }
  }
}
