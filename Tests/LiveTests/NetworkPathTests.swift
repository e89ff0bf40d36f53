import Kandy
import LinkMedia
import Testing

/// Live calls over a network that has its bad days.
@Suite(.serialized, .timeLimit(.minutes(1))) struct NetworkPathTests {
  private func run(_ body: (LivePeople.AudioCall, LivePeople, NetworkPath) async throws -> Void) async throws {
    let path = try await NetworkPath.open()
    try await LivePeople.run(
      alice: { $0.call.sdpHandlers = [path.handler(.near)] }, bob: { $0.call.sdpHandlers = [path.handler(.far)] }
    ) { people in
      let call = try await people.call()
      try #require(await call.isHeardBothWays())
      try await body(call, people, path)
      try await call.end()
    }
    try await path.close()
  }

  @Test func aCallGoesThroughThePathAndNotBesideIt() async throws {
    try await run { _, people, path in
      #expect(path.counters.carried > 50)
      let candidates = try await people.engine.candidatesInUse()
      #expect(candidates.count == 2)
      for (_, remote) in candidates {
        #expect(path.isFront(Int(remote.numbers["port"] ?? 0)))
        #expect(remote.texts["ip"] == "127.0.0.1")
      }
    }
  }

  @Test func aSilentPathIsAGapInTheTone() async throws {
    try await run { call, _, path in
      path.conditions.isSilent = true
      #expect(await call.ears.bob.hearsNothing())
      path.conditions.isSilent = false
      #expect(await call.isHeardBothWays())
      let gap = call.ears.bob.gaps.longest
      #expect(gap >= .seconds(1))
      print("the path was silent, and the tone for \(gap)")
    }
  }

  @Test func aCallGoesOnWhenOneEndsAddressChanges() async throws {
    try await run { call, people, path in
      try path.move(.near)
      // Bob hears Alice again once he knows her new address.
      call.ears.bob.gaps.reset()
      #expect(await call.isHeardBothWays())
      // Sound may come to one end before the other has chosen the new pair.
      var isNew = false
      for _ in 0..<10 where !isNew {
        isNew = try await people.engine.candidatesInUse().allSatisfy { _, remote in
          path.isFront(Int(remote.numbers["port"] ?? 0))
        }
        if !isNew { #expect(await call.isHeardBothWays()) }
      }
      #expect(isNew)
      print("one end's address changed, and its tone was away for \(call.ears.bob.gaps.longest)")
    }
  }

  @Test func aSlowAndLossyPathIsBridgedByTheEngine() async throws {
    try await run { call, _, path in
      path.conditions = NetworkPath.Conditions(delay: .milliseconds(40), loss: 0.03)
      let dropped = path.counters.dropped
      #expect(await call.ears.bob.hears(500, purity: 0.9))
      #expect(await call.ears.alice.hears(900, purity: 0.9))
      #expect(path.counters.dropped > dropped)
    }
  }
}
