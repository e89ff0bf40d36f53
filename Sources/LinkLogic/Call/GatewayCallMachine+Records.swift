public import LinkProtocol

// What the records of a call are made of. One call may be several conversations, one after the other or at the same time: a
// forwarded call is one with whom it was forwarded from and one with whom it was forwarded to.
extension GatewayCallMachine {
  /// Two legs that speak with each other, or ring at each other.
  public struct Conversation: Sendable, Hashable {
    public var caller: Leg
    public var callee: Leg

    public init(caller: Leg, callee: Leg) {
      self.caller = caller
      self.callee = callee
    }

    func has(_ leg: Leg) -> Bool { leg == caller || leg == callee }

    func side(_ leg: Leg) -> Side { leg == caller ? .caller : .callee }
  }

  /// One of the two ends of a conversation.
  public enum Side: Sendable, Hashable {
    case caller, callee
  }

  /// What happens to a conversation.
  public enum Milestone: Sendable, Hashable {
    case begun(caller: Party, callee: Party, Origin)
    case answered
    /// Nothing follows.
    case ended(Outcome)
  }

  /// How a conversation came about.
  public enum Origin: Sendable, Hashable {
    /// The caller called the callee.
    case dialled
    /// The caller called this user, who sent the call to the callee unanswered.
    case forwarded(by: UserAddress)
    /// This user spoke with the caller, and handed the call over to the callee.
    case transferred(by: UserAddress)
    /// The two were in a conference that this user had made, and has left.
    case joined(by: UserAddress)
  }

  /// Why a conversation is over: for the records of both users.
  public enum Outcome: Sendable, Hashable {
    /// The callee does not exist.
    case unknownCallee
    /// The callee has no device that could ring.
    case calleeOffline
    /// The caller gave up before anybody answered.
    case cancelled
    /// A device of the callee declined.
    case declined
    /// Nobody answered in time.
    case unanswered
    /// The callee sent the call to this user unanswered; the caller's conversation with that user follows.
    case forwarded(to: UserAddress)
    /// One of the two handed the call over, so that the other speaks with this user.
    case transferred(to: UserAddress)
    /// The callee has answered, but the caller's client did not take the new far end over.
    case notConnected
    /// One of the two hung up an answered call.
    case ended(by: Side)
    /// The client of one of the two vanished.
    case lost(Side)
    /// The server stopped.
    case shutDown
  }

  mutating func begin(_ caller: Leg, _ callee: Leg, _ origin: Origin) -> [Effect] {
    guard let one = members[caller]?.party, let other = members[callee]?.party else { return [] }
    let conversation = Conversation(caller: caller, callee: callee)
    conversations.append(conversation)
    return [.record(conversation, .begun(caller: one, callee: other, origin))]
  }

  /// The conversation between two legs, whichever of them is the caller.
  func conversation(_ one: Leg, _ other: Leg) -> Conversation? {
    conversations.first { $0.has(one) && $0.has(other) }
  }

  func answered(_ one: Leg, _ other: Leg) -> [Effect] {
    conversation(one, other).map { [.record($0, .answered)] } ?? []
  }

  mutating func conclude(_ one: Leg, _ other: Leg, _ outcome: Outcome) -> [Effect] {
    guard let conversation = conversation(one, other) else { return [] }
    conversations.removeAll { $0 == conversation }
    return [.record(conversation, .ended(outcome))]
  }
}
