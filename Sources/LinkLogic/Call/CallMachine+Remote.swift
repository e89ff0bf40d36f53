import DequeModule
import LinkProtocol

// What the far end does, as the gateway tells it (part 02 §4).

extension CallMachine {
  mutating func receive(_ notice: CallNotice) {
    guard phase != .idle, phase != .initiating, phase != .ended else { return }
    if notice.kind == .update { parties.evaluateUpdate(notice, facts: facts, settings: settings) }
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
    case .refusal: refused()
    case .update: farEndOffers(notice)
    // Outcomes of transfers and joins, and notifications that never mean anything (R-CALL-177, R-CALL-215).
    case .trying, .accepted, .complete, .fail: break
    case .end, .cancel, .candidates: break
    }
  }

  private mutating func rings(_ notice: CallNotice) {
    guard phase == .trying || phase == .progressing else { return }
    phase = .progressing
    announce(.ringing, reason: notice.reason)
  }

  /// Early media is a provisional answer, as often as it comes (R-SDP-157).
  private mutating func earlyMedia(_ notice: CallNotice) {
    guard phase == .trying || phase == .progressing, negotiation.stage == .offered, let sdp = notice.sdp else { return }
    phase = .progressing
    accept(.pranswer, sdp, .startCall, notice)
  }

  private mutating func farEndAnswered(_ notice: CallNotice) {
    guard negotiation.stage == .offered else { return }
    guard let sdp = notice.sdp else {
      return unusable(CallFailure(.invalidOffer, "The far end's answer has no session description."))
    }
    switch phase {
    case .trying, .progressing: accept(.answer, sdp, .startCall, notice)
    case .accepting: accept(.answer, sdp, .answerCall, notice)
    case .established: accept(.answer, sdp, .respond, notice)
    case .idle, .initiating, .ringing, .rejecting, .ending, .ended: break
    }
  }

  private mutating func accept(
    _ type: DescriptionType, _ sdp: String, _ operation: SDPOperation, _ notice: CallNotice
  ) {
    negotiation.stage = .applying(type)
    negotiation.reason = notice.reason
    negotiation.update = RemoteUpdate(kind: .offer, media: RemoteMedia(sdp))
    negotiation.work = work(.accept(type, sdp, operation), .accept)
  }

  /// A refusal of our offer. Nothing of this end's own making can be refused yet but the reply to a slow start.
  private mutating func refused() {
    guard phase == .established, negotiation.stage == .offered else { return }
    takeBack()
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
    case .ending: conclude(.endedByLocalUser, reason: notice.reason)
    case .idle, .initiating, .trying, .progressing, .established, .ended: break
    }
  }

  private mutating func remoteEnd(_ notice: CallNotice) {
    switch phase {
    case .trying: conclude(nil, reason: notice.reason)  // R-CALL-411
    case .rejecting: conclude(.rejectedByLocalUser, reason: notice.reason)
    case .ending: conclude(.endedByLocalUser, reason: notice.reason)
    case .progressing, .ringing, .accepting, .established: conclude(.reasonNotProvided, reason: notice.reason)
    case .idle, .initiating, .ended: break
    }
  }
}

// MARK: - The far end's answer has been applied, or not

extension CallMachine {
  mutating func applied() {
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
    hold.remote = media?.isHold ?? false
    if phase == .established {
      cancel(.deadline)
      announce(hold.state, reason: reason)
    } else {
      establish(reason: reason)
    }
  }

  /// The answer to our offer is no good: there is no call without it (R-SDP-153, R-SDP-163).
  mutating func unusable(_ failure: CallFailure) {
    facts.failure = failure
    sayGoodbye(nil)
    conclude(.reasonNotProvided, failure: failure)
  }

  mutating func note(_ media: RemoteMedia?) {
    guard let media else { return }
    remoteVideo = media.video
    hasRemoteMedia = true
    if media.video != nil { hasVideoSection = true }
    if media.isVideoRejected {
      wishes.sendVideo = false
      facts.sendingVideo = false
    }
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
      return prepareOffer(.reoffer, freshPeer: true)
    }
    let media = RemoteMedia(sdp)
    let update = RemoteUpdate(kind: media?.isHold == true ? .hold : .offer, media: media)
    negotiation = Negotiation(stage: .preparingAnswer, update: update, reason: notice.reason)
    negotiation.work = work(.answer(offer: sdp, localMedia(answering: media), operation(of: update)), .describe)
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
      negotiation = Negotiation()
      note(update.media)
      let wasHeld = hold.remote
      hold.remote = update.kind == .hold
      let transferred = wasHeld && !hold.remote && parties.takeTransferred()
      announce(hold.state, reason: reason ?? (transferred ? CallReason(.transferredByRemoteUser) : nil))
    case .failure:
      if response.isCallGone { conclude(.reasonNotProvided) } else { takeBack() }
    }
  }

  /// The far end's offer, or our reply to its slow start, came to nothing: as before (A-reverted).
  mutating func takeBack() {
    negotiation = Negotiation()
    cancel(.deadline)
    effects.append(.adjust(.revert))
    announce(hold.state, reason: nil)
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
