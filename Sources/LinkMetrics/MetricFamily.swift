public import CoreMetrics
import Synchronization

/// One metric, divided by its labels: an instrument for each combination of their values, made when it is first used.
///
///     requests["subscription", "POST", "2xx"].increment()
///
/// Where the values of all labels are known and the combinations few, all are made at once: a counter that appears only with its first
/// event has no rate at that event.
public final class MetricFamily<Instrument: Sendable>: Sendable {
  private static var fewCombinations: Int { 32 }

  private let make: @Sendable ([String]) -> Instrument
  private let instruments = Mutex<[[String]: Instrument]>([:])

  fileprivate init(_ description: MetricDescription, _ make: @escaping @Sendable ([(String, String)]) -> Instrument) {
    let names = description.labels.map(\.name)
    self.make = { values in make(Array(zip(names, values))) }
    let values = description.labels.compactMap(\.values)
    guard values.count == names.count, values.reduce(1, { $0 * $1.count }) <= Self.fewCombinations else { return }
    let combinations = values.reduce([[]]) { begun, more in begun.flatMap { one in more.map { one + [$0] } } }
    for combination in combinations { _ = instrument(combination) }
  }

  /// The instrument for these values, in the order of the description's labels.
  public subscript(_ values: String...) -> Instrument { instrument(values) }

  private func instrument(_ values: [String]) -> Instrument {
    instruments.withLock { instruments in
      if let known = instruments[values] { return known }
      let made = make(values)
      instruments[values] = made
      return made
    }
  }
}

extension MetricsFactory {
  /// A counter without labels.
  public func counter(_ description: MetricDescription) -> Counter {
    Counter(label: description.name, dimensions: [], factory: self)
  }

  /// A counter for each combination of the labels' values.
  public func counters(_ description: MetricDescription) -> MetricFamily<Counter> {
    MetricFamily(description) { Counter(label: description.name, dimensions: $0, factory: self) }
  }

  /// A gauge without labels.
  public func gauge(_ description: MetricDescription) -> Meter {
    Meter(label: description.name, dimensions: [], factory: self)
  }

  /// A timer without labels.
  public func timer(_ description: MetricDescription) -> CoreMetrics.Timer {
    Timer(label: description.name, dimensions: [], factory: self)
  }

  /// A timer for each combination of the labels' values.
  public func timers(_ description: MetricDescription) -> MetricFamily<CoreMetrics.Timer> {
    MetricFamily(description) { Timer(label: description.name, dimensions: $0, factory: self) }
  }
}

extension CoreMetrics.Timer {
  /// Records how long something took.
  public func record(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    recordNanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
  }
}
