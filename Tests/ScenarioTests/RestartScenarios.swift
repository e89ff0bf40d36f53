import Foundation
import Kandy
import KandyGateway
import KandyTesting
import LinkMedia
import LinkProtocol
import Testing

/// The gateway ends under the clients that are connected to it, and comes back without their calls.
@Suite(.timeLimit(.minutes(1))) struct RestartScenarios {
  private enum End {
    /// The operator stops it: it takes leave of everybody.
    case stopped
    /// Nobody is told, and only what is in its database is left.
    case killed
  }

  /// Runs a gateway until it ends as wished, and another one, at another port, with the same database.
  private static func run<Calls>(
    _ end: End, call: JSONValue = [:], _ before: ([Person]) async throws -> Calls,
    after: (ScenarioBench, [Person], Calls) async throws -> Void
  ) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "kandy-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder.appending(path: "1"), withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    func configuration(_ name: String) -> GatewayConfiguration {
      var configuration = GatewayConfiguration()
      configuration.database = .file(folder.appending(path: "\(name)/gateway.sqlite").path)
      return configuration
    }
    let clock = ManualClock()
    var people: [Person] = []
    let result: Result<Void, any Error>
    do {
      let (bench, calls) = try await InProcessGateway.run(
        users: ScenarioBench.users, configuration: configuration("1"), clock: clock
      ) { gateway in
        let bench = ScenarioBench(clock: clock, gateway: gateway)
        for name in ["alice", "bob", "carol"] { people.append(try await bench.person(name, call: call)) }
        let calls = try await before(people)
        if end == .killed {
          for person in people { await person.network.lose() }
          try FileManager.default.copyItem(at: folder.appending(path: "1"), to: folder.appending(path: "2"))
        }
        return (bench, calls)
      }
      try await InProcessGateway.run(configuration: configuration(end == .killed ? "2" : "1"), clock: clock) { gateway in
        for person in people { person.network.find(at: gateway.port) }
        try await after(bench, people, calls)
        for person in people { await person.client.disconnect() }
      }
      result = .success(())
    } catch {
      result = .failure(error)
    }
    for person in people { await person.client.destroy() }
    try result.get()
  }

  /// Alice talks to Bob, who calls Carol besides.
  private struct Calls {
    let talking: (Call, Call)
    let ringing: (Call, Call)
  }

  private static func begin(_ people: [Person]) async throws -> Calls {
    let (alice, bob, carol) = (people[0], people[1], people[2])
    let talking = try await alice.talks(to: bob)
    let made = try bob.make(carol)
    let atCarol = try await carol.isCalled()
    try await bob.sees(.ringing, of: made)
    return Calls(talking: talking, ringing: (made, atCarol))
  }

  @Test(.spec("R-CONN-572", "R-CALL-483")) func theOperatorStopsTheGateway() async throws {
    try await Self.run(.stopped) { people in
      try await Self.begin(people)
    } after: { _, people, calls in
      let (alice, bob, carol) = (people[0], people[1], people[2])
      for (person, call) in [
        (alice, calls.talking.0), (bob, calls.talking.1), (bob, calls.ringing.0), (carol, calls.ringing.1),
      ] {
        try await person.sees(.ended, of: call)
        try await person.events.until { person.isGone }
      }
      // Whoever connects again finds the gateway, and nothing left of the calls.
      for person in [alice, bob] {
        try await person.client.connect(Credentials(username: person.address, password: InProcessGateway.password))
      }
      let (again, _) = try await alice.talks(to: bob)
      try await again.end()
    }
  }

  @Test(.spec("R-CALL-690", "R-CALL-691", "R-CALL-692")) func theGatewayDiesAndTheClientsAskHowTheirCallsStand() async throws {
    try await Self.run(.killed, call: ["resyncOnConnect": true]) { people in
      try await Self.begin(people)
    } after: { bench, people, calls in
      let (alice, bob, carol) = (people[0], people[1], people[2])
      for person in people { try await bench.waitForSocket(of: person) }
      // Notifications that were kept would say how the calls have ended; there are none.
      try await bench.pass(.seconds(4))
      for (person, call) in [
        (alice, calls.talking.0), (bob, calls.talking.1), (bob, calls.ringing.0), (carol, calls.ringing.1),
      ] {
        // Whichever the client hears first: that the session is unknown, or that its audit has failed.
        #expect([9900, 9909].contains(try await person.sees(.ended, of: call)?.code))
      }
      let (again, _) = try await alice.talks(to: bob)
      try await again.end()
    }
  }

  @Test(.spec("R-CALL-93", "R-CALL-94")) func theGatewayDiesAndTheAuditsFindOut() async throws {
    try await Self.run(.killed) { people in
      try await Self.begin(people)
    } after: { bench, people, calls in
      let (alice, bob) = (people[0], people[1])
      for person in people { try await bench.waitForSocket(of: person) }
      #expect(calls.talking.0.record.state == .inCall && calls.talking.1.record.state == .inCall)
      try await bench.pass(.seconds(3))
      #expect(try await alice.sees(.ended, of: calls.talking.0)?.code == 9909)
      #expect(try await bob.sees(.ended, of: calls.talking.1)?.code == 9909)
      #expect(alice.requests.last == "audit" && bob.requests.last == "audit")
    }
  }
}

extension Person {
  fileprivate var isGone: Bool {
    events.entries.contains { if case .authChange(let end?) = $0 { end.reason == .gone } else { false } }
  }
}
