import Crypto
import GRDB
import LinkProtocol

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The subscriptions in the database; they outlive a restart.
struct SubscriptionStore: Sendable {
  let database: GatewayDatabase

  /// The subscriptions that had to end so that a new one could begin.
  struct Displaced: Sendable, Hashable {
    /// The same application instance's earlier one.
    var overridden: SubscriptionID?
    /// The user's oldest ones, over the limit.
    var loggedOut: [SubscriptionID] = []
  }

  /// Adds a subscription. One with the same correlator is replaced (R-CONN-524).
  /// - Parameters:
  ///   - session: the token that stands for the subscription's credentials; only its hash is kept.
  ///   - limit: how many subscriptions the user may have.
  ///   - force: whether the oldest ones end when there are too many (R-CONN-523).
  /// - Throws: `Refusal`: too many sessions, or the user is gone.
  func create(
    _ subscription: SubscriptionRecord, session: SessionToken?, limit: Int, force: Bool
  ) async throws -> Displaced {
    do {
      return try await database.write { db in
        var displaced = Displaced()
        displaced.overridden = try Self.removeSame(as: subscription, in: db)
        let others = try String.fetchAll(
          db, sql: "SELECT id FROM subscription WHERE user = ? ORDER BY number", arguments: [subscription.user.description])
        let surplus = others.count + 1 - limit
        if surplus > 0 {
          guard force else { throw Refusal.tooManySessions }
          for id in others.prefix(surplus) {
            try db.execute(sql: "DELETE FROM subscription WHERE id = ?", arguments: [id])
            displaced.loggedOut.append(SubscriptionID(id))
          }
        }
        try Self.insert(subscription, session: session, into: db)
        return displaced
      }
    } catch let error as DatabaseError where error.extendedResultCode == .SQLITE_CONSTRAINT_FOREIGNKEY {
      throw Refusal.invalidCredentials
    }
  }

  private static func removeSame(as subscription: SubscriptionRecord, in db: Database) throws -> SubscriptionID? {
    guard let correlator = subscription.correlator else { return nil }
    return try String.fetchOne(
      db, sql: "DELETE FROM subscription WHERE user = ? AND correlator = ? RETURNING id",
      arguments: [subscription.user.description, correlator.rawValue]
    ).map { SubscriptionID($0) }
  }

  private static func insert(_ subscription: SubscriptionRecord, session: SessionToken?, into db: Database) throws {
    try db.execute(
      sql: """
        INSERT INTO subscription
          (id, user, channel, correlator, session, services, supported, localization, lifetime, expires_at, revision)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        subscription.id.rawValue, subscription.user.description, subscription.channel.rawValue,
        subscription.correlator?.rawValue, session.map(hash), try JSONColumn.write(subscription.services.map(\.rawValue)),
        try JSONColumn.write(subscription.supported), subscription.localization, subscription.lifetime,
        subscription.expiresAt, subscription.revision,
      ])
  }

  /// How a request names a subscription of its user.
  enum Name: Sendable, Hashable {
    case id(SubscriptionID)
    case correlator(ClientCorrelator)
  }

  /// Changes a subscription that has not expired.
  /// - Returns: the changed subscription, or `nil` when the user has none of this name.
  func update(
    _ name: Name, of user: UserAddress, now: Int64, _ change: @escaping @Sendable (inout SubscriptionRecord) -> Void
  ) async throws -> SubscriptionRecord? {
    try await database.write { db in
      guard var subscription = try Self.fetch(name, of: user, in: db), subscription.expiresAt > now else { return nil }
      change(&subscription)
      subscription.revision += 1
      try db.execute(
        sql: """
          UPDATE subscription SET services = ?, supported = ?, localization = ?, lifetime = ?, expires_at = ?, revision = ?
          WHERE id = ?
          """,
        arguments: [
          try JSONColumn.write(subscription.services.map(\.rawValue)), try JSONColumn.write(subscription.supported),
          subscription.localization, subscription.lifetime, subscription.expiresAt, subscription.revision,
          subscription.id.rawValue,
        ])
      return subscription
    }
  }

  /// - Returns: whether the user had this subscription.
  func remove(_ id: SubscriptionID, of user: UserAddress) async throws -> Bool {
    try await database.write { db in
      try db.execute(
        sql: "DELETE FROM subscription WHERE id = ? AND user = ?", arguments: [id.rawValue, user.description])
      return db.changesCount > 0
    }
  }

  /// Removes the subscriptions with these ids, whosoever they are.
  func remove(_ ids: [SubscriptionID]) async throws {
    try await database.write { db in
      for id in ids { try db.execute(sql: "DELETE FROM subscription WHERE id = ?", arguments: [id.rawValue]) }
    }
  }

  /// Removes what has expired.
  func removeExpired(now: Int64) async throws -> [SubscriptionID] {
    // Reading first spares the beat of every second a write.
    let due = try await database.read {
      try Bool.fetchOne($0, sql: "SELECT EXISTS (SELECT 1 FROM subscription WHERE expires_at <= ?)", arguments: [now])
    }
    guard due == true else { return [] }
    return try await database.write {
      try String.fetchAll($0, sql: "DELETE FROM subscription WHERE expires_at <= ? RETURNING id", arguments: [now])
    }.map { SubscriptionID($0) }
  }

  /// The subscription that a session token stands for, also if it has expired.
  func subscription(session: SessionToken) async throws -> SubscriptionRecord? {
    let hash = Self.hash(session)
    return try await database.read {
      try Row.fetchOne($0, sql: "SELECT * FROM subscription WHERE session = ?", arguments: [hash]).map(Self.record)
    }
  }

  /// The ids of all subscriptions.
  func ids() async throws -> Set<SubscriptionID> {
    Set(try await database.read { try String.fetchAll($0, sql: "SELECT id FROM subscription") }.map { SubscriptionID($0) })
  }

  /// Every subscription, the oldest first.
  func all() async throws -> [SubscriptionRecord] {
    try await database.read { try Row.fetchAll($0, sql: "SELECT * FROM subscription ORDER BY number").map(Self.record) }
  }

  /// Puts by what waits for subscriptions that will be there after a restart.
  func keep(_ waiting: [SubscriptionID: [String]]) async throws {
    try await database.write { db in
      for (id, texts) in waiting {
        for (position, text) in texts.enumerated() {
          try db.execute(
            sql: """
              INSERT INTO kept_notification (subscription, position, text)
              SELECT id, ?, ? FROM subscription WHERE id = ?
              """,
            arguments: [position, text, id.rawValue])
        }
      }
    }
  }

  /// Hands out what was put by; it is then no longer in the database.
  func takeKept() async throws -> [SubscriptionID: [String]] {
    try await database.write { db in
      let rows = try Row.fetchAll(
        db, sql: "SELECT subscription, text FROM kept_notification ORDER BY subscription, position")
      try db.execute(sql: "DELETE FROM kept_notification")
      return rows.reduce(into: [:]) { $0[SubscriptionID($1["subscription"] as String), default: []].append($1["text"]) }
    }
  }

  // MARK: - Rows

  private static func fetch(_ name: Name, of user: UserAddress, in db: Database) throws -> SubscriptionRecord? {
    let (column, value) =
      switch name {
      case .id(let id): ("id", id.rawValue)
      case .correlator(let correlator): ("correlator", correlator.rawValue)
      }
    return try Row.fetchOne(
      db, sql: "SELECT * FROM subscription WHERE user = ? AND \(column) = ?", arguments: [user.description, value]
    ).map(record)
  }

  private static func record(_ row: Row) throws -> SubscriptionRecord {
    guard let user = UserAddress(row["user"] as String) else {
      throw GatewayError(.databaseUnusable, "The database holds a subscription whose user has no meaning.")
    }
    return SubscriptionRecord(
      id: SubscriptionID(row["id"] as String), user: user, channel: ChannelID(row["channel"] as String),
      correlator: (row["correlator"] as String?).map { ClientCorrelator($0) },
      services: try JSONColumn.read(row["services"]).map(ServiceName.init(rawValue:)),
      supported: try JSONColumn.read(row["supported"]), localization: row["localization"], lifetime: row["lifetime"],
      expiresAt: row["expires_at"], revision: row["revision"])
  }

  private static func hash(_ session: SessionToken) -> Data {
    Data(SHA256.hash(data: Data(session.rawValue.utf8)))
  }
}
