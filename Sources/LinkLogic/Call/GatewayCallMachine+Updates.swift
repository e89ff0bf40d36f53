import LinkProtocol

// Offers and answers on an answered call.
extension GatewayCallMachine {
  mutating func offer(_ content: Content, from leg: Leg) -> [Effect] {
    // The same request again, as proxies send it: the first was heard (R-CALL-430).
    if let sdp = content.sdp, isOffering(leg), members[leg]?.description == sdp { return [.respond(.accepted)] }
    // Its own offer is outstanding already. Only the failure of the request says which of the two is meant.
    if isOffering(leg) { return [.respond(.pending(retryAfter: retry(leg)))] }
    if let owed = exchanges[leg] { return glare(leg, owed.given) }
    if let conference = conference(of: leg), conference.isAtMixer(leg) { return offerToMixer(content, from: leg, conference) }
    guard let far = members[leg]?.far, isFree(far), conference(of: far)?.isAtMixer(far) != true else {
      return [.respond(.accepted)] + refusal(leg)
    }
    note(content, from: leg)
    return [.respond(.accepted)] + hand(.startCallUpdate, content, to: far, asker: .leg(leg), isSlowStart: content.sdp == nil)
  }

  /// Whether an offer of the leg, or its wish for one, is outstanding.
  func isOffering(_ leg: Leg) -> Bool {
    exchanges.values.contains { $0.asker == .leg(leg) } || transfers.contains { $0.target == leg && $0.isOffering }
      || conference(of: leg)?.chairs[leg]?.isOffering == true
  }

  /// Whether the leg can be given an offer: it neither owes a reply nor waits for one.
  func isFree(_ leg: Leg) -> Bool {
    exchanges[leg] == nil && !isOffering(leg)
  }

  /// Gives a leg an offer, or asks it for one, and expects the reply in time.
  mutating func hand(
    _ type: EventType, _ content: Content?, to leg: Leg, asker: Exchange.Asker, isSlowStart: Bool
  ) -> [Effect] {
    guard let given = notification(type, to: leg, content) else { return [] }
    members[leg]?.wasHandedTwice = false
    exchanges[leg] = Exchange(asker: asker, isSlowStart: isSlowStart, given: given)
    return [.notify(leg, given, only: nil), start(.update(leg), after: limits.update)]
  }

  /// The leg offers while it owes the answer to another offer, which it may have dropped because of its own (R-CALL-300). Its own is
  /// refused, by notification because 5.x ends the call when the request fails, and then the other one is handed over again
  /// (R-CALL-440, R-CALL-441).
  private mutating func glare(_ leg: Leg, _ outstanding: Notification) -> [Effect] {
    let effects: [Effect] = [.respond(.accepted)] + refusal(leg)
    guard members[leg]?.wasHandedTwice == false else { return effects }
    members[leg]?.wasHandedTwice = true
    return effects + [.notify(leg, outstanding, only: nil)]
  }

  mutating func reply(_ content: Content, from leg: Leg) -> [Effect] {
    guard content.sdp != nil else { return [.respond(.invalid("respondCallUpdate needs an sdp or a statusCode."))] }
    guard let exchange = exchanges[leg] else { return surplus(content.sdp, from: leg) }
    note(content, from: leg)
    exchanges[leg] = nil
    return [.respond(.accepted)] + replied(content, from: leg, exchange)
  }

  private mutating func replied(_ content: Content, from leg: Leg, _ exchange: Exchange) -> [Effect] {
    switch exchange.asker {
    case .leg(let asker) where exchange.isSlowStart:
      // What was asked for is an offer: the far end answers it in its turn (R-CALL-62).
      cancel(.update(leg)) + hand(.respondCallUpdate, content, to: asker, asker: .leg(leg), isSlowStart: false)
    case .leg(let asker):
      notify(asker, .respondCallUpdate, content) + cancel(.update(leg))
    case .transfer:
      repliedToTransfer(content, from: leg) + cancel(.update(leg))
    case .mixer:
      repliedToMixer(content, from: leg) + cancel(.update(leg))
    case .nobody:
      cancel(.update(leg)) + (exchange.isSlowStart ? refusal(leg) : [])
    }
  }

  mutating func refuse(from leg: Leg) -> [Effect] {
    guard let exchange = exchanges[leg] else { return surplus(from: leg) }
    if members[leg]?.wasHandedTwice == true {
      // Meant for the first copy; the second is still to be answered.
      members[leg]?.wasHandedTwice = false
      return [.respond(.accepted)]
    }
    exchanges[leg] = nil
    return [.respond(.accepted)] + unanswered(exchange, by: leg, .requestPending) + cancel(.update(leg))
  }

  /// A reply that nobody waits for: to the other copy of an offer, or too late.
  private mutating func surplus(_ sdp: String? = nil, from leg: Leg) -> [Effect] {
    // The same request again, as proxies send it: the first was heard (R-CALL-430).
    if let sdp, members[leg]?.description == sdp, members[leg]?.wasHandedTwice == false { return [.respond(.accepted)] }
    guard members[leg]?.wasHandedTwice == true else {
      return [.respond(.outOfPlace("No offer is waiting for a reply."))]
    }
    members[leg]?.wasHandedTwice = false
    return [.respond(.accepted)]
  }

  /// The offer is refused to whoever made it; its reply, should it still come, fails (R-CALL-64).
  mutating func updateTimedOut(_ leg: Leg) -> [Effect] {
    guard let exchange = exchanges.removeValue(forKey: leg) else { return [] }
    members[leg]?.wasHandedTwice = false
    return unanswered(exchange, by: leg, .unavailable)
  }

  private mutating func unanswered(_ exchange: Exchange, by leg: Leg, _ reason: CallEndReason) -> [Effect] {
    switch exchange.asker {
    case .leg(let asker): refusal(asker)
    case .transfer: transfer(of: leg).map { fail($0, reason, .notConnected) } ?? []
    case .mixer: didNotReplyToMixer(leg, reason)
    case .nobody: []
    }
  }
}
