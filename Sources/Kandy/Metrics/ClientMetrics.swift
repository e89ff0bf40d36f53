import CoreMetrics
import LinkMetrics
import LinkProtocol

/// What a client measures while it works; `Client.metrics` says what each is. Clients of one process add to the same metrics.
struct ClientMetrics: Sendable, CustomStringConvertible {
  /// Whatever has metrics can be logged without a list of them.
  var description: String { "ClientMetrics" }

  private let connections: Meter
  private let reconnects: Counter
  fileprivate let requests: MetricFamily<Counter>
  fileprivate let requestTime: MetricFamily<CoreMetrics.Timer>
  private let notifications: MetricFamily<Counter>
  let calls: Meter
  let callsBegun: MetricFamily<Counter>
  let callsEnded: MetricFamily<Counter>
  let callSetup: MetricFamily<CoreMetrics.Timer>

  init(_ factory: any MetricsFactory) {
    connections = factory.gauge(Self.connections)
    reconnects = factory.counter(Self.reconnects)
    requests = factory.counters(Self.requests)
    requestTime = factory.timers(Self.requestTime)
    notifications = factory.counters(Self.notifications)
    calls = factory.gauge(Self.calls)
    callsBegun = factory.counters(Self.callsBegun)
    callsEnded = factory.counters(Self.callsEnded)
    callSetup = factory.timers(Self.callSetup)
  }

  /// For parts of a client that run by themselves: nobody is told.
  static var none: ClientMetrics { ClientMetrics(NOOPMetricsHandler.instance) }

  // MARK: - What happens

  func connected() { connections.increment() }
  func disconnected() { connections.decrement() }
  func reconnected() { reconnects.increment() }

  enum NotificationOutcome: String, Sendable, CaseIterable {
    /// It went to whom it is for.
    case delivered
    /// It had come before.
    case duplicate
    /// The way that it came is switched off, or too many wait.
    case dropped
    /// It makes no sense.
    case unreadable
  }

  func notification(_ outcome: NotificationOutcome) {
    notifications[outcome.rawValue].increment()
  }

  /// A request leaves.
  /// - Parameter path: from `/rest` on.
  func request(_ method: HTTPMethod, _ path: String) -> RequestMeasurement {
    let segments = path.split(separator: "/")
    // rest, version, 1, user, the user, the resource.
    let name = segments.count > 5 ? String(segments[5].prefix { $0 != "?" }) : ""
    return RequestMeasurement(
      metrics: self, resource: Self.resources.contains(name) ? name : "other", method: method, start: ContinuousClock.now)
  }
}

/// One request on its way.
struct RequestMeasurement: Sendable {
  fileprivate let metrics: ClientMetrics
  fileprivate let resource: String
  fileprivate let method: HTTPMethod
  fileprivate let start: ContinuousClock.Instant

  func answered(_ status: Int) {
    metrics.requestTime[resource, method.rawValue].record(start.duration(to: .now))
    count("\(status / 100)xx")
  }

  func failed(_ code: TransportError.Code) { count(code == .timeout ? "timeout" : "unreachable") }

  func cancelled() { count("cancelled") }

  private func count(_ outcome: String) {
    metrics.requests[resource, method.rawValue, outcome].increment()
  }
}
