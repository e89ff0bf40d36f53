import LinkLogic
import LinkProtocol

/// Alice, Bob and Carol with the machines of their clients, and the gateway's machine between them, at one moment of one of the courses
/// that things may take. Nothing moves by itself: `moves` says what may happen next, `make` lets it happen.
struct CallExplorationWorld: Hashable {
  enum Name: String, Hashable, CaseIterable, Comparable {
    case alice, bob, carol

    var session: SessionID {
      switch self {
      case .alice: .caller
      case .bob: .callee
      case .carol: "sC"
      }
    }

    static func < (one: Name, other: Name) -> Bool { one.rawValue < other.rawValue }
    static func of(_ session: SessionID) -> Name { allCases.first { $0.session == session } ?? .carol }
  }

  /// What a user means to do.
  enum Wish: Hashable {
    case make, answer, reject, end, hold, unhold, startVideo, stopVideo
    case transfer
  }

  /// Something that may happen next.
  enum Move: Hashable {
    case wish(Name)
    /// The first piece of media work is done.
    case work(Name)
    /// The first request of the lane reaches the gateway; the answer is on its way.
    case request(Name)
    case response(Name)
    /// The first response is lost.
    case responseLost(Name)
    case notification(Name)
    case notificationLost(Name)
    /// The first notification comes, and will come once more.
    case notificationDoubled(Name)
    case timer(Name, CallMachine.Timer)
    case gatewayTimer(GatewayCallMachine.Timer)
  }

  private struct Request: Hashable {
    var request: CallRequest
    var id: Int
    var isInOrder: Bool
  }

  private struct Response: Hashable {
    var response: CallResponse
    var id: Int
    var isInOrder: Bool
  }

  private struct Work: Hashable {
    var work: MediaWork
    var id: Int
  }

  private(set) var clients: [Name: CallMachine] = [:]
  private(set) var gateway = GatewayCallMachine(GatewayCallFixture.call)
  private(set) var wishes: [Name: [Wish]]
  /// How many more things may go wrong on the way.
  private(set) var faults: Int
  private var works: [Name: [Work]] = [:]
  private var requests: [Name: [Request]] = [:]
  private var responses: [Name: [Response]] = [:]
  /// A request of the lane has reached the gateway and is unanswered.
  private var busy: Set<Name> = []
  private var channels: [Name: [Notification]] = [:]
  private var early: [Notification] = []
  private var timers: [Name: [CallMachine.Timer: Int]] = [:]
  private var gatewayTimers: [GatewayCallMachine.Timer: Int] = [:]
  /// User operations that have not had their outcome.
  private(set) var open: Set<Int> = []
  private var lastOperation = 0
  /// The first promise that was broken.
  private(set) var complaint: String?

  init(_ wishes: [Name: [Wish]], faults: Int) {
    self.wishes = wishes
    self.faults = faults
    clients[.alice] = CallMachine(
      outgoing: OutgoingCall(callee: "bob@example.com"), settings: CallDesk.settings)
  }

  // MARK: - What may happen

  var moves: [Move] {
    var moves: [Move] = []
    for name in Name.allCases {
      if let wish = wishes[name]?.first, mayWish(wish, name) { moves.append(.wish(name)) }
      if works[name]?.isEmpty == false { moves.append(.work(name)) }
      if nextRequest(of: name) != nil { moves.append(.request(name)) }
      if responses[name]?.isEmpty == false {
        moves.append(.response(name))
        if faults > 0 { moves.append(.responseLost(name)) }
      }
      if channels[name]?.isEmpty == false {
        moves.append(.notification(name))
        if faults > 0 { moves += [.notificationLost(name), .notificationDoubled(name)] }
      }
    }
    return moves.contains { if case .wish = $0 { false } else { true } } ? moves : moves + timersThatMayFire
  }

  /// Time passes only when nothing is on its way any more: deadlines are longer than the network takes, and what is to be tried again is
  /// tried long before them.
  private var timersThatMayFire: [Move] {
    var moves: [Move] = []
    for (name, running) in timers.sorted(by: { $0.key < $1.key }) {
      for timer in running.keys.sorted(by: { $0.rawValue < $1.rawValue }) where timer != .audit {
        if timer == .deadline, running[.retry] != nil { continue }
        moves.append(.timer(name, timer))
      }
    }
    for timer in gatewayTimers.keys.sorted(by: { "\($0)" < "\($1)" }) {
      switch timer.kind {
      case .ring, .update, .mixing: moves.append(.gatewayTimer(timer))
      case .audit, .absence: break
      }
    }
    return moves
  }

  /// Users act on what they see: a call that does not ring cannot be answered, and nobody holds before there is a call.
  private func mayWish(_ wish: Wish, _ name: Name) -> Bool {
    guard let state = clients[name]?.facts.state, state != .ended else { return false }
    return switch wish {
    case .make, .end: true
    case .answer, .reject: state == .ringing
    case .hold, .unhold, .startVideo, .stopVideo, .transfer: state.isEstablished
    }
  }

  // MARK: - What happens

  mutating func make(_ move: Move) {
    switch move {
    case .wish(let name): fulfil(name)
    case .work(let name): finishWork(name)
    case .request(let name): arrive(name)
    case .response(let name): respond(name, isLost: false)
    case .responseLost(let name):
      faults -= 1
      respond(name, isLost: true)
    case .notification(let name): deliver(name)
    case .notificationLost(let name):
      faults -= 1
      channels[name]?.removeFirst()
    case .notificationDoubled(let name):
      faults -= 1
      if let notification = channels[name]?.first { channels[name]?.insert(notification, at: 0) }
      deliver(name)
    case .timer(let name, let timer):
      if let generation = timers[name]?.removeValue(forKey: timer) { feed(name, .timer(timer, generation: generation)) }
    case .gatewayTimer(let timer):
      if let generation = gatewayTimers.removeValue(forKey: timer) {
        perform(gateway.handle(.timerFired(timer, generation: generation)))
      }
    }
  }

  private mutating func fulfil(_ name: Name) {
    guard let wish = wishes[name]?.removeFirst() else { return }
    lastOperation += 1
    let id = lastOperation
    open.insert(id)
    let input: CallMachine.Input =
      switch wish {
      case .make: .make(id)
      case .answer: .answer(CallAnswer(), id)
      case .reject: .reject(id)
      case .end: .end(id)
      case .hold: .change(.hold, id)
      case .unhold: .change(.unhold, id)
      case .startVideo: .change(.startVideo(nil), id)
      case .stopVideo: .change(.stopVideo, id)
      case .transfer: .transfer(.address("carol@example.com"), id)
      }
    feed(name, input)
  }

  private mutating func finishWork(_ name: Name) {
    guard let work = works[name]?.removeFirst() else { return }
    let result: MediaResult =
      switch work.work {
      case .offer(let media, _, _): .described(SDPText.make(audio: media.audio ?? .inactive, video: media.video))
      case .answer(let offer, let media, _): .described(SDPText.answer(to: offer, media))
      case .accept, .sendTones, .changeInputDevices, .close: .done
      }
    feed(name, .work(work.id, result))
  }

  private mutating func feed(_ name: Name, _ input: CallMachine.Input) {
    guard var client = clients[name] else { return }
    let wasOver = client.isOver
    let effects = client.handle(input, at: 0)
    clients[name] = client
    for effect in effects {
      if wasOver, !effect.isCompletion { complain("\(name)'s call is over, and yet: \(effect)") }
      perform(effect, of: name)
    }
  }

  private mutating func perform(_ effect: CallMachine.Effect, of name: Name) {
    switch effect {
    case .media(let work, let id): works[name, default: []].append(Work(work: work, id: id))
    case .send(let request, let id, let isInOrder):
      if clients[name]?.facts.state == .ended, !request.isAllowedAfterTheEnd {
        complain("\(name)'s call has ended, and yet: \(request)")
      }
      requests[name, default: []].append(Request(request: request, id: id, isInOrder: isInOrder))
    case .arm(let timer, _, let generation): timers[name, default: [:]][timer] = generation
    case .cancel(let timer): timers[name]?[timer] = nil
    case .registered:
      channels[name, default: []].insert(contentsOf: early, at: 0)
      early = []
    case .complete(let id, _):
      if open.remove(id) == nil { complain("\(name)'s operation \(id) has two outcomes") }
    case .emit, .adjust, .tellOriginals, .finished: break
    }
  }

  // MARK: - The network

  private func nextRequest(of name: Name) -> Int? {
    requests[name]?.firstIndex { !$0.isInOrder || !busy.contains(name) }
  }

  private mutating func arrive(_ name: Name) {
    guard let index = nextRequest(of: name), let next = requests[name]?.remove(at: index) else { return }
    if next.isInOrder { busy.insert(name) }
    let effects: [GatewayCallMachine.Effect]
    switch next.request {
    case .start(let body): effects = gateway.handle(.start(.init(sdp: body.sdp), callee: .online))
    case .update(let session, let body):
      effects = gateway.handle(
        .request(session, .init(body, device: SubscriptionID(name.rawValue), destination: GatewayCallFixture.carol())))
    case .end(let session, let reasonText):
      effects = gateway.handle(.request(session, .end(reasonText: reasonText)))
    case .read(let session): effects = gateway.handle(.request(session, .read))
    case .disposition(let body): effects = gateway.handle(.request(body.sessionData, .reject))
    }
    for case .respond(let answer) in effects {
      let response: CallResponse =
        (200...299).contains(answer.httpStatus) ? .success(answer.body) : .failure(answer.body)
      responses[name, default: []].append(Response(response: response, id: next.id, isInOrder: next.isInOrder))
    }
    perform(effects)
  }

  private mutating func respond(_ name: Name, isLost: Bool) {
    guard let response = responses[name]?.removeFirst() else { return }
    if isLost, clients[name]?.facts.state == .initiating { isUnstarted = true }
    if response.isInOrder { busy.remove(name) }
    feed(name, .response(response.id, isLost ? .failure(nil) : response.response))
  }

  private mutating func perform(_ effects: [GatewayCallMachine.Effect]) {
    for effect in effects {
      switch effect {
      case .respond, .record, .mix: break
      case .notify(let leg, let notification, _): channels[.of(leg), default: []].append(notification)
      case .startTimer(let timer, let generation, _): gatewayTimers[timer] = generation
      case .cancelTimer(let timer): gatewayTimers[timer] = nil
      }
    }
  }

  private mutating func deliver(_ name: Name) {
    guard let notification = channels[name]?.removeFirst() else { return }
    if let call = IncomingCall(notification) {
      guard clients[name] == nil else { return }
      var settings = CallDesk.settings
      settings.user = "\(name.rawValue)@example.com"
      clients[name] = CallMachine(incoming: call, settings: settings)
      feed(name, .receive)
      return perform(gateway.handle(.notified(name.session)))
    }
    guard let notice = CallNotice(notification) else { return }
    if name == .alice, clients[.alice]?.facts.session == nil { return early.append(notification) }
    feed(name, .notice(notice))
  }

  // MARK: - What is promised

  mutating func complain(_ text: String) { complaint = complaint ?? text }

  /// Nothing is on its way and nobody wants anything. The audits find out what a lost notification has hidden.
  mutating func settle() {
    for name in Name.allCases {
      guard let generation = timers[name]?[.audit] else { continue }
      timers[name]?[.audit] = nil
      feed(name, .timer(.audit, generation: generation))
      while let move = moves.first(where: { $0 != .wish(name) && !$0.isFault }) { make(move) }
    }
    if !open.isEmpty { complain("operations \(open.sorted()) have no outcome") }
    for (name, client) in clients.sorted(by: { $0.key < $1.key }) where client.facts.state != .ended {
      let isKnown = gateway.user(of: name.session) != nil
      if client.facts.state.isEstablished, !isKnown { complain("\(name) is left in a call that is over") }
    }
    for (name, client) in clients where client.facts.state == .ended && gateway.isTalking(name.session) && !isUnstarted {
      complain("\(name)'s call is over, and the far end is left in it")
    }
    checkHold()
  }

  private mutating func checkHold() {
    let talking = clients.filter { $0.value.facts.state.isEstablished }
    guard talking.count == 2, faultsUsed == 0 else { return }
    let pair = talking.sorted { $0.key < $1.key }.map(\.value.facts)
    if pair[0].localHold != pair[1].remoteHold || pair[1].localHold != pair[0].remoteHold {
      complain("the two do not agree on who holds")
    }
  }

  /// The response to `callStart` was lost: the caller does not know the call's session, and the gateway's own audit has to end it.
  private var isUnstarted = false
  private var faultsUsed: Int { initialFaults - faults }
  var initialFaults = 0
}

extension CallExplorationWorld.Move {
  var isFault: Bool {
    switch self {
    case .responseLost, .notificationLost, .notificationDoubled: true
    case .wish, .work, .request, .response, .notification, .timer, .gatewayTimer: false
    }
  }
}

extension CallRequest {
  /// Only leave is taken after the end.
  fileprivate var isAllowedAfterTheEnd: Bool {
    switch self {
    case .end: true
    case .start, .update, .read, .disposition: false
    }
  }
}

extension CallMachine.Effect {
  fileprivate var isCompletion: Bool { if case .complete = self { true } else { false } }
}
