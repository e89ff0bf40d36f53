import LinkLogic
import LinkProtocol
import Testing

/// Every course that things can take from a beginning: people want what they want when they want it, and everything that is on its way
/// comes, in any order, and goes wrong as often as it may. Breadth first, so that the first broken promise is the shortest way to one.
struct CallExploration {
  typealias Name = Exploration.Name
  typealias World = ExplorationWorld
  typealias Move = Exploration.Move

  /// Where an exploration begins, and how far it goes.
  struct Plan: Sendable, CustomStringConvertible, CustomTestStringConvertible {
    var name: String
    /// What has been wanted before, one after the other, with all that comes of it.
    var before: [(Name, Exploration.Wish)] = []
    /// How many changes and transfers each may want. Answering, declining and hanging up are not counted.
    var wishes: [Name: Int] = [:]
    /// How many things may go wrong.
    var faults = 0
    /// How many moves are made from there, at most. Without a limit, all that are possible.
    var depth = Int.max

    var description: String { name }
    var testDescription: String { name }
  }

  private(set) var rules = ExplorationRules()
  private var worlds: [World] = []
  private var parents: [Int32] = []
  private var moves = Numbered<Move>()
  private var moveNumbers: [Int32] = []
  private var seen: Set<World> = []
  /// From here it has been followed that everything comes to rest.
  private var settled: Set<World> = []
  private let faults: Int
  /// After so many there is enough to mend.
  private static let mostComplaints = 20
  private var current = 0
  /// How many different moments there were.
  var states: Int { worlds.count }
  /// How many moves the longest of the shortest ways to a moment has.
  private(set) var depth = 0
  /// Whether there are no others, however far one goes.
  private(set) var isComplete = false
  /// How many of them were moments of rest.
  private(set) var rests = 0
  /// The broken promises, and the shortest way to each.
  private(set) var complaints: [String: String] = [:]

  private let name: String
  /// What has been looked at.
  var summary: String {
    let extent = isComplete ? "all there are, \(depth) moves deep" : "to a depth of \(depth) moves"
    let parts = "\(rules.clientMoments) of a client, \(rules.personMoments) of a person, \(rules.gatewayMoments) of the gateway"
    return "\(name): \(states) states, \(extent), \(rests) of them at rest (\(parts))"
  }

  init(_ plan: Plan) {
    name = plan.name
    faults = plan.faults
    var world = rules.beginning(wishes: [:], faults: plan.faults)
    for (name, wish) in plan.before {
      quieten(&world)
      want(wish, name, &world)
    }
    if !plan.before.isEmpty { quieten(&world) }
    for name in Name.allCases { rules.grant(plan.wishes[name] ?? 0, name, &world) }
    explore(from: world, plan.depth)
  }

  private mutating func explore(from start: World, _ limit: Int) {
    add(start, nil)
    var level = 0..<1
    while !level.isEmpty, depth < limit, complaints.count < Self.mostComplaints {
      for index in level {
        current = index
        expand(worlds[index])
      }
      level = level.upperBound..<worlds.count
      if !level.isEmpty { depth += 1 }
    }
    isComplete = level.isEmpty
    // Those that are not followed come to rest as well.
    for index in level {
      current = index
      settle(worlds[index])
    }
  }

  // MARK: - What may happen

  private mutating func expand(_ world: World) {
    var isQuiet = true
    var isDue = false
    for slot in 0..<4 {
      let person = rules.about(world.people[slot])
      if !person.isQuiet { isQuiet = false }
      if person.nextTimer == 0 { isDue = true }
    }
    let gateway = rules.gateway(world)
    if gateway.isDue { isDue = true }
    for name in Name.allCases { expand(world, name, isQuiet) }
    for (index, running) in gateway.timers.enumerated() where running.remaining == 0 || world.faults > 0 && !isQuiet {
      fire(index, running, world)
    }
    if isQuiet {
      check(world)
      if !isDue { wait(world) }
    }
  }

  private mutating func expand(_ world: World, _ name: Name, _ isQuiet: Bool) {
    let person = rules.about(world.people[name.rawValue])
    guard !person.isGone else { return }
    for option in person.options where mayHappen(option, world, isQuiet) { take(option, name, world) }
    for index in person.departures {
      request(name, index, world)
    }
    if person.isAbsent {
      var next = world
      rules.leave(name, false, &next)
      add(next, .returns(name))
    } else if world.faults > 0, rules.gateway(world).knows[name.rawValue] {
      var next = world
      rules.leave(name, true, &next)
      next.faults -= 1
      add(next, .fault(.leaves(name)))
    }
  }

  private func mayHappen(_ option: ExplorationOption, _ world: World, _ isQuiet: Bool) -> Bool {
    switch option.kind {
    case .plain: true
    case .fault: world.faults > 0
    case .late: world.faults > 0 && !isQuiet
    }
  }

  private mutating func take(_ option: ExplorationOption, _ name: Name, _ world: World) {
    var next = world
    next.people[name.rawValue] = option.outcome.person
    if option.outcome.hasBeenCalled { _ = rules.tell(.notified(name), &next) }
    switch option.kind {
    case .plain: break
    case .fault, .late: next.faults -= 1
    }
    add(next, option.move, option.outcome.complaint ?? rules.mistake(of: name, world, next))
  }

  private mutating func request(_ name: Name, _ index: Int, _ world: World) {
    var next = world
    rules.arrive(name, index, &next)
    add(next, .request(name, index))
    guard world.faults > 0, rules.mayBeDoubled(world.people[name.rawValue], index) else { return }
    var doubled = world
    doubled.faults -= 1
    rules.arrive(name, index, isDoubled: true, &doubled)
    add(doubled, .fault(.requestDoubled(name, index)))
  }

  private mutating func fire(_ index: Int, _ running: ExplorationGateway.Running, _ world: World) {
    var next = world
    guard running.remaining > 0 else {
      _ = rules.tell(.timer(index), &next)
      return add(next, .gatewayTimer(running.timer))
    }
    next.faults -= 1
    _ = rules.tell(.timer(index), &next)
    add(next, .fault(.lateAtGateway(running.timer)))
  }

  private mutating func wait(_ world: World) {
    var next = world
    let complaint = rules.wait(&next)
    add(next, .wait, complaint)
  }

  private mutating func add(_ world: World, _ move: Move?, _ complaint: String? = nil) {
    if let complaint { return tell(complaint, move) }
    guard seen.insert(world).inserted else { return }
    worlds.append(world)
    parents.append(Int32(current))
    moveNumbers.append(move.map { moves.number(of: $0) } ?? -1)
  }

  // MARK: - What is promised

  /// Nothing is on its way.
  private mutating func check(_ world: World) {
    if world.faults == faults, let complaint = rules.abandoned(world) { return tell(complaint, nil) }
    if rules.isAtRest(world) {
      rests += 1
      if let complaint = rules.restless(world, isFaultless: world.faults == faults) { tell(complaint, nil) }
    } else {
      settle(world)
    }
  }

  /// Nobody wants anything any more, and nothing else goes wrong.
  private mutating func settle(_ world: World) {
    var world = world
    var passed: [World] = []
    while !settled.contains(world) {
      passed.append(world)
      let isAtRest = rules.isAtRest(world)
      let complaint = isAtRest ? rules.restless(world, isFaultless: world.faults == faults) : proceed(&world)
      if let complaint { tell(complaint, nil, then: passed) }
      if passed.count == 1_000 { tell("things do not come to rest", nil, then: passed) }
      if isAtRest || complaint != nil || passed.count == 1_000 { break }
    }
    settled.formUnion(passed)
  }

  private mutating func proceed(_ world: inout World) -> String? {
    var move: Move?
    return proceed(&world, &move)
  }

  /// The first thing that happens without anybody's wish.
  private mutating func proceed(_ world: inout World, _ move: inout Move?) -> String? {
    for name in Name.allCases {
      let person = rules.about(world.people[name.rawValue])
      if person.isAbsent {
        move = .returns(name)
        rules.leave(name, false, &world)
        return nil
      }
      if let index = person.departures.first {
        move = .request(name, index)
        rules.arrive(name, index, &world)
        return nil
      }
      for option in person.options where option.kind == .plain && !option.move.isWish {
        move = option.move
        let before = world
        world.people[name.rawValue] = option.outcome.person
        if option.outcome.hasBeenCalled { _ = rules.tell(.notified(name), &world) }
        return option.outcome.complaint ?? rules.mistake(of: name, before, world)
      }
    }
    if let index = rules.gateway(world).timers.firstIndex(where: { $0.remaining == 0 }) {
      move = .gatewayTimer(rules.gateway(world).timers[index].timer)
      _ = rules.tell(.timer(index), &world)
      return nil
    }
    move = .wait
    return rules.wait(&world)
  }

  private mutating func quieten(_ world: inout World) {
    while !rules.isQuiet(world), proceed(&world) == nil {}
  }

  private mutating func want(_ wish: Exploration.Wish, _ name: Name, _ world: inout World) {
    rules.grant(1, name, &world)
    if let outcome = rules.tables.wish(wish, rules.person(world, name)) { world.people[name.rawValue] = outcome.person }
  }

  // MARK: - Telling

  private mutating func tell(_ what: String, _ last: Move?, then passed: [World] = []) {
    guard complaints[what] == nil else { return }
    var way = way(to: current, last)
    for world in passed.prefix(100) where !rules.isAtRest(world) {
      var next = world
      var move: Move?
      _ = proceed(&next, &move)
      if let move { way.append("then " + rules.describe(move, world)) }
    }
    complaints[what] = way.joined(separator: "\n")
  }

  /// How things came to a moment.
  func way(to index: Int, _ last: Move? = nil) -> [String] {
    var way: [String] = last.map { [rules.describe($0, worlds[index])] } ?? []
    var index = index
    while moveNumbers[index] >= 0 {
      let parent = Int(parents[index])
      way.append(rules.describe(moves[moveNumbers[index]], worlds[parent]))
      index = parent
    }
    return way.reversed()
  }
}
