import Kandy
import KandyTesting
import LinkMedia
import LinkProtocol
import Testing

/// The WebSocket of one of three people breaks, somebody does something, and seconds later the WebSocket returns: part 02 §8.23. Whatever was
/// done is done, for everybody.
@Suite(.timeLimit(.minutes(1))) struct OutageScenarios {
  enum Operation: String, CaseIterable, CustomTestStringConvertible {
    case make, cancel, answer, reject, forward, hold, unhold, startVideo, stopVideo, startScreenshare, stopScreenshare,
      restartMedia, end,
      directTransfer, consultativeTransfer, join

    /// Whether Bob does it, and not Alice.
    var isBobs: Bool { self == .answer || self == .reject || self == .forward }

    var isAboutCarol: Bool {
      switch self {
      case .forward, .directTransfer, .consultativeTransfer, .join: true
      case .make, .cancel, .answer, .reject, .hold, .unhold, .startVideo, .stopVideo, .startScreenshare, .stopScreenshare,
        .restartMedia, .end:
        false
      }
    }

    var testDescription: String { rawValue }
  }

  struct Outage: Sendable, CustomTestStringConvertible {
    enum Moment: CaseIterable {
      case before, meanwhile
    }

    let operation: Operation
    let person: Int
    let moment: Moment
    let resync: Bool

    var testDescription: String {
      "\(["Alice", "Bob", "Carol"][person]), \(moment) \(operation)\(resync ? ", with resync" : "")"
    }

    static let all = Operation.allCases.flatMap { operation in
      (0..<(operation.isAboutCarol ? 3 : 2)).flatMap { person in
        [(Moment.before, false), (.before, true), (.meanwhile, true)].map {
          Outage(operation: operation, person: person, moment: $0.0, resync: $0.1)
        }
      }
    }
  }

  @Test(.spec("R-CALL-475", "R-CALL-476", "R-CALL-477"), arguments: Outage.all)
  func somebodyIsWithoutWebSocketForAWhile(_ outage: Outage) async throws {
    let names = ["alice", "bob", "carol"]
    try await ScenarioBench.run(names, call: ["resyncOnConnect": .bool(outage.resync)]) { bench, people in
      let scene = Scene(
        bench: bench, people: people, cutOff: people[outage.person], actor: people[outage.operation.isBobs ? 1 : 0],
        moment: outage.moment)
      try await scene.play(outage.operation)
      #expect(people.flatMap(\.errors) == [])
      for person in people {
        let begun = person.operations(.start)
        #expect(begun == person.operations(.finish), "Every operation has one outcome.")
      }
    }
  }

  /// Three people, one of whom is about to lose the WebSocket.
  private struct Scene {
    let bench: ScenarioBench
    let people: [Person]
    let cutOff: Person
    let actor: Person
    let moment: Outage.Moment

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

    func play(_ operation: Operation) async throws {
      switch operation {
      case .make, .cancel, .answer, .reject, .forward: try await playRinging(operation)
      case .hold, .unhold, .restartMedia, .end: try await playTalking(operation)
      case .startVideo, .stopVideo, .startScreenshare, .stopScreenshare: try await playVideo(operation)
      case .directTransfer: try await playTransfer()
      case .consultativeTransfer, .join: try await playTwoCalls(operation)
      }
    }

    // MARK: Before the call is answered

    private func playRinging(_ operation: Operation) async throws {
      if operation == .make { return try await playMake() }
      let call = try alice.make(bob)
      let atBob = try await bob.isCalled()
      try await alice.sees(.ringing, of: call)
      switch operation {
      case .cancel:
        try await outage { try await call.end() }
        try await alice.sees(.ended, of: call)
        try await bob.sees(.ended, of: atBob)
      case .answer:
        try await outage { try atBob.answer() }
        try await areTalking(alice, call, bob, atBob)
      case .reject:
        try await outage { try await atBob.reject() }
        #expect(try await alice.sees(.ended, of: call)?.code == 603)
        try await bob.sees(.ended, of: atBob)
      default:
        try await outage { [carol] in try await atBob.forward(to: carol.address) }
        let atCarol = try await carol.isCalled()
        try await bob.sees(.ended, of: atBob)
        try atCarol.answer()
        try await areTalking(alice, call, carol, atCarol)
      }
    }

    private func playMake() async throws {
      let call = try await outage { [alice, bob] in try alice.make(bob) }
      let atBob = try await bob.isCalled()
      try await alice.sees(.ringing, of: call)
      try atBob.answer()
      try await areTalking(alice, call, bob, atBob)
    }

    // MARK: In a call

    private func playTalking(_ operation: Operation) async throws {
      let (call, atBob) = try await alice.talks(to: bob)
      switch operation {
      case .hold:
        try await outage { try await call.hold() }
        try await bob.sees(.onRemoteHold, of: atBob)
        #expect(call.record.state == .onHold)
        try await call.unhold()
      case .unhold:
        try await call.hold()
        try await bob.sees(.onRemoteHold, of: atBob)
        try await outage { try await call.unhold() }
      case .restartMedia:
        try await outage { try await call.restartMedia() }
      default:
        try await outage { try await call.end() }
        try await alice.sees(.ended, of: call)
        return _ = try await bob.sees(.ended, of: atBob)
      }
      try await areTalking(alice, call, bob, atBob)
    }

    private func playVideo(_ operation: Operation) async throws {
      let (call, atBob) = try await alice.talks(to: bob, MakeOptions())
      let screen = ScreenShare(mediaSourceId: "virtual:screen")
      switch operation {
      case .startVideo:
        try await outage { try await call.startVideo() }
        try await bob.sees(atBob) { $0.remoteVideoState.sends }
      case .stopVideo:
        try await call.startVideo()
        try await outage { try await call.stopVideo() }
        try await bob.sees(atBob) { !$0.remoteVideoState.sends }
      case .startScreenshare:
        try await outage { try await call.startScreenshare(screen) }
        try await bob.sees(atBob) { $0.remoteVideoState.sends }
        #expect(call.record.isScreensharing)
      default:
        try await call.startScreenshare(screen)
        try await outage { try await call.stopScreenshare() }
        try await bob.sees(atBob) { !$0.remoteVideoState.sends }
        #expect(!call.record.isScreensharing)
      }
      try await areTalking(alice, call, bob, atBob)
    }

    // MARK: Calls that go on without Alice, or with all three

    private func playTransfer() async throws {
      let (call, atBob) = try await alice.talks(to: bob)
      async let atCarol = carol.isAnswering()
      try await outage { [carol] in try await call.directTransfer(to: carol.address) }
      try await alice.sees(.ended, of: call)
      #expect(alice.states(of: call).suffix(2) == [.transferred, .ended])
      try await areTalking(bob, atBob, carol, try await atCarol)
    }

    private func playTwoCalls(_ operation: Operation) async throws {
      let (first, atBob) = try await alice.talks(to: bob)
      try await first.hold()
      let (second, atCarol) = try await alice.talks(to: carol)
      try await second.hold()
      try await carol.sees(.onRemoteHold, of: atCarol)
      if operation == .join {
        let joined = try await outage { try await first.join(with: second) }
        try await joined.connected()
        for call in [first, second] { #expect(try await alice.sees(.ended, of: call)?.code == 9906) }
        for (person, call) in [(bob, atBob), (carol, atCarol)] {
          try await person.sees(call) { $0.remoteParticipant?.displayNumber == "conference@example.com" && $0.state == .inCall }
        }
        return
      }
      try await outage { try await first.consultativeTransfer(to: second) }
      for call in [first, second] { #expect(try await alice.sees(.ended, of: call)?.code == 9905) }
      #expect(alice.states(of: first).suffix(2) == [.transferred, .ended])
      try await areTalking(bob, atBob, carol, atCarol)
    }

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
}

extension Person {
  /// Waits for a call and answers it.
  fileprivate func isAnswering() async throws -> Call {
    let call = try await isCalled()
    try call.answer()
    return call
  }

  /// What has been begun, or is over, in alphabetical order.
  fileprivate func operations(_ transition: CallOperationChange.Transition) -> [String] {
    events.entries.compactMap { event in
      if case .callOperation(let change) = event, change.transition == transition {
        "\(change.operation) \(change.isLocal) \(change.callID)"
      } else {
        nil
      }
    }.sorted()
  }
}
