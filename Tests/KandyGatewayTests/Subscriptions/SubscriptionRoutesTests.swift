import HTTPTypes
import KandyTesting
import LinkProtocol
import Testing

@testable import KandyGateway

@Suite struct SubscriptionRoutesTests {
  private let me = "/rest/version/1/user/alice@example.com/subscription"

  @Test func aSubscriptionIsMadeRefreshedAndDeleted() async throws {
    try await GatewayBench.run { bench in
      let made = try await bench.subscribe()
      #expect(made.verdict == .ok)
      let path = try #require(made.path)
      #expect(made.channel != nil)
      #expect(try await bench.refresh(path).status == 200)
      #expect(try await bench.delete(path).status == 200)
      #expect(try await bench.refresh(path).verdict == .gone)
    }
  }

  @Test func aWrongPasswordAndAnUnknownUserGetTheSameAnswer() async throws {
    try await GatewayBench.run { bench in
      let wrong = try await bench.subscribe(headers: GatewayBench.basic("alice@example.com", "no"))
      let unknown = try await bench.subscribe("nobody@example.com", headers: GatewayBench.basic("nobody@example.com"))
      #expect(wrong.verdict == .wrongCredentials)
      #expect(unknown.verdict == wrong.verdict)
      #expect(unknown.text == wrong.text)
    }
  }

  @Test func theAuthnameSignsInAsWell() async throws {
    try await GatewayBench.run { bench in
      let answer = try await bench.subscribe(headers: GatewayBench.basic("al"))
      #expect(answer.verdict == .ok)
    }
  }

  @Test func anotherUserInThePathIsForbidden() async throws {
    try await GatewayBench.run { bench in
      let answer = try await bench.subscribe(GatewayBench.bob, headers: GatewayBench.basic("alice@example.com"))
      #expect(answer.status == 403)
      #expect(answer.verdict == .foreign)
    }
  }

  @Test func aForeignSubscriptionAndAnUnknownOneAreTheSame404() async throws {
    try await GatewayBench.run { bench in
      let bobs = try #require(try await bench.subscribe(GatewayBench.bob).subscription)
      let foreign = try await bench.refresh("\(me)/\(bobs)")
      let unknown = try await bench.refresh("\(me)/unknown")
      #expect(foreign.verdict == .gone)
      #expect(unknown.verdict == foreign.verdict)
    }
  }

  @Test func aSubscriptionEndsWhenItsTimeIsOver() async throws {
    try await GatewayBench.run { bench in
      let path = try #require(try await bench.subscribe(GatewayBench.alice, ["expires": 60]).path)
      await bench.clock.advance(by: .seconds(61))
      #expect(try await bench.refresh(path).verdict == .gone)
    }
  }

  @Test(arguments: ["{", "[]", "\"text\"", #"{"subscribeRequest": {"service": 7}}"#, #"{"subscribeRequest": 1}"#])
  func whatIsNoRequestIsABadRequest(_ body: String) async throws {
    try await GatewayBench.run { bench in
      let answer = try await bench.send("POST", me, headers: GatewayBench.basic("alice@example.com"), body)
      #expect(answer.status == 400)
      #expect(answer.body != .null)
    }
  }

  @Test func aBodyOverTheLimitIsRefusedAndNothingElseSuffers() async throws {
    try await GatewayBench.run {
      $0.limits.bodySize = 2_000
    } _: { bench in
      let answer = try await bench.send(
        "POST", me, headers: GatewayBench.basic("alice@example.com"), String(repeating: "x", count: 2_001))
      #expect(answer.status == 413)
      #expect(try await bench.subscribe().verdict == .ok)
    }
  }

  @Test func theSessionLimitHoldsUnlessTheOldestIsToGo() async throws {
    try await GatewayBench.run {
      $0.limits.subscriptionsPerUser = 2
    } _: { bench in
      let first = try #require(try await bench.subscribe().path)
      _ = try await bench.subscribe()
      #expect(try await bench.subscribe().statusCode == 19)
      #expect(try await bench.subscribe(GatewayBench.alice, ["forceLogOut": true]).verdict == .ok)
      #expect(try await bench.refresh(first).verdict == .gone)
    }
  }

  @Test func notificationsWaitForTheSocketAndComeOnceInOrder() async throws {
    try await GatewayBench.run { bench in
      _ = try await bench.subscribe()
      let bobs = try await bench.subscribe(GatewayBench.bob)
      let call: JSONValue = [
        "callControlRequest": ["type": "callStart", "from": "alice@example.com", "to": "bob@example.com", "sdp": "v=0"]
      ]
      let started = try await bench.send(
        "POST", "/rest/version/1/user/alice@example.com/callControl/",
        headers: GatewayBench.basic("alice@example.com"),
        GatewayBench.text(call))
      try #require(started.verdict == .ok)
      try await bench.withSocket(bobs.channel) { socket in
        let types = try await socket.types(1)
        #expect(types == [.call])
      }
    }
  }
}
