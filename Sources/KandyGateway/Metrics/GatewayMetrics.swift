import CoreMetrics
import HTTPTypes
import LinkLogic
import LinkMetrics

/// What the gateway measures while it works; `Gateway.metrics` says what each is.
struct GatewayMetrics: Sendable, CustomStringConvertible {
  /// Whatever has metrics can be logged without a list of them.
  var description: String { "GatewayMetrics" }

  private let requests: MetricFamily<Counter>
  private let requestTime: MetricFamily<CoreMetrics.Timer>
  private let authenticationFailures: MetricFamily<Counter>
  private let passwordsWaiting: Meter
  private let passwordTime: CoreMetrics.Timer

  private let webSockets: Meter
  private let webSocketsOpened: Counter
  private let subscriptions: Meter
  private let notificationsQueued: Counter
  private let notificationsSent: Counter
  private let notificationsResent: Counter
  private let notificationsDropped: MetricFamily<Counter>

  private let calls: Meter
  private let callsBegun: MetricFamily<Counter>
  private let callsAnswered: Counter
  private let callsEnded: MetricFamily<Counter>
  private let callSetup: CoreMetrics.Timer
  private let conferences: Meter

  init(_ factory: any MetricsFactory) {
    requests = factory.counters(Self.requests)
    requestTime = factory.timers(Self.requestTime)
    authenticationFailures = factory.counters(Self.authenticationFailures)
    passwordsWaiting = factory.gauge(Self.passwordsWaiting)
    passwordTime = factory.timer(Self.passwordTime)
    webSockets = factory.gauge(Self.webSockets)
    webSocketsOpened = factory.counter(Self.webSocketsOpened)
    subscriptions = factory.gauge(Self.subscriptions)
    notificationsQueued = factory.counter(Self.notificationsQueued)
    notificationsSent = factory.counter(Self.notificationsSent)
    notificationsResent = factory.counter(Self.notificationsResent)
    notificationsDropped = factory.counters(Self.notificationsDropped)
    calls = factory.gauge(Self.calls)
    callsBegun = factory.counters(Self.callsBegun)
    callsAnswered = factory.counter(Self.callsAnswered)
    callsEnded = factory.counters(Self.callsEnded)
    callSetup = factory.timer(Self.callSetup)
    conferences = factory.gauge(Self.conferences)
  }

  /// For parts of a gateway that run by themselves: nobody is told.
  static var none: GatewayMetrics { GatewayMetrics(NOOPMetricsHandler.instance) }

  // MARK: - What happens

  /// A request has an answer.
  /// - Parameter endpoint: the route's pattern, `none` where there is no route.
  func answered(_ method: HTTPRequest.Method, _ endpoint: String, _ status: HTTPResponse.Status, after duration: Duration) {
    let method = Self.methods.contains(method.rawValue) ? method.rawValue : "other"
    requests[endpoint, method, "\(status.code / 100)xx"].increment()
    requestTime[endpoint, method].record(duration)
  }

  enum AuthenticationFailure: String, Sendable, CaseIterable {
    /// They prove nobody.
    case invalid
    /// They prove somebody else than the path says.
    case foreign
    /// Too many passwords wait to be checked.
    case overloaded
  }

  func failed(_ credentials: Credentials?, _ failure: AuthenticationFailure) {
    let kind =
      switch credentials {
      case .password: "password"
      case .session: "session"
      case .token: "token"
      case nil: "none"
      }
    authenticationFailures[kind, failure.rawValue].increment()
  }

  /// - Parameter waiting: how many passwords are being hashed or wait for it.
  func passwords(waiting: Int) { passwordsWaiting.set(waiting) }

  func hashed(after duration: Duration) { passwordTime.record(duration) }

  /// - Parameter open: how many there are now.
  func opened(webSockets open: Int) {
    webSocketsOpened.increment()
    webSockets.set(open)
  }

  func closed(webSockets open: Int) { webSockets.set(open) }

  func changed(subscriptions count: Int) { subscriptions.set(count) }

  func changed(conferences count: Int) { conferences.set(count) }

  func queued(_ count: Int = 1) { notificationsQueued.increment(by: count) }

  /// A notification has been written to a socket.
  func sent(_ notification: KeptNotification) {
    (notification.isRepeated ? notificationsResent : notificationsSent).increment()
  }

  enum Drop: String, Sendable, CaseIterable {
    /// More waited than are kept.
    case limit
    /// The subscription ended before they were sent.
    case ended
  }

  func dropped(_ count: Int, _ reason: Drop) {
    if count > 0 { notificationsDropped[reason.rawValue].increment(by: count) }
  }

  func begun(_ record: CallRecord) {
    callsBegun[record.origin.label].increment()
    calls.increment()
  }

  func answered(_ record: CallRecord) {
    callsAnswered.increment()
    guard let answeredAt = record.answeredAt else { return }
    callSetup.recordMilliseconds(answeredAt - record.startedAt)
  }

  func ended(_ outcome: GatewayCallMachine.Outcome) {
    callsEnded[outcome.label].increment()
    calls.decrement()
  }
}

extension GatewayCallMachine.Origin {
  fileprivate var label: String {
    switch self {
    case .dialled: "dialled"
    case .forwarded: "forwarded"
    case .transferred: "transferred"
    case .joined: "joined"
    }
  }
}

extension GatewayCallMachine.Outcome {
  fileprivate var label: String {
    switch self {
    case .unknownCallee: "unknown_callee"
    case .calleeOffline: "callee_offline"
    case .cancelled: "cancelled"
    case .declined: "declined"
    case .unanswered: "unanswered"
    case .forwarded: "forwarded"
    case .transferred: "transferred"
    case .notConnected: "not_connected"
    case .ended: "ended"
    case .lost: "lost"
    case .shutDown: "shut_down"
    }
  }
}
