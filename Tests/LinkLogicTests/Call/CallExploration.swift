import LinkLogic
import LinkProtocol
import Testing

/// Every course that a story can take: its people act in their order, and everything that is on its way arrives, gets lost or comes twice
/// in any order, up to a bound.
struct CallExploration {
  typealias World = CallExplorationWorld

  /// What the people want to do, each in this order.
  struct Story: Sendable, CustomTestStringConvertible {
    var name: String
    var wishes: [World.Name: [World.Wish]]

    var testDescription: String { name }
  }

  static let stories: [Story] = [
    Story(name: "hanging up while it is answered", wishes: [.alice: [.make, .end], .bob: [.answer, .end]]),
    Story(name: "declining while the caller gives up", wishes: [.alice: [.make, .end], .bob: [.reject]]),
    Story(name: "both hold", wishes: [.alice: [.make, .hold], .bob: [.answer, .hold]]),
    Story(name: "hold against unhold", wishes: [.alice: [.make, .hold, .unhold], .bob: [.answer, .hold]]),
    Story(name: "video against hold", wishes: [.alice: [.make, .startVideo], .bob: [.answer, .hold, .end]]),
    Story(name: "video from both ends", wishes: [.alice: [.make, .startVideo], .bob: [.answer, .startVideo]]),
    Story(name: "hanging up during a hold", wishes: [.alice: [.make, .hold, .end], .bob: [.answer, .end]]),
    Story(
      name: "a transfer that is answered", wishes: [.alice: [.make, .transfer], .bob: [.answer], .carol: [.answer]]),
    Story(
      name: "a transfer that is declined", wishes: [.alice: [.make, .transfer], .bob: [.answer], .carol: [.reject]]),
    Story(
      name: "hanging up during a transfer",
      wishes: [.alice: [.make, .transfer, .end], .bob: [.answer, .end], .carol: [.answer]]),
    Story(
      name: "a hold that meets a transfer",
      wishes: [.alice: [.make, .transfer], .bob: [.answer, .hold], .carol: [.answer, .end]]),
  ]

  private var seen: Set<World> = []
  private let limit: Int
  /// How many different moments there were.
  var states: Int { seen.count }
  /// Courses that were not followed to their end.
  private(set) var isCut = false
  /// The first broken promise, and how it came to it.
  private(set) var complaint: String?

  /// - Parameters:
  ///   - faults: how many responses and notifications may be lost, and notifications doubled, in one course.
  ///   - limit: how many moments are looked at, at most.
  init(_ story: Story, faults: Int, limit: Int) {
    self.limit = limit
    var world = World(story.wishes, faults: faults)
    world.initialFaults = faults
    explore(world)
  }

  /// Depth first, with the way in mind.
  private mutating func explore(_ start: World) {
    var path: [(world: World, moves: [World.Move], next: Int)] = [(start, start.moves, 0)]
    seen.insert(start)
    while let top = path.last, complaint == nil {
      guard top.next < top.moves.count else {
        if top.moves.isEmpty { check(top.world, path.map { $0 }) }
        path.removeLast()
        continue
      }
      path[path.count - 1].next += 1
      var world = top.world
      world.make(top.moves[top.next])
      if world.complaint != nil { return tell(world, path) }
      guard seen.count < limit else {
        isCut = true
        continue
      }
      if seen.insert(world).inserted { path.append((world, world.moves, 0)) }
    }
  }

  private mutating func check(_ world: World, _ path: [(world: World, moves: [World.Move], next: Int)]) {
    var world = world
    world.settle()
    if world.complaint != nil { tell(world, path) }
  }

  private mutating func tell(_ world: World, _ path: [(world: World, moves: [World.Move], next: Int)]) {
    let way = path.compactMap { $0.next > 0 ? "\($0.moves[$0.next - 1])" : nil }
    complaint = ((world.complaint.map { [$0] } ?? []) + way).joined(separator: "\n")
  }
}
