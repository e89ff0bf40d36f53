import KandyTesting
import LinkProtocol
import Testing

@testable import KandyGateway

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

@Suite struct TurnCredentialsTests {
  private let turn = GatewayConfiguration.Turn(
    secret: "north pole", urls: ["turn:turn.example.com:3478?transport=udp"], lifetime: 600)

  /// The password was made with `openssl dgst -sha1 -hmac "north pole" -binary | base64`.
  @Test(.spec("R-CONN-536")) func theyAreWhatCoturnExpects() {
    let credentials = turn.credentials(for: "alice@example.com", now: 1_700_000_000_999, outliving: 3600)
    #expect(
      credentials
        == TurnCredentials(
          username: "1700003600:alice@example.com", password: "M2XztmUFxBf4IoVQS5kdEEKIRrY=", timeToLive: 3600,
          uris: ["turn:turn.example.com:3478?transport=udp"]))
  }

  @Test func theyLastAsLongAsConfiguredOrAsTheSubscriptionIfThatIsLonger() {
    let short = turn.credentials(for: "alice@example.com", now: 1_700_000_000_000, outliving: 60)
    #expect(short.username == "1700000600:alice@example.com")
    #expect(short.timeToLive == 600)
  }

  @Test(.spec("R-SRV-9", "R-CONN-536")) func aSubscriptionGetsThemAndEveryRefreshNewOnes() async throws {
    try await GatewayBench.run {
      $0.turn = turn
    } _: { bench in
      let made = try await bench.subscribe(GatewayBench.alice, ["useTurn": true, "expires": 3600])
      let first = try #require(made.params?["turnCredentials"])
      #expect(first["username"] == "1700003600:alice@example.com")
      #expect(first["password"] == "M2XztmUFxBf4IoVQS5kdEEKIRrY=")
      #expect(first["timeToLive"]?.intValue == 3600)
      #expect(first["uris"] == ["turn:turn.example.com:3478?transport=udp"])
      await bench.clock.advance(by: .seconds(30))
      let refreshed = try await bench.refresh(try #require(made.path), ["useTurn": true])
      let second = try #require(refreshed.params?["turnCredentials"])
      #expect(second["username"] == "1700003630:alice@example.com")
      #expect(second["password"] != first["password"])
    }
  }

  @Test(arguments: [nil, false, "no"] as [JSONValue?]) func whoDoesNotAskGetsNone(_ useTurn: JSONValue?) async throws {
    try await GatewayBench.run {
      $0.turn = turn
    } _: { bench in
      let answer = try await bench.subscribe(GatewayBench.alice, useTurn.map { ["useTurn": $0] } ?? [:])
      #expect(answer.verdict == .ok)
      #expect(answer.params?["turnCredentials"] == nil)
    }
  }

  @Test func aGatewayWithoutASecretHasNone() async throws {
    try await GatewayBench.run { bench in
      let answer = try await bench.subscribe(GatewayBench.alice, ["useTurn": true])
      #expect(answer.verdict == .ok)
      #expect(answer.params?["turnCredentials"] == nil)
    }
  }

  @Test func neitherTheSecretNorAPasswordIsEverPrinted() {
    var configuration = GatewayConfiguration()
    configuration.turn = turn
    var dumped = ""
    dump(configuration, to: &dumped)
    let credentials = turn.credentials(for: "alice@example.com", now: 0, outliving: 60)
    for text in ["\(configuration)", dumped, "\(turn)", String(reflecting: turn)] { #expect(!text.contains("north")) }
    #expect(!"\(credentials) \(String(reflecting: credentials))".contains(credentials.password))
  }

  // MARK: - The configuration

  @Test func aFileSaysHow() throws {
    let file = Data(#"{"turn": {"secret": "s", "urls": ["turns:a:5349"], "lifetime": 90}}"#.utf8)
    #expect(
      try GatewayConfiguration(json: file).turn
        == GatewayConfiguration.Turn(secret: "s", urls: ["turns:a:5349"], lifetime: 90))
    #expect(
      try GatewayConfiguration(json: Data(#"{"turn": {"secret": "s"}}"#.utf8)).turn
        == GatewayConfiguration.Turn(secret: "s", urls: [], lifetime: 86_400))
  }

  @Test(arguments: [
    #"{"turn": {"secret": ""}}"#, #"{"turn": {"urls": ["turn:a"]}}"#, #"{"turn": {"secret": "s", "urls": ["stun:a"]}}"#,
    #"{"turn": {"secret": "s", "lifetime": 5}}"#, #"{"turn": {"secret": "s", "realm": "r"}}"#, #"{"turn": "s"}"#,
  ])
  func whatMakesNoSenseIsRefused(_ file: String) {
    let error = #expect(throws: GatewayError.self) { try GatewayConfiguration(json: Data(file.utf8)) }
    #expect(error?.code == .invalidConfiguration)
  }
}
