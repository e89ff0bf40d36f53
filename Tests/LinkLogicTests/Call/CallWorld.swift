import KandyTesting
import LinkLogic
import LinkProtocol

/// Alice, Bob's two devices and a gateway in virtual time: the real machines of both ends, and between them a network that is
/// late, and if wished loses and doubles.
struct CallWorld {
  enum Name: String, Hashable, CaseIterable {
    case alice, bob, bobsTablet

    var leg: GatewayCallMachine.Leg { self == .alice ? .caller : .callee }
    var isBob: Bool { self != .alice }
  }

  /// How unreliable things are, in percent.
  struct Weather {
    var lost = 0
    var doubled = 0
    var mediaFailures = 0
    static let fair = Weather()
    static let storm = Weather(lost: 8, doubled: 15, mediaFailures: 5)
  }

  private enum Happening {
    case user(Name, (Int) -> CallMachine.Input)
    case work(Name, Int, MediaResult)
    /// A request reaches the gateway.
    case request(Name, CallRequest, Int)
    case response(Name, Int, CallResponse)
    case notification(Name, Notification)
    case timer(Name, CallMachine.Timer, Int)
    case gatewayTimer(GatewayCallMachine.Timer, Int)
    /// Alice asks the gateway to connect her with Bob.
    case click
    case located(GatewayCallMachine.Leg)
    /// Somebody offers something on Bob's leg, as another client of his would.
    case bobOffers(String)
  }

  private struct Entry {
    var time: Int64
    var order: Int
    var happening: Happening
  }

  var clients: [Name: CallMachine] = [:]
  var gateway = GatewayCallMachine(GatewayCallFixture.call)
  private(set) var now: Int64 = 0
  /// What each application saw, in order.
  private(set) var seen: [Name: [CallEvent]] = [:]
  private(set) var outcome: GatewayCallMachine.Outcome?
  /// How user operations ended, by number.
  private(set) var outcomes: [Int: [CallFailure?]] = [:]
  private(set) var begun: Set<Int> = []
  var weather: Weather
  var random: SplitMix64
  private var agenda: [Entry] = []
  private var order = 0
  /// The request lanes: one at a time leaves.
  private var lanes: [Name: [(CallRequest, Int)]] = [:]
  private var busy: Set<Name> = []
  /// When a device's newest notification arrives: they do not overtake each other.
  private var channel: [Name: Int64] = [:]
  private var generations: [Name: [CallMachine.Timer: Int]] = [:]
  private var gatewayGenerations: [GatewayCallMachine.Timer: Int] = [:]
  private var early: [Notification] = []
  private var lastOperation = 0

  init(_ weather: Weather = .fair, seed: UInt64 = 0) {
    self.weather = weather
    random = SplitMix64(seed: seed)
    let call = OutgoingCall(callee: "bob@example.com")
    clients[.alice] = CallMachine(outgoing: call, settings: CallDesk.settings)
  }

  /// Alice does not call: the gateway does it for her.
  static func clicking(_ weather: Weather = .fair, seed: UInt64 = 0) -> CallWorld {
    var world = CallWorld(weather, seed: seed)
    world.clients[.alice] = nil
    world.gateway = GatewayCallFixture.unclicked
    world.plan(0, .click)
    return world
  }

  // MARK: Script

  mutating func at(_ seconds: Double, _ who: Name, _ input: @escaping (Int) -> CallMachine.Input) {
    plan(Int64(seconds * 1000), .user(who, input))
  }

  mutating func bobOffers(at seconds: Double, _ sdp: String) {
    plan(Int64(seconds * 1000), .bobOffers(sdp))
  }

  /// Lets everything happen until this time, or until nothing is left.
  mutating func run(until seconds: Double = .infinity) {
    while let next = agenda.first, Double(next.time) <= seconds * 1000 {
      agenda.removeFirst()
      now = next.time
      happen(next.happening)
    }
  }

  func facts(_ name: Name) -> CallFacts? { clients[name]?.facts }

  func states(_ name: Name) -> [CallState] {
    (seen[name] ?? []).compactMap { if case .stateChanged(let state, _) = $0 { state } else { nil } }
  }

  // MARK: Happenings

  private mutating func plan(_ time: Int64, _ happening: Happening) {
    order += 1
    let entry = Entry(time: max(time, now), order: order, happening: happening)
    let index = agenda.firstIndex { $0.time > entry.time } ?? agenda.endIndex
    agenda.insert(entry, at: index)
  }

  private mutating func happen(_ happening: Happening) {
    switch happening {
    case .user(let name, let input):
      guard clients[name] != nil else { break }
      lastOperation += 1
      begun.insert(lastOperation)
      feed(name, input(lastOperation))
    case .work(let name, let id, let result): feed(name, .work(id, result))
    case .request(let name, let request, let id): arrive(name, request, id)
    case .response(let name, let id, let response):
      feed(name, .response(id, response))
      leaveNext(name, after: id)
    case .notification(let name, let notification): deliver(notification, to: name)
    case .timer(let name, let timer, let generation):
      if generations[name]?[timer] == generation { feed(name, .timer(timer, generation: generation)) }
    case .gatewayTimer(let timer, let generation):
      if gatewayGenerations[timer] == generation { perform(gateway.handle(.timerFired(timer, generation: generation))) }
    case .click: perform(gateway.handle(.click))
    case .located(let leg):
      perform(gateway.handle(.located(for: leg, GatewayCallFixture.call.callee, .callee, .online)))
    case .bobOffers(let sdp): perform(gateway.handle(.request(.callee, .offer(.init(sdp: sdp)))))
    }
  }

  private mutating func feed(_ name: Name, _ input: CallMachine.Input) {
    guard let effects = clients[name]?.handle(input, at: now) else { return }
    for effect in effects { perform(effect, of: name) }
  }

  private mutating func perform(_ effect: CallMachine.Effect, of name: Name) {
    switch effect {
    case .media(let work, let id): plan(now + delay(10...400), .work(name, id, result(of: work)))
    case .send(let request, let id, true):
      lanes[name, default: []].append((request, id))
      leaveNext(name, after: nil)
    case .send(let request, let id, false): leave(name, request, id)
    case .arm(let timer, let duration, let generation):
      generations[name, default: [:]][timer] = generation
      plan(now + duration.milliseconds, .timer(name, timer, generation))
    case .cancel(let timer): generations[name]?[timer] = nil
    case .registered:
      for notification in early { plan(now, .notification(name, notification)) }
      early = []
    case .emit(let event): seen[name, default: []].append(event)
    case .complete(let id, let failure): outcomes[id, default: []].append(failure)
    case .adjust, .tellOriginals, .finished: break
    }
  }

  private mutating func result(of work: MediaWork) -> MediaResult {
    if work != .close, happens(weather.mediaFailures) { return .failed(MediaFailure(.engine, "at random")) }
    return switch work {
    case .offer(let media, _, _):
      .described(SDPText.make(audio: media.audio ?? .inactive, video: media.video))
    case .answer(let offer, let media, _): .described(SDPText.answer(to: offer, media))
    case .accept, .sendTones, .changeInputDevices, .close: .done
    }
  }

  // MARK: The network

  private mutating func leaveNext(_ name: Name, after done: Int?) {
    if let done, lanes[name]?.first?.1 == done {
      lanes[name]?.removeFirst()
      busy.remove(name)
    }
    guard !busy.contains(name), let (request, id) = lanes[name]?.first else { return }
    busy.insert(name)
    leave(name, request, id)
  }

  private mutating func leave(_ name: Name, _ request: CallRequest, _ id: Int) {
    if happens(weather.lost) {
      plan(now + 60_000, .response(name, id, .failure(nil)))
    } else {
      plan(now + delay(5...100), .request(name, request, id))
    }
  }

  private mutating func arrive(_ name: Name, _ request: CallRequest, _ id: Int) {
    let effects: [GatewayCallMachine.Effect]
    switch request {
    case .start(let body): effects = gateway.handle(.start(.init(sdp: body.sdp), callee: .online))
    case .update(_, let body):
      let device = SubscriptionID(name.rawValue)
      effects = gateway.handle(.request(name.leg, .init(body, device: device)))
    case .end(_, let reasonText): effects = gateway.handle(.request(name.leg, .end(reasonText: reasonText)))
    case .read: effects = gateway.handle(.request(name.leg, .read))
    case .disposition: effects = gateway.handle(.request(name.leg, .reject))
    }
    for case .respond(let answer) in effects {
      let success = (200...299).contains(answer.httpStatus)
      let lost = happens(weather.lost)
      let response: CallResponse = lost ? .failure(nil) : success ? .success(answer.body) : .failure(answer.body)
      plan(now + (lost ? 60_000 : delay(5...100)), .response(name, id, response))
    }
    perform(effects)
  }

  private mutating func perform(_ effects: [GatewayCallMachine.Effect]) {
    for effect in effects {
      switch effect {
      case .respond: break
      case .notify(let leg, let notification, let only):
        for name in Name.allCases where name.leg == leg && (only == nil || only?.rawValue == name.rawValue) {
          send(notification, to: name)
        }
      case .startTimer(let timer, let generation, let duration):
        gatewayGenerations[timer] = generation
        plan(now + duration.milliseconds, .gatewayTimer(timer, generation))
      case .cancelTimer(let timer): gatewayGenerations[timer] = nil
      case .locate(_, let leg): plan(now + delay(1...20), .located(leg))
      case .record(_, .ended(let outcome)): self.outcome = outcome
      case .record, .mix: break
      }
    }
  }

  private mutating func send(_ notification: Notification, to name: Name) {
    if happens(weather.lost) { return }
    for _ in 0..<(happens(weather.doubled) ? 2 : 1) {
      let time = max(now + delay(5...150), channel[name] ?? 0)
      channel[name] = time
      plan(time, .notification(name, notification))
    }
  }

  private mutating func deliver(_ notification: Notification, to name: Name) {
    if let call = IncomingCall(notification) {
      guard clients[name] == nil else { return }
      clients[name] = CallMachine(incoming: call, settings: CallDesk.settings)
      feed(name, .receive)
      return perform(gateway.handle(.notified(name.leg)))
    }
    guard let notice = CallNotice(notification) else { return }
    if name == .alice, facts(.alice)?.session == nil {
      early.append(notification)
    } else {
      feed(name, .notice(notice))
    }
  }

  private mutating func delay(_ range: ClosedRange<Int64>) -> Int64 { Int64.random(in: range, using: &random) }
  private mutating func happens(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }
}

extension Duration {
  var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
