import LinkProtocol

// From the call's start to its answer, and its end.
extension GatewayCallMachine {
  mutating func start(_ content: Content, callee reach: Reach) -> [Effect] {
    guard phase == .new else { return [] }
    guard content.sdp != nil else {
      phase = .over
      return [.respond(.invalid("callStart needs an sdp."))]
    }
    note(content, from: .caller)
    let created = Effect.respond(
      Answer(httpStatus: 200, body: CallControlResponse(sessionData: call.callerSession)))
    switch reach {
    case .unknown:
      return [created] + finish(.unknownCallee, caller: callEnd(to: .caller, .notFound), callee: nil)
    case .offline:
      return [created] + finish(.calleeOffline, caller: callEnd(to: .caller, .unavailable), callee: nil)
    case .online:
      phase = .ringing
      var invitation = notification(.call, to: .callee, content)
      invitation.sessionParams?.actions = ["reject", "forward", "answer"]
      return [created, .notify(.callee, invitation, only: nil), start(.ring, after: limits.ring)]
    }
  }

  /// Tells the caller that the callee rings, once (R-CALL-98).
  mutating func ring() -> [Effect] {
    guard phase == .ringing, !hasRung else { return [] }
    hasRung = true
    return [.notify(.caller, notification(.ringing, to: .caller), only: nil)]
  }

  mutating func accept(_ content: Content, by leg: Leg, device: SubscriptionID?) -> [Effect] {
    guard leg == .callee else { return [.respond(Self.notTheCallee)] }
    guard content.sdp != nil else { return [.respond(.invalid("callAnswer needs an sdp."))] }
    note(content, from: .callee)
    answeredBy = device
    var effects: [Effect] = [
      .respond(.accepted), .notify(.callee, notification(.callCancel, to: .callee), only: nil),
    ]
    effects += ring()  // R-CALL-380
    effects.append(.notify(.caller, notification(.respondCallUpdate, to: .caller, content), only: nil))
    phase = .answered
    effects += releaseCandidates()
    effects += cancel(.ring)
    effects += [start(.audit(.caller), after: limits.audit), start(.audit(.callee), after: limits.audit)]
    return effects
  }

  /// An answer to an answered call. The device learns from the failure that it was too late, and from `callCancel`, which all
  /// devices get. A 3.16 client hears only `callEnd` (R-CALL-49), but it would reach the winner too, unless the requests' credentials
  /// tell one device from the other.
  func lateAnswer(by leg: Leg, device: SubscriptionID?) -> [Effect] {
    guard leg == .callee else { return [.respond(Self.notTheCallee)] }
    guard let device, let answeredBy, device != answeredBy else { return [.respond(.answeredElsewhere)] }
    return [.respond(.answeredElsewhere), .notify(.callee, callEnd(to: .callee), only: device)]
  }

  mutating func reject(by leg: Leg) -> [Effect] {
    guard leg == .callee else { return [.respond(Self.notTheCallee)] }
    return [.respond(.accepted)]
      + finish(.declined, caller: callEnd(to: .caller, .declined), callee: notification(.callCancel, to: .callee))
  }

  /// The caller gave up. The caller's own `callEnd` has no code: it ends as ended by its user (R-CALL-74, R-CALL-213).
  mutating func cancelled() -> [Effect] {
    [.respond(.accepted)]
      + finish(.cancelled, caller: callEnd(to: .caller), callee: callEnd(to: .callee, .noAnswer))
  }

  /// Ends an answered call. The leg that ended it is told too: other devices of its user may believe that they have the call.
  mutating func hangUp(_ leg: Leg, _ reasonText: String?) -> [Effect] {
    var farEnd = callEnd(to: leg.other)
    farEnd.sessionParams?.reasonText = reasonText
    let nearEnd = callEnd(to: leg)
    let (caller, callee) =
      switch leg {
      case .caller: (nearEnd, farEnd)
      case .callee: (farEnd, nearEnd)
      }
    return [.respond(.accepted)] + finish(.ended(by: leg), caller: caller, callee: callee)
  }
}
