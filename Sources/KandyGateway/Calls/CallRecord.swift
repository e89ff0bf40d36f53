import LinkLogic
import LinkProtocol

/// What remains of a conversation of two users when it is over: the raw material of both users' call logs. A call that was forwarded
/// or handed over leaves a record for each pair of users.
struct CallRecord: Sendable, Hashable {
  let caller: UserAddress
  /// As dialled, without `sip:`; there may be no such user.
  let callee: UserAddress
  let callerName: String
  let calleeName: String
  /// Whether the caller dialled, or a third user brought the two together.
  var origin = GatewayCallMachine.Origin.dialled
  /// Milliseconds since 1970, as all times here.
  let startedAt: Int64
  /// `nil` for a call that nobody answered.
  var answeredAt: Int64?
  /// `nil` while the conversation lasts, with the outcome.
  var endedAt: Int64?
  var outcome: GatewayCallMachine.Outcome?
}

extension CallRecord {
  init(
    _ caller: GatewayCallMachine.Party, _ callee: GatewayCallMachine.Party, _ origin: GatewayCallMachine.Origin,
    startedAt: Int64
  ) {
    self.init(
      caller: caller.user, callee: callee.user, callerName: caller.name ?? caller.number,
      calleeName: callee.name ?? callee.number, origin: origin, startedAt: startedAt)
  }
}
