import LinkProtocol

/// Who sends a request, as the credentials prove it; never as the request claims it.
struct Caller: Sendable, Hashable {
  /// The user in the path, who is the authenticated one.
  var user: UserAddress
  /// First and last name, or the address where there is none.
  var displayName: String
  /// The subscription that acts. Known only when the request carries `x-session`: Basic credentials name a user, not a device.
  var subscription: SubscriptionID?
  /// The services that the operator grants this user; `nil` grants all.
  var grantedServices: Set<ServiceName>?
  /// Whether the request was proved with an HMAC token (R-CONN-423), which asks for a session token in return.
  var usedToken = false
  /// The query's parameters, decoded; the first value of each name. `reasonText` stands here.
  var query: [String: String] = [:]

  func isGranted(_ service: ServiceName) -> Bool {
    grantedServices?.contains(service) ?? true
  }
}
