import Foundation
import KandyTesting
import LinkProtocol
import Testing

@Suite struct StatusCodeTests {
  @Test(
    .spec("R-CONN-452", "R-CONN-451"),
    arguments: [
      (#"{"statusCode": 4, "reason": "no"}"#, 4), (#"{"subscribeResponse": {"statusCode": 19}}"#, 19),
      (#"{"authorizationResponse": {"statusCode": 61}}"#, 61), (#"{"callControlResponse": {"statusCode": "42"}}"#, 42),
      (#"{"statusCode": 1, "subscribeResponse": {"statusCode": 2}}"#, 1),
      (#"{"a": {"other": 1}, "b": [{"statusCode": 9}], "c": {"statusCode": 7}}"#, 7),
      (#"{"a": {"b": {"statusCode": 7}}}"#, nil), (#"{"statusCode": "four"}"#, nil), (#"{"statusCode": 4.5}"#, nil),
      ("[]", nil), ("", nil), ("<html>", nil), ("{}", nil), ("null", nil),
    ] as [(String, Int?)])
  func aCodeIsFoundWhereverItStands(_ text: String, _ code: Int?) {
    #expect(WireCoding.statusCode(in: Data(text.utf8))?.rawValue == code)
  }

  @Test(
    .spec("R-CALL-733"),
    arguments: [
      (#"{"clickToCallResponse": {"statusCode": 27, "reasonText": "No."}}"#, "No."),
      (#"{"reasonText": "top", "a": {"reasonText": "below"}}"#, "top"), (#"{"a": {"reasonText": 5}}"#, nil), ("[]", nil),
    ] as [(String, String?)])
  func soAreTheWordsThatGoWithIt(_ text: String, _ words: String?) {
    #expect(WireCoding.reasonText(in: Data(text.utf8)) == words)
  }

  @Test(.spec("R-CALL-153")) func aCodeIsANumberOrText() throws {
    #expect(try JSONDecoder().decode([StatusCode].self, from: Data(#"[486, "486", "-1"]"#.utf8)) == [486, 486, -1])
    #expect(throws: DecodingError.self) { try JSONDecoder().decode([StatusCode].self, from: Data("[true]".utf8)) }
    #expect(try String(decoding: JSONEncoder().encode([StatusCode.requestPending]), as: UTF8.self) == "[49]")
  }

  @Test(.spec("R-CALL-231")) func theEndsOfACallHaveSIPsCodes() {
    #expect(
      CallEndReason.allCases.map { "\($0.statusCode) \($0.reasonText)" } == [
        "404 Not Found", "480 Temporarily Unavailable", "486 Busy Here", "487 Request Terminated",
        "488 Not Acceptable Here", "491 Request Pending", "500 Server Internal Error", "603 Decline",
      ])
  }

  @Test(.spec("R-CALL-210")) func theClientsOwnCodes() {
    #expect(
      LocalCallCode.allCases.map { "\($0.rawValue) \($0.reasonText)" } == [
        "9900 Reason not provided", "9901 Ended by local user", "9902 Rejected by local user",
        "9903 Ignored by local user", "9904 Responded from another device", "9905 Session completed",
        "9906 Join operation has completed", "9907 Transferred by remote user",
        "9909 Call has ended due to call audit failure.",
      ])
  }

  @Test func anyJSONValueIsKept() throws {
    let text = #"{"a":[1,-2.5,true,null,"x",{}],"b":{"c":9007199254740993}}"#
    let value = try json(text)
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    #expect(try String(decoding: encoder.encode(value), as: UTF8.self) == text)
    #expect(value["b"]?["c"]?.intValue == 9_007_199_254_740_993)
    #expect(value["a"]?.arrayValue?.map(\.doubleValue) == [1, -2.5, nil, nil, nil, nil])
  }
}
