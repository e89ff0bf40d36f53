import Foundation
import KandyTesting
import LinkProtocol
import NIOCore
import Testing

@testable import Kandy

/// Requests to servers that misbehave. No test waits for a real timeout.
@Suite(.timeLimit(.minutes(1))) struct NetworkTransportTests {
  private let clock = ManualClock()

  /// Runs `body` with a transport, which is shut down afterwards.
  @discardableResult private func withTransport<Value>(_ body: (NetworkTransport) async throws -> Value) async throws -> Value {
    let transport = NetworkTransport(clock: clock)
    let result: Result<Value, any Error>
    do { result = .success(try await body(transport)) } catch { result = .failure(error) }
    await transport.shutdown()
    return try result.get()
  }

  private static func request(_ port: Int, _ path: String = "/path", timeout: Duration = .seconds(60)) -> TransportRequest {
    TransportRequest(method: .get, url: "http://127.0.0.1:\(port)\(path)", timeout: timeout)
  }

  /// What becomes of one request.
  private func outcome(_ reaction: RawServer.Reaction) async throws -> Result<TransportResponse, TransportError> {
    try await RawServer.run(reaction) { port, _ in
      try await withTransport { transport in
        do { return .success(try await transport.send(Self.request(port))) } catch let error as TransportError {
          return .failure(error)
        }
      }
    }
  }

  private func failure(_ reaction: RawServer.Reaction) async throws -> TransportError? {
    guard case .failure(let error) = try await outcome(reaction) else { return nil }
    return error
  }

  // MARK: - Answers

  @Test(.spec("R-CONN-445"), arguments: [200, 404, 500, 503])
  func whateverTheServerAnswersIsTheAnswer(_ status: Int) async throws {
    let html = "<html><h1>Grüße</h1></html>"
    let head = "HTTP/1.1 \(status) X\r\nContent-Type: text/html\r\nX-One: a\r\nx-one: b\r\nContent-Length: \(html.utf8.count)"
    let response = try await outcome(.answer("\(head)\r\n\r\n\(html)")).get()
    #expect(response.status == status)
    #expect(response.body == Data(html.utf8))
    #expect(response.headers["content-type"] == "text/html")
    #expect(response.headers["x-one"] == "a, b")
    #expect(response.isSuccess == (status == 200))
  }

  @Test func noRedirectionIsFollowed() async throws {
    let response = try await outcome(
      .answer("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")
    ).get()
    #expect(response.status == 302)
  }

  @Test func methodHeadersAndBodyReachTheServer() async throws {
    try await RawServer.run(.answer("HTTP/1.1 204 No Content\r\n\r\n")) { port, events in
      try await withTransport { transport in
        let response = try await transport.send(
          TransportRequest(
            method: .put, url: "http://127.0.0.1:\(port)/a@b?c=d", headers: ["X-Mine": "yes"], body: Data("{}".utf8)))
        #expect(response == TransportResponse(status: 204))
      }
      guard case .request(let request) = await events.first(where: { _ in true }) else {
        Issue.record("no request")
        return
      }
      let lines = request.split(separator: "\r\n").map(String.init)
      #expect(lines.first == "PUT /a@b?c=d HTTP/1.1")
      #expect(lines.contains("X-Mine: yes"))
      #expect(lines.contains { $0.lowercased() == "content-length: 2" })
    }
  }

  // MARK: - No answer

  @Test func aServerThatIsNotThereIsUnreachable() async throws {
    let port = try await RawServer.run(.silence) { port, _ in port }
    try await withTransport { transport in
      await #expect(throws: TransportError(.unreachable, "Nothing listens at 127.0.0.1:\(port).")) {
        _ = try await transport.send(Self.request(port))
      }
    }
  }

  @Test func aHostThatDoesNotExistIsUnreachable() async throws {
    try await withTransport { transport in
      await #expect(throws: TransportError(.unreachable, "There is no host nowhere.invalid.")) {
        _ = try await transport.send(TransportRequest(method: .get, url: "http://nowhere.invalid:8580/"))
      }
    }
  }

  @Test(arguments: [
    (ECONNREFUSED, "Nothing listens at example.com:80."),
    (EHOSTUNREACH, "There is no way from this machine to example.com:80."),
    (ENETUNREACH, "There is no way from this machine to example.com:80."),
    (ECONNRESET, "The server at example.com:80 broke the connection off."),
    (EPIPE, "The server at example.com:80 broke the connection off."),
    (ETIMEDOUT, "Nothing at example.com:80 answered in time."),
    (EMFILE, "The connection to example.com:80 failed (error \(EMFILE))."),
  ])
  func whatTheSystemSaysOfAConnectionIsToldInASentence(_ code: CInt, _ sentence: String) {
    let error = IOError(errnoCode: code, reason: "connect")
    #expect(ConnectionFailure.sentence(error, at: "example.com:80") == sentence)
    #expect(
      ConnectionFailure.sentence(ChannelError.connectTimeout(.seconds(1)), at: "a:1") == "Nothing at a:1 answered in time.")
  }

  @Test func aServerThatHangsUpWithoutAnAnswerClosed() async throws {
    #expect(try await failure(.answerAndClose(""))?.code == .closed)
  }

  @Test(arguments: [
    "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
  ])
  func aConnectionThatBreaksInTheAnswerIsNoAnswer(_ part: String) async throws {
    #expect(try await failure(.answerAndClose(part))?.code == .closed)
  }

  @Test func aServerThatSpeaksSomethingElseGaveNoAnswer() async throws {
    #expect(try await failure(.answer("220 mail.example.com ESMTP\r\n"))?.code == .closed)
  }

  @Test(
    .spec("R-CONN-446"),
    arguments: [
      "", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this",
    ])
  func anAnswerThatNeverEndsIsGivenUpAtTheTimeout(_ part: String) async throws {
    try await RawServer.run(.answer(part)) { port, events in
      try await withTransport { transport in
        await withTaskGroup(of: TransportError?.self) { group in
          group.addTask {
            await #expect(throws: TransportError.self) {
              _ = try await transport.send(Self.request(port, timeout: .seconds(7)))
            }
          }
          var events = events.makeAsyncIterator()
          guard case .request = await events.next() else { return }
          await clock.waitForSleepers(1)
          await clock.advance(by: .milliseconds(6_999))
          #expect(clock.sleepers == 1)
          await clock.advance(by: .milliseconds(1))
          #expect(await group.next() == TransportError(.timeout, "The server did not answer in time."))
          // Nobody will read the rest.
          #expect(await events.next() == .closed)
        }
      }
    }
  }

  @Test func afterAnAnswerNoTimerIsLeft() async throws {
    _ = try await outcome(.answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")).get()
    #expect(clock.sleepers == 0)
  }

  @Test func anAnswerThatSaysThatItIsHugeIsRefused() async throws {
    let error = try await failure(.answer("HTTP/1.1 200 OK\r\nContent-Length: 16777217\r\n\r\n"))
    #expect(error == TransportError(.closed, "The server's answer is too long."))
  }

  /// The server would write for ever if the client read for ever.
  @Test func anAnswerThatTurnsOutToBeHugeIsRefused() async throws {
    try await RawServer.run(.flood("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")) { port, events in
      try await withTransport { transport in
        await #expect(throws: TransportError(.closed, "The server's answer is too long.")) {
          _ = try await transport.send(Self.request(port))
        }
        #expect(await events.contains(.closed))
      }
    }
  }

  @Test(arguments: ["", "path", "ftp://127.0.0.1/", "http://", "http:///path"])
  func whatIsNoAddressOfAServerIsRefused(_ url: String) async throws {
    try await withTransport { transport in
      let error = await #expect(throws: TransportError.self) {
        _ = try await transport.send(TransportRequest(method: .get, url: url))
      }
      #expect(error?.code == .invalidURL)
    }
  }

  // MARK: - Ending

  @Test(arguments: ["", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this"])
  func aCancelledRequestEndsAtOnce(_ part: String) async throws {
    try await RawServer.run(.answer(part)) { port, events in
      try await withTransport { transport in
        await withTaskGroup(of: Void.self) { group in
          group.addTask {
            await #expect(throws: CancellationError.self) { _ = try await transport.send(Self.request(port)) }
          }
          _ = await events.first { _ in true }
          group.cancelAll()
        }
      }
    }
  }

  @Test func shutdownEndsTheRequestsThatAreUnderWay() async throws {
    try await RawServer.run(.silence) { port, events in
      let transport = NetworkTransport(clock: clock)
      await withTaskGroup(of: TransportError?.self) { group in
        group.addTask {
          await #expect(throws: TransportError.self) { _ = try await transport.send(Self.request(port)) }
        }
        _ = await events.first { _ in true }
        await transport.shutdown()
        #expect(await group.next() == TransportError(.closed, "The client has ended."))
      }
    }
  }

  @Test func afterShutdownNothingBegins() async throws {
    let ended = TransportError(.closed, "The client has ended.")
    let transport = NetworkTransport(clock: clock)
    await transport.shutdown()
    await transport.shutdown()
    await #expect(throws: ended) { _ = try await transport.send(Self.request(1)) }
    await #expect(throws: ended) { _ = try await transport.openSocket("ws://127.0.0.1:1/", timeout: .seconds(1)) }
  }

  // MARK: - Sockets

  @Test(arguments: [401, 404]) func aRefusedSocketNamesTheStatus(_ status: Int) async throws {
    try await RawServer.run(.answer("HTTP/1.1 \(status) No\r\nContent-Length: 0\r\n\r\n")) { port, _ in
      try await withTransport { transport in
        await #expect(throws: TransportError(.handshake, "the server answered \(status)")) {
          _ = try await transport.openSocket("ws://127.0.0.1:\(port)/", timeout: .seconds(30))
        }
      }
    }
  }

  @Test func aSocketWithoutServerIsUnreachable() async throws {
    let port = try await RawServer.run(.silence) { port, _ in port }
    try await withTransport { transport in
      await #expect(throws: TransportError(.unreachable, "the connection was refused")) {
        _ = try await transport.openSocket("ws://127.0.0.1:\(port)/", timeout: .seconds(30))
      }
    }
  }

  @Test func aSocketThatNobodyAnswersIsGivenUp() async throws {
    try await RawServer.run(.silence) { port, events in
      try await withTransport { transport in
        let error = await #expect(throws: TransportError.self) {
          _ = try await transport.openSocket("ws://127.0.0.1:\(port)/", timeout: .milliseconds(100))
        }
        #expect(error?.code == .timeout)
        #expect(await events.contains(.closed))
      }
    }
  }
}
