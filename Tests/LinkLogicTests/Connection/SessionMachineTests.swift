import KandyTesting
import LinkLogic
import LinkProtocol
import Testing

struct SessionMachineTests {
  typealias Machine = SessionMachine

  // MARK: Connecting

  @Test(.spec("R-CONN-303", "R-CONN-513", "R-CONN-622"))
  func aConnectionIsASubscriptionAndThenAnOpenSocket() {
    var fixture = SessionFixture()
    let request = SessionFixture.request(1)
    #expect(fixture.handle(.connect(request)) == [.report(.authChange(nil)), .subscribe(1, request.body)])
    #expect(fixture.machine.phase == .subscribing)
    #expect(fixture.machine.isPending)

    #expect(
      fixture.handle(.subscribed(1, .success(SessionFixture.granted()))) == [
        .report(.wsChange), .openSocket(1, 1, path: "/websocket/1", timeout: .seconds(5)),
      ])
    #expect(
      fixture.handle(.socketOpened(1)) == [
        .sendKeepalive(1), .startTimer(.keepalive, generation: 1, within: .seconds(30) ... .seconds(30)),
        .report(.wsChange), .report(.authChange(nil)),
        .startTimer(.refresh, generation: 2, within: .seconds(1440) ... .seconds(2160)),
        .connected(1), .finish(1, nil), .webSocketOpened(isReconnection: false), .readSocket(1),
      ])
    #expect(fixture.machine.phase == .connected)
    #expect(fixture.machine.isConnected && !fixture.machine.isPending)
  }

  @Test(.spec("R-CONN-512")) func unusableCredentialsAreRefusedWithoutARequest() {
    var fixture = SessionFixture()
    let failure = Machine.Failure(.invalidCredentials)
    #expect(
      fixture.handle(.connect(SessionFixture.request(1, isUsable: false))) == [
        .report(.authChange(nil)), .report(.authError(failure)), .finish(1, failure),
      ])
    #expect(fixture.machine.error == failure)
    #expect(fixture.machine.username == nil)
    #expect(!fixture.machine.isPending)
  }

  @Test(.spec("R-CONN-540", "R-CONN-581", "D-12")) func aRefusedSubscriptionEndsTheAttempt() {
    var fixture = SessionFixture()
    fixture.handle(.connect(SessionFixture.request(1)))
    let refusal = Machine.ServerFailure(httpStatus: 403, statusCode: 4, message: "no")
    let failure = Machine.Failure(.subscribe, refusal)
    #expect(
      fixture.handle(.subscribed(1, .failure(refusal))) == [.report(.authError(failure)), .finish(1, failure), .forget(1)])
    #expect(fixture.machine.error == failure)
    #expect(fixture.machine.username == "alice@example.com")
  }

  @Test(.spec("R-CONN-540")) func anAnswerThatGrantsNoChannelIsARefusal() {
    var fixture = SessionFixture()
    fixture.handle(.connect(SessionFixture.request(1)))
    let answer = SubscribeResponse(statusCode: 19, subscription: "/subscription/1")
    let failure = Machine.Failure(
      .subscribe, .init(httpStatus: 200, statusCode: 19, message: "The answer grants no subscription."))
    #expect(
      fixture.handle(.subscribed(1, .success(answer))) == [
        .report(.authError(failure)), .finish(1, failure), .unsubscribe(1, path: "/subscription/1"),
      ])
  }

  @Test(.spec("D-09", "R-CONN-651")) func aSubscriptionWhoseSocketNeverOpensIsDeleted() {
    var fixture = SessionFixture()
    fixture.handle(.connect(SessionFixture.request(1)))
    fixture.handle(.subscribed(1, .success(SessionFixture.granted())))
    for attempt in 1...4 {
      #expect(
        fixture.handle(.socketFailed(attempt)) == [
          .startTimer(.reconnect, generation: attempt, within: .seconds(5) ... .seconds(6))
        ])
      #expect(
        fixture.fire(.reconnect) == [.openSocket(attempt + 1, 1, path: "/websocket/1", timeout: .seconds(5))])
    }
    let failure = Machine.Failure(.socket)
    #expect(
      fixture.handle(.socketFailed(5)) == [
        .report(.authError(failure)), .finish(1, failure), .unsubscribe(1, path: "/subscription/1"),
      ])
    #expect(fixture.reports == [.authChange(nil), .wsChange, .authError(failure)])
    #expect(fixture.handle(.unsubscribed(1)) == [.forget(1)])
  }

  @Test(.spec("R-CONN-565", "D-07")) func connectingAgainWhileConnectedChangesNothing() {
    var fixture = SessionFixture.connected()
    #expect(fixture.handle(.connect(SessionFixture.request(2))) == [.finish(2, nil)])
    #expect(
      fixture.handle(.connect(SessionFixture.request(3, username: "bob@example.com"))) == [
        .finish(3, Machine.Failure(.invalidState))
      ])
    #expect(fixture.machine.phase == .connected)
  }

  @Test(.spec("R-CONN-565", "D-07")) func connectingAgainWhileConnectingWaitsForTheFirst() {
    var fixture = SessionFixture()
    fixture.handle(.connect(SessionFixture.request(1)))
    #expect(fixture.handle(.connect(SessionFixture.request(2))) == [])
    fixture.handle(.subscribed(1, .success(SessionFixture.granted())))
    fixture.handle(.socketOpened(1))
    #expect(fixture.effects.contains(.finish(1, nil)))
    #expect(fixture.effects.contains(.finish(2, nil)))
  }

  // MARK: Disconnecting

  @Test(.spec("R-CONN-304", "R-CONN-561")) func aRequestedDisconnectionDeletesTheSubscriptionAndClosesTheSocket() {
    var fixture = SessionFixture.connected()
    #expect(
      fixture.handle(.disconnect(2)) == [
        .report(.authChange(nil)), .cancelTimer(.refresh), .cancelTimer(.keepalive),
        .unsubscribe(1, path: "/subscription/1"),
      ])
    #expect(fixture.machine.isPending && fixture.machine.isConnected)
    #expect(
      fixture.handle(.unsubscribed(1)) == [
        .closeSocket(1), .report(.wsChange), .report(.authChange(nil)), .ended(1), .forget(1), .finish(2, nil),
      ])
    #expect(fixture.machine.username == nil)
    #expect(!fixture.machine.isPending && !fixture.machine.isConnected)
  }

  @Test(.spec("R-CONN-564", "D-07")) func disconnectingWhenNothingIsConnectedChangesNothing() {
    var fixture = SessionFixture()
    #expect(fixture.handle(.disconnect(1)) == [.finish(1, nil)])
    #expect(!fixture.machine.isPending)
  }

  @Test(.spec("R-CONN-575", "D-08")) func aSubscriptionThatIsGrantedAfterDisconnectIsDeleted() {
    var fixture = SessionFixture()
    fixture.handle(.connect(SessionFixture.request(1)))
    #expect(
      fixture.handle(.disconnect(2)) == [
        .report(.authChange(nil)), .report(.authChange(nil)), .finish(1, Machine.Failure(.abandoned)), .finish(2, nil),
      ])
    #expect(fixture.machine.phase == .idle)
    #expect(
      fixture.handle(.subscribed(1, .success(SessionFixture.granted()))) == [.unsubscribe(1, path: "/subscription/1")])
    #expect(fixture.handle(.unsubscribed(1)) == [.forget(1)])
  }

  @Test(.spec("R-CONN-575", "D-08")) func aNewConnectionIsNotDisturbedByTheAnswerToAnAbandonedOne() {
    var fixture = SessionFixture()
    fixture.handle(.connect(SessionFixture.request(1)))
    fixture.handle(.disconnect(2))
    fixture.handle(.connect(SessionFixture.request(3)))
    fixture.handle(.subscribed(1, .success(SessionFixture.granted(1))))
    #expect(fixture.machine.phase == .subscribing)
    fixture.handle(.subscribed(3, .success(SessionFixture.granted(3))))
    fixture.handle(.unsubscribed(1))
    fixture.handle(.socketOpened(1))
    #expect(fixture.machine.phase == .connected)
    #expect(fixture.effects.contains(.openSocket(1, 3, path: "/websocket/3", timeout: .seconds(5))))
  }

  @Test(.spec("R-CONN-575", "D-08")) func disconnectingWhileTheSocketOpensAbandonsItAndDeletesTheSubscription() {
    var fixture = SessionFixture()
    fixture.handle(.connect(SessionFixture.request(1)))
    fixture.handle(.subscribed(1, .success(SessionFixture.granted())))
    #expect(
      fixture.handle(.disconnect(2)) == [
        .report(.authChange(nil)), .finish(1, Machine.Failure(.abandoned)), .closeSocket(1),
        .unsubscribe(1, path: "/subscription/1"),
      ])
    #expect(fixture.handle(.socketOpened(1)) == [.closeSocket(1)])
    #expect(fixture.handle(.unsubscribed(1)) == [.report(.authChange(nil)), .forget(1), .finish(2, nil)])
  }

  @Test(.spec("D-08")) func disconnectingWhileReconnectingStopsTheAttempts() {
    var fixture = SessionFixture.connected()
    fixture.handle(.socketClosed(1, code: nil))
    fixture.handle(.socketFailed(2))
    fixture.forgetEffects()
    #expect(
      fixture.handle(.disconnect(2)) == [
        .report(.authChange(nil)), .cancelTimer(.refresh), .cancelTimer(.reconnect), .unsubscribe(1, path: "/subscription/1"),
      ])
    fixture.handle(.unsubscribed(1))
    #expect(fixture.reports == [.authChange(nil), .authChange(nil)])
  }

  @Test(.spec("D-10", "R-CONN-563")) func goneWhileDisconnectingIsIgnored() {
    var fixture = SessionFixture.connected()
    fixture.handle(.disconnect(2))
    #expect(fixture.handle(.gone(1, retryAfter: nil)) == [])
    fixture.handle(.socketClosed(1, code: 1000))
    fixture.handle(.unsubscribed(1))
    #expect(fixture.reports == [.authChange(nil), .wsChange, .authChange(nil)])
  }

  @Test func connectingWhileDisconnectingBeginsAfterwards() {
    var fixture = SessionFixture.connected()
    fixture.handle(.disconnect(2))
    #expect(fixture.handle(.connect(SessionFixture.request(3, username: "bob@example.com"))) == [])
    fixture.forgetEffects()
    fixture.handle(.unsubscribed(1))
    #expect(fixture.effects.suffix(3) == [.finish(2, nil), .report(.authChange(nil)), .subscribe(3, SessionFixture.body)])
    #expect(fixture.machine.username == "bob@example.com")
  }

  @Test func disconnectingTwiceEndsBothAndAbandonsWhatWaited() {
    var fixture = SessionFixture.connected()
    fixture.handle(.disconnect(2))
    fixture.handle(.connect(SessionFixture.request(3)))
    #expect(fixture.handle(.disconnect(4)) == [.finish(3, Machine.Failure(.abandoned))])
    fixture.forgetEffects()
    fixture.handle(.unsubscribed(1))
    #expect(fixture.effects.suffix(2) == [.finish(2, nil), .finish(4, nil)])
    #expect(fixture.machine.phase == .idle)
  }

  @Test func theLastOneWhoWaitsForAConnectionAbandonsIt() {
    var fixture = SessionFixture()
    fixture.handle(.connect(SessionFixture.request(1)))
    fixture.handle(.connect(SessionFixture.request(2)))
    let abandoned = Machine.Failure(.abandoned)
    #expect(fixture.handle(.abandon(1)) == [.finish(1, abandoned)])
    #expect(fixture.machine.phase == .subscribing)
    #expect(
      fixture.handle(.abandon(2)) == [.report(.authChange(nil)), .report(.authChange(nil)), .finish(2, abandoned)])
    #expect(fixture.handle(.abandon(2)) == [])
    #expect(fixture.machine.phase == .idle)
  }

  @Test func aConnectionThatIsCompleteCannotBeAbandoned() {
    var fixture = SessionFixture.connected()
    #expect(fixture.handle(.abandon(1)) == [])
    #expect(fixture.machine.phase == .connected)
  }

  // MARK: Ends that nobody asked for

  @Test(.spec("R-CONN-571")) func goneEndsTheConnectionWithoutARequest() {
    var fixture = SessionFixture.connected()
    #expect(
      fixture.handle(.gone(1, retryAfter: 30)) == [
        .closeSocket(1), .report(.wsChange), .cancelTimer(.refresh), .cancelTimer(.keepalive),
        .report(.authChange(.gone(retryAfter: 30))), .ended(1), .forget(1),
      ])
    #expect(fixture.machine.phase == .idle)
  }

  @Test func goneOfAnEarlierConnectionIsNotThisOnes() {
    var fixture = SessionFixture.connected()
    #expect(fixture.handle(.gone(7, retryAfter: nil)) == [])
    #expect(fixture.handle(.gone(nil, retryAfter: nil)).contains(.ended(1)))
  }

  @Test(.spec("R-CONN-751")) func anOverriddenSocketIsNotOpenedAgain() {
    var fixture = SessionFixture.connected()
    fixture.handle(.overridden(1))
    #expect(fixture.reports == [.wsChange, .authChange(.overridden)])
    #expect(fixture.machine.phase == .idle)
  }

  @Test(.spec("R-CONN-221", "D-26")) func destroyClosesTheSocketAndAsksNothingOfTheServer() {
    var fixture = SessionFixture.connected()
    fixture.handle(.updateServices(5, ["call"]))
    fixture.forgetEffects()
    #expect(
      fixture.handle(.destroy) == [
        .closeSocket(1), .finish(5, Machine.Failure(.destroyed)), .cancelTimer(.refresh), .cancelTimer(.keepalive), .ended(1),
      ])
    #expect(fixture.machine.isOver)
    #expect(fixture.handle(.connect(SessionFixture.request(6))) == [.finish(6, nil)])
    #expect(fixture.handle(.disconnect(7)) == [.finish(7, nil)])
  }

  @Test(.spec("R-CONN-591", "D-22")) func newCredentialsAreReported() {
    var fixture = SessionFixture.connected()
    #expect(fixture.handle(.credentials(isUsable: true)) == [.report(.authChange(nil))])
    #expect(
      fixture.handle(.credentials(isUsable: false)) == [.report(.authError(Machine.Failure(.invalidCredentials)))])
    #expect(fixture.machine.phase == .connected)
  }
}
