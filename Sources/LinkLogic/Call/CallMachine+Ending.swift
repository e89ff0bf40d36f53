import LinkProtocol

// Hanging up, turning down, and every other way in which a call ends (part 02 §8.3, §8.4, §8.6 to §8.10).

extension CallMachine {
  /// Hangs up, whatever the phase. The user sees ENDED at once, except while the far end rings (R-CALL-285).
  mutating func end(_ id: OperationID) {
    switch phase {
    // To hang up on a call that rings is to turn it down (R-CALL-518).
    case .ringing: reject(id, .end)
    case .accepting where !hasAnswered: reject(id, .end)
    case .initiating, .trying, .accepting, .established:
      begin(.end, id)
      sayGoodbye(LocalCallCode.endedByLocalUser.reasonText)
      conclude(.endedByLocalUser)
    case .progressing:
      begin(.end, id)
      sayGoodbye(LocalCallCode.endedByLocalUser.reasonText)
      phase = .ending
      negotiation = Negotiation()
      queue.removeAll()
      close()
      arm(.deadline, settings.timings.goodbye)
    case .ending, .rejecting:
      begin(.end, id)
    // Somebody else is about to be rung; that cannot be taken back, and this end is out of it all the same.
    case .forwarding: refuse(id, .end, "The call is being forwarded.")
    case .idle, .ended:
      refuse(id, .end)
    }
  }

  mutating func leave() {
    switch phase {
    case .ringing, .rejecting, .forwarding: conclude(.ignoredByLocalUser)
    case .accepting where !hasAnswered: conclude(.ignoredByLocalUser)
    case .initiating, .trying, .progressing, .accepting, .established:
      sayGoodbye(LocalCallCode.endedByLocalUser.reasonText)
      conclude(.endedByLocalUser)
    case .ending: conclude(.endedByLocalUser)
    case .idle, .ended: break
    }
  }

  /// Whether the gateway may know of the user's answer.
  private var hasAnswered: Bool {
    switch negotiation.stage {
    case .stable, .preparingOffer, .preparingAnswer: false
    case .offering, .offered, .applying, .answering: true
    }
  }

  mutating func reject(_ id: OperationID, _ action: CallAction) {
    guard let incoming, phase == .ringing || (phase == .accepting && !hasAnswered) else {
      return refuse(id, action, "Failed to reject call.")
    }
    guard incoming.actions.contains("reject") else {
      return fail(id, action, CallFailure(.notSupported, "Failed to reject call.", detail: "The gateway allows no rejection."))
    }
    begin(action, id)
    turnDown(incoming.session)
  }

  mutating func turnDown(_ session: SessionID) {
    if phase == .accepting {
      finish(.answer, CallFailure(.invalidState, "The call has been rejected."))
      effects.append(.adjust(.discard))
    }
    phase = .rejecting
    negotiation = Negotiation()
    cancel(.deadline)
    decide(.disposition(CallDispositionRequest(action: .reject, sessionData: session)), .reject)
  }

  /// To the rejection (R-CALL-81).
  mutating func turnedDown(_ response: CallResponse) {
    guard phase == .rejecting else { return }
    switch response {
    case .success: conclude(.rejectedByLocalUser)
    case .failure(nil): decisionMayBeLost()
    case .failure where response.isCallGone || response.statusCode == .answeredElsewhere: conclude(.rejectedByLocalUser)
    case .failure: notTurnedDown(CallFailure(.generic, "Failed to reject call.", response))
    }
  }

  private mutating func notTurnedDown(_ failure: CallFailure) {
    phase = .ringing
    decision = nil
    arm(.deadline, settings.timings.ringing)
    finish(.reject, failure)
    finish(.end, failure)
    emit(.failed(failure))
  }

  /// The user does not want to know of this call; nobody is told (R-CALL-84). In other states nothing happens (R-CALL-520).
  mutating func ignore(_ id: OperationID) {
    guard phase != .ended else { return refuse(id, .ignore) }
    begin(.ignore, id)
    if phase == .ringing { conclude(.ignoredByLocalUser) } else { finish(.ignore) }
  }

  mutating func mute(_ on: Bool, _ id: OperationID) {
    let action: CallAction = on ? .mute : .unmute
    guard phase != .ended else { return refuse(id, action) }
    begin(action, id)
    facts.muted = on
    emit(.flagsChanged)
    finish(action)
  }

  /// Takes leave of the gateway: now, or as soon as it has said which session this is.
  mutating func sayGoodbye(_ reasonText: String?) {
    if let session = facts.session {
      owesGoodbye = false
      send(.end(session, reasonText: reasonText), .goodbye)
    } else {
      owesGoodbye = requests.values.contains(.start)
    }
  }

  /// The call is over for the user. Nothing is emitted after this.
  mutating func conclude(_ local: LocalCallCode?, reason: CallReason? = nil, failure: CallFailure? = nil) {
    if let failure { emit(.failed(failure)) }
    finish(.end)
    finish(.reject)
    finish(.ignore)
    let over = CallFailure(.invalidState, "The call has ended.")
    finishAll(failure ?? over)
    if let change, change.isAutomatic, !change.kind.isOwn { emit(.operationFinished(change.kind.action, over)) }
    change = nil
    nextChange = nil
    redirect = nil
    finishRemoteOperation(over)
    if outgoing?.joins != nil { effects.append(.tellOriginals(.failed)) }
    facts.endTime = now
    if facts.startTime == nil { facts.startTime = now }
    announce(.ended, reason: reason ?? local.map { CallReason($0) })
    close()
    phase = .ended
  }

  /// What is left once nothing can come of the call.
  mutating func close() {
    if phase != .ending { phase = .ended }
    for timer in Timer.allCases { cancel(timer) }
    queue.removeAll()
    negotiation = Negotiation()
    if !hasClosedMedia {
      hasClosedMedia = true
      work(.close, .close)
    }
  }
}

extension CallMachine {
  /// To the goodbye. A gateway that does not know the call has nothing left to confirm.
  mutating func tookLeave(_ response: CallResponse) {
    if phase == .ending, response.isCallGone { conclude(.endedByLocalUser) }
  }
}

// MARK: - Timers

extension CallMachine {
  mutating func fire(_ timer: Timer, _ generation: Int) {
    guard timers[timer] == generation else { return }
    timers[timer] = nil
    switch timer {
    case .audit: audit()
    case .deadline: patienceEnds()
    case .retry where decision != nil: sayDecision()
    case .retry: if change?.stage == .refused { change?.stage = .waiting }
    case .redirect: redirectTimedOut()
    case .mediaRestart: restartLostMedia()
    case .verdict: conclude(.reasonNotProvided)
    }
  }

  private mutating func patienceEnds() {
    // What has just come is looked at first.
    if case .applying = negotiation.stage { return arm(.deadline, settings.timings.goodbye) }
    switch phase {
    case .trying, .progressing:
      sayGoodbye(nil)
      conclude(.reasonNotProvided)
    case .ringing: conclude(.reasonNotProvided)
    case .ending: conclude(.endedByLocalUser)
    case .accepting where negotiation.stage == .offered:
      unusable(CallFailure(.generic, "The far end did not answer in time."))
    // To take leave would end the call of another device that has answered meanwhile.
    case .accepting:
      let failure = CallFailure(.generic, "Failed to answer call.", detail: Self.unconfirmed)
      facts.failure = failure
      conclude(.reasonNotProvided, failure: failure)
    case .rejecting: notTurnedDown(CallFailure(.generic, "Failed to reject call.", detail: Self.unconfirmed))
    case .forwarding: notForwarded(CallFailure(.generic, Self.forwardFailed, detail: Self.unconfirmed))
    case .established:
      hasMissedAnswer = negotiation.stage == .offered
      takeBack()
      if let change, change.stage == .proposed {
        giveUp(CallFailure(.generic, change.kind.failureMessage, detail: "The far end did not answer in time."))
      }
    case .idle, .initiating, .ended: break
    }
  }

  private static let unconfirmed = "The gateway did not say whether it knows."

  /// From the first moment on at which the gateway knows the call (R-CALL-836).
  private mutating func audit() {
    guard mayBeAudited, let session = facts.session else { return }
    if !requests.values.contains(.audit) {
      send(.update(session, CallControlRequest(type: .audit)), .audit, inOrder: false)
    }
    arm(.audit, settings.timings.audit)
  }

  /// Only the news that the call is gone matters (R-CALL-94, R-CALL-836).
  mutating func audited(_ response: CallResponse) {
    guard mayBeAudited, response.isCallGone else { return }
    conclude(.auditFailure)
  }

  /// Whether the gateway has to know the call now.
  var mayBeAudited: Bool {
    switch phase {
    case .trying, .progressing, .ringing, .established: true
    case .idle, .initiating, .accepting, .rejecting, .forwarding, .ending, .ended: false
    }
  }
}
