public import LinkProtocol

public enum CallTag {}
/// One call of one client: `callId` in the document. `Call.ID` is the same type.
public typealias CallID = Identifier<CallTag>

/// `call.mediaStates` (R-CALL-322). The raw values are the documented names.
public enum MediaConnectionState: String, Sendable, Hashable, Codable, CaseIterable {
  case new = "NEW"
  case checking = "CHECKING"
  case connected = "CONNECTED"
  case completed = "COMPLETED"
  case failed = "FAILED"
  case disconnected = "DISCONNECTED"
  case closed = "CLOSED"

  public init(_ state: ICEConnectionState) {
    switch state {
    case .new: self = .new
    case .checking: self = .checking
    case .connected: self = .connected
    case .completed: self = .completed
    case .failed: self = .failed
    case .disconnected: self = .disconnected
    case .closed: self = .closed
    }
  }
}

/// `call:stateChange`. Without a state it reports a changed flag: muted, silenced (part 02 §7.2).
public struct CallStateChange: Sendable, Hashable {
  public var callID: CallID
  public var state: CallState?
  public var transition: CallTransition?

  public init(_ callID: CallID, state: CallState? = nil, transition: CallTransition? = nil) {
    self.callID = callID
    self.state = state
    self.transition = transition
  }
}

/// `call:operation`: an operation on a call began, went on or finished (part 02 §17.4).
public struct CallOperationChange: Sendable, Hashable {
  public enum Transition: String, Sendable, Hashable, Codable {
    case start = "START"
    case update = "UPDATE"
    case finish = "FINISH"
  }

  public var callID: CallID
  /// The function's documented name: `make`, `answer`, `hold`, …
  public var operation: String
  public var transition: Transition
  /// Whether this end began it.
  public var isLocal: Bool
  public var error: BasicError?

  public init(
    _ callID: CallID, operation: String, transition: Transition, isLocal: Bool = true, error: BasicError? = nil
  ) {
    self.callID = callID
    self.operation = operation
    self.transition = transition
    self.isLocal = isLocal
    self.error = error
  }
}
