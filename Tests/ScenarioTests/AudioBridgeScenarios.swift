import Kandy
import KandyGateway
import KandyTesting
import LinkMedia
import LinkProtocol
import Testing

/// Alice bridges her calls with Bob and Carol: real clients and a gateway in one process; only the media engines are fakes.
@Suite(.timeLimit(.minutes(1))) struct AudioBridgeScenarios {
  private struct Setting {
    let bench: ScenarioBench
    let alice: Person
    let bob: Person
    let carol: Person
    let dave: Person
    let bridge: AudioBridge.ID
    /// Alice's ends of the calls, and the others'.
    let first: Call
    let second: Call
    let atBob: Call
    let atCarol: Call

    var bridges: AudioBridges { alice.client.audioBridge }

    /// Waits until this is heard of Alice, Bob, Carol and Dave at an end of a call.
    func hears(_ call: Call, _ wanted: [Int]) async throws {
      try await bench.hears(call, wanted, of: [500, 900, 1_300, 1_700])
    }

    /// Waits until these calls are in the bridge, and Alice has been told.
    func bridge(has calls: [Call]) async throws {
      try await alice.events.until {
        alice.events.entries.contains(.audioBridgeChange(bridge)) && (try? bridges.getBridgeCalls(bridge)) == calls.map(\.id)
      }
    }
  }

  private func setting(_ body: (Setting) async throws -> Void) async throws {
    try await ScenarioBench.run(["alice", "bob", "carol", "dave"]) { bench, people in
      for (person, hz) in zip(people, [500, 900, 1_300, 1_700]) {
        try await person.client.media.setDefaultDevices(microphone: "virtual:tone?hz=\(hz)", speaker: "virtual:null")
      }
      let alice = people[0]
      let (first, atBob) = try await alice.talks(to: people[1])
      let (second, atCarol) = try await alice.talks(to: people[2])
      let bridge = try alice.client.audioBridge.create()
      for call in [first, second] { try await alice.client.audioBridge.addCall(bridge, call.id) }
      try await body(
        Setting(
          bench: bench, alice: alice, bob: people[1], carol: people[2], dave: people[3], bridge: bridge, first: first,
          second: second, atBob: atBob, atCarol: atCarol))
    }
  }

  @Test(.spec("R-CALL-717", "R-CALL-720", "R-CALL-722")) func holdAndMuteAreThoseOfTheCall() async throws {
    try await setting { setting in
      try await setting.hears(setting.atBob, [5, 0, 5, 0])
      try await setting.hears(setting.atCarol, [5, 5, 0, 0])
      try await setting.hears(setting.first, [0, 10, 0, 0])

      try await setting.atBob.hold()
      try await setting.hears(setting.atCarol, [10, 0, 0, 0])
      try await setting.hears(setting.atBob, [0, 0, 0, 0])
      try await setting.atBob.unhold()
      try await setting.hears(setting.atBob, [5, 0, 5, 0])
      try await setting.second.hold()
      try await setting.hears(setting.atBob, [10, 0, 0, 0])
      try await setting.hears(setting.atCarol, [0, 0, 0, 0])
      try await setting.second.unhold()
      try await setting.hears(setting.atCarol, [5, 5, 0, 0])

      try await setting.first.mute()
      try await setting.hears(setting.atBob, [0, 0, 10, 0])
      try await setting.hears(setting.atCarol, [5, 5, 0, 0])
      try await setting.first.restartMedia()
      try await setting.hears(setting.atBob, [0, 0, 10, 0])
      #expect(try setting.bridges.getBridgeCalls(setting.bridge) == [setting.first.id, setting.second.id])
    }
  }

  @Test(.spec("R-CALL-722")) func aFarEndThatIsTransferredIsReplacedInTheBridge() async throws {
    try await setting { setting in
      async let transferred: Void = setting.atBob.directTransfer(to: setting.dave.address)
      let atDave = try await setting.dave.isCalled()
      try atDave.answer()
      try await transferred
      try await setting.hears(atDave, [5, 0, 5, 0])
      try await setting.hears(setting.atCarol, [5, 0, 0, 5])
      #expect(try setting.bridges.getBridgeCalls(setting.bridge) == [setting.first.id, setting.second.id])
    }
  }

  @Test(.spec("R-CALL-715", "R-CALL-722")) func whoIsTransferredAwayOrHangsUpLeaves() async throws {
    try await setting { setting in
      async let transferred: Void = setting.first.directTransfer(to: setting.dave.address)
      let atDave = try await setting.dave.isCalled()
      try atDave.answer()
      try await transferred
      try await setting.bridge(has: [setting.second])
      try await setting.hears(setting.atBob, [0, 0, 0, 10])
      try await setting.hears(atDave, [0, 10, 0, 0])
      try await setting.hears(setting.atCarol, [10, 0, 0, 0])

      try await setting.atCarol.end()
      try await setting.bridge(has: [])
      #expect(try setting.bridges.getAll() == [AudioBridge(id: setting.bridge)])

      // What is open is still of use.
      let (third, again) = try await setting.alice.talks(to: setting.dave)
      try await setting.bridges.addCall(setting.bridge, third.id)
      try await setting.hears(again, [10, 0, 0, 0])
    }
  }
}
