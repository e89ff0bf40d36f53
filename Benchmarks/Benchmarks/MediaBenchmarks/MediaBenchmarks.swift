import Benchmark
import Foundation
import Kandy
import KandyGateway
import KandyTesting
import KandyWebRTC
import LinkMedia
import Logging

#if canImport(Glibc)
  import Glibc
#endif

// Real calls: two clients with real libwebrtc, a gateway and real sockets, all in this process.

private enum Figure {
  static var setUp: BenchmarkMetric { .custom("set-up µs", polarity: .prefersSmaller, useScalingFactor: false) }
  static var cpu: BenchmarkMetric { .custom("CPU ms per minute", polarity: .prefersSmaller, useScalingFactor: false) }
}

/// How long a call is watched.
private let watched = Duration.seconds(15)

extension Benchmark {
  /// What a round came to. The round's own time does not count, and the export drops benchmarks whose rounds take longer than a second.
  fileprivate func report(_ metric: BenchmarkMetric, _ value: Int) {
    startMeasurement()
    measurement(metric, value)
    stopMeasurement()
  }
}

let benchmarks: @Sendable () -> Void = {
  Benchmark.defaultConfiguration = .init(
    metrics: [.throughput, Figure.setUp, Figure.cpu], warmupIterations: 1, maxDuration: .seconds(60),
    maxIterations: 20)
  Benchmark("baseline: set up two bare peers") { benchmark in
    let engine = WebRTCEngine()
    _ = await engine.initialize()
    let start = ContinuousClock.now
    let pair = try await BarePair.connect(engine)
    benchmark.report(Figure.setUp, microseconds(since: start))
    await pair.close()
    await engine.shutdown()
  }
  Benchmark("set up a call") { benchmark in
    try await People.run { people in
      let start = ContinuousClock.now
      let call = try await people.call()
      benchmark.report(Figure.setUp, microseconds(since: start))
      try await call.end()
    }
  }

  Benchmark.defaultConfiguration.warmupIterations = 0
  Benchmark.defaultConfiguration.maxIterations = 3
  Benchmark("baseline: audio between two bare peers") { benchmark in
    let engine = WebRTCEngine()
    let pair = try await BarePair.connect(engine)
    benchmark.report(Figure.cpu, try await millisecondsPerMinute())
    await pair.close()
    await engine.shutdown()
  }
  Benchmark("an audio call, both ends and the gateway") { benchmark in
    try await People.run { people in
      let call = try await people.call()
      benchmark.report(Figure.cpu, try await millisecondsPerMinute())
      try await call.end()
    }
  }
}

private func microseconds(since start: ContinuousClock.Instant) -> Int {
  Int((start.duration(to: .now) / .microseconds(1)).rounded())
}

/// The processor time of this process, scaled to a minute.
private func millisecondsPerMinute() async throws -> Int {
  let before = processorTime()
  try await Task.sleep(for: watched)
  return Int(((processorTime() - before) * 1_000 * (.seconds(60) / watched)).rounded())
}

/// Seconds, of the user and of the system.
private func processorTime() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1_000_000_000
}

/// Alice and Bob.
private struct People {
  let alice: Client
  let bob: Client

  static func run(_ body: (People) async throws -> Void) async throws {
    var logger = Logger(label: "bench")
    logger.logLevel = .critical
    try await InProcessGateway.run(users: ["alice@example.com", "bob@example.com"], logger: logger) { gateway in
      let engine = WebRTCEngine()
      _ = await engine.initialize()
      var configuration = gateway.configuration()
      configuration.logs.logLevel = .silent
      let people = People(
        alice: Kandy.create(configuration, media: engine), bob: Kandy.create(configuration, media: engine))
      for (client, name) in [(people.alice, "alice"), (people.bob, "bob")] {
        try await client.connect(Credentials(username: "\(name)@example.com", password: InProcessGateway.password))
      }
      try await body(people)
      for client in [people.alice, people.bob] {
        await client.disconnect()
        await client.destroy()
      }
      await engine.shutdown()
    }
  }

  /// From `make` until both ends have media; Bob answers at once.
  func call() async throws -> Call {
    let events = bob.events
    let made = try alice.call.make("bob@example.com", MakeOptions(isVideoEnabled: false, microphone: ToneSource(hz: 500)))
    let answered = try bob.call.answer(
      try await events.nextCall(), AnswerOptions(isVideoEnabled: false, microphone: ToneSource(hz: 900)))
    try await made.connected()
    try await answered.connected()
    return made
  }
}
