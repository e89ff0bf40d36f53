import LinkProtocol

// Candidates on their way from one end to the other.
extension GatewayCallMachine {
  /// How many candidates of one leg are kept until its far end can use them.
  static let mostHeldCandidates = 64

  /// Keeps candidates until the call is answered: earlier the far end has no description that they could belong to (R-CALL-220).
  mutating func hold(_ candidates: [ICECandidate], from leg: Leg) -> [Effect] {
    let room = Self.mostHeldCandidates - (members[leg]?.heldCandidates.count ?? 0)
    members[leg]?.heldCandidates += candidates.prefix(max(room, 0))
    return [.respond(.accepted)]
  }

  /// Brings candidates to the far end; those for a far end that the leg is being connected with wait like those before an answer.
  mutating func pass(_ candidates: [ICECandidate], from leg: Leg) -> [Effect] {
    if let candidates = passToMixer(candidates, from: leg) { return candidates }
    if let transfer = transfer(of: leg), transfer.isAbout(leg) { return hold(candidates, from: leg) }
    return [.respond(.accepted)] + delivery(of: candidates, to: members[leg]?.far)
  }

  /// Brings what two legs sent before their descriptions had crossed.
  mutating func releaseCandidates(_ one: Leg, _ other: Leg) -> [Effect] {
    release(from: one, to: other) + release(from: other, to: one)
  }

  private mutating func release(from leg: Leg, to far: Leg) -> [Effect] {
    let held = members[leg]?.heldCandidates ?? []
    members[leg]?.heldCandidates = []
    return delivery(of: held, to: far)
  }

  /// Candidates go to clients that announced trickle (R-SRV-8); for others they are dropped.
  private func delivery(of candidates: [ICECandidate], to leg: Leg?) -> [Effect] {
    guard !candidates.isEmpty, let leg, members[leg]?.trickles == true else { return [] }
    return notify(leg, .iceCandidate) { $0.sessionParams?.iceCandidates = candidates }
  }

  /// Remembers what a leg's description says of it.
  mutating func note(_ content: Content, from leg: Leg) {
    guard let sdp = content.sdp else { return }
    members[leg]?.description = sdp
    members[leg]?.trickles = sdp.contains("a=ice-options:trickle")
  }
}
