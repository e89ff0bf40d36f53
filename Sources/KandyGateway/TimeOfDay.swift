#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The real time of day; tests bring their own.
public enum TimeOfDay {
  /// Milliseconds since 1970.
  public static func now() -> Int64 {
    Int64(Date().timeIntervalSince1970 * 1_000)
  }
}
