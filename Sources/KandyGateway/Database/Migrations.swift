/// One step of the schema. It never changes after it has shipped; what was wrong with it is mended by the next one.
struct Migration: Sendable {
  let name: String
  let sql: String
}

enum Migrations {
  /// In the order in which they are applied.
  static let all: [Migration] = [users, subscriptions]

  /// A user signs in by the address or the authorization name: both are rows of `login`, so that no two users can be meant by
  /// one name.
  static let users = Migration(
    name: "0001 users",
    sql: """
      CREATE TABLE organization (
        domain TEXT NOT NULL PRIMARY KEY CHECK (domain <> ''),
        -- its characters are the key of the HMAC
        hmac_key TEXT NOT NULL CHECK (length(hmac_key) >= 32)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE user (
        address TEXT NOT NULL PRIMARY KEY CHECK (instr(address, '@') > 1),
        -- NULL: this user signs in by token only
        password TEXT CHECK (password LIKE '$scrypt$%'),
        first_name TEXT NOT NULL DEFAULT '',
        last_name TEXT NOT NULL DEFAULT '',
        email TEXT NOT NULL DEFAULT '',
        phone TEXT NOT NULL DEFAULT '',
        photo_url TEXT NOT NULL DEFAULT '',
        -- the granted services; NULL grants all
        services TEXT CHECK (json_type(services) = 'array')
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE login (
        name TEXT NOT NULL PRIMARY KEY CHECK (name <> ''),
        address TEXT NOT NULL REFERENCES user (address) ON DELETE CASCADE,
        is_authname INTEGER NOT NULL CHECK (is_authname IN (0, 1)),
        UNIQUE (address, is_authname),
        CHECK (is_authname OR name = address)
      ) STRICT, WITHOUT ROWID;
      """)

  static let subscriptions = Migration(
    name: "0002 subscriptions",
    sql: """
      CREATE TABLE subscription (
        -- ascending: the oldest is the one with the lowest number
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        user TEXT NOT NULL REFERENCES user (address) ON DELETE CASCADE,
        channel TEXT NOT NULL UNIQUE,
        correlator TEXT,
        -- SHA-256 of the session token; NULL where Basic credentials are used
        session BLOB UNIQUE CHECK (length(session) = 32),
        services TEXT NOT NULL CHECK (json_type(services) = 'array'),
        supported TEXT NOT NULL CHECK (json_type(supported) = 'array'),
        localization TEXT,
        lifetime INTEGER NOT NULL CHECK (lifetime > 0),
        expires_at INTEGER NOT NULL,
        revision INTEGER NOT NULL,
        UNIQUE (user, correlator)
      ) STRICT;
      CREATE INDEX subscription_by_expiry ON subscription (expires_at);

      -- What waited for a subscription without a socket when the gateway was shut down.
      CREATE TABLE kept_notification (
        subscription TEXT NOT NULL REFERENCES subscription (id) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        text TEXT NOT NULL,
        PRIMARY KEY (subscription, position)
      ) STRICT, WITHOUT ROWID;
      """)
}
