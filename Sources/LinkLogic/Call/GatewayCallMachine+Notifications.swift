import LinkProtocol

// What the notifications say.
extension GatewayCallMachine {
  /// A notification for one leg, with everything that it says of the call and the two users (R-CALL-157).
  func notification(_ type: EventType, to leg: Leg, _ content: Content? = nil) -> Notification {
    let remote = call.party(leg.other)
    return Notification(
      eventType: type, eventId: nil,
      sessionParams: SessionParams(sessionData: call.session(leg), sdp: content?.sdp),
      callNotificationParams: CallNotificationParams(
        callerDisplayNumber: call.caller.number, callerName: call.caller.name,
        calleeDisplayNumber: call.callee.number, primaryContact: call.caller.number,
        remoteDisplayNumber: remote.number, remoteName: remote.name),
      customParameters: content?.customParameters, customBodies: content?.customBodies)
  }

  /// `callEnd`: with a reason, which clients show, only code and text together do (R-CALL-231).
  func callEnd(to leg: Leg, _ reason: CallEndReason? = nil) -> Notification {
    var notification = notification(.callEnd, to: leg)
    notification.sessionParams?.statusCode = reason?.statusCode
    notification.sessionParams?.reasonText = reason?.reasonText
    return notification
  }

  /// Tells a leg that its offer is refused and when to repeat it, in both places where clients look (R-CALL-216).
  func refusal(to leg: Leg) -> Notification {
    var notification = notification(.respondCallUpdate, to: leg)
    notification.statusCode = .requestPending
    notification.sessionParams?.statusCode = .requestPending
    notification.sessionParams?.reasonText = Self.requestPending
    notification.sessionParams?.retryAfter = limits.retry(leg)
    return notification
  }
}
