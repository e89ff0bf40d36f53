import LinkLogic
import LinkProtocol

// What the application does in a call that is established, and with calls that go on without it.

extension CallService {
  func silence(_ on: Bool, _ id: CallID) async throws {
    log.invoked(on ? "call.silence" : "call.unsilence")
    try await operate(id) { .silence(on, $0) }
  }

  func hold(_ on: Bool, _ id: CallID) async throws {
    log.invoked(on ? "call.hold" : "call.unhold")
    try await operate(id) { .change(on ? .hold : .unhold, $0) }
  }

  func startVideo(_ id: CallID, _ resolution: VideoResolution?) async throws {
    log.invoked("call.startVideo")
    try await operate(id) { .change(.startVideo(resolution), $0) }
  }

  func stopVideo(_ id: CallID) async throws {
    log.invoked("call.stopVideo")
    try await operate(id) { .change(.stopVideo, $0) }
  }

  func startScreenshare(_ id: CallID, _ share: ScreenShare) async throws {
    log.invoked("call.startScreenshare")
    let call = try active(id, "Call not found.")
    guard !share.mediaSourceId.isEmpty else {
      throw report(call.id, BasicError(.callInvalidParameter, "No media source ID provided."))
    }
    guard share.width > 0, share.height > 0, share.frameRate > 0 else {
      throw report(call.id, BasicError(.callInvalidParameter, "The size and the frame rate of a screen are positive."))
    }
    try await operate(id) { .change(.startScreenshare(share), $0) }
  }

  func stopScreenshare(_ id: CallID) async throws {
    log.invoked("call.stopScreenshare")
    try await operate(id) { .change(.stopScreenshare, $0) }
  }

  func restartMedia(_ id: CallID) async throws {
    log.invoked("call.restartMedia")
    try await operate(id) { .change(.restartMedia, $0) }
  }

  func sendDTMF(_ id: CallID, _ text: String, duration: Duration?, gap: Duration) async throws {
    log.invoked("call.sendDTMF")
    _ = try active(id, "Call not found.")
    guard let tones = DTMFTones(text, duration: duration, gap: gap) else {
      let why = "Tones are 0 to 9, *, #, A to D, and a comma for a pause."
      throw report(id, BasicError(.callInvalidParameter, "Failed to send DTMF.", cause: why))
    }
    try await operate(id) { .sendTones(tones, $0) }
  }

  // MARK: - Devices

  func changeInputDevices(_ id: CallID) async throws {
    log.invoked("call.changeInputDevices")
    try await operate(id) { .changeInputDevices($0) }
  }

  /// R-MEDIA-18: for all calls, and for those to come.
  func changeSpeaker(_ speaker: String) async throws {
    log.invoked("call.changeSpeaker")
    try media.chooseSpeaker(speaker)
    for call in all where call.record.state != .ended {
      do {
        try await call.driver.changeSpeaker()
      } catch {
        throw media.report(BasicError(.callUserMediaError, "Failed to change speaker.", cause: "\(error)"))
      }
    }
    context.events.emit(.speakerChange(speaker))
  }

  // MARK: - Custom parameters

  func customParameters(of id: CallID) -> [CustomParameter] { call(for: id)?.record.customParameters ?? [] }

  func setCustomParameters(_ id: CallID, _ parameters: [CustomParameter]) async throws {
    log.invoked("call.setCustomParameters")
    await (try active(id, "Call not found.")).driver.deliver(.setCustomParameters(parameters))
  }

  func sendCustomParameters(_ id: CallID) async throws {
    log.invoked("call.sendCustomParameters")
    try await operate(id) { .sendCustomParameters($0) }
  }

  // MARK: - Calls that go on without this end

  func forward(_ id: CallID, to destination: String) async throws {
    log.invoked("call.forwardCall")
    try await operate(id, orSay: "Failed to forward call.") { .forward(to: destination, $0) }
  }

  func directTransfer(_ id: CallID, to destination: String) async throws {
    log.invoked("call.directTransfer")
    try await operate(id, orSay: "Failed to transfer call.") { .transfer(.address(destination), $0) }
  }

  func consultativeTransfer(_ id: CallID, to target: CallID) async throws {
    log.invoked("call.consultativeTransfer")
    _ = try active(id, "Invalid call id.")
    guard target != id, let other = call(for: target), other.record.state != .ended else {
      throw report(id, BasicError(.callInvalidParameter, "Invalid destination."))
    }
    // A hold that is being agreed on is waited for (R-CALL-460).
    try await other.driver.store.wait(for: .settled)
    let record = other.record
    guard record.state != .ended else { throw report(id, BasicError(.callInvalidParameter, "Invalid destination.")) }
    guard record.localHold, let session = record.session else {
      let why = "The other call is not on hold."
      throw report(id, BasicError(.callInvalidState, "Failed to transfer call.", cause: why))
    }
    let number = record.direction == .outgoing ? record.to : record.remoteParticipant?.displayNumber ?? record.from
    try await operate(id) { .transfer(.call(session, number: number), $0) }
  }

  func join(_ first: CallID, _ second: CallID) async throws -> Call {
    log.invoked("call.join")
    let one = try active(first, "Invalid call id.")
    guard second != first, let other = call(for: second), other.record.state != .ended else {
      throw report(second, BasicError(.callInvalidParameter, "Invalid destination."))
    }
    guard let user = context.requests.username else { throw report(first, Self.notJoined("There is no connection.")) }
    for call in [one, other] {
      if call.driver.store.isNegotiating { throw report(first, Self.notJoined("An operation is under way.")) }
      guard call.record.localHold || call.record.remoteHold else {
        throw report(first, Self.notJoined("Both calls have to be on hold."))
      }
    }
    guard let sessions = JoinedSessions(one.record, other.record) else {
      throw report(first, Self.notJoined("The gateway does not know both calls."))
    }
    let machine = CallMachine(
      outgoing: OutgoingCall(joining: sessions, customParameters: one.record.customParameters),
      settings: machineSettings(user: user, domain: context.requests.domain ?? ""))
    let record = CallRecordOptions(
      joinedCalls: [first, second], participants: [one, other].map { $0.record.farEnd(of: user) }, complainsAs: first)
    let joined = add(machine, record, joining: [one, other])
    if let failure = await joined.driver.operate({ .make($0) }) { throw BasicError(failure) }
    return joined
  }

  private static func notJoined(_ why: String) -> BasicError {
    BasicError(.callInvalidState, "Failed to join call.", cause: why)
  }
}

extension JoinedSessions {
  fileprivate init?(_ first: CallRecord, _ second: CallRecord) {
    guard let one = first.session, let other = second.session else { return nil }
    self.init(first: one, second: other)
  }
}

extension CallRecord {
  /// R-CALL-342.
  fileprivate func farEnd(of user: String) -> String { to == user ? from : to }
}
