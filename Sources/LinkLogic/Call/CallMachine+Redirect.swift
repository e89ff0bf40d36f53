import LinkProtocol

// Calls that go on without this end: forwarded, transferred, joined (part 02 §8.8, §8.17 to §8.19).

extension CallMachine {
  struct Redirect: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
      case transfer(TransferTarget)
      /// This call is one of two that are being joined.
      case join
    }

    enum Stage: Sendable, Hashable {
      /// For an exchange of descriptions to end (R-CALL-455).
      case waiting
      /// The request is unanswered.
      case requested
      /// The gateway is at it.
      case accepted
    }

    var kind: Kind
    var stage: Stage

    var action: CallAction? {
      switch kind {
      case .transfer(.address): .directTransfer
      case .transfer(.call): .consultativeTransfer
      case .join: nil
      }
    }
  }

  // MARK: Forward

  mutating func forward(to address: String, _ id: OperationID) {
    guard let incoming, phase == .ringing else { return refuse(id, .forwardCall, Self.forwardFailed) }
    guard incoming.actions.contains("forward") else {
      let why = "The gateway allows no forwarding."
      return fail(id, .forwardCall, CallFailure(.notSupported, Self.forwardFailed, detail: why))
    }
    guard !address.isEmpty else {
      let why = "The destination is empty."
      return fail(id, .forwardCall, CallFailure(.invalidParameter, Self.forwardFailed, detail: why))
    }
    begin(.forwardCall, id)
    phase = .forwarding(isCancelled: false)
    cancel(.deadline)
    let body = CallDispositionRequest(action: .forward, sessionData: incoming.session, address: address)
    decide(.disposition(body), .forward)
  }

  /// To the forwarding. The call is over here (R-CALL-83), or rings on.
  mutating func forwarded(_ response: CallResponse) {
    guard case .forwarding = phase else { return }
    switch response {
    case .failure(nil): return decisionMayBeLost()
    case .success: break
    // Said twice, and the first time it has been done.
    case .failure where response.isCallGone && decision?.mayHaveArrived == true: break
    case .failure:
      notForwarded(CallFailure(.generic, Self.forwardFailed, response), isOver: response.statusCode == .sessionNotFound)
      // Code 42 may be about the destination; the gateway is asked whether the call rings still (R-CALL-83).
      if response.isCallGone, phase == .ringing { owesResync = true }
      return
    }
    emit(.forwarded)
    finish(.forwardCall)
    conclude(nil)
  }

  mutating func notForwarded(_ failure: CallFailure, isOver: Bool = false) {
    guard case .forwarding(let isCancelled) = phase else { return }
    finish(.forwardCall, failure)
    emit(.failed(failure))
    if isOver { return conclude(.reasonNotProvided) }
    if isCancelled { return conclude(.respondedFromAnotherDevice) }
    phase = .ringing
    decision = nil
    arm(.deadline, settings.timings.ringing)
  }

  static let forwardFailed = "Failed to forward call."

  // MARK: Transfer

  mutating func transfer(to target: TransferTarget, _ id: OperationID) {
    let redirect = Redirect(kind: .transfer(target), stage: .waiting)
    guard let action = redirect.action else { return }
    guard phase != .ended else { return refuse(id, action) }
    if let problem = problem(with: target) { return fail(id, action, problem) }
    begin(action, id)
    self.redirect = redirect
  }

  /// R-CALL-460, and §8.17: a call that is not held can be transferred to an address, one that the far end holds cannot.
  private func problem(with target: TransferTarget) -> CallFailure? {
    guard phase == .established else { return transferRefusal("The call is not established.") }
    guard redirect == nil else { return transferRefusal("The call is being transferred or joined already.") }
    if target == .address("") {
      return CallFailure(.invalidParameter, Self.transferFailed, detail: "Invalid destination.")
    }
    return holdProblem(with: target)
  }

  private func holdProblem(with target: TransferTarget) -> CallFailure? {
    let isOnHold = hold.local || (nextChange ?? change)?.kind == .hold
    switch target {
    case .address: return hold.remote && !isOnHold ? transferRefusal("The far end holds the call.") : nil
    case .call: return isOnHold ? nil : transferRefusal("The call is not on hold.")
    }
  }

  private func transferRefusal(_ why: String) -> CallFailure {
    CallFailure(.invalidState, Self.transferFailed, detail: why)
  }

  mutating func requestTransfer() {
    guard case .transfer(let target)? = redirect?.kind, let session = facts.session else { return }
    // The hold that it waited for may have come to nothing.
    if let problem = holdProblem(with: target) { return endRedirect(problem) }
    redirect?.stage = .requested
    var body = CallControlRequest(type: .transfer)
    switch target {
    case .address(let address): body.address = AddressRules.wireForm(address)
    case .call(let session, let number):
      body.address = number
      body.sessionData = session
    }
    send(.update(session, body), .transfer)
  }

  /// To `transfer` (R-CALL-86). A gateway's notification may have come first.
  mutating func transferAnswered(_ response: CallResponse) {
    guard phase == .established, redirect?.stage == .requested else { return }
    switch response {
    case .success: redirectIsAccepted(settings.timings.redirect)
    // It may be under way all the same: its outcome decides (R-CALL-469).
    case .failure(nil): redirectIsAccepted(settings.timings.unconfirmedRedirect)
    case .failure:
      let failure = CallFailure(.generic, Self.transferFailed, response)
      guard response.isCallGone else { return endRedirect(failure) }
      guard case .transfer(.call)? = redirect?.kind else { return conclude(.reasonNotProvided) }
      // The other call may be the one that is gone; an audit tells (R-CALL-463).
      endRedirect(failure)
      arm(.audit, .zero)
    }
  }

  private mutating func redirectIsAccepted(_ patience: Duration) {
    redirect?.stage = .accepted
    arm(.redirect, patience)
  }

  // MARK: Join

  /// This call is being joined with another.
  mutating func beJoined() {
    guard phase == .established else { return }
    if redirect != nil { endRedirect(CallFailure(.invalidState, "The call is being joined.")) }
    redirect = Redirect(kind: .join, stage: .accepted)
    arm(.redirect, settings.timings.redirect)
  }

  /// The joined call is no more: this one is held as before (A-reverted).
  mutating func joinFailed() {
    guard phase == .established, redirect?.kind == .join else { return }
    redirect = nil
    cancel(.redirect)
    announce(hold.state, reason: nil)
  }

  // MARK: Outcome

  /// `sessionComplete`: the call goes on without this end (R-CALL-214).
  mutating func redirected(_ notice: CallNotice) {
    guard phase == .established else { return }
    let kind = redirect?.kind
    let action = redirect?.action
    redirect = nil
    if let action {
      announce(.transferred, reason: notice.reason ?? CallReason(.sessionCompleted))
      finish(action)
    }
    sayGoodbye(nil)
    conclude(kind == .join ? .joinCompleted : .sessionCompleted, reason: notice.reason)
  }

  /// `sessionFail`: the call is held as before.
  mutating func redirectFailed(_ notice: CallNotice) {
    guard phase == .established, redirect != nil else { return }
    let failure = CallFailure(.generic, Self.transferFailed, status: notice.reason?.code, detail: notice.reason?.text)
    announce(.transferFailure, reason: notice.reason)
    endRedirect(failure)
  }

  /// Nothing has been heard of a transfer or join for long.
  mutating func redirectTimedOut() {
    guard phase == .established, redirect != nil else { return }
    announce(.transferFailure, reason: nil)
    endRedirect(CallFailure(.generic, Self.transferFailed, detail: "Its outcome has not been heard of in time."))
  }

  private mutating func endRedirect(_ failure: CallFailure) {
    let action = redirect?.action
    redirect = nil
    cancel(.redirect)
    guard let action else { return }
    emit(.failed(failure))
    finish(action, failure)
  }

  private static let transferFailed = "Failed to transfer call."
}
