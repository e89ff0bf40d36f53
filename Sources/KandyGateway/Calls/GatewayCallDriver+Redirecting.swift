import HTTPTypes
import LinkLogic
import LinkProtocol

// Requests that bring somebody else into a call.
extension GatewayCallDriver {
  /// Rejects or forwards an unanswered call.
  func perform(_ request: CallDispositionRequest, by caller: Caller) async throws -> Reply<CallControlResponse> {
    switch request.action {
    case .reject:
      return perform(.reject, on: request.sessionData, by: caller.user)
    case .forward:
      let destination = try await destination(request.address, of: caller)
      return perform(.forward(destination), on: request.sessionData, by: caller.user)
    }
  }

  /// Performs an operation on a session (R-CALL-30).
  func perform(
    _ request: CallControlRequest, on session: SessionID, by caller: Caller
  ) async throws -> Reply<CallControlResponse> {
    var target = Machine.Destination.unreadable
    if request.type == .transfer {
      // The second call's session counts, and the address that comes with it is a hint (R-CALL-85).
      if let second = request.sessionData {
        target = farEnd(of: second, for: session, of: caller.user)
      } else {
        target = try await destination(request.address, of: caller)
      }
    }
    return perform(
      Machine.Request(request, device: caller.subscription, destination: target), on: session, by: caller.user)
  }

  /// Joins two calls (R-CALL-89).
  func join(_ request: CallControlRequest, by caller: Caller) throws -> Reply<CallControlResponse> {
    guard desk != nil else {
      throw Refusal(.forbidden, .serviceNotEnabled, "This server cannot mix calls: it runs without a media engine.")
    }
    guard request.clientControlled != "true" else {
      throw Refusal(.forbidden, .serviceNotEnabled, "This server does not support client-controlled join.")
    }
    guard let first = request.firstSessionData, let second = request.secondSessionData else {
      throw Refusal(.badRequest, .invalidValue, "join needs firstSessionData and secondSessionData.")
    }
    guard first != second else { throw Refusal(.badRequest, .invalidValue, "A call cannot be joined with itself.") }
    guard !isShuttingDown else { throw Refusal.shuttingDown }
    let content = Machine.Content(
      sdp: request.sdp, customParameters: request.customParameters, customBodies: request.customBodies)
    let joining = Machine.Request.join(
      farEnd(of: second, for: first, of: caller.user), as: SessionID(identifiers.next()), content)
    return perform(joining, on: first, by: caller.user)
  }

  /// Finds the far end of a user's second call, and brings it into the first one's machine.
  private func farEnd(of second: SessionID, for first: SessionID, of user: UserAddress) -> Machine.Destination {
    guard let from = sessions[second], let other = calls[from]?.machine, other.user(of: second) == user else {
      return .unknownSession
    }
    guard other.isTalking(second) else { return .unansweredSession }
    if let id = sessions[first], id != from, let machine = calls[id]?.machine, machine.user(of: first) == user,
      machine.isTalking(first)
    {
      move(from, into: id)
    }
    return .farEnd(of: second)
  }

  /// Makes one call part of another. What it still has to send leaves before anything that the other one has to send from now on.
  private func move(_ from: CallID, into id: CallID) {
    guard var moved = calls[from], var call = calls[id] else { return }
    for leg in moved.machine.legs { sessions[leg] = id }
    call.machine.adopt(&moved.machine)
    call.records.merge(moved.records) { $1 }
    moved.records = [:]
    if moved.outbox.isEmpty, !moved.isSending {
      calls[from] = nil
    } else {
      moved.successor = (id, call.outbox.append([], isReleased: false))
      calls[from] = moved
    }
    calls[id] = call
  }

  /// Finds out whom an address means, and whether they can be rung.
  private func destination(_ address: String?, of caller: Caller) async throws -> Machine.Destination {
    guard let address = self.address(address, of: caller) else { return .unreadable }
    let user = try await users.user(address)
    let party = Machine.Party(user: address, name: user?.displayName)
    return .user(party, SessionID(identifiers.next()), await reach(of: user))
  }
}
