import KandyTesting
import NIOCore
import NIOSSL
import NIOWebSocket
import Testing

@testable import LinkSocket

/// The opening handshake, and the servers that do not complete it.
@Suite(.timeLimit(.minutes(1))) struct WebSocketOpeningTests {
  private typealias Event = PlainPeer.Event

  /// Connects to a server that answers so, and returns what became of that and what the server saw.
  private static func attempt(
    _ answer: String?, thenCloses: Bool = false, scheme: String = "ws", timeout: Duration = .seconds(30)
  ) async throws -> (error: WebSocketError?, events: [Event]) {
    let (events, happened) = AsyncStream.makeStream(of: Event.self)
    // Reading the system's authorities takes a while, which must not be the time that the test is about.
    var authorities = TLSConfiguration.makeClientConfiguration()
    authorities.trustRoots = .certificates([])
    let tls = try NIOSSLContext(configuration: authorities)
    return try await Loopback.serve({ channel in
      try channel.pipeline.syncOperations.addHandler(PlainPeer(answer, thenCloses: thenCloses, happened))
    }) { port in
      let error = await #expect(throws: WebSocketError.self) {
        _ = try await WebSocketClient.connect(
          url: "\(scheme)://127.0.0.1:\(port)/path?query", tls: tls, timeout: timeout)
      }
      // Also proves that nothing is left open: the stream finishes when the connection is closed.
      return (error, await events.reduce(into: []) { $0.append($1) })
    }
  }

  @Test(.spec("R-CONN-603")) func theRequestNamesNothingButTheChannel() async throws {
    let (_, events) = try await Self.attempt("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")
    guard case .request(let request) = events.dropFirst().first else {
      Issue.record("no request, but \(events)")
      return
    }
    let lines = request.split(separator: "\r\n")
    #expect(lines.first == "GET /path?query HTTP/1.1")
    let names = Set(lines.dropFirst().map { $0.prefix { $0 != ":" }.lowercased() })
    #expect(
      names == ["host", "connection", "upgrade", "sec-websocket-key", "sec-websocket-version", "content-length"]
        || names == ["host", "connection", "upgrade", "sec-websocket-key", "sec-websocket-version"])
  }

  @Test(arguments: [200, 302, 400, 401, 403, 404, 426, 500, 503])
  func aServerThatRefusesIsQuoted(_ status: Int) async throws {
    let answer = "HTTP/1.1 \(status) No\r\ncontent-length: 5\r\nlocation: /other\r\n\r\nsorry"
    let (error, events) = try await Self.attempt(answer)
    #expect(error == WebSocketError(.refused(status: status), "the server answered \(status)"))
    #expect(events.last == .closed)
  }

  @Test func aServerThatHangsUpIsNoServer() async throws {
    let (error, _) = try await Self.attempt(nil, thenCloses: true)
    #expect(error == WebSocketError(.refused(status: nil), "the connection was closed during the handshake"))
  }

  @Test(arguments: ["SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 101 Switching", "\0\0\0\0"])
  func aServerOfAnotherKindIsRefused(_ answer: String) async throws {
    let (error, _) = try await Self.attempt(answer, thenCloses: true)
    #expect(error?.code == .refused(status: nil))
  }

  @Test(arguments: [
    "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\nUpgrade: websocket", "Upgrade: websocket", "Upgrade: h2c", "X: y",
  ])
  func anUpgradeWithoutTheRightKeyIsNone(_ headers: String) async throws {
    let (error, events) = try await Self.attempt("HTTP/1.1 101 Yes\r\nConnection: Upgrade\r\n\(headers)\r\n\r\n")
    guard case .refused = error?.code else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(events.last == .closed)
  }

  @Test func aServerThatNeverAnswersIsGivenUp() async throws {
    let (error, events) = try await Self.attempt(nil, timeout: .milliseconds(100))
    #expect(error?.code == .timeout)
    #expect(events.last == .closed)
  }

  @Test func aServerThatNeverFinishesTheTLSHandshakeIsGivenUp() async throws {
    let (error, events) = try await Self.attempt(nil, scheme: "wss", timeout: .milliseconds(500))
    #expect(error?.code == .timeout)
    #expect(events.last == .closed)
  }

  @Test func aServerWithoutTLSIsReportedAsThat() async throws {
    let (events, happened) = AsyncStream.makeStream(of: Event.self)
    try await Loopback.serve({ channel in
      try channel.pipeline.syncOperations.addHandler(PlainPeer(nil, happened))
      channel.writeAndFlush(ByteBuffer(string: "HTTP/1.1 400 Bad Request\r\n\r\n"), promise: nil)
    }) { port in
      let error = await #expect(throws: WebSocketError.self) {
        _ = try await WebSocketClient.connect(url: "wss://127.0.0.1:\(port)/", timeout: .seconds(30))
      }
      #expect(error?.code == .tls)
      #expect(await events.contains(.closed))
    }
  }

  @Test func aPortWithoutServerIsUnreachable() async throws {
    let port = try await Loopback.serve({ _ in }) { $0 }
    let error = await #expect(throws: WebSocketError.self) {
      _ = try await WebSocketClient.connect(url: "ws://127.0.0.1:\(port)/")
    }
    #expect(error == WebSocketError(.unreachable, "the connection was refused"))
  }

  @Test func whatIsNoURLIsRefused() async {
    await #expect(throws: WebSocketError(.invalidURL, "not a WebSocket URL")) {
      _ = try await WebSocketClient.connect(url: "https://127.0.0.1/")
    }
  }

  @Test func whoeverIsCancelledLeavesNoConnection() async throws {
    let (events, happened) = AsyncStream.makeStream(of: Event.self)
    try await Loopback.serve({ channel in
      try channel.pipeline.syncOperations.addHandler(PlainPeer(nil, happened))
    }) { port in
      await withTaskGroup(of: Void.self) { group in
        group.addTask {
          await #expect(throws: CancellationError.self) {
            _ = try await WebSocketClient.connect(url: "ws://127.0.0.1:\(port)/", timeout: .seconds(30))
          }
        }
        for await event in events {
          if case .request = event { group.cancelAll() }
        }
      }
    }
  }

  @Test func framesThatComeInOnePieceWithTheAnswerAreNotLost() async throws {
    try await Loopback.serve({ channel in
      try channel.pipeline.syncOperations.addHandler(Cork())
      try Loopback.upgrade(channel) { channel in
        channel.write(WebSocketFrame(fin: true, opcode: .text, data: ByteBuffer(string: "one")), promise: nil)
        channel.write(WebSocketFrame(fin: true, opcode: .text, data: ByteBuffer(string: "two")), promise: nil)
        channel.write(WebSocketFrame(fin: true, opcode: .connectionClose, data: .close(4000, "enough")), promise: nil)
        channel.triggerUserOutboundEvent(Cork.Pull(), promise: nil)
      }
    }) { port in
      let client = try await WebSocketClient.connect(url: "ws://127.0.0.1:\(port)/")
      #expect(await client.messages.reduce(into: []) { $0.append($1) } == ["one", "two"])
      #expect(
        await client.closed == WebSocketClosure(.peer, code: WebSocketCloseCode(rawValue: 4000), reason: "enough"))
    }
  }
}
