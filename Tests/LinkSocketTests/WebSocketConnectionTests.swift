import Foundation
import KandyTesting
import NIOCore
import NIOWebSocket
import Testing

@testable import LinkSocket

/// Open connections between two real ends.
@Suite(.timeLimit(.minutes(1))) struct WebSocketConnectionTests {
  private static func all(_ connection: WebSocketConnection) async -> [String] {
    await connection.messages.reduce(into: []) { $0.append($1) }
  }

  // MARK: - Messages

  @Test func messagesGoBothWaysInOrder() async throws {
    try await Loopback.pair { server, client in
      let down = (0..<1_000).map { "down \($0) grüße" }
      let up = (0..<1_000).map { "up \($0)" }
      async let atClient = Self.all(client)
      async let atServer = server.messages.prefix(up.count).reduce(into: []) { $0.append($1) }
      async let sent: Void = {
        for text in up { try await client.send(text) }
      }()
      for text in down { try await server.send(text) }
      try await sent
      #expect(await atServer == up)
      await server.close()
      #expect(await atClient == down)
    }
  }

  @Test func theLargestMessageArrivesWhole() async throws {
    try await Loopback.pair { server, client in
      let large = String(repeating: "0123456789abcdef", count: 1 << 16)
      try await server.send(large)
      try await server.send("")
      #expect(await client.messages.prefix(2).reduce(into: []) { $0.append($1) } == [large, ""])
    }
  }

  @Test func whoeverPingsKnowsThatEverythingBeforeHasArrived() async throws {
    try await Loopback.pair { server, client in
      async let atClient = client.messages.prefix(100).reduce(into: []) { $0.append($1) }
      for number in 0..<100 { try await server.send("\(number)") }
      try await server.ping()
      try await client.ping()
      #expect(await atClient == (0..<100).map { "\($0)" })
    }
  }

  @Test func aPingThatNobodyAnswersEndsWithTheConnection() async throws {
    try await Loopback.frames { peer, client in
      async let answer: Void = client.ping()
      let ping = await peer.next()
      #expect(ping?.opcode == .ping)
      try await peer.send(.pong, ByteBuffer(string: "something else"))
      try await peer.channel.close()
      do {
        try await answer
        Issue.record("the ping was answered")
      } catch {
        #expect(error as? WebSocketError == .closed)
      }
      await #expect(throws: WebSocketError.closed) { try await client.ping() }
    }
  }

  @Test func theAnswerToALaterPingAnswersTheEarlierOnes() async throws {
    try await Loopback.frames { peer, client in
      async let first: Void = client.ping()
      let one = await peer.next()
      async let second: Void = client.ping()
      let two = try #require(await peer.next())
      #expect(one?.unmaskedData != two.unmaskedData)
      try await peer.send(.pong, two.unmaskedData)
      try await first
      try await second
    }
  }

  @Test(.spec("R-CONN-611")) func fragmentsWithAPingBetweenThemArriveAsOneMessage() async throws {
    try await Loopback.frames { peer, client in
      try await peer.send(.text, ByteBuffer(string: "one "), fin: false)
      try await peer.send(.ping, ByteBuffer(string: "?"))
      try await peer.send(.continuation, ByteBuffer(string: "two"))
      #expect(await client.messages.first { _ in true } == "one two")
      let pong = await peer.next()
      #expect(pong?.opcode == .pong)
      #expect(pong?.maskKey != nil)
      #expect(pong?.unmaskedData == ByteBuffer(string: "?"))
    }
  }

  @Test func whoIsCancelledWhileReadingLeavesTheConnectionOpen() async throws {
    try await Loopback.pair { server, client in
      await withTaskGroup(of: Void.self) { group in
        group.addTask { for await _ in client.messages {} }
        group.cancelAll()
      }
      try await server.send("still here")
      #expect(await client.messages.first { _ in true } == "still here")
    }
  }

  // MARK: - The end

  @Test func bothEndsKnowHowAConnectionWasClosed() async throws {
    try await Loopback.pair { server, client in
      async let atClient = Self.all(client)
      try await server.send("last words")
      await server.close(code: .goingAway, reason: "shutting down")
      #expect(await atClient == ["last words"])
      #expect(await client.closed == WebSocketClosure(.peer, code: .goingAway, reason: "shutting down"))
      #expect(client.closeCode == 1001)
      #expect(server.closure == WebSocketClosure(.local(.goingAway), code: .goingAway, reason: "shutting down"))
    }
  }

  @Test func theClientClosesToo() async throws {
    try await Loopback.pair { server, client in
      async let atServer = Self.all(server)
      try await client.send("good-bye")
      await client.close()
      #expect(await atServer == ["good-bye"])
      #expect(await server.closed == WebSocketClosure(.peer, code: .normal))
      #expect(client.closure == WebSocketClosure(.local(.normal), code: .normal))
    }
  }

  @Test func whoeverClosesTwiceOrAtTheSameTimeWaitsForTheSameEnd() async throws {
    try await Loopback.pair { server, client in
      async let first: Void = client.close()
      async let second: Void = client.close(code: .goingAway)
      async let other: Void = server.close()
      _ = await (first, second, other)
      await client.close()
      #expect(client.closure != nil)
      #expect(server.closure != nil)
    }
  }

  @Test func aPeerThatVanishesIsLost() async throws {
    try await Loopback.frames { peer, client in
      try await peer.send(.text, ByteBuffer(string: "before"))
      try await peer.channel.close()
      #expect(await Self.all(client) == ["before"])
      #expect(await client.closed == WebSocketClosure(.lost))
      #expect(client.closeCode == nil)
    }
  }

  @Test func aResetIsALossToo() async throws {
    try await Loopback.frames { peer, client in
      let options = try #require(peer.channel as? any SocketOptionProvider)
      try await options.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
      try await peer.channel.close()
      #expect(await Self.all(client) == [])
      #expect(await client.closed == WebSocketClosure(.lost))
    }
  }

  @Test func nothingCanBeSentOnAClosedConnection() async throws {
    try await Loopback.pair { server, client in
      await client.close()
      await #expect(throws: WebSocketError.closed) { try await client.send("late") }
      _ = await server.closed
      await #expect(throws: WebSocketError.closed) { try await server.send("late") }
    }
  }

  @Test func aPeerThatDoesNotAnswerTheCloseFrameIsCutOff() async throws {
    try await Loopback.frames(client: WebSocketOptions(closeTimeout: .milliseconds(50))) { peer, client in
      await client.close(reason: "bye")
      #expect(client.closure == WebSocketClosure(.local(.normal), reason: "bye"))
      let frame = await peer.next()
      #expect(frame?.opcode == .connectionClose)
      #expect(frame?.unmaskedData == .close(1000, "bye"))
      #expect(await peer.next() == nil)
    }
  }

  @Test func aConnectionThatNobodyHoldsIsClosed() async throws {
    let (arrivals, arrived) = AsyncStream.makeStream(of: WebSocketConnection.self)
    try await Loopback.serve({ channel in
      try Loopback.upgrade(channel) { arrived.yield(try WebSocketConnection.server(on: $0)) }
    }) { port in
      let client = try await WebSocketClient.connect(url: "ws://127.0.0.1:\(port)/")
      _ = await arrivals.first { _ in true }
      #expect(await client.closed == WebSocketClosure(.lost))
    }
  }

  // MARK: - Peers that break the rules

  @Test func aFrameOverTheLimitClosesWith1009() async throws {
    try await Loopback.frames(client: WebSocketOptions(maximumMessageBytes: 1_000)) { peer, client in
      try await peer.send(.text, ByteBuffer(string: "fits"))
      try await peer.send(.text, ByteBuffer(repeating: 0x61, count: 1_001))
      let frame = await peer.next()
      #expect(frame?.unmaskedData == .close(1009, "the frame is too large"))
      try await peer.channel.close()
      #expect(await Self.all(client) == ["fits"])
      #expect(await client.closed == WebSocketClosure(.local(.messageTooBig), reason: "the frame is too large"))
    }
  }

  @Test func aControlFrameInFragmentsClosesWith1002() async throws {
    try await Loopback.frames { peer, client in
      try await peer.send(.ping, ByteBuffer(string: "x"), fin: false)
      #expect(await peer.next()?.unmaskedData == .close(1002, "malformed control frame"))
      try await peer.channel.close()
      #expect(await client.closed.cause == .local(.protocolError))
    }
  }

  @Test func aTextThatIsNotUTF8ClosesWith1007() async throws {
    try await Loopback.frames { peer, client in
      try await peer.send(.text, ByteBuffer(bytes: [0xFF]))
      #expect(await peer.next()?.unmaskedData == .close(1007, "not UTF-8"))
      try await peer.send(.connectionClose, .close(1007))
      try await peer.channel.close()
      #expect(await client.closed == WebSocketClosure(.local(.invalidPayload), code: .invalidPayload, reason: "not UTF-8"))
    }
  }

  // MARK: - Slow readers

  /// The sender would go on for ever if the reader's end took everything.
  @Test func aPeerThatDoesNotReadIsCutOff() async throws {
    let text = String(repeating: "x", count: 1 << 16)
    let server = WebSocketOptions(outboxBytes: 1 << 20, sendTimeout: .milliseconds(200))
    try await Loopback.pair(server: server) { server, client in
      var sent = 0
      await #expect(throws: WebSocketError.closed) {
        while true {
          try await server.send("\(sent) \(text)")
          sent += 1
        }
      }
      #expect(await server.closed == WebSocketClosure(.local(.policyViolation), reason: "reads too slowly"))
      let numbers = await client.messages.reduce(into: []) { $0.append(Int($1.prefix { $0 != " " }) ?? -1) }
      #expect(numbers == Array(0..<numbers.count))
      #expect(numbers.count <= sent + 1)
      #expect(await client.closed == WebSocketClosure(.lost))
    }
  }

  @Test func aPeerThatDoesNotReadAndIsNotWaitedForIsCutOff() async throws {
    let text = String(repeating: "x", count: 1 << 16)
    try await Loopback.pair(server: WebSocketOptions(outboxBytes: 1 << 18)) { server, client in
      await withTaskGroup(of: WebSocketError?.self) { group in
        for _ in 0..<1_000 {
          group.addTask {
            do { try await server.send(text) } catch { return error as? WebSocketError }
            return nil
          }
        }
        let errors = await group.reduce(into: Set<WebSocketError?>()) { $0.insert($1) }
        #expect(errors.contains(.overflow))
        #expect(errors.subtracting([nil]).isSubset(of: [.overflow, .closed]))
      }
      #expect(await server.closed == WebSocketClosure(.local(.policyViolation), reason: "reads too slowly"))
      _ = client
    }
  }

  @Test func aReaderThatComesLateGetsEverything() async throws {
    let client = WebSocketOptions(inboxBytes: 1 << 12)
    try await Loopback.pair(client: client) { server, client in
      let texts = (0..<4_000).map { "\($0) " + String(repeating: "x", count: 4_096) }
      async let sent: Void = {
        for text in texts { try await server.send(text) }
        await server.close()
      }()
      var count = 0
      for await text in client.messages {
        #expect(text == texts[count])
        count += 1
        if count % 100 == 0 { await Task.yield() }
      }
      try await sent
      #expect(count == texts.count)
    }
  }

  @Test func whoClosesWithoutReadingStillGetsThePeersAnswer() async throws {
    try await Loopback.pair(client: WebSocketOptions(inboxBytes: 1 << 10, closeTimeout: .seconds(60))) { server, client in
      async let atServer = Self.all(server)
      for _ in 0..<100 { try await server.send(String(repeating: "x", count: 1 << 10)) }
      await client.close()
      #expect(client.closure == WebSocketClosure(.local(.normal), code: .normal))
      #expect(await atServer == [])
    }
  }

  @Test func whoIsCancelledWhileSendingStopsAtOnce() async throws {
    let text = String(repeating: "x", count: 1 << 20)
    try await Loopback.pair(server: WebSocketOptions(outboxBytes: 1 << 22, sendTimeout: .seconds(600))) { server, client in
      await withTaskGroup(of: Void.self) { group in
        // One of them waits for a reader who never comes.
        let (progress, made) = AsyncStream.makeStream(of: Void.self)
        group.addTask {
          await #expect(throws: CancellationError.self) {
            while true {
              made.yield()
              try await server.send(text)
            }
          }
          made.finish()
        }
        _ = await progress.first { _ in true }
        group.cancelAll()
      }
      #expect(server.closure == nil)
      _ = client
    }
  }
}
