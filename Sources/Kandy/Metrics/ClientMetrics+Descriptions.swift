public import LinkMetrics
import LinkProtocol

extension Client {
  /// Everything that a client measures, as docs/metrics.md lists it.
  public static let metrics: [MetricDescription] = ClientMetrics.all
}

extension ClientMetrics {
  /// The resources that are told apart; the rest are `other`.
  static let resources = ["subscription", "callControl", "calldisposition"]
  private static let resource = MetricDescription.Label("resource", resources + ["other"])
  private static let method = MetricDescription.Label("method", ["GET", "POST", "PUT", "DELETE"])
  private static let direction = MetricDescription.Label("direction", CallDirection.allCases.map(\.rawValue))

  static let connections = MetricDescription(
    "kandy_client_connections", .gauge, unit: "connections", meaning: "Clients that are connected.")
  static let reconnects = MetricDescription(
    "kandy_client_reconnects_total", .counter, unit: "sockets", meaning: "WebSockets that were opened after one was lost.")
  static let requests = MetricDescription(
    "kandy_client_requests_total", .counter,
    labels: [
      resource, method, .init("outcome", ["1xx", "2xx", "3xx", "4xx", "5xx", "timeout", "unreachable", "cancelled"]),
    ], unit: "requests", meaning: "Requests to the server, by what became of them.")
  static let requestTime = MetricDescription(
    "kandy_client_request_seconds", .timer, labels: [resource, method], unit: "seconds",
    meaning: "From a request's departure to its whole answer.")
  static let notifications = MetricDescription(
    "kandy_client_notifications_total", .counter,
    labels: [.init("outcome", NotificationOutcome.allCases.map(\.rawValue))], unit: "notifications",
    meaning: "Notifications that came, by whatever way.")
  static let calls = MetricDescription(
    "kandy_client_calls", .gauge, unit: "calls", meaning: "Calls in progress, ringing ones included.")
  static let callsBegun = MetricDescription(
    "kandy_client_calls_begun_total", .counter, labels: [direction], unit: "calls", meaning: "Calls that were made or came in.")
  static let callsEnded = MetricDescription(
    "kandy_client_calls_ended_total", .counter,
    labels: [direction, .init("outcome", ["completed", "unanswered", "failed", "abandoned"])], unit: "calls",
    meaning: "Calls that ended: after both ends had agreed on media, before, by a failure, or with their client.")
  static let callSetup = MetricDescription(
    "kandy_client_call_setup_seconds", .timer, labels: [direction, .init("milestone", ["established", "media"])],
    unit: "seconds",
    meaning: "From `make` (ringing included) or `answer` until both ends have agreed on media, and until media is connected.",
    buckets: MetricDescription.callBuckets)

  static let all = [
    connections, reconnects, requests, requestTime, notifications, calls, callsBegun, callsEnded, callSetup,
  ]
}
