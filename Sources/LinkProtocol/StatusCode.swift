/// `statusCode` of a response or notification (R-CONN-461, R-CALL-230 and part 02 §5). New codes need no new type.
public struct StatusCode: RawRepresentable, Hashable, Sendable, Codable, ExpressibleByIntegerLiteral, CustomStringConvertible {
  public let rawValue: Int

  public init(rawValue: Int) { self.rawValue = rawValue }
  public init(integerLiteral value: Int) { rawValue = value }

  /// Reads a number, or a number written as text, as both occur (R-CALL-153, R-CALL-824).
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let number = try? container.decode(Int.self) {
      rawValue = number
    } else if let number = Int(try container.decode(String.self)) {
      rawValue = number
    } else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a status code")
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(rawValue)
  }

  public var description: String { String(rawValue) }
}

extension StatusCode {
  public static let success: StatusCode = 0
  /// Success of a subscription refresh, a variant of 0.
  public static let refreshed: StatusCode = 2
  public static let invalidCredentials: StatusCode = 4
  public static let invalidBody: StatusCode = 5
  public static let tooManySessions: StatusCode = 19
  public static let internalError: StatusCode = 26
  public static let notAuthorized: StatusCode = 27
  public static let serviceNotEnabled: StatusCode = 35
  public static let invalidValue: StatusCode = 37
  public static let invalidCorrelator: StatusCode = 38
  /// The subscription does not exist (any more).
  public static let resourceNotFound: StatusCode = 39
  /// The call does not exist (any more).
  public static let callNotFound: StatusCode = 42
  /// The session does not exist; answer to reading a call's state.
  public static let sessionNotFound: StatusCode = 47
  /// Another offer is outstanding; `retryAfter` says when to try again (R-CALL-216).
  public static let requestPending: StatusCode = 49
  public static let answeredElsewhere: StatusCode = 55
  public static let credentialProblem: StatusCode = 61
  public static let badRequest: StatusCode = 1004
  public static let unavailable: StatusCode = 503
}

/// The SIP response codes that `callEnd` carries (part 02 §5.3), each with the text that goes with it (R-CALL-231).
public enum CallEndReason: Sendable, Hashable, CaseIterable {
  case notFound, unavailable, busy, noAnswer, notAcceptable, requestPending, serverFailure, declined

  public var statusCode: StatusCode {
    switch self {
    case .notFound: 404
    case .unavailable: 480
    case .busy: 486
    case .noAnswer: 487
    case .notAcceptable: 488
    case .requestPending: 491
    case .serverFailure: 500
    case .declined: 603
    }
  }

  public var reasonText: String {
    switch self {
    case .notFound: "Not Found"
    case .unavailable: "Temporarily Unavailable"
    case .busy: "Busy Here"
    case .noAnswer: "Request Terminated"
    case .notAcceptable: "Not Acceptable Here"
    case .requestPending: "Request Pending"
    case .serverFailure: "Server Internal Error"
    case .declined: "Decline"
    }
  }
}

/// The codes of a call's `transition` that a client makes itself (part 02 §5.2).
public enum LocalCallCode: Int, Sendable, Hashable, CaseIterable {
  case reasonNotProvided = 9900
  case endedByLocalUser = 9901
  case rejectedByLocalUser = 9902
  case ignoredByLocalUser = 9903
  case respondedFromAnotherDevice = 9904
  case sessionCompleted = 9905
  case joinCompleted = 9906
  case transferredByRemoteUser = 9907
  case auditFailure = 9909

  public var reasonText: String {
    switch self {
    case .reasonNotProvided: "Reason not provided"
    case .endedByLocalUser: "Ended by local user"
    case .rejectedByLocalUser: "Rejected by local user"
    case .ignoredByLocalUser: "Ignored by local user"
    case .respondedFromAnotherDevice: "Responded from another device"
    case .sessionCompleted: "Session completed"
    case .joinCompleted: "Join operation has completed"
    case .transferredByRemoteUser: "Transferred by remote user"
    case .auditFailure: "Call has ended due to call audit failure."
    }
  }
}
