import LinkMedia
import LinkProtocol

/// What every part of a client is made with.
struct ServiceContext: Sendable {
  let settings: Settings
  let lifetime: Lifetime
  let events: EventHub
  let log: LoggerSet
  let clock: any Clock<Duration>
  /// Milliseconds since 1970.
  let now: @Sendable () -> Int64
  /// 0 ..< 1.
  let random: @Sendable () -> Double
  /// A fresh identifier: letters, digits and hyphens.
  let makeID: @Sendable () -> String
  let storage: any ClientStorage
  let media: (any MediaEngine)?
  let requests: Requests
  /// `nil` while action logs are off.
  let actions: ActionLog?
  var metrics = ClientMetrics.none
}

extension ServiceContext {
  /// Does something that changes a feature's state, and logs it as an action (R-CONN-930).
  /// - Parameters:
  ///   - type: in capitals, such as `SET_DEFAULT_DEVICES`.
  ///   - payload: what the action carries; nothing secret.
  ///   - state: what of the feature is shown before and after; nothing secret.
  func act<Result>(
    _ type: String, _ payload: @autoclosure () -> JSONValue = [:], state: () -> JSONValue, _ change: () -> Result
  ) -> Result {
    guard let actions else { return change() }
    let started = now()
    let before = state()
    let result = change()
    actions.log(
      ActionLog.Action(type: type, payload: payload(), isSensitive: false), before: before, after: state(),
      startedAt: started, milliseconds: Double(now() - started))
    return result
  }

  /// Logs an action that changes nothing of its feature's own.
  func act(_ type: String, _ payload: @autoclosure () -> JSONValue) {
    act(type, payload(), state: { [:] }) {}
  }
}

/// A feature of the SDK as the client runs it.
///
/// The functions are called one after another, never two at a time for one service; `handle` in the order of the notifications.
protocol Service: Sendable {
  /// The notifications that it wants. No two services want the same.
  var eventTypes: Set<EventType> { get }
  /// Returns when the events that the notification causes have been emitted (R-CONN-305).
  func handle(_ notification: Notification) async
  /// A WebSocket has opened: the first of a connection, or one after a loss (R-CONN-660).
  func webSocketOpened(isReconnection: Bool) async
  /// The connection is complete; `auth:change` has been emitted.
  func sessionConnected() async
  /// The connection has ended, whoever ended it. Requests fail from now on.
  func sessionEnded() async
  /// The client is being destroyed: release everything. No event is delivered any more.
  func shutdown() async
}
