import LinkLogic
import LinkProtocol

// Between the machine's words and the API's.

extension SessionMachine.Settings {
  init(_ settings: Configuration.Connectivity) {
    self.init(
      backoff: Backoff.Policy(
        limit: settings.reconnectLimit, delay: Duration(milliseconds: settings.reconnectDelay),
        multiplier: settings.reconnectTimeMultiplier, cap: Duration(milliseconds: settings.reconnectTimeLimit)),
      // A keepalive more often than ten times a second is a mistake in the configuration.
      pingInterval: max(Duration(milliseconds: settings.pingInterval), .milliseconds(100)),
      autoReconnect: settings.autoReconnect, checkConnectivity: settings.checkConnectivity)
  }
}

extension SessionMachine.ServerFailure {
  init(_ failure: RequestFailure) {
    self.init(httpStatus: failure.httpStatus, statusCode: failure.statusCode, message: failure.message)
  }
}

extension BasicError {
  init(_ failure: SessionMachine.Failure) {
    let server = failure.server
    let (code, message): (Code, String) =
      switch failure.kind {
      case .invalidCredentials:
        (.invalidCredentials, "The credentials cannot be used: a user name and a password or an HMAC token are needed.")
      case .subscribe: (.subscribeFailed, "The subscription failed.")
      case .socket: (.webSocketError, "The WebSocket did not open.")
      case .update: (.updateSubscriptionFailed, "The subscription could not be updated.")
      case .invalidState: (.invalidConnectionState, "The connection's state does not allow this.")
      case .abandoned: (.invalidConnectionState, "The connection was ended before.")
      case .destroyed: (.noCode, BasicError.destroyed.message)
      }
    self.init(
      code, server.map { "\(message) \($0.message)" } ?? message, statusCode: server?.statusCode, cause: server?.message)
  }
}

extension Event {
  init(_ report: SessionMachine.Report) {
    switch report {
    case .authChange(let reason): self = .authChange(reason.map { Disconnection($0) })
    case .authError(let failure): self = .authError(BasicError(failure))
    case .authResub(let attempt, let failure):
      self = .authResub(attemptNum: attempt, error: failure.map { BasicError($0) })
    case .wsChange: self = .wsChange
    }
  }
}

extension Disconnection {
  init(_ reason: SessionMachine.EndReason) {
    switch reason {
    case .gone(let retryAfter): self.init(reason: .gone, forced: true, retryAfter: retryAfter)
    case .lostConnection: self.init(reason: .lostConnection)
    case .overridden: self.init(reason: .webSocketOverridden)
    }
  }
}

extension SocketState.Details.Address {
  /// - Parameter base: `scheme://host:port`.
  init(_ base: String, path: String) {
    let scheme = base.firstRange(of: "://")
    let authority = scheme.map { base[$0.upperBound...] } ?? base[...]
    let colon = authority.lastIndex(of: ":") ?? authority.endIndex
    self.init(
      protocol: scheme.map { String(base[..<$0.lowerBound]) } ?? "", server: String(authority[..<colon]),
      port: String(authority[colon...].dropFirst()), url: path)
  }
}

extension ActionLog.Action {
  /// Every input of the session is an action.
  init?(_ input: SessionMachine.Input) {
    let type: String
    var payload: JSONValue = [:]
    var isSensitive = false
    switch input {
    case .settings: type = "CONNECTIVITY_SETTINGS"
    case .connect: (type, isSensitive) = ("CONNECT", true)
    case .abandon: type = "CONNECT_ABANDONED"
    case .disconnect: type = "DISCONNECT"
    case .updateServices(_, let services):
      type = "UPDATE_CONNECTION"
      payload = ["services": .array(services.map { .string($0.rawValue) })]
    case .credentials: (type, isSensitive) = ("SET_CREDENTIALS", true)
    case .checkConnectivity(let enable):
      type = "CHECK_CONNECTIVITY"
      payload = ["enable": .bool(enable)]
    case .destroy: type = "DESTROY"
    case .subscribed: (type, isSensitive) = ("CONNECT_SUBSCRIBED", true)
    case .refreshed: (type, isSensitive) = ("RESUBSCRIPTION_FINISHED", true)
    case .unsubscribed: type = "DISCONNECT_FINISHED"
    case .socketOpened: type = "WEBSOCKET_OPENED"
    case .socketFailed: type = "WEBSOCKET_FAILED"
    case .socketClosed(_, let code):
      type = "WEBSOCKET_CLOSED"
      payload = .members(["code": code.map { .int($0) }])
    case .timerFired(let timer, _):
      type = "TIMER"
      payload = ["timer": .string("\(timer)")]
    case .gone: type = "SUBSCRIPTION_GONE"
    case .overridden: type = "WEBSOCKET_OVERRIDDEN"
    }
    self.init(type: type, payload: payload, isSensitive: isSensitive)
  }
}
