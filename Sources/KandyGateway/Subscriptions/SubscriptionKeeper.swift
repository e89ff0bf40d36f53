import LinkProtocol
import Logging

/// Keeps the hub's mailboxes and the database's subscriptions in step: at the start, when a subscription expires, when a user is
/// removed, and at the end.
struct SubscriptionKeeper: GatewayFeature {
  let store: SubscriptionStore
  let users: UserStore
  let hub: NotificationHub
  let clock: any Clock<Duration>
  let now: @Sendable () -> Int64
  let logger: Logger

  /// How often expiry and the work of other processes are looked at.
  static let beat = Duration.seconds(1)

  /// Opens the mailboxes of the subscriptions that an earlier run has left.
  func restore() async throws {
    _ = try await store.removeExpired(now: now())
    let kept = try await store.takeKept()
    for subscription in try await store.all() {
      await hub.open(subscription, kept: kept[subscription.id] ?? [])
    }
  }

  func run() async throws {
    var foreignChanges = try await store.database.foreignChanges()
    while !Task.isCancelled {
      do {
        try await endExpired()
        let changes = try await store.database.foreignChanges()
        if changes != foreignChanges { try await endRemoved() }
        foreignChanges = changes
      } catch is CancellationError {
        return
      } catch {
        logger.debug("the subscriptions cannot be looked after", metadata: ["error": "\(type(of: error))"])
      }
      do { try await clock.sleep(for: Self.beat) } catch { return }
    }
  }

  /// Ends what has expired (R-CONN-547).
  func endExpired() async throws {
    for id in try await store.removeExpired(now: now()) { await hub.end(id, .gone()) }
  }

  /// Ends the subscriptions of users who are no longer there (R-CONN-572).
  func endRemoved() async throws {
    for user in await hub.users {
      guard try await !users.exists(user) else { continue }
      await hub.end(allOf: user, .gone())
    }
  }

  /// Tells connected clients that they are gone. The others keep their subscriptions and what waits for them: they may not even
  /// notice that the gateway was restarted.
  func close() async {
    let gone = await hub.shutDown()
    let waiting = await hub.waiting
    do {
      try await store.remove(gone)
      try await store.keep(waiting)
    } catch {
      logger.debug("the subscriptions cannot be written", metadata: ["error": "\(type(of: error))"])
    }
  }
}
