import KandyTesting
import LinkMedia
import Testing

@testable import Kandy

/// What becomes of the configured STUN and TURN servers (part 03 §12.1).
@Suite struct CallServersTests {
  private static let sent = TurnCredentials(username: "sent", password: "by the server")

  private static func turn(_ username: String?, _ credential: String?) -> ICEServer {
    ICEServer(urls: ["turn:turn.example.com:3478?transport=udp"], username: username, credential: credential)
  }

  @Test(
    .spec("TV-151", "R-ICE-2"),
    arguments: [
      ("TV-151 the server's are wanted", CallServersTests.sent, "sent", "by the server"),
      ("TV-151 the configured ones are", nil, "configured", "here"),
    ] as [(String, TurnCredentials?, String, String)])
  func credentials(_ what: String, _ turn: TurnCredentials?, _ username: String, _ credential: String) {
    #expect(CallServers.make([Self.turn("configured", "here")], turn: turn) == [Self.turn(username, credential)])
  }

  @Test(.spec("R-ICE-2", "R-ICE-3")) func onlyTURNServersGetCredentials() {
    let servers = [
      ICEServer(urls: ["stun:stun.example.com"], username: "configured", credential: "here"),
      ICEServer(urls: ["stun:both.example.com", "turns:both.example.com"], username: "configured", credential: "here"),
    ]
    #expect(
      CallServers.make(servers, turn: Self.sent) == [
        ICEServer(urls: ["stun:stun.example.com"]),
        ICEServer(urls: ["stun:both.example.com", "turns:both.example.com"], username: "sent", credential: "by the server"),
      ])
  }

  @Test(
    .spec("R-ICE-4"),
    arguments: [
      ("stun:stun.example.com?transport=udp", "stun:stun.example.com"),
      ("turn:turn.example.com?transport=tcp", "turn:turn.example.com?transport=tcp"),
      ("turn:turn.example.com?x=1&transport=tcp&y=2", "turn:turn.example.com?transport=tcp"),
      ("turn:turn.example.com?x=1", "turn:turn.example.com"), ("TURNS:turn.example.com", "turns:turn.example.com"),
      ("http://example.com", nil), ("turn:", nil), ("", nil), ("turn.example.com", nil),
    ] as [(String, String?)])
  func anAddressIsWrittenAsTheEngineTakesIt(_ configured: String, _ used: String?) {
    let made = CallServers.make([ICEServer(urls: [configured], username: "u", credential: "c")], turn: nil)
    #expect(made.flatMap(\.urls) == [used].compactMap(\.self))
    // A server without an address is left out.
    #expect(made.isEmpty == (used == nil))
  }

  @Test(.spec("TV-151", "R-ICE-2"), arguments: [true, false])
  func theOptionDecidesWhoseCredentialsTheEngineGets(_ serverProvided: Bool) async throws {
    let server: JSONValue = ["urls": ["turn:turn.example.com"], "username": "configured", "credential": "here"]
    try await CallFixture.run(["iceserver": [server], "serverProvidedTurnCredentials": .bool(serverProvided)]) { calls in
      let params: JSONValue = ["service": ["call"], "turnCredentials": ["username": "sent", "password": "by the server"]]
      calls.transport.expect(
        .put, "subscription/6d1f0c2e", .json(["subscribeResponse": ["statusCode": 0, "subscriptionParams": params]]))
      try await calls.client.updateConnection(services: ["call"])
      _ = try await calls.talking(MakeOptions(isVideoEnabled: false))
      #expect(calls.engine.peers.last?.configuration.iceServers.map(\.username) == [serverProvided ? "sent" : "configured"])
    }
  }
}
