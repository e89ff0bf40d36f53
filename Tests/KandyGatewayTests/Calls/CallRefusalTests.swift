import HTTPTypes
import KandyTesting
import LinkProtocol
import Testing

@testable import KandyGateway

/// What call control answers to whoever may not, or does not make sense: always `callControlResponse`, which is all that clients read.
@Suite(.timeLimit(.minutes(1))) struct CallRefusalTests {
  private static let start =
    #"{"callControlRequest": {"type": "callStart", "from": "a", "to": "bob@example.com", "sdp": "v=0"}}"#
  private let path = "/rest/version/1/user/alice@example.com/callControl"

  private static let requests: [(method: String, resource: String, body: String)] = [
    ("POST", "callControl", start), ("PUT", "callControl/callSessions/x", #"{"callControlRequest": {"type": "audit"}}"#),
    ("DELETE", "callControl/callSessions/x", ""), ("GET", "callControl/callSessions/x", ""),
    ("POST", "calldisposition", #"{"callDispositionRequest": {"action": "reject", "sessionData": "x"}}"#),
  ]

  @Test(.spec("R-CALL-16", "R-CONN-462"), arguments: 0..<5) func whoProvesNothingIsForbidden(_ number: Int) async throws {
    let request = Self.requests[number]
    try await GatewayBench.run { bench in
      let target = "/rest/version/1/user/alice@example.com/\(request.resource)"
      let wrong = GatewayBench.basic("alice@example.com", "wrong")
      for headers in [[:], wrong, [.xToken: "00"], [.xSession: "00"], [.authorization: "Bearer x"]] as [HTTPFields] {
        let answer = try await bench.send(request.method, target, headers: headers, request.body)
        #expect(answer.status == 403)
        #expect(answer.body == ["callControlResponse": ["statusCode": 61]])
      }
    }
  }

  @Test(.spec("R-CALL-16", "R-CONN-1203"), arguments: 0..<5) func inSomebodyElsesPathNobodyActs(_ number: Int) async throws {
    let request = Self.requests[number]
    try await GatewayBench.run { bench in
      let target = "/rest/version/1/user/bob@example.com/\(request.resource)"
      let answer = try await bench.send(
        request.method, target, headers: GatewayBench.basic("alice@example.com"), request.body)
      #expect(answer.status == 403)
      #expect(answer.body["callControlResponse"]?["statusCode"] == 27)
    }
  }

  @Test(
    .spec("R-CALL-16"),
    arguments: [
      "{", "[]", "7", "null", #"{"callControlRequest": 1}"#, #"{"callControlRequest": {}}"#,
      #"{"callControlRequest": {"type": 7}}"#, #"{"callControlRequest": {"type": "callStart", "sdp": {}}}"#,
    ]) func aBodyWithoutMeaningIsCode5(_ body: String) async throws
  {
    try await GatewayBench.run { bench in
      for (method, target) in [("POST", path), ("PUT", "\(path)/callSessions/x")] {
        let answer = try await bench.send(method, target, headers: GatewayBench.basic("alice@example.com"), body)
        #expect(answer.status == 400)
        #expect(answer.body["callControlResponse"]?["statusCode"] == 5)
        #expect(answer.body["callControlResponse"]?["reasonText"]?.stringValue?.isEmpty == false)
      }
    }
  }

  @Test(.spec("R-CONN-461")) func whoMayNotCallIsTold() async throws {
    try await GatewayBench.run { bench in
      let carol: UserAddress = "carol@example.com"
      try await bench.gateway.users.add(User(address: carol, services: [.im]), password: GatewayBench.password)
      let answer = try await bench.send(
        "POST", "/rest/version/1/user/\(carol)/callControl", headers: GatewayBench.basic("\(carol)"), Self.start)
      #expect(answer.status == 403)
      #expect(answer.body["callControlResponse"]?["statusCode"] == 35)
    }
  }

  /// The body of a GET means nothing (RFC 9110, section 9.3.1).
  @Test(.spec("R-CONN-406", "R-CALL-102"), arguments: ["", "{}", "{", "not JSON at all"])
  func aStateIsReadWhateverTheBody(_ body: String) async throws {
    try await GatewayBench.run { bench in
      let bob = try #require(try await bench.subscribe(GatewayBench.bob).subscription)
      let sessions = try await bench.call(answeredAt: bob)
      let answer = try await bench.send(
        "GET", "\(path)/callSessions/\(sessions.alice)", headers: GatewayBench.basic("alice@example.com"), body)
      #expect(answer.body == ["callControlResponse": ["statusCode": 0, "state": "ANSWERED"]])
    }
  }

  @Test func nobodyMakesMoreCallsThanAreAllowed() async throws {
    try await GatewayBench.run {
      $0.limits.callsPerUser = 2
    } _: { bench in
      let bob = try #require(try await bench.subscribe(GatewayBench.bob).subscription)
      _ = try await bench.subscribe()
      let first = try await bench.call(answeredAt: bob)
      let call: [String: JSONValue] = ["type": "callStart", "from": "a", "to": "bob@example.com", "sdp": "v=0"]
      #expect(try await bench.control("POST", GatewayBench.alice, "", call).verdict == .ok)
      let third = try await bench.control("POST", GatewayBench.alice, "", call)
      #expect(third.verdict == .refused(403, 19))
      #expect(third.body["callControlResponse"]?["reasonText"]?.stringValue?.contains("2 calls") == true)
      // Those that somebody else made do not count.
      let back = call.merging(["to": "alice@example.com"]) { $1 }
      #expect(try await bench.control("POST", GatewayBench.bob, "", back).verdict == .ok)
      #expect(try await bench.control("DELETE", GatewayBench.alice, "/callSessions/\(first.alice)").verdict == .ok)
      #expect(try await bench.control("POST", GatewayBench.alice, "", call).verdict == .ok)
    }
  }
}
