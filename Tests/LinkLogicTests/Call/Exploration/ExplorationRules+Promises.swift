import LinkProtocol

@testable import LinkLogic

// What is promised, and what is told when it is broken.
extension ExplorationRules {
  func isQuiet(_ world: World) -> Bool {
    Name.allCases.allSatisfy { person(world, $0).isQuiet }
  }

  mutating func grant(_ wishes: Int, _ name: Name, _ world: inout World) {
    var person = person(world, name)
    guard !person.isGone else { return }
    person.wishes = wishes
    world.people[name.rawValue] = tables.number(of: person)
  }

  /// Nothing is on its way, and nothing will happen by itself but that clients in the call say that they live.
  mutating func isAtRest(_ world: World) -> Bool {
    let gateway = aboutGateway(world.gateway)
    for name in Name.allCases {
      let person = about(world.people[name.rawValue])
      if !person.isQuiet || person.isAbsent || person.hasOtherTimers { return false }
      // Its next sign of life will tell it the truth.
      if person.audits, !gateway.hasInCall[name.rawValue] { return false }
    }
    for running in gateway.timers {
      guard running.timer.kind == .audit, let name = Name.of(running.timer.leg) else { return false }
      if !about(world.people[name.rawValue]).audits { return false }
    }
    return true
  }

  /// Whether somebody is in a call that is over, or in one with nobody.
  mutating func abandoned(_ world: World) -> String? {
    let gateway = aboutGateway(world.gateway)
    for name in Name.allCases {
      let view = about(world.people[name.rawValue]).view
      if view.isEstablished, !gateway.hasInCall[name.rawValue] { return "\(name) is left in a call that is over" }
      if view.isEnded, gateway.hasInCall[name.rawValue] { return "\(name)'s call is over, and the gateway has \(name) in it" }
    }
    return nil
  }

  /// What is wrong although everything has come to rest.
  /// - Parameter isFaultless: nothing has gone wrong.
  mutating func restless(_ world: World, isFaultless: Bool) -> String? {
    if let complaint = abandoned(world) { return complaint }
    let gateway = aboutGateway(world.gateway)
    for name in Name.allCases {
      let view = about(world.people[name.rawValue]).view
      if view.isBusy { return "an operation of \(name)'s has no outcome" }
      if view.exists, !view.isEstablished, !view.isEnded { return "\(name) waits for ever" }
      guard view.isEstablished else { continue }
      guard let far = gateway.farEnds[name.rawValue] else { return "\(name) speaks with nobody" }
      let other = about(world.people[far.rawValue]).view
      if !other.isEstablished { return "\(name) speaks with \(far), whose client does not think so" }
      if isFaultless || isHoldCertain(view, other), view.localHold != other.remoteHold {
        return "\(name) \(view.localHold ? "holds" : "does not hold") the call, and \(far) sees it otherwise"
      }
    }
    return nil
  }

  /// When something has gone wrong both ends agree on who holds all the same, unless one of them cannot know better, or does not make sure:
  ///
  /// - The answer to its offer was lost. After 30 seconds it takes back what it has proposed, at this end alone. Our gateway keeps
  ///   what it cannot deliver; an answer that is only late is put right (R-CALL-429).
  /// - It has taken the answer to one offer for the answer to another: see `mistake`.
  /// - It has not heard that its answer has arrived, offers again what is so (R-CALL-427), and that comes to nothing as well.
  private func isHoldCertain(_ one: View, _ other: View) -> Bool { !one.isUnsure && !other.isUnsure }

  /// The answer to one offer is not taken for the answer to another, unless somebody has given up waiting for the former.
  mutating func mistake(of name: Name, _ before: World, _ after: World) -> String? {
    let client = about(before.people[name.rawValue])
    guard about(after.people[name.rawValue]).hasMistaken, !client.hasMistaken, !client.mayMistake else { return nil }
    return gateway(before).hasWithdrawn ? nil : "\(name) takes the answer to one offer for the answer to another"
  }

  // MARK: - Telling

  func describe(_ move: Exploration.Move, _ world: World) -> String {
    switch move {
    case .wish(let name, let wish): "\(name) wants: \(wish)"
    case .work(let name): "\(name)'s media work is done"
    case .request(let name, let index): "the gateway gets \(name)'s \(request(name, index, world))"
    case .response(let name, let index): "\(name) gets the \(response(name, index, world))"
    case .notification(let name): "\(name) gets \(notification(name, world))"
    case .timer(let name, let timer): "\(name)'s timer \(timer) fires"
    case .gatewayTimer(let timer): "the gateway's timer \(timer.kind) of \(timer.leg) fires"
    case .wait: "time passes"
    case .returns(let name): "\(name) subscribes anew"
    case .fault(let fault): "FAULT: " + describe(fault, world)
    }
  }

  private func describe(_ fault: Exploration.Fault, _ world: World) -> String {
    switch fault {
    case .mishap(let name, let mishap): "\(name)'s media work: \(mishap)"
    case .requestLost(let name, let index): "\(name)'s \(request(name, index, world)) is lost"
    case .requestDoubled(let name, let index): "the gateway gets \(name)'s \(request(name, index, world)) twice"
    case .responseLost(let name, let index): "\(name) does not get the \(response(name, index, world))"
    case .notificationLost(let name): "\(name) does not get \(notification(name, world))"
    case .notificationDoubled(let name): "\(name) gets \(notification(name, world)), and will again"
    case .late(let name, let timer): "\(name)'s timer \(timer) fires before what is on its way comes"
    case .lateAtGateway(let timer): "the gateway's timer \(timer.kind) of \(timer.leg) fires before what is on its way comes"
    case .reconnect(let name): "\(name)'s connection is interrupted, and is back"
    case .leaves(let name): "\(name)'s subscription ends"
    }
  }

  private func request(_ name: Name, _ index: Int, _ world: World) -> String {
    switch tables.requests[person(world, name).errands[index].request] {
    case .start: "callStart"
    case .update(_, let body): "\(body.type.rawValue)\(body.sdp.map { " \(SDPText.name(of: $0))" } ?? "")"
    case .read: "GET"
    case .end: "DELETE"
    case .disposition: "rejection"
    }
  }

  private func response(_ name: Name, _ index: Int, _ world: World) -> String {
    guard case .answered(let number) = person(world, name).errands[index].stage else { return "response" }
    let code = number < 0 ? "nothing" : tables.responses[number].statusCode.map { "\($0.rawValue)" } ?? "0"
    return "response \(code) to \(request(name, index, world))"
  }

  private func notification(_ name: Name, _ world: World) -> String {
    guard let number = person(world, name).channel.first else { return "nothing" }
    let notification = tables.notifications[number]
    let sdp = notification.sessionParams?.sdp.map { " \(SDPText.name(of: $0))" } ?? ""
    return "\(notification.eventType.rawValue)\(sdp)"
  }
}
