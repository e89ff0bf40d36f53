public import LinkProtocol

extension GatewayCallMachine {
  /// One end of the call as the gateway sees it.
  public enum Leg: Sendable, Hashable, CaseIterable {
    case caller, callee

    /// The far end.
    public var other: Leg {
      switch self {
      case .caller: .callee
      case .callee: .caller
      }
    }
  }

  /// A user at one end of a call.
  public struct Party: Sendable, Hashable {
    /// The address without `sip:` (R-CALL-633).
    public var number: String
    /// As people call the user; `nil` when the directory has no name.
    public var name: String?

    public init(number: String, name: String? = nil) {
      self.number = number
      self.name = name
    }
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

    public func party(_ leg: Leg) -> Party {
      switch leg {
      case .caller: caller
      case .callee: callee
      }
    }

    public func session(_ leg: Leg) -> SessionID {
      switch leg {
      case .caller: callerSession
      case .callee: calleeSession
      }
    }
  }

  /// Whether the called user can be rung.
  public enum Reach: Sendable, Hashable {
    /// There is no such user.
    case unknown
    /// No device of the user is subscribed to calls.
    case offline
    case online
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

  /// A timer of the call. One of each runs at a time.
  public enum Timer: Sendable, Hashable {
    /// Nobody has answered yet.
    case ring
    /// An offer is waiting for its answer.
    case update
    /// The leg has been silent.
    case audit(Leg)
    /// The leg's user has no subscription for calls.
    case absence(Leg)

    static let all: [Timer] = [
      .ring, .update, .audit(.caller), .audit(.callee), .absence(.caller), .absence(.callee),
    ]
  }

  /// How long things may take. The wire leaves the values to the gateway.
  public struct Limits: Sendable, Hashable {
    /// From the start of a call to its answer (R-CALL-410).
    public var ring: Duration
    /// From an offer on an answered call to its answer (R-CALL-297, R-CALL-300).
    public var update: Duration
    /// From one request of a leg to the next, once the call is answered. Clients audit every 25 or 30 seconds: three audits may
    /// be lost (R-CALL-96, R-CALL-836).
    public var audit: Duration
    /// Without any subscription for calls: long enough to subscribe anew.
    public var absence: Duration
    /// After how many seconds the caller may repeat an update that was refused (R-CALL-441).
    public var callerRetry: Double
    /// The same for the callee. It differs, so that the two do not collide again.
    public var calleeRetry: Double

    public init(
      ring: Duration = .seconds(60), update: Duration = .seconds(20), audit: Duration = .seconds(100),
      absence: Duration = .seconds(10), callerRetry: Double = 3, calleeRetry: Double = 1
    ) {
      self.ring = ring
      self.update = update
      self.audit = audit
      self.absence = absence
      self.callerRetry = callerRetry
      self.calleeRetry = calleeRetry
    }

    func retry(_ leg: Leg) -> Double {
      switch leg {
      case .caller: callerRetry
      case .callee: calleeRetry
      }
    }
  }

  /// Why the call is over: for the records of both users.
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
    /// One of the two hung up an answered call.
    case ended(by: Leg)
    /// The leg's client vanished.
    case lost(Leg)
    /// The server stopped.
    case shutDown
  }
}
