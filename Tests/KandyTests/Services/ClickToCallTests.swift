import KandyTesting
import LinkProtocol
import Testing

@testable import Kandy

@Suite(.timeLimit(.minutes(1))) struct ClickToCallTests {
  private static let accepted = ScriptedAnswer.json(["clickToCallResponse": ["statusCode": 0]])
  private static let (alice, bob, carol) = ("alice@example.com", "bob@example.com", "carol@example.com")

  private static func fails(
    _ code: BasicError.Code, statusCode: StatusCode? = nil, cause: String? = nil,
    sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws(BasicError) -> ClickToCallID
  ) async {
    do {
      _ = try await body()
      Issue.record("It did not fail.", sourceLocation: sourceLocation)
    } catch {
      #expect(error.code == code && error.statusCode == statusCode && error.cause == cause, sourceLocation: sourceLocation)
    }
  }

  @Test(.spec("R-CALL-730", "R-CALL-732", "R-CALL-734")) func theServerIsAskedAndWhatItAgreesToIsRemembered() async throws {
    let fixture = ClientFixture()
    try await fixture.connect()
    let exchange = fixture.transport.expect(.post, "clicktocall", Self.accepted)
    let now = fixture.clock.wallClock()
    let id = try await fixture.client.clickToCall.make(" Alice<sip:alice>", "bob")
    #expect(
      try await exchange.request().json == [
        "clickToCallRequest": ["callingParty": " Alice<sip:alice>", "calledParty": "bob"]
      ])
    let record = ClickToCallRecord(id: id, caller: " Alice<sip:alice>", callee: "bob", requestTime: now)
    #expect(try fixture.client.clickToCall.get() == [record])
    #expect(try fixture.client.call.getAll().isEmpty)
    let events = ClientFixture.texts(await fixture.eventsUntilDestroyed())
    #expect(events.last == "clickToCall:start {\"callId\":\"\(id)\"}")
  }

  @Test(.spec("R-CALL-730")) func theVersionIsTheConfiguredOne() async throws {
    let fixture = ClientFixture(["authentication": ["subscription": ["version": "2"]]])
    fixture.transport.expect(.post, "subscription", ClientFixture.granted())
    fixture.transport.expectSocket()
    try await fixture.client.connect(ClientFixture.credentials)
    let exchange = fixture.transport.expect(.post, "clicktocall", Self.accepted)
    try await fixture.client.clickToCall.make(Self.alice, Self.bob)
    #expect(try await exchange.request().url.contains("/rest/version/2/user/alice@example.com/clicktocall"))
    await fixture.client.destroy()
  }

  @Test(
    .spec("R-CALL-731"),
    arguments: [ScriptedAnswer.json([:]), .json(["anything": 1]), .json(201, ["clickToCallResponse": 7])])
  func ofASuccessOnlyTheStatusCounts(_ answer: ScriptedAnswer) async throws {
    let fixture = ClientFixture()
    try await fixture.connect()
    fixture.transport.expect(.post, "clicktocall", answer)
    let id = try await fixture.client.clickToCall.make(Self.alice, Self.bob)
    #expect(try fixture.client.clickToCall.get().map(\.id) == [id])
    await fixture.client.destroy()
  }

  @Test(.spec("R-CALL-733"), arguments: [("", "bob@example.com"), ("alice@example.com", ""), ("", "")])
  func withoutACallerOrACalleeNobodyIsAsked(_ caller: String, _ callee: String) async throws {
    let fixture = ClientFixture()
    try await fixture.connect()
    await Self.fails(.clickToCallMissingArguments) { () throws(BasicError) in
      try await fixture.client.clickToCall.make(caller, callee)
    }
    #expect(try fixture.client.clickToCall.get().isEmpty)
    #expect(fixture.transport.requests(.post, "clicktocall").isEmpty)
    let events = await fixture.eventsUntilDestroyed()
    guard case .clickToCallError(let id, let error)? = events.last else {
      Issue.record("nothing is reported")
      return
    }
    #expect(!id.rawValue.isEmpty && error.code == .clickToCallMissingArguments)
    #expect(!events.contains { $0.name == .clickToCallStart })
  }

  @Test(.spec("R-CALL-733")) func aRefusalIsReportedWithTheServersReason() async throws {
    let fixture = ClientFixture()
    try await fixture.connect()
    fixture.transport.expect(
      .post, "clicktocall", .json(403, ["clickToCallResponse": ["statusCode": 27, "reasonText": "Not you."]]))
    await Self.fails(.clickToCallResponseError, statusCode: 27, cause: "Not you.") { () throws(BasicError) in
      try await fixture.client.clickToCall.make(Self.bob, Self.carol)
    }
    #expect(try fixture.client.clickToCall.get().isEmpty)
    let events = await fixture.eventsUntilDestroyed()
    #expect(events.last?.name == .clickToCallError && !events.contains { $0.name == .clickToCallStart })
  }

  @Test(.spec("R-CALL-733")) func withoutAConnectionTheServerCannotBeAsked() async throws {
    let fixture = ClientFixture()
    await Self.fails(.clickToCallResponseError) { () throws(BasicError) in
      try await fixture.client.clickToCall.make(Self.alice, Self.bob)
    }
    await fixture.client.destroy()
    await Self.fails(.noCode) { () throws(BasicError) in try await fixture.client.clickToCall.make(Self.alice, Self.bob) }
    #expect(throws: BasicError.destroyed) { try fixture.client.clickToCall.get() }
  }

  @Test(.spec("R-CALL-734", "R-CALL-735")) func severalAreUnderWayAtOnceAndStayInOrder() async throws {
    let fixture = ClientFixture()
    try await fixture.connect()
    let first = fixture.transport.expect(.post, "clicktocall", nil)
    async let one = fixture.client.clickToCall.make(Self.alice, Self.bob)
    _ = try await first.request()
    let second = fixture.transport.expect(.post, "clicktocall", nil)
    async let other = fixture.client.clickToCall.make(Self.alice, Self.carol)
    _ = try await second.request()
    second.answer(Self.accepted)
    let later = try await other
    #expect(try fixture.client.clickToCall.get().map(\.id) == [later])
    first.answer(Self.accepted)
    let earlier = try await one
    #expect(try fixture.client.clickToCall.get().map(\.id) == [earlier, later])
    await fixture.disconnect()
    #expect(try fixture.client.clickToCall.get().count == 2)
    await fixture.client.destroy()
  }

  @Test(.spec("R-CALL-732")) func theRecordHasTheDocumentedKeys() throws {
    let record = ClickToCallRecord(id: "i", caller: "a", callee: "b", requestTime: 5)
    #expect(
      Event.clickToCallError("i", BasicError(.clickToCallResponseError, "No.")).payload
        == ["callId": "i", "error": ["code": "clickToCall:2", "message": "No."]])
    #expect(JSONValue.of(record) == ["callId": "i", "caller": "a", "callee": "b", "requestTime": 5])
  }
}
