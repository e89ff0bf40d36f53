import LinkProtocol

// What the notifications say.
extension GatewayCallMachine {
  /// A notification for one leg, with everything that it says of the call and the two users (R-CALL-157). Which of the two is the
  /// caller depends on how the leg's client sees its call, also when the far end has changed (R-CALL-206, R-CALL-830).
  func notification(_ type: EventType, to leg: Leg, _ content: Content? = nil) -> Notification? {
    guard let member = members[leg] else { return nil }
    let isCaller = member.isOutgoing && !member.isInConference
    let (caller, callee) = isCaller ? (member.party, member.remote) : (member.remote, member.party)
    return Notification(
      eventType: type, eventId: nil,
      sessionParams: SessionParams(sessionData: leg, sdp: content?.sdp),
      callNotificationParams: CallNotificationParams(
        callerDisplayNumber: caller.number, callerName: caller.name, calleeDisplayNumber: callee.number,
        primaryContact: caller.number, remoteDisplayNumber: member.remote.number, remoteName: member.remote.name),
      customParameters: content?.customParameters, customBodies: content?.customBodies)
  }

  func notify(
    _ leg: Leg, _ type: EventType, _ content: Content? = nil, only device: SubscriptionID? = nil,
    _ complete: (inout Notification) -> Void = { _ in }
  ) -> [Effect] {
    guard var notification = notification(type, to: leg, content) else { return [] }
    complete(&notification)
    return [.notify(leg, notification, only: device)]
  }

  /// A notification with a code and its text, which clients show only together (R-CALL-231).
  func notify(_ leg: Leg, _ type: EventType, _ reason: CallEndReason) -> [Effect] {
    notify(leg, type) {
      $0.sessionParams?.statusCode = reason.statusCode
      $0.sessionParams?.reasonText = reason.reasonText
    }
  }

  /// `callEnd` without a code: what its own client or the far end's user wanted.
  func callEnd(_ leg: Leg, reasonText: String? = nil, only device: SubscriptionID? = nil) -> [Effect] {
    notify(leg, .callEnd, only: device) { $0.sessionParams?.reasonText = reasonText }
  }

  func callEnd(_ leg: Leg, _ reason: CallEndReason) -> [Effect] { notify(leg, .callEnd, reason) }

  /// Tells a leg that its offer is refused and when to repeat it, in both places where clients look (R-CALL-216).
  func refusal(_ leg: Leg) -> [Effect] {
    notify(leg, .respondCallUpdate) {
      $0.statusCode = .requestPending
      $0.sessionParams?.statusCode = .requestPending
      $0.sessionParams?.reasonText = CallEndReason.requestPending.reasonText
      $0.sessionParams?.retryAfter = retry(leg)
    }
  }
}
