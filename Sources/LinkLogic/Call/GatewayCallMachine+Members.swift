import LinkProtocol

// What the machine knows of each leg, and how legs come and go.
extension GatewayCallMachine {
  struct Member: Sendable, Hashable {
    let party: Party
    /// How the leg's client sees the call: this decides whose number is the caller's in its notifications (R-CALL-206).
    let isOutgoing: Bool
    /// The gateway makes the call for this leg's user (R-CALL-738).
    let hasClicked: Bool
    /// Legs are counted in the order in which they came.
    var order: Int
    /// Who is at the other end, as the leg's client is told.
    var remote: Party
    /// `remote` is a conference, which is always the caller (R-CALL-830).
    var isInConference = false
    /// The leg at the other end; `nil` in a conference, and while the call is handed over and that leg has left already.
    var far: Leg?
    var stage: Stage
    /// The device that answered, if its request named one.
    var answeredBy: SubscriptionID?
    /// What it answered.
    var answer: String?
    /// The leg's latest description announces trickle (R-SRV-8).
    var trickles = false
    /// The leg's latest description.
    var description: String?
    /// What the leg sent before its far end could use it.
    var heldCandidates: [ICECandidate] = []
    /// The leg was handed one offer twice: one of its replies is surplus (R-CALL-440).
    var wasHandedTwice = false
  }

  enum Stage: Sendable, Hashable {
    /// Has called, or had the gateway call, and waits for the far end's answer.
    case calling
    case ringing(Invitation)
    /// Has had the gateway call, and has answered with this offer; whom it is for is being looked for (R-CALL-739).
    case placing(Content)
    case talking
    /// Has handed the call over: the session is known until its client deletes it (R-CALL-73).
    case left
  }

  /// What a ringing leg is invited to.
  struct Invitation: Sendable, Hashable {
    var content: Content
    /// The caller has been told `ringing`.
    var hasRung = false
    /// How often the call was forwarded before it came here.
    var forwards = 0
  }

  /// An offer on its way: the leg to which it was given owes the reply.
  struct Exchange: Sendable, Hashable {
    /// Who waits for the reply.
    enum Asker: Sendable, Hashable {
      case leg(Leg)
      /// A transfer waits for it.
      case transfer
      /// The mixer of a conference.
      case mixer
      /// It has left: the reply is accepted and leads to nothing.
      case nobody
    }

    var asker: Asker
    /// The leg has been asked for an offer.
    let isSlowStart: Bool
    /// What the leg was given.
    let given: Notification
  }

  mutating func add(
    _ leg: Leg, _ party: Party, isOutgoing: Bool, hasClicked: Bool = false, remote: Party, far: Leg?, _ stage: Stage
  ) {
    lastOrder += 1
    members[leg] = Member(
      party: party, isOutgoing: isOutgoing, hasClicked: hasClicked, order: lastOrder, remote: remote, far: far, stage: stage)
  }

  /// Forgets legs that have been told that their call is over, or need not be told.
  mutating func remove(_ legs: Leg...) -> [Effect] {
    let effects = Timer.Kind.allCases.flatMap { kind in legs.flatMap { cancel(Timer(kind, $0)) } }
    for leg in legs {
      members[leg] = nil
      exchanges[leg] = nil
    }
    return effects
  }

  /// Two legs, the one that came first before the other.
  func sorted(_ one: Leg, _ other: Leg) -> (Leg, Leg) {
    (members[one]?.order ?? 0) <= (members[other]?.order ?? 0) ? (one, other) : (other, one)
  }

  /// Seconds after which a leg may repeat an update that was refused (R-CALL-441).
  func retry(_ leg: Leg) -> Double {
    guard let far = members[leg]?.far, sorted(leg, far).0 == leg else { return limits.calleeRetry }
    return limits.callerRetry
  }

  func stage(_ leg: Leg) -> Stage? { members[leg]?.stage }
}
