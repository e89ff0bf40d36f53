import Crypto
import CryptoExtras
import NIOPosix
import Synchronization

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Hashes passwords with scrypt (RFC 7914). A hash carries its parameters: `$scrypt$ln=14,r=8,p=1$salt$key`.
///
/// Hashing takes tens of milliseconds and 16 MiB on purpose, so it runs on NIO's threads for blocking work, and only so many may
/// wait for them: whoever floods the gateway with passwords must not fill its memory, nor make everybody wait for minutes.
struct PasswordHasher: Sendable {
  /// As many hashes wait as may.
  struct Overloaded: Error {}

  /// Logarithm to base 2 of the number of rounds.
  let cost: Int
  private let queue: HashQueue
  private let metrics: GatewayMetrics

  /// - Parameter waiting: how many hashes may be under way or wait.
  init(cost: Int, waiting: Int = 100, metrics: GatewayMetrics = .none) {
    self.cost = cost
    self.metrics = metrics
    queue = HashQueue(limit: waiting, metrics: metrics)
  }

  private static let blockSize = 8
  private static let keyLength = 32

  func hash(_ password: String) async throws -> String {
    var generator = SystemRandomNumberGenerator()
    let salt = (0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) }
    let key = try await derive(password, salt: salt, cost: cost)
    return "$scrypt$ln=\(cost),r=\(Self.blockSize),p=1$\(Self.base64(salt))$\(Self.base64(key))"
  }

  /// Whether the password belongs to the hash. Takes the same time for every password, and for `nil`, which stands for a user
  /// who does not exist or has no password.
  /// - Throws: `Overloaded`.
  func matches(_ password: String, _ hash: String?) async throws -> Bool {
    guard let hash, let (cost, salt, key) = Self.parse(hash) else {
      _ = try await derive(password, salt: [UInt8](repeating: 0, count: 16), cost: cost)
      return false
    }
    return ConstantTime.equal(try await derive(password, salt: salt, cost: cost), key)
  }

  private func derive(_ password: String, salt: [UInt8], cost: Int) async throws -> [UInt8] {
    try queue.enter()
    let start = ContinuousClock.now
    defer {
      queue.leave()
      metrics.hashed(after: start.duration(to: .now))
    }
    return try await NIOThreadPool.singleton.runIfActive { try Self.key(of: password, salt: salt, cost: cost) }
  }

  static func key(
    of password: String, salt: [UInt8], cost: Int, blockSize: Int = Self.blockSize, parallelism: Int = 1,
    length: Int = Self.keyLength
  ) throws -> [UInt8] {
    try KDF.Scrypt.deriveKey(
      from: Array(password.utf8), salt: salt, outputByteCount: length, rounds: 1 << cost, blockSize: blockSize,
      parallelism: parallelism
    ).withUnsafeBytes { Array($0) }
  }

  private static func parse(_ hash: String) -> (cost: Int, salt: [UInt8], key: [UInt8])? {
    let fields = hash.split(separator: "$")
    guard fields.count == 4, fields[0] == "scrypt", fields[1].hasPrefix("ln="), fields[1].hasSuffix(",r=8,p=1"),
      let cost = Int(fields[1].dropFirst(3).prefix { $0 != "," }), (1...20).contains(cost),
      let salt = Data(base64Encoded: String(fields[2])), let key = Data(base64Encoded: String(fields[3]))
    else { return nil }
    return (cost, Array(salt), Array(key))
  }

  private static func base64(_ bytes: [UInt8]) -> String {
    Data(bytes).base64EncodedString()
  }
}

/// Counts the hashes that are under way.
private final class HashQueue: Sendable {
  private let length = Mutex(0)
  private let limit: Int
  private let metrics: GatewayMetrics

  init(limit: Int, metrics: GatewayMetrics) {
    self.limit = limit
    self.metrics = metrics
  }

  func enter() throws(PasswordHasher.Overloaded) {
    let isFull = length.withLock { length in
      guard length < limit else { return true }
      length += 1
      metrics.passwords(waiting: length)
      return false
    }
    if isFull { throw PasswordHasher.Overloaded() }
  }

  func leave() {
    length.withLock { length in
      length -= 1
      metrics.passwords(waiting: length)
    }
  }
}

enum ConstantTime {
  /// Compares without telling by the time it takes where the difference is.
  static func equal(_ one: some Sequence<UInt8>, _ other: some Sequence<UInt8>) -> Bool {
    let one = Array(one)
    let other = Array(other)
    guard one.count == other.count else { return false }
    return zip(one, other).reduce(into: 0 as UInt8) { $0 |= $1.0 ^ $1.1 } == 0
  }
}
