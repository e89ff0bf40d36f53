import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import KandyTesting
import LinkMetrics
import LinkProtocol
import Logging
import Synchronization
import Testing

@testable import KandyGateway

/// A whole gateway as `kandy gateway` composes it, without a port: requests go to its responder, sockets to its hub, and time
/// stands still until a test moves it.
struct GatewayBench: Sendable {
  static let alice: UserAddress = "alice@example.com"
  static let bob: UserAddress = "bob@example.com"
  static let password = "pässword"

  let clock: ManualClock
  let gateway: Gateway
  let metrics = PrometheusRegistry(Gateway.metrics)

  var hub: NotificationHub { gateway.hub }

  /// Runs a test with Alice, who may also sign in as `al`, and Bob.
  static func run(
    _ change: (inout GatewayConfiguration) -> Void = { _ in }, _ body: (GatewayBench) async throws -> Void
  ) async throws {
    let bench = try GatewayBench(change)
    try await bench.gateway.users.add(
      User(address: alice, authname: "al", firstName: "Alice", lastName: "Adams"), password: password)
    try await bench.gateway.users.add(User(address: bob, firstName: "Bob"), password: password)
    try await bench.running { try await body(bench) }
  }

  init(_ change: (inout GatewayConfiguration) -> Void = { _ in }, clock: ManualClock = ManualClock()) throws {
    var configuration = GatewayConfiguration()
    configuration.limits.passwordCost = 1
    change(&configuration)
    let counter = Counter()
    self.clock = clock
    gateway = try Gateway(
      configuration, clock: clock, now: { clock.wallClock() },
      identifiers: IdentifierSource { "id-\(counter.next())" },
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, metrics: metrics)
  }

  /// The features' own work is done while `body` runs.
  func running<Value>(_ body: () async throws -> Value) async throws -> Value {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { [gateway] in try await Background(features: gateway.features, hub: gateway.hub).run() }
      defer { group.cancelAll() }
      return try await body()
    }
  }

  // MARK: - Requests

  /// What came back.
  struct Response: Sendable {
    var status: Int
    var headers: HTTPFields
    var text: String
    var body: JSONValue { (try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))) ?? .null }

    /// The envelope's content.
    var subscribe: JSONValue? { body["subscribeResponse"] }
    var params: JSONValue? { subscribe?["subscriptionParams"] }
    var statusCode: Int? { body.objectValue?.values.first?["statusCode"]?.intValue ?? body["statusCode"]?.intValue }
    var path: String? { subscribe?["subscription"]?.stringValue }
    var subscription: SubscriptionID? { path?.split(separator: "/").last.map { SubscriptionID(String($0)) } }
    var channel: ChannelID? { params?["notificationChannel"]?.stringValue.flatMap(NotificationPath.channel) }
    /// HTTP status and `statusCode`, which is what most tests are about.
    var verdict: Verdict { Verdict(status: status, code: statusCode) }
  }

  struct Verdict: Sendable, Hashable {
    var status: Int
    var code: Int?

    static let ok = Verdict(status: 200, code: 0)
    static let wrongCredentials = Verdict(status: 403, code: 4)
    static let foreign = Verdict(status: 403, code: 27)
    static let gone = Verdict(status: 404, code: 39)
    static func refused(_ status: Int, _ code: Int) -> Verdict { Verdict(status: status, code: code) }
  }

  /// - Parameter target: path and query as they stand in the request line.
  func send(_ method: String, _ target: String, headers: HTTPFields = [:], bytes: [UInt8]? = nil) async throws -> Response {
    let response = try await gateway.application.test(.router) { client in
      try await client.execute(
        uri: target, method: try #require(HTTPRequest.Method(method)), headers: headers,
        body: bytes.map { ByteBuffer(bytes: $0) })
    }
    return Response(status: Int(response.status.code), headers: response.headers, text: String(buffer: response.body))
  }

  func send(_ method: String, _ target: String, headers: HTTPFields = [:], _ body: String) async throws -> Response {
    try await send(method, target, headers: headers, bytes: Array(body.utf8))
  }

  static func basic(_ name: String, _ password: String = GatewayBench.password, scheme: String = "Basic") -> HTTPFields {
    [.authorization: "\(scheme) \(Data("\(name):\(password)".utf8).base64EncodedString())"]
  }

  /// `POST …/subscription` as its owner.
  /// - Parameter members: of the request, beside the services.
  func subscribe(
    _ user: UserAddress = GatewayBench.alice, headers: HTTPFields? = nil, _ members: [String: JSONValue] = [:]
  ) async throws -> Response {
    let request = ["service": ["IM", "Presence", "call"] as JSONValue].merging(members) { $1 }
    return try await send(
      "POST", "/rest/version/1/user/\(user)/subscription", headers: headers ?? Self.basic(user.description),
      Self.text(["subscribeRequest": .object(request)]))
  }

  func refresh(
    _ path: String, headers: HTTPFields = GatewayBench.basic(alice.description), _ members: [String: JSONValue] = [:]
  ) async throws -> Response {
    try await send("PUT", path, headers: headers, Self.text(["subscribeRequest": .object(members)]))
  }

  func delete(_ path: String, headers: HTTPFields = GatewayBench.basic(alice.description)) async throws -> Response {
    try await send("DELETE", path, headers: headers)
  }

  static func text(_ value: JSONValue) throws -> String {
    String(decoding: try JSONEncoder().encode(value), as: UTF8.self)
  }

  // MARK: - Calls

  func control(
    _ method: String, _ user: UserAddress, _ resource: String = "", _ request: [String: JSONValue]? = nil
  ) async throws -> Response {
    let body = try request.map { try Self.text(["callControlRequest": .object($0)]) }
    return try await send(
      method, "/rest/version/1/user/\(user)/callControl\(resource)", headers: Self.basic(user.description),
      bytes: body.map { Array($0.utf8) })
  }

  /// Alice calls Bob, who answers.
  /// - Parameter bob: his only device, which has no socket and to which nothing has been posted.
  /// - Returns: each one's session.
  func call(answeredAt bob: SubscriptionID) async throws -> (alice: String, bob: String) {
    let started = try await control(
      "POST", Self.alice, "", ["type": "callStart", "from": "alice", "to": .string(Self.bob.description), "sdp": "A1"])
    let alice = try #require(started.body["callControlResponse"]?["sessionData"]?.stringValue)
    let waiting = try #require(await hub.waiting[bob]?.first)
    let notification = try WireCoding.decode(LinkProtocol.Notification.self, from: Data(waiting.utf8))
    let callee = try #require(notification.sessionParams?.sessionData?.rawValue)
    let answered = try await control("PUT", Self.bob, "/callSessions/\(callee)", ["type": "callAnswer", "sdp": "B1"])
    #expect(answered.verdict == .ok)
    return (alice, callee)
  }

  // MARK: - Sockets

  /// Waits until everything posted to a subscription is known to have arrived.
  func confirmed(_ subscription: SubscriptionID) async {
    while await hub.unconfirmed(by: subscription) > 0, !Task.isCancelled { await Task.yield() }
  }

  /// Opens a socket to a channel; it is closed when `body` returns, if it is not by then.
  func withSocket<Value: Sendable>(
    _ channel: ChannelID?, _ body: (RecordingSocket) async throws -> Value
  ) async throws -> Value {
    let channel = try #require(channel)
    let socket = RecordingSocket()
    return try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { [hub] in socket.closed(await hub.serve(channel, over: socket)) }
      defer { group.cancelAll() }
      return try await body(socket)
    }
  }
}

/// Counts from 1.
final class Counter: Sendable {
  private let value = Mutex(0)

  func next() -> Int {
    value.withLock { value in
      value += 1
      return value
    }
  }
}

/// The far end of a socket that remembers what it got. It can be told to take nothing for a while, or to break.
final class RecordingSocket: NotificationSocket {
  struct Broken: Error {}

  private struct State {
    var isOpen = true
    var isReading = true
    var isSilent = false
    var writers: [Int: CheckedContinuation<Void, Never>] = [:]
    var lastWriter = 0
  }

  private let state = Mutex(State())
  let texts = Recorder<String>()
  private let endings = Recorder<SocketEnding>()

  func send(_ text: String) async throws {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let mayGo = state.withLock { state in
          if state.isReading || !state.isOpen || Task.isCancelled { return true }
          state.lastWriter += 1
          state.writers[state.lastWriter] = continuation
          return false
        }
        if mayGo { continuation.resume() }
      }
    } onCancel: {
      letGo { _ in }
    }
    try Task.checkCancellation()
    guard state.withLock({ $0.isOpen }) else { throw Broken() }
    texts.add(text)
  }

  func ping() async throws {
    if state.withLock({ $0.isSilent }) {
      let (never, continuation) = AsyncStream.makeStream(of: Void.self)
      for await _ in never {}
      continuation.finish()
    }
    try Task.checkCancellation()
    guard state.withLock({ $0.isOpen }) else { throw Broken() }
  }

  private func letGo(_ change: (inout State) -> Void) {
    let writers = state.withLock { state in
      change(&state)
      defer { state.writers = [:] }
      return Array(state.writers.values)
    }
    for writer in writers { writer.resume() }
  }

  /// Answers no ping from now on, as a client does that has lost its network and does not know.
  func fallSilent() { state.withLock { $0.isSilent = true } }
  /// Takes nothing from now on.
  func stopReading() { state.withLock { $0.isReading = false } }
  func readAgain() { letGo { $0.isReading = true } }
  /// What is being written, and everything after it, fails.
  func breakDown() { letGo { $0.isOpen = false } }

  func closed(_ ending: SocketEnding) { endings.add(ending) }
  /// Why the hub was finished with the socket, as soon as it is.
  var ending: SocketEnding {
    get async { await endings.first(1).first ?? .lost }
  }

  /// The first so many notifications, as soon as they are there.
  func notifications(_ count: Int) async throws -> [LinkProtocol.Notification] {
    try await texts.first(count).map { try WireCoding.decode(LinkProtocol.Notification.self, from: Data($0.utf8)) }
  }

  func types(_ count: Int) async throws -> [EventType] {
    try await notifications(count).map(\.eventType)
  }
}

/// Remembers in order what it is given, and lets a test wait for it.
final class Recorder<Element: Sendable>: Sendable {
  private struct State {
    var elements: [Element] = []
    var lastWaiter = 0
    var waiting: [(id: Int, count: Int, continuation: CheckedContinuation<Void, Never>)] = []
  }

  private let state = Mutex(State())

  var all: [Element] { state.withLock { $0.elements } }

  func add(_ element: Element) {
    let ready = state.withLock { state in
      state.elements.append(element)
      let count = state.elements.count
      defer { state.waiting.removeAll { $0.count <= count } }
      return state.waiting.filter { $0.count <= count }
    }
    for waiter in ready { waiter.continuation.resume() }
  }

  /// The first so many, as soon as there are so many; fewer when the test is cancelled because its time is up.
  func first(_ count: Int) async -> [Element] {
    let id = state.withLock { state in
      state.lastWaiter += 1
      return state.lastWaiter
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isReady = state.withLock { state in
          if state.elements.count >= count || Task.isCancelled { return true }
          state.waiting.append((id, count, continuation))
          return false
        }
        if isReady { continuation.resume() }
      }
    } onCancel: {
      let waiter = state.withLock { state in
        state.waiting.firstIndex { $0.id == id }.map { state.waiting.remove(at: $0) }
      }
      waiter?.continuation.resume()
    }
    return Array(all.prefix(count))
  }
}
