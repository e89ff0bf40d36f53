import LinkLogic
import LinkProtocol

// What may happen to one person.
extension ExplorationTables {
  /// Everything that is about this person alone. Requests need the gateway.
  mutating func options(_ person: Person) -> [ExplorationOption] {
    guard !person.isGone else { return [] }
    var options = wishes(person) + media(person) + network(person) + timers(person)
    let name = person.name
    if person.client != nil, !person.isAbsent {
      if let outcome = reconnect(person) { options.add(.fault(.reconnect(name)), .fault, outcome) }
    }
    return options
  }

  private mutating func wishes(_ person: Person) -> [ExplorationOption] {
    var options: [ExplorationOption] = []
    for wish in Exploration.Wish.allCases where may(wish, person) {
      if let outcome = self.wish(wish, person) { options.add(.wish(person.name, wish), .plain, outcome) }
    }
    return options
  }

  /// People act on what they see.
  private func may(_ wish: Exploration.Wish, _ person: Person) -> Bool {
    guard let client = client(of: person), client.machine.facts.state != .ended else { return false }
    let facts = client.machine.facts
    if wish.isCounted, person.wishes == 0 || !facts.state.isEstablished { return false }
    let rings = facts.direction == .incoming && facts.state == .ringing
    return switch wish {
    case .make: false
    case .answer: rings
    case .reject: rings && !client.isLeaving
    case .end: !rings && !client.isLeaving
    case .hold: !facts.localHold
    case .unhold: facts.localHold
    case .startVideo: facts.sendingVideo != true
    case .stopVideo: facts.sendingVideo == true
    case .transfer: person.name.target != nil && !person.hasTransferred
    }
  }

  private mutating func media(_ person: Person) -> [ExplorationOption] {
    guard !person.works.isEmpty else { return [] }
    var options: [ExplorationOption] = []
    if let outcome = finishWork(person) { options.add(.work(person.name), .plain, outcome) }
    for mishap in Exploration.Mishap.allCases {
      if let outcome = finishWork(person, mishap) { options.add(.fault(.mishap(person.name, mishap)), .fault, outcome) }
    }
    return options
  }

  private mutating func network(_ person: Person) -> [ExplorationOption] {
    var options: [ExplorationOption] = []
    let name = person.name
    for index in person.departures {
      options.add(.fault(.requestLost(name, index)), .fault, respond(person, index, nil))
    }
    for (index, response) in person.arrivals {
      options.add(.response(name, index), .plain, respond(person, index, response))
      options.add(.fault(.responseLost(name, index)), .fault, respond(person, index, nil))
    }
    if !person.channel.isEmpty, !person.isAbsent {
      options.add(.notification(name), .plain, deliver(person))
      if !isDescription(person.channel[0]) {
        options.add(.fault(.notificationDoubled(name)), .fault, deliver(person, keeping: true))
      }
      var deprived = person
      deprived.isUnsure = deprived.isUnsure || isAnswer(deprived.channel.removeFirst())
      options.add(.fault(.notificationLost(name)), .fault, outcome(deprived, nil))
    }
    return options
  }

  /// An answer, and not a refusal.
  private func isAnswer(_ number: Int32) -> Bool {
    let notification = notifications[number]
    return notification.eventType == .respondCallUpdate && notification.sessionParams?.sdp != nil
  }

  /// Copies have their event id in common, by which a client drops them before its call's machine sees them (R-CONN-720). The machine
  /// gets them here all the same, except for descriptions: nothing but the id tells the copy of an answer from the answer to the next
  /// offer, and a copy of an offer would be answered twice.
  private func isDescription(_ number: Int32) -> Bool {
    let type = notifications[number].eventType
    return type == .respondCallUpdate || type == .startCallUpdate
  }

  /// A timer that is due fires at any time. Another one may, too, if what is on its way takes so long.
  private mutating func timers(_ person: Person) -> [ExplorationOption] {
    var options: [ExplorationOption] = []
    for running in person.timers {
      let isDue = running.remaining == 0
      options.add(
        isDue ? .timer(person.name, running.timer) : .fault(.late(person.name, running.timer)), isDue ? .plain : .late,
        fire(running.timer, person))
    }
    return options
  }
}

extension [ExplorationOption] {
  fileprivate mutating func add(
    _ move: Exploration.Move, _ kind: ExplorationOption.Kind, _ outcome: ExplorationOutcome
  ) {
    append(ExplorationOption(move: move, kind: kind, outcome: outcome))
  }
}
