public import LinkProtocol

extension GatewayCallMachine {
  /// One user's side of a call. It is named by its session, which is nobody else's.
  public typealias Leg = SessionID

  /// A user at one end of a call.
  public struct Party: Sendable, Hashable {
    public var user: UserAddress
    /// As people call the user; `nil` when the directory has no name.
    public var name: String?

    public init(user: UserAddress, name: String? = nil) {
      self.user = user
      self.name = name
    }

    /// The address without `sip:` (R-CALL-633).
    public var number: String { user.description }
  }

  /// Who calls whom, and what their sessions are called.
  public struct Call: Sendable, Hashable {
    public var caller: Party
    public var callee: Party
    public var callerSession: SessionID
    public var calleeSession: SessionID

    public init(caller: Party, callee: Party, callerSession: SessionID, calleeSession: SessionID) {
      self.caller = caller
      self.callee = callee
      self.callerSession = callerSession
      self.calleeSession = calleeSession
    }
  }

  /// Whether a user can be rung.
  public enum Reach: Sendable, Hashable {
    /// There is no such user.
    case unknown
    /// No device of the user is subscribed to calls.
    case offline
    case online
  }

  /// Where a request sends a call.
  public enum Destination: Sendable, Hashable {
    /// The request names nobody, or not by an address.
    case unreadable
    /// Somebody, and the session that this user's devices get if they are rung.
    case user(Party, SessionID, Reach)
    /// Whoever is at the far end of another of the user's legs, which has been adopted into this call.
    case farEnd(of: Leg)
    /// The far end of a session that is not the user's, or does not exist.
    case unknownSession
    /// The far end of a session that nobody has answered.
    case unansweredSession
  }

  /// What travels from one end to the other.
  public struct Content: Sendable, Hashable {
    /// `nil` where the wire has none or an empty one (R-CALL-182).
    public var sdp: String?
    public var customParameters: [CustomParameter]?
    public var customBodies: [JSONValue]?

    public init(sdp: String?, customParameters: [CustomParameter]? = nil, customBodies: [JSONValue]? = nil) {
      self.sdp = sdp?.isEmpty == true ? nil : sdp
      self.customParameters = customParameters
      self.customBodies = customBodies
    }
  }

  /// A timer of one leg. One of each kind runs at a time.
  public struct Timer: Sendable, Hashable {
    public enum Kind: Sendable, Hashable, CaseIterable {
      /// The leg rings and nobody has answered yet.
      case ring
      /// The leg owes the answer to an offer.
      case update
      /// The mixer owes the leg a description.
      case mixing
      /// The leg has been silent.
      case audit
      /// The leg's user has no subscription for calls.
      case absence
    }

    public var kind: Kind
    public var leg: Leg

    public init(_ kind: Kind, _ leg: Leg) {
      self.kind = kind
      self.leg = leg
    }

    public static func ring(_ leg: Leg) -> Timer { Timer(.ring, leg) }
    public static func update(_ leg: Leg) -> Timer { Timer(.update, leg) }
    public static func mixing(_ leg: Leg) -> Timer { Timer(.mixing, leg) }
    public static func audit(_ leg: Leg) -> Timer { Timer(.audit, leg) }
    public static func absence(_ leg: Leg) -> Timer { Timer(.absence, leg) }
  }

  /// How long things may take, and how often they may happen. The wire leaves the values to the gateway.
  public struct Limits: Sendable, Hashable {
    /// From the start of a call to its answer (R-CALL-410); each user that it is forwarded to has it anew.
    public var ring: Duration
    /// From an offer on an answered call to its answer (R-CALL-297, R-CALL-300).
    public var update: Duration
    /// From an order to the mixer to its outcome.
    public var mixing: Duration
    /// From one request of a leg to the next, once the call is answered. Clients audit every 25 or 30 seconds: three audits may
    /// be lost (R-CALL-96, R-CALL-836).
    public var audit: Duration
    /// Without any subscription for calls: long enough to subscribe anew.
    public var absence: Duration
    /// After how many seconds the elder of two legs, at first the caller's, may repeat an update that was refused (R-CALL-441).
    public var callerRetry: Double
    /// The same for the younger. It differs, so that the two do not collide again.
    public var calleeRetry: Double
    /// How often one call may be forwarded.
    public var forwards: Int

    public init(
      ring: Duration = .seconds(60), update: Duration = .seconds(20), mixing: Duration = .seconds(10),
      audit: Duration = .seconds(100), absence: Duration = .seconds(10), callerRetry: Double = 3, calleeRetry: Double = 1,
      forwards: Int = 5
    ) {
      self.ring = ring
      self.update = update
      self.mixing = mixing
      self.audit = audit
      self.absence = absence
      self.callerRetry = callerRetry
      self.calleeRetry = calleeRetry
      self.forwards = forwards
    }
  }
}
