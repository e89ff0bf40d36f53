import DequeModule
import LinkProtocol

/// A notification that waits for its socket, written out once for all of a user's devices.
struct KeptNotification: Sendable, Hashable {
  /// Ascending in each mailbox.
  let number: Int
  let text: String
}

/// What the hub holds for one subscription.
struct Mailbox: Sendable {
  /// A socket that is being served.
  struct Connection: Sendable {
    let number: Int
    /// Says that there is something to send. Holds one signal at most.
    let wake: AsyncStream<Void>.Continuation
    /// Says that the socket is to be closed.
    let end: AsyncStream<SocketEnding>.Continuation
  }

  let subscription: SubscriptionID
  let user: UserAddress
  let channel: ChannelID
  private(set) var services: Set<ServiceName>
  /// What the client said it can do: `supported` of the subscribe request.
  private(set) var capabilities: Set<String>
  private var revision: Int
  private(set) var kept: Deque<KeptNotification> = []
  var connection: Connection?
  /// The subscription has ended; the mailbox stays only until its last notification has been written.
  var isOver = false
  private var lastNumber = 0

  init(_ subscription: SubscriptionRecord) {
    self.subscription = subscription.id
    user = subscription.user
    channel = subscription.channel
    services = Set(subscription.services)
    capabilities = Set(subscription.supported)
    revision = subscription.revision
  }

  /// Adopts changed services and capabilities, unless a later change is known already.
  mutating func adopt(_ subscription: SubscriptionRecord) {
    guard subscription.revision > revision else { return }
    services = Set(subscription.services)
    capabilities = Set(subscription.supported)
    revision = subscription.revision
  }

  /// Adds a notification at the end.
  /// - Returns: whether the oldest one had to be dropped to make room.
  mutating func keep(_ text: String, limit: Int) -> Bool {
    lastNumber += 1
    kept.append(KeptNotification(number: lastNumber, text: text))
    guard kept.count > limit else { return false }
    kept.removeFirst()
    return true
  }

  /// Forgets a notification that has been written. It may be gone already: dropped, or written by another connection.
  mutating func delivered(_ notification: KeptNotification) {
    if kept.first?.number == notification.number { kept.removeFirst() }
  }
}
