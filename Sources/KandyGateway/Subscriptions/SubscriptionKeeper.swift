import LinkProtocol
import Logging

/// Keeps the hub's mailboxes and the database's subscriptions in step: at the start, when a subscription expires, when a user is
/// removed, and at the end.
struct SubscriptionKeeper: GatewayFeature {
  let store: SubscriptionStore
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
    var missing: Set<SubscriptionID> = []
    var hasFailed = false
    while !Task.isCancelled {
      do {
        try await endExpired()
        missing = try await endMissing(since: missing)
        hasFailed = false
      } catch is CancellationError {
        return
      } catch {
        if !hasFailed {
          logger.error("the subscriptions cannot be looked after", metadata: ["error": "\(type(of: error))"])
        }
        hasFailed = true
      }
      do { try await clock.sleep(for: Self.beat) } catch { return }
    }
  }

  /// Ends what has expired (R-CONN-547).
  func endExpired() async throws {
    for id in try await store.removeExpired(now: now()) { await hub.end(id, .gone()) }
  }

  /// Ends the subscriptions that another process has removed from the database, for example together with their user (R-CONN-572).
  ///
  /// A subscription that is being made has its mailbox first and its row next, and one that is being deleted loses its row first:
  /// only those count that were missing at the last beat already.
  /// - Returns: those that are missing now.
  private func endMissing(since last: Set<SubscriptionID>) async throws -> Set<SubscriptionID> {
    let open = await hub.subscriptions
    let missing = open.subtracting(try await store.ids())
    for id in missing.intersection(last) { await hub.end(id, .gone()) }
    return missing
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
      logger.error("the subscriptions cannot be written", metadata: ["error": "\(type(of: error))"])
    }
  }
}
