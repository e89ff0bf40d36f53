import KandyTesting
import LinkLogic
import LinkProtocol
import Testing

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

  /// The gateway is to connect Alice with Bob.
  static let unclicked = Machine(clickedBy: call.caller, session: "sA", callee: call.callee)

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

/// Alice speaks with Bob, and one of the two hands the other over to Carol.
extension GatewayCallFixture {
  /// Bob calls Carol, as Carol sees it: she was rung.
  static let forCarolOfBob = CallNotificationParams(
    callerDisplayNumber: "bob@example.com", callerName: "Bob Brown", calleeDisplayNumber: "carol@example.com",
    primaryContact: "bob@example.com", remoteDisplayNumber: "bob@example.com", remoteName: "Bob Brown")
  /// The same as Bob sees it, whom Alice had called: to his client it is still an incoming call.
  static let forBobOfCarol = CallNotificationParams(
    callerDisplayNumber: "carol@example.com", callerName: "Carol Clark", calleeDisplayNumber: "bob@example.com",
    primaryContact: "carol@example.com", remoteDisplayNumber: "carol@example.com", remoteName: "Carol Clark")

  static func plain(_ leg: Machine.Leg, _ type: EventType, _ parties: CallNotificationParams) -> LinkProtocol.Notification {
    Notification(
      eventType: type, eventId: nil, sessionParams: SessionParams(sessionData: leg), callNotificationParams: parties)
  }

  /// Alice has asked that Bob be transferred to Carol, who rings or has answered.
  static func transferring(answering: Bool = true, offer: String = "C1") -> Machine {
    var machine = answered()
    _ = machine.handle(.request(.caller, .transfer(carol())))
    _ = machine.handle(.notified("sC"))
    if answering { _ = machine.handle(.request("sC", .answer(Machine.Content(sdp: offer), device: nil))) }
    return machine
  }

  /// Bob speaks with Carol, and Alice's client has not deleted her session yet.
  static func transferred() -> Machine {
    var machine = transferring()
    _ = machine.handle(.request(.callee, .reply(Machine.Content(sdp: "B2"))))
    return machine
  }

  /// Alice and Bob speak with each other and with nobody else, and can be transferred.
  static func expectAsBefore(_ machine: inout Machine) {
    #expect(machine.legs == [.caller, .callee])
    expectExchange(&machine)
    #expect(machine.ask(.caller, .transfer(.user(carolClark, "another", .online))).first == ok)
  }

  /// Alice's offer reaches Bob, and his answer her.
  static func expectExchange(_ machine: inout Machine) {
    #expect(machine.ask(.caller, .offer(Machine.Content(sdp: "A9"))).prefix(2) == [ok, toBob(.startCallUpdate, bobSDP("A9"))])
    #expect(
      machine.ask(.callee, .reply(Machine.Content(sdp: "B9"))).prefix(2) == [ok, toAlice(.respondCallUpdate, aliceSDP("B9"))])
  }
}

extension GatewayCallFixture {
  static let second = Machine.Call(
    caller: call.caller, callee: carolClark, callerSession: "sA2", calleeSession: "sC")

  /// Alice speaks with Bob and, in a second call, with Carol.
  static func consulting(_ call: Machine.Call = second) -> Machine {
    var other = Machine(call)
    _ = other.handle(.start(Machine.Content(sdp: "A1"), callee: .online))
    _ = other.handle(.notified(call.calleeSession))
    _ = other.handle(.request(call.calleeSession, .answer(Machine.Content(sdp: "C1"), device: nil)))
    var machine = answered()
    machine.adopt(&other)
    #expect(other.isOver && other.legs == [])
    return machine
  }
}
