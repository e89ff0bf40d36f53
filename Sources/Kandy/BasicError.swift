public import LinkProtocol

/// The error of every function and every event of the SDK (R-CONN-1001, R-CONN-1002).
///
/// `code` is what programs look at; `message` is for people and may change.
public struct BasicError: Error, Hashable, Sendable, Codable, CustomStringConvertible {
  public let code: Code
  public let message: String
  /// The server's status code, when the server refused.
  public let statusCode: StatusCode?
  /// What lies beneath, in words: the network's or the media engine's own message.
  public let cause: String?

  /// - Parameter message: `nil` gives the code's default message.
  public init(_ code: Code = .noCode, _ message: String? = nil, statusCode: StatusCode? = nil, cause: String? = nil) {
    self.code = code
    self.message = message ?? Self.defaultMessage
    self.statusCode = statusCode
    self.cause = cause
  }

  public var description: String { "\(code.rawValue): \(message)" }

  /// The message of an error that has no other (R-CONN-1001).
  public static let defaultMessage = "An error occurred."

  /// What every getter of a destroyed client throws; the message is documented word for word (R-CONN-224).
  public static let destroyed = BasicError(.noCode, "State is not available if the SDK has been destroyed")

  /// The error as it stands in an event's payload: `code` and `message`, and `statusCode` and `cause` where known.
  public var json: JSONValue {
    var members: [String: JSONValue] = ["code": .string(code.rawValue), "message": .string(message)]
    if let statusCode { members["statusCode"] = .integer(Int64(statusCode.rawValue)) }
    if let cause { members["cause"] = .string(cause) }
    return .object(members)
  }
}

extension BasicError {
  /// A documented error code, `feature:number` (part 01 §10.2). New codes need no new type.
  public struct Code: RawRepresentable, Hashable, Sendable, Codable, ExpressibleByStringLiteral, CustomStringConvertible {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    public init(stringLiteral value: String) { rawValue = value }
    public var description: String { rawValue }

    public init(from decoder: any Decoder) throws {
      rawValue = try decoder.singleValueContainer().decode(String.self)
    }
    public func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      try container.encode(rawValue)
    }

    public static let noCode: Code = "NO_CODE"
  }
}

/// The codes of connecting: `INVALID_CREDENTIALS` and so on in the document.
extension BasicError.Code {
  /// The credentials cannot be used (R-CONN-512).
  public static let invalidCredentials: Self = "authentication:1"
  public static let connectWebSocketError: Self = "authentication:2"
  public static let unsubscribeFailed: Self = "authentication:3"
  /// The server refused the subscription, or could not be reached (R-CONN-540).
  public static let subscribeFailed: Self = "authentication:4"
  public static let extendSubscriptionFailed: Self = "authentication:5"
  /// A refresh or an update of the subscription failed (R-CONN-545, R-CONN-554).
  public static let updateSubscriptionFailed: Self = "authentication:6"
  /// The operation makes no sense in the connection's present state (R-CONN-1133).
  public static let invalidConnectionState: Self = "authentication:7"
  public static let missingService: Self = "authentication:12"
  /// The server is overloaded and said so (R-CONN-1103).
  public static let subscribeUnavailable: Self = "authentication:13"
  /// The WebSocket did not open (R-CONN-540).
  public static let webSocketError: Self = "subscription:1"
}

/// The codes of calls, media and bridges.
extension BasicError.Code {
  public static let callUnknownError: Self = "call:1"
  public static let callGenericError: Self = "call:2"
  public static let callInitMediaFailed: Self = "call:3"
  public static let callUserMediaError: Self = "call:4"
  public static let callNotSupported: Self = "call:5"
  public static let callInvalidState: Self = "call:6"
  public static let callInvalidParameter: Self = "call:7"
  public static let callStateDesync: Self = "call:8"
  public static let callInvalidOffer: Self = "call:9"
  public static let callNoICECandidates: Self = "call:10"
  public static let callSessionMismatch: Self = "call:11"
  public static let callGlare: Self = "call:12"

  public static let audioBridgeUnknownError: Self = "audioBridge:1"
  public static let audioBridgeInvalidInput: Self = "audioBridge:2"
  public static let audioBridgeAlreadyExists: Self = "audioBridge:3"
  public static let audioBridgeNotFound: Self = "audioBridge:4"
  public static let audioBridgeNotSupported: Self = "audioBridge:5"
  public static let audioBridgeMediaNotFound: Self = "audioBridge:6"
  public static let audioBridgeInvalidState: Self = "audioBridge:7"
}

/// The codes of the data services.
extension BasicError.Code {
  public static let callHistoryUnknownError: Self = "callHistory:1"
  public static let callHistoryBadRequest: Self = "callHistory:2"
  public static let callHistoryNotFound: Self = "callHistory:3"
  public static let callHistoryNotAuthenticated: Self = "callHistory:4"
  public static let callHistoryForbidden: Self = "callHistory:5"

  public static let clickToCallMissingArguments: Self = "clickToCall:1"
  public static let clickToCallResponseError: Self = "clickToCall:2"

  public static let groupsUnknownError: Self = "groups:1"
  public static let groupsGenericError: Self = "groups:2"
  public static let groupsMissingParameters: Self = "groups:3"

  public static let createGroupFailed: Self = "messaging:1"
  public static let markReadFailed: Self = "messaging:2"
  public static let removeMembersFailed: Self = "messaging:3"
  public static let addMembersFailed: Self = "messaging:4"
  public static let sendMessageFailed: Self = "messaging:5"
  public static let fetchMessagesFailed: Self = "messaging:6"
  public static let fileUploadFailed: Self = "messaging:7"
  public static let fetchConversationsFailed: Self = "messaging:8"
  public static let invalidDestination: Self = "messaging:9"
  public static let invalidFileParts: Self = "messaging:10"
  public static let setIsTypingFailed: Self = "messaging:11"

  public static let fetchVoicemailFailed: Self = "mwi:1"

  public static let sipEventsUnknownError: Self = "sipEvents:1"
  public static let sipEventsNotProvisioned: Self = "sipEvents:2"
  public static let sipEventsNotSubscribed: Self = "sipEvents:3"

  public static let presenceInvalidStatus: Self = "presence:1"
  public static let presenceInvalidActivity: Self = "presence:2"
  public static let presenceInvalidRequest: Self = "presence:3"
  public static let presenceInvalidParameter: Self = "presence:4"

  public static let usersUnknownError: Self = "users:1"
  public static let refreshContactsFailed: Self = "users:2"
  public static let directoryRequestFailed: Self = "users:3"
  public static let usersInvalidParameter: Self = "users:4"
}
