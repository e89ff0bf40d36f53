import LinkProtocol
import Synchronization

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Sends requests for the connected user: address, credentials and headers are added here, answers are read here (part 01 §4).
final class Requests: Sendable {
  private struct State {
    var access: ServerAccess?
    /// Numbers requests for the log (R-CONN-447).
    var next = 0
  }

  private let transport: any Transport
  private let settings: Settings
  private let log: LoggerSet
  /// The call engine's.
  private let trace: TargetLogger
  private let metrics: ClientMetrics
  private let state = Mutex(State())

  init(transport: any Transport, settings: Settings, log: LoggerSet, metrics: ClientMetrics = .none) {
    self.transport = transport
    self.settings = settings
    self.log = log
    trace = log.logger(.fcs)
    self.metrics = metrics
  }

  /// Where requests go and as whom; `nil` while there is no subscription.
  var access: ServerAccess? {
    get { state.withLock { $0.access } }
    set { state.withLock { $0.access = newValue } }
  }

  /// What became of another credential.
  enum Replacement: Sendable, Hashable {
    case replaced
    /// There is no connection, or the one that there is goes on with what it has.
    case kept
    /// It belongs to another user.
    case refused
  }

  /// Uses another credential for the requests that follow. The end of the connection comes before or after, never between.
  func replaceCredential(_ credential: WireCredential, username: String) -> Replacement {
    state.withLock { state in
      guard let access = state.access else { return .kept }
      guard access.username == username else { return .refused }
      if case .hmac = credential, case .session = access.credential {
        return .kept  // The session that the token before led to stays valid for this subscription (R-CONN-424).
      }
      state.access?.credential = credential
      return .replaced
    }
  }

  /// The own user name, as it was given to `connect`; `nil` when not connected.
  var username: String? { access?.username }

  /// The domain of the own user name; `nil` when not connected or when the name has none.
  var domain: String? {
    guard let username, let at = username.lastIndex(of: "@") else { return nil }
    return String(username[username.index(after: at)...])
  }

  // MARK: For services

  /// Sends a request that addresses one resource. The answer may carry a status other than 0: see what it means for you
  /// (R-CONN-443).
  func send<Key: RawRepresentable<String>, Body: WireBody, Answer: WireBody>(
    _ endpoint: Endpoint<Key, Body, Answer>, key: Key, body: Body?, query: [(String, String)] = []
  ) async throws(RequestFailure) -> Answer {
    let access = try connected()
    let path = endpoint.path(user: access.username, key: key, version: access.version)
    return try await send(endpoint.method, path, body: body, query: query, as: access)
  }

  /// Sends a request that addresses no single resource.
  func send<Body: WireBody, Answer: WireBody>(
    _ endpoint: Endpoint<NoKey, Body, Answer>, body: Body?, query: [(String, String)] = []
  ) async throws(RequestFailure) -> Answer {
    let access = try connected()
    let path = endpoint.path(user: access.username, version: access.version)
    return try await send(endpoint.method, path, body: body, query: query, as: access)
  }

  /// Sends a request without a body that addresses one resource.
  func send<Key: RawRepresentable<String>, Answer: WireBody>(
    _ endpoint: Endpoint<Key, NoBody, Answer>, key: Key, query: [(String, String)] = []
  ) async throws(RequestFailure) -> Answer {
    try await send(endpoint, key: key, body: nil, query: query)
  }

  private func connected() throws(RequestFailure) -> ServerAccess {
    guard let access else { throw RequestFailure(.notConnected, "There is no connection.") }
    return access
  }

  // MARK: For the session

  /// Sends a request to an absolute path.
  func send<Body: WireBody, Answer: WireBody>(
    _ method: HTTPMethod, _ path: String, body: Body?, query: [(String, String)] = [], as access: ServerAccess
  ) async throws(RequestFailure) -> Answer {
    let request = try request(method, path, body: body, query: query, as: access)
    let number = state.withLock { state in
      defer { state.next += 1 }
      return state.next
    }
    let log = log.logger(.request, id: String(number))
    log.debug("Sending a request.", ["method": .string(method.rawValue)])
    let isCallControl = path.contains("/callControl")
    if isCallControl { trace.debug("Signalling leaves.", ["request": .int(number), "method": .string(method.rawValue)]) }
    let response: TransportResponse
    let measurement = metrics.request(method, path)
    do {
      response = try await transport.send(request)
    } catch let error as TransportError {
      measurement.failed(error.code)
      log.warn("The request got no answer.", ["code": .string(error.code.rawValue)])
      throw RequestFailure(error)
    } catch {
      measurement.cancelled()
      throw RequestFailure(.transport, "The request was cancelled.")
    }
    measurement.answered(response.status)
    log.debug("The request was answered.", ["status": .int(response.status)])
    if isCallControl { trace.debug("Signalling was answered.", ["request": .int(number), "status": .int(response.status)]) }
    return try read(response)
  }

  private func request<Body: WireBody>(
    _ method: HTTPMethod, _ path: String, body: Body?, query: [(String, String)], as access: ServerAccess
  ) throws(RequestFailure) -> TransportRequest {
    var headers = ["Content-Type": "application/json", "Accept": "application/json"]
    headers.merge(access.credential.headers) { _, new in new }
    if settings.current.requests.injectAgentVersionHeader {
      headers["X-Cpaas-Agent"] = "cpaas-js-sdk/\(Version.current)"
    }
    var data: Data?
    if let body {
      do { data = try WireCoding.encode(body) } catch {
        throw RequestFailure(.format, "The request cannot be written as JSON.")
      }
    }
    return TransportRequest(
      method: method, url: access.base + path + QueryString.make(query), headers: headers, body: data)
  }

  /// R-CONN-441 and R-CONN-445.
  private func read<Answer: WireBody>(_ response: TransportResponse) throws(RequestFailure) -> Answer {
    guard response.isSuccess else { throw RequestFailure(response) }
    // An empty answer counts as an empty object, in whatever envelope is expected.
    let empty = Answer.envelope.map { "{\"\($0)\":{}}" } ?? "{}"
    let data = response.body.isEmpty || response.status == 204 ? Data(empty.utf8) : response.body
    do {
      return try WireCoding.decode(Answer.self, from: data)
    } catch {
      throw RequestFailure(
        .format, "The server's answer cannot be read: \(error).", httpStatus: response.status,
        statusCode: WireCoding.statusCode(in: response.body))
    }
  }
}

/// Why a request had no usable answer.
struct RequestFailure: Error, Sendable, Hashable {
  enum Kind: Sendable, Hashable {
    /// There is no connection to send it on.
    case notConnected
    /// No answer came: unreachable, refused, TLS, cancelled.
    case transport
    /// No answer came in time.
    case timeout
    /// The server refused.
    case http
    /// The answer is not what the protocol says.
    case format
  }

  var kind: Kind
  var httpStatus: Int?
  /// From wherever it stands in the answer (R-CONN-452).
  var statusCode: StatusCode?
  /// What the server says of it, for people.
  var reasonText: String?
  /// The whole answer, where it has the form of call control's.
  var callControl: CallControlResponse?
  var message: String
  /// When the server says to try again.
  var retryAfter: Duration?

  init(
    _ kind: Kind, _ message: String, httpStatus: Int? = nil, statusCode: StatusCode? = nil,
    reasonText: String? = nil, callControl: CallControlResponse? = nil, retryAfter: Duration? = nil
  ) {
    self.kind = kind
    self.message = message
    self.httpStatus = httpStatus
    self.statusCode = statusCode
    self.reasonText = reasonText
    self.callControl = callControl
    self.retryAfter = retryAfter
  }

  /// Whether the server agreed, in words that cannot be read.
  var isUnreadableSuccess: Bool { kind == .format && httpStatus != nil }

  init(_ error: TransportError) {
    self.init(error.code == .timeout ? .timeout : .transport, error.message)
  }

  /// A refusal: rows 3 to 6 of R-CONN-441.
  init(_ response: TransportResponse) {
    let code = WireCoding.statusCode(in: response.body)
    let callControl = try? WireCoding.decode(CallControlResponse.self, from: response.body)
    var message = "The server answered \(response.status)"
    if let code { message += " with status code \(code)" }
    self.init(
      .http, message + ".", httpStatus: response.status, statusCode: code,
      reasonText: WireCoding.reasonText(in: response.body), callControl: callControl,
      retryAfter: Self.retryAfter(response, callControl))
  }

  private static func retryAfter(_ response: TransportResponse, _ callControl: CallControlResponse?) -> Duration? {
    if let seconds = callControl?.retryAfter { return Duration(seconds: seconds) }
    if let subscribe = try? WireCoding.decode(SubscribeResponse.self, from: response.body),
      let milliseconds = subscribe.retryAfter
    {
      return Duration(milliseconds: Double(milliseconds))
    }
    return response.headers["retry-after"].flatMap { Double($0) }.map { Duration(seconds: $0) }
  }
}
