public import CoreMetrics
import Synchronization

/// Keeps what is measured through swift-metrics, and writes it in Prometheus' text format.
///
///     let registry = PrometheusRegistry(Gateway.metrics + Client.metrics)
///     let gateway = try Gateway(configuration, metrics: registry)
///     … registry.text …
///
/// Timers, and recorders that aggregate, become histograms; other recorders and meters gauges. A name belongs to the kind that used it
/// first. How many series a name may have is bounded: a label that turns out to have more values than anybody thought cannot fill the
/// memory. What is refused is counted.
public final class PrometheusRegistry: MetricsFactory {
  /// What an HTTP answer with `text` has as its `Content-Type`.
  public static let contentType = PrometheusText.contentType

  /// How many series were refused: always there, the first sign of a wrong label.
  public static let refusals = MetricDescription(
    "kandy_metrics_refused_series_total", .counter, unit: "series",
    meaning: "Series that were refused: too many label values, or one name for two kinds.")

  private struct Family {
    var series: [[PrometheusText.Label]: any PrometheusSeries] = [:]
    let type: String
  }

  private let descriptions: [String: MetricDescription]
  private let limit: Int
  private let families = Mutex<[String: Family]>([:])
  private let refused = PrometheusCounter()

  /// - Parameters:
  ///   - descriptions: give their metrics a help text, and timers their buckets.
  ///   - limit: how many series a name may have.
  public init(_ descriptions: [MetricDescription] = [], seriesPerMetric limit: Int = 500) {
    self.descriptions = Dictionary(
      (descriptions + [Self.refusals]).map { (PrometheusText.name($0.name), $0) }, uniquingKeysWith: { first, _ in first })
    self.limit = limit
    families.withLock { $0[Self.refusals.name] = Family(series: [[]: refused], type: PrometheusCounter.type) }
  }

  /// Everything measured so far, by name and labels.
  public var text: String {
    families.withLock { $0 }.sorted { $0.key < $1.key }.map { name, family in
      let head = PrometheusText.head(name, type: family.type, meaning: descriptions[name]?.meaning)
      let lines = family.series.map { labels, series in
        (labels.map(\.text).joined(), series.samples.map { PrometheusText.line(name, labels, $0) }.joined())
      }
      return head + lines.sorted { $0.0 < $1.0 }.map(\.1).joined()
    }.joined()
  }

  // MARK: - MetricsFactory

  public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
    series(label, dimensions, PrometheusCounter.init) ?? NOOPMetricsHandler.instance
  }

  public func makeFloatingPointCounter(label: String, dimensions: [(String, String)]) -> any FloatingPointCounterHandler {
    series(label, dimensions, PrometheusCounter.init) ?? NOOPMetricsHandler.instance
  }

  public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
    series(label, dimensions, PrometheusGauge.init) ?? NOOPMetricsHandler.instance
  }

  public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
    let recorder: (any RecorderHandler)? =
      if aggregate { histogram(label, dimensions) } else { series(label, dimensions, PrometheusGauge.init) }
    return recorder ?? NOOPMetricsHandler.instance
  }

  public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    histogram(label, dimensions) ?? NOOPMetricsHandler.instance
  }

  public func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
  public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { remove(handler) }
  public func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
  public func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
  public func destroyTimer(_ handler: any TimerHandler) { remove(handler) }

  // MARK: - Series

  private func histogram(_ label: String, _ dimensions: [(String, String)]) -> PrometheusHistogram? {
    let bounds = descriptions[PrometheusText.name(label)]?.buckets ?? MetricDescription.requestBuckets
    return series(label, dimensions) { PrometheusHistogram(bounds: bounds) }
  }

  /// The series of this name and these labels, the same each time; `nil` when it is refused.
  private func series<Series: PrometheusSeries>(
    _ label: String, _ dimensions: [(String, String)], _ make: () -> Series
  ) -> Series? {
    let name = PrometheusText.name(label)
    let labels = PrometheusText.labels(dimensions)
    let series = families.withLock { families -> Series? in
      var family = families[name] ?? Family(type: Series.type)
      if let known = family.series[labels] { return known as? Series }
      guard family.type == Series.type, family.series.count < limit else { return nil }
      let made = make()
      family.series[labels] = made
      families[name] = family
      return made
    }
    if series == nil { refused.increment(by: 1 as Int64) }
    return series
  }

  private func remove(_ handler: AnyObject) {
    families.withLock { families in
      for (name, family) in families {
        guard let labels = family.series.first(where: { $0.value === handler })?.key else { continue }
        families[name]?.series[labels] = nil
        if families[name]?.series.isEmpty == true { families[name] = nil }
        return
      }
    }
  }
}
