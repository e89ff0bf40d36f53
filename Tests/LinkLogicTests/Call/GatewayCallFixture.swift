import KandyTesting
import LinkLogic
import LinkProtocol

typealias Machine = GatewayCallMachine

/// The two legs of Alice's call to Bob.
extension SessionID {
  static let caller: SessionID = "sA"
  static let callee: SessionID = "sB"
  static let both = [caller, callee]

  /// The far end.
  var other: SessionID { self == .caller ? .callee : .caller }
}

/// Alice calls Bob.
enum GatewayCallFixture {
  static let call = Machine.Call(
    caller: Machine.Party(user: "alice@example.com", name: "Alice Adams"),
    callee: Machine.Party(user: "bob@example.com", name: "Bob Brown"), callerSession: "sA", calleeSession: "sB")

  /// What every notification to Alice says of the two users; written out, not computed.
  static let forAlice = CallNotificationParams(
    callerDisplayNumber: "alice@example.com", callerName: "Alice Adams", calleeDisplayNumber: "bob@example.com",
    primaryContact: "alice@example.com", remoteDisplayNumber: "bob@example.com", remoteName: "Bob Brown")

  static let forBob = CallNotificationParams(
    callerDisplayNumber: "alice@example.com", callerName: "Alice Adams", calleeDisplayNumber: "bob@example.com",
    primaryContact: "alice@example.com", remoteDisplayNumber: "alice@example.com", remoteName: "Alice Adams")

  // Carol, whom the call is forwarded or handed over to.
  static let carolClark = Machine.Party(user: "carol@example.com", name: "Carol Clark")
  static func carol(_ reach: Machine.Reach = .online) -> Machine.Destination { .user(carolClark, "sC", reach) }

  /// Alice calls Carol, as both see it.
  static let forAliceOfCarol = CallNotificationParams(
    callerDisplayNumber: "alice@example.com", callerName: "Alice Adams", calleeDisplayNumber: "carol@example.com",
    primaryContact: "alice@example.com", remoteDisplayNumber: "carol@example.com", remoteName: "Carol Clark")
  static let forCarol = CallNotificationParams(
    callerDisplayNumber: "alice@example.com", callerName: "Alice Adams", calleeDisplayNumber: "carol@example.com",
    primaryContact: "alice@example.com", remoteDisplayNumber: "alice@example.com", remoteName: "Alice Adams")

  static func notify(
    _ leg: Machine.Leg, _ type: EventType, _ params: SessionParams, _ parties: CallNotificationParams,
    statusCode: StatusCode? = nil, custom: [CustomParameter]? = nil
  ) -> Machine.Effect {
    .notify(
      leg,
      Notification(
        eventType: type, eventId: nil, sessionParams: params, callNotificationParams: parties, customParameters: custom,
        statusCode: statusCode), only: nil)
  }

  static func toAlice(
    _ type: EventType, _ params: SessionParams = SessionParams(sessionData: "sA"), statusCode: StatusCode? = nil,
    custom: [CustomParameter]? = nil, bodies: [JSONValue]? = nil
  ) -> Machine.Effect {
    .notify(
      .caller,
      Notification(
        eventType: type, eventId: nil, sessionParams: params, callNotificationParams: forAlice, customParameters: custom,
        customBodies: bodies, statusCode: statusCode), only: nil)
  }

  static func toBob(
    _ type: EventType, _ params: SessionParams = SessionParams(sessionData: "sB"), statusCode: StatusCode? = nil,
    custom: [CustomParameter]? = nil, bodies: [JSONValue]? = nil, only: SubscriptionID? = nil
  ) -> Machine.Effect {
    .notify(
      .callee,
      Notification(
        eventType: type, eventId: nil, sessionParams: params, callNotificationParams: forBob, customParameters: custom,
        customBodies: bodies, statusCode: statusCode), only: only)
  }

  static func aliceSDP(_ sdp: String) -> SessionParams { SessionParams(sessionData: "sA", sdp: sdp) }
  static func bobSDP(_ sdp: String) -> SessionParams { SessionParams(sessionData: "sB", sdp: sdp) }

  static func ended(_ session: SessionID, _ code: StatusCode, _ text: String) -> SessionParams {
    SessionParams(sessionData: session, statusCode: code, reasonText: text)
  }

  static func refused(_ session: SessionID, retryAfter: Double) -> SessionParams {
    SessionParams(sessionData: session, statusCode: 49, reasonText: "Request Pending", retryAfter: retryAfter)
  }

  static let conversation = Machine.Conversation(caller: .caller, callee: .callee)
  static let begun = Machine.Effect.record(
    conversation, .begun(caller: call.caller, callee: call.callee, .dialled))
  static let established = Machine.Effect.record(conversation, .answered)
  static func over(_ outcome: Machine.Outcome) -> Machine.Effect { .record(conversation, .ended(outcome)) }

  static let ok = Machine.Effect.respond(Machine.Answer(httpStatus: 200, body: CallControlResponse(statusCode: 0)))

  static func failure(_ status: Int, _ code: StatusCode, _ text: String, retryAfter: Double? = nil) -> Machine.Effect {
    .respond(
      Machine.Answer(
        httpStatus: status, body: CallControlResponse(statusCode: code, reasonText: text, retryAfter: retryAfter)))
  }

  static let noCall = failure(404, 42, "The call does not exist.")

  static func ringing(_ offer: String = "A1") -> Machine {
    var machine = Machine(call)
    _ = machine.handle(.start(Machine.Content(sdp: offer), callee: .online))
    _ = machine.handle(.notified(.callee))
    return machine
  }

  static func answered(offer: String = "A1", answer: String = "B1", device: SubscriptionID? = nil) -> Machine {
    var machine = ringing(offer)
    _ = machine.handle(.request(.callee, .answer(Machine.Content(sdp: answer), device: device)))
    return machine
  }
}

extension Machine {
  /// A request and what is done about it, without the leg's audit timer, which every request restarts.
  mutating func ask(_ leg: Leg, _ request: Request) -> [Effect] {
    handle(.request(leg, request)).filter {
      if case .startTimer(let timer, _, _) = $0 { timer.kind != .audit } else { true }
    }
  }

  /// The newest generation of a timer that these effects start.
  static func generation(of timer: Timer, in effects: [Effect]) -> Int? {
    effects.compactMap { if case .startTimer(timer, let generation, _) = $0 { generation } else { nil } }.last
  }
}
