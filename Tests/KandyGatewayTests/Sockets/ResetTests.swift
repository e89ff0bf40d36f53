import Dispatch
import KandyTesting
import LinkProtocol
import LinkSocket
import NIOCore
import NIOPosix
import Testing

@testable import KandyGateway

/// A client whose connection is reset while its request is being answered loses the answer. Nobody else loses anything.
@Suite(.timeLimit(.minutes(1))) struct ResetTests {
  private static let call = #"{"callControlRequest": {"type": "callStart", "from": "a", "to": "bob@example.com", "sdp": "A1"}}"#

  /// Sends a request, resets the connection while the request is being worked on, and returns when the gateway knows.
  private func sendAndReset(_ request: String, to bench: SocketBench) async throws {
    let database = bench.gateway.database
    let (isHeld, isFree) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    let (held, nowHeld) = AsyncStream.makeStream(of: Void.self)
    async let holding: Void = database.write { _ in
      nowHeld.yield()
      isFree.wait()
      isHeld.signal()
    }
    await held.first { true }
    let client = try await RawClient.connect(port: bench.port)
    try await client.send(request)
    try await client.reset()
    // Every event loop has then seen what had happened before.
    for _ in 0..<(4 * System.coreCount) {
      let other = try await RawClient.connect(port: bench.port)
      _ = try await other.exchange("GET /")
    }
    isFree.signal()
    try await holding
  }

  @Test(.spec("R-CALL-3")) func theCalleeHearsOfACallWhoseCallerWasCutOff() async throws {
    try await SocketBench.run(users: ["alice@example.com", "bob@example.com"]) { bench in
      let bob = try await bench.device("bob")
      let headers = [RawClient.basic("alice@example.com")]
      let target = "POST /rest/version/1/user/alice@example.com/callControl"
      try await sendAndReset(RawClient.request(target, headers, body: Self.call), to: bench)
      let socket = try await bench.connect(bob)
      var messages = socket.messages.makeAsyncIterator()
      let notification = try WireCoding.decode(
        LinkProtocol.Notification.self, from: .init(try #require(await messages.next()).utf8))
      #expect(notification.eventType == .call)
      await socket.close()
    }
  }

  @Test(.spec("R-CALL-213")) func theFarEndHearsOfTheEndWhoseSenderWasCutOff() async throws {
    try await SocketBench.run(users: ["alice@example.com", "bob@example.com"]) { bench in
      let bob = try await bench.device("bob")
      let headers = [RawClient.basic("alice@example.com")]
      let client = try await RawClient.connect(port: bench.port)
      let path = "/rest/version/1/user/alice@example.com/callControl"
      let started = try await client.exchange("POST \(path)", headers, body: Self.call)
      let answer = try WireCoding.decode(CallControlResponse.self, from: .init(started.body.utf8))
      let session = try #require(answer.sessionData)
      try await sendAndReset(RawClient.request("DELETE \(path)/callSessions/\(session)", headers), to: bench)
      let socket = try await bench.connect(bob)
      var types: [EventType] = []
      for await text in socket.messages {
        types.append(try WireCoding.decode(LinkProtocol.Notification.self, from: .init(text.utf8)).eventType)
        if types.last == .callEnd { break }
      }
      #expect(types == [.call, .callEnd])
      await socket.close()
    }
  }

  @Test(.spec("R-CONN-562")) func aSubscriptionIsOverAlthoughTheAnswerToItsEndWasLost() async throws {
    try await SocketBench.run(users: ["alice@example.com"]) { bench in
      let client = try await RawClient.connect(port: bench.port)
      let headers = [RawClient.basic("alice@example.com")]
      let path = "/rest/version/1/user/alice@example.com/subscription"
      let made = try await client.exchange("POST \(path)", headers, body: #"{"subscribeRequest": {"service": ["call"]}}"#)
      let response = try WireCoding.decode(SubscribeResponse.self, from: .init(made.body.utf8))
      let own = try #require(response.subscription)
      try await sendAndReset(RawClient.request("DELETE \(own)", headers), to: bench)
      while await !bench.gateway.hub.subscriptions.isEmpty {
        try Task.checkCancellation()
        await Task.yield()
      }
    }
  }
}
