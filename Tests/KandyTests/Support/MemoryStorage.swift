import Foundation
import Kandy
import Synchronization

/// What a device keeps, without a disk.
final class MemoryStorage: ClientStorage {
  private let values = Mutex<[String: Data]>([:])

  func value(for key: String) async throws -> Data? { values.withLock { $0[key] } }
  func set(_ value: Data?, for key: String) async throws { values.withLock { $0[key] = value } }
  func keys() async throws -> [String] { values.withLock { $0.keys.sorted() } }
}
