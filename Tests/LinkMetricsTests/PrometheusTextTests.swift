import CoreMetrics
import LinkMetrics
import Testing

/// What a scraper gets, written by hand from the description of the format (version 0.0.4).
struct PrometheusTextTests {
  /// The lines of one metric.
  private static func lines(_ registry: PrometheusRegistry, of name: String) -> String {
    registry.text.split(separator: "\n").filter { $0.contains(name) }.joined(separator: "\n")
  }

  @Test func everyKindOfMetricIsWrittenAsTheFormatSays() {
    let registry = PrometheusRegistry([
      MetricDescription("b_seconds", .timer, unit: "seconds", meaning: "How long.", buckets: [0.25, 1]),
      MetricDescription("a_total", .counter, unit: "things", meaning: "What happened."),
      MetricDescription("never_used", .gauge, unit: "things", meaning: "Nobody made one."),
    ])
    Counter(label: "a_total", dimensions: [("way", "up"), ("colour", "red")], factory: registry).increment(by: 3)
    Counter(label: "a_total", dimensions: [("way", "down"), ("colour", "red")], factory: registry).increment()
    let timer = Timer(label: "b_seconds", dimensions: [], factory: registry)
    timer.recordMilliseconds(250)
    timer.recordMilliseconds(500)
    timer.recordSeconds(2)
    Meter(label: "c", factory: registry).set(-1.5)
    #expect(
      registry.text == """
        # HELP a_total What happened.
        # TYPE a_total counter
        a_total{colour="red",way="down"} 1
        a_total{colour="red",way="up"} 3
        # HELP b_seconds How long.
        # TYPE b_seconds histogram
        b_seconds_bucket{le="0.25"} 1
        b_seconds_bucket{le="1"} 2
        b_seconds_bucket{le="+Inf"} 3
        b_seconds_sum 2.75
        b_seconds_count 3
        # TYPE c gauge
        c -1.5
        # HELP kandy_metrics_refused_series_total \
        Series that were refused: too many label values, or one name for two kinds.
        # TYPE kandy_metrics_refused_series_total counter
        kandy_metrics_refused_series_total 0

        """)
  }

  @Test func whatWouldBreakALineIsEscaped() {
    let registry = PrometheusRegistry([
      MetricDescription("a", .counter, unit: "things", meaning: "One \\ and\na \"second\" line.")
    ])
    Counter(label: "a", dimensions: [("x", "back\\slash \"quoted\"\nand é")], factory: registry).increment()
    #expect(
      Self.lines(registry, of: " a") == #"""
        # HELP a One \\ and\na "second" line.
        # TYPE a counter
        """#)
    #expect(Self.lines(registry, of: "a{") == #"a{x="back\\slash \"quoted\"\nand é"} 1"#)
  }

  @Test func namesThatTheFormatDoesNotKnowAreChanged() {
    let registry = PrometheusRegistry()
    Counter(label: "my.counter-é", dimensions: [("a-b", "1"), ("le", "2"), ("__x", "3")], factory: registry).increment()
    Counter(label: "9:lives", factory: registry).increment()
    #expect(
      Self.lines(registry, of: "my_counter__") == """
        # TYPE my_counter__ counter
        my_counter__{a_b="1",exported___x="3",exported_le="2"} 1
        """)
    #expect(Self.lines(registry, of: "_9:lives 1") == "_9:lives 1")
  }

  @Test func numbersAreWrittenAsGoReadsThem() {
    let registry = PrometheusRegistry()
    let gauge = Meter(label: "a", factory: registry)
    for (value, text) in [
      (0.0, "0"), (3, "3"), (0.1, "0.1"), (-2, "-2"), (1e-7, "1e-07"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"),
    ] {
      gauge.set(value)
      #expect(Self.lines(registry, of: "a ").hasSuffix("\na \(text)"))
    }
  }
}
