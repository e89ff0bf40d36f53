import Benchmark
import Foundation
import Kandy
import KandyTesting
import LinkLogic
import LinkProtocol

// What needs no network: texts become values, and machines decide. Each figure has a baseline beside it that does as little as can be
// done for the same purpose.

let benchmarks: @Sendable () -> Void = {
  Benchmark.defaultConfiguration = .init(
    metrics: [.throughput, .wallClock], warmupIterations: 3, scalingFactor: .kilo, maxDuration: .seconds(3), maxIterations: 200)

  Benchmark("baseline: split a description into lines") { benchmark in
    for _ in benchmark.scaledIterations { blackHole(Texts.offer.utf8.split(separator: UInt8(ascii: "\n"))) }
  }
  Benchmark("session description: parse") { benchmark in
    for _ in benchmark.scaledIterations { blackHole(try SessionDescription(Texts.offer)) }
  }
  Benchmark("baseline: join lines to a description") { benchmark in
    let lines = Texts.offer.split(separator: "\r\n")
    benchmark.startMeasurement()
    for _ in benchmark.scaledIterations { blackHole(lines.joined(separator: "\r\n")) }
  }
  Benchmark("session description: print") { benchmark in
    let description = try SessionDescription(Texts.offer)
    benchmark.startMeasurement()
    for _ in benchmark.scaledIterations { blackHole(description.text) }
  }

  Benchmark("baseline: JSON of a notification to dictionaries") { benchmark in
    let data = Data(Texts.notification(0).utf8)
    benchmark.startMeasurement()
    for _ in benchmark.scaledIterations { blackHole(try JSONSerialization.jsonObject(with: data)) }
  }
  Benchmark("notification: decode") { benchmark in
    let data = Data(Texts.notification(0).utf8)
    benchmark.startMeasurement()
    for _ in benchmark.scaledIterations { blackHole(try WireCoding.decode(LinkProtocol.Notification.self, from: data)) }
  }
  Benchmark("notification: frame to event") { benchmark in try await events(benchmark) }

  Benchmark("baseline: an input through an AsyncStream") { benchmark in
    let (stream, continuation) = AsyncStream.makeStream(of: Int.self)
    benchmark.startMeasurement()
    for number in benchmark.scaledIterations { continuation.yield(number) }
    continuation.finish()
    for await number in stream { blackHole(number) }
  }
  Benchmark("call machine: a call of 8 inputs") { benchmark in
    for _ in benchmark.scaledIterations { blackHole(clientCall()) }
  }
  Benchmark("gateway call machine: a call of 4 inputs") { benchmark in
    for _ in benchmark.scaledIterations { blackHole(gatewayCall()) }
  }
}

/// A connected client reads a thousand frames; the time is from the first frame to the last event.
private func events(_ benchmark: Benchmark) async throws {
  let transport = ScriptedTransport()
  transport.expect(
    .post, "subscription",
    .json([
      "subscribeResponse": [
        "statusCode": 0, "subscription": "/rest/version/1/user/alice@example.com/subscription/s",
        "subscriptionParams": [
          "expires": 3_600, "service": ["call"], "notificationType": "WebSocket", "notificationChannel": "/notification/x",
        ],
      ]
    ]))
  let socket = transport.expectSocket()
  var configuration = Configuration()
  configuration.authentication.subscription.server = "kl.example.com"
  configuration.logs.logLevel = .silent
  let client = Kandy.create(configuration, transport: transport)
  try await client.connect(Credentials(username: "alice@example.com", password: "secret"))
  let frames = benchmark.scaledIterations.map { Texts.notification($0) }
  let events = client.events
  benchmark.startMeasurement()
  for frame in frames { socket.push(frame) }
  var seen = 0
  for await event in events {
    if case .notificationReceived = event { seen += 1 }
    if seen == frames.count { break }
  }
  benchmark.stopMeasurement()
  await client.destroy()
}

/// Somebody is called, answers, and is hung up on.
private func clientCall() -> CallMachine {
  var machine = CallMachine(
    outgoing: OutgoingCall(callee: "bob@example.com"), settings: .init(user: "alice@example.com", domain: "example.com"))
  var work = 0
  var request = 0
  func feed(_ input: CallMachine.Input) {
    for effect in machine.handle(input, at: 1_700_000_000_000) {
      switch effect {
      case .media(_, let id): work = id
      case .send(_, let id, _): request = id
      default: break
      }
    }
  }
  feed(.make(1))
  feed(.work(work, .described(Texts.offer)))
  feed(.response(request, .success(CallControlResponse(sessionData: "s1"))))
  feed(.notice(CallNotice(.ringing)))
  feed(.notice(CallNotice(.answer, sdp: Texts.offer)))
  feed(.work(work, .done))
  feed(.mediaState(.connected))
  feed(.end(2))
  return machine
}

private func gatewayCall() -> GatewayCallMachine {
  let alice = GatewayCallMachine.Party(user: "alice@example.com", name: "Alice Adams")
  let bob = GatewayCallMachine.Party(user: "bob@example.com", name: "Bob Brown")
  var machine = GatewayCallMachine(.init(caller: alice, callee: bob, callerSession: "sA", calleeSession: "sB"))
  blackHole(machine.handle(.start(.init(sdp: Texts.offer), callee: .online)))
  blackHole(machine.handle(.notified("sB")))
  blackHole(machine.handle(.request("sB", .answer(.init(sdp: Texts.offer), device: nil))))
  blackHole(machine.handle(.request("sA", .end(reasonText: nil))))
  return machine
}
