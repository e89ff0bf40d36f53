import DequeModule
import LinkProtocol
import Logging

/// Brings notifications to the sockets of their subscriptions.
///
/// Each subscription has a mailbox, and each open socket a writer of its own, so that a client that does not read delays nobody
/// else. A notification leaves its mailbox when it is known to have arrived; until then it waits, also while there is no socket
/// (R-CONN-514, R-CONN-654). The protocol has no acknowledgement, but WebSocket has: the answer to a ping says that everything sent
/// before it has come through. So a connection gets everything in order and once, and what was on its way when the connection
/// broke, noticed or not, comes again over the next one with the same `eventId`, by which clients drop what they have got
/// already (R-CONN-720).
///
/// A mailbox is bounded by count and by bytes: a client that stays away loses the oldest notifications first. Those are the ones
/// that have most likely lost their meaning, while the end of a call must not get lost behind its ringing.
actor NotificationHub {
  /// What a client is told when its subscription ends.
  enum Farewell: Sendable, Hashable {
    /// The server ended it (R-CONN-572); seconds after which to come back.
    case gone(retryAfter: Double? = nil)
    /// The same application instance has subscribed anew (R-CONN-524).
    case overridden
    /// The client ended it and knows.
    case none
  }

  /// Where a notification goes.
  struct Receivers: Sendable, Hashable {
    /// Subscriptions that will get it.
    var all = 0
    /// Those among them that have a socket now. Of the others nobody knows when they return.
    var connected = 0
  }

  private let limit: Mailbox.Limit
  /// How long a socket may take to accept the last notification.
  private let farewellTime: Duration
  private let clock: any Clock<Duration>
  private let now: @Sendable () -> Int64
  private let identifiers: IdentifierSource
  private let logger: Logger
  private let metrics: GatewayMetrics

  /// Every subscription that ends or loses a service (R-CONN-550), with its user, for one reader.
  nonisolated let endings: AsyncStream<(SubscriptionID, UserAddress)>
  private let ended: AsyncStream<(SubscriptionID, UserAddress)>.Continuation

  private var mailboxes: [SubscriptionID: Mailbox] = [:]
  private var byUser: [UserAddress: [SubscriptionID]] = [:]
  private var byChannel: [ChannelID: SubscriptionID] = [:]
  private var lastConnection = 0
  private var openConnections = 0
  private var isShuttingDown = false
  private var waitingForSilence: [CheckedContinuation<Void, Never>] = []

  init(
    limit: Mailbox.Limit, farewellTime: Duration = .seconds(5), clock: any Clock<Duration>,
    now: @escaping @Sendable () -> Int64,
    identifiers: IdentifierSource, logger: Logger, metrics: GatewayMetrics = .none
  ) {
    self.limit = limit
    self.farewellTime = farewellTime
    self.clock = clock
    self.now = now
    self.identifiers = identifiers
    self.logger = logger
    self.metrics = metrics
    (endings, ended) = AsyncStream.makeStream()
  }

  // MARK: - Posting

  /// Posts to every subscription of a user that has the service. All of them get the same `eventId` (R-CONN-701).
  /// - Returns: who will get it.
  @discardableResult
  func post(
    _ notification: Notification, to user: UserAddress, service: ServiceName, except: Set<SubscriptionID> = []
  ) -> Receivers {
    let receivers = subscriptions(of: user, service: service).filter { !except.contains($0) }
    guard !receivers.isEmpty, let text = written(notification) else { return Receivers() }
    for receiver in receivers { keep(text, for: receiver) }
    return Receivers(all: receivers.count, connected: receivers.count { mailboxes[$0]?.connection != nil })
  }

  /// Posts to one subscription, whatever its services.
  /// - Returns: whether there is such a subscription.
  @discardableResult
  func post(_ notification: Notification, toSubscription subscription: SubscriptionID) -> Bool {
    guard let mailbox = mailboxes[subscription], !mailbox.isOver, let text = written(notification) else { return false }
    keep(text, for: subscription)
    return true
  }

  /// A user's live subscriptions that have the service, oldest first: the devices that a notification reaches, now or when their
  /// sockets return.
  func subscriptions(of user: UserAddress, service: ServiceName) -> [SubscriptionID] {
    byUser[user, default: []].filter { mailboxes[$0]?.services.contains(service) == true }
  }

  /// What the client of a subscription said it can do, such as `RingingFeedback`.
  func capabilities(of subscription: SubscriptionID) -> Set<String> {
    mailboxes[subscription]?.capabilities ?? []
  }

  private func written(_ notification: Notification) -> String? {
    var notification = notification
    notification.eventId = notification.eventId ?? EventID(identifiers.next())
    notification.time = notification.time ?? now()
    do {
      return String(decoding: try WireCoding.encode(notification), as: UTF8.self)
    } catch {
      logger.error("a notification cannot be written", metadata: ["type": "\(notification.eventType)"])
      return nil
    }
  }

  private func keep(_ text: String, for subscription: SubscriptionID) {
    let dropped = mailboxes[subscription]?.keep(text, limit: limit) ?? 0
    metrics.queued()
    metrics.dropped(dropped, .limit)
    if dropped > 0 {
      logger.debug("the oldest notifications were dropped: the client does not read", metadata: ["count": "\(dropped)"])
    }
    mailboxes[subscription]?.connection?.wake.yield()
  }

  // MARK: - Subscriptions come and go

  /// Opens the mailbox of a subscription.
  /// - Parameter kept: what is to be delivered first, from before a restart.
  /// - Returns: `false` when the gateway is shutting down.
  @discardableResult
  func open(_ subscription: SubscriptionRecord, kept: [String] = []) -> Bool {
    guard !isShuttingDown else { return false }
    var mailbox = Mailbox(subscription)
    for text in kept { _ = mailbox.keep(text, limit: limit) }
    mailboxes[subscription.id] = mailbox
    byUser[subscription.user, default: []].append(subscription.id)
    byChannel[subscription.channel] = subscription.id
    metrics.queued(kept.count)
    metrics.changed(subscriptions: byChannel.count)
    return true
  }

  /// Adopts changed services and capabilities.
  func update(_ subscription: SubscriptionRecord) {
    guard let lost = mailboxes[subscription.id]?.adopt(subscription), !lost.isEmpty else { return }
    ended.yield((subscription.id, subscription.user))
  }

  /// Ends a subscription: nothing more is posted to it. Its socket, if there is one, gets what waits and the farewell, and is then
  /// closed.
  func end(_ subscription: SubscriptionID, _ farewell: Farewell) {
    guard let mailbox = mailboxes[subscription], !mailbox.isOver else { return }
    forget(mailbox)
    guard let connection = mailbox.connection else {
      discard(subscription)
      return
    }
    if let last = notification(for: farewell), let text = written(last) {
      metrics.queued()
      _ = mailboxes[subscription]?.keep(text, limit: .none)
    }
    mailboxes[subscription]?.isOver = true
    connection.end.yield(.subscriptionOver)
    connection.wake.yield()
  }

  private func forget(_ mailbox: Mailbox) {
    byChannel[mailbox.channel] = nil
    byUser[mailbox.user]?.removeAll { $0 == mailbox.subscription }
    if byUser[mailbox.user]?.isEmpty == true { byUser[mailbox.user] = nil }
    metrics.changed(subscriptions: byChannel.count)
    ended.yield((mailbox.subscription, mailbox.user))
  }

  private func notification(for farewell: Farewell) -> Notification? {
    switch farewell {
    case .gone(let retryAfter): Notification(eventType: .gone, eventId: nil, retryAfter: retryAfter)
    case .overridden: Notification(eventType: .websocketOverridden, eventId: nil)
    case .none: nil
    }
  }

  /// Every subscription that has not ended.
  var subscriptions: Set<SubscriptionID> {
    Set(byChannel.values)
  }

  /// How many notifications of a subscription are not known to have arrived.
  func unconfirmed(by subscription: SubscriptionID) -> Int {
    mailboxes[subscription]?.kept.count ?? 0
  }

  /// Ends all subscriptions of a user.
  func end(allOf user: UserAddress, _ farewell: Farewell) {
    for subscription in byUser[user, default: []] { end(subscription, farewell) }
  }

  /// What waits for subscriptions that have no socket.
  var waiting: [SubscriptionID: [String]] {
    var waiting: [SubscriptionID: [String]] = [:]
    for id in byChannel.values {
      guard let mailbox = mailboxes[id], mailbox.connection == nil, !mailbox.kept.isEmpty else { continue }
      waiting[id] = mailbox.kept.map(\.text)
    }
    return waiting
  }

  /// Tells every connected client that it is gone and waits until their sockets have been served to the end. Clients without a
  /// socket learn nothing and keep their subscriptions.
  /// - Returns: the subscriptions that have ended.
  func shutDown() async -> [SubscriptionID] {
    isShuttingDown = true
    let connected = byChannel.values.filter { mailboxes[$0]?.connection != nil }
    for subscription in connected { end(subscription, .gone()) }
    if openConnections > 0 {
      await withCheckedContinuation { waitingForSilence.append($0) }
    }
    return connected
  }

  // MARK: - Sockets

  /// Whether a subscription has this channel: what decides between an upgrade and 404.
  func isOpen(_ channel: ChannelID) -> Bool {
    byChannel[channel] != nil && !isShuttingDown
  }

  /// Serves a socket until there is a reason to close it. Cancel the task when the client closes; then it returns at once.
  func serve(_ channel: ChannelID, over socket: any NotificationSocket) async -> SocketEnding {
    guard !isShuttingDown else { return .lost }
    guard let id = byChannel[channel] else { return .unknownChannel }
    let (woken, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let (endings, end) = AsyncStream.makeStream(of: SocketEnding.self)
    lastConnection += 1
    openConnections += 1
    metrics.opened(webSockets: openConnections)
    let connection = Mailbox.Connection(number: lastConnection, wake: wake, end: end)
    mailboxes[id]?.connection?.end.yield(.replaced)
    mailboxes[id]?.connection = connection
    wake.yield()
    let (sent, report) = AsyncStream.makeStream(of: Int.self, bufferingPolicy: .bufferingNewest(1))
    let ending = await withTaskGroup(of: SocketEnding.self) { group in
      group.addTask { await self.deliver(from: id, connection: connection.number, over: socket, woken: woken, report: report) }
      group.addTask { await self.confirm(sent, of: id, over: socket) }
      group.addTask { await self.awaitEnding(endings) }
      let ending = await group.next() ?? .lost
      group.cancelAll()
      return ending
    }
    disconnected(id, connection: connection.number)
    return ending
  }

  nonisolated private func deliver(
    from id: SubscriptionID, connection: Int, over socket: any NotificationSocket, woken: AsyncStream<Void>,
    report: AsyncStream<Int>.Continuation
  ) async -> SocketEnding {
    var last = 0
    for await _ in woken {
      while let next = await next(from: id, connection: connection, after: last) {
        do {
          try await socket.send(next.text)
        } catch {
          return .lost
        }
        last = next.number
        metrics.sent(next)
        report.yield(last)
      }
      if await isOver(id) { return .subscriptionOver }
    }
    return .lost
  }

  /// Finds out what has arrived, with one ping at a time. A client that answers none gets everything anew when it returns.
  nonisolated private func confirm(
    _ sent: AsyncStream<Int>, of id: SubscriptionID, over socket: any NotificationSocket
  ) async -> SocketEnding {
    for await number in sent {
      do {
        try await socket.ping()
      } catch {
        return .lost
      }
      await arrived(through: number, at: id)
    }
    return .lost
  }

  nonisolated private func awaitEnding(_ endings: AsyncStream<SocketEnding>) async -> SocketEnding {
    for await ending in endings {
      if ending == .subscriptionOver { try? await clock.sleep(for: farewellTime) }
      return ending
    }
    return .lost
  }

  private func next(from id: SubscriptionID, connection: Int, after last: Int) -> KeptNotification? {
    guard mailboxes[id]?.connection?.number == connection else { return nil }
    return mailboxes[id]?.next(after: last)
  }

  private func arrived(through number: Int, at id: SubscriptionID) {
    mailboxes[id]?.arrived(through: number)
  }

  private func isOver(_ id: SubscriptionID) -> Bool {
    mailboxes[id]?.isOver ?? true
  }

  private func disconnected(_ id: SubscriptionID, connection: Int) {
    openConnections -= 1
    metrics.closed(webSockets: openConnections)
    if mailboxes[id]?.connection?.number == connection {
      mailboxes[id]?.connection = nil
      if mailboxes[id]?.isOver == true { discard(id) }
    }
    guard openConnections == 0 else { return }
    for waiter in waitingForSilence { waiter.resume() }
    waitingForSilence = []
  }

  private func discard(_ id: SubscriptionID) {
    metrics.dropped(mailboxes.removeValue(forKey: id)?.unsent ?? 0, .ended)
  }
}
