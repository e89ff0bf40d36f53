import LinkLogic
import LinkProtocol

/// What getters and actions show of a `SessionMachine`.
struct SessionView: Sendable, Hashable {
  private(set) var connection = ConnectionState()
  private(set) var username: String?
  private(set) var socketStatus = SessionMachine.SocketStatus.neverAttempted
  private(set) var turnCredentials: TurnCredentials?
  /// Of the WebSocket that opened last, while it is of interest (R-CONN-671).
  var socketDetails: SocketState.Details?

  var services: SubscribedServices { connection.subscription }

  init() {}

  init(_ machine: SessionMachine) {
    adopt(machine)
  }

  mutating func adopt(_ machine: SessionMachine) {
    let services = machine.services.map { SubscribedServices(requested: $0.requested, received: $0.received) }
    connection = ConnectionState(
      isConnected: machine.isConnected, isPending: machine.isPending, error: machine.error.map { BasicError($0) },
      subscription: services ?? SubscribedServices())
    username = machine.username
    turnCredentials = machine.turnCredentials
    if !keepsDetails(machine) { socketDetails = nil }
    socketStatus = machine.socketStatus
  }

  /// The first attempts have none yet; after a closing on request there are none any more; after failed attempts to open again
  /// they stay.
  private func keepsDetails(_ machine: SessionMachine) -> Bool {
    switch machine.socketStatus {
    case .open, .reopening: true
    case .opening: socketStatus == .opening
    case .closed: socketStatus == .closed || (socketStatus == .reopening && machine.phase == .idle)
    case .neverAttempted: false
    }
  }

  /// `nil` when no WebSocket was ever attempted.
  var socket: SocketState? {
    switch socketStatus {
    case .neverAttempted: nil
    case .opening: SocketState(connected: false)
    case .open: SocketState(connected: true, details: socketDetails)
    case .reopening, .closed: SocketState(connected: false, details: socketDetails)
    }
  }

  /// For action logs: nothing secret.
  var json: JSONValue {
    .members([
      "connection": .of(connection), "username": username.map { .string($0) }, "socket": .string("\(socketStatus)"),
    ])
  }
}
