import KandyTesting
import LinkLogic
import LinkProtocol
import Testing

struct SessionSocketTests {
  typealias Machine = SessionMachine

  @Test(.spec("D-05", "D-29", "R-CONN-626", "R-CONN-652", "R-CONN-654"))
  func aLostSocketIsClosedAndOpenedAgainAtOnceOnTheSameChannel() {
    var fixture = SessionFixture.connected()
    #expect(
      fixture.handle(.socketClosed(1, code: 1006)) == [
        .cancelTimer(.keepalive), .closeSocket(1), .report(.wsChange), .report(.wsChange),
        .openSocket(2, 1, path: "/websocket/1", timeout: .seconds(5)),
      ])
    #expect(fixture.machine.isConnected)
    #expect(fixture.machine.socketStatus == .reopening)
    let effects = fixture.handle(.socketOpened(2))
    #expect(effects.first == .sendKeepalive(2))
    #expect(effects.suffix(3) == [.report(.wsChange), .webSocketOpened(isReconnection: true), .readSocket(2)])
    #expect(fixture.machine.socketStatus == .open)
  }

  @Test(.spec("R-CONN-573", "R-CONN-653")) func exhaustedAttemptsEndTheConnection() {
    var fixture = SessionFixture.connected(
      settings: Machine.Settings(backoff: Backoff.Policy(limit: 2, delay: .seconds(1))))
    fixture.handle(.socketClosed(1, code: nil))
    fixture.handle(.socketFailed(2))
    fixture.fire(.reconnect)
    fixture.forgetEffects()
    #expect(
      fixture.handle(.socketFailed(3)) == [
        .cancelTimer(.refresh), .report(.authChange(.lostConnection)), .ended(1), .forget(1),
      ])
    #expect(fixture.machine.phase == .idle)
  }

  @Test(.spec("D-06", "R-CONN-626")) func withoutAutoReconnectALossEndsTheConnection() {
    var fixture = SessionFixture.connected(settings: Machine.Settings(autoReconnect: false))
    fixture.handle(.socketClosed(1, code: nil))
    #expect(fixture.reports == [.wsChange, .authChange(.lostConnection)])
  }

  @Test func autoReconnectIsReadWhenTheSocketOpens() {
    var fixture = SessionFixture.connected()
    fixture.handle(.settings(Machine.Settings(autoReconnect: false)))
    fixture.handle(.socketClosed(1, code: nil))
    #expect(fixture.machine.socketStatus == .reopening)
    fixture.handle(.socketOpened(2))
    fixture.handle(.socketClosed(2, code: nil))
    #expect(fixture.machine.phase == .idle)
  }

  @Test(.spec("R-CONN-627", "R-CONN-1123")) func aPeerThatClosesNormallyWantsNoReconnection() {
    var fixture = SessionFixture.connected()
    fixture.handle(.socketClosed(1, code: 1000))
    #expect(fixture.reports == [.wsChange, .authChange(.lostConnection)])
  }

  @Test func reconnectValuesAreReadWhenACycleStarts() {
    var fixture = SessionFixture.connected()
    fixture.handle(.settings(Machine.Settings(backoff: Backoff.Policy(limit: 9, delay: .seconds(7)))))
    fixture.handle(.socketClosed(1, code: nil))
    fixture.handle(.settings(Machine.Settings(backoff: Backoff.Policy(limit: 1))))
    fixture.handle(.socketFailed(2))
    #expect(fixture.timer(.reconnect)?.range == .seconds(7) ... .seconds(7) * 1.2)
  }

  @Test func aStaleTimerDoesNothing() {
    var fixture = SessionFixture.connected()
    let generation = fixture.machine.phase == .connected ? 2 : 0
    fixture.handle(.gone(1, retryAfter: nil))
    #expect(fixture.handle(.timerFired(.refresh, generation: generation)) == [])
    #expect(fixture.handle(.timerFired(.keepalive, generation: 1)) == [])
  }

  // MARK: Keepalives

  @Test(.spec("R-CONN-622")) func keepalivesFollowTheIntervalInForce() {
    var fixture = SessionFixture()
    fixture.handle(.connect(SessionFixture.request(1)))
    fixture.handle(.subscribed(1, .success(SessionFixture.granted())))
    fixture.handle(.socketOpened(1))
    fixture.handle(.settings(Machine.Settings(pingInterval: .seconds(3))))
    let generation = fixture.timer(.keepalive)?.generation ?? 0
    #expect(
      fixture.fire(.keepalive) == [
        .sendKeepalive(1), .startTimer(.keepalive, generation: generation + 2, within: .seconds(3) ... .seconds(3)),
      ])
  }

  @Test(.spec("R-CONN-631", "D-04")) func keepalivesStopAfterTheIntervalAndResumeAtOnce() {
    var fixture = SessionFixture()
    fixture.handle(.connect(SessionFixture.request(1)))
    fixture.handle(.subscribed(1, .success(SessionFixture.granted())))
    fixture.handle(.socketOpened(1))
    #expect(fixture.handle(.checkConnectivity(false)) == [])
    #expect(fixture.fire(.keepalive) == [])
    let resumed = fixture.handle(.checkConnectivity(true))
    #expect(resumed.first == .sendKeepalive(1))
    #expect(resumed.count == 2)
  }

  @Test(.spec("R-CONN-631")) func switchingOnTwiceSendsOneSeries() {
    var fixture = SessionFixture.connected()
    #expect(fixture.handle(.checkConnectivity(true)) == [])
  }

  @Test(.spec("R-CONN-631")) func theOverrideHoldsForTheNextSocketAndNotForTheNextConnection() {
    var fixture = SessionFixture()
    fixture.handle(.checkConnectivity(false))
    fixture.handle(.connect(SessionFixture.request(1)))
    fixture.handle(.subscribed(1, .success(SessionFixture.granted())))
    fixture.handle(.socketOpened(1))
    fixture.handle(.socketClosed(1, code: nil))
    fixture.handle(.socketOpened(2))
    #expect(!fixture.effects.contains(.sendKeepalive(1)) && !fixture.effects.contains(.sendKeepalive(2)))

    fixture.handle(.disconnect(2))
    fixture.handle(.unsubscribed(1))
    fixture.handle(.connect(SessionFixture.request(3)))
    fixture.handle(.subscribed(3, .success(SessionFixture.granted(3))))
    fixture.handle(.socketOpened(3))
    #expect(fixture.effects.contains(.sendKeepalive(3)))
  }

  @Test func withoutConnectivityChecksThereAreNoKeepalives() {
    let fixture = SessionFixture.connected(settings: Machine.Settings(checkConnectivity: false))
    #expect(fixture.machine.socketStatus == .open)
    #expect(fixture.timer(.keepalive) == nil)
  }

  @Test(.spec("R-CONN-671")) func theStatusOfTheSocketTellsItsHistory() {
    var fixture = SessionFixture()
    #expect(fixture.machine.socketStatus == .neverAttempted)
    fixture.handle(.connect(SessionFixture.request(1)))
    #expect(fixture.machine.socketStatus == .neverAttempted)
    fixture.handle(.subscribed(1, .success(SessionFixture.granted())))
    #expect(fixture.machine.socketStatus == .opening)
    fixture.handle(.socketOpened(1))
    #expect(fixture.machine.socketStatus == .open)
    fixture.handle(.gone(1, retryAfter: nil))
    #expect(fixture.machine.socketStatus == .closed)
  }
}
