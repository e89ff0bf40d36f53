import DequeModule
import LinkProtocol

/// A notification that waits for its socket, or for a sign that it has arrived, written out once for all of a user's devices.
struct KeptNotification: Sendable, Hashable {
  /// Ascending in each mailbox, without gaps.
  let number: Int
  let text: String
  /// It may have been written to a socket before.
  var isRepeated = false
}

/// What the hub holds for one subscription.
struct Mailbox: Sendable {
  /// How much is kept at most; the oldest goes first. The newest is kept whatever its size.
  struct Limit: Sendable, Hashable {
    var count: Int
    var bytes: Int

    static let none = Limit(count: .max, bytes: .max)
  }

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
  private var keptBytes = 0
  var connection: Connection?
  /// The subscription has ended; the mailbox stays only until its last notification has been written.
  var isOver = false
  private var lastNumber = 0
  /// Everything up to this number has been taken for a socket.
  private var taken = 0

  init(_ subscription: SubscriptionRecord) {
    self.subscription = subscription.id
    user = subscription.user
    channel = subscription.channel
    services = Set(subscription.services)
    capabilities = Set(subscription.supported)
    revision = subscription.revision
  }

  /// Adopts changed services and capabilities, unless a later change is known already.
  /// - Returns: the services that the subscription no longer has.
  mutating func adopt(_ subscription: SubscriptionRecord) -> Set<ServiceName> {
    guard subscription.revision > revision else { return [] }
    let lost = services.subtracting(subscription.services)
    services = Set(subscription.services)
    capabilities = Set(subscription.supported)
    revision = subscription.revision
    return lost
  }

  /// Adds a notification at the end.
  /// - Returns: how many of the oldest had to be dropped to make room.
  mutating func keep(_ text: String, limit: Limit) -> Int {
    lastNumber += 1
    kept.append(KeptNotification(number: lastNumber, text: text))
    keptBytes += text.utf8.count
    var dropped = 0
    while kept.count > 1, kept.count > limit.count || keptBytes > limit.bytes {
      removeFirst()
      dropped += 1
    }
    return dropped
  }

  /// Takes the next notification to send over a connection that has taken everything up to a number.
  mutating func next(after number: Int) -> KeptNotification? {
    guard let first = kept.first else { return nil }
    let index = max(number + 1 - first.number, 0)
    guard index < kept.count else { return nil }
    var next = kept[index]
    next.isRepeated = next.number <= taken
    taken = max(taken, next.number)
    return next
  }

  /// How many have never been taken for a socket.
  var unsent: Int { kept.count { $0.number > taken } }

  /// Forgets what has arrived: everything up to a number.
  mutating func arrived(through number: Int) {
    while let first = kept.first, first.number <= number { removeFirst() }
  }

  private mutating func removeFirst() {
    keptBytes -= kept.removeFirst().text.utf8.count
  }
}
