public import LinkProtocol

/// `client.clickToCall`: calls that the server makes.
///
/// The server rings the caller's devices, this one included if it is the caller's; when one of them answers, it rings the callee's, and
/// connects the two. At both ends it is an incoming call: `call:receive` announces it, and how it ends stands in its `transition`.
public struct ClickToCalls: Sendable {
  let service: ClickToCallService

  /// Asks the server to connect two people. Returns when the server has begun to ring the caller, after `clickToCall:start`; any number may
  /// be under way at once (R-CALL-735).
  /// - Parameters:
  ///   - caller: whose devices ring first: an address of the own user (R-CALL-736).
  ///   - callee: whose devices ring then, `user@domain`.
  /// - Returns: the record's id. It is not that of a call.
  /// - Throws: `BasicError` `clickToCall:1` without a caller or a callee, `clickToCall:2` when the server refused or could not be asked; both
  ///   are reported by `clickToCall:error` as well.
  @discardableResult
  public func make(_ caller: String, _ callee: String) async throws(BasicError) -> ClickToCallID {
    try await service.make(caller, callee)
  }

  /// What the server has been asked for and has agreed to, the earliest request first. What became of the calls is not in it.
  /// - Throws: when the client has been destroyed.
  public func get() throws(BasicError) -> [ClickToCallRecord] {
    try service.context.lifetime.check()
    return service.records
  }
}

public enum ClickToCallTag {}
/// One request to connect two people: `callId` in the document.
public typealias ClickToCallID = Identifier<ClickToCallTag>

/// A request to connect two people that the server has agreed to (R-CALL-732). Its JSON has the documented keys.
public struct ClickToCallRecord: Sendable, Hashable, Codable, Identifiable {
  /// `callId`; made by the SDK, never sent.
  public var id: ClickToCallID
  /// As given to `make`.
  public var caller: String
  /// As given to `make`.
  public var callee: String
  /// When the request was made, in milliseconds since 1970.
  public var requestTime: Int64

  private enum CodingKeys: String, CodingKey {
    case id = "callId", caller, callee, requestTime
  }

  public init(id: ClickToCallID, caller: String, callee: String, requestTime: Int64) {
    self.id = id
    self.caller = caller
    self.callee = callee
    self.requestTime = requestTime
  }
}
