public import LinkProtocol

extension GatewayCallMachine {
  /// What a client asks for on one of the call's sessions.
  public enum Request: Sendable, Hashable {
    case ringing
    /// The device is the subscription that the request's credentials name, if they name one.
    case answer(Content, device: SubscriptionID?)
    case reject
    /// Sends an unanswered call to somebody else (R-CALL-80).
    case forward(Destination)
    case end(reasonText: String?)
    /// An offer; without a description the far end is asked for one (slow start).
    case offer(Content)
    /// The reply to an offer, or the offer that was asked for.
    case reply(Content)
    /// Declines an offer (R-CALL-65).
    case refuse
    case candidates([ICECandidate])
    /// Parameters of the application for the far end, now (R-CALL-92).
    case customHeaders(Content)
    case audit
    /// Reads the session's state.
    case read
    /// Connects the far end with somebody else (R-CALL-85).
    case transfer(Destination)
    /// Brings the far ends of this leg and of a second one into a conference with the user, whose leg there gets this session
    /// (R-CALL-89).
    case join(Destination, as: Leg, Content)
    /// An operation of the protocol that this server does not perform.
    case unsupported(CallOperation)
    /// An operation that the protocol does not have, or not here.
    case unknown

    /// Reads the body of a PUT on a session (R-CALL-30).
    /// - Parameter destination: what the body names as the target of a transfer.
    public init(
      _ body: CallControlRequest, device: SubscriptionID? = nil, destination: Destination = .unreadable
    ) {
      let content = Content(sdp: body.sdp, customParameters: body.customParameters, customBodies: body.customBodies)
      self =
        switch body.type {
        case .ringing: .ringing
        case .callAnswer: .answer(content, device: device)
        case .startCallUpdate: .offer(content)
        case .respondCallUpdate: content.sdp == nil && body.statusCode != nil ? .refuse : .reply(content)
        case .updateIceCandidate: .candidates(body.iceCandidates ?? [])
        case .sendCustomHeaders: .customHeaders(content)
        case .audit: .audit
        case .transfer: .transfer(destination)
        case .refer, .acceptCallReplace, .rejectCallReplace: .unsupported(body.type)
        default: .unknown
        }
    }
  }

  /// What a request is answered.
  public struct Answer: Sendable, Hashable {
    /// Never 304 or 410, which clients take for something else (R-CALL-13, R-CALL-18).
    public var httpStatus: Int
    public var body: CallControlResponse

    public init(httpStatus: Int, body: CallControlResponse) {
      self.httpStatus = httpStatus
      self.body = body
    }

    public static let accepted = Answer(httpStatus: 200, body: CallControlResponse())
    /// The session does not exist, has ended, or is another user's: one answer for all of them.
    public static let callNotFound = Answer(404, .callNotFound, "The call does not exist.")
    /// The same, to whoever reads a session's state (R-CALL-102).
    public static let sessionNotFound = Answer(404, .sessionNotFound, "The session does not exist.")
    /// Another device of the user was faster (R-CALL-49).
    public static let answeredElsewhere = Answer(409, .answeredElsewhere, "The call has been answered by another device.")

    /// A value is missing or cannot be used.
    public static func invalid(_ reasonText: String) -> Answer {
      Answer(400, .invalidValue, reasonText)
    }

    /// The operation does not fit the call's present state.
    public static func outOfPlace(_ reasonText: String) -> Answer {
      Answer(409, .invalidValue, reasonText)
    }

    /// The server does not perform this operation.
    public static func unsupported(_ operation: String) -> Answer {
      Answer(403, .serviceNotEnabled, "This server does not support \(operation).")
    }

    /// An offer is outstanding (R-CALL-440).
    static func pending(retryAfter: Double) -> Answer {
      var answer = Answer(409, .requestPending, CallEndReason.requestPending.reasonText)
      answer.body.retryAfter = retryAfter
      return answer
    }

    private init(_ httpStatus: Int, _ statusCode: StatusCode, _ reasonText: String) {
      self.init(httpStatus: httpStatus, body: CallControlResponse(statusCode: statusCode, reasonText: reasonText))
    }
  }

  // MARK: - Which request is for whom

  mutating func answer(_ request: Request, from leg: Leg) -> [Effect] {
    switch stage(leg) {
    case nil: [.respond(request == .read ? .sessionNotFound : .callNotFound)]
    case .left: answerAfterwards(request, from: leg)
    case .calling, .ringing, .placing: answerWhileRinging(request, from: leg)
    case .talking: answerWhileTalking(request, from: leg)
    }
  }

  private mutating func answerWhileRinging(_ request: Request, from leg: Leg) -> [Effect] {
    let isCaller = if case .ringing = stage(leg) { false } else { true }
    return switch request {
    case .ringing:
      members[leg]?.isOutgoing == true
        ? [.respond(.outOfPlace("Only the called user rings."))] : [.respond(.accepted)] + ring(leg)
    case .answer(let content, let device): accept(content, by: leg, device: device)
    case .reject: reject(by: leg)
    case .forward(let destination): forward(to: destination, by: leg)
    case .end: isCaller ? cancelled(by: leg) : reject(by: leg)
    case .offer: [.respond(.pending(retryAfter: retry(leg)))]
    case .reply, .refuse, .transfer, .join: [.respond(Self.notAnswered)]
    case .candidates(let candidates): hold(candidates, from: leg)
    case .customHeaders(let content): pass(content, from: leg)
    case .audit: [.respond(.accepted)]
    case .read: [.respond(state(members[leg]?.answer == nil ? .ringing : .answered))]
    case .unsupported(let operation): [.respond(.unsupported(operation.rawValue))]
    case .unknown: [.respond(.invalid("Unknown type of request."))]
    }
  }

  private mutating func answerWhileTalking(_ request: Request, from leg: Leg) -> [Effect] {
    let effects: [Effect] =
      switch request {
      case .ringing: [.respond(.accepted)]
      case .answer(let content, let device): lateAnswer(content, by: leg, device: device)
      case .reject, .forward: [.respond(late(leg))]
      case .end(let reasonText): hangUp(leg, reasonText)
      case .offer(let content): offer(content, from: leg)
      case .reply(let content): reply(content, from: leg)
      case .refuse: refuse(from: leg)
      case .transfer(let destination): transfer(to: destination, by: leg)
      case .join(let second, let session, let content): join(second, as: session, content, by: leg)
      case .candidates(let candidates): pass(candidates, from: leg)
      case .customHeaders(let content): pass(content, from: leg)
      case .audit: [.respond(.accepted)]
      case .read: [.respond(state(.answered))]
      case .unsupported(let operation): [.respond(.unsupported(operation.rawValue))]
      case .unknown: [.respond(.invalid("Unknown type of request."))]
      }
    return stage(leg) == .talking ? effects + [startAudit(leg)] : effects
  }

  /// The leg has left the call and been told so. That its client deletes the session is expected (R-CALL-73). An audit may have been on
  /// its way already: a failure would make the client think that the call was lost (R-CALL-836).
  private mutating func answerAfterwards(_ request: Request, from leg: Leg) -> [Effect] {
    switch request {
    case .end: [.respond(.accepted)] + remove(leg)
    case .audit: [.respond(.accepted)]
    case .read: [.respond(.sessionNotFound)]
    case .ringing, .answer, .reject, .forward, .offer, .reply, .refuse, .transfer, .join, .candidates, .customHeaders,
      .unsupported, .unknown:
      [.respond(.callNotFound)]
    }
  }

  /// Hands parameters of the application to the far end, in the one notification that no client does anything else about (R-CALL-474).
  private func pass(_ content: Content, from leg: Leg) -> [Effect] {
    guard let far = members[leg]?.far, content.customParameters?.isEmpty == false else { return [.respond(.accepted)] }
    return [.respond(.accepted)] + notify(far, .trying, Content(sdp: nil, customParameters: content.customParameters))
  }

  /// What a leg that does not ring is told when it answers, rejects or forwards.
  func late(_ leg: Leg) -> Answer { members[leg]?.isOutgoing == true ? Self.notTheCallee : .answeredElsewhere }

  private func state(_ state: CallSessionState) -> Answer {
    Answer(httpStatus: 200, body: CallControlResponse(state: state))
  }

  static let notTheCallee = Answer.outOfPlace("Only the called user answers, rejects or forwards.")
  static let noAddress = Answer.invalid("\"address\" is not an address such as carol@example.com.")
  static let notAnswered = Answer.outOfPlace("The call has not been answered.")
}
