import KandyTesting
import LinkProtocol
import Testing

@Suite struct SubscriptionTests {
  @Test(.spec("R-CONN-520", "R-CONN-521")) func aSubscribeRequestAsTheSpecificationShowsIt() throws {
    try expectGolden(
      SubscribeRequest(
        expires: 3600, service: [.im, .presence, .call], localization: "English_US", useTurn: true,
        notificationType: "WebSocket", supported: ["RingingFeedback"], forceLogOut: false, clientCorrelator: "3f1c9a52"),
      """
      {"subscribeRequest": {"expires": 3600, "service": ["IM", "Presence", "call"], "localization": "English_US",
        "useTurn": true, "notificationType": "WebSocket", "supported": ["RingingFeedback"], "forceLogOut": "false",
        "clientCorrelator": "3f1c9a52"}}
      """)
  }

  @Test(.spec("R-CONN-521")) func theOrderOf316AndThatOf7AreOne() throws {
    let expected = SubscribeRequest(
      expires: 3600, service: [.call, .im, .presence], localization: "English_US", useTurn: true,
      notificationType: "WebSocket", supported: ["RingingFeedback"], forceLogOut: true)
    for order in [#""expires":3600,"service":["call","IM","Presence"]"#, #""service":["call","IM","Presence"],"expires":3600"#]
    {
      let text =
        #"{"subscribeRequest":{\#(order),"localization":"English_US","useTurn":true,"notificationType":"WebSocket","#
        + #""supported":["RingingFeedback"],"forceLogOut":"true"}}"#
      #expect(try read(SubscribeRequest.self, text) == expected)
    }
  }

  @Test(.spec("R-CONN-541")) func aRefreshSendsWhatTheServerGranted() throws {
    try expectGolden(
      SubscribeRequest(
        expires: 3600, service: [.im, .presence, .call], localization: "English_US", useTurn: true,
        notificationType: "WebSocket"),
      """
      {"subscribeRequest": {"expires": 3600, "service": ["IM", "Presence", "call"], "localization": "English_US",
        "useTurn": true, "notificationType": "WebSocket"}}
      """)
  }

  @Test(.spec("R-CONN-552", "D-03")) func servicesMayComeInAnObject() throws {
    let request = try read(SubscribeRequest.self, #"{"subscribeRequest": {"service": {"services": ["IM", "event:mwi"]}}}"#)
    #expect(request == SubscribeRequest(service: ["IM", "event:mwi"]))
    #expect(request.service?.map(\.isSIPEvent) == [false, true])
  }

  @Test(
    .spec("R-CONN-522"),
    arguments: [
      (#""forceLogOut": true"#, SubscribeRequest(forceLogOut: true)),
      (#""forceLogOut": "TRUE""#, SubscribeRequest(forceLogOut: true)),
      (#""forceLogOut": "maybe""#, SubscribeRequest()),
      (#""expires": "120""#, SubscribeRequest(expires: 120)),
      (#""expires": 120.0"#, SubscribeRequest(expires: 120)),
      (#""expires": 1e300"#, SubscribeRequest()),
      (#""expires": null, "clientCorrelator": null"#, SubscribeRequest()),
      (#""clientCorrelator": 42"#, SubscribeRequest(clientCorrelator: "42")),
      (#""unknown": {"members": ["are", "passed over"]}"#, SubscribeRequest()),
      ("", SubscribeRequest()),
    ])
  func looseRequestsAreRead(_ members: String, _ expected: SubscribeRequest) throws {
    #expect(try read(SubscribeRequest.self, "{\"subscribeRequest\": {\(members)}}") == expected)
  }

  @Test(arguments: [
    "", "null", "[]", "{}", "{\"subscribeRequest\": 1}", "{\"subscribeRequest\": {\"service\": \"IM\"}}", "{\"subscribe",
  ])
  func whatIsNoRequestIsRefused(_ text: String) {
    #expect(throws: WireFormatError.self) { try read(SubscribeRequest.self, text) }
  }

  @Test func aRefusalSaysWhereButNeverWhat() {
    let refusal = #expect(throws: WireFormatError.self) {
      try read(SubscribeRequest.self, #"{"subscribeRequest": {"service": [{"secret": 1}]}}"#)
    }
    #expect(refusal?.description.contains("service") == true)
    #expect(refusal?.description.contains("secret") == false)
  }

  @Test(.spec("R-CONN-530", "R-CONN-424", "R-CONN-536")) func aSubscribeResponseAsTheSpecificationShowsIt() throws {
    try expectGolden(
      SubscribeResponse(
        statusCode: .success, subscription: "/rest/version/1/user/alice@example.com/subscription/6d1f0c2e",
        subscriptionParams: SubscriptionParams(
          expires: 3600, service: [.im, .presence, .call], notificationType: "WebSocket",
          notificationChannel: "/notification/alice@example.com/websocket/9b7e41aa", clientCorrelator: "3f1c9a52",
          sessionId: "c0ffee01", turnCredentials: TurnCredentials(username: "t-alice", password: "t-secret"))),
      """
      {"subscribeResponse": {"statusCode": 0,
        "subscription": "/rest/version/1/user/alice@example.com/subscription/6d1f0c2e",
        "subscriptionParams": {"expires": 3600, "service": ["IM", "Presence", "call"], "notificationType": "WebSocket",
          "notificationChannel": "/notification/alice@example.com/websocket/9b7e41aa", "clientCorrelator": "3f1c9a52",
          "sessionId": "c0ffee01", "turnCredentials": {"username": "t-alice", "password": "t-secret"}}}}
      """)
  }

  @Test(.spec("R-CONN-536")) func turnCredentialsMayHaveALifetime() throws {
    let response = try read(
      SubscribeResponse.self,
      """
      {"subscribeResponse": {"statusCode": 0, "subscriptionParams": {"expires": "3600", "service": ["call"],
        "turnCredentials": {"username": "turn", "password": "p", "timeToLive": 86400}, "other": 1}}}
      """)
    #expect(
      response.subscriptionParams
        == SubscriptionParams(
          expires: 3600, service: [.call],
          turnCredentials: TurnCredentials(username: "turn", password: "p", timeToLive: 86400)))
  }

  @Test(
    .spec("R-CONN-462", "R-CONN-547", "R-CONN-1103"),
    arguments: [
      (SubscribeResponse(statusCode: 4), #"{"subscribeResponse": {"statusCode": 4}}"#),
      (SubscribeResponse(statusCode: 39), #"{"subscribeResponse": {"statusCode": 39}}"#),
      (
        SubscribeResponse(statusCode: .unavailable, reason: "overload", retryAfter: 5000),
        #"{"subscribeResponse": {"statusCode": 503, "reason": "overload", "retryAfter": 5000}}"#
      ),
    ])
  func refusalsHaveTheSameEnvelope(_ response: SubscribeResponse, _ text: String) throws {
    try expectGolden(response, text)
  }

  @Test(
    .spec("R-CONN-524"),
    arguments: [
      ("3f1c9a52", true), ("a-b_c.d~e", true), ("", false), ("a b", false), ("ü", false), ("a/b", false),
      (String(repeating: "x", count: 128), true), (String(repeating: "x", count: 129), false),
    ])
  func aCorrelatorHasPlainCharacters(_ text: String, _ isPlain: Bool) {
    #expect(ClientCorrelator(text).isPlain == isPlain)
  }
}
