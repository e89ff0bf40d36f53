import KandyTesting
import LinkProtocol
import Testing

@Suite struct ClickToCallTests {
  @Test(.spec("R-CALL-4", "R-CALL-7", "R-CALL-730")) func theVersionIsTheConfiguredOne() {
    #expect(ClickToCall.make.method == .post)
    #expect(
      ClickToCall.make.path(user: "alice@example.com", version: "2")
        == "/rest/version/2/user/alice@example.com/clicktocall")
  }

  @Test(.spec("R-CALL-730")) func theRequestNamesBothParties() throws {
    try expectGolden(
      ClickToCallRequest(callingParty: "alice@example.com", calledParty: "bob@example.com"),
      #"{"clickToCallRequest": {"callingParty": "alice@example.com", "calledParty": "bob@example.com"}}"#)
  }

  @Test(.spec("R-CALL-737")) func aMissingPartyIsReadAsNobody() throws {
    #expect(
      try read(ClickToCallRequest.self, #"{"clickToCallRequest": {"callingParty": "alice@example.com"}}"#)
        == ClickToCallRequest(callingParty: "alice@example.com", calledParty: ""))
    #expect(
      try read(ClickToCallRequest.self, #"{"clickToCallRequest": {"callingParty": null, "calledParty": [1]}}"#)
        == ClickToCallRequest(callingParty: "", calledParty: ""))
    #expect(
      try read(ClickToCallRequest.self, #"{"clickToCallRequest": {"callingParty": "a@b", "calledParty": 4711}}"#)
        == ClickToCallRequest(callingParty: "a@b", calledParty: "4711"))
  }

  @Test(.spec("R-CALL-737")) func theAnswerIsAStatusCode() throws {
    try expectGolden(ClickToCallResponse(), #"{"clickToCallResponse": {"statusCode": 0}}"#)
    try expectGolden(
      ClickToCallResponse(statusCode: 27, reasonText: "No."),
      #"{"clickToCallResponse": {"statusCode": 27, "reasonText": "No."}}"#)
    try expectGolden(
      ClickToCallResponse(statusCode: 503, reasonText: "No.", retryAfter: 5),
      #"{"clickToCallResponse": {"statusCode": 503, "reasonText": "No.", "retryAfter": 5}}"#)
    #expect(try read(ClickToCallResponse.self, "{}") == ClickToCallResponse(statusCode: nil))
  }
}
