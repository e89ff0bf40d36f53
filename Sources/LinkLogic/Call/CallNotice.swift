public import LinkProtocol

/// A code and its text, as the gateway gave them. Counts only when both are there (R-CALL-210, R-CALL-325).
public struct CallReason: Sendable, Hashable {
  public var code: StatusCode
  public var text: String

  public init(code: StatusCode, text: String) {
    self.code = code
    self.text = text
  }

  public init(_ local: LocalCallCode) {
    self.init(code: StatusCode(rawValue: local.rawValue), text: local.reasonText)
  }

  init?(_ params: SessionParams) {
    guard let code = params.statusCode, code.rawValue != 0, let text = params.reasonText, !text.isEmpty else { return nil }
    self.init(code: code, text: text)
  }
}

/// An incoming call, as the notification `call` describes it (R-CALL-180).
public struct IncomingCall: Sendable, Hashable {
  public var session: SessionID
  /// `nil` for a slow start (R-CALL-182).
  public var offer: String?
  /// What the callee may do: `answer`, `reject`, `forward` (R-CALL-181).
  public var actions: Set<String>
  public var callerNumber: String?
  public var callerName: String?
  public var calleeNumber: String?
  public var customParameters: [CustomParameter]?

  public init(
    session: SessionID, offer: String?, actions: Set<String> = ["answer", "reject", "forward"], callerNumber: String? = nil,
    callerName: String? = nil, calleeNumber: String? = nil, customParameters: [CustomParameter]? = nil
  ) {
    self.session = session
    self.offer = offer
    self.actions = actions
    self.callerNumber = callerNumber
    self.callerName = callerName
    self.calleeNumber = calleeNumber
    self.customParameters = customParameters
  }

  /// - Returns: `nil` unless this is a `call` that names its session.
  public init?(_ notification: Notification) {
    guard notification.eventType == .call, let params = notification.session, let session = params.sessionData else {
      return nil
    }
    let parties = notification.callNotificationParams
    self.init(
      session: session, offer: params.sdp.nonEmpty, actions: Set(params.actions ?? []),
      callerNumber: parties?.callerDisplayNumber.nonEmpty, callerName: parties?.callerName.nonEmpty,
      calleeNumber: parties?.calleeDisplayNumber.nonEmpty, customParameters: notification.customParameters)
  }
}

/// A notification about a call that this end knows (R-CALL-150).
public struct CallNotice: Sendable, Hashable {
  public enum Kind: Sendable, Hashable {
    case trying
    case ringing
    /// Early media (R-CALL-188).
    case progress
    /// `respondCallUpdate` with an answer (R-CALL-192).
    case answer
    /// `respondCallUpdate` that refuses our offer for so long (R-CALL-194).
    case refusal(retryAfter: Duration)
    /// `startCallUpdate`: the far end's offer, or its wish for one.
    case update
    case accepted
    case complete
    case fail
    case cancel
    case end
    case candidates([ICECandidate])
  }

  public var kind: Kind
  /// Never empty.
  public var sdp: String?
  public var reason: CallReason?
  public var remoteNumber: String?
  public var remoteName: String?
  public var callerNumber: String?
  public var callerName: String?
  public var calleeNumber: String?
  /// What the far end wants the application to know (R-CALL-831).
  public var customParameters: [CustomParameter]?

  public init(
    _ kind: Kind, sdp: String? = nil, reason: CallReason? = nil, remoteNumber: String? = nil, remoteName: String? = nil,
    callerNumber: String? = nil, callerName: String? = nil, calleeNumber: String? = nil,
    customParameters: [CustomParameter]? = nil
  ) {
    self.kind = kind
    self.sdp = sdp.nonEmpty
    self.reason = reason
    self.remoteNumber = remoteNumber
    self.remoteName = remoteName
    self.callerNumber = callerNumber
    self.callerName = callerName
    self.calleeNumber = calleeNumber
    self.customParameters = customParameters
  }

  /// - Returns: `nil` for what is not about a known call: `call`, `startCallReplace`, and every other service's types.
  public init?(_ notification: Notification) {
    let params = notification.session
    guard let kind = Kind(notification, params) else { return nil }
    let parties = notification.callNotificationParams
    self.init(
      kind, sdp: params?.sdp, reason: params.flatMap(CallReason.init),
      remoteNumber: parties?.remoteDisplayNumber.nonEmpty, remoteName: parties?.remoteName.nonEmpty,
      callerNumber: parties?.callerDisplayNumber.nonEmpty, callerName: parties?.callerName.nonEmpty,
      calleeNumber: parties?.calleeDisplayNumber.nonEmpty, customParameters: notification.customParameters)
  }
}

extension CallNotice.Kind {
  private static let simple: [EventType: CallNotice.Kind] = [
    .trying: .trying, .ringing: .ringing, .sessionProgress: .progress, .startCallUpdate: .update, .accepted: .accepted,
    .sessionComplete: .complete, .sessionFail: .fail, .callCancel: .cancel, .callEnd: .end,
  ]

  init?(_ notification: Notification, _ params: SessionParams?) {
    switch notification.eventType {
    case .respondCallUpdate:
      if let seconds = params?.retryAfter, seconds > 0 {
        self = .refusal(retryAfter: .milliseconds(Int64(min(seconds, 3600) * 1000)))
      } else {
        self = .answer
      }
    case .iceCandidate:
      guard let candidates = params?.iceCandidates else { return nil }
      self = .candidates(candidates)
    default:
      guard let kind = Self.simple[notification.eventType] else { return nil }
      self = kind
    }
  }
}

extension String? {
  /// Empty text counts as absent.
  var nonEmpty: String? { self?.isEmpty == false ? self : nil }
}
