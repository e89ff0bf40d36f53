import Benchmark
import Foundation
import Kandy
import KandyGateway
import KandyTesting
import LinkProtocol
import LinkSocket
import Logging
import Synchronization

// A gateway under load, over loopback. Server and load share the process and the machine's cores, in the baselines too.

private enum Load {
  /// Pairs of users that call each other at the same time, or connections of the baseline.
  static let pairs = 16
  static let rounds = 100
  /// Sockets or clients that do nothing.
  static let idle = 500

  static let sdp =
    "a=ice-options:trickle\r\n"
    + String(repeating: "a=candidate:1 1 udp 2122260223 192.0.2.10 40000 typ host generation 0\r\n", count: 20)

  static func users(_ count: Int) -> [UserAddress] { (0..<count).compactMap { UserAddress("user\($0)@example.com") } }

  static var logger: Logger {
    var logger = Logger(label: "bench")
    logger.logLevel = .critical
    return logger
  }

  /// Runs `job` for each pair at the same time. - Returns: how many jobs were done in a second.
  static func rate(jobsPerPair: Int, _ job: @escaping @Sendable (Int) async throws -> Void) async throws -> Int {
    let elapsed = try await ContinuousClock().measure {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for pair in 0..<pairs { group.addTask { try await job(pair) } }
        try await group.waitForAll()
      }
    }
    return Int((Double(pairs * jobsPerPair) / (elapsed / .seconds(1))).rounded())
  }
}

private enum Figure {
  static var rate: BenchmarkMetric { .custom("per second", polarity: .prefersLarger, useScalingFactor: false) }
  static var bytes: BenchmarkMetric { .custom("bytes", polarity: .prefersSmaller, useScalingFactor: false) }
}

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
    metrics: [.throughput, Figure.rate, Figure.bytes], warmupIterations: 1, maxDuration: .seconds(60),
    maxIterations: 5)

  Benchmark("baseline: three requests to a bare route") { try await bareRequests($0) }
  Benchmark("call set-ups") { try await calls($0) }
  Benchmark("baseline: bare WebSocket echo") { try await bareEcho($0) }
  Benchmark("notifications") { try await notifications($0) }

  Benchmark.defaultConfiguration.warmupIterations = 0
  Benchmark.defaultConfiguration.maxIterations = 3
  Benchmark("baseline: an idle bare WebSocket") { try await idleSockets($0) }
  Benchmark("an idle gateway connection") { try await idleConnections($0) }
  Benchmark("an idle client and its gateway connection") { try await idleClients($0) }
}

// MARK: - Rates

/// What a call costs at least: three requests whose bodies have the same size.
private func bareRequests(_ benchmark: Benchmark) async throws {
  let body = try String(
    decoding: WireCoding.encode(CallControlRequest(type: .callStart, from: "a", to: "b", sdp: Load.sdp)), as: UTF8.self)
  let user = Load.users(1)[0]
  let found = Mutex(0)
  try await BareRoute.serving(#"{"callControlResponse":{"statusCode":0,"sessionData":"x"}}"#) { url in
    let rate = try await Load.rate(jobsPerPair: Load.rounds) { _ in
      for _ in 0..<Load.rounds {
        for text in [body, body, ""] { try await LoadClient.send(.post, url, user: user, text) }
      }
    }
    found.withLock { $0 = rate }
  }
  benchmark.report(Figure.rate, found.withLock { $0 })
}

/// Each pair: A calls, B is rung and answers, A learns of it and hangs up, both learn of the end.
private func calls(_ benchmark: Benchmark) async throws {
  try await InProcessGateway.run(users: Load.users(2 * Load.pairs), logger: Load.logger) { gateway in
    let clients = try await connected(to: gateway)
    let rate = try await Load.rate(jobsPerPair: Load.rounds) { pair in
      let (alice, bob) = (clients[2 * pair], clients[2 * pair + 1])
      for _ in 0..<Load.rounds {
        let session = try await call(alice, bob)
        try await alice.control(.delete, session)
        _ = try await bob.next(.callEnd)
        _ = try await alice.next(.callEnd)
      }
    }
    benchmark.report(Figure.rate, rate)
    for client in clients { await client.socket.close() }
  }
}

/// Echoes to and fro over as many connections as there are pairs, with the size of a notification.
private func bareEcho(_ benchmark: Benchmark) async throws {
  let echo = try await BareEcho.start()
  var sockets: [WebSocketConnection] = []
  for _ in 0..<Load.pairs { sockets.append(try await WebSocketClient.connect(url: echo.url)) }
  let text = Load.sdp
  let rate = try await Load.rate(jobsPerPair: 10 * Load.rounds) { [sockets] pair in
    for _ in 0..<10 * Load.rounds {
      try await sockets[pair].send(text)
      for await _ in sockets[pair].messages { break }
    }
  }
  benchmark.report(Figure.rate, rate)
  for socket in sockets { await socket.close() }
  try await echo.stop()
}

/// In an answered call one end sends candidates, each a request, and the other reads the notification that comes of it.
private func notifications(_ benchmark: Benchmark) async throws {
  try await InProcessGateway.run(users: Load.users(2 * Load.pairs), logger: Load.logger) { gateway in
    let clients = try await connected(to: gateway)
    var sessions: [SessionID] = []
    for pair in 0..<Load.pairs { sessions.append(try await call(clients[2 * pair], clients[2 * pair + 1])) }
    let candidate = ICECandidate(candidate: Load.sdp, sdpMid: "0", sdpMLineIndex: 0)
    let rate = try await Load.rate(jobsPerPair: 2 * Load.rounds) { [sessions] pair in
      for _ in 0..<2 * Load.rounds {
        var request = CallControlRequest(type: .updateIceCandidate)
        request.iceCandidates = [candidate]
        try await clients[2 * pair].control(.put, sessions[pair], request)
        _ = try await clients[2 * pair + 1].next(.iceCandidate)
      }
    }
    benchmark.report(Figure.rate, rate)
    for client in clients { await client.socket.close() }
  }
}

private func connected(to gateway: InProcessGateway) async throws -> [LoadClient] {
  var clients: [LoadClient] = []
  for user in Load.users(2 * Load.pairs) { clients.append(try await LoadClient.connect(user, port: gateway.port)) }
  return clients
}

/// - Returns: the caller's session of an answered call.
private func call(_ alice: LoadClient, _ bob: LoadClient) async throws -> SessionID {
  let start = CallControlRequest(type: .callStart, from: alice.user.description, to: bob.user.description, sdp: Load.sdp)
  guard let session = try await alice.control(.post, nil, start).sessionData,
    let callee = try await bob.next(.call).sessionParams?.sessionData
  else { throw LoadClient.LoadError.refused }
  try await bob.control(.put, callee, CallControlRequest(type: .callAnswer, sdp: Load.sdp))
  _ = try await alice.next(.respondCallUpdate)
  return session
}

// MARK: - Memory

/// What the process grows by with each of many, after a few have warmed it up.
private func growth<Thing>(_ make: (Int) async throws -> Thing, _ end: ([Thing]) async -> Void) async throws -> Int {
  var things: [Thing] = []
  for number in 0..<20 { things.append(try await make(number)) }
  let before = Memory.resident()
  for number in 20..<(20 + Load.idle) { things.append(try await make(number)) }
  let bytes = (Memory.resident() - before) / Load.idle
  await end(things)
  return bytes
}

private func idleSockets(_ benchmark: Benchmark) async throws {
  let echo = try await BareEcho.start()
  let bytes = try await growth({ _ in try await WebSocketClient.connect(url: echo.url) }) { sockets in
    for socket in sockets { await socket.close() }
  }
  benchmark.report(Figure.bytes, bytes)
  try await echo.stop()
}

private func idleConnections(_ benchmark: Benchmark) async throws {
  let users = Load.users(20 + Load.idle)
  try await InProcessGateway.run(users: users, logger: Load.logger) { gateway in
    let bytes = try await growth({ try await LoadClient.connect(users[$0], port: gateway.port) }) { clients in
      for client in clients { await client.socket.close() }
    }
    benchmark.report(Figure.bytes, bytes)
  }
}

private func idleClients(_ benchmark: Benchmark) async throws {
  let users = Load.users(20 + Load.idle)
  try await InProcessGateway.run(users: users, logger: Load.logger) { gateway in
    var configuration = gateway.configuration()
    configuration.logs.logLevel = .silent
    let bytes = try await growth({ number in
      let client = Kandy.create(configuration)
      try await client.connect(Credentials(username: users[number].description, password: InProcessGateway.password))
      return client
    }) { clients in
      for client in clients {
        await client.disconnect()
        await client.destroy()
      }
    }
    benchmark.report(Figure.bytes, bytes)
  }
}
