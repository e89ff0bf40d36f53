import KandyTesting
import LinkProtocol
import Testing

@Suite struct CallControlTests {
  static let gps = [CustomParameter(name: "X-GPS", value: "48.20,16.37")]

  /// Every operation, with the text of part 02 §3.
  static let requests: [(CallControlRequest, String)] = [
    (
      CallControlRequest(
        type: .callStart, from: "sip:alice@example.com", to: "sip:bob@example.com", sdp: "v=0\r\n", customParameters: gps,
        supported: ["earlymedia", "replacecall"]),
      """
      {"type": "callStart", "from": "sip:alice@example.com", "to": "sip:bob@example.com", "sdp": "v=0\\r\\n",
        "customParameters": [{"name": "X-GPS", "value": "48.20,16.37"}], "supported": ["earlymedia", "replacecall"]}
      """
    ),
    (
      CallControlRequest(
        type: .callAnswer, sdp: "v=0\r\n", customParameters: [CustomParameter(name: "X-Desk", value: "7")],
        supported: ["replacecall"]),
      """
      {"type": "callAnswer", "sdp": "v=0\\r\\n", "customParameters": [{"name": "X-Desk", "value": "7"}],
        "supported": ["replacecall"]}
      """
    ),
    (
      CallControlRequest(type: .startCallUpdate, sdp: "v=0\r\n", customParameters: gps),
      """
      {"type": "startCallUpdate", "sdp": "v=0\\r\\n", "customParameters": [{"name": "X-GPS", "value": "48.20,16.37"}]}
      """
    ),
    (
      CallControlRequest(type: .respondCallUpdate, sdp: "v=0\r\n"),
      #"{"type": "respondCallUpdate", "sdp": "v=0\r\n"}"#
    ),
    (
      CallControlRequest(type: .transfer, address: "sip:carol@example.com"),
      #"{"type": "transfer", "address": "sip:carol@example.com"}"#
    ),
    (
      CallControlRequest(type: .transfer, address: "carol@example.com", sessionData: "s-77Zp0e"),
      #"{"type": "transfer", "address": "carol@example.com", "sessionData": "s-77Zp0e"}"#
    ),
    (
      CallControlRequest(
        type: .join, sdp: "v=0\r\n", customParameters: gps, firstSessionData: "s-3kf81A", secondSessionData: "s-77Zp0e",
        clientControlled: "true"),
      """
      {"type": "join", "firstSessionData": "s-3kf81A", "secondSessionData": "s-77Zp0e", "sdp": "v=0\\r\\n",
        "customParameters": [{"name": "X-GPS", "value": "48.20,16.37"}], "clientControlled": "true"}
      """
    ),
    (
      CallControlRequest(type: .refer, from: "sip:a@example.com", to: "sip:b@example.com"),
      #"{"type": "refer", "from": "sip:a@example.com", "to": "sip:b@example.com"}"#
    ),
    (
      CallControlRequest(type: .sendCustomHeaders, customParameters: gps),
      #"{"type": "sendCustomHeaders", "customParameters": [{"name": "X-GPS", "value": "48.20,16.37"}]}"#
    ),
    (CallControlRequest(type: .audit), #"{"type": "audit"}"#),
    (CallControlRequest(type: .ringing), #"{"type": "ringing"}"#),
    (
      CallControlRequest(
        type: .updateIceCandidate,
        iceCandidates: [
          ICECandidate(
            candidate: "candidate:1 1 udp 2122260223 192.0.2.10 49170 typ host", sdpMid: "audio", sdpMLineIndex: 0,
            usernameFragment: "aUf1")
        ]),
      """
      {"type": "updateIceCandidate", "iceCandidates": [{"candidate": "candidate:1 1 udp 2122260223 192.0.2.10 49170 typ host",
        "sdpMid": "audio", "sdpMLineIndex": 0, "usernameFragment": "aUf1"}]}
      """
    ),
    (
      CallControlRequest(type: .acceptCallReplace, sdp: "v=0\r\n"),
      #"{"type": "acceptCallReplace", "sdp": "v=0\r\n"}"#
    ),
    (CallControlRequest(type: .rejectCallReplace), #"{"type": "rejectCallReplace"}"#),
    (
      CallControlRequest(type: .callStart, from: "sip:a@example.com", to: "sip:b@example.com", notifyChannelId: "ch-1"),
      #"{"type": "callStart", "from": "sip:a@example.com", "to": "sip:b@example.com", "notifyChannelId": "ch-1"}"#
    ),
    (
      CallControlRequest(
        type: .callStart, customBodies: [.object(["contentType": "text/plain", "parts": [1, 2.5, true, nil]])]),
      #"{"type": "callStart", "customBodies": [{"contentType": "text/plain", "parts": [1, 2.5, true, null]}]}"#
    ),
  ]

  @Test(.spec("R-CALL-30", "R-CALL-32", "R-CALL-33", "R-CALL-821"), arguments: requests)
  func everyOperationAsTheSpecificationShowsIt(_ request: CallControlRequest, _ text: String) throws {
    try expectGolden(request, "{\"callControlRequest\": \(text)}")
  }

  @Test(.spec("R-CALL-65", "R-CALL-824")) func aRefusalMayCarryItsCodeAsText() throws {
    let request = try read(
      CallControlRequest.self, #"{"callControlRequest": {"type": "respondCallUpdate", "statusCode": "491"}}"#)
    #expect(request == CallControlRequest(type: .respondCallUpdate, statusCode: 491))
  }

  @Test(
    .spec("R-CALL-66", "R-SDP-1"),
    arguments: [
      (#""customParameters": {}"#, CallControlRequest(type: .audit)),
      (
        #""customParameters": [{"name": "a"}, {"name": "b", "value": "c"}, 7]"#,
        CallControlRequest(type: .audit, customParameters: [CustomParameter(name: "b", value: "c")])
      ),
      (
        #""iceCandidates": [{"candidate": "x", "sdpMid": 0, "sdpMLineIndex": "1", "new": 1}, {"sdpMid": "0"}]"#,
        CallControlRequest(type: .audit, iceCandidates: [ICECandidate(candidate: "x", sdpMid: "0", sdpMLineIndex: 1)])
      ),
      (#""sdp": null, "supported": "earlymedia""#, CallControlRequest(type: .audit)),
      (#""clientControlled": "true", "tokenrealm": "r1""#, CallControlRequest(type: .audit, clientControlled: "true")),
    ])
  func looseRequestsAreRead(_ members: String, _ expected: CallControlRequest) throws {
    #expect(try read(CallControlRequest.self, "{\"callControlRequest\": {\"type\": \"audit\", \(members)}}") == expected)
  }

  @Test func anUnknownOperationIsAValue() throws {
    let request = try read(CallControlRequest.self, #"{"callControlRequest": {"type": "levitate"}}"#)
    #expect(request.type == CallOperation(rawValue: "levitate"))
  }

  @Test(arguments: [
    "{\"callControlRequest\": {}}", "{\"callControlRequest\": {\"type\": 1}}", "{\"callControlRequest\": []}",
    "{\"callControlRequest\": {\"type\": \"callStart\", \"sdp\": {}}}", "{\"type\": \"audit\"}", "{}",
  ])
  func whatIsNoRequestIsRefused(_ text: String) {
    #expect(throws: WireFormatError.self) { try read(CallControlRequest.self, text) }
  }

  // MARK: - Responses

  @Test(
    .spec("R-CALL-14", "R-CALL-15", "R-CALL-43", "R-CALL-61", "R-CALL-102"),
    arguments: [
      (CallControlResponse(), #"{"statusCode": 0}"#),
      (CallControlResponse(sessionData: "s-3kf81A"), #"{"statusCode": 0, "sessionData": "s-3kf81A"}"#),
      (CallControlResponse(state: .ringing), #"{"statusCode": 0, "state": "RINGING"}"#),
      (
        CallControlResponse(statusCode: .invalidValue, reasonText: "Invalid parameter"),
        #"{"statusCode": 37, "reasonText": "Invalid parameter"}"#
      ),
      (
        CallControlResponse(statusCode: .requestPending, reasonText: "Request Pending", retryAfter: 2.5),
        #"{"statusCode": 49, "reasonText": "Request Pending", "retryAfter": 2.5}"#
      ),
    ])
  func responsesAsTheSpecificationShowsThem(_ response: CallControlResponse, _ text: String) throws {
    try expectGolden(response, "{\"callControlResponse\": \(text)}")
  }

  @Test(
    .spec("R-CALL-13", "R-CONN-451"),
    arguments: [
      (
        #"{"callControlResponse": {"statusCode": "42", "retryAfter": "3"}}"#, CallControlResponse(statusCode: 42, retryAfter: 3)
      ),
      (#"{"callDispositionResponse": {"statusCode": 0}}"#, CallControlResponse()),
      (#"{"callMeResponse": {"statusCode": 0, "sessionData": "s-1"}}"#, CallControlResponse(sessionData: "s-1")),
      (#"{"callControlResponse": {"retryAfter": "inf"}}"#, CallControlResponse(statusCode: nil)),
      (#"{"callControlResponse": {}}"#, CallControlResponse(statusCode: nil)), ("{}", CallControlResponse(statusCode: nil)),
    ])
  func looseResponsesAreRead(_ text: String, _ expected: CallControlResponse) throws {
    #expect(try read(CallControlResponse.self, text) == expected)
  }

  @Test(arguments: ["", "[]", "{\"subscribeResponse\": {\"statusCode\": 4}}", "<html>", "{\"callControlResponse\": null}"])
  func whatIsNoResponseIsRefused(_ text: String) {
    #expect(throws: WireFormatError.self) { try read(CallControlResponse.self, text) }
  }

  @Test(
    .spec("R-CALL-80"),
    arguments: [
      (
        CallDispositionRequest(action: .reject, sessionData: "s-9QbT7c"),
        #"{"callDispositionRequest": {"action": "reject", "sessionData": "s-9QbT7c"}}"#
      ),
      (
        CallDispositionRequest(action: .forward, sessionData: "s-9QbT7c", address: "carol@example.com"),
        #"{"callDispositionRequest": {"action": "forward", "sessionData": "s-9QbT7c", "address": "carol@example.com"}}"#
      ),
    ])
  func rejectAndForward(_ request: CallDispositionRequest, _ text: String) throws {
    try expectGolden(request, text)
  }

  @Test(.spec("R-CALL-12")) func aBodyWithoutContent() throws {
    #expect(try read(NoBody.self, "{}") == NoBody())
    #expect(try read(NoBody.self, #"{"anything": 1}"#) == NoBody())
    #expect(try written(NoBody()) == [:])
  }
}
