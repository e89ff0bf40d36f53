import KandyTesting
import LinkLogic
import LinkProtocol
import Testing

/// From the wire's notification to the machine's (part 02 §4).
@Suite struct CallNoticeTests {
  @Test(.spec("R-CALL-150", "R-CALL-153", "R-CALL-154")) func aNotificationBecomesANotice() {
    let notification = Notification(
      eventType: .ringing, eventId: "e-1",
      sessionParams: SessionParams(sessionData: "sA", statusCode: 180, reasonText: "Ringing"),
      callNotificationParams: CallNotificationParams(
        callerDisplayNumber: "alice@example.com", callerName: "Alice Adams", calleeDisplayNumber: "bob@example.com",
        remoteDisplayNumber: "bob@example.com", remoteName: "Bob Brown"))
    #expect(
      CallNotice(notification)
        == CallNotice(
          .ringing, reason: CallReason(code: 180, text: "Ringing"), remoteNumber: "bob@example.com", remoteName: "Bob Brown",
          callerNumber: "alice@example.com", callerName: "Alice Adams", calleeNumber: "bob@example.com"))
  }

  @Test(.spec("R-CALL-210"), arguments: [(486, nil), (486, ""), (nil, "Busy Here"), (0, "OK")] as [(Int?, String?)])
  func aReasonNeedsACodeAndAText(_ code: Int?, _ text: String?) {
    let params = SessionParams(sessionData: "sA", statusCode: code.map(StatusCode.init(rawValue:)), reasonText: text)
    #expect(CallNotice(Notification(eventType: .callEnd, eventId: "e", sessionParams: params)) == CallNotice(.end))
  }

  @Test(
    .spec("R-CALL-192", "R-CALL-194"),
    arguments: [
      (nil, CallNotice.Kind.answer), (0, .answer), (-1, .answer), (2.5, .refusal(retryAfter: .milliseconds(2500))),
      (1e300, .refusal(retryAfter: .seconds(3600))), (Double.nan, .answer),
    ] as [(Double?, CallNotice.Kind)])
  func aReplyWithRetryAfterIsARefusal(_ retryAfter: Double?, _ kind: CallNotice.Kind) {
    let params = SessionParams(sessionData: "sA", retryAfter: retryAfter)
    let notification = Notification(eventType: .respondCallUpdate, eventId: "e", sessionParams: params)
    #expect(CallNotice(notification)?.kind == kind)
  }

  @Test func whatIsNotAboutAKnownCallIsNoNotice() {
    for type in [EventType.call, .startCallReplace, .gone, "somethingNew"] {
      let params = SessionParams(sessionData: "sA")
      #expect(CallNotice(Notification(eventType: type, eventId: "e", sessionParams: params)) == nil)
    }
    let params = SessionParams(sessionData: "sA")
    #expect(CallNotice(Notification(eventType: .iceCandidate, eventId: "e", sessionParams: params)) == nil)
  }

  @Test(.spec("R-CALL-155", "R-CALL-181", "R-CALL-182")) func anIncomingCallIsReadFromWhereverItStands() {
    let params = SessionParams(sessionData: "sB", sdp: "", actions: ["answer"])
    let notification = Notification(eventType: .call, eventId: "e", callDispositionParams: params)
    #expect(IncomingCall(notification) == IncomingCall(session: "sB", offer: nil, actions: ["answer"]))
    #expect(IncomingCall(Notification(eventType: .call, eventId: "e")) == nil)
  }

  // MARK: Early notifications

  private func notification(_ id: EventID) -> Notification { Notification(eventType: .ringing, eventId: id) }

  @Test(.spec("R-CALL-170")) func earlyNotificationsAreHandedOutInOrderAndOnce() {
    var early = EarlyNotifications()
    early.keep(notification("1"), of: "sA", at: 0)
    early.keep(notification("2"), of: "sB", at: 1)
    early.keep(notification("3"), of: "sA", at: 2)
    #expect(early.take("sA", at: 3).map(\.eventId) == ["1", "3"])
    #expect(early.take("sA", at: 3) == [])
    #expect(early.take("sB", at: 3).map(\.eventId) == ["2"])
    #expect(early.isEmpty)
  }

  @Test(.spec("R-CALL-170")) func earlyNotificationsAreKeptForHalfAMinute() {
    var early = EarlyNotifications()
    early.keep(notification("1"), of: "sA", at: 0)
    early.keep(notification("2"), of: "sA", at: 10_000)
    #expect(early.take("sA", at: 30_000).map(\.eventId) == ["2"])
  }

  @Test func earlyNotificationsAreBounded() {
    var early = EarlyNotifications()
    for number in 0...EarlyNotifications.capacity { early.keep(notification(EventID("\(number)")), of: "sA", at: 0) }
    let kept = early.take("sA", at: 0)
    #expect(kept.count == EarlyNotifications.capacity)
    #expect(kept.first?.eventId == "1")
  }
}
