public import LinkProtocol

/// `client.notification`: notifications that the application got by other means, and which channels are listened to.
public struct Notifications: Sendable {
  let context: ServiceContext
  let router: NotificationRouter

  /// Hands over a notification, such as one that came by push: `{"notificationMessage": …}` (R-CONN-712). It is processed in
  /// the order of arrival, with those of the WebSocket, and works without a connection. One that cannot be read is ignored and
  /// logged.
  public func process(_ notification: JSONValue, channel: NotificationChannel = .push) {
    guard !context.lifetime.isDestroyed else { return }
    context.log.logger(.notifications).invoked("notification.process")
    router.submit(notification, channel: channel)
  }

  /// Hands over a notification that has been read.
  public func process(_ notification: Notification, channel: NotificationChannel = .push) {
    guard !context.lifetime.isDestroyed else { return }
    context.log.logger(.notifications).invoked("notification.process")
    router.submit(notification, channel: channel)
  }

  /// The same with a channel's documented name, `PUSH` or `WebSocket` in any case. With another name the notification is ignored
  /// and that is logged (R-CONN-725).
  public func process(_ notification: JSONValue, channel name: String) {
    if let channel = NotificationChannel(name) { return process(notification, channel: channel) }
    guard !context.lifetime.isDestroyed else { return }
    context.log.logger(.notifications).warn("A notification of an unknown channel was ignored.")
  }

  /// Whether notifications of the WebSocket are processed (R-CONN-711). The WebSocket itself is not affected; when one opens,
  /// they are processed again. Reported by `notifications:change`.
  public func enableWebsocket(_ enable: Bool) {
    guard !context.lifetime.isDestroyed else { return }
    context.log.logger(.notifications).invoked("notification.enableWebsocket", ["enable": .bool(enable)])
    context.act("NOTIFICATIONS_ENABLE_WEBSOCKET", ["enable": .bool(enable)], state: { router.state }) {
      router.enableWebSocket(enable)
    }
    context.events.emit(.notificationsChange(.webSocket))
  }
}
