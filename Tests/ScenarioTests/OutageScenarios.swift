import Kandy
import KandyTesting
import LinkProtocol
import Testing

/// The WebSocket of one of three people breaks, somebody does something, and seconds later the WebSocket returns: part 02 §8.23. Whatever was
/// done is done, for everybody.
@Suite(.timeLimit(.minutes(1))) struct OutageScenarios {
  enum Operation: String, CaseIterable, CustomTestStringConvertible {
    case make, cancel, answer, reject, forward, hold, unhold, startVideo, stopVideo, startScreenshare, stopScreenshare,
      restartMedia, end, directTransfer, consultativeTransfer, join

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
      let scene = OutageScene(
        bench: bench, people: people, cutOff: people[outage.person], actor: people[outage.operation.isBobs ? 1 : 0],
        moment: outage.moment)
      try await scene.play(outage.operation)
      #expect(people.flatMap(\.errors) == [])
      // Every operation has one outcome.
      for person in people { try await person.events.until { person.operations(.start) == person.operations(.finish) } }
    }
  }
}

extension Person {
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
