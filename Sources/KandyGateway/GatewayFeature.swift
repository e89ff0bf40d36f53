import LinkProtocol

/// A feature of the gateway: its requests, its own running work, and its end.
///
/// Features meet in `Gateway.swift` and nowhere else.
protocol GatewayFeature: Sendable {
  func addRoutes(to routes: inout Routes)
  /// Runs for as long as the gateway does; the place for timers. Returns when the task is cancelled.
  func run() async throws
  /// Called once when the gateway shuts down, before the clients are told that they are gone: what is going on ends here, and
  /// what clients are to know about it is posted here.
  func shutDown() async
  /// Called when a subscription has ended for whatever reason; nothing can be delivered to it any more.
  func subscriptionEnded(_ subscription: SubscriptionID, of user: UserAddress) async
}

extension GatewayFeature {
  func addRoutes(to routes: inout Routes) {}
  func run() async throws {}
  func shutDown() async {}
  func subscriptionEnded(_ subscription: SubscriptionID, of user: UserAddress) async {}
}
