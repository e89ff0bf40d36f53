import Foundation
import Kandy
import KandyTesting
import LinkProtocol
import Synchronization

/// The network of one device, which fails as the test wants it to: its WebSocket breaks without a close frame, as when a phone leaves the
/// house, and requests are held up, lost, or answered by another server. Everything that goes over it is written down.
final class BreakableTransport: Transport {
  /// What becomes of one request.
  enum Fate: Sendable {
    /// It does not reach the gateway, and the client hears that the connection is closed.
    case isLost
    /// The gateway gets it, and the client does not get the answer.
    case losesItsAnswer
    /// It leaves when the test says so.
    case waits(Checkpoint)
    /// The gateway gets it, and the client gets the answer when the test says so.
    case waitsForItsAnswer(Checkpoint)
  }

  private struct State {
    var sockets: [BreakableSocket] = []
    var isBroken = false
    var isGone = false
    var fates: [(text: String, fate: Fate)] = []
    /// Where the gateway has moved to since the client was configured.
    var port: Int?
  }

  private let network = NetworkTransport()
  private let traffic: Traffic
  private let state = Mutex(State())
  /// The requests that the client has made.
  let requests = Journal<SentRequest>()
  /// The notifications that it has been given.
  let notifications = Journal<Received>()

  init(traffic: Traffic) {
    self.traffic = traffic
  }

  // MARK: - Transport

  func send(_ request: TransportRequest) async throws -> TransportResponse {
    let sent = SentRequest(request)
    requests.write(sent)
    switch takeFate(of: sent) {
    case nil: return try await exchange(request)
    case .isLost: throw Self.closed
    case .losesItsAnswer:
      _ = try await exchange(request)
      throw Self.closed
    case .waits(let checkpoint):
      await checkpoint.pass()
      return try await exchange(request)
    case .waitsForItsAnswer(let checkpoint):
      let response = try await exchange(request)
      await checkpoint.pass()
      return response
    }
  }

  private func exchange(_ request: TransportRequest) async throws -> TransportResponse {
    let (isGone, port) = state.withLock { ($0.isGone, $0.port) }
    if isGone { throw Self.unreachable }
    var request = request
    request.url = Self.url(request.url, port: port)
    return try await traffic.during { try await network.send(request) }
  }

  private func takeFate(of request: SentRequest) -> Fate? {
    state.withLock { state in
      guard let index = state.fates.firstIndex(where: { request.text.contains($0.text) }) else { return nil }
      return state.fates.remove(at: index).fate
    }
  }

  func openSocket(_ url: String, timeout: Duration) async throws -> any TransportSocket {
    let (isBroken, port) = state.withLock { ($0.isBroken || $0.isGone, $0.port) }
    if isBroken { throw Self.unreachable }
    let socket = try await traffic.during { try await network.openSocket(Self.url(url, port: port), timeout: timeout) }
    let breakable = BreakableSocket(socket, notifications)
    state.withLock { $0.sockets.append(breakable) }
    return breakable
  }

  func shutdown() async { await network.shutdown() }

  private static func url(_ text: String, port: Int?) -> String {
    guard let port, var parts = URLComponents(string: text) else { return text }
    parts.port = port
    return parts.string ?? text
  }

  private static let closed = TransportError(.closed, "The connection was closed before the answer came.")
  private static let unreachable = TransportError(.unreachable, "There is no network.")

  // MARK: - The test's end

  /// The next request with this text in its method, path, or body has this fate.
  func next(_ text: String, _ fate: Fate) {
    state.withLock { $0.fates.append((text, fate)) }
  }

  /// The next request with this text waits until the test lets it go.
  func holdBack(_ text: String) -> Checkpoint {
    let checkpoint = Checkpoint()
    next(text, .waits(checkpoint))
    return checkpoint
  }

  /// Breaks the WebSocket; there is no other until `mend`. Requests go through.
  func cut() async {
    let broken = state.withLock { state in
      state.isBroken = true
      defer { state.sockets = [] }
      return state.sockets
    }
    for socket in broken { await socket.close() }
  }

  func mend() { state.withLock { $0.isBroken = false } }

  /// Nothing goes through any more, neither requests nor notifications, until the gateway is found at another port.
  func lose() async {
    state.withLock { $0.isGone = true }
    await cut()
  }

  func find(at port: Int) {
    state.withLock { state in
      state.isGone = false
      state.isBroken = false
      state.port = port
    }
  }

  /// Gives the client a frame as if it came from its server.
  func receive(_ text: String) { state.withLock { $0.sockets.last }?.receive(text) }
}

/// A request, as a test looks at it.
struct SentRequest: Sendable {
  var method: HTTPMethod
  var path: String
  /// `callControlRequest`, or whatever is in the envelope.
  var body: JSONValue?
  var text: String

  init(_ request: TransportRequest) {
    method = request.method
    path = URLComponents(string: request.url)?.path ?? request.url
    let json = request.body.flatMap { try? JSONDecoder().decode(JSONValue.self, from: $0) }
    body = json?.objectValue?.values.first
    text = "\(request.method.rawValue) \(request.url) \(String(decoding: request.body ?? Data(), as: UTF8.self))"
  }

  /// What a call is asked to do, such as `startCallUpdate`.
  var operation: String? { body?["type"]?.stringValue ?? body?["action"]?.stringValue }

  /// Whether it is about a call's session.
  func isAbout(_ session: SessionID?) -> Bool {
    guard let session = session?.rawValue else { return false }
    return path.hasSuffix("/\(session)") || body?["sessionData"]?.stringValue == session
  }
}

/// A frame that a client was given.
struct Received: Sendable {
  var text: String
  var message: JSONValue?

  init(_ text: String) {
    self.text = text
    message = (try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)))?["notificationMessage"]
  }

  var type: String? { message?["eventType"]?.stringValue }
  var sdp: String? { message?["sessionParams"]?["sdp"]?.stringValue }
  /// The same, as another event.
  var again: String {
    guard case .object(var members)? = message else { return text }
    members["eventId"] = .string("\(members["eventId"]?.stringValue ?? "") again")
    return (["notificationMessage": .object(members)] as JSONValue).serialized
  }
  var session: String? { message?["sessionParams"]?["sessionData"]?.stringValue }
}

/// What is under way between the clients of a bench and its gateway.
final class Traffic: Sendable {
  private let count = Mutex(0)
  private let ends = Journal<Void>()

  func during<Value>(_ body: () async throws -> Value) async rethrows -> Value {
    count.withLock { $0 += 1 }
    defer {
      count.withLock { $0 -= 1 }
      ends.write(())
    }
    return try await body()
  }

  /// Returns when every request has been answered, and every WebSocket that is being opened is open.
  func settle() async throws {
    try await ends.until { count.withLock { $0 } == 0 }
  }
}

private final class BreakableSocket: TransportSocket {
  let messages: AsyncStream<String>
  private let socket: any TransportSocket
  private let notifications: Journal<Received>
  private let continuation: AsyncStream<String>.Continuation

  init(_ socket: any TransportSocket, _ notifications: Journal<Received>) {
    self.socket = socket
    self.notifications = notifications
    (messages, continuation) = AsyncStream.makeStream()
    // Ends with the socket, which its client closes.
    Task { [self] in
      for await text in socket.messages { receive(text) }
      continuation.finish()
    }
  }

  func receive(_ text: String) {
    notifications.write(Received(text))
    continuation.yield(text)
  }

  var closeCode: Int? { nil }
  func send(_ text: String) async throws { try await socket.send(text) }
  func close() async { await socket.close() }
}
