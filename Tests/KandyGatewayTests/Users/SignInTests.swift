import Crypto
import Foundation
import HTTPTypes
import KandyTesting
import LinkProtocol
import Testing

@testable import KandyGateway

@Suite(.timeLimit(.minutes(1))) struct SignInTests {
  private func token(_ bench: GatewayBench, for user: UserAddress = GatewayBench.alice) async throws -> String {
    let key = try await bench.gateway.users.ensureHMACKey(of: user.domain)
    let code = HMAC<Insecure.SHA1>.authenticationCode(
      for: Data(HMACToken.message(for: user).utf8), using: SymmetricKey(data: Data(key.utf8)))
    return Data(code).base64EncodedString()
  }

  @Test(.spec("R-CONN-425")) func theTokenIsTakenOverACompactText() {
    #expect(
      HMACToken.message(for: "alice@example.com")
        == #"{"authenticationTokenRequest":{"subscriberId":"alice","organizationId":"example.com"}}"#)
  }

  @Test(.spec("R-CONN-424")) func aTokenIsExchangedForASession() async throws {
    try await GatewayBench.run { bench in
      let made = try await bench.subscribe(headers: [.xToken: try await token(bench)])
      #expect(made.verdict == .ok)
      let session: HTTPFields = [.xSession: try #require(made.params?["sessionId"]?.stringValue)]
      let path = try #require(made.path)
      #expect(try await bench.refresh(path, headers: session).status == 200)
      #expect(try await bench.subscribe(GatewayBench.bob, headers: session).verdict == .foreign)
      #expect(try await bench.delete(path, headers: session).verdict == .ok)
      #expect(try await bench.subscribe(headers: session).verdict == .wrongCredentials)
    }
  }

  /// 39 is how clients recognise that their subscription is gone; 4 would send them to the user for a new password.
  @Test(.spec("R-CONN-547", "R-CONN-1115")) func theSessionOfADeletedSubscriptionFindsItGone() async throws {
    try await GatewayBench.run { bench in
      let made = try await bench.subscribe(headers: [.xToken: try await token(bench)], ["clientCorrelator": "c1"])
      let session: HTTPFields = [.xSession: try #require(made.params?["sessionId"]?.stringValue)]
      let path = try #require(made.path)
      #expect(try await bench.delete(path, headers: session).verdict == .ok)
      #expect(try await bench.refresh(path, headers: session).verdict == .gone)
      let correlator = "/rest/version/1/user/alice@example.com/subscription/clientCorrelator/c1"
      #expect(try await bench.refresh(correlator, headers: session).verdict == .gone)
      #expect(try await bench.delete(path, headers: session).verdict == .gone)
    }
  }

  @Test(.spec("R-CONN-547")) func theSessionOfAnExpiredSubscriptionFindsItGone() async throws {
    try await GatewayBench.run { bench in
      let made = try await bench.subscribe(headers: [.xToken: try await token(bench)], ["expires": 60])
      let session: HTTPFields = [.xSession: try #require(made.params?["sessionId"]?.stringValue)]
      await bench.clock.advance(by: .seconds(60))
      #expect(try await bench.refresh(try #require(made.path), headers: session).verdict == .gone)
      // Elsewhere the credentials are wrong (R-CONN-461).
      #expect(try await bench.subscribe(headers: session).verdict == .wrongCredentials)
      let call = try await bench.send(
        "GET", "/rest/version/1/user/alice@example.com/callControl/callSessions/x", headers: session)
      #expect(call.verdict == .refused(403, 61))
    }
  }

  @Test func whoFloodsTheGatewayWithPasswordsIsTurnedAwayAndTheOthersToldWhenToReturn() async throws {
    try await GatewayBench.run {
      $0.limits.waitingPasswords = 1
      $0.limits.passwordCost = 15
    } _: { bench in
      let answers = try await withThrowingTaskGroup(of: GatewayBench.Response.self) { group in
        for number in 1...12 {
          group.addTask {
            try await bench.subscribe(headers: GatewayBench.basic("alice@example.com", "wrong \(number)"))
          }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      let turnedAway = answers.filter { $0.status == 503 }
      #expect(!turnedAway.isEmpty)
      #expect(answers.contains { $0.verdict == .wrongCredentials })
      #expect(turnedAway.allSatisfy { $0.headers[.retryAfter] == "2" && $0.subscribe?["retryAfter"] == 2_000 })
      #expect(turnedAway.allSatisfy { $0.statusCode == 503 })
      // Nobody waits any more.
      #expect(try await bench.subscribe().verdict == .ok)
    }
  }

  @Test func aTokenIsForOneUserAndForSubscribingOnly() async throws {
    try await GatewayBench.run { bench in
      let token: HTTPFields = [.xToken: try await token(bench)]
      #expect(try await bench.subscribe(GatewayBench.bob, headers: token).verdict == .wrongCredentials)
      let path = try #require(try await bench.subscribe().path)
      #expect(try await bench.refresh(path, headers: token).verdict == .wrongCredentials)
      #expect(try await bench.subscribe(headers: [.xToken: "00"]).verdict == .wrongCredentials)
    }
  }

  @Test func aChangedPasswordCountsAtOnce() async throws {
    try await GatewayBench.run { bench in
      #expect(try await bench.subscribe().verdict == .ok)
      try await bench.gateway.users.setPassword("new", of: GatewayBench.alice)
      #expect(try await bench.subscribe().verdict == .wrongCredentials)
      #expect(try await bench.subscribe(headers: GatewayBench.basic("alice@example.com", "new")).verdict == .ok)
    }
  }

  @Test(.spec("R-CONN-572")) func aUserWhoIsRemovedAndAddedAgainElsewhereIsGone() async throws {
    try await GatewayBench.run { bench in
      let bobs = try await bench.subscribe(GatewayBench.bob)
      let alices = try await bench.subscribe()
      try await bench.withSocket(bobs.channel) { socket in
        // As another process does it: the gateway is not told, and there is no moment at which it could find the user missing.
        try await bench.gateway.users.remove(GatewayBench.bob)
        try await bench.gateway.users.add(User(address: GatewayBench.bob), password: GatewayBench.password)
        for _ in 1...3 {
          await bench.clock.waitForSleepers(1)
          await bench.clock.advance(by: SubscriptionKeeper.beat)
        }
        #expect(try await socket.types(1) == [.gone])
        #expect(await socket.ending == .subscriptionOver)
      }
      #expect(try await bench.refresh(try #require(alices.path)).status == 200)
      #expect(await bench.hub.subscriptions == [try #require(alices.subscription)])
    }
  }

  @Test(.spec("R-CONN-572")) func aUserWhoIsRemovedIsGone() async throws {
    try await GatewayBench.run { bench in
      let made = try await bench.subscribe()
      try await bench.withSocket(made.channel) { socket in
        await bench.hub.post(
          LinkProtocol.Notification(eventType: .call, eventId: "e1"), toSubscription: try #require(made.subscription))
        _ = try await socket.notifications(1)
        try await bench.gateway.remove(GatewayBench.alice)
        #expect(try await socket.types(2) == [.call, .gone])
      }
      #expect(try await bench.subscribe().verdict == .wrongCredentials)
    }
  }

  @Test func whoSignsInByTokenOnlyHasNoPassword() async throws {
    try await GatewayBench.run { bench in
      try await bench.gateway.users.add(User(address: "carol@example.com", firstName: "Carol"), password: nil)
      #expect(
        try await bench.subscribe("carol@example.com", headers: GatewayBench.basic("carol@example.com")).verdict
          == .wrongCredentials)
    }
  }

  @Test func anAddressAndAnAuthorizationNameBelongToOneUser() async throws {
    try await GatewayBench.run { bench in
      await #expect(throws: GatewayError.self) {
        try await bench.gateway.users.add(User(address: GatewayBench.alice, firstName: "Again"), password: "x")
      }
      await #expect(throws: GatewayError.self) {
        try await bench.gateway.users.add(User(address: "al2@example.com", authname: "al", firstName: "Al"), password: "x")
      }
      let count = try await bench.gateway.users.list().count
      #expect(count == 2)
    }
  }
}
