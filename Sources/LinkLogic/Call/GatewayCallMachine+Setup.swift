import LinkProtocol

// From the call's start to its answer.
extension GatewayCallMachine {
  /// Rings at a leg, or says why it cannot be rung.
  mutating func invite(_ leg: Leg, _ reach: Reach) -> [Effect] {
    switch reach {
    case .unknown: return notTaken(by: leg, .unknownCallee, .notFound, [])
    case .offline: return notTaken(by: leg, .calleeOffline, .unavailable, [])
    case .online:
      guard case .ringing(let invitation) = stage(leg) else { return [] }
      let call = notify(leg, .call, invitation.content) {
        $0.sessionParams?.actions = ["reject", "forward", "answer"]
      }
      return call + [start(.ring(leg), after: limits.ring)]
    }
  }

  /// Tells the caller that the callee rings, once (R-CALL-98).
  mutating func ring(_ leg: Leg) -> [Effect] {
    guard case .ringing(var invitation) = stage(leg), !invitation.hasRung else { return [] }
    invitation.hasRung = true
    members[leg]?.stage = .ringing(invitation)
    guard let caller = members[leg]?.far, stage(caller) == .calling else { return [] }
    return notify(caller, .ringing)
  }

  mutating func accept(_ content: Content, by leg: Leg, device: SubscriptionID?) -> [Effect] {
    guard case .ringing = stage(leg) else { return lateAnswer(content, by: leg, device: device) }
    guard content.sdp != nil else { return [.respond(.invalid("callAnswer needs an sdp."))] }
    note(content, from: leg)
    members[leg]?.answeredBy = device
    members[leg]?.answer = content.sdp
    guard let caller = members[leg]?.far else { return place(content, from: leg) }
    if let transfer = transfer(of: leg) { return acceptTransfer(transfer, content) }
    var effects: [Effect] = [.respond(.accepted)] + notify(leg, .callCancel)
    effects += ring(leg)  // R-CALL-380
    effects += notify(caller, .respondCallUpdate, content)
    members[caller]?.stage = .talking
    members[leg]?.stage = .talking
    effects += releaseCandidates(caller, leg)
    effects += cancel(.ring(leg))
    effects += [startAudit(caller), startAudit(leg)]
    return effects + answered(caller, leg)
  }

  /// An answer to an answered call. The device learns from the failure that it was too late, and from `callCancel`, which all
  /// devices get. A 3.16 client hears only `callEnd` (R-CALL-49), but it would reach the winner too, unless the requests' credentials
  /// tell one device from the other.
  ///
  /// The very answer that the call has already comes from a device that has not heard of its success (R-CALL-419).
  func lateAnswer(_ content: Content, by leg: Leg, device: SubscriptionID?) -> [Effect] {
    guard let member = members[leg], !member.isOutgoing else { return [.respond(Self.notTheCallee)] }
    guard let device, let answeredBy = member.answeredBy, device != answeredBy else {
      return [.respond(member.answer == content.sdp ? .accepted : .answeredElsewhere)]
    }
    return [.respond(.answeredElsewhere)] + callEnd(leg, only: device)
  }

  mutating func reject(by leg: Leg) -> [Effect] {
    guard case .ringing = stage(leg) else { return [.respond(late(leg))] }
    return [.respond(.accepted)] + notTaken(by: leg, .declined, .declined, notify(leg, .callCancel))
  }

  /// The caller gave up. The caller's own `callEnd` has no code: it ends as ended by its user (R-CALL-74, R-CALL-213).
  mutating func cancelled(by caller: Leg) -> [Effect] {
    guard let callee = members[caller]?.far else { return [.respond(.accepted)] + callEnd(caller) + remove(caller) }
    let told: [Effect] = [.respond(.accepted)] + callEnd(callee, .noAnswer) + callEnd(caller)
    return told + remove(caller, callee) + conclude(caller, callee, .cancelled)
  }

  /// A ringing leg does not take the call: who waits for it is told why.
  /// - Parameter told: what the leg's own devices hear.
  mutating func notTaken(by leg: Leg, _ outcome: Outcome, _ reason: CallEndReason, _ told: [Effect]) -> [Effect] {
    if let transfer = transfer(of: leg) {
      return told + remove(leg) + fail(transfer, reason, outcome, departing: leg)
    }
    guard let caller = members[leg]?.far else { return told + remove(leg) }
    let told = told + callEnd(caller, reason)
    return told + remove(caller, leg) + conclude(caller, leg, outcome)
  }
}
