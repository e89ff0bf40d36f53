import LinkProtocol

// How legs leave the call.
extension GatewayCallMachine {
  enum Departure: Sendable, Hashable {
    case hungUp(reasonText: String?)
    /// The leg's client has vanished.
    case lost
    /// The mixer cannot go on with it.
    case failed
  }

  mutating func hangUp(_ leg: Leg, _ reasonText: String?) -> [Effect] {
    [.respond(.accepted)] + depart(leg, .hungUp(reasonText: reasonText))
  }

  mutating func depart(_ leg: Leg, _ departure: Departure) -> [Effect] {
    guard stage(leg) != .left else { return remove(leg) }
    if let conference = conference(of: leg) { return depart(leg, departure, from: conference) }
    guard let transfer = transfer(of: leg) else { return part(leg, departure) }
    if leg == transfer.leg || leg == transfer.consultation { return withdraw(leg, departure, from: transfer) }
    return abandon(transfer, leg, departure) + part(leg, departure)
  }

  /// A leg leaves, and its far end with it. The leg is told too: other devices of its user may believe that they have the call. The
  /// younger leg hears of it first (part 02 §8.4).
  mutating func part(_ leg: Leg, _ departure: Departure) -> [Effect] {
    guard let far = members[leg]?.far, members[far]?.far == leg else { return farewell(leg, departure) + remove(leg) }
    let (elder, younger) = sorted(leg, far)
    let told = [younger, elder].flatMap { $0 == leg ? farewell(leg, departure) : farewell(far: far, departure) }
    let outcome = outcome(of: departure, leg, far)
    return told + remove(elder, younger) + conclude(leg, far, outcome)
  }

  /// What the leg that leaves is told.
  func farewell(_ leg: Leg, _ departure: Departure) -> [Effect] {
    switch departure {
    case .hungUp: callEnd(leg)
    case .lost: callEnd(leg, .unavailable)
    case .failed: callEnd(leg, .serverFailure)
    }
  }

  func farewell(far leg: Leg, _ departure: Departure) -> [Effect] {
    switch departure {
    case .hungUp(let reasonText): callEnd(leg, reasonText: reasonText)
    case .lost, .failed: callEnd(leg, .unavailable)
    }
  }

  func outcome(of departure: Departure, _ leg: Leg, _ far: Leg) -> Outcome {
    let side = conversation(leg, far)?.side(leg) ?? .caller
    return switch departure {
    case .hungUp: .ended(by: side)
    case .lost, .failed: .lost(side)
    }
  }

  /// Ends everything.
  mutating func shutDown() -> [Effect] {
    let legs = Array(legs.reversed())
    var effects = legs.filter { stage($0) != .left }.flatMap { callEnd($0, .unavailable) }
    for leg in legs.reversed() { effects += vacate(leg) + remove(leg) }
    conferences = []
    for conversation in conversations { effects.append(.record(conversation, .ended(.shutDown))) }
    conversations = []
    transfers = []
    return effects
  }
}
