import LinkProtocol

/// Where a subscription's socket is opened: `/notification/websocket/{channel}`.
enum NotificationPath {
  /// What `notificationChannel` of the subscribe response says. Later clients take the channel's id from what follows
  /// `/websocket/` (R-CONN-530).
  static func path(of channel: ChannelID) -> String {
    "/notification/websocket/\(channel)"
  }

  /// The channel that a request wants to open. What the query says is of no consequence (R-CONN-602, R-CONN-1121).
  static func channel(in target: String) -> ChannelID? {
    let path = target.prefix { $0 != "?" }
    let segments = path.split(separator: "/", omittingEmptySubsequences: false)
    guard segments.count == 4, segments[0].isEmpty, segments[1] == "notification", segments[2] == "websocket",
      !segments[3].isEmpty
    else { return nil }
    return ChannelID(String(segments[3]))
  }
}
