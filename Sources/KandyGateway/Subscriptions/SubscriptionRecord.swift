import LinkProtocol

/// One subscription of one client, as the gateway keeps it (part 01 §5.1).
struct SubscriptionRecord: Sendable, Hashable, Identifiable {
  let id: SubscriptionID
  let user: UserAddress
  let channel: ChannelID
  var correlator: ClientCorrelator?
  /// The granted services, in the order of the request.
  var services: [ServiceName]
  /// The granted capabilities and extensions.
  var supported: [String]
  var localization: String?
  /// The granted lifetime in seconds.
  var lifetime: Int
  /// Milliseconds since 1970.
  var expiresAt: Int64
  /// Grows with every change, so that of two changes the later one is known whichever is heard of first.
  var revision = 0

  /// Where the client refreshes and ends it (R-CONN-530).
  var path: String {
    RestPath.prefix(user: user.description, version: "1") + "subscription/" + id.rawValue
  }
}
