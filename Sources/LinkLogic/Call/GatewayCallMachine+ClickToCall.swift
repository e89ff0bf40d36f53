import LinkProtocol

// A call that the gateway makes for a user: it rings at the caller's, then at the callee's (part 02 §13).
extension GatewayCallMachine {
  /// Rings at the caller's devices. They get no description, so that the one that answers makes the call's offer (R-CALL-182). They
  /// cannot send elsewhere what is their user's own call.
  mutating func ringCaller(_ leg: Leg) -> [Effect] {
    notify(leg, .call) { $0.sessionParams?.actions = ["reject", "answer"] } + [start(.ring(leg), after: limits.ring)]
  }

  /// A device of the caller's has answered, with an offer for whoever is to be called.
  mutating func place(_ content: Content, from leg: Leg) -> [Effect] {
    guard let callee = members[leg]?.remote.user else { return [] }
    members[leg]?.stage = .placing(content)
    return [.respond(.accepted)] + notify(leg, .callCancel) + cancel(.ring(leg)) + [.locate(callee, for: leg)]
  }

  /// From here on it is a call like any other: the caller waits for the answer to its offer.
  mutating func call(_ callee: Party, as session: Leg, _ reach: Reach, for leg: Leg) -> [Effect] {
    guard case .placing(let content) = stage(leg), let caller = members[leg]?.party else { return [] }
    members[leg]?.stage = .calling
    members[leg]?.far = session
    members[leg]?.remote = callee
    add(session, callee, isOutgoing: false, remote: caller, far: leg, .ringing(Invitation(content: content)))
    return begin(leg, session, .dialled) + invite(session, reach)
  }

  static let isOwnCall = Answer.outOfPlace("A call that its own user has asked for cannot be forwarded.")
}
