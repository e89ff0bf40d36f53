import LinkProtocol

// Making a call and answering one (part 02 §8.1, §8.5, §8.11).

extension CallMachine {
  mutating func make(_ id: OperationID) {
    guard phase == .idle, let outgoing else { return refuse(id, .make) }
    begin(outgoing.joins == nil ? .make : .join, id)
    phase = .initiating
    if let problem = outgoing.problem { return failMake(problem) }
    prepareOffer(outgoing.joins == nil ? .startCall : .update)
  }

  mutating func receive() {
    guard phase == .idle, incoming != nil else { return }
    phase = .ringing
    receivedAt = now
    arm(.deadline, settings.timings.ringing)
    arm(.audit, settings.timings.audit)
    emit(.received)
  }

  mutating func answer(_ answer: CallAnswer, _ id: OperationID) {
    guard phase == .ringing, let incoming else { return refuse(id, .answer, "Failed to answer call.") }
    guard incoming.actions.contains("answer") else {
      return fail(id, .answer, CallFailure(.notSupported, "Failed to answer call.", detail: "The gateway allows no answer."))
    }
    begin(.answer, id)
    facts.failure = nil
    phase = .accepting
    cancel(.deadline)
    take(answer.media)
    facts.customParameters = answer.customParameters
    if let offer = incoming.offer {
      let remote = RemoteMedia(offer)
      facts.sendingVideo = answer.media.sendVideo && remote?.video != nil
      negotiation = Negotiation(stage: .preparingAnswer)
      negotiation.work = work(.answer(offer: offer, localMedia(answering: remote), .answerCall), .describe)
    } else {
      prepareOffer(.answerCall)
    }
  }

  mutating func prepareOffer(_ operation: SDPOperation, _ basis: OfferBasis = .presentPeer) {
    negotiation.stage = .preparingOffer
    negotiation.work = work(.offer(localMedia(answering: nil), operation, basis), .describe)
  }

  /// What the options in effect mean for the record (R-CALL-340).
  mutating func take(_ media: MediaWishes) {
    wishes = media
    hasVideoSection = media.video || media.sendVideo
    facts.isAudioEnabled = media.audio
    facts.isVideoEnabled = media.video
    facts.sendInitialVideo = media.sendVideo
    facts.sendingVideo = media.sendVideo
    if facts.direction == .outgoing { facts.isVideoNegotiationAvailable = hasVideoSection }
  }
}

// MARK: - Our description is ready

extension CallMachine {
  mutating func described(_ sdp: String) {
    switch phase {
    case .initiating:
      guard let outgoing else { return }
      negotiation.stage = .offering
      negotiation.request = send(.start(startRequest(outgoing, sdp)), .start)
    case .accepting:
      negotiation.stage = negotiation.stage == .preparingOffer ? .offering : .answering
      guard let request = update(.callAnswer, sdp) else { return }
      decide(request, .answer)
    case .established:
      let isProposal = negotiation.stage == .preparingOffer && change?.stage == .proposed
      negotiation.stage = negotiation.stage == .preparingOffer ? .offering : .answering
      guard let request = update(isProposal ? .startCallUpdate : .respondCallUpdate, sdp) else { return }
      negotiation.request = send(request, isProposal ? .propose : .respond)
    case .idle, .trying, .progressing, .ringing, .rejecting, .forwarding, .ending, .ended:
      break
    }
  }

  private func startRequest(_ call: OutgoingCall, _ sdp: String) -> CallControlRequest {
    if let sessions = call.joins {
      return CallControlRequest(
        type: .join, sdp: sdp, customParameters: facts.customParameters, firstSessionData: sessions.first,
        secondSessionData: sessions.second)
    }
    return CallControlRequest(
      type: .callStart, from: AddressRules.wireForm(facts.from, name: call.name),
      to: AddressRules.wireForm(call.callee), sdp: sdp, customParameters: facts.customParameters,
      supported: settings.earlyMedia ? ["earlymedia"] : nil)
  }

  private func update(_ type: CallOperation, _ sdp: String) -> CallRequest? {
    guard let session = facts.session else { return nil }
    return .update(session, CallControlRequest(type: type, sdp: sdp, customParameters: facts.customParameters))
  }
}

// MARK: - The gateway's response

extension CallMachine {
  /// To `callStart` (R-CALL-43 to R-CALL-45).
  mutating func started(_ response: CallResponse) {
    guard case .success(let body) = response, let session = body.sessionData else {
      if phase == .initiating { failMake(CallFailure(.generic, makeFailed, response)) }
      return
    }
    facts.session = session
    guard phase == .initiating else {
      if owesGoodbye { sayGoodbye(LocalCallCode.endedByLocalUser.reasonText) }
      return
    }
    negotiation.stage = .offered
    arm(.deadline, settings.timings.ringing)
    arm(.audit, settings.timings.audit)
    effects.append(.registered(session))
    if outgoing?.joins == nil {
      phase = .trying
      facts.state = .initiated
      finish(.make)
      emit(.started)
    } else {
      // In the call at once, as the record says; media follows (R-CALL-90).
      phase = .progressing
      facts.state = .inCall
      effects.append(.tellOriginals(.accepted))
      finish(.join)
      emit(.joined)
    }
  }

  var makeFailed: String { outgoing?.joins == nil ? "Failed to initialize call." : "Failed to join call." }

  /// Nothing came of `make`: ENDED, but without a state change (R-CALL-45, R-CALL-508).
  mutating func failMake(_ failure: CallFailure) {
    facts.failure = failure
    facts.state = .ended
    finishAll(failure)
    emit(.failed(failure))
    close()
  }

  /// To `callAnswer` (R-CALL-48, R-CALL-49).
  mutating func answered(_ response: CallResponse) {
    guard phase == .accepting else { return }
    switch response {
    case .failure(nil): decisionMayBeLost()
    case .success:
      decision = nil
      if negotiation.stage == .offering {
        // The far end may have to be rung yet (R-CALL-741).
        negotiation.stage = .offered
        arm(.deadline, settings.timings.ringing)
      } else {
        negotiation = Negotiation()
        effects.append(.adjust(.commit))
        establish(reason: nil)
      }
    case .failure:
      cancel(.deadline)
      switch response.statusCode {
      case .answeredElsewhere: conclude(.respondedFromAnotherDevice)
      case .callNotFound, .sessionNotFound: conclude(.reasonNotProvided)
      default: ringAgain(CallFailure(.generic, "Failed to answer call.", response))
      }
    }
  }

  mutating func decide(_ request: CallRequest, _ purpose: RequestPurpose) {
    decision = Decision(request: request, purpose: purpose)
    sayDecision()
  }

  mutating func sayDecision() {
    guard let decision else { return }
    let id = send(decision.request, decision.purpose)
    if phase == .accepting { negotiation.request = id }
  }

  /// Nobody knows whether the gateway has heard of the user's decision; to say it once more does no harm if it has (R-CALL-419).
  mutating func decisionMayBeLost() {
    decision?.mayHaveArrived = true
    if timers[.deadline] == nil { arm(.deadline, settings.timings.answer) }
    arm(.retry, settings.timings.sayAgain)
  }

  /// The answer came to nothing; the call still waits for its user (R-CALL-515).
  mutating func ringAgain(_ failure: CallFailure) {
    phase = .ringing
    decision = nil
    negotiation = Negotiation()
    facts.failure = failure
    facts.sendingVideo = nil
    effects.append(.adjust(.discard))
    arm(.deadline, settings.timings.ringing)
    finish(.answer, failure)
    emit(.failed(failure))
  }

  /// Both ends have agreed for the first time. `Hold` has been set by then.
  mutating func establish(reason: CallReason?) {
    phase = .established
    decision = nil
    cancel(.deadline)
    arm(.audit, settings.timings.firstAudit)
    facts.failure = nil
    finish(.answer)
    announce(hold.state, reason: reason)
  }
}
