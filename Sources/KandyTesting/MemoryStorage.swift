public import Kandy
import Synchronization

#if canImport(FoundationEssentials)
  public import FoundationEssentials
#else
  public import Foundation
#endif

/// What a device keeps, without a disk. Give the same to several clients to have them on one device, one after another.
public final class MemoryStorage: ClientStorage {
  private let values = Mutex<[String: Data]>([:])

  /// Keeps nothing yet.
  public init() {}

  public func value(for key: String) async throws -> Data? { values.withLock { $0[key] } }
  public func set(_ value: Data?, for key: String) async throws { values.withLock { $0[key] = value } }
  public func keys() async throws -> [String] { values.withLock { $0.keys.sorted() } }
}
