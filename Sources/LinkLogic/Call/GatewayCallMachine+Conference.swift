public import LinkProtocol

// What a conference is made of. The descriptions of its legs are not passed on: a mixer, which is a media engine on this server,
// answers them and makes offers of its own (part 02 §8.19).
extension GatewayCallMachine {
  /// A place at the mixer, for one leg of one conference. A leg that comes back to another conference gets another seat.
  public struct Seat: Sendable, Hashable {
    /// The session that the join has made, which names the conference too.
    public var conference: Leg
    public var leg: Leg

    public init(conference: Leg, leg: Leg) {
      self.conference = conference
      self.leg = leg
    }
  }

  /// What the mixer is to do at a seat.
  public enum MixerOrder: Sendable, Hashable {
    /// Makes an offer. It has as many sections as this description, the leg's latest, but only audio in use (R-SRV-4).
    case offer(like: String?)
    /// Answers an offer of the leg's.
    case answer(String)
    /// Takes the leg's answer to the mixer's offer.
    case accept(String)
    case candidates([ICECandidate])
    /// Takes back the mixer's offer, which the leg has not answered.
    case rollback
    /// The leg is gone. Nothing follows.
    case leave
  }

  /// What has come of an order to make or take a description.
  public enum MixerNews: Sendable, Hashable {
    case offer(String)
    case answer(String)
    case accepted
    case failed(MixerFailure)
  }

  /// Why the mixer did not do something.
  public enum MixerFailure: Error, Sendable, Hashable {
    /// The leg's description cannot be used. The seat's media is as before.
    case unusableDescription
    /// The media engine failed.
    case engine

    var reason: CallEndReason {
      switch self {
      case .unusableDescription: .notAcceptable
      case .engine: .serverFailure
      }
    }
  }

  /// Three users who hear each other, or are about to.
  struct Conference: Sendable, Hashable {
    /// Somebody whom the host was speaking with, and the host's leg of that call.
    struct Guest: Sendable, Hashable {
      let leg: Leg
      let original: Leg
    }

    /// How far a seat has come.
    struct Chair: Sendable, Hashable {
      enum Progress: Sendable, Hashable {
        /// Nobody has sat down yet.
        case empty
        /// The mixer owes an offer.
        case preparing
        /// The mixer has made its offer, which the leg is given as soon as it can be.
        case offering(Content)
        /// The leg owes the answer.
        case offered
        /// The leg has answered, and the mixer takes it.
        case accepting
        /// The mixer owes an answer.
        case answering
        case seated
      }

      var progress: Progress
      /// The leg hears the mixer.
      var hasMoved = false

      /// The leg waits for a description of the mixer's.
      var isOffering: Bool {
        switch progress {
        case .answering: true
        case .preparing: hasMoved
        case .empty, .offering, .offered, .accepting, .seated: false
        }
      }
    }

    /// The host's leg.
    let session: Leg
    let host: Party
    /// Goes with the offers to the guests (R-CALL-89).
    let customParameters: [CustomParameter]?
    var guests: [Guest]
    var chairs: [Leg: Chair]
    /// Everybody is there, and the host's former legs are done with.
    var isComplete = false

    func has(_ leg: Leg) -> Bool {
      leg == session || guests.contains { $0.leg == leg || (!isComplete && $0.original == leg) }
    }

    func guest(_ leg: Leg) -> Guest? { guests.first { $0.leg == leg } }

    func seat(_ leg: Leg) -> Seat { Seat(conference: session, leg: leg) }

    /// What the leg says is for the mixer, and no longer for its former far end.
    func isAtMixer(_ leg: Leg) -> Bool {
      guard let chair = chairs[leg] else { return false }
      return chair.hasMoved || chair.progress == .accepting || leg == session
    }

    /// The legs in the conference, in the order in which they are named to each other.
    var legs: [Leg] { ([session] + guests.map(\.leg)).filter { chairs[$0] != nil } }
  }

  func conference(of leg: Leg) -> Conference? { conferences.first { $0.has(leg) } }

  mutating func change(_ conference: Conference, _ change: (inout Conference) -> Void) {
    guard let index = conferences.firstIndex(where: { $0.session == conference.session }) else { return }
    change(&conferences[index])
  }

  mutating func set(_ leg: Leg, _ progress: Conference.Chair.Progress, in conference: Conference) {
    change(conference) { $0.chairs[leg]?.progress = progress }
  }

  /// Orders something that the mixer has to report on in time.
  mutating func order(_ order: MixerOrder, at leg: Leg, of conference: Conference) -> [Effect] {
    [.mix(conference.seat(leg), order), start(.mixing(leg), after: limits.mixing)]
  }

  /// The leg's seat, if it has one, is free again.
  func vacate(_ leg: Leg) -> [Effect] {
    guard let conference = conference(of: leg), let chair = conference.chairs[leg], chair.progress != .empty else { return [] }
    return [.mix(conference.seat(leg), .leave)]
  }

  /// A conference as one of its legs is told of it: a number that says what it is, and who else is there.
  func party(_ conference: Conference, for leg: Leg) -> Party {
    let others = conference.legs.filter { $0 != leg }.compactMap { members[$0]?.party }
    let user = UserAddress(user: "conference", domain: conference.host.user.domain) ?? conference.host.user
    return Party(user: user, name: others.map { $0.name ?? $0.number }.joined(separator: ", "))
  }

  /// From now on the leg's notifications say that its far end is the conference.
  mutating func present(_ conference: Conference, to leg: Leg) {
    let party = party(conference, for: leg)
    members[leg]?.remote = party
    members[leg]?.isInConference = true
  }
}
