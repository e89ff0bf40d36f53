import LinkLogic
import LinkProtocol

/// What remains of a call when it is over: the raw material of both users' call logs.
struct CallRecord: Sendable, Hashable {
  let caller: UserAddress
  /// As dialled, without `sip:`; there may be no such user.
  let callee: UserAddress
  let callerName: String
  let calleeName: String
  /// Milliseconds since 1970, as all times here.
  let startedAt: Int64
  /// `nil` for a call that nobody answered.
  var answeredAt: Int64?
  /// `nil` while the call lasts, with the outcome.
  var endedAt: Int64?
  var outcome: GatewayCallMachine.Outcome?
}
