/// What a metric is called, what it measures and by what it is divided: said once, for the code that measures, for the exposition, and
/// for docs/metrics.md.
///
/// Names are part of the contract with operators: one that has been released keeps its meaning.
public struct MetricDescription: Sendable, Hashable {
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    /// Only grows.
    case counter
    /// What is there now.
    case gauge
    /// How long things took: their number, their sum, and how many of them took at most so long.
    case timer
  }

  /// By what a metric is divided. Its values are few and known beforehand: nothing that a user could choose, and nobody's name.
  public struct Label: Sendable, Hashable {
    public var name: String
    /// The values; `nil` where the program that measures makes them from a list of its own.
    public var values: [String]?

    public init(_ name: String, _ values: [String]? = nil) {
      self.name = name
      self.values = values
    }
  }

  public var name: String
  public var kind: Kind
  public var labels: [Label]
  /// Of the values as they are exposed, such as `seconds`.
  public var unit: String
  /// One sentence for people.
  public var meaning: String
  /// Of timers: the upper bounds of the buckets in seconds, ascending.
  public var buckets: [Double]

  public init(
    _ name: String, _ kind: Kind, labels: [Label] = [], unit: String, meaning: String,
    buckets: [Double] = MetricDescription.requestBuckets
  ) {
    self.name = name
    self.kind = kind
    self.labels = labels
    self.unit = unit
    self.meaning = meaning
    self.buckets = buckets
  }

  /// For what machines do: from a millisecond to ten seconds.
  public static let requestBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
  /// For what people have a part in: from a tenth of a second to two minutes.
  public static let callBuckets = [0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 20, 30, 60, 120]
}
