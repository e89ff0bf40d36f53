import LinkProtocol

// Offers and answers on an answered call, and candidates.
extension GatewayCallMachine {
  mutating func offer(_ content: Content, from leg: Leg) -> [Effect] {
    switch negotiation {
    case .stable:
      note(content, from: leg)
      let offer = notification(.startCallUpdate, to: leg.other, content)
      handedTwice.remove(leg.other)
      return [.respond(.accepted), .notify(leg.other, offer, only: nil)]
        + expectReply(leg.other, slowStart: content.sdp == nil, offer)
    case .awaiting(leg.other, _, _):
      // Its own offer is outstanding already. Only the failure of the request says which of the two is meant.
      return [.respond(.pending(retryAfter: limits.retry(leg)))]
    case .awaiting(_, _, let outstanding):
      return glare(leg, outstanding)
    }
  }

  /// The leg offers while it owes the answer to another offer, which it may have dropped because of its own (R-CALL-300). Its own is
  /// refused, by notification because 5.x ends the call when the request fails, and then the other one is handed over again
  /// (R-CALL-440, R-CALL-441).
  private mutating func glare(_ leg: Leg, _ outstanding: Notification) -> [Effect] {
    let effects: [Effect] = [.respond(.accepted), .notify(leg, refusal(to: leg), only: nil)]
    guard handedTwice.insert(leg).inserted else { return effects }
    return effects + [.notify(leg, outstanding, only: nil)]
  }

  mutating func reply(_ content: Content, from leg: Leg) -> [Effect] {
    guard content.sdp != nil else { return [.respond(.invalid("respondCallUpdate needs an sdp or a statusCode."))] }
    guard case .awaiting(leg, let slowStart, _) = negotiation else { return surplus(from: leg) }
    note(content, from: leg)
    let reply = notification(.respondCallUpdate, to: leg.other, content)
    let effects: [Effect] = [.respond(.accepted), .notify(leg.other, reply, only: nil)]
    if slowStart {
      // What was asked for is an offer: the far end answers it in its turn (R-CALL-62).
      handedTwice.remove(leg.other)
      return effects + expectReply(leg.other, slowStart: false, reply)
    }
    negotiation = .stable
    return effects + cancel(.update)
  }

  mutating func refuse(from leg: Leg) -> [Effect] {
    guard case .awaiting(leg, _, _) = negotiation else { return surplus(from: leg) }
    if handedTwice.remove(leg) != nil {
      // Meant for the first copy; the second is still to be answered.
      return [.respond(.accepted)]
    }
    negotiation = .stable
    return [.respond(.accepted), .notify(leg.other, refusal(to: leg.other), only: nil)] + cancel(.update)
  }

  /// A reply that nobody waits for: to the other copy of an offer, or too late.
  private mutating func surplus(from leg: Leg) -> [Effect] {
    handedTwice.remove(leg) == nil
      ? [.respond(.outOfPlace("No offer is waiting for a reply."))] : [.respond(.accepted)]
  }

  /// The offer is refused to whoever made it; its reply, should it still come, fails (R-CALL-64).
  mutating func updateTimedOut() -> [Effect] {
    guard case .awaiting(let leg, _, _) = negotiation else { return [] }
    negotiation = .stable
    handedTwice.remove(leg)
    return [.notify(leg.other, refusal(to: leg.other), only: nil)]
  }

  private mutating func expectReply(_ leg: Leg, slowStart: Bool, _ given: Notification) -> [Effect] {
    negotiation = .awaiting(leg, slowStart: slowStart, given)
    return [start(.update, after: limits.update)]
  }

  // MARK: - Candidates

  /// How many candidates of one leg are kept until its far end can use them.
  static let mostHeldCandidates = 64

  /// Keeps candidates until the call is answered: earlier the far end has no description that they could belong to (R-CALL-220).
  mutating func hold(_ candidates: [ICECandidate], from leg: Leg) -> [Effect] {
    let room = Self.mostHeldCandidates - heldCandidates[leg, default: []].count
    heldCandidates[leg, default: []] += candidates.prefix(max(room, 0))
    return [.respond(.accepted)]
  }

  func pass(_ candidates: [ICECandidate], from leg: Leg) -> [Effect] {
    [.respond(.accepted)] + delivery(of: candidates, from: leg)
  }

  mutating func releaseCandidates() -> [Effect] {
    let held = heldCandidates
    heldCandidates = [:]
    return Leg.allCases.flatMap { delivery(of: held[$0, default: []], from: $0) }
  }

  /// Candidates go to clients that announced trickle (R-SRV-8); for others they are dropped.
  private func delivery(of candidates: [ICECandidate], from leg: Leg) -> [Effect] {
    guard !candidates.isEmpty, tricklers.contains(leg.other) else { return [] }
    var notification = notification(.iceCandidate, to: leg.other)
    notification.sessionParams?.iceCandidates = candidates
    return [.notify(leg.other, notification, only: nil)]
  }

  /// Remembers what a leg's description says of it.
  mutating func note(_ content: Content, from leg: Leg) {
    guard let sdp = content.sdp else { return }
    if sdp.contains("a=ice-options:trickle") {
      tricklers.insert(leg)
    } else {
      tricklers.remove(leg)
    }
  }
}
