import HTTPTypes
import LinkProtocol

/// What a route answers: a status, a body, and what happens once the answer has left.
struct Reply<Body: WireBody>: Sendable {
  var status: HTTPResponse.Status
  var body: Body
  /// Runs after the response has been written and flushed, also when the client is gone by then: whatever notifications the
  /// request provokes are posted here, so that the response always comes first (R-CALL-3, R-CONN-1208).
  var after: (@Sendable () async -> Void)?

  init(_ body: Body, status: HTTPResponse.Status = .ok, after: (@Sendable () async -> Void)? = nil) {
    self.status = status
    self.body = body
    self.after = after
  }
}

/// Why the gateway does not do what a request asks. A route throws it; the response carries it in the envelope of the endpoint
/// (R-CONN-444, R-CALL-16).
struct Refusal: Error, Sendable, Hashable {
  var status: HTTPResponse.Status
  var code: StatusCode
  /// A sentence for people; `nil` where the protocol fixes the body.
  var reason: String?
  /// Seconds.
  var retryAfter: Double?
  /// Headers that the status calls for.
  var headers: HTTPFields

  init(
    _ status: HTTPResponse.Status, _ code: StatusCode, _ reason: String? = nil, retryAfter: Double? = nil,
    headers: HTTPFields = [:]
  ) {
    self.status = status
    self.code = code
    self.reason = reason
    self.retryAfter = retryAfter
    self.headers = headers
  }

  /// Missing or wrong credentials, unknown users: always the same answer (R-CONN-462).
  static let invalidCredentials = Refusal(.forbidden, .invalidCredentials)
  /// Another user stands in the path (R-CONN-1203).
  static let foreignUser = Refusal(.forbidden, .notAuthorized, "The path names another user than the credentials do.")
  /// A body that is not JSON or lacks what the request needs.
  static func unreadable(_ error: WireFormatError) -> Refusal {
    Refusal(.badRequest, .invalidBody, "The body cannot be read: \(error).")
  }
  static func badRequest(_ reason: String) -> Refusal { Refusal(.badRequest, .badRequest, reason) }
  /// A WebSocket request that is not its connection's first; those never get here.
  static let lateUpgrade = Refusal(
    .badRequest, .badRequest, "A WebSocket can be opened only with the first request of a connection.",
    headers: [.connection: "close"])
  /// Nothing is known at this path.
  static let unknownResource = Refusal(.notFound, .resourceNotFound, "There is no such resource.")
  static func bodyTooLarge(limit: Int) -> Refusal {
    Refusal(.contentTooLarge, .badRequest, "The body is longer than \(limit) bytes.")
  }
  static let tooManySessions = Refusal(
    .forbidden, .tooManySessions, "The user has as many subscriptions as are allowed; forceLogOut ends the oldest.")
  static let invalidCorrelator = Refusal(
    .forbidden, .invalidCorrelator, "A clientCorrelator has 1 to 128 letters, digits and - _ . ~ characters.")
  static func invalidValue(_ reason: String) -> Refusal { Refusal(.forbidden, .invalidValue, reason) }
  static func tooManyCalls(limit: Int) -> Refusal {
    Refusal(.forbidden, .tooManySessions, "The user has begun \(limit) calls, which is as many as are allowed.")
  }
  static let unknownSubscription = Refusal(.notFound, .resourceNotFound, "There is no such subscription (any more).")
  /// The gateway itself failed; the log says more.
  static let internalError = Refusal(.internalServerError, .internalError, "The gateway failed.")
  static let shuttingDown = unavailable("The gateway is shutting down.", retryAfter: 5)
  static let overloaded = unavailable("More users are signing in than the gateway can check.", retryAfter: 2)

  /// - Parameter retryAfter: seconds; in the body and in a header (R-CONN-1103).
  private static func unavailable(_ reason: String, retryAfter: Int) -> Refusal {
    Refusal(
      .serviceUnavailable, .unavailable, reason, retryAfter: Double(retryAfter), headers: [.retryAfter: "\(retryAfter)"])
  }
}

/// A response body that can say no.
protocol RefusableBody: WireBody {
  init(_ refusal: Refusal)
}

extension CallControlResponse: RefusableBody {
  init(_ refusal: Refusal) {
    self.init(
      statusCode: refusal.code == .invalidCredentials ? .credentialProblem : refusal.code, reasonText: refusal.reason,
      retryAfter: refusal.retryAfter)
  }
}

extension SubscribeResponse: RefusableBody {
  init(_ refusal: Refusal) {
    self.init(
      statusCode: refusal.code, reason: refusal.reason, retryAfter: refusal.retryAfter.map { Int($0 * 1000) })
  }
}
