import LinkProtocol

// Sending an unanswered call elsewhere (part 02 §8.8).
extension GatewayCallMachine {
  /// The leg's devices stop ringing, and whoever waited for their answer waits for somebody else's: the call goes on, with a new
  /// leg and the ring time anew. What the far end has sent so far is kept for the new leg.
  mutating func forward(to destination: Destination, by leg: Leg) -> [Effect] {
    guard case .ringing(var invitation) = stage(leg), let member = members[leg] else { return [.respond(late(leg))] }
    guard let caller = member.far, let remote = members[caller]?.party else { return [.respond(Self.isOwnCall)] }
    guard case .user(let party, let session, let reach) = destination else { return [.respond(Self.noAddress)] }
    let involved = [member.party.user, remote.user, transfer(of: leg)?.transferor.user]
    guard !involved.contains(party.user) else {
      return [.respond(.invalid("A call cannot be forwarded to somebody who is in it."))]
    }
    guard invitation.forwards < limits.forwards else {
      return [.respond(.outOfPlace("The call has been forwarded \(limits.forwards) times already."))]
    }
    invitation.forwards += 1
    invitation.hasRung = false
    let told: [Effect] = [.respond(.accepted)] + notify(leg, .callCancel) + remove(leg)
    let ended = conclude(caller, leg, .forwarded(to: party.user))
    add(session, party, isOutgoing: false, remote: remote, far: caller, .ringing(invitation))
    replace(leg, by: session, for: caller)
    let begun = begin(caller, session, .forwarded(by: member.party.user))
    return told + ended + begun + invite(session, reach)
  }

  private mutating func replace(_ leg: Leg, by session: Leg, for caller: Leg) {
    if let transfer = transfer(of: leg) { return retarget(transfer, to: session) }
    guard let party = members[session]?.party else { return }
    members[caller]?.far = session
    members[caller]?.remote = party
  }
}
