import LinkProtocol

@testable import LinkLogic

/// Everything that has a number, and what has been worked out before: what a client does about an input is computed once, however
/// many moments of the whole have that client in them.
struct ExplorationTables {
  typealias Person = ExplorationPerson
  typealias Name = Exploration.Name

  /// An input as numbers.
  enum Input: Hashable {
    case wish(Exploration.Wish)
    case work(MediaResult)
    case response(Int, Int32)
    case notice(Int32)
    case timer(CallMachine.Timer)
    case receive, reconnect
  }

  private struct Question: Hashable {
    var client: Int32
    var input: Input
  }

  private struct Answer {
    var client: Int32
    var works: [Int32]
    var errands: [Person.Errand]
    var step: ExplorationClient.Step
  }

  private(set) var clients = Numbered<ExplorationClient>()
  private var works = Numbered<MediaWork>()
  private(set) var requests = Numbered<CallRequest>()
  private(set) var responses = Numbered<CallResponse>()
  private(set) var notifications = Numbered<Notification>()
  private(set) var people = Numbered<Person>()
  private var answers: [Question: Answer] = [:]

  mutating func number(of response: CallResponse) -> Int32 { responses.number(of: response) }
  mutating func number(of notification: Notification) -> Int32 { notifications.number(of: notification) }
  mutating func number(of person: Person) -> Int32 { people.number(of: person) }

  // MARK: - People

  func client(of person: Person) -> ExplorationClient? { person.client.map { clients[$0] } }
  func facts(of person: Person) -> CallFacts? { client(of: person)?.machine.facts }

  mutating func caller(wishes: Int) -> Person {
    var person = Person(.alice, wishes: wishes)
    var settings = CallDesk.settings
    settings.resyncOnConnect = true
    let machine = CallMachine(outgoing: OutgoingCall(callee: Name.bob.address), settings: settings)
    person.client = clients.number(of: ExplorationClient(machine))
    return person
  }

  /// The client takes an input.
  /// - Returns: what was wrong with what it did.
  mutating func feed(_ input: Input, to person: inout Person) -> String? {
    guard let client = person.client else { return nil }
    let question = Question(client: client, input: input)
    let answer: Answer
    if let known = answers[question] {
      answer = known
    } else {
      answer = work(out: question)
      answers[question] = answer
    }
    if case .wish(.transfer) = input, answer.client != client { person.hasTransferred = true }
    if isLeftUnsure(client, by: input, to: answer.client) { person.isUnsure = true }
    if input == .timer(.deadline), clients[client].machine.facts.state.isEstablished { person.mayMistake = true }
    person.client = answer.client
    person.works += answer.works
    person.errands += answer.errands
    for (timer, after) in answer.step.timers {
      person.timers.removeAll { $0.timer == timer }
      if let after { person.timers.append(Person.Running(timer: timer, remaining: after)) }
    }
    person.timers.sort { $0.timer.rawValue < $1.timer.rawValue }
    if answer.step.isRegistered {
      person.channel.insert(contentsOf: person.early, at: 0)
      person.early = []
    }
    if takesWrongAnswer(answer.works, person) {
      person.hasMistaken = true
      person.isUnsure = true
    }
    return answer.step.complaint
  }

  /// Whether the client no longer knows what the far end thinks, and does not make sure: see `ExplorationRules.isHoldCertain`.
  private func isLeftUnsure(_ number: Int32, by input: Input, to next: Int32) -> Bool {
    guard clients[number].machine.change?.kind == .repair, clients[next].machine.change?.kind != .repair else { return false }
    return switch input {
    case .work(.done), .work(.doneElsewhere): false
    case .wish, .work, .response, .notice, .timer, .receive, .reconnect: true
    }
  }

  private func takesWrongAnswer(_ numbers: [Int32], _ person: Person) -> Bool {
    numbers.contains { number in
      guard case .accept(_, let sdp, _) = works[number] else { return false }
      return SDPText.name(of: sdp) != person.mark()
    }
  }

  private mutating func work(out question: Question) -> Answer {
    var client = clients[question.client]
    let step = client.handle(input(question.input, client))
    return Answer(
      client: clients.number(of: client), works: step.works.map { works.number(of: $0) },
      errands: step.requests.map { Person.Errand(request: requests.number(of: $0.request), isInOrder: $0.isInOrder) },
      step: step)
  }

  private func input(_ input: Input, _ client: ExplorationClient) -> CallMachine.Input {
    let id = client.nextOperation
    return switch input {
    case .wish(.make): .make(id)
    case .wish(.answer): .answer(CallAnswer(), id)
    case .wish(.reject): .reject(id)
    case .wish(.end): .end(id)
    case .wish(.hold): .change(.hold, id)
    case .wish(.unhold): .change(.unhold, id)
    case .wish(.startVideo): .change(.startVideo(nil), id)
    case .wish(.stopVideo): .change(.stopVideo, id)
    case .wish(.transfer):
      .transfer(.address((client.machine.facts.direction == .outgoing ? Name.carol : .dave).address), id)
    case .work(let result): .work(1, result)
    case .response(let index, let number): .response(index + 1, number < 0 ? .failure(nil) : responses[number])
    case .notice(let number): .notice(CallNotice(notifications[number]) ?? CallNotice(.trying))
    case .timer(let timer): .timer(timer, generation: ExplorationClient.generation(of: timer))
    case .receive: .receive
    case .reconnect: .channelOpened(isReconnection: true)
    }
  }

  // MARK: - What a person goes through

  mutating func outcome(_ person: Person, _ complaint: String?, hasBeenCalled: Bool = false) -> ExplorationOutcome {
    var person = person
    let more = tidy(&person)
    let told = (complaint ?? more).map { "\(person.name): \($0)" }
    return ExplorationOutcome(person: people.number(of: person), hasBeenCalled: hasBeenCalled, complaint: told)
  }

  private mutating func finish(_ person: Person, _ input: Input, hasBeenCalled: Bool = false) -> ExplorationOutcome {
    var person = person
    let complaint = feed(input, to: &person)
    return outcome(person, complaint, hasBeenCalled: hasBeenCalled)
  }

  /// A client whose call has ended is deaf, except for the response to its invite: what it is about to hear, and the end of its media,
  /// come at once, because their order makes no difference.
  private mutating func tidy(_ person: inout Person) -> String? {
    while let present = client(of: person), present.machine.facts.state == .ended {
      let input: Input
      if present.machine.isOver {
        person = Person.gone(person.name)
        return nil
      } else if !person.works.isEmpty {
        person.works.removeFirst()
        input = .work(.done)
      } else if !person.channel.isEmpty {
        input = .notice(person.channel.removeFirst())
      } else if let (index, response) = person.arrivals.first, !requests[person.errands[index].request].isInvite {
        person.errands.remove(at: index)
        input = .response(index, response)
      } else {
        return nil
      }
      if let complaint = feed(input, to: &person) { return complaint }
    }
    return nil
  }

  mutating func wish(_ wish: Exploration.Wish, _ person: Person) -> ExplorationOutcome? {
    var next = person
    if wish.isCounted { next.wishes -= 1 }
    let complaint = feed(.wish(wish), to: &next)
    // Refused at once: nothing has changed.
    if complaint == nil, next.client == person.client { return nil }
    return outcome(next, complaint)
  }

  mutating func finishWork(_ person: Person, _ mishap: Exploration.Mishap? = nil) -> ExplorationOutcome? {
    var person = person
    let work = works[person.works.removeFirst()]
    guard let result = mishap == nil ? result(of: work, &person) : result(of: work, mishap) else { return nil }
    return finish(person, .work(result))
  }

  private func result(of work: MediaWork, _ person: inout Person) -> MediaResult {
    switch work {
    case .offer(let media, _, _):
      person.offers = (person.offers + 1) % 4
      return .described(SDPText.make(audio: media.audio ?? .inactive, video: media.video, name: person.mark()))
    case .answer(let offer, let media, _): return .described(SDPText.answer(to: offer, media))
    case .accept, .sendTones, .changeInputDevices, .close: return .done
    }
  }

  private func result(of work: MediaWork, _ mishap: Exploration.Mishap?) -> MediaResult? {
    let isAnswer = if case .answer = work { true } else { false }
    let isAccept = if case .accept(.answer, _, _) = work { true } else { false }
    let isOffer = if case .offer = work { true } else { false }
    return switch mishap {
    case .noDevice: isOffer || isAnswer ? .failed(MediaFailure(.device, "No microphone.")) : nil
    case .noEngine: isOffer || isAnswer ? .failed(MediaFailure(.engine, "No engine.")) : nil
    case .unusable: isAnswer || isAccept ? .failed(MediaFailure(.remoteDescription, "Not understood.")) : nil
    case .elsewhere: isAccept ? .doneElsewhere : nil
    case nil: nil
    }
  }

  /// - Parameter response: `nil` if it is lost.
  mutating func respond(_ person: Person, _ index: Int, _ response: Int32?) -> ExplorationOutcome {
    var person = person
    person.errands.remove(at: index)
    return finish(person, .response(index, response ?? -1))
  }

  mutating func deliver(_ person: Person, keeping isDoubled: Bool = false) -> ExplorationOutcome {
    var person = person
    let number = isDoubled ? person.channel[0] : person.channel.removeFirst()
    guard let present = client(of: person) else {
      guard let call = IncomingCall(notifications[number]) else { return outcome(person, nil) }
      var settings = CallMachine.Settings(user: person.name.address, domain: CallDesk.settings.domain)
      settings.resyncOnConnect = true
      person.client = clients.number(of: ExplorationClient(CallMachine(incoming: call, settings: settings)))
      return finish(person, .receive, hasBeenCalled: true)
    }
    guard CallNotice(notifications[number]) != nil else { return outcome(person, nil) }
    guard present.machine.facts.session != nil else {
      person.early.append(number)
      return outcome(person, nil)
    }
    return finish(person, .notice(number))
  }

  mutating func fire(_ timer: CallMachine.Timer, _ person: Person) -> ExplorationOutcome {
    var person = person
    person.timers.removeAll { $0.timer == timer }
    return finish(person, .timer(timer))
  }

  mutating func elapse(_ time: Int32, _ person: Person) -> Int32 {
    var person = person
    person.elapse(time)
    if var client = client(of: person) {
      client.elapse(time)
      person.client = clients.number(of: client)
    }
    return people.number(of: person)
  }

  mutating func reconnect(_ person: Person) -> ExplorationOutcome? {
    var next = person
    let complaint = feed(.reconnect, to: &next)
    return complaint == nil && next.client == person.client && next.timers == person.timers ? nil : outcome(next, complaint)
  }
}

extension ExplorationPerson {
  /// Somebody for whom the call is over.
  static func gone(_ name: Name) -> ExplorationPerson {
    var person = ExplorationPerson(name, wishes: 0)
    person.isGone = true
    return person
  }
}

extension CallRequest {
  var isInvite: Bool { if case .start = self { true } else { false } }
}
