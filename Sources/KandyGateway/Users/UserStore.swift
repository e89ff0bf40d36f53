import GRDB
public import LinkProtocol

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The users and organizations in the database.
public struct UserStore: Sendable {
  let database: GatewayDatabase
  let hasher: PasswordHasher

  /// - Parameter passwordCost: logarithm to base 2 of scrypt's rounds for new passwords.
  /// - Parameter waitingPasswords: how many passwords may wait to be checked.
  public init(_ database: GatewayDatabase, passwordCost: Int = 14, waitingPasswords: Int = 100) {
    self.init(database, passwordCost: passwordCost, waitingPasswords: waitingPasswords, metrics: .none)
  }

  init(_ database: GatewayDatabase, passwordCost: Int, waitingPasswords: Int, metrics: GatewayMetrics) {
    self.database = database
    hasher = PasswordHasher(cost: passwordCost, waiting: waitingPasswords, metrics: metrics)
  }

  // MARK: - Users

  /// - Parameter password: `nil` for a user who signs in by HMAC token only.
  /// - Throws: `GatewayError` with `userExists` or `invalidUser`.
  public func add(_ user: User, password: String?) async throws {
    try Self.check(user, password: password)
    let hash: String? = if let password { try await hasher.hash(password) } else { nil }
    do {
      try await database.write { try Self.insert(user, hash: hash, into: $0) }
    } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
      throw GatewayError(
        .userExists, "There is a user with the address \(user.address) or its authorization name already.", cause: error)
    }
  }

  /// - Returns: every user, by address.
  public func list() async throws -> [User] {
    try await database.read { try Self.fetch("ORDER BY user.address", in: $0).map(\.user) }
  }

  public func user(_ address: UserAddress) async throws -> User? {
    try await database.read { try Self.fetch("WHERE user.address = ?", [address.description], in: $0).first?.user }
  }

  public func exists(_ address: UserAddress) async throws -> Bool {
    try await user(address) != nil
  }

  public func displayName(of address: UserAddress) async throws -> String? {
    try await user(address)?.displayName
  }

  /// Removes a user with everything that belongs to the account.
  /// - Throws: `GatewayError` with `userNotFound`.
  public func remove(_ address: UserAddress) async throws {
    try await change(address, "DELETE FROM user WHERE address = ?", [address.description])
  }

  /// - Throws: `GatewayError` with `userNotFound` or `invalidUser`.
  public func setPassword(_ password: String, of address: UserAddress) async throws {
    try Self.check(password: password)
    let hash = try await hasher.hash(password)
    try await change(address, "UPDATE user SET password = ? WHERE address = ?", [hash, address.description])
  }

  private func change(_ address: UserAddress, _ sql: String, _ arguments: [String]) async throws {
    let changes = try await database.write {
      try $0.execute(sql: sql, arguments: StatementArguments(arguments))
      return $0.changesCount
    }
    guard changes > 0 else {
      throw GatewayError(.userNotFound, "There is no user \(address); \"kandy user list\" shows all.")
    }
  }

  // MARK: - Signing in

  /// A user and the hash of the password, by the name that the user signs in with.
  func account(signingInAs name: String) async throws -> (user: User, hash: String?)? {
    let name = Self.loginName(name)
    return try await database.read {
      try Self.fetch("WHERE user.address = (SELECT address FROM login WHERE name = ?)", [name], in: $0).first
    }
  }

  // MARK: - Organizations

  /// The key that an organization's HMAC tokens are made with, if it has one.
  func hmacKey(of domain: String) async throws -> String? {
    let domain = domain.lowercased()
    return try await database.read {
      try String.fetchOne($0, sql: "SELECT hmac_key FROM organization WHERE domain = ?", arguments: [domain])
    }
  }

  /// The key of an organization, made on the first call: 64 hexadecimal digits, whose characters are the key of the HMAC.
  /// - Throws: `GatewayError` with `invalidUser` when there can be no such domain.
  public func ensureHMACKey(of domain: String) async throws -> String {
    let domain = domain.lowercased()
    guard UserAddress(user: "x", domain: domain) != nil else {
      throw GatewayError(.invalidUser, "\"\(domain)\" is not a domain such as example.com.")
    }
    let key = IdentifierSource.random.next() + IdentifierSource.random.next()
    return try await database.write {
      try $0.execute(
        sql: "INSERT INTO organization (domain, hmac_key) VALUES (?, ?) ON CONFLICT DO NOTHING", arguments: [domain, key])
      return try String.fetchOne($0, sql: "SELECT hmac_key FROM organization WHERE domain = ?", arguments: [domain]) ?? key
    }
  }
}

// MARK: - Rows

extension UserStore {
  private static func insert(_ user: User, hash: String?, into db: Database) throws {
    let services = try user.services.map { try JSONColumn.write($0.map(\.rawValue)) }
    try db.execute(
      sql: """
        INSERT INTO user (address, password, first_name, last_name, email, phone, photo_url, services)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        user.address.description, hash, user.firstName, user.lastName, user.email, user.phone, user.photoURL, services,
      ])
    try db.execute(
      sql: "INSERT INTO login (name, address, is_authname) VALUES (?1, ?1, 0)", arguments: [user.address.description])
    if let authname = user.authname {
      try db.execute(
        sql: "INSERT INTO login (name, address, is_authname) VALUES (?, ?, 1)",
        arguments: [loginName(authname), user.address.description])
    }
  }

  private static func fetch(
    _ condition: String, _ arguments: [String] = [], in db: Database
  ) throws -> [(user: User, hash: String?)] {
    try Row.fetchAll(
      db,
      sql: """
        SELECT user.*, authname.name AS authname FROM user
        LEFT JOIN login AS authname ON authname.address = user.address AND authname.is_authname \(condition)
        """,
      arguments: StatementArguments(arguments)
    ).map { row in
      guard let address = UserAddress(row["address"] as String) else {
        throw GatewayError(.databaseUnusable, "The database holds a user whose address has no meaning.")
      }
      let services = try (row["services"] as String?).map { try JSONColumn.read($0).map(ServiceName.init(rawValue:)) }
      let user = User(
        address: address, authname: row["authname"], firstName: row["first_name"], lastName: row["last_name"],
        email: row["email"], phone: row["phone"], photoURL: row["photo_url"], services: services)
      return (user, row["password"])
    }
  }
}

// MARK: - What is acceptable

extension UserStore {
  private static func check(_ user: User, password: String?) throws(GatewayError) {
    if let password { try check(password: password) }
    // Swift takes composed and decomposed letters for equal, SQLite does not: only one form may get in.
    guard Array(user.address.description.utf8) == Array(normalized(user.address.description).utf8) else {
      throw GatewayError(.invalidUser, "Write the address in Unicode's composed form (NFC).")
    }
    if let authname = user.authname {
      guard !authname.isEmpty, !authname.contains(":") else {
        throw GatewayError(.invalidUser, "An authorization name has at least one character and no colon.")
      }
    }
    guard !user.address.user.contains(":") else {
      throw GatewayError(.invalidUser, "A user's address has no colon: it could not be told from the password.")
    }
    if let unknown = user.services?.first(where: { !ServiceName.known.contains($0) && !$0.isSIPEvent }) {
      throw GatewayError(
        .invalidUser, "There is no service \"\(unknown)\"; services are call, IM, Presence and so on, in this spelling.")
    }
  }

  private static func check(password: String) throws(GatewayError) {
    guard !password.isEmpty else { throw GatewayError(.invalidUser, "A password has at least one character.") }
  }

  /// The form of a name to sign in with: of what looks like an address, the domain's case does not count.
  private static func loginName(_ name: String) -> String {
    let name = normalized(name)
    return UserAddress(name)?.description ?? name
  }

  /// Unicode's composed form, in which names are stored and compared.
  static func normalized(_ name: String) -> String {
    name.precomposedForm
  }
}

/// Lists of text in a column.
enum JSONColumn {
  static func write(_ list: [String]) throws -> String {
    String(decoding: try JSONEncoder().encode(list), as: UTF8.self)
  }

  static func read(_ text: String) throws -> [String] {
    try JSONDecoder().decode([String].self, from: Data(text.utf8))
  }
}
