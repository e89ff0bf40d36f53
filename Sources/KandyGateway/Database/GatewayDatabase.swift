import GRDB

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The gateway's SQLite database.
///
/// One connection: SQLite has one writer anyway, every statement here is short, and all work runs on the connection's own queue,
/// never on Swift's cooperative pool. Other processes (`kandy user`) may have the same file open.
public struct GatewayDatabase: Sendable {
  /// Where the data is.
  public enum Location: Sendable, Hashable {
    case memory
    case file(String)
  }

  public let location: Location
  let connection: DatabaseQueue

  /// Opens a database, creates it when there is none, and brings an older one up to date.
  /// - Throws: `GatewayError` with `databaseUnusable` or `databaseTooNew`.
  public init(_ location: Location) throws(GatewayError) {
    self.location = location
    do {
      connection = try Self.open(location)
      let migrator = Self.migrator(Migrations.all)
      guard try !connection.read(migrator.hasBeenSuperseded) else {
        throw GatewayError(
          .databaseTooNew, "The database \(Self.name(location)) was written by a newer version of kandy; use that version.")
      }
      try migrator.migrate(connection)
    } catch let error as GatewayError {
      throw error
    } catch {
      throw GatewayError(
        .databaseUnusable, "The database \(Self.name(location)) cannot be opened: \(Self.reason(error)).", cause: error)
    }
  }

  private static func open(_ location: Location) throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.label = "kandy-gateway"
    configuration.busyMode = .timeout(5)
    switch location {
    case .memory:
      return try DatabaseQueue(configuration: configuration)
    case .file(let path):
      if !FileManager.default.fileExists(atPath: path) {
        // The organizations' keys are in it: for the operator's eyes only.
        _ = FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600])
      }
      configuration.journalMode = .wal
      return try DatabaseQueue(path: path, configuration: configuration)
    }
  }

  static func migrator(_ migrations: [Migration]) -> DatabaseMigrator {
    var migrator = DatabaseMigrator()
    for migration in migrations {
      migrator.registerMigration(migration.name) { try $0.execute(sql: migration.sql) }
    }
    return migrator
  }

  private static func name(_ location: Location) -> String {
    switch location {
    case .memory: "in memory"
    case .file(let path): "\"\(path)\""
    }
  }

  private static func reason(_ error: any Error) -> String {
    (error as? DatabaseError)?.message ?? "it is damaged or not a database"
  }

  // MARK: - Statements

  func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
    try await connection.read(body)
  }

  /// Runs a transaction.
  func write<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
    try await connection.write(body)
  }
}
