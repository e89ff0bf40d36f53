import Kandy
import KandyGateway
import KandyTesting
import LinkLogic
import LinkMedia
import Synchronization
import Testing

/// Calls that go through a real coturn, with credentials from the gateway.
@Suite(.serialized, .timeLimit(.minutes(1))) struct TurnTests {
  private static let secret = "a secret between gateway and relay"

  /// Remembers the candidates of every description that leaves.
  private final class CandidateLog: Sendable {
    private let list = Mutex<[Candidate]>([])

    var all: [Candidate] { list.withLock { $0 } }

    var handler: SDPHandler {
      SDPHandler("candidate log") { [self] sdp, info, _ in
        if info.step == .preSendLocal { list.withLock { $0 += sdp.media.flatMap(\.candidates) } }
        return nil
      }
    }
  }

  private static func gateway(_ secret: String = secret) -> GatewayConfiguration {
    var configuration = GatewayConfiguration()
    configuration.turn = GatewayConfiguration.Turn(secret: secret)
    return configuration
  }

  private static func relaying(
    over server: TurnServer, credentials: Bool = true, handlers: [SDPHandler] = []
  ) -> (inout Configuration) -> Void {
    { server.relay(&$0, credentials: credentials, handlers: handlers) }
  }

  @Test(.spec("R-ICE-2", "R-ICE-6", "R-SRV-9", "TV-152"))
  func bothEndsAreRelayedWithCredentialsFromTheGateway() async throws {
    try await TurnServer.run(secret: Self.secret) { server in
      let log = CandidateLog()
      let relaying = Self.relaying(over: server, handlers: [log.handler])
      try await LivePeople.run(gateway: Self.gateway(), alice: relaying, bob: relaying) { people in
        let call = try await people.call()
        #expect(await call.isHeardBothWays())
        #expect(!log.all.isEmpty)
        #expect(log.all.allSatisfy { $0.type == .relay && $0.ip == "127.0.0.1" })
        let candidates = try await people.engine.candidatesInUse()
        #expect(candidates.count == 2)
        for (local, remote) in candidates {
          #expect(local.texts["candidateType"] == "relay")
          #expect(remote.texts["candidateType"] == "relay")
        }
        try await call.end()
      }
    }
  }

  /// Without any credentials libwebrtc refuses the server; with wrong ones coturn does, and there are no candidates.
  @Test(.spec("R-ICE-24", "R-ICE-27", "TV-145"), arguments: [false, true])
  func withoutGoodCredentialsTheCallFailsWithAnError(hasBadOnes: Bool) async throws {
    try await TurnServer.run(secret: Self.secret) { server in
      let relaying = Self.relaying(over: server, credentials: hasBadOnes)
      try await LivePeople.run(gateway: Self.gateway("another secret"), alice: relaying, bob: relaying) { people in
        let made = try people.alice.call.make("bob@example.com", MakeOptions(isVideoEnabled: false))
        let error = await #expect(throws: BasicError.self) { try await made.answered() }
        #expect(error?.code == "call:2")
        #expect(made.record.state == .ended)
      }
    }
  }
}

extension TurnServer {
  /// Makes a client use nothing but this relay, with credentials from the gateway or with none.
  func relay(_ configuration: inout Configuration, credentials: Bool = true, handlers: [SDPHandler] = []) {
    configuration.call.iceserver = [Configuration.ICEServerEntry(ICEServer(urls: [url]))]
    configuration.call.serverProvidedTurnCredentials = credentials
    configuration.call.useRelay = true
    configuration.call.sdpHandlers = handlers
  }
}
