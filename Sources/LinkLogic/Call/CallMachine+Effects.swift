import LinkProtocol

// Results that come in, and the small change of effects.

extension CallMachine {
  mutating func workFinished(_ id: WorkID, _ result: MediaResult) {
    guard let purpose = works.removeValue(forKey: id) else { return }
    if case .operation(let operation) = purpose { return operationWorked(operation, result) }
    guard id == negotiation.work else { return }
    negotiation.work = nil
    switch result {
    case .described(let sdp): described(sdp)
    case .done: applied()
    case .doneElsewhere: applied(fromElsewhere: true)
    case .failed(let failure): mediaFailed(failure)
    }
  }

  private mutating func mediaFailed(_ failure: MediaFailure) {
    switch phase {
    case .initiating:
      failMake(CallFailure(failure, makeFailed))
    case .accepting:
      answerFailed(failure)
    case .trying, .progressing:
      if negotiation.stage == .applying(.pranswer) {
        negotiation = Negotiation(stage: .offered)
      } else {
        unusable(CallFailure(failure, "Failed to use the far end's answer."))
      }
    case .established:
      switch negotiation.stage {
      case .applying: unusable(CallFailure(failure, "Failed to use the far end's answer."))
      case .preparingOffer where change?.stage == .proposed:
        let message = change?.kind.failureMessage ?? ""
        takeBack(quietly: true)
        giveUp(CallFailure(failure, message))
      case .stable, .preparingOffer, .offering, .offered, .preparingAnswer, .answering:
        offerUnusable(CallFailure(failure, "Failed to answer the far end's offer."))
      }
    case .idle, .ringing, .rejecting, .forwarding, .ending, .ended: break
    }
  }

  /// R-CALL-515: without a device the call keeps ringing; a call that cannot be negotiated is turned down.
  private mutating func answerFailed(_ failure: MediaFailure) {
    let error = CallFailure(failure, "Failed to answer call.")
    if case .applying = negotiation.stage { return unusable(error) }
    switch failure.cause {
    case .initialization, .device: ringAgain(error)
    case .remoteDescription, .engine:
      facts.failure = error
      finish(.answer, error)
      emit(.failed(error))
      if let incoming { turnDown(incoming.session) }
    }
  }

  mutating func requestFinished(_ id: RequestID, _ response: CallResponse) {
    guard let purpose = requests.removeValue(forKey: id) else { return }
    switch purpose {
    case .start: started(response)
    case .answer where id == negotiation.request: answered(response)
    case .respond where id == negotiation.request: responded(response)
    case .propose where id == negotiation.request: proposed(response)
    case .reject: turnedDown(response)
    case .forward: forwarded(response)
    case .transfer: transferAnswered(response)
    case .audit: audited(response)
    case .resync: resynced(response)
    case .parameters(let operation): parametersSent(operation, response)
    case .goodbye: tookLeave(response)
    // Of an exchange that has been given up, or without consequence (R-CALL-99).
    case .answer, .respond, .propose, .refusal, .candidates: break
    }
  }

  mutating func send(_ candidates: [ICECandidate]) {
    guard phase != .ended, phase != .ending, phase != .rejecting, let session = facts.session else { return }
    let body = CallControlRequest(type: .updateIceCandidate, iceCandidates: candidates)
    send(.update(session, body), .candidates, inOrder: false)
  }

  // MARK: Making effects

  @discardableResult
  mutating func work(_ work: MediaWork, _ purpose: WorkPurpose) -> WorkID {
    lastWork += 1
    works[lastWork] = purpose
    effects.append(.media(work, lastWork))
    return lastWork
  }

  @discardableResult
  mutating func send(_ request: CallRequest, _ purpose: RequestPurpose, inOrder: Bool = true) -> RequestID {
    lastRequest += 1
    requests[lastRequest] = purpose
    effects.append(.send(request, lastRequest, inOrder: inOrder))
    return lastRequest
  }

  mutating func arm(_ timer: Timer, _ duration: Duration) {
    lastTimer += 1
    timers[timer] = lastTimer
    effects.append(.arm(timer, after: duration, generation: lastTimer))
  }

  mutating func cancel(_ timer: Timer) {
    if timers.removeValue(forKey: timer) != nil { effects.append(.cancel(timer)) }
  }

  mutating func emit(_ event: CallEvent) { effects.append(.emit(event)) }

  // MARK: User operations

  mutating func begin(_ action: CallAction, _ id: OperationID) {
    operations.append(Operation(id: id, action: action))
    emit(.operationStarted(action))
  }

  /// Ends every operation of this kind that is under way.
  mutating func finish(_ action: CallAction, _ failure: CallFailure? = nil) {
    for operation in operations where operation.action == action { finish(operation, failure) }
  }

  mutating func finish(_ operation: Operation, _ failure: CallFailure? = nil) {
    operations.removeAll { $0.id == operation.id }
    emit(.operationFinished(operation.action, failure))
    effects.append(.complete(operation.id, failure))
  }

  mutating func finishAll(_ failure: CallFailure) {
    for action in CallAction.allCases { finish(action, failure) }
  }

  /// The operation does not even begin.
  mutating func fail(_ id: OperationID, _ action: CallAction, _ failure: CallFailure) {
    if phase != .ended {
      if action == .make || action == .answer && phase == .ringing { facts.failure = failure }
      emit(.failed(failure))
    }
    effects.append(.complete(id, failure))
  }

  mutating func refuse(_ id: OperationID, _ action: CallAction, _ message: String? = nil) {
    if phase == .ended {
      effects.append(.complete(id, CallFailure(.invalidParameter, "Call not found.")))
    } else {
      fail(id, action, CallFailure(.invalidState, message ?? "Failed to \(action.rawValue) call."))
    }
  }

  // MARK: Announcements

  /// Changes the public state and tells it (R-CALL-325, R-CALL-341). Announcing the same state again is meaningful.
  mutating func announce(_ state: CallState, reason: CallReason?) {
    var event: CallTransition.Kind?
    if state != .ended {
      if facts.state == state, facts.remoteVideoState != remoteVideo { event = .remoteVideoChange }
      parties.write(to: &facts, domain: settings.domain)
      facts.remoteVideoState = remoteVideo
      if hasRemoteMedia { facts.isVideoNegotiationAvailable = remoteVideo != nil }
    }
    if state.isEstablished, facts.startTime == nil {
      facts.startTime = now
      event = .callEstablished
    }
    let transition = CallTransition(
      code: reason?.code, reasonText: reason?.text, previousState: facts.state, newState: state, event: event)
    facts.transition = transition
    facts.state = state
    emit(.stateChanged(state, transition))
  }

  /// Local tracks are off while they are muted or the call is held (R-UP-7); whoever presses hold is not heard from then on.
  mutating func adjustEnablement() {
    let held = isHeld || (nextChange ?? change)?.kind == .hold
    let wanted = MediaEnablement(
      audio: !facts.muted && !held, video: !held, transmits: !(settings.forceDisableMediaOnHold && hold.local))
    guard phase != .ended, phase != .ending, wanted != enabled else { return }
    enabled = wanted
    effects.append(.adjust(.enable(wanted)))
  }

  // MARK: Directions

  /// What this end wants now (R-UP-3), and for an old-style hold what it is left with (R-UP-4).
  func localMedia(answering remote: RemoteMedia?) -> LocalMedia {
    let heldRemotely = remote?.isHold ?? hold.remote
    var audio: MediaDirection? = wishes.audio ? .sendrecv : remote != nil || hasAudioSection ? .recvonly : nil
    let content = content
    var video: MediaDirection? = content == .nothing ? .recvonly : .sendrecv
    if hold.local {
      audio = audio.map { _ in heldRemotely || !wishes.audio ? .inactive : .sendonly }
      video = heldRemotely || settings.videoInactiveOnHold ? .inactive : .sendonly
    }
    if remote == nil, !hasVideoSection { video = nil }
    if let remote {
      if remote.heldByAddress.contains(.audio) { audio = remote.audio == .sendrecv ? .sendonly : .inactive }
      if remote.heldByAddress.contains(.video) { video = remote.video == .sendrecv ? .sendonly : .inactive }
    }
    return LocalMedia(audio: audio, video: video, content: content)
  }

  private var content: VideoContent {
    if let screen { return .screen(screen) }
    return wishes.sendVideo ? .camera(wishes.resolution) : .nothing
  }
}

extension CallResponse {
  /// The gateway does not know the call any more (R-CALL-95, R-CALL-102).
  public var isCallGone: Bool {
    guard case .failure = self else { return false }
    return statusCode == .callNotFound || statusCode == .sessionNotFound
  }
}

extension CallFailure {
  init(_ code: Code, _ message: String, _ response: CallResponse) {
    switch response {
    case .success: self.init(code, message)
    case .failure(let body): self.init(code, message, status: body?.statusCode, detail: body?.reasonText)
    }
  }

  init(_ failure: MediaFailure, _ message: String) {
    switch failure.cause {
    case .initialization: self.init(.mediaInitialization, failure.message)
    case .device: self.init(.userMedia, message, detail: failure.message)
    case .remoteDescription: self.init(.invalidOffer, message, detail: failure.message)
    case .engine: self.init(.generic, message, detail: failure.message)
    }
  }
}
