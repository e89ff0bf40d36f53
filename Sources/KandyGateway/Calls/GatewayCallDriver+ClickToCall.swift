import HTTPTypes
import LinkLogic
import LinkProtocol

// Calls that the server makes for a user (part 02 §13).
extension GatewayCallDriver {
  /// Rings at the caller's devices; the callee's turn comes when one of them has answered (R-CALL-737, R-CALL-738).
  func connect(_ request: ClickToCallRequest, by caller: Caller) async throws -> Reply<CallControlResponse> {
    try checkCallService(of: caller)
    guard let callingParty = address(request.callingParty, of: caller) else { throw Self.notAnAddress("callingParty") }
    guard let calledParty = address(request.calledParty, of: caller) else { throw Self.notAnAddress("calledParty") }
    // Nobody makes somebody else's telephone ring and call (R-CALL-736).
    guard callingParty == caller.user else {
      throw Refusal(.forbidden, .notAuthorized, "callingParty is not the user who asks.")
    }
    guard calledParty != callingParty else {
      throw Refusal(.badRequest, .invalidValue, "A user cannot be connected with himself.")
    }
    let callee = try await users.user(calledParty)
    guard await isSubscribedForCalls(caller.user) else {
      throw Refusal(.conflict, .invalidValue, "callingParty has no device that could ring.")
    }
    let machine = Machine(
      clickedBy: Machine.Party(user: caller.user, name: caller.displayName), session: SessionID(identifiers.next()),
      callee: Machine.Party(user: calledParty, name: callee?.displayName), limits: limits)
    return try begin(machine, with: .click, by: caller.user)
  }

  /// Finds out whether somebody can be rung now. If the directory cannot be asked, nobody can.
  func locate(_ address: UserAddress, for leg: SessionID) async {
    let user: User?
    let reach: Machine.Reach
    do {
      user = try await users.user(address)
      reach = await self.reach(of: user)
    } catch {
      user = nil
      reach = .offline
    }
    let party = Machine.Party(user: address, name: user?.displayName)
    report(.located(for: leg, party, SessionID(identifiers.next()), reach), of: leg)
  }

  private static func notAnAddress(_ member: String) -> Refusal {
    Refusal(.badRequest, .invalidValue, "\"\(member)\" is not an address such as bob@example.com.")
  }
}
