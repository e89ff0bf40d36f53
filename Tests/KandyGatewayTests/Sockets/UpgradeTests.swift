import KandyTesting
import LinkProtocol
import NIOCore
import NIOPosix
import Testing

@testable import KandyGateway

/// Requests that ask for another protocol, byte by byte.
@Suite(.timeLimit(.minutes(1))) struct UpgradeTests {
  private static let webSocket = [
    "Connection: keep-alive, Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  ]

  private static func request(_ line: String, _ headers: [String], body: String = "") -> String {
    ([line, "Host: localhost"] + headers).joined(separator: "\r\n") + "\r\n\r\n" + body
  }

  /// Sends a request and returns the first line of the answer.
  /// - Parameter isLast: the server is to close the connection after the answer, which is waited for.
  private func answer(_ request: String, port: Int, isLast: Bool) async throws -> String {
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connect(host: "127.0.0.1", port: port) { channel in
        channel.eventLoop.makeCompletedFuture {
          try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
        }
      }
    return try await channel.executeThenClose { inbound, outbound in
      try await outbound.write(ByteBuffer(string: request))
      var answer = ""
      for try await bytes in inbound {
        answer += String(buffer: bytes)
        if !isLast, answer.contains("\r\n\r\n") { break }
      }
      return String(answer.prefix { !$0.isNewline })
    }
  }

  @Test(.spec("R-CONN-603")) func aRefusedWebSocketIsAnswered() async throws {
    try await SocketBench.run { bench in
      let request = Self.request("GET /notification/websocket/nobody HTTP/1.1", Self.webSocket)
      let answer = try await answer(request, port: bench.port, isLast: true)
      #expect(answer == "HTTP/1.1 404 Not Found")
    }
  }

  /// What Java's HTTP client sends by default.
  @Test func aRequestThatOffersHTTP2IsAnsweredLikeAnyOther() async throws {
    try await SocketBench.run { bench in
      let headers = [
        "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAEAAEAA", "Content-Type: application/json",
        "Content-Length: 2",
      ]
      let request = Self.request("POST /rest/version/1/user/alice@example.com/subscription HTTP/1.1", headers, body: "{}")
      let answer = try await answer(request, port: bench.port, isLast: true)
      #expect(answer == "HTTP/1.1 403 Forbidden")
    }
  }

  /// 3.16 clients reconnect with a lone question mark, later ones put their credentials there.
  @Test(.spec("R-CONN-602", "R-CONN-1121", "R-CONN-1205"), arguments: ["", "?", "?access_token=x", "?token=x&y=%2F"])
  func anAcceptedRequestIsUpgradedWhateverItsQuery(_ query: String) async throws {
    try await SocketBench.run { bench in
      _ = try await bench.device("alice")
      let request = Self.request("GET /notification/websocket/alice\(query) HTTP/1.1", Self.webSocket)
      let answer = try await answer(request, port: bench.port, isLast: false)
      #expect(answer == "HTTP/1.1 101 Switching Protocols")
    }
  }

  /// As some proxies do, which keep their connections for any request.
  @Test func aWebSocketThatIsNotItsConnectionsFirstRequestIsRefusedWithTheReason() async throws {
    try await SocketBench.run { bench in
      _ = try await bench.device("alice")
      let client = try await RawClient.connect(port: bench.port)
      #expect(try await client.exchange("GET /").status == 404)
      let answer = try await client.exchange("GET /notification/websocket/alice", Self.webSocket)
      #expect(answer.status == 400)
      #expect(answer.headers["connection"] == "close")
      #expect(answer.body.contains("first request of a connection"))
      #expect(await client.answer() == nil)  // the connection is closed
    }
  }

  @Test func aLaterRequestThatOffersHTTP2IsAnsweredLikeAnyOther() async throws {
    try await SocketBench.run { bench in
      let client = try await RawClient.connect(port: bench.port)
      #expect(try await client.exchange("GET /").status == 404)
      let headers = ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAEAAEAA"]
      #expect(try await client.exchange("GET /", headers).status == 404)
      #expect(await client.answer() == nil)
    }
  }

  @Test(arguments: ["Sec-WebSocket-Version: 8", "Sec-WebSocket-Key: x", "Content-Length: 1"])
  func aRequestThatIsNoOpeningHandshakeIsAnswered(_ header: String) async throws {
    try await SocketBench.run { bench in
      _ = try await bench.device("alice")
      var headers = Self.webSocket + [header]
      if header.hasPrefix("Sec-WebSocket-Version") { headers.removeAll { $0 == "Sec-WebSocket-Version: 13" } }
      let body = header.hasPrefix("Content-Length") ? "x" : ""
      let request = Self.request("GET /notification/websocket/alice HTTP/1.1", headers, body: body)
      let answer = try await answer(request, port: bench.port, isLast: true)
      #expect(answer == "HTTP/1.1 404 Not Found")
    }
  }
}
