import Kandy
import KandyTesting
import LinkProtocol
import Testing

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

private func request(
  _ method: HTTPMethod, _ path: String, body: JSONValue? = nil, timeout: Duration = .seconds(60)
) -> TransportRequest {
  TransportRequest(
    method: method, url: "http://127.0.0.1:8580\(path)", body: body.map { Data($0.serialized.utf8) }, timeout: timeout)
}

@Suite(.timeLimit(.minutes(1))) struct ScriptedTransportTests {
  private let clock = ManualClock()
  private let transport: ScriptedTransport

  init() {
    transport = ScriptedTransport(clock: clock)
  }

  @Test func expectationsAreAnsweredInOrderAndOnce() async throws {
    transport.expect(.post, "subscription", .json(201, ["n": 1]))
    transport.expect(.post, "subscription", .json(201, ["n": 2]))
    #expect(transport.outstanding == ["POST subscription", "POST subscription"])
    let first = try await transport.send(request(.post, "/rest/version/1/user/a@b/subscription?client=x"))
    let second = try await transport.send(request(.post, "/rest/version/1/user/a@b/subscription", body: ["c": 3]))
    #expect(first.status == 201)
    #expect(first.headers == ["content-type": "application/json"])
    #expect([first.body, second.body].map { String(decoding: $0, as: UTF8.self) } == [#"{"n":1}"#, #"{"n":2}"#])
    #expect(transport.outstanding == [])
    #expect(transport.requests.map(\.query) == ["client=x", ""])
    #expect(transport.requests.map(\.json) == [nil, ["c": 3]])
  }

  @Test(arguments: [
    ("subscription", "/rest/version/1/user/a/subscription", true), ("subscription", "/rest/subscriptions", false),
    ("callSessions/*", "/x/callSessions/1", true), ("callSessions/*", "/x/callSessions", false),
    ("callSessions", "/x/callSessions/1", false), ("/a/*/c", "/a/b/c", true), ("/a/*/c", "/z/a/b/c", false),
    ("/a", "/a?q=/b", true), ("", "/anything/at/all", true), ("/", "/", true), ("/", "/a", false),
    ("user/a%2Fb/x", "/user/a%2Fb/x", true),
  ])
  func pathsAreMatchedBySegments(_ pattern: String, _ path: String, _ matches: Bool) async throws {
    transport.expect(.get, pattern, .status(204))
    await withKnownIssue(isIntermittent: true) {
      let answer = try? await transport.send(request(.get, path))
      #expect((answer?.status == 204) == matches)
    } matching: { _ in
      !matches
    }
    #expect(transport.outstanding.isEmpty == matches)
  }

  @Test func anUnexpectedRequestFailsTheTestAndIsUnreachable() async throws {
    transport.expect(.get, "a", .status(200))
    await withKnownIssue {
      await #expect(throws: TransportError(.unreachable, "Nobody expected PUT /a.")) {
        try await transport.send(request(.put, "/a"))
      }
    } matching: {
      $0.comments.contains("unexpected PUT /a; outstanding: [\"GET a\"]")
    }
    #expect(transport.requests == [request(.put, "/a")])
  }

  @Test func standingRulesAnswerWhatNoExpectationTakes() async throws {
    transport.always(.put, "keepAlive") { _ in .status(500) }
    transport.always(.put, "keepAlive") { .json(["seen": .string($0.path)]) }
    transport.expect(.put, "keepAlive", .status(404))
    var answers: [String] = []
    for _ in 0..<3 {
      let answer = try await transport.send(request(.put, "/u/keepAlive"))
      answers.append("\(answer.status) \(String(decoding: answer.body, as: UTF8.self))")
    }
    #expect(answers == ["404 ", #"200 {"seen":"/u/keepAlive"}"#, #"200 {"seen":"/u/keepAlive"}"#])
  }

  @Test func aFailureIsThrown() async throws {
    transport.expect(.get, "a", .failure(TransportError(.tls, "expired")))
    await #expect(throws: TransportError(.tls, "expired")) { try await transport.send(request(.get, "/a")) }
  }

  @Test func aRequestIsHeldBackUntilItIsAnswered() async throws {
    let exchange = transport.expect(.post, "calls")
    #expect(exchange.requestIfSent == nil)
    async let answer = transport.send(request(.post, "/calls", body: "hello"))
    #expect(try await exchange.request().json == "hello")
    exchange.answer(.status(202))
    exchange.answer(.status(500))
    #expect(try await answer.status == 202)
  }

  @Test(arguments: [nil, ScriptedAnswer.never])
  func whatIsNotAnsweredTimesOutOnTheClock(_ scripted: ScriptedAnswer?) async throws {
    transport.expect(.get, "a", scripted)
    let sending = Task { [transport] in try await transport.send(request(.get, "/a", timeout: .seconds(60))) }
    await clock.waitForSleepers(1)
    await clock.advance(by: .seconds(59))
    #expect(clock.sleepers == 1)
    await clock.advance(by: .seconds(1))
    let error = await #expect(throws: TransportError.self) { try await sending.value }
    #expect(error?.code == .timeout)
  }

  @Test func anAnsweredRequestLeavesNobodyAsleep() async throws {
    transport.expect(.get, "a", .status(200))
    _ = try await transport.send(request(.get, "/a"))
    let exchange = transport.expect(.get, "a")
    async let answer = transport.send(request(.get, "/a"))
    await clock.waitForSleepers(1)
    exchange.answer(.status(200))
    _ = try await answer
    #expect(clock.sleepers == 0)
  }

  @Test func aCancelledRequestEnds() async throws {
    let transport = ScriptedTransport()
    let exchange = transport.expect(.get, "a", .never)
    let sending = Task { try await transport.send(request(.get, "/a")) }
    _ = try await exchange.request()
    sending.cancel()
    await #expect(throws: CancellationError.self) { try await sending.value }
  }

  @Test func shutdownEndsWhatWaits() async throws {
    let exchange = transport.expect(.get, "a", .never)
    let socket = transport.expectSocket()
    let opened = try await transport.openSocket("ws://127.0.0.1/x", timeout: .seconds(1))
    let sending = Task { [transport] in try await transport.send(request(.get, "/a")) }
    _ = try await exchange.request()
    await transport.shutdown()
    await transport.shutdown()
    let error = await #expect(throws: TransportError.self) { try await sending.value }
    #expect(error?.code == .closed)
    #expect(!socket.isOpen && !socket.isClosedByClient && opened.closeCode == nil)
    #expect(transport.isShutDown)
    await #expect(throws: TransportError.self) { try await transport.send(request(.get, "/a")) }
    await #expect(throws: TransportError.self) { try await transport.openSocket("ws://127.0.0.1/x", timeout: .seconds(1)) }
  }
}

@Suite(.timeLimit(.minutes(1))) struct ScriptedSocketTests {
  private let transport = ScriptedTransport()

  private func open(_ path: String = "/notification/websocket") async throws -> any TransportSocket {
    try await transport.openSocket("ws://127.0.0.1:8580\(path)?access_token=t", timeout: .seconds(5))
  }

  private func rest(_ socket: any TransportSocket) async -> [String] {
    await socket.messages.reduce(into: []) { $0.append($1) }
  }

  @Test func framesTravelBothWays() async throws {
    let server = transport.expectSocket("notification/websocket")
    let client = try await open()
    #expect(try await server.url() == "ws://127.0.0.1:8580/notification/websocket?access_token=t")
    server.push("one")
    server.push(["two": 2])
    try await client.send("three")
    try await client.send("four")
    #expect(await server.nextSent() == "three")
    #expect(await server.nextSent() == "four")
    #expect(server.sent == ["three", "four"])
    server.end(code: 1001)
    server.push("too late")
    #expect(await rest(client) == ["one", #"{"two":2}"#])
    #expect(client.closeCode == 1001)
    #expect(!server.isClosedByClient)
  }

  @Test func aBrokenConnectionHasNoCloseCode() async throws {
    let server = transport.expectSocket()
    let client = try await open()
    server.end(code: nil)
    server.end(code: 1000)
    #expect(await rest(client) == [])
    #expect(client.closeCode == nil)
  }

  @Test func theClientCloses() async throws {
    let server = transport.expectSocket()
    let client = try await open()
    await client.close()
    await client.close()
    #expect(server.isClosedByClient && !server.isOpen)
    #expect(await server.nextSent() == nil)
    #expect(await rest(client) == [])
    await #expect(throws: TransportError(.closed, "The socket has been closed.")) { try await client.send("x") }
  }

  @Test func sendingCanFailOnce() async throws {
    let server = transport.expectSocket()
    let client = try await open()
    server.failNextSend(TransportError(.unreachable, "gone"))
    await #expect(throws: TransportError(.unreachable, "gone")) { try await client.send("a") }
    try await client.send("b")
    #expect(server.sent == ["b"])
  }

  @Test func aHandshakeCanBeRefused() async throws {
    transport.expectSocket(refusing: TransportError(.handshake, "404"))
    await #expect(throws: TransportError(.handshake, "404")) { try await open() }
    transport.expectSocket()
    _ = try await open()
    #expect(transport.outstanding == [])
  }

  @Test func aHandshakeCanTakeForever() async throws {
    let clock = ManualClock()
    let transport = ScriptedTransport(clock: clock)
    transport.expectSocket(refusing: nil)
    let opening = Task { _ = try await transport.openSocket("ws://127.0.0.1/x", timeout: .seconds(5)) }
    await clock.waitForSleepers(1)
    await clock.advance(by: .seconds(5))
    let error = await #expect(throws: TransportError.self) { try await opening.value }
    #expect(error?.code == .timeout)
  }

  @Test func anUnexpectedSocketFailsTheTest() async throws {
    transport.expectSocket("elsewhere")
    await withKnownIssue {
      let error = await #expect(throws: TransportError.self) { try await open() }
      #expect(error?.code == .unreachable)
    } matching: {
      $0.comments.contains("unexpected socket /notification/websocket; outstanding: [\"socket elsewhere\"]")
    }
  }
}
