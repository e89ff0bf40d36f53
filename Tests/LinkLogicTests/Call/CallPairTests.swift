import KandyTesting
import LinkLogic
import LinkProtocol
import Testing

/// Both ends' machines against each other (part 02 §8).
@Suite struct CallPairTests {
  @Test(.spec("R-CALL-380", "R-CALL-212")) func aCallIsMadeAnsweredAndHungUp() {
    var world = CallWorld()
    world.at(0, .alice) { .make($0) }
    world.at(5, .bob) { .answer(CallAnswer(), $0) }
    world.at(100, .alice) { .end($0) }
    world.run()
    #expect(world.states(.alice) == [.ringing, .inCall, .ended])
    #expect(world.states(.bob) == [.inCall, .ended])
    #expect(world.states(.bobsTablet) == [.ended])
    #expect(world.facts(.alice)?.transition?.code?.rawValue == LocalCallCode.endedByLocalUser.rawValue)
    #expect(world.facts(.bob)?.transition?.code?.rawValue == LocalCallCode.reasonNotProvided.rawValue)
    #expect(world.facts(.bobsTablet)?.transition?.code?.rawValue == LocalCallCode.respondedFromAnotherDevice.rawValue)
    #expect(world.outcome == .ended(by: .caller))
    #expect(
      world.facts(.alice)?.remoteParticipant == CallParticipant(displayNumber: "bob@example.com", displayName: "Bob Brown"))
    #expect(
      world.facts(.bob)?.remoteParticipant == CallParticipant(displayNumber: "alice@example.com", displayName: "Alice Adams"))
  }

  @Test(.spec("R-CALL-82")) func aRejectedCallEndsEverywhere() {
    var world = CallWorld()
    world.at(0, .alice) { .make($0) }
    world.at(3, .bobsTablet) { .reject($0) }
    world.run()
    #expect(world.states(.alice) == [.ringing, .ended])
    #expect(world.facts(.alice)?.transition?.code == 603)
    #expect(world.facts(.bobsTablet)?.transition?.code?.rawValue == LocalCallCode.rejectedByLocalUser.rawValue)
    #expect(world.facts(.bob)?.transition?.code?.rawValue == LocalCallCode.respondedFromAnotherDevice.rawValue)
  }

  @Test(.spec("R-CALL-410")) func anUnansweredCallEndsAtBothEnds() {
    var world = CallWorld()
    world.at(0, .alice) { .make($0) }
    world.at(2, .bobsTablet) { .ignore($0) }
    world.run()
    #expect(world.outcome == .unanswered)
    #expect(world.facts(.alice)?.transition?.code == 487)
    #expect(world.facts(.bob)?.transition?.code == 487)
    #expect(world.facts(.bobsTablet)?.transition?.code?.rawValue == LocalCallCode.ignoredByLocalUser.rawValue)
  }

  @Test(.spec("R-CALL-285", "R-CALL-74"), arguments: 0..<40 as Range<UInt64>)
  func hangingUpAtAnyMomentEndsTheCallForEverybody(_ seed: UInt64) {
    var world = CallWorld(seed: seed)
    world.at(0, .alice) { .make($0) }
    world.at(Double(seed) * 0.04, .alice) { .end($0) }
    world.run()
    #expect(world.states(.alice).last == .ended, "seed \(seed)")
    #expect(world.facts(.alice)?.transition?.code?.rawValue == LocalCallCode.endedByLocalUser.rawValue, "seed \(seed)")
    for name in CallWorld.Name.allCases {
      #expect(world.clients[name]?.isOver != false, "seed \(seed), \(name)")
    }
    #expect(world.outcome == .cancelled || world.clients[.bob] == nil, "seed \(seed)")
  }

  @Test(.spec("R-CALL-415"), arguments: 0..<40 as Range<UInt64>)
  func ofTwoDevicesThatAnswerAtOnceOneHasTheCall(_ seed: UInt64) {
    var world = CallWorld(seed: seed)
    world.at(0, .alice) { .make($0) }
    world.at(5, .bob) { .answer(CallAnswer(), $0) }
    world.at(5, .bobsTablet) { .answer(CallAnswer(), $0) }
    world.run(until: 50)
    let established = [CallWorld.Name.bob, .bobsTablet].filter { world.facts($0)?.state == .inCall }
    #expect(established.count == 1, "seed \(seed)")
    #expect(world.facts(.alice)?.state == .inCall, "seed \(seed)")
    let loser: CallWorld.Name = established == [.bob] ? .bobsTablet : .bob
    #expect(world.facts(loser)?.state == .ended, "seed \(seed)")
  }

  @Test(.spec("R-CALL-62", "R-CALL-421")) func aHoldAndItsEndPassThroughTheGateway() {
    var world = CallWorld()
    world.at(0, .alice) { .make($0) }
    world.at(5, .bob) { .answer(CallAnswer(), $0) }
    world.bobOffers(at: 10, SDPText.make(audio: .sendonly))
    world.bobOffers(at: 20, SDPText.make())
    world.run(until: 30)
    #expect(world.states(.alice) == [.ringing, .inCall, .onRemoteHold, .inCall])
  }

  @Test(.spec("R-CALL-93", "R-CALL-96")) func anEstablishedCallGoesOnForHours() {
    var world = CallWorld()
    world.at(0, .alice) { .make($0) }
    world.at(5, .bob) { .answer(CallAnswer(), $0) }
    world.run(until: 7200)
    #expect(world.facts(.alice)?.state == .inCall)
    #expect(world.facts(.bob)?.state == .inCall)
    #expect(world.outcome == nil)
  }

  // MARK: Click-to-call

  @Test(.spec("R-CALL-738", "R-CALL-739", "R-CALL-741")) func theGatewayConnectsAliceWithBob() {
    var world = CallWorld.clicking()
    world.at(5, .alice) { .answer(CallAnswer(), $0) }
    // Longer than a client waits for the answer to an offer.
    world.at(50, .bob) { .answer(CallAnswer(), $0) }
    world.at(100, .bob) { .end($0) }
    world.run(until: 4)
    #expect(world.clients[.bob] == nil && world.states(.alice) == [])
    #expect(
      world.facts(.alice)?.remoteParticipant == CallParticipant(displayNumber: "bob@example.com", displayName: "Bob Brown"))
    world.run()
    #expect(world.states(.alice) == [.ringing, .inCall, .ended])
    #expect(world.states(.bob) == [.inCall, .ended])
    #expect(world.states(.bobsTablet) == [.ended])
    #expect(
      world.facts(.bob)?.remoteParticipant == CallParticipant(displayNumber: "alice@example.com", displayName: "Alice Adams"))
    #expect(world.facts(.alice)?.direction == .incoming && world.facts(.alice)?.failure == nil)
    #expect(world.outcome == .ended(by: .callee))
  }

  @Test(.spec("R-CALL-740")) func aliceLearnsThatBobHasNotAnswered() {
    var world = CallWorld.clicking()
    world.at(5, .alice) { .answer(CallAnswer(), $0) }
    world.run()
    #expect(world.facts(.alice)?.transition?.code == 487 && world.facts(.bob)?.transition?.code == 487)
    #expect(world.outcome == .unanswered && world.gateway.isOver)
  }

  @Test(.spec("R-CALL-740"), arguments: 0..<40 as Range<UInt64>)
  func hangingUpAtAnyMomentOfAClickToCallEndsItForEverybody(_ seed: UInt64) {
    var world = CallWorld.clicking(seed: seed)
    world.at(1, .alice) { .answer(CallAnswer(), $0) }
    world.at(3, .bob) { .answer(CallAnswer(), $0) }
    world.at(0.5 + Double(seed) * 0.1, .alice) { .end($0) }
    world.run()
    #expect(world.states(.alice).last == .ended && world.gateway.isOver, "seed \(seed)")
    for name in CallWorld.Name.allCases { #expect(world.clients[name]?.isOver != false, "seed \(seed), \(name)") }
  }

  @Test(arguments: 0..<200 as Range<UInt64>) func whateverTheNetworkDoesEveryClickToCallEnds(_ seed: UInt64) {
    var world = CallWorld.clicking(.storm, seed: seed)
    world.at(.random(in: 0.2...10, using: &world.random), .alice) { .answer(CallAnswer(), $0) }
    for name in [CallWorld.Name.bob, .bobsTablet] {
      let time = Double.random(in: 1...60, using: &world.random)
      if Int.random(in: 0..<4, using: &world.random) == 0 {
        world.at(time, name) { .reject($0) }
      } else {
        world.at(time, name) { .answer(CallAnswer(), $0) }
      }
    }
    let hangsUp = CallWorld.Name.allCases.randomElement(using: &world.random) ?? .alice
    world.at(.random(in: 0...90, using: &world.random), hangsUp) { .end($0) }
    for name in CallWorld.Name.allCases { world.at(1000, name) { .end($0) } }
    world.run()
    for name in CallWorld.Name.allCases {
      guard let client = world.clients[name] else { continue }
      #expect(client.isOver && client.facts.state == .ended, "seed \(seed), \(name)")
      #expect(world.states(name).filter { $0 == .ended }.count == 1, "seed \(seed), \(name)")
    }
    #expect(world.gateway.isOver, "seed \(seed)")
  }

  @Test(arguments: 0..<300 as Range<UInt64>) func whateverTheNetworkDoesEveryCallEnds(_ seed: UInt64) {
    var world = CallWorld(.storm, seed: seed)
    world.at(0, .alice) { .make($0) }
    for name in CallWorld.Name.allCases where name.isBob {
      let time = Double.random(in: 0.2...20, using: &world.random)
      switch Int.random(in: 0..<5, using: &world.random) {
      case 0, 1, 2: world.at(time, name) { .answer(CallAnswer(), $0) }
      case 3: world.at(time, name) { .reject($0) }
      default: world.at(time, name) { .ignore($0) }
      }
    }
    for _ in 0..<3 {
      let hold = Bool.random(using: &world.random)
      world.bobOffers(at: .random(in: 5...60, using: &world.random), SDPText.make(audio: hold ? .sendonly : .sendrecv))
    }
    let hangsUp = CallWorld.Name.allCases.randomElement(using: &world.random) ?? .alice
    world.at(.random(in: 0...90, using: &world.random), hangsUp) { .end($0) }
    // Whoever still has a call after that has had enough.
    for name in CallWorld.Name.allCases { world.at(1000, name) { .end($0) } }
    world.run()
    for name in CallWorld.Name.allCases {
      guard let client = world.clients[name] else { continue }
      #expect(client.isOver, "seed \(seed), \(name)")
      #expect(client.facts.state == .ended, "seed \(seed), \(name)")
      #expect(world.states(name).filter { $0 == .ended }.count <= 1, "seed \(seed), \(name)")
    }
    #expect(world.gateway.isOver || world.clients[.bob] == nil && world.clients[.bobsTablet] == nil, "seed \(seed)")
  }
}
