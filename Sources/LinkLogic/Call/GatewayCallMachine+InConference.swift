import LinkProtocol

// What the legs of a conference want of its mixer, and how they leave.
extension GatewayCallMachine {
  mutating func offerToMixer(_ content: Content, from leg: Leg, _ conference: Conference) -> [Effect] {
    guard conference.chairs[leg]?.progress == .seated else { return [.respond(.accepted)] + refusal(leg) }
    note(content, from: leg)
    set(leg, content.sdp == nil ? .preparing : .answering, in: conference)
    let order = content.sdp.map { MixerOrder.answer($0) } ?? .offer(like: members[leg]?.description)
    return [.respond(.accepted)] + self.order(order, at: leg, of: conference)
  }

  /// Candidates are for the mixer from the leg's first description on; those that come earlier wait for it.
  /// - Returns: `nil` if they are for the far end.
  mutating func passToMixer(_ candidates: [ICECandidate], from leg: Leg) -> [Effect]? {
    guard let conference = conference(of: leg), let chair = conference.chairs[leg] else { return nil }
    if conference.isAtMixer(leg) { return [.respond(.accepted), .mix(conference.seat(leg), .candidates(candidates))] }
    return chair.progress == .offered ? hold(candidates, from: leg) : nil
  }

  /// A leg refuses an offer of the mixer's, or has not answered it in time.
  mutating func didNotReplyToMixer(_ leg: Leg, _ reason: CallEndReason) -> [Effect] {
    guard let conference = conference(of: leg), let chair = conference.chairs[leg] else { return [] }
    guard chair.hasMoved else { return failJoin(conference, reason) }
    // It had asked for the offer itself.
    set(leg, .seated, in: conference)
    return [.mix(conference.seat(leg), .rollback)]
  }

  // MARK: - The mixer fails

  mutating func mixerFailed(
    _ failure: MixerFailure, at leg: Leg, _ chair: Conference.Chair, _ conference: Conference
  ) -> [Effect] {
    guard conference.isComplete || chair.isOffering && chair.hasMoved else { return failJoin(conference, failure.reason) }
    guard chair.isOffering else { return depart(leg, .failed) }
    // The leg keeps what it had.
    set(leg, .seated, in: conference)
    return refusal(leg)
  }

  /// The mixer has not reported in time. Whether the leg's media is as before is not known.
  mutating func mixerIsLate(_ leg: Leg) -> [Effect] {
    guard let conference = conference(of: leg) else { return [] }
    return conference.isComplete ? depart(leg, .failed) : failJoin(conference, .serverFailure)
  }

  // MARK: - Somebody leaves

  mutating func depart(_ leg: Leg, _ departure: Departure, from conference: Conference) -> [Effect] {
    if conference.isComplete { return leave(conference, leg, departure) }
    if leg == conference.session { return failJoin(conference, farewell(leg, departure)) }
    let reason: CallEndReason =
      switch departure {
      case .hungUp: .noAnswer
      case .lost: .unavailable
      case .failed: .serverFailure
      }
    return failJoin(conference, callEnd(conference.session, reason), without: leg) + part(leg, departure)
  }

  /// Two go on with each other, one does not go on alone.
  private mutating func leave(_ conference: Conference, _ leg: Leg, _ departure: Departure) -> [Effect] {
    let ends = talks(of: leg, in: conference).map { ($0.0, $0.1, outcome(of: departure, $0.0, $0.1)) }
    var effects = farewell(leg, departure) + vacate(leg)
    change(conference) {
      $0.chairs[leg] = nil
      $0.guests.removeAll { $0.leg == leg }
    }
    guard let rest = conferences.first(where: { $0.session == conference.session }) else { return effects }
    if let last = rest.legs.first, rest.legs.count == 1 {
      effects += farewell(far: last, departure) + vacate(last)
      conferences.removeAll { $0.session == conference.session }
      effects += remove(leg, last)
    } else {
      effects += remove(leg)
      for other in rest.legs { present(rest, to: other) }
    }
    for (one, other, outcome) in ends { effects += conclude(one, other, outcome) }
    if leg == conference.session, rest.legs.count == 2 { effects += goOn(rest) }
    return effects
  }

  /// Whom the leg has conversations with, each as the legs of the conversation. Those of the host are the calls that were joined.
  private func talks(of leg: Leg, in conference: Conference) -> [(Leg, Leg)] {
    if leg == conference.session { return conference.guests.map { ($0.original, $0.leg) } }
    guard conference.chairs[conference.session] == nil else {
      return conference.guest(leg).map { [(leg, $0.original)] } ?? []
    }
    return conference.guests.filter { $0.leg != leg }.map { (leg, $0.leg) }
  }

  /// The host has left the two others alone with each other.
  private mutating func goOn(_ conference: Conference) -> [Effect] {
    guard let one = conference.legs.first, let other = conference.legs.last else { return [] }
    return begin(one, other, .joined(by: conference.host.user)) + answered(one, other)
  }

  // MARK: - The join fails

  mutating func failJoin(_ conference: Conference, _ reason: CallEndReason) -> [Effect] {
    failJoin(conference, callEnd(conference.session, reason))
  }

  /// The host's client goes back to its two calls when the joined one ends; who has come to the mixer already is given back.
  /// - Parameters:
  ///   - told: how the host is told.
  ///   - departing: a leg that ends one of the two calls.
  private mutating func failJoin(_ conference: Conference, _ told: [Effect], without departing: Leg? = nil) -> [Effect] {
    var effects = told + conference.legs.flatMap { vacate($0) }
    conferences.removeAll { $0.session == conference.session }
    effects += remove(conference.session)
    for guest in conference.guests where ![guest.leg, guest.original].contains(departing) {
      effects += giveBack(guest, conference)
    }
    return effects
  }

  /// A guest who has not answered the mixer's offer may still have the former media. One who has is asked for an offer, which the
  /// host's client answers; if that fails, the call ends for both.
  private mutating func giveBack(_ guest: Conference.Guest, _ conference: Conference) -> [Effect] {
    guard let chair = conference.chairs[guest.leg], let host = members[guest.original]?.party else { return [] }
    var effects = cancel(.mixing(guest.leg))
    guard conference.isAtMixer(guest.leg) else {
      guard chair.progress == .offered else { return effects }
      return effects + forgetHandedOver(guest.leg, host) + notify(guest.leg, .trying)
    }
    effects += forgetHandedOver(guest.leg, host)
    if chair.isOffering { effects += refusal(guest.leg) }
    transfers.append(
      Transfer(
        transferor: host, leg: nil, transferee: guest.original, target: guest.leg, kind: .reunion, progress: .asking))
    return effects
  }
}
