import Crypto
import Synchronization

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Remembers which passwords have been found right, so that scrypt is not paid for with every request.
///
/// It holds neither passwords nor anything that helps to find one: only HMACs under a key that lives as long as the process. An
/// entry counts for exactly one stored hash, salt included. Whoever changes or removes a user, in this process or another, thereby
/// makes it worthless at the next request.
final class VerifiedPasswords: Sendable {
  private let key = SymmetricKey(size: .bits256)
  private let hashes = Mutex<[Data: String]>([:])
  private let limit: Int

  init(limit: Int = 10_000) {
    self.limit = limit
  }

  func contains(_ password: String, of name: String, for hash: String) -> Bool {
    let fingerprint = fingerprint(of: password, name)
    return hashes.withLock { $0[fingerprint] } == hash
  }

  func insert(_ password: String, of name: String, for hash: String) {
    let fingerprint = fingerprint(of: password, name)
    hashes.withLock { hashes in
      if hashes.count >= limit { hashes.removeAll() }
      hashes[fingerprint] = hash
    }
  }

  private func fingerprint(of password: String, _ name: String) -> Data {
    // A name has no colon.
    Data(HMAC<SHA256>.authenticationCode(for: Data("\(name):\(password)".utf8), using: key))
  }
}
