import KandyTesting
import LinkLogic
import LinkProtocol
import Testing

struct SessionRefreshTests {
  typealias Machine = SessionMachine

  private func connected(expires: Int? = 3600, correlator: ClientCorrelator? = nil) -> SessionFixture {
    var fixture = SessionFixture()
    fixture.handle(.connect(SessionFixture.request(1)))
    var answer = SessionFixture.granted(expires: expires)
    answer.subscriptionParams?.clientCorrelator = correlator
    fixture.handle(.subscribed(1, .success(answer)))
    fixture.handle(.socketOpened(1))
    return fixture
  }

  private func range(_ seconds: Double) -> ClosedRange<Duration> {
    .seconds(seconds) * 0.8 ... .seconds(seconds) * 1.2
  }

  private let refusal = Machine.ServerFailure(httpStatus: 500, message: "busy")

  @Test(.spec("R-CONN-541", "R-CONN-544")) func aRefreshRepeatsWhatWasGranted() {
    var fixture = connected()
    let body = SubscribeRequest(
      expires: 3600, service: ["IM", "Presence", "call"], localization: "English_US", useTurn: true,
      notificationType: "WebSocket")
    #expect(fixture.fire(.refresh) == [.refresh(1, .path("/subscription/1"), body)])
    let effects = fixture.handle(.refreshed(1, .success(SessionFixture.refreshed)))
    #expect(effects.first == .report(.authResub(attemptNum: 1, failure: nil)))
    #expect(fixture.timer(.refresh)?.range == range(1800))
  }

  @Test(.spec("R-CONN-541")) func aRefreshGoesToTheCorrelatorThatTheServerEchoed() {
    var fixture = connected(correlator: "abc")
    guard case .refresh(1, .correlator("abc"), _)? = fixture.fire(.refresh).first else {
      Issue.record("no refresh by correlator")
      return
    }
  }

  @Test(
    .spec("R-CONN-543"),
    arguments: [
      (3600, [1800, 900, 450, 225, 112.5, 56.25, 30, 30]), (600, [300, 150, 75, 37.5, 30, 30]), (60, [30, 30, 30]),
    ] as [(Int, [Double])])
  func failuresHalveTheDelayDownToHalfAMinute(expires: Int, delays: [Double]) {
    var fixture = connected(expires: expires)
    for (index, delay) in delays.enumerated() {
      #expect(fixture.timer(.refresh)?.range == range(delay))
      fixture.fire(.refresh)
      fixture.forgetEffects()
      fixture.handle(.refreshed(1, .failure(refusal)))
      #expect(fixture.reports == [.authResub(attemptNum: index + 1, failure: Machine.Failure(.update, refusal))])
    }
    #expect(fixture.machine.phase == .connected)
  }

  @Test(.spec("R-CONN-544")) func aSuccessAfterFailuresTellsItsNumberAndStartsOver() {
    var fixture = connected()
    for _ in 0..<2 {
      fixture.fire(.refresh)
      fixture.handle(.refreshed(1, .failure(refusal)))
    }
    fixture.fire(.refresh)
    fixture.forgetEffects()
    fixture.handle(.refreshed(1, .success(SubscribeResponse(statusCode: .refreshed))))
    #expect(fixture.reports == [.authResub(attemptNum: 3, failure: nil)])
    #expect(fixture.timer(.refresh)?.range == range(1800))
  }

  @Test(.spec("D-28")) func theLatestLifetimeCounts() {
    var fixture = connected()
    fixture.fire(.refresh)
    fixture.handle(.refreshed(1, .success(SubscribeResponse(subscriptionParams: SubscriptionParams(expires: 600)))))
    #expect(fixture.timer(.refresh)?.range == range(300))
  }

  @Test(.spec("R-CONN-531")) func aServerThatNamesNoLifetimeIsAskedEveryHalfMinute() {
    var fixture = connected(expires: nil)
    #expect(fixture.timer(.refresh)?.range == range(30))
    guard case .refresh(_, _, let body)? = fixture.fire(.refresh).first else {
      Issue.record("no refresh")
      return
    }
    #expect(body.expires == nil)
  }

  @Test(.spec("R-CONN-545")) func anAnswerWithAnotherStatusIsAFailure() {
    var fixture = connected()
    fixture.fire(.refresh)
    fixture.forgetEffects()
    fixture.handle(.refreshed(1, .success(SubscribeResponse(statusCode: 26))))
    let server = Machine.ServerFailure(
      httpStatus: 200, statusCode: 26, message: "The server refused with status code 26.")
    #expect(fixture.reports == [.authResub(attemptNum: 1, failure: Machine.Failure(.update, server))])
  }

  @Test(.spec("R-CONN-545", "R-CONN-1115")) func aSubscriptionThatTheServerDoesNotKnowIsGone() {
    var fixture = connected()
    fixture.fire(.refresh)
    fixture.forgetEffects()
    let missing = Machine.ServerFailure(httpStatus: 404, statusCode: 39, message: "gone")
    fixture.handle(.refreshed(1, .failure(missing)))
    #expect(
      fixture.reports == [
        .authResub(attemptNum: 1, failure: Machine.Failure(.update, missing)), .wsChange, .authChange(.gone(retryAfter: nil)),
      ])
    #expect(fixture.machine.phase == .idle)
  }

  @Test(.spec("R-CONN-546")) func anAnswerAfterTheEndIsDropped() {
    var fixture = connected()
    fixture.fire(.refresh)
    fixture.handle(.disconnect(2))
    #expect(fixture.handle(.refreshed(1, .success(SessionFixture.refreshed))) == [])
  }

  // MARK: updateConnection

  @Test(.spec("R-CONN-551", "R-CONN-553", "D-03")) func updatingReplacesTheServicesAndKeepsTheTimer() {
    var fixture = connected()
    let timer = fixture.timer(.refresh)?.generation
    let effects = fixture.handle(.updateServices(2, ["call"]))
    guard case .refresh(1, .path("/subscription/1"), let body)? = effects.first else {
      Issue.record("no update")
      return
    }
    #expect(body.service == ["call"])
    let answer = SubscribeResponse(subscriptionParams: SubscriptionParams(service: ["call"]))
    #expect(fixture.handle(.refreshed(1, .success(answer))) == [.report(.authChange(nil)), .finish(2, nil)])
    #expect(fixture.machine.services?.requested == ["call"])
    #expect(fixture.machine.services?.received == ["call"])
    #expect(fixture.timer(.refresh)?.generation == timer)
  }

  @Test(.spec("R-CONN-554")) func aRefusedUpdateChangesNothing() {
    var fixture = connected()
    fixture.handle(.updateServices(2, ["call"]))
    let failure = Machine.Failure(.update, refusal)
    #expect(fixture.handle(.refreshed(1, .failure(refusal))) == [.report(.authError(failure)), .finish(2, failure)])
    #expect(fixture.machine.services?.requested == ["IM", "Presence", "call"])
  }

  @Test func updatesAndRefreshesDoNotOvertakeEachOther() {
    var fixture = connected()
    fixture.handle(.updateServices(2, ["call"]))
    #expect(fixture.handle(.updateServices(3, ["IM"])) == [])
    #expect(fixture.fire(.refresh) == [])
    fixture.forgetEffects()
    fixture.handle(.refreshed(1, .success(SubscribeResponse())))
    fixture.handle(.refreshed(1, .success(SubscribeResponse())))
    fixture.handle(.refreshed(1, .success(SubscribeResponse())))
    let sent = fixture.effects.compactMap { effect in
      if case .refresh(_, _, let body) = effect { body.service } else { nil }
    }
    #expect(sent == [["IM"], ["IM"]])
    #expect(fixture.reports == [.authChange(nil), .authChange(nil), .authResub(attemptNum: 1, failure: nil)])
  }

  @Test(.spec("R-CONN-555")) func updatingWithoutAConnectionAsksNothing() {
    var fixture = SessionFixture()
    #expect(fixture.handle(.updateServices(1, ["call"])) == [.finish(1, Machine.Failure(.invalidState))])
  }

  @Test func updatesThatTheEndOvertakesAreAnswered() {
    var fixture = connected()
    fixture.handle(.updateServices(2, ["call"]))
    fixture.handle(.updateServices(3, ["IM"]))
    fixture.forgetEffects()
    fixture.handle(.gone(1, retryAfter: nil))
    let abandoned = Machine.Failure(.abandoned)
    #expect(fixture.effects.contains(.finish(2, abandoned)) && fixture.effects.contains(.finish(3, abandoned)))
  }
}
