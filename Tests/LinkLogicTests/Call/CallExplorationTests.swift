import Foundation
import KandyTesting
import Testing

/// In every order in which things can happen: one end per call, one outcome per operation, nothing after the end, both ends agree on
/// who holds, and nobody is left in a call that is over.
@Suite struct CallExplorationTests {
  @Test(.spec("R-CALL-300", "R-CALL-440", "R-CALL-662"), arguments: CallExploration.stories)
  func inEveryOrderEverybodyKeepsTheirPromises(_ story: CallExploration.Story) {
    let exploration = CallExploration(story, faults: 0, limit: 6_000)
    print("\(story.name): \(exploration.states) states\(exploration.isCut ? ", cut off there" : "")")
    #expect(exploration.complaint == nil)
  }

  @Test(arguments: CallExploration.stories)
  func withOneMessageLostOrDoubledEverybodyKeepsTheirPromises(_ story: CallExploration.Story) {
    let exploration = CallExploration(story, faults: 1, limit: 2_000)
    print("\(story.name), one fault: \(exploration.states) states\(exploration.isCut ? ", cut off there" : "")")
    #expect(exploration.complaint == nil)
  }
}

/// The same to a depth for which `make test` has no time.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["KANDY_SOAK"] != nil)) struct CallExplorationSoakTests {
  @Test(arguments: CallExploration.stories)
  func withTwoMessagesLostOrDoubledEverybodyKeepsTheirPromises(_ story: CallExploration.Story) {
    let exploration = CallExploration(story, faults: 2, limit: 40_000)
    print("\(story.name), two faults: \(exploration.states) states\(exploration.isCut ? ", cut off there" : "")")
    #expect(exploration.complaint == nil)
  }
}
