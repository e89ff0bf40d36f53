import LinkProtocol

/// Who takes part in a call, as far as the gateway has said (R-CALL-173, R-CALL-206).
struct Parties: Sendable, Hashable {
  var callerNumber: String?
  var callerName: String?
  var calleeNumber: String?
  var calleeName: String?
  /// Shown from the next announcement on.
  var remote: CallParticipant?
  /// The caller in the last `startCallUpdate`.
  private var updateCaller: String?
  /// The far end has changed by a transfer; the next remote unhold says so (R-CALL-207).
  private var isTransferred = false
  /// Who it was before.
  private var formerNumber: String?

  init() {}

  init(_ call: IncomingCall) {
    callerNumber = call.callerNumber
    callerName = call.callerName
    calleeNumber = call.calleeNumber
    remote = call.callerNumber.map { CallParticipant(displayNumber: $0, displayName: call.callerName) }
  }

  /// What every notification about a known call says (R-CALL-173).
  mutating func note(_ notice: CallNotice, direction: CallDirection) {
    guard let number = notice.remoteNumber else { return }
    switch direction {
    case .outgoing:
      calleeNumber = number
      calleeName = notice.remoteName ?? calleeName
    case .incoming:
      callerNumber = number
      callerName = notice.remoteName ?? callerName
    }
    becomes(CallParticipant(displayNumber: number, displayName: notice.remoteName), byTransfer: false)
  }

  /// Works out from a `startCallUpdate` who is at the other end now (R-CALL-206). Missing numbers change nothing (R-CALL-202).
  mutating func evaluateUpdate(_ notice: CallNotice, facts: CallFacts, settings: CallMachine.Settings) {
    guard let caller = notice.callerNumber, let callee = notice.calleeNumber else { return }
    if let known = updateCaller, known != caller {
      calleeNumber = callee
      callerNumber = caller
      callerName = notice.callerName ?? callerName
    }
    updateCaller = caller

    let callerSide = CallParticipant(
      displayNumber: AddressRules.completed(caller, domain: settings.domain), displayName: notice.callerName)
    let calleeSide = CallParticipant(displayNumber: AddressRules.completed(callee, domain: settings.domain))
    let found =
      switch facts.direction {
      case .outgoing: settings.user.contains(caller) ? calleeSide : callerSide
      case .incoming: settings.user.contains(callee) ? callerSide : calleeSide
      }
    let present = remote.map { AddressRules.completed($0.displayNumber, domain: settings.domain) }
    guard found.displayNumber != present, found.displayNumber != settings.user else { return }
    becomes(found, byTransfer: true)
  }

  /// Whether the far end has changed since this was last asked.
  mutating func takeTransferred() -> Bool {
    defer { isTransferred = false }
    return isTransferred
  }

  /// A transfer that has failed leaves the far end that there was.
  private mutating func becomes(_ party: CallParticipant, byTransfer isNew: Bool) {
    let isBack = isTransferred && formerNumber == party.displayNumber
    if isNew || isBack {
      formerNumber = isBack ? nil : remote?.displayNumber
      isTransferred = !isBack
    }
    remote = party
  }

  /// R-CALL-341.
  func write(to facts: inout CallFacts, domain: String) {
    facts.remoteParticipant = remote ?? facts.remoteParticipant
    facts.from = callerNumber.map { AddressRules.completed($0, domain: domain) } ?? facts.from
    facts.to = calleeNumber.map { AddressRules.completed($0, domain: domain) } ?? facts.to
    facts.callerName = callerName ?? facts.callerName
    facts.calleeName = calleeName ?? facts.calleeName
  }
}
