import LinkProtocol

// From the request to join two calls until everybody hears everybody (part 02 §8.19).
extension GatewayCallMachine {
  mutating func join(_ second: Destination, as session: Leg, _ content: Content, by first: Leg) -> [Effect] {
    guard content.sdp != nil else { return [.respond(.invalid("join needs an sdp."))] }
    switch second {
    case .unreadable, .user: return [.respond(.invalid("join needs firstSessionData and secondSessionData."))]
    case .unknownSession: return [.respond(.callNotFound)]
    case .unansweredSession: return [.respond(Self.secondNotAnswered)]
    case .farEnd(let second): return join(first, second, as: session, content)
    }
  }

  private mutating func join(_ first: Leg, _ second: Leg, as session: Leg, _ content: Content) -> [Effect] {
    guard let host = members[first]?.party, members[second]?.party.user == host.user else {
      return [.respond(.callNotFound)]
    }
    guard first != second, members[first]?.far != second else {
      return [.respond(.invalid("A call cannot be joined with itself."))]
    }
    for leg in [first, second] {
      guard conference(of: leg) == nil else { return [.respond(Self.isInConference)] }
      guard transfer(of: leg) == nil else { return [.respond(Self.isBeingTransferred)] }
    }
    guard stage(second) == .talking, let one = members[first]?.far, let other = members[second]?.far else {
      return [.respond(Self.secondNotAnswered)]
    }
    guard isHeld(first), isHeld(second) else { return [.respond(Self.notHeld)] }
    let guests = [Conference.Guest(leg: one, original: first), Conference.Guest(leg: other, original: second)]
    return open(session, host, guests, content)
  }

  /// Whether one of the two ends holds the call, as far as their descriptions can be read. An offer that was refused is the latest
  /// description of its leg; then the other one's answer tells that the call is still held.
  private func isHeld(_ leg: Leg) -> Bool {
    let known = [leg, members[leg]?.far].compactMap { $0.flatMap { members[$0]?.description } }
      .compactMap { try? SessionDescription($0) }
    return known.isEmpty || known.contains { $0.isHold || $0.direction(of: .audio) != .sendrecv }
  }

  /// The host's offer is answered first: if the mixer cannot do that, no guest has heard of the conference.
  private mutating func open(_ session: Leg, _ host: Party, _ guests: [Conference.Guest], _ content: Content) -> [Effect] {
    var chairs: [Leg: Conference.Chair] = [session: Conference.Chair(progress: .answering)]
    for guest in guests { chairs[guest.leg] = Conference.Chair(progress: .empty) }
    let conference = Conference(
      session: session, host: host, customParameters: content.customParameters, guests: guests, chairs: chairs)
    conferences.append(conference)
    add(session, host, isOutgoing: true, remote: host, far: nil, .talking)
    present(conference, to: session)
    note(content, from: session)
    let created = Answer(httpStatus: 200, body: CallControlResponse(sessionData: session))
    return [.respond(created)] + order(.answer(content.sdp ?? ""), at: session, of: conference) + [startAudit(session)]
  }

  // MARK: - What the mixer reports

  mutating func mixed(_ seat: Seat, _ news: MixerNews) -> [Effect] {
    guard let conference = conferences.first(where: { $0.session == seat.conference }), let chair = conference.chairs[seat.leg],
      isAwaited(news, by: chair)
    else { return [] }
    let effects: [Effect] =
      switch news {
      case .offer(let sdp): offerMade(sdp, for: seat.leg, chair, conference)
      case .answer(let sdp): answerMade(sdp, for: seat.leg, conference)
      case .accepted: moved(seat.leg, conference)
      case .failed(let failure): mixerFailed(failure, at: seat.leg, chair, conference)
      }
    return effects + cancel(.mixing(seat.leg))
  }

  private func isAwaited(_ news: MixerNews, by chair: Conference.Chair) -> Bool {
    switch news {
    case .offer: chair.progress == .preparing
    case .answer: chair.progress == .answering
    case .accepted: chair.progress == .accepting
    case .failed: [.preparing, .answering, .accepting].contains(chair.progress)
    }
  }

  private mutating func offerMade(
    _ sdp: String, for leg: Leg, _ chair: Conference.Chair, _ conference: Conference
  ) -> [Effect] {
    let content = Content(sdp: sdp, customParameters: conference.customParameters)
    guard chair.hasMoved else {
      set(leg, .offering(content), in: conference)
      return []
    }
    // The leg has asked for it.
    set(leg, .offered, in: conference)
    return hand(.respondCallUpdate, Content(sdp: sdp), to: leg, asker: .mixer, isSlowStart: false)
  }

  private mutating func answerMade(_ sdp: String, for leg: Leg, _ conference: Conference) -> [Effect] {
    set(leg, .seated, in: conference)
    let isFirst = conference.chairs[leg]?.hasMoved == false
    return notify(leg, .respondCallUpdate, Content(sdp: sdp)) + (isFirst ? moved(leg, conference) : [])
  }

  private mutating func moved(_ leg: Leg, _ conference: Conference) -> [Effect] {
    change(conference) { $0.chairs[leg] = Conference.Chair(progress: .seated, hasMoved: true) }
    guard let conference = conferences.first(where: { $0.session == conference.session }) else { return [] }
    let isEverybodyThere = conference.chairs.values.allSatisfy(\.hasMoved)
    return isEverybodyThere && !conference.isComplete ? complete(conference) : []
  }

  // MARK: - The guests

  /// Takes the next step with each guest that the mixer or the leg is ready for.
  mutating func proceedWithJoins() -> [Effect] {
    var effects: [Effect] = []
    for conference in conferences where conference.chairs[conference.session]?.hasMoved == true {
      for guest in conference.guests {
        switch conference.chairs[guest.leg]?.progress {
        case .empty:
          set(guest.leg, .preparing, in: conference)
          effects += order(.offer(like: members[guest.leg]?.description), at: guest.leg, of: conference)
        case .offering(let content) where isFree(guest.leg):
          set(guest.leg, .offered, in: conference)
          present(conference, to: guest.leg)
          effects += hand(.startCallUpdate, content, to: guest.leg, asker: .mixer, isSlowStart: false)
        case .offering, .preparing, .offered, .accepting, .answering, .seated, nil: break
        }
      }
    }
    return effects
  }

  /// The answer to an offer of the mixer's.
  mutating func repliedToMixer(_ content: Content, from leg: Leg) -> [Effect] {
    guard let conference = conference(of: leg), let sdp = content.sdp else { return [] }
    set(leg, .accepting, in: conference)
    let candidates = members[leg]?.heldCandidates ?? []
    members[leg]?.heldCandidates = []
    let late: [Effect] = candidates.isEmpty ? [] : [.mix(conference.seat(leg), .candidates(candidates))]
    return order(.accept(sdp), at: leg, of: conference) + late
  }

  /// Everybody hears everybody: the host's former legs are done with.
  private mutating func complete(_ conference: Conference) -> [Effect] {
    var effects: [Effect] = []
    for guest in conference.guests {
      let code = LocalCallCode.joinCompleted
      effects += leave(guest.original, .sessionComplete, code, code.reasonText)
      members[guest.leg]?.far = nil
    }
    change(conference) { $0.isComplete = true }
    return effects
  }

  private static let notHeld = Answer.outOfPlace("Both calls have to be on hold.")
}
