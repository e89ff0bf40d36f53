import KandyTesting
import LinkLogic
import LinkProtocol
import Testing

/// What needs no agreement in a call, and what keeps the call and the gateway of one mind: part 02 §8.20 to §8.26.
@Suite struct CallMachineServiceTests {
  @Test(.spec("R-MEDIA-27", "R-CALL-473")) func silencingIsLocal() {
    var desk = CallDesk.talking()
    let effects = desk.feed(.silence(true, desk.operation()))
    #expect(
      effects == [
        .emit(.operationStarted(.silence)), .adjust(.silence(true)), .emit(.flagsChanged),
        .emit(.operationFinished(.silence, nil)), .complete(2, nil),
      ])
    #expect(desk.facts.silenced)
    #expect(desk.feed(.silence(false, desk.operation())).contains(.adjust(.silence(false))))
  }

  // MARK: DTMF

  @Test func tonesAreSentInACallAndInEarlyMedia() throws {
    let tones = try #require(DTMFTones("5"))
    var desk = CallDesk.talking()
    #expect(
      desk.feed(.sendTones(tones, desk.operation())) == [.emit(.operationStarted(.sendDTMF)), .media(.sendTones(tones), 3)])
    #expect(desk.mediaDone() == [.emit(.operationFinished(.sendDTMF, nil)), .complete(2, nil)])

    desk = CallDesk.trying()
    #expect(desk.feed(.sendTones(tones, desk.operation())).completions[2]??.code == .invalidState)
    _ = desk.notified(.progress, sdp: SDPText.make())
    _ = desk.mediaDone()
    #expect(desk.feed(.sendTones(tones, desk.operation())).events == [.operationStarted(.sendDTMF)])

    desk = CallDesk.holding()
    #expect(desk.feed(.sendTones(tones, desk.operation())).completions[3]??.code == .invalidState)
  }

  @Test func tonesThatCannotBeSentAreReported() throws {
    var desk = CallDesk.talking()
    _ = desk.feed(.sendTones(try #require(DTMFTones("5")), desk.operation()))
    let failure = CallFailure(.generic, "Failed to send DTMF.", detail: "why")
    #expect(
      desk.mediaFails(.engine) == [
        .emit(.failed(failure)), .emit(.operationFinished(.sendDTMF, failure)), .complete(2, failure),
      ])
  }

  // MARK: Devices

  @Test(.spec("R-MEDIA-19", "R-UP-30")) func otherDevicesNeedNoSignalling() {
    var desk = CallDesk.talking()
    let effects = desk.feed(.changeInputDevices(desk.operation()))
    #expect(effects == [.emit(.operationStarted(.changeInputDevices)), .media(.changeInputDevices, 3)])
    let failure = CallFailure(.userMedia, "Failed to change input devices.", detail: "why")
    #expect(desk.mediaFails(.device).completions == [2: failure])
    #expect(desk.facts.state == .inCall)
  }

  // MARK: Custom parameters

  @Test(.spec("R-CALL-471", "R-CALL-92")) func parametersAreSetAndSent() {
    var desk = CallDesk.talking()
    #expect(desk.feed(.sendCustomParameters(desk.operation())).completions[2]??.code == .invalidState)
    let parameters = [CustomParameter(name: "X-GPS", value: "48.20,16.37")]
    #expect(desk.feed(.setCustomParameters(parameters)) == [])
    #expect(desk.facts.customParameters == parameters)
    let body = CallControlRequest(type: .sendCustomHeaders, customParameters: parameters)
    #expect(desk.feed(.sendCustomParameters(desk.operation())).requests == [.update("sA", body)])
    #expect(desk.accepted().completions == [3: nil])
    #expect(
      desk.change(.hold).isEmpty == false
        && desk.described().requests
          == [.update("sA", CallControlRequest(type: .startCallUpdate, sdp: "<own>", customParameters: parameters))]
    )
  }

  @Test(.spec("R-CALL-831")) func theFarEndsParametersAreReportedWheneverTheyCome() {
    let parameters = [CustomParameter(name: "X-Desk", value: "7")]
    var call = CallDesk.incoming
    call.customParameters = parameters
    #expect(CallDesk.called(call).facts.remoteCustomParameters == parameters)

    var desk = CallDesk.trying()
    var notice = CallNotice(.ringing)
    notice.customParameters = parameters
    #expect(desk.notified(notice).events == [.customParametersReceived(parameters), .changed(.initiated, .ringing)])
    #expect(desk.facts.remoteCustomParameters == parameters)
  }

  // MARK: Of one mind with the gateway

  private static func resyncing(_ desk: CallDesk) -> CallDesk {
    var settings = CallDesk.settings
    settings.resyncOnConnect = true
    var copy = CallDesk(settings: settings)
    if desk.facts.direction == .incoming {
      copy.machine = CallMachine(incoming: CallDesk.incoming, settings: settings)
      _ = copy.feed(.receive)
    } else {
      copy = CallDesk.trying(copy)
      _ = copy.notified(.answer, sdp: SDPText.make())
      _ = copy.mediaDone()
    }
    return copy
  }

  @Test(.spec("R-CALL-690", "R-CALL-102")) func aCallThatTheGatewayDoesNotKnowAnyMoreEndsOnReconnecting() {
    var desk = Self.resyncing(CallDesk.talking())
    #expect(desk.feed(.channelOpened(isReconnection: true)) == [.send(.read("sA"), 2, inOrder: false)])
    #expect(desk.refused(.sessionNotFound) == [.arm(.verdict, after: .seconds(4), generation: 4)])
    #expect(desk.fire(.verdict).events == [.changed(.inCall, .ended, CallReason(.reasonNotProvided))])
  }

  @Test(.spec("R-CALL-692")) func howTheCallEndedIsOnItsWay() {
    var desk = Self.resyncing(CallDesk.talking())
    _ = desk.feed(.channelOpened(isReconnection: true))
    _ = desk.refused(.sessionNotFound)
    let reason = CallReason(code: 9905, text: "Transfer Successful")
    #expect(desk.notified(.complete, reason).events.last == .changed(.inCall, .ended, reason))
    #expect(desk.fire(.verdict) == [])
  }

  @Test(.spec("R-CALL-692")) func aCallInTheMidstOfAnExchangeIsAskedAboutAfterIt() {
    var desk = Self.resyncing(CallDesk.talking())
    _ = desk.notified(.update, sdp: SDPText.make(audio: .inactive))
    #expect(desk.feed(.channelOpened(isReconnection: true)).requests == [])
    _ = desk.described()
    #expect(desk.accepted().requests == [.read("sA")])
  }

  @Test(.spec("R-CALL-690")) func aCallThatStillRingsAtTheFarEndIsAskedAboutToo() {
    var settings = CallDesk.settings
    settings.resyncOnConnect = true
    var desk = CallDesk.trying(CallDesk(settings: settings))
    #expect(desk.feed(.channelOpened(isReconnection: true)).requests == [.read("sA")])
    _ = desk.refused(.sessionNotFound)
    #expect(desk.fire(.verdict).events == [.changed(.initiated, .ended, CallReason(.reasonNotProvided))])
  }

  @Test(.spec("R-CALL-690", "R-CALL-691")) func aRingingCallThatHasBeenAnsweredElsewhereStopsRinging() {
    var desk = Self.resyncing(CallDesk.called())
    _ = desk.feed(.channelOpened(isReconnection: false))
    #expect(
      desk.accepted(CallControlResponse(state: .answered)).events
        == [.changed(.ringing, .ended, CallReason(.respondedFromAnotherDevice))])
  }

  @Test(.spec("R-CALL-690")) func otherAnswersChangeNothing() {
    for response in [CallResponse.failure(nil), .success(CallControlResponse(state: .ringing))] {
      var desk = Self.resyncing(CallDesk.called())
      _ = desk.feed(.channelOpened(isReconnection: true))
      #expect(desk.feed(.response(1, response)) == [])
    }
    var desk = CallDesk.talking()
    #expect(desk.feed(.channelOpened(isReconnection: true)) == [])
  }

  @Test(.spec("R-CALL-695")) func aCallThatHasRungForTooLongEndsOnReconnecting() {
    var desk = CallDesk.called()
    desk.now += 119_000
    #expect(desk.feed(.channelOpened(isReconnection: true)) == [])
    desk.now += 2_000
    #expect(
      desk.feed(.channelOpened(isReconnection: true)).events
        == [.changed(.ringing, .ended, CallReason(.reasonNotProvided))])
  }

  @Test(.spec("R-CALL-479")) func leavingHangsUpAndLeavesWhatRingsToOthers() {
    var desk = CallDesk.talking()
    #expect(desk.feed(.leave).requests == [.end("sA", reasonText: "Ended by local user")])
    #expect(desk.facts.state == .ended)
    desk = CallDesk.called()
    #expect(desk.feed(.leave).requests == [])
    #expect(desk.facts.state == .ended)
    desk = CallDesk.called()
    _ = desk.answer()
    #expect(desk.feed(.leave).requests == [])
    desk = CallDesk.answering()
    #expect(desk.feed(.leave).requests == [.end("sB", reasonText: "Ended by local user")])
    #expect(desk.facts.state == .ended)
  }
}
