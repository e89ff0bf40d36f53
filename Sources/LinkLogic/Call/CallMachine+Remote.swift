import DequeModule
import LinkProtocol

// What the far end does, as the gateway tells it (part 02 §4).

extension CallMachine {
  mutating func receive(_ notice: CallNotice) {
    guard phase != .idle, phase != .initiating, phase != .ended else { return }
    if notice.kind == .update { parties.evaluateUpdate(notice, facts: facts, settings: settings) }
    if let parameters = notice.customParameters { note(parameters) }
    switch notice.kind {
    case .end: remoteEnd(notice)
    case .cancel: cancelled(notice)
    case .candidates(let candidates): effects.append(.adjust(.addCandidates(candidates)))
    case .trying, .ringing, .progress, .answer, .refusal, .update, .accepted, .complete, .fail:
      if negotiation.isBusy { queue.append(notice) } else { process(notice) }
    }
  }

  mutating func drainQueue() {
    while !negotiation.isBusy, phase != .ended, let notice = queue.popFirst() { process(notice) }
  }

  private mutating func process(_ notice: CallNotice) {
    parties.note(notice, direction: facts.direction)
    switch notice.kind {
    case .ringing: rings(notice)
    case .progress: earlyMedia(notice)
    case .answer: farEndAnswered(notice)
    case .refusal(let delay): refused(delay)
    case .update: farEndOffers(notice)
    case .complete: redirected(notice)
    case .fail: redirectFailed(notice)
    // Never mean anything (R-CALL-177, R-CALL-215).
    case .trying, .accepted: break
    case .end, .cancel, .candidates: break
    }
  }

  private mutating func rings(_ notice: CallNotice) {
    switch phase {
    case .trying, .progressing: phase = .progressing
    // This end's user has answered, and now somebody is rung for him (R-CALL-741).
    case .accepting where negotiation.stage == .offered: break
    case .idle, .initiating, .ringing, .accepting, .established, .rejecting, .forwarding, .ending, .ended: return
    }
    announce(.ringing, reason: notice.reason)
  }

  /// Early media is a provisional answer, as often as it comes (R-SDP-157).
  private mutating func earlyMedia(_ notice: CallNotice) {
    guard phase == .trying || phase == .progressing, negotiation.stage == .offered, let sdp = notice.sdp else { return }
    phase = .progressing
    accept(.pranswer, sdp, .startCall, notice)
  }

  private mutating func farEndAnswered(_ notice: CallNotice) {
    if negotiation.stage == .stable, hasMissedAnswer, phase == .established, notice.sdp != nil {
      // The far end has done what this end has given up; an offer of what is so brings both together again (R-CALL-429).
      hasMissedAnswer = false
      return startAutomatically(.repair)
    }
    guard negotiation.stage == .offered else { return }
    hasMissedAnswer = false
    guard let sdp = notice.sdp else { return farEndAnsweredNothing() }
    switch phase {
    case .trying, .progressing: accept(.answer, sdp, outgoing?.joins == nil ? .startCall : .update, notice)
    case .accepting: accept(.answer, sdp, .answerCall, notice)
    case .established: accept(.answer, sdp, change?.kind.answerOperation ?? .respond, notice)
    case .idle, .initiating, .ringing, .rejecting, .forwarding, .ending, .ended: break
    }
  }

  /// Without a description a call does not begin; one that has begun goes on as before (R-SDP-90).
  private mutating func farEndAnsweredNothing() {
    let detail = "The far end's answer has no session description."
    guard phase == .established else { return unusable(CallFailure(.invalidOffer, detail)) }
    takeBack()
    if let change { giveUp(CallFailure(.invalidOffer, change.kind.failureMessage, detail: detail)) }
  }

  private mutating func accept(
    _ type: DescriptionType, _ sdp: String, _ operation: SDPOperation, _ notice: CallNotice
  ) {
    negotiation.stage = .applying(type)
    negotiation.reason = notice.reason
    negotiation.update = RemoteUpdate(kind: .offer, media: RemoteMedia(sdp))
    negotiation.work = work(.accept(type, sdp, operation), .accept)
  }

  /// A refusal of our offer. One that we were asked for is not repeated.
  private mutating func refused(_ delay: Duration) {
    guard phase == .established, negotiation.stage == .offered else { return }
    refused(retryAfter: delay)
  }

  private mutating func note(_ parameters: [CustomParameter]) {
    facts.remoteCustomParameters = parameters
    emit(.customParametersReceived(parameters))
  }

  private mutating func cancelled(_ notice: CallNotice) {
    let elsewhere: LocalCallCode = incoming?.offer == nil ? .reasonNotProvided : .respondedFromAnotherDevice
    switch phase {
    case .ringing:
      conclude(elsewhere, reason: notice.reason)
    case .accepting:
      // Once our answer is on its way this may well be the echo of it (R-CALL-381): its response decides.
      switch negotiation.stage {
      case .preparingAnswer, .preparingOffer: conclude(elsewhere, reason: notice.reason)
      case .stable, .offering, .offered, .applying, .answering: break
      }
    case .rejecting: conclude(.rejectedByLocalUser, reason: notice.reason)
    // All devices hear that the ringing is over, also the one that acted (R-CALL-212): the response decides.
    case .forwarding: phase = .forwarding(isCancelled: true)
    case .ending: conclude(.endedByLocalUser, reason: notice.reason)
    case .idle, .initiating, .trying, .progressing, .established, .ended: break
    }
  }

  private mutating func remoteEnd(_ notice: CallNotice) {
    switch phase {
    case .trying: conclude(nil, reason: notice.reason)  // R-CALL-411
    case .rejecting: conclude(.rejectedByLocalUser, reason: notice.reason)
    case .ending: conclude(.endedByLocalUser, reason: notice.reason)
    case .progressing, .ringing, .accepting, .forwarding, .established:
      conclude(.reasonNotProvided, reason: notice.reason)
    case .idle, .initiating, .ended: break
    }
  }
}

// MARK: - The far end's answer has been applied, or not

extension CallMachine {
  mutating func applied(fromElsewhere isElsewhere: Bool = false) {
    guard case .applying(let type) = negotiation.stage else { return }
    let media = negotiation.update?.media
    let reason = negotiation.reason
    note(media)
    guard type == .answer else {
      negotiation = Negotiation(stage: .offered)
      announce(.earlyMedia, reason: reason)
      return
    }
    negotiation = Negotiation()
    switch phase {
    case .established:
      cancel(.deadline)
      if let change, change.stage == .proposed {
        complete(change, media, reason: reason)
      } else {
        let wasHeld = hold.remote
        hold.remote = media?.isHold ?? false
        showHold(reason ?? resumption(wasHeld))
      }
    case .idle, .initiating, .trying, .progressing, .ringing, .accepting, .rejecting, .forwarding, .ending, .ended:
      hold.remote = media?.isHold ?? false
      establish(reason: outgoing?.joins == nil ? reason : reason ?? CallReason(.joinCompleted))
    }
    if isElsewhere { startAutomatically(.renew) }
  }

  /// While the call is being transferred, exchanges happen without a word (part 02 §8.17).
  private mutating func showHold(_ reason: CallReason?) {
    if redirect?.stage != .accepted { announce(hold.state, reason: reason) }
  }

  /// The answer to our offer is no good: there is no call without it (R-SDP-153, R-SDP-163).
  mutating func unusable(_ failure: CallFailure) {
    facts.failure = failure
    sayGoodbye(nil)
    conclude(.reasonNotProvided, failure: failure)
  }

  mutating func note(_ media: RemoteMedia?) {
    guard let media else { return }
    remoteSummary = media.summary
    remoteVideo = media.video
    hasRemoteMedia = true
    if media.video != nil { hasVideoSection = true }
    if media.audio != nil { hasAudioSection = true }
    if media.isVideoRejected, change == nil { videoRejected() }
  }
}

// MARK: - The far end's offer

extension CallMachine {
  private mutating func farEndOffers(_ notice: CallNotice) {
    // Our offer is out: two offers cannot cross (R-CALL-824).
    guard negotiation.stage != .offered || phase == .trying || phase == .progressing else { return refuseOffer() }
    guard phase == .established else { return }
    guard let sdp = notice.sdp else {
      negotiation = Negotiation(update: RemoteUpdate(kind: .slowStart), reason: notice.reason)
      return prepareOffer(.reoffer, .freshPeer)
    }
    let media = RemoteMedia(sdp)
    let update = RemoteUpdate(kind: media?.isHold == true ? .hold : .offer, media: media)
    recognise(media)
    negotiation = Negotiation(stage: .preparingAnswer, update: update, reason: notice.reason)
    negotiation.work = work(.answer(offer: sdp, localMedia(answering: media), operation(of: update)), .describe)
  }

  /// Why a held call goes on: with somebody else, if it does (R-CALL-207).
  private mutating func resumption(_ wasHeld: Bool) -> CallReason? {
    wasHeld && !hold.remote && parties.takeTransferred() ? CallReason(.transferredByRemoteUser) : nil
  }

  /// Tells what the far end is about (R-SDP-145).
  private mutating func recognise(_ media: RemoteMedia?) {
    guard let before = remoteSummary, let after = media?.summary else { return }
    let operation = RemoteOperation(from: before, to: after, isHeldLocally: hold.local, isHeldRemotely: hold.remote)
    guard operation != .noChange else { return }
    remoteOperation = operation
    emit(.remoteOperationStarted(operation))
  }

  mutating func finishRemoteOperation(_ failure: CallFailure? = nil) {
    guard let operation = remoteOperation else { return }
    remoteOperation = nil
    emit(.remoteOperationFinished(operation, failure))
  }

  private func operation(of update: RemoteUpdate) -> SDPOperation {
    switch update.kind {
    case .hold: .hold
    case .offer: hold.remote ? .unhold : .update
    case .slowStart: .reoffer
    }
  }

  /// To `respondCallUpdate` (R-CALL-62, R-CALL-64).
  mutating func responded(_ response: CallResponse) {
    guard phase == .established, let update = negotiation.update else { return }
    switch response {
    case .success where negotiation.stage == .offering:
      negotiation.stage = .offered
      arm(.deadline, settings.timings.answer)
    case .success:
      let reason = negotiation.reason
      let isRefresh =
        remoteOperation == nil && remoteSummary == update.media?.summary && update.kind == .offer
        && parties.remote == facts.remoteParticipant
      negotiation = Negotiation()
      note(update.media)
      let wasHeld = hold.remote
      hold.remote = update.kind == .hold
      effects.append(.adjust(.commit))
      let transfer = resumption(wasHeld)
      // The same again, as a session timer sends it, is no news.
      if !isRefresh || transfer != nil { showHold(reason ?? transfer) }
      finishRemoteOperation()
    case .failure:
      if response.isCallGone { return conclude(.reasonNotProvided) }
      // Our own offer can be rolled back; what has been answered is in force here, and not at the far end.
      let isApplied = negotiation.stage == .answering
      takeBack()
      if isApplied { repair() }
    }
  }

  /// An exchange came to nothing: as before (A-reverted).
  mutating func takeBack(quietly: Bool = false) {
    negotiation = Negotiation()
    cancel(.deadline)
    effects.append(.adjust(.revert))
    if !quietly { announce(hold.state, reason: nil) }
    finishRemoteOperation(CallFailure(.generic, "The far end's change came to nothing."))
  }

  /// Media could not make an answer of the far end's offer. The gateway hears it, so that the far end does not wait.
  mutating func offerUnusable(_ failure: CallFailure) {
    refuseOffer()
    emit(.failed(failure))
    takeBack()
  }

  private mutating func refuseOffer() {
    guard let session = facts.session else { return }
    send(.update(session, CallControlRequest(type: .respondCallUpdate, statusCode: 491)), .refusal)
  }
}
