import LinkProtocol

// What this end changes by itself: lost media is restarted, and an end that does not know what was agreed makes sure.

extension CallMachine {
  var isMediaLost: Bool { facts.mediaState == .failed || facts.mediaState == .disconnected }

  mutating func mediaState(_ state: ICEConnectionState) {
    guard phase != .ended, phase != .ending, facts.mediaState != state else { return }
    facts.mediaState = state
    if state != .new { emit(.mediaStateChanged(state)) }
    switch state {
    case .connected, .completed:
      restarts = 0
      cancel(.mediaRestart)
    case .failed, .disconnected:
      if phase == .established, timers[.mediaRestart] == nil { arm(.mediaRestart, restartDelay) }
    case .new, .checking, .closed: break
    }
  }

  private var restartDelay: Duration {
    switch facts.direction {
    case .outgoing: settings.timings.restart
    case .incoming: settings.timings.restart + settings.timings.restartStagger
    }
  }

  /// How often media is restarted before the call is left alone.
  static let mostRestarts = 6

  mutating func restartLostMedia() {
    guard phase == .established, isMediaLost, restarts < Self.mostRestarts else { return }
    guard change == nil, redirect == nil else { return arm(.mediaRestart, settings.timings.restart) }
    restarts += 1
    startAutomatically(.restartMedia)
  }

  /// Begins a change that no user has asked for.
  mutating func startAutomatically(_ kind: Change.Kind) {
    guard change == nil else { return }
    change = Change(kind: kind, isAutomatic: true)
    if !kind.isOwn { emit(.operationStarted(kind.action)) }
  }

  /// Whether this end has to learn from the far end's answer who holds.
  func isUnsure(_ kind: Change.Kind) -> Bool { kind == .repair || owesRepair }

  /// Makes sure that both ends agree, at once or when this end's own change has come to nothing.
  mutating func repair() {
    owesRepair = change != nil
    startAutomatically(.repair)
  }
}
