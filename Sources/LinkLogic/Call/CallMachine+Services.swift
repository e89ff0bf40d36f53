import LinkProtocol

// What one can do in a call without agreeing on it with the far end, and what keeps the call and the gateway of one mind.

extension CallMachine {
  mutating func silence(_ on: Bool, _ id: OperationID) {
    let action: CallAction = on ? .silence : .unsilence
    guard phase != .ended else { return refuse(id, action) }
    begin(action, id)
    if facts.silenced != on { effects.append(.adjust(.silence(on))) }
    facts.silenced = on
    emit(.flagsChanged)
    finish(action)
  }

  /// R-MEDIA-43: in the call or in its early media, but not while somebody holds it.
  mutating func send(_ tones: DTMFTones, _ id: OperationID) {
    guard phase != .ended else { return refuse(id, .sendDTMF) }
    let isHeard = phase == .established && !isHeld || facts.state == .earlyMedia
    guard isHeard else {
      let why = "Tones can be sent while the call is neither held nor ringing."
      return fail(id, .sendDTMF, CallFailure(.invalidState, "Failed to send DTMF.", detail: why))
    }
    begin(.sendDTMF, id)
    work(.sendTones(tones), .operation(id))
  }

  /// R-MEDIA-19: nothing is signalled.
  mutating func changeInputDevices(_ id: OperationID) {
    guard phase == .established else {
      return refuse(id, .changeInputDevices, "Failed to change input devices.")
    }
    begin(.changeInputDevices, id)
    work(.changeInputDevices, .operation(id))
  }

  mutating func operationWorked(_ id: OperationID, _ result: MediaResult) {
    guard let operation = operations.first(where: { $0.id == id }) else { return }
    let message =
      operation.action == .sendDTMF ? "Failed to send DTMF." : "Failed to change input devices."
    switch result {
    case .described, .done, .doneElsewhere: finish(operation)
    case .failed(let failure):
      let failure = CallFailure(failure, message)
      emit(.failed(failure))
      finish(operation, failure)
    }
  }

  // MARK: Custom parameters

  mutating func sendCustomParameters(_ id: OperationID) {
    guard phase != .ended else { return refuse(id, .sendCustomParameters) }
    let message = "Failed to send custom parameters."
    guard let session = facts.session else { return refuse(id, .sendCustomParameters, message) }
    guard let parameters = facts.customParameters, !parameters.isEmpty else {
      let why = "The call has no custom parameters."
      return fail(id, .sendCustomParameters, CallFailure(.invalidState, message, detail: why))
    }
    begin(.sendCustomParameters, id)
    send(.update(session, CallControlRequest(type: .sendCustomHeaders, customParameters: parameters)), .parameters(id))
  }

  mutating func parametersSent(_ id: OperationID, _ response: CallResponse) {
    guard let operation = operations.first(where: { $0.id == id }) else { return }
    switch response {
    case .success: finish(operation)
    case .failure:
      let failure = CallFailure(.generic, "Failed to send custom parameters.", response)
      emit(.failed(failure))
      finish(operation, failure)
    }
  }

  // MARK: Of one mind with the gateway

  /// R-CALL-690, R-CALL-691, R-CALL-695.
  mutating func channelOpened(_ isReconnection: Bool) {
    if isReconnection, phase == .ringing, .milliseconds(now - receivedAt) > settings.timings.activeCall {
      return conclude(.reasonNotProvided)
    }
    if isReconnection, isMediaLost, timers[.mediaRestart] != nil { arm(.mediaRestart, .zero) }
    if decision != nil, timers[.retry] != nil { arm(.retry, .zero) }
    if settings.resyncOnConnect { owesResync = true }
  }

  /// Asks for the call's state as soon as no exchange is under way: the answer would mean nothing in the midst of one.
  mutating func resync() {
    guard owesResync, !negotiation.isBusy, mayBeAudited, let session = facts.session, !requests.values.contains(.resync)
    else { return }
    owesResync = false
    send(.read(session), .resync, inOrder: false)
  }

  /// What the gateway has kept for this client is on its way, and says how the call went on or ended; the answer to a request may
  /// overtake it (R-CALL-692).
  mutating func resynced(_ response: CallResponse) {
    guard mayBeAudited else { return }
    switch response {
    case .success(let body) where body.state == .answered && phase == .ringing: conclude(.respondedFromAnotherDevice)
    case .success: break
    case .failure: if response.isCallGone { arm(.verdict, settings.timings.goodbye) }
    }
  }
}
