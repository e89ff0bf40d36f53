import KandyTesting
import LinkProtocol
import Testing

@Suite struct NotificationTests {
  static let alice = CallNotificationParams(
    callerDisplayNumber: "alice@example.com", callerName: "Alice Adams", calleeDisplayNumber: "bob@example.com",
    remoteDisplayNumber: "bob@example.com", remoteName: "Bob Brown")

  /// Every type of notification, with the text of parts 01 §7 and 02 §4.
  static let notifications: [(Notification, String)] = [
    (
      Notification(
        eventType: .ringing, eventId: "e-000123", time: 1_514_764_800_000,
        sessionParams: SessionParams(sessionData: "s-3kf81A"), callNotificationParams: alice),
      """
      {"eventType": "ringing", "eventId": "e-000123", "time": 1514764800000, "sessionParams": {"sessionData": "s-3kf81A"},
        "callNotificationParams": {"callerDisplayNumber": "alice@example.com", "callerName": "Alice Adams",
          "calleeDisplayNumber": "bob@example.com", "remoteDisplayNumber": "bob@example.com", "remoteName": "Bob Brown"}}
      """
    ),
    (
      Notification(
        eventType: .call, eventId: "e-000200",
        sessionParams: SessionParams(sessionData: "s-9QbT7c", sdp: "v=0\r\n", actions: ["reject", "forward", "answer"]),
        callNotificationParams: CallNotificationParams(
          callerDisplayNumber: "alice@example.com", callerName: "Alice Adams", calleeDisplayNumber: "bob@example.com",
          primaryContact: "alice@example.com;user=phone"),
        customParameters: [CustomParameter(name: "X-GPS", value: "48.20,16.37")]),
      """
      {"eventType": "call", "eventId": "e-000200",
        "sessionParams": {"sessionData": "s-9QbT7c", "sdp": "v=0\\r\\n", "actions": ["reject", "forward", "answer"]},
        "callNotificationParams": {"callerDisplayNumber": "alice@example.com", "callerName": "Alice Adams",
          "calleeDisplayNumber": "bob@example.com", "primaryContact": "alice@example.com;user=phone"},
        "customParameters": [{"name": "X-GPS", "value": "48.20,16.37"}]}
      """
    ),
    (
      Notification(eventType: .trying, eventId: "e-1", sessionParams: SessionParams(sessionData: "s-1")),
      #"{"eventType": "trying", "eventId": "e-1", "sessionParams": {"sessionData": "s-1"}}"#
    ),
    (
      Notification(
        eventType: .sessionProgress, eventId: "e-000125", sessionParams: SessionParams(sessionData: "s-3kf81A", sdp: "")),
      #"{"eventType": "sessionProgress", "eventId": "e-000125", "sessionParams": {"sessionData": "s-3kf81A", "sdp": ""}}"#
    ),
    (
      Notification(
        eventType: .respondCallUpdate, eventId: "e-000126",
        sessionParams: SessionParams(sessionData: "s-3kf81A", sdp: "v=0\r\n"),
        callNotificationParams: CallNotificationParams(remoteDisplayNumber: "bob@example.com", remoteName: "Bob Brown")),
      """
      {"eventType": "respondCallUpdate", "eventId": "e-000126", "sessionParams": {"sessionData": "s-3kf81A", "sdp": "v=0\\r\\n"},
        "callNotificationParams": {"remoteDisplayNumber": "bob@example.com", "remoteName": "Bob Brown"}}
      """
    ),
    (
      Notification(
        eventType: .respondCallUpdate, eventId: "e-000127",
        sessionParams: SessionParams(
          sessionData: "s-3kf81A", statusCode: .requestPending, reasonText: "Request Pending", retryAfter: 2),
        statusCode: .requestPending),
      """
      {"eventType": "respondCallUpdate", "eventId": "e-000127", "statusCode": 49, "sessionParams":
        {"sessionData": "s-3kf81A", "statusCode": 49, "reasonText": "Request Pending", "retryAfter": 2}}
      """
    ),
    (
      Notification(
        eventType: .startCallUpdate, eventId: "e-000128",
        sessionParams: SessionParams(sessionData: "s-9QbT7c", sdp: "v=0\r\n"), callNotificationParams: alice),
      """
      {"eventType": "startCallUpdate", "eventId": "e-000128", "sessionParams": {"sessionData": "s-9QbT7c", "sdp": "v=0\\r\\n"},
        "callNotificationParams": {"callerDisplayNumber": "alice@example.com", "callerName": "Alice Adams",
          "calleeDisplayNumber": "bob@example.com", "remoteDisplayNumber": "bob@example.com", "remoteName": "Bob Brown"}}
      """
    ),
    (
      Notification(
        eventType: .callEnd, eventId: "e-000129",
        sessionParams: SessionParams(
          sessionData: "s-3kf81A", statusCode: CallEndReason.busy.statusCode, reasonText: CallEndReason.busy.reasonText)),
      """
      {"eventType": "callEnd", "eventId": "e-000129",
        "sessionParams": {"sessionData": "s-3kf81A", "statusCode": 486, "reasonText": "Busy Here"}}
      """
    ),
    (
      Notification(eventType: .callCancel, eventId: "e-000130", sessionParams: SessionParams(sessionData: "s-9QbT7c")),
      #"{"eventType": "callCancel", "eventId": "e-000130", "sessionParams": {"sessionData": "s-9QbT7c"}}"#
    ),
    (
      Notification(
        eventType: .sessionComplete, eventId: "e-000131",
        sessionParams: SessionParams(
          sessionData: "s-3kf81A", reasonText: "Transfer Successful", referTo: "sip:c@example.com",
          referredBy: "sip:b@example.com")),
      """
      {"eventType": "sessionComplete", "eventId": "e-000131", "sessionParams": {"sessionData": "s-3kf81A",
        "reasonText": "Transfer Successful", "referTo": "sip:c@example.com", "referredBy": "sip:b@example.com"}}
      """
    ),
    (
      Notification(
        eventType: .sessionFail, eventId: "e-000132",
        sessionParams: SessionParams(sessionData: "s-3kf81A", statusCode: 603, reasonText: "Declined")),
      """
      {"eventType": "sessionFail", "eventId": "e-000132",
        "sessionParams": {"sessionData": "s-3kf81A", "statusCode": 603, "reasonText": "Declined"}}
      """
    ),
    (
      Notification(eventType: .accepted, eventId: "e-2", sessionParams: SessionParams(sessionData: "s-1")),
      #"{"eventType": "accepted", "eventId": "e-2", "sessionParams": {"sessionData": "s-1"}}"#
    ),
    (
      Notification(
        eventType: .startCallReplace, eventId: "e-000133",
        sessionParams: SessionParams(sessionData: "s-Rp01", sdp: "v=0\r\n"),
        customParameters: [CustomParameter(name: "X-Why", value: "transfer")], replaces: "s-9QbT7c",
        remoteParty: "carol@example.com"),
      """
      {"eventType": "startCallReplace", "eventId": "e-000133", "replaces": "s-9QbT7c", "remoteParty": "carol@example.com",
        "sessionParams": {"sessionData": "s-Rp01", "sdp": "v=0\\r\\n"},
        "customParameters": [{"name": "X-Why", "value": "transfer"}]}
      """
    ),
    (
      Notification(
        eventType: .iceCandidate, eventId: "e-000134",
        sessionParams: SessionParams(
          sessionData: "s-3kf81A",
          iceCandidates: [
            ICECandidate(
              candidate: "candidate:1 1 udp 2122260223 198.51.100.7 40000 typ host", sdpMid: "audio", sdpMLineIndex: 0)
          ])),
      """
      {"eventType": "IceCandidate", "eventId": "e-000134", "sessionParams": {"sessionData": "s-3kf81A", "iceCandidates":
        [{"candidate": "candidate:1 1 udp 2122260223 198.51.100.7 40000 typ host", "sdpMid": "audio", "sdpMLineIndex": 0}]}}
      """
    ),
    (
      Notification(eventType: .gone, eventId: "e-3", retryAfter: 30),
      #"{"eventType": "gone", "eventId": "e-3", "retryAfter": 30}"#
    ),
    (Notification(eventType: .websocketOverridden, eventId: "e-4"), #"{"eventType": "websocketOverridden", "eventId": "e-4"}"#),
    (
      Notification(
        eventType: .call, eventId: "e-5", callDispositionParams: SessionParams(sessionData: "s-5", actions: ["answer"])),
      """
      {"eventType": "call", "eventId": "e-5", "callDispositionParams": {"sessionData": "s-5", "actions": ["answer"]}}
      """
    ),
    (
      Notification(
        eventType: "event:presence", eventId: "e-6",
        other: ["presenceParams": ["status": "open", "list": [1, nil, 2.5, false]], "note": "new"]),
      """
      {"eventType": "event:presence", "eventId": "e-6", "note": "new",
        "presenceParams": {"status": "open", "list": [1, null, 2.5, false]}}
      """
    ),
  ]

  @Test(.spec("R-CALL-150", "R-CALL-153", "R-CALL-154", "R-CALL-156", "R-CONN-701"), arguments: notifications)
  func everyNotificationAsTheSpecificationShowsIt(_ notification: Notification, _ text: String) throws {
    try expectGolden(notification, "{\"notificationMessage\": \(text)}")
  }

  @Test(.spec("R-CALL-155")) func theDispositionStandsInForMissingParameters() {
    let both = Notification(
      eventType: .call, eventId: nil, sessionParams: SessionParams(sessionData: "s-1"),
      callDispositionParams: SessionParams(sessionData: "s-2"))
    #expect(both.session?.sessionData == "s-1")
    #expect(
      Notification(eventType: .call, eventId: nil, callDispositionParams: both.callDispositionParams).session?.sessionData
        == "s-2")
  }

  @Test(
    .spec("R-CALL-153", "R-CONN-724"),
    arguments: [
      (
        #""sessionParams": {"sessionData": 17, "statusCode": "486", "retryAfter": "2.5"}"#,
        Notification(
          eventType: .callEnd, eventId: nil,
          sessionParams: SessionParams(sessionData: "17", statusCode: 486, retryAfter: 2.5))
      ),
      (#""eventId": 9, "time": "1514764800000""#, Notification(eventType: .callEnd, eventId: "9", time: 1_514_764_800_000)),
      (#""time": 1e300"#, Notification(eventType: .callEnd, eventId: nil)),
      (#""time": "nan", "retryAfter": "inf""#, Notification(eventType: .callEnd, eventId: nil)),
      (#""time": 1514764800000.9"#, Notification(eventType: .callEnd, eventId: nil, time: 1_514_764_800_000)),
      (#""sessionParams": null, "eventId": null"#, Notification(eventType: .callEnd, eventId: nil)),
      (
        #""callNotificationParams": {"callerName": null, "callerDisplayNumber": 5550100, "remoteName": {}}"#,
        Notification(
          eventType: .callEnd, eventId: nil, callNotificationParams: CallNotificationParams(callerDisplayNumber: "5550100"))
      ),
      (
        #""sessionParams": {"actions": "answer", "iceCandidates": {}, "sdp": ""}"#,
        Notification(eventType: .callEnd, eventId: nil, sessionParams: SessionParams(sessionData: nil, sdp: ""))
      ),
    ])
  func looseNotificationsAreRead(_ members: String, _ expected: Notification) throws {
    #expect(
      try read(Notification.self, "{\"notificationMessage\": {\"eventType\": \"callEnd\", \(members)}}") == expected)
  }

  @Test(arguments: [
    "", "1", "\"gone\"", "{}", "{\"notificationMessage\": {}}", "{\"notificationMessage\": {\"eventType\": 1}}",
    "{\"notificationMessage\": {\"eventType\": \"call\", \"sessionParams\": \"s-1\"}}",
  ])
  func whatIsNoNotificationIsRefused(_ text: String) {
    #expect(throws: WireFormatError.self) { try read(Notification.self, text) }
  }

  @Test func theTypesOfTheCallPart() {
    #expect(
      EventType.calls.map(\.rawValue).sorted() == [
        "IceCandidate", "accepted", "call", "callCancel", "callEnd", "respondCallUpdate", "ringing", "sessionComplete",
        "sessionFail", "sessionProgress", "startCallReplace", "startCallUpdate", "trying",
      ])
  }
}
