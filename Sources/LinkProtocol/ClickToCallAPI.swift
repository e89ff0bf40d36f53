/// Click-to-call: part 02 §13.
public enum ClickToCall {
  /// Has the server ring the calling party's devices and then the called party's, and connect them (R-CALL-730).
  public static let make = Endpoint<NoKey, ClickToCallRequest, ClickToCallResponse>(.post, "clicktocall")
}

/// Who is to be connected with whom. The addresses are as people write them.
public struct ClickToCallRequest: WireBody, Hashable {
  public static let envelope: String? = "clickToCallRequest"

  /// Whose devices ring first; empty when the member is missing.
  public var callingParty: String
  /// Whose devices ring when one of the calling party's has answered; empty when the member is missing.
  public var calledParty: String

  public init(callingParty: String, calledParty: String) {
    self.callingParty = callingParty
    self.calledParty = calledParty
  }

  private enum CodingKeys: String, CodingKey {
    case callingParty, calledParty
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    callingParty = container.looseString(.callingParty) ?? ""
    calledParty = container.looseString(.calledParty) ?? ""
  }
}

/// What the server says of it (R-CALL-737). Clients look at the HTTP status only (R-CALL-731).
public struct ClickToCallResponse: WireBody, Hashable {
  public static let envelope: String? = "clickToCallResponse"
  public static let mayBeEmpty = true

  public var statusCode: StatusCode?
  public var reasonText: String?
  /// Seconds after which the request may be repeated.
  public var retryAfter: Double?

  public init(statusCode: StatusCode? = .success, reasonText: String? = nil, retryAfter: Double? = nil) {
    self.statusCode = statusCode
    self.reasonText = reasonText
    self.retryAfter = retryAfter
  }

  private enum CodingKeys: String, CodingKey {
    case statusCode, reasonText, retryAfter
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    statusCode = container.looseInt(.statusCode).map(StatusCode.init(rawValue:))
    reasonText = container.looseString(.reasonText)
    retryAfter = container.looseDouble(.retryAfter)
  }
}
