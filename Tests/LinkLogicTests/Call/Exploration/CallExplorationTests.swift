import Foundation
import KandyTesting
import Testing

/// In every order in which things can happen: one end per call, one outcome per operation, nothing after the end, both ends agree on
/// who holds, and nobody is left in a call that is over.
@Suite struct CallExplorationTests {
  static let plans: [CallExploration.Plan] = [
    .init(name: "a call, in which two things go wrong", faults: 2),
    .init(
      name: "in a call, both change something or transfer it", before: [(.bob, .answer)], wishes: [.alice: 1, .bob: 1],
      depth: 16),
    .init(
      name: "in a call, the caller changes something or transfers it, and one thing goes wrong", before: [(.bob, .answer)],
      wishes: [.alice: 1], faults: 1),
    .init(
      name: "in a call, the callee changes something or transfers it, and one thing goes wrong", before: [(.bob, .answer)],
      wishes: [.bob: 1], faults: 1),
    .init(
      name: "during a transfer, one thing goes wrong", before: [(.bob, .answer), (.alice, .transfer)], faults: 1),
  ]

  @Test(.spec("R-CALL-300", "R-CALL-440", "R-CALL-662"), arguments: plans)
  func inEveryOrderEverybodyKeepsTheirPromises(_ plan: CallExploration.Plan) {
    let exploration = CallExploration(plan)
    print(exploration.summary)
    #expect(exploration.complaints == [:])
    #expect(exploration.isComplete || exploration.depth == plan.depth)
  }
}

/// The same, further, than `make test` has time for.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["KANDY_SOAK"] != nil), .serialized) struct CallExplorationSoakTests {
  static let plans: [CallExploration.Plan] = [
    .init(
      name: "a call, which the caller changes or transfers, and one thing goes wrong", wishes: [.alice: 1], faults: 1),
    .init(
      name: "in a call, both change something or transfer it", before: [(.bob, .answer)],
      wishes: [.alice: 1, .bob: 1, .carol: 1, .dave: 1]),
    .init(
      name: "in a call, both change two things or transfer it", before: [(.bob, .answer)],
      wishes: [.alice: 2, .bob: 2], depth: 22),
    .init(
      name: "in a call, both change something or transfer it, and one thing goes wrong", before: [(.bob, .answer)],
      wishes: [.alice: 1, .bob: 1], faults: 1, depth: 16),
    .init(
      name: "in a call, the caller changes something or transfers it, and two things go wrong", before: [(.bob, .answer)],
      wishes: [.alice: 1], faults: 2),
    .init(
      name: "in a call that is held, both change something or transfer it, and one thing goes wrong",
      before: [(.bob, .answer), (.alice, .hold)], wishes: [.alice: 1, .bob: 1], faults: 1, depth: 17),
    .init(
      name: "during a transfer, two things go wrong", before: [(.bob, .answer), (.alice, .transfer)], faults: 2),
    .init(
      name: "during a transfer, all change something, and one thing goes wrong",
      before: [(.bob, .answer), (.alice, .transfer)], wishes: [.alice: 1, .bob: 1, .carol: 1], faults: 1, depth: 14),
  ]

  @Test(arguments: plans) func inEveryOrderEverybodyKeepsTheirPromises(_ plan: CallExploration.Plan) {
    let exploration = CallExploration(plan)
    print(exploration.summary)
    #expect(exploration.complaints == [:])
    #expect(exploration.isComplete || exploration.depth == plan.depth)
  }
}
