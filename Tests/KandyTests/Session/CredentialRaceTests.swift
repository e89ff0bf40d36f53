import KandyTesting
import LinkProtocol
import Testing

@testable import Kandy

struct CredentialRaceTests {
  private static let access = ServerAccess(
    Configuration.Authentication(), username: "alice", credential: .basic(name: "alice", password: "old"))

  private func requests() -> Requests {
    let requests = Requests(
      transport: ScriptedTransport(), settings: Settings(Configuration()), log: LoggerSet(level: .silent, now: { 0 }))
    requests.access = Self.access
    return requests
  }

  @Test(.spec("R-CONN-591")) func aCredentialIsReplacedForTheUserWhoIsConnected() {
    let requests = requests()
    let new = WireCredential.basic(name: "alice", password: "new")
    #expect(requests.replaceCredential(new, username: "bob") == .refused)
    #expect(requests.access == Self.access)
    #expect(requests.replaceCredential(new, username: "alice") == .replaced)
    #expect(requests.access?.credential == new)
  }

  @Test func aCredentialThatComesWithTheEndOfTheSessionDoesNotBringItBack() async {
    for round in 0..<300 {
      let requests = requests()
      await withTaskGroup { group in
        group.addTask {
          for _ in 0..<20 {
            _ = requests.replaceCredential(.basic(name: "alice", password: "\(round)"), username: "alice")
          }
        }
        group.addTask { requests.access = nil }
      }
      #expect(requests.access == nil)
    }
  }
}
