public import CoreMetrics

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What a client takes from the world beside its network and media engine. Tests bring their own.
public struct Surroundings: Sendable {
  /// What timers sleep on.
  public var clock: any Clock<Duration>
  /// Milliseconds since 1970.
  public var now: @Sendable () -> Int64
  /// A number from 0 up to, not including, 1.
  public var random: @Sendable () -> Double
  /// A fresh identifier: letters, digits and hyphens.
  public var makeID: @Sendable () -> String
  /// What outlives the process.
  public var storage: any ClientStorage
  /// Where what is measured goes (docs/metrics.md): what the application has bootstrapped swift-metrics with, unless it says otherwise.
  public var metrics: any MetricsFactory

  public init(
    clock: any Clock<Duration> = ContinuousClock(),
    now: @escaping @Sendable () -> Int64 = Surroundings.timeOfDay,
    random: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) },
    makeID: @escaping @Sendable () -> String = Surroundings.freshID, storage: any ClientStorage = FileStorage(),
    metrics: any MetricsFactory = MetricsSystem.factory
  ) {
    self.clock = clock
    self.now = now
    self.random = random
    self.makeID = makeID
    self.storage = storage
    self.metrics = metrics
  }

  /// The system's time in milliseconds since 1970.
  @Sendable public static func timeOfDay() -> Int64 { Int64((Date().timeIntervalSince1970 * 1_000).rounded()) }

  /// A random UUID.
  @Sendable public static func freshID() -> String { UUID().uuidString.lowercased() }
}
