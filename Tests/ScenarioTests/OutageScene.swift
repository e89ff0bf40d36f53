import Kandy
import KandyTesting
import LinkProtocol
import Testing

/// Three people, one of whom is about to lose the WebSocket.
struct OutageScene {
  let bench: ScenarioBench
  let people: [Person]
  let cutOff: Person
  let actor: Person
  let moment: OutageScenarios.Outage.Moment

  private var alice: Person { people[0] }
  private var bob: Person { people[1] }
  private var carol: Person { people[2] }

  /// Does something, before or while somebody loses the WebSocket, and lets three seconds pass before it returns.
  @discardableResult
  private func outage<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
    if moment == .before { try await bench.breakSocket(of: cutOff) }
    let before = actor.requests.count
    async let outcome = body()
    if moment == .meanwhile {
      // Everything begins with a request.
      try await actor.network.requests.until { actor.requests.count > before }
      try await bench.breakSocket(of: cutOff)
    }
    try await bench.pass(.seconds(3))
    try await bench.mendSocket(of: cutOff)
    return try await outcome
  }

  func play(_ operation: OutageScenarios.Operation) async throws {
    switch operation {
    case .make: try await make()
    case .cancel: try await cancel()
    case .answer: try await answer()
    case .reject: try await reject()
    case .forward: try await forward()
    case .hold: try await hold()
    case .unhold: try await unhold()
    case .startVideo: try await startVideo()
    case .stopVideo: try await stopVideo()
    case .startScreenshare: try await startScreenshare()
    case .stopScreenshare: try await stopScreenshare()
    case .restartMedia: try await restartMedia()
    case .end: try await end()
    case .directTransfer: try await directTransfer()
    case .consultativeTransfer: try await consultativeTransfer()
    case .join: try await join()
    }
  }

  // MARK: - Before the call is answered

  private func make() async throws {
    let call = try await outage { [alice, bob] in try alice.make(bob) }
    let atBob = try await bob.isCalled()
    try await alice.sees(.ringing, of: call)
    try atBob.answer()
    try await areTalking(alice, call, bob, atBob)
  }

  /// Alice's call, which rings at Bob's.
  private func ringing() async throws -> (Call, Call) {
    let call = try alice.make(bob)
    let atBob = try await bob.isCalled()
    try await alice.sees(.ringing, of: call)
    return (call, atBob)
  }

  private func cancel() async throws {
    let (call, atBob) = try await ringing()
    try await outage { try await call.end() }
    try await alice.sees(.ended, of: call)
    try await bob.sees(.ended, of: atBob)
  }

  private func answer() async throws {
    let (call, atBob) = try await ringing()
    try await outage { try atBob.answer() }
    try await areTalking(alice, call, bob, atBob)
  }

  private func reject() async throws {
    let (call, atBob) = try await ringing()
    try await outage { try await atBob.reject() }
    #expect(try await alice.sees(.ended, of: call)?.code == 603)
    try await bob.sees(.ended, of: atBob)
  }

  private func forward() async throws {
    let (call, atBob) = try await ringing()
    try await outage { [carol] in try await atBob.forward(to: carol.address) }
    let atCarol = try await carol.isCalled()
    try await bob.sees(.ended, of: atBob)
    try atCarol.answer()
    try await areTalking(alice, call, carol, atCarol)
  }

  // MARK: - In a call

  private func hold() async throws {
    let (call, atBob) = try await alice.talks(to: bob)
    try await outage { try await call.hold() }
    try await bob.sees(.onRemoteHold, of: atBob)
    #expect(call.record.state == .onHold)
    try await call.unhold()
    try await areTalking(alice, call, bob, atBob)
  }

  private func unhold() async throws {
    let (call, atBob) = try await alice.talks(to: bob)
    try await call.hold()
    try await bob.sees(.onRemoteHold, of: atBob)
    try await outage { try await call.unhold() }
    try await areTalking(alice, call, bob, atBob)
  }

  private func startVideo() async throws {
    let (call, atBob) = try await alice.talks(to: bob, MakeOptions())
    try await outage { try await call.startVideo() }
    try await bob.sees(atBob) { $0.remoteVideoState.sends }
    #expect(call.record.sendingVideo == true)
    try await areTalking(alice, call, bob, atBob)
  }

  private func stopVideo() async throws {
    let (call, atBob) = try await alice.talks(to: bob, MakeOptions())
    try await call.startVideo()
    try await bob.sees(atBob) { $0.remoteVideoState.sends }
    try await outage { try await call.stopVideo() }
    try await bob.sees(atBob) { !$0.remoteVideoState.sends }
    #expect(call.record.sendingVideo == false)
    try await areTalking(alice, call, bob, atBob)
  }

  private func startScreenshare() async throws {
    let (call, atBob) = try await alice.talks(to: bob, MakeOptions())
    try await outage { try await call.startScreenshare(ScreenShare(mediaSourceId: "virtual:screen")) }
    try await bob.sees(atBob) { $0.remoteVideoState.sends }
    #expect(call.record.isScreensharing)
    try await areTalking(alice, call, bob, atBob)
  }

  private func stopScreenshare() async throws {
    let (call, atBob) = try await alice.talks(to: bob, MakeOptions())
    try await call.startScreenshare(ScreenShare(mediaSourceId: "virtual:screen"))
    try await bob.sees(atBob) { $0.remoteVideoState.sends }
    try await outage { try await call.stopScreenshare() }
    try await bob.sees(atBob) { !$0.remoteVideoState.sends }
    #expect(!call.record.isScreensharing)
    try await areTalking(alice, call, bob, atBob)
  }

  private func restartMedia() async throws {
    let (call, atBob) = try await alice.talks(to: bob)
    try await outage { try await call.restartMedia() }
    #expect(alice.events.entries.contains(.callMediaRestart(call.id)))
    try await areTalking(alice, call, bob, atBob)
  }

  private func end() async throws {
    let (call, atBob) = try await alice.talks(to: bob)
    try await outage { try await call.end() }
    try await alice.sees(.ended, of: call)
    try await bob.sees(.ended, of: atBob)
  }

  // MARK: - Calls that go on without Alice, or with all three

  private func directTransfer() async throws {
    let (call, atBob) = try await alice.talks(to: bob)
    async let atCarol = carol.isAnswering()
    try await outage { [carol] in try await call.directTransfer(to: carol.address) }
    try await alice.sees([.transferred, .ended], of: call)
    try await areTalking(bob, atBob, carol, try await atCarol)
  }

  /// Alice's calls with Bob and Carol, both on hold.
  private func twoCalls() async throws -> (first: Call, atBob: Call, second: Call, atCarol: Call) {
    let (first, atBob) = try await alice.talks(to: bob)
    try await first.hold()
    let (second, atCarol) = try await alice.talks(to: carol)
    try await second.hold()
    try await carol.sees(.onRemoteHold, of: atCarol)
    return (first, atBob, second, atCarol)
  }

  private func consultativeTransfer() async throws {
    let (first, atBob, second, atCarol) = try await twoCalls()
    try await outage { try await first.consultativeTransfer(to: second) }
    try await alice.sees([.transferred, .ended], of: first)
    #expect(try await alice.sees(.ended, of: second)?.code == 9905)
    try await areTalking(bob, atBob, carol, atCarol)
  }

  private func join() async throws {
    let (first, atBob, second, atCarol) = try await twoCalls()
    let joined = try await outage { try await first.join(with: second) }
    try await joined.connected()
    for call in [first, second] { #expect(try await alice.sees(.ended, of: call)?.code == 9906) }
    for (person, call) in [(bob, atBob), (carol, atCarol)] {
      try await person.sees(call) { $0.remoteParticipant?.displayNumber == "conference@example.com" && $0.state == .inCall }
    }
  }

  // MARK: - Afterwards

  private func areTalking(_ one: Person, _ call: Call, _ other: Person, _ far: Call) async throws {
    try await call.connected()
    try await far.connected()
    try await one.sees(call) { $0.state == .inCall && $0.remoteParticipant?.displayNumber == other.address }
    try await other.sees(far) { $0.state == .inCall && $0.remoteParticipant?.displayNumber == one.address }
    try await call.hold()
    try await other.sees(.onRemoteHold, of: far)
    try await call.unhold()
    try await other.sees(.inCall, of: far)
  }
}

extension Person {
  /// Waits for a call and answers it.
  fileprivate func isAnswering() async throws -> Call {
    let call = try await isCalled()
    try call.answer()
    return call
  }
}
