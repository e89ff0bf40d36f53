import CoreMetrics
import LinkMetrics
import Testing

struct PrometheusRegistryTests {
  @Test func theSameNameAndLabelsAreTheSameSeries() {
    let registry = PrometheusRegistry()
    Counter(label: "a", dimensions: [("x", "1"), ("y", "2")], factory: registry).increment()
    Counter(label: "a", dimensions: [("y", "2"), ("x", "1")], factory: registry).increment(by: 4)
    #expect(registry.text.contains("\na{x=\"1\",y=\"2\"} 5\n"))
  }

  @Test func aLabelWithTooManyValuesDoesNotFillTheMemory() {
    let registry = PrometheusRegistry(seriesPerMetric: 3)
    for number in 0..<10 { Counter(label: "a", dimensions: [("user", "\(number)")], factory: registry).increment() }
    Counter(label: "a", dimensions: [("user", "0")], factory: registry).increment()
    Counter(label: "b", factory: registry).increment()
    #expect(registry.text.occurrences(of: "a{user=") == 3)
    #expect(registry.text.contains("a{user=\"0\"} 2\n"))
    #expect(registry.text.contains("b 1\n"))
    #expect(registry.text.contains("kandy_metrics_refused_series_total 7\n"))
  }

  @Test func aNameBelongsToTheKindThatUsedItFirst() {
    let registry = PrometheusRegistry()
    Counter(label: "a", factory: registry).increment()
    Meter(label: "a", dimensions: [("x", "1")], factory: registry).set(9)
    Timer(label: "a", factory: registry).recordSeconds(9)
    #expect(registry.text.hasPrefix("# TYPE a counter\na 1\n#"))
    #expect(registry.text.contains("kandy_metrics_refused_series_total 2\n"))
  }

  @Test func nothingTakesLessThanNoTime() {
    let registry = PrometheusRegistry()
    let timer = Timer(label: "a", factory: registry)
    timer.recordSeconds(2)
    timer.recordNanoseconds(-5_000_000_000)
    #expect(registry.text.contains("a_sum 2\n") && registry.text.contains("a_count 2\n"))
  }

  @Test func countersOnlyGrowAndGaugesMove() {
    let registry = PrometheusRegistry()
    let counter = Counter(label: "a", factory: registry)
    counter.increment(by: 2)
    counter.increment(by: -5)
    FloatingPointCounter(label: "b", factory: registry).increment(by: 0.5)
    let gauge = Meter(label: "c", factory: registry)
    gauge.set(5)
    gauge.increment()
    gauge.decrement(by: 2.5)
    Gauge(label: "d", factory: registry).record(7)
    Recorder(label: "e", factory: registry).record(2)
    for line in ["a 2", "b 0.5", "c 3.5", "d 7", "e_bucket{le=\"1\"} 0", "e_bucket{le=\"2.5\"} 1", "e_sum 2", "e_count 1"] {
      #expect(registry.text.contains("\n\(line)\n"))
    }
    counter.reset()
    #expect(registry.text.contains("\na 0\n"))
  }

  @Test func whatIsDestroyedIsNotShownAnyMore() {
    let registry = PrometheusRegistry()
    let counter = Counter(label: "a", dimensions: [("x", "1")], factory: registry)
    let timer = Timer(label: "b", factory: registry)
    Counter(label: "a", dimensions: [("x", "2")], factory: registry).increment()
    counter.destroy()
    timer.destroy()
    #expect(registry.text.hasPrefix("# TYPE a counter\na{x=\"2\"} 1\n# HELP kandy_metrics"))
  }

  @Test func whatManyTasksCountIsCountedOnce() async {
    let registry = PrometheusRegistry()
    await withTaskGroup { group in
      for task in 0..<8 {
        group.addTask {
          for _ in 0..<500 {
            Counter(label: "a", factory: registry).increment()
            Timer(label: "b", dimensions: [("task", "\(task % 2)")], factory: registry).recordSeconds(1)
          }
        }
      }
    }
    #expect(registry.text.contains("\na 4000\n"))
    #expect(registry.text.contains("\nb_sum{task=\"0\"} 2000\n"))
    #expect(registry.text.contains("\nb_bucket{task=\"1\",le=\"1\"} 2000\n"))
  }

  @Test func aFamilyShowsWhatHasNotHappenedYetWhereItKnowsTheLabels() {
    let registry = PrometheusRegistry()
    let known = MetricDescription(
      "known_total", .counter, labels: [.init("a", ["x", "y"]), .init("b", ["1", "2"])], unit: "things", meaning: "")
    let open = MetricDescription("open_total", .counter, labels: [.init("a", ["x"]), .init("b")], unit: "things", meaning: "")
    let counters = registry.counters(known)
    counters["y", "1"].increment()
    registry.counters(open)["x", "z"].increment()
    #expect(registry.text.contains("known_total{a=\"x\",b=\"1\"} 0\nknown_total{a=\"x\",b=\"2\"} 0\n"))
    #expect(registry.text.contains("known_total{a=\"y\",b=\"1\"} 1\nknown_total{a=\"y\",b=\"2\"} 0\n"))
    #expect(registry.text.occurrences(of: "open_total{") == 1)
  }
}

extension String {
  /// How often a text occurs.
  fileprivate func occurrences(of text: String) -> Int { ranges(of: text).count }
}
