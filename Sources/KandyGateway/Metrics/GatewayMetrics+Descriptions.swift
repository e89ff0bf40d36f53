public import LinkMetrics

extension Gateway {
  /// Everything that a gateway measures, as docs/metrics.md lists it.
  public static let metrics: [MetricDescription] = GatewayMetrics.all
}

extension GatewayMetrics {
  static let methods = ["GET", "POST", "PUT", "DELETE"]

  static let requests = MetricDescription(
    "kandy_gateway_requests_total", .counter,
    labels: [.init("endpoint"), .init("method", methods + ["other"]), .init("status", ["1xx", "2xx", "3xx", "4xx", "5xx"])],
    unit: "requests", meaning: "Requests that were answered; questions of browsers about origins are not counted.")
  static let requestTime = MetricDescription(
    "kandy_gateway_request_seconds", .timer, labels: [.init("endpoint"), .init("method", methods + ["other"])], unit: "seconds",
    meaning: "From a request's head to its answer, which has not been written then.")
  static let authenticationFailures = MetricDescription(
    "kandy_gateway_authentication_failures_total", .counter,
    labels: [
      .init("credentials", ["password", "session", "token", "none"]),
      .init("reason", AuthenticationFailure.allCases.map(\.rawValue)),
    ], unit: "requests", meaning: "Requests whose credentials did not prove who asks.")
  static let passwordsWaiting = MetricDescription(
    "kandy_gateway_passwords_waiting", .gauge, unit: "passwords", meaning: "Passwords that are being hashed or wait for it.")
  static let passwordTime = MetricDescription(
    "kandy_gateway_password_seconds", .timer, unit: "seconds",
    meaning: "How long a password took to be hashed, the wait for a thread included.")

  static let webSockets = MetricDescription(
    "kandy_gateway_websockets", .gauge, unit: "sockets", meaning: "WebSockets that are open.")
  static let webSocketsOpened = MetricDescription(
    "kandy_gateway_websockets_opened_total", .counter, unit: "sockets", meaning: "WebSockets that were opened.")
  static let subscriptions = MetricDescription(
    "kandy_gateway_subscriptions", .gauge, unit: "subscriptions", meaning: "Subscriptions, with a socket or without.")
  static let notificationsQueued = MetricDescription(
    "kandy_gateway_notifications_queued_total", .counter, unit: "notifications",
    meaning: "Notifications, counted for each subscription that was to get them.")
  static let notificationsSent = MetricDescription(
    "kandy_gateway_notifications_sent_total", .counter, unit: "notifications",
    meaning: "Notifications that were written to a socket for the first time.")
  static let notificationsResent = MetricDescription(
    "kandy_gateway_notifications_resent_total", .counter, unit: "notifications",
    meaning: "Notifications that were written once more, because nobody knew whether they had arrived.")
  static let notificationsDropped = MetricDescription(
    "kandy_gateway_notifications_dropped_total", .counter, labels: [.init("reason", Drop.allCases.map(\.rawValue))],
    unit: "notifications",
    meaning: "Notifications that were given up: more waited than are kept, or the subscription ended before.")

  static let calls = MetricDescription(
    "kandy_gateway_calls", .gauge, unit: "calls", meaning: "Calls in progress, ringing ones included.")
  static let callsBegun = MetricDescription(
    "kandy_gateway_calls_begun_total", .counter,
    labels: [.init("origin", ["dialled", "forwarded", "transferred", "joined"])], unit: "calls",
    meaning: "Calls that began, each with two users: one that is forwarded or transferred is followed by another.")
  static let callsAnswered = MetricDescription(
    "kandy_gateway_calls_answered_total", .counter, unit: "calls", meaning: "Calls that were answered.")
  static let callsEnded = MetricDescription(
    "kandy_gateway_calls_ended_total", .counter,
    labels: [
      .init(
        "outcome",
        [
          "unknown_callee", "callee_offline", "cancelled", "declined", "unanswered", "forwarded", "transferred",
          "not_connected",
          "ended", "lost", "shut_down",
        ])
    ], unit: "calls", meaning: "Calls that ended, by how.")
  static let callSetup = MetricDescription(
    "kandy_gateway_call_setup_seconds", .timer, unit: "seconds",
    meaning: "From a call's beginning to its answer, the time that it rang included.", buckets: MetricDescription.callBuckets)
  static let conferences = MetricDescription(
    "kandy_gateway_conferences", .gauge, unit: "conferences", meaning: "Conferences that the gateway mixes.")

  static let all = [
    requests, requestTime, authenticationFailures, passwordsWaiting, passwordTime, webSockets, webSocketsOpened, subscriptions,
    notificationsQueued, notificationsSent, notificationsResent, notificationsDropped, calls, callsBegun, callsAnswered,
    callsEnded, callSetup, conferences,
  ]
}
