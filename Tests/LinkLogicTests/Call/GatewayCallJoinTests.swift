import KandyTesting
import LinkLogic
import LinkProtocol
import Testing

private typealias Fixture = GatewayCallFixture

/// Alice speaks with Bob and with Carol, and joins the two calls (part 02 §8.19).
@Suite struct GatewayCallJoinTests {
  private static let session: Machine.Leg = "sJ"

  private static func conference(with others: String, own: String) -> CallNotificationParams {
    CallNotificationParams(
      callerDisplayNumber: "conference@example.com", callerName: others, calleeDisplayNumber: own,
      primaryContact: "conference@example.com", remoteDisplayNumber: "conference@example.com", remoteName: others)
  }

  private static let forHost = conference(with: "Bob Brown, Carol Clark", own: "alice@example.com")
  private static let forBob = conference(with: "Alice Adams, Carol Clark", own: "bob@example.com")
  private static let forCarol = conference(with: "Alice Adams, Bob Brown", own: "carol@example.com")

  private static func mix(_ leg: Machine.Leg, _ order: Machine.MixerOrder) -> Machine.Effect {
    .mix(Machine.Seat(conference: session, leg: leg), order)
  }

  private static func join(_ second: Machine.Destination = .farEnd(of: "sA2"), sdp: String? = "J1") -> Machine.Request {
    .join(second, as: session, Machine.Content(sdp: sdp))
  }

  /// The mixer has answered the host, and made an offer for each guest.
  private static func offered() -> Machine {
    var machine = Fixture.consulting()
    _ = machine.handle(.request(.caller, join()))
    machine.report(session, .answer("M1"))
    machine.report(.callee, .offer("MB"))
    machine.report("sC", .offer("MC"))
    return machine
  }

  private static func joined() -> Machine {
    var machine = offered()
    for leg: Machine.Leg in [.callee, "sC"] {
      _ = machine.handle(.request(leg, .reply(Machine.Content(sdp: "answer"))))
      machine.report(leg, .accepted)
    }
    return machine
  }

  private static func ended(_ leg: Machine.Leg, _ parties: CallNotificationParams) -> Machine.Effect {
    Fixture.notify(leg, .callEnd, SessionParams(sessionData: leg), parties)
  }

  /// Bob's call with Alice, and Carol's, as records: those of the joined conference are theirs.
  private static let withCarol = Machine.Conversation(caller: "sA2", callee: "sC")

  // MARK: - The way there

  @Test(.spec("R-CALL-838", "R-CALL-830", "R-SRV-2")) func everybodyComesToTheMixerAndTheFormerCallsAreDone() {
    var machine = Fixture.consulting()
    let created = Machine.Effect.respond(
      Machine.Answer(httpStatus: 200, body: CallControlResponse(statusCode: 0, sessionData: "sJ")))
    #expect(machine.see(.caller, Self.join()) == [created, Self.mix("sJ", .answer("J1"))])
    #expect(
      machine.report("sJ", .answer("M1")) == [
        Fixture.notify("sJ", .respondCallUpdate, SessionParams(sessionData: "sJ", sdp: "M1"), Self.forHost),
        Self.mix(.callee, .offer(like: "B1")), Self.mix("sC", .offer(like: "C1")),
      ])
    #expect(
      machine.report(.callee, .offer("MB")) == [
        Fixture.notify(.callee, .startCallUpdate, Fixture.bobSDP("MB"), Self.forBob)
      ])
    #expect(
      machine.report("sC", .offer("MC")) == [
        Fixture.notify("sC", .startCallUpdate, SessionParams(sessionData: "sC", sdp: "MC"), Self.forCarol)
      ])
    let (bob, carol) = (Machine.Content(sdp: "B2"), Machine.Content(sdp: "C2"))
    #expect(machine.see(.callee, .reply(bob)) == [Fixture.ok, Self.mix(.callee, .accept("B2"))])
    #expect(machine.report(.callee, .accepted) == [])
    #expect(machine.see("sC", .reply(carol)) == [Fixture.ok, Self.mix("sC", .accept("C2"))])
    let done = { Fixture.ended($0, 9906, "Join operation has completed") }
    #expect(
      machine.report("sC", .accepted) == [
        Fixture.toAlice(.sessionComplete, done(.caller)),
        Fixture.notify("sA2", .sessionComplete, done("sA2"), Fixture.forAliceOfCarol),
      ])
    #expect(machine.see(.caller, .end(reasonText: nil)) == [Fixture.ok])
    #expect(machine.see("sA2", .end(reasonText: nil)) == [Fixture.ok])
    #expect(machine.legs == [.callee, "sC", "sJ"])
  }

  @Test func aGuestIsGivenTheOfferWhenItHasNoOtherOnItsWay() {
    var machine = Fixture.consulting()
    _ = machine.handle(.request(.callee, .offer(Machine.Content(sdp: "B5"))))
    _ = machine.handle(.request(.caller, Self.join()))
    machine.report(Self.session, .answer("M1"))
    #expect(machine.report(.callee, .offer("MB")) == [])
    let effects = machine.see(.caller, .reply(Machine.Content(sdp: "A5")))
    #expect(effects.contains(Fixture.toBob(.respondCallUpdate, Fixture.bobSDP("A5"))))
    #expect(effects.last == Fixture.notify(.callee, .startCallUpdate, Fixture.bobSDP("MB"), Self.forBob))
  }

  @Test(.spec("R-CALL-441")) func theHostsFormerLegCannotReachAGuestThatHasMoved() {
    var machine = Self.offered()
    _ = machine.handle(.request(.callee, .reply(Machine.Content(sdp: "B2"))))
    machine.report(.callee, .accepted)
    #expect(
      machine.see(.caller, .offer(Machine.Content(sdp: "A5"))) == [
        Fixture.ok, Fixture.toAlice(.respondCallUpdate, Fixture.refused(.caller, retryAfter: 3), statusCode: 49),
      ])
  }

  @Test(.spec("R-SRV-8")) func candidatesWaitForTheAnswerThatTheyBelongTo() {
    var machine = Self.offered()
    let candidates = [ICECandidate(candidate: "candidate", sdpMid: "0", sdpMLineIndex: 0)]
    #expect(machine.see(.callee, .candidates(candidates)) == [Fixture.ok])
    #expect(
      machine.see(.callee, .reply(Machine.Content(sdp: "B2"))) == [
        Fixture.ok, Self.mix(.callee, .accept("B2")), Self.mix(.callee, .candidates(candidates)),
      ])
    #expect(machine.see("sJ", .candidates(candidates)) == [Fixture.ok, Self.mix("sJ", .candidates(candidates))])
  }

  // MARK: - Refusals

  @Test func whatCannotBeJoinedIsRefused() {
    var machine = Fixture.consulting()
    let cases: [(Machine.Leg, Machine.Request, Machine.Effect)] = [
      (.caller, Self.join(sdp: nil), Fixture.failure(400, 37, "join needs an sdp.")),
      (.caller, Self.join(.unknownSession), .respond(.callNotFound)),
      (.caller, Self.join(.unansweredSession), Fixture.failure(409, 37, "The second call has not been answered.")),
      (.caller, Self.join(.farEnd(of: .caller)), Fixture.failure(400, 37, "A call cannot be joined with itself.")),
      (.callee, Self.join(), .respond(.callNotFound)),
      ("nobody", Self.join(), Fixture.noCall),
    ]
    let before = machine.legs
    for (leg, request, answer) in cases { #expect(machine.see(leg, request) == [answer]) }
    #expect(machine.legs == before)
    var ringing = Fixture.ringing()
    #expect(ringing.see(.caller, Self.join()) == [Fixture.failure(409, 37, "The call has not been answered.")])
  }

  @Test(.spec("R-CALL-465"), arguments: [true, false]) func bothCallsHaveToBeOnHold(isHeld: Bool) {
    var machine = Fixture.consulting()
    let text =
      "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\na=\(isHeld ? "sendonly" : "sendrecv")\r\n"
    _ = machine.handle(.request("sC", .offer(Machine.Content(sdp: text))))
    _ = machine.handle(.request("sA2", .reply(Machine.Content(sdp: "A5"))))
    let answer = machine.see(.caller, Self.join()).first
    if isHeld {
      #expect(answer != Fixture.failure(409, 37, "Both calls have to be on hold."))
      #expect(machine.legs.contains("sJ"))
    } else {
      #expect(answer == Fixture.failure(409, 37, "Both calls have to be on hold."))
    }
  }

  @Test func aCallIsEitherJoinedOrHandedOver() {
    let inConference = Fixture.failure(409, 37, "The call is being joined, or a conference.")
    var machine = Self.offered()
    #expect(machine.see(.caller, Self.join()) == [inConference])
    for leg: Machine.Leg in [.caller, .callee, "sA2", "sC", "sJ"] {
      #expect(machine.see(leg, .transfer(Fixture.carol())) == [inConference])
    }
    var other = Fixture.consulting()
    _ = other.handle(.request(.caller, .transfer(.farEnd(of: "sA2"))))
    #expect(
      other.see(.caller, Self.join()) == [Fixture.failure(409, 37, "The call is being transferred already.")])
  }

  // MARK: - Failure

  private static let notAcceptable = Fixture.notify(
    "sJ", .callEnd, Fixture.ended("sJ", 488, "Not Acceptable Here"), forHost)

  @Test func nobodyHearsOfAConferenceWhoseHostTheMixerCannotAnswer() {
    var machine = Fixture.consulting()
    _ = machine.handle(.request(.caller, Self.join()))
    #expect(
      machine.report(Self.session, .failed(.unusableDescription)) == [Self.notAcceptable, Self.mix("sJ", .leave)])
    expectAsBefore(&machine)
  }

  @Test func aGuestWhoRefusesStaysWithAliceAndSoDoesTheOther() {
    var machine = Self.offered()
    let effects = machine.see(.callee, .refuse)
    #expect(
      effects == [
        Fixture.ok, Fixture.notify("sJ", .callEnd, Fixture.ended("sJ", 491, "Request Pending"), Self.forHost),
        Self.mix("sJ", .leave), Self.mix(.callee, .leave), Self.mix("sC", .leave),
        Fixture.toBob(.trying), Fixture.notify("sC", .trying, SessionParams(sessionData: "sC"), Fixture.forCarol),
      ])
    expectAsBefore(&machine)
  }

  @Test(.spec("R-CALL-418")) func aGuestWhoHasMovedIsGivenBack() {
    var machine = Self.offered()
    _ = machine.handle(.request(.callee, .reply(Machine.Content(sdp: "B2"))))
    machine.report(.callee, .accepted)
    let effects = machine.see("sC", .refuse)
    #expect(effects.last == Fixture.toBob(.startCallUpdate))
    #expect(
      machine.see(.callee, .reply(Machine.Content(sdp: "B3"))) == [
        Fixture.ok, Fixture.toAlice(.startCallUpdate, Fixture.aliceSDP("B3")),
      ])
    #expect(
      machine.see(.caller, .reply(Machine.Content(sdp: "A3"))) == [
        Fixture.ok, Fixture.toBob(.respondCallUpdate, Fixture.bobSDP("A3")),
      ])
    expectAsBefore(&machine)
  }

  @Test func aGuestWhoCannotBeGivenBackIsToldTheEnd() {
    var machine = Self.offered()
    _ = machine.handle(.request(.callee, .reply(Machine.Content(sdp: "B2"))))
    _ = machine.handle(.request("sJ", .end(reasonText: nil)))
    let effects = machine.see(.callee, .refuse)
    #expect(
      effects == [
        Fixture.ok, Fixture.toBob(.callEnd, Fixture.ended(.callee, 480, "Temporarily Unavailable")),
        Fixture.toAlice(.callEnd, Fixture.ended(.caller, 480, "Temporarily Unavailable")), Fixture.over(.notConnected),
      ])
    #expect(machine.legs == ["sA2", "sC"])
  }

  @Test func whoHangsUpMeanwhileEndsTheJoinAndHisCall() {
    var machine = Self.offered()
    let effects = machine.see(.callee, .end(reasonText: nil))
    #expect(effects.contains(Fixture.notify("sJ", .callEnd, Fixture.ended("sJ", 487, "Request Terminated"), Self.forHost)))
    #expect(effects.contains(Fixture.toAlice(.callEnd)))
    #expect(effects.contains(Fixture.over(.ended(by: .callee))))
    #expect(machine.legs == ["sA2", "sC"])
  }

  @Test(.spec("R-CALL-297")) func aGuestWhoDoesNotAnswerInTimeEndsTheJoin() {
    var machine = Fixture.consulting()
    _ = machine.handle(.request(.caller, Self.join()))
    machine.report(Self.session, .answer("M1"))
    let given = machine.handle(.mixed(Machine.Seat(conference: Self.session, leg: .callee), .offer("MB")))
    let generation = Machine.generation(of: .update(.callee), in: given) ?? 0
    let effects = Machine.visible(machine.handle(.timerFired(.update(.callee), generation: generation)))
    #expect(effects.first == Fixture.notify("sJ", .callEnd, Fixture.ended("sJ", 480, "Temporarily Unavailable"), Self.forHost))
    expectAsBefore(&machine)
  }

  @Test func aMixerThatNeverReportsEndsTheJoin() {
    var machine = Fixture.consulting()
    let asked = machine.handle(.request(.caller, Self.join()))
    let generation = Machine.generation(of: .mixing("sJ"), in: asked) ?? 0
    let effects = Machine.visible(machine.handle(.timerFired(.mixing("sJ"), generation: generation)))
    #expect(effects.first == Fixture.notify("sJ", .callEnd, Fixture.ended("sJ", 500, "Server Internal Error"), Self.forHost))
    #expect(machine.report("sJ", .answer("late")) == [])
    expectAsBefore(&machine)
  }

  /// Alice has her two calls, and can join them once more.
  private func expectAsBefore(_ machine: inout Machine) {
    #expect(machine.legs == [.caller, .callee, "sA2", "sC"])
    Fixture.expectExchange(&machine)
    #expect(machine.see(.caller, Self.join()).last == Self.mix("sJ", .answer("J1")))
  }

  // MARK: - In the conference

  @Test(.spec("R-CALL-405")) func anOfferOfALegIsAnsweredByTheMixer() {
    var machine = Self.joined()
    let offer = Machine.Content(sdp: "B9")
    #expect(machine.see(.callee, .offer(offer)) == [Fixture.ok, Self.mix(.callee, .answer("B9"))])
    #expect(
      machine.see(.callee, .offer(Machine.Content(sdp: "B10"))) == [Fixture.failure(409, 49, "Request Pending", retryAfter: 1)])
    #expect(
      machine.report(.callee, .answer("M9")) == [
        Fixture.notify(.callee, .respondCallUpdate, Fixture.bobSDP("M9"), Self.forBob)
      ])
  }

  @Test(.spec("R-CALL-216")) func anOfferThatTheMixerCannotUseIsRefusedAndTheLegStays() {
    var machine = Self.joined()
    _ = machine.handle(.request(.callee, .offer(Machine.Content(sdp: "B9"))))
    #expect(
      machine.report(.callee, .failed(.unusableDescription)) == [
        Fixture.notify(
          .callee, .respondCallUpdate, Fixture.refused(.callee, retryAfter: 1), Self.forBob, statusCode: 49)
      ])
    #expect(
      machine.see(.callee, .offer(Machine.Content(sdp: "B10"))) == [Fixture.ok, Self.mix(.callee, .answer("B10"))])
  }

  @Test(.spec("R-CALL-62")) func aLegThatAsksForAnOfferGetsTheMixers() {
    var machine = Self.joined()
    #expect(
      machine.see(.callee, .offer(Machine.Content(sdp: nil))) == [
        Fixture.ok, Self.mix(.callee, .offer(like: "answer")),
      ])
    #expect(
      machine.report(.callee, .offer("M9")) == [
        Fixture.notify(.callee, .respondCallUpdate, Fixture.bobSDP("M9"), Self.forBob)
      ])
    #expect(
      machine.see(.callee, .reply(Machine.Content(sdp: "B9"))) == [Fixture.ok, Self.mix(.callee, .accept("B9"))])
    #expect(machine.report(.callee, .accepted) == [])
  }

  // MARK: - The end

  @Test func whenTheHostLeavesTheOthersGoOn() {
    var machine = Self.joined()
    let pair = Machine.Conversation(caller: .callee, callee: "sC")
    let (bob, carol) = (Machine.Party(user: "bob@example.com", name: "Bob Brown"), Fixture.carolClark)
    #expect(
      machine.see("sJ", .end(reasonText: nil)) == [
        Fixture.ok, Self.ended("sJ", Self.forHost), Self.mix("sJ", .leave), Fixture.over(.ended(by: .caller)),
        .record(Self.withCarol, .ended(.ended(by: .caller))),
        .record(pair, .begun(caller: bob, callee: carol, .joined(by: "alice@example.com"))), .record(pair, .answered),
      ])
    let forBob = Self.conference(with: "Carol Clark", own: "bob@example.com")
    let forCarol = Self.conference(with: "Bob Brown", own: "carol@example.com")
    #expect(
      machine.see(.callee, .end(reasonText: nil)) == [
        Fixture.ok, Self.ended(.callee, forBob), Self.mix(.callee, .leave), Self.ended("sC", forCarol),
        Self.mix("sC", .leave), .record(pair, .ended(.ended(by: .caller))),
      ])
    #expect(machine.isTalking("sC") == false)
  }

  @Test func whenBothGuestsHaveLeftTheHostIsToldTheEnd() {
    var machine = Self.joined()
    _ = machine.handle(.request("sC", .end(reasonText: nil)))
    let left = Self.conference(with: "Bob Brown", own: "alice@example.com")
    let effects = machine.see(.callee, .end(reasonText: nil))
    #expect(effects.contains(Self.ended("sJ", left)) && effects.contains(Self.mix("sJ", .leave)))
    #expect(effects.last == Fixture.over(.ended(by: .callee)))
  }

  @Test func aStoppingServerEndsAConference() {
    var machine = Self.joined()
    let effects = Machine.visible(machine.handle(.shutdown))
    for leg: Machine.Leg in ["sJ", .callee, "sC"] { #expect(effects.contains(Self.mix(leg, .leave))) }
    #expect(machine.isOver)
  }
}

extension Machine {
  /// The effects without timers.
  fileprivate static func visible(_ effects: [Effect]) -> [Effect] {
    effects.filter {
      switch $0 {
      case .startTimer, .cancelTimer: false
      case .respond, .locate, .notify, .record, .mix: true
      }
    }
  }

  fileprivate mutating func see(_ leg: Leg, _ request: Request) -> [Effect] {
    Self.visible(handle(.request(leg, request)))
  }

  @discardableResult fileprivate mutating func report(_ leg: Leg, _ news: MixerNews) -> [Effect] {
    Self.visible(handle(.mixed(Seat(conference: "sJ", leg: leg), news)))
  }
}
