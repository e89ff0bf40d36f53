public import Kandy
public import LinkProtocol
import Synchronization
import Testing

/// A network that does what a test says.
///
/// ```swift
/// let transport = ScriptedTransport(clock: clock)
/// transport.expect(.post, "subscription", .json(201, ["subscribeResponse": […]]))
/// let socket = transport.expectSocket()
/// let slow = transport.expect(.post, "callControl/callSessions")  // held back
/// …
/// let request = try await slow.request()
/// slow.answer(.status(500))
/// ```
///
/// A request is given to the first expectation that it fits, which is then used up, else to the standing rules, of which the
/// latest one that it fits counts. One that nobody expected is a failure of the test, and unreachable for the client.
///
/// Paths are written as segments, `*` standing for any one: `callControl/callSessions/*`. With a leading slash they are meant
/// from the root, otherwise they are the last segments. The query is not looked at.
public final class ScriptedTransport: Transport {
  private struct Rule {
    let method: HTTPMethod
    let pattern: PathPattern
    let answer: @Sendable (TransportRequest) -> ScriptedAnswer
  }

  private struct SocketExpectation {
    let pattern: PathPattern
    let outcome: SocketOutcome
  }

  private enum SocketOutcome {
    case accept(ScriptedSocket)
    case exchange(ScriptedExchange)
  }

  private struct State {
    var exchanges: [ScriptedExchange] = []
    var rules: [Rule] = []
    var sockets: [SocketExpectation] = []
    var requests: [TransportRequest] = []
    var openedSockets: [ScriptedSocket] = []
    var isShutDown = false
  }

  private let state = Mutex(State())
  private let clock: (any Clock<Duration>)?
  private let end = OneShot<TransportError>()

  /// - Parameter clock: what measures the timeouts of requests that are not answered; without one they wait until they are
  ///   answered, cancelled, or the transport is shut down. Only such requests sleep on it.
  public init(clock: (any Clock<Duration>)? = nil) {
    self.clock = clock
  }

  // MARK: - Script

  /// Expects one request.
  /// - Parameter answer: `nil` holds the request back until the exchange that is returned is told the answer.
  @discardableResult
  public func expect(_ method: HTTPMethod, _ path: String, _ answer: ScriptedAnswer? = nil) -> ScriptedExchange {
    let exchange = ScriptedExchange(method: method.rawValue, pattern: PathPattern(path), answer: answer)
    state.withLock { $0.exchanges.append(exchange) }
    return exchange
  }

  /// Answers any number of requests for which there is no expectation.
  public func always(
    _ method: HTTPMethod, _ path: String, _ answer: @escaping @Sendable (TransportRequest) -> ScriptedAnswer
  ) {
    state.withLock { $0.rules.append(Rule(method: method, pattern: PathPattern(path), answer: answer)) }
  }

  /// Expects one WebSocket and accepts it.
  /// - Parameter path: any, unless given.
  @discardableResult
  public func expectSocket(_ path: String = "") -> ScriptedSocket {
    let socket = ScriptedSocket()
    state.withLock { $0.sockets.append(SocketExpectation(pattern: PathPattern(path), outcome: .accept(socket))) }
    return socket
  }

  /// Expects one WebSocket and does not accept it: the handshake fails, or never ends.
  public func expectSocket(_ path: String = "", refusing error: TransportError?) {
    let pattern = PathPattern(path)
    let answer = error.map { ScriptedAnswer.failure($0) } ?? .never
    let exchange = ScriptedExchange(method: "socket", pattern: pattern, answer: answer)
    state.withLock { $0.sockets.append(SocketExpectation(pattern: pattern, outcome: .exchange(exchange))) }
  }

  // MARK: - Records

  /// Every request that was sent, in order.
  public var requests: [TransportRequest] { state.withLock { $0.requests } }

  /// The requests of one kind that were sent, in order.
  public func requests(_ method: HTTPMethod, _ path: String) -> [TransportRequest] {
    let pattern = PathPattern(path)
    return requests.filter { $0.method == method && pattern.matches($0.path) }
  }

  /// What was expected and has not come, such as `POST subscription`; a test that wants everything to come expects it to be empty.
  public var outstanding: [String] {
    state.withLock { state in
      state.exchanges.map { "\($0.method) \($0.pattern)" }
        + state.sockets.map { $0.pattern.description.isEmpty ? "socket" : "socket \($0.pattern)" }
    }
  }

  public var isShutDown: Bool { state.withLock { $0.isShutDown } }

  // MARK: - Transport

  public func send(_ request: TransportRequest) async throws -> TransportResponse {
    let exchange = try state.withLock { state -> ScriptedExchange? in
      if state.isShutDown { throw Self.closed }
      state.requests.append(request)
      let index = state.exchanges.firstIndex {
        $0.method == request.method.rawValue && $0.pattern.matches(request.path)
      }
      if let index { return state.exchanges.remove(at: index) }
      guard let rule = state.rules.last(where: { $0.method == request.method && $0.pattern.matches(request.path) }) else {
        return nil
      }
      return ScriptedExchange(method: rule.method.rawValue, pattern: rule.pattern, answer: rule.answer(request))
    }
    guard let exchange else { throw unexpected("\(request.method.rawValue) \(request.path)") }
    return try await untilShutdown { [clock] in try await exchange.perform(request, clock: clock) }
  }

  public func openSocket(_ url: String, timeout: Duration) async throws -> any TransportSocket {
    let outcome = try state.withLock { state -> SocketOutcome? in
      if state.isShutDown { throw Self.closed }
      guard let index = state.sockets.firstIndex(where: { $0.pattern.matches(URLParts(url).path) }) else { return nil }
      let outcome = state.sockets.remove(at: index).outcome
      if case .accept(let socket) = outcome { state.openedSockets.append(socket) }
      return outcome
    }
    switch outcome {
    case .accept(let socket):
      socket.open(url)
      return socket
    case .exchange(let exchange):
      let request = TransportRequest(method: .get, url: url, timeout: timeout)
      _ = try await untilShutdown { [clock] in try await exchange.perform(request, clock: clock) }
      throw TransportError(.handshake, "The handshake was refused.")
    case nil:
      throw unexpected("socket \(URLParts(url).path)")
    }
  }

  /// Requests that are still waiting end with code `closed`, and sockets without a close frame.
  public func shutdown() async {
    let sockets = state.withLock { state in
      state.isShutDown = true
      return state.openedSockets
    }
    end.set(Self.closed)
    for socket in sockets { socket.end(code: nil) }
  }

  private static let closed = TransportError(.closed, "The transport has been shut down.")

  private func unexpected(_ what: String) -> TransportError {
    Issue.record("unexpected \(what); outstanding: \(outstanding)")
    return TransportError(.unreachable, "Nobody expected \(what).")
  }

  private func untilShutdown(
    _ body: @escaping @Sendable () async throws -> TransportResponse
  ) async throws -> TransportResponse {
    try await withThrowingTaskGroup(of: TransportResponse.self) { group in
      defer { group.cancelAll() }
      group.addTask { try await body() }
      group.addTask { [end] in throw try await end.get() }
      guard let first = try await group.next() else { throw CancellationError() }
      return first
    }
  }
}
