import LinkProtocol

// What becomes of everybody when a call cannot be handed over, or somebody leaves meanwhile.
extension GatewayCallMachine {
  /// The transferor leaves while the transfer is under way, which goes on: the far end waits for what comes of it.
  mutating func withdraw(_ leg: Leg, _ departure: Departure, from transfer: Transfer) -> [Effect] {
    guard let index = transfers.firstIndex(of: transfer) else { return [] }
    if transfer.leg == leg { transfers[index].leg = nil } else { transfers[index].consultation = nil }
    guard let far = members[leg]?.far else { return [] }
    var effects = farewell(leg, departure)
    // What the two had not finished: nobody waits for the far end's answer, and the far end not for the leg's.
    if exchanges[leg]?.asker == .leg(far) { effects += refusal(far) }
    if exchanges[far]?.asker == .leg(leg) { exchanges[far]?.asker = .nobody }
    let outcome = outcome(of: departure, leg, far)
    members[far]?.far = nil
    return effects + remove(leg) + conclude(leg, far, outcome)
  }

  /// The transferee or the target leaves: nothing can come of the transfer.
  mutating func abandon(_ transfer: Transfer, _ leg: Leg, _ departure: Departure) -> [Effect] {
    if transfer.kind == .reunion {
      // The two have each other as before, and end as any two.
      transfers.removeAll { $0 == transfer }
      return []
    }
    let outcome: Outcome =
      leg == transfer.transferee ? .cancelled : outcome(of: departure, leg, transfer.transferee)
    let reason: CallEndReason =
      switch departure {
      case .hungUp: .noAnswer
      case .lost, .failed: .unavailable
      }
    return fail(transfer, reason, outcome, departing: leg)
  }

  /// The transferor keeps the call, if still in it. Whoever loses the far end by this is told the end.
  /// - Parameter departing: a leg that leaves, and is told so elsewhere.
  mutating func fail(
    _ transfer: Transfer, _ reason: CallEndReason, _ outcome: Outcome, departing: Leg? = nil
  ) -> [Effect] {
    transfers.removeAll { $0 == transfer }
    // That the transferee refused is a reason to the transferor only.
    let end = reason == .requestPending ? .unavailable : reason
    let target = departing == transfer.target ? [] : release(targetOf: transfer, end)
    let transferee = departing == transfer.transferee ? [] : release(transfereeOf: transfer, reason, end)
    return target + transferee + conclude(transfer.transferee, transfer.target, outcome)
  }

  private mutating func release(targetOf transfer: Transfer, _ end: CallEndReason) -> [Effect] {
    let target = transfer.target
    guard transfer.consultation != nil else { return callEnd(target, end) + remove(target) }
    return switch transfer.progress {
    case .ringing, .asking: []
    case .asked: forgetHandedOver(target, transfer.transferor) + notify(target, .trying)
    case .offering, .offered: forgetHandedOver(target, transfer.transferor) + refusal(target)
    }
  }

  private mutating func release(
    transfereeOf transfer: Transfer, _ reason: CallEndReason, _ end: CallEndReason
  ) -> [Effect] {
    let transferee = transfer.transferee
    let wasOffered = transfer.progress == .offered
    // In a reunion the new far end is the former one.
    let former = transfer.kind == .reunion ? members[transferee]?.remote : transfer.transferor
    let cancelled = wasOffered ? former.map { forgetHandedOver(transferee, $0) } ?? [] : []
    guard let leg = transfer.leg else { return cancelled + callEnd(transferee, end) + remove(transferee) }
    return cancelled + (wasOffered ? notify(transferee, .trying) : []) + notify(leg, .sessionFail, reason)
  }

  /// The leg's reply to what it was handed, should it still come, fails, so that its client goes back to what was before (R-CALL-64).
  /// The next notification, `trying` if there is no other reason for one, names the former far end again: `trying` has no
  /// other effect (R-CALL-173, R-CALL-177).
  mutating func forgetHandedOver(_ leg: Leg, _ former: Party) -> [Effect] {
    members[leg]?.remote = former
    members[leg]?.isInConference = false
    members[leg]?.wasHandedTwice = false
    members[leg]?.heldCandidates = []
    guard [.transfer, .mixer].contains(exchanges[leg]?.asker) else { return [] }
    exchanges[leg] = nil
    return cancel(.update(leg))
  }
}
