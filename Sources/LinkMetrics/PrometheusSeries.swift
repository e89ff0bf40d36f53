import CoreMetrics
import Synchronization

/// One line of values, or a group of lines, of a metric in the exposition.
protocol PrometheusSeries: AnyObject, Sendable {
  /// As `# TYPE` says it.
  static var type: String { get }
  /// The samples: what follows the metric's name, an additional label if there is one, and the value.
  var samples: [PrometheusSample] { get }
}

struct PrometheusSample: Sendable, Hashable {
  var suffix = ""
  /// The upper bound of a histogram's bucket.
  var bound: Double?
  var value: Double
}

/// A counter. What would make it smaller is ignored.
final class PrometheusCounter: PrometheusSeries, CounterHandler, FloatingPointCounterHandler {
  static let type = "counter"
  private let value = Mutex(0.0)

  var samples: [PrometheusSample] { [PrometheusSample(value: value.withLock { $0 })] }

  func increment(by amount: Int64) { increment(by: Double(amount)) }

  func increment(by amount: Double) {
    guard amount > 0 else { return }
    value.withLock { $0 += amount }
  }

  func reset() { value.withLock { $0 = 0 } }
}

/// A gauge: the last value that was set, moved by what was added since.
final class PrometheusGauge: PrometheusSeries, MeterHandler, RecorderHandler {
  static let type = "gauge"
  private let value = Mutex(0.0)

  var samples: [PrometheusSample] { [PrometheusSample(value: value.withLock { $0 })] }

  func set(_ value: Int64) { set(Double(value)) }
  func set(_ value: Double) { self.value.withLock { $0 = value } }
  func increment(by amount: Double) { value.withLock { $0 += amount } }
  func decrement(by amount: Double) { value.withLock { $0 -= amount } }
  func record(_ value: Int64) { set(Double(value)) }
  func record(_ value: Double) { set(value) }
}

/// Values counted by size. Those of a timer are seconds.
final class PrometheusHistogram: PrometheusSeries, TimerHandler, RecorderHandler {
  static let type = "histogram"

  private struct State {
    /// How many fell into each bucket and into none smaller; the last is for those above all bounds.
    var counts: [UInt64]
    var sum = 0.0
  }

  private let bounds: [Double]
  private let state: Mutex<State>

  /// - Parameter bounds: ascending.
  init(bounds: [Double]) {
    self.bounds = bounds
    state = Mutex(State(counts: Array(repeating: 0, count: bounds.count + 1)))
  }

  func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1_000_000_000) }
  func record(_ value: Int64) { record(Double(value)) }

  /// Nothing takes less than no time, whatever a clock that was set says; what is no number is not counted.
  func record(_ value: Double) {
    guard value.isFinite else { return }
    let value = max(value, 0)
    let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
    state.withLock { state in
      state.counts[bucket] += 1
      state.sum += value
    }
  }

  var samples: [PrometheusSample] {
    let state = state.withLock { $0 }
    var total: UInt64 = 0
    var samples: [PrometheusSample] = []
    for (bound, count) in zip(bounds + [.infinity], state.counts) {
      total += count
      samples.append(PrometheusSample(suffix: "_bucket", bound: bound, value: Double(total)))
    }
    return samples + [
      PrometheusSample(suffix: "_sum", value: state.sum), PrometheusSample(suffix: "_count", value: Double(total)),
    ]
  }
}
