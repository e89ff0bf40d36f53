import KandyTesting
import LinkProtocol
import Testing

@testable import Kandy

struct ActionTests {
  private static let everything: JSONValue = [
    "logs": ["logLevel": "trace", "logActions": ["actionOnly": false, "exposePayloads": true, "diff": true, "level": "trace"]]
  ]

  /// Does a little of everything, with secrets wherever there are any.
  private func live(_ fixture: ClientFixture) async throws {
    let client = fixture.client
    let held = fixture.transport.expect(.post, "subscription")
    let socket = fixture.transport.expectSocket()
    async let connecting: Void = client.connect(
      Credentials(username: "alice@example.com", password: "top-secret-1"))
    _ = try await held.request()
    held.answer(
      .json([
        "subscribeResponse": [
          "statusCode": 0, "subscription": "/rest/version/1/user/alice@example.com/subscription/6d1f0c2e",
          "subscriptionParams": [
            "expires": 3600, "service": ["call"], "notificationType": "WebSocket", "sessionId": "top-secret-2",
            "notificationChannel": "/notification/alice@example.com/websocket/top-secret-3",
            "turnActive": true, "turnCredentials": ["username": "top-secret-4", "password": "top-secret-5"],
          ],
        ]
      ]))
    try await connecting
    _ = try await socket.url()
    try client.setCredentials(Credentials(username: "alice@example.com", password: "top-secret-6"))
    client.updateConfig([
      "connectivity": ["pingInterval": 9_000],
      "call": ["iceserver": [["urls": ["turn:t.example.com"], "username": "u", "credential": "top-secret-7"]]],
    ])
    try? await client.media.setDefaultDevices(microphone: "virtual:tone?hz=700")
    client.notification.enableWebsocket(true)
    _ = await fixture.next(.notificationReceived) {
      client.notification.process([
        "notificationMessage": ["eventType": "ringing", "eventId": "e1", "sessionParams": ["sdp": "top-secret-8"]]
      ])
    }
    await fixture.disconnect()
    await client.destroy()
  }

  @Test(.spec("R-CONN-930")) func everyFeatureLogsItsActions() async throws {
    let fixture = ClientFixture(Self.everything, media: FakeMediaEngine())
    try await live(fixture)
    let actions = fixture.log.entries.compactMap { $0.target.type == .action ? $0.messages.last?["type"]?.stringValue : nil }
    #expect(
      Set(actions).isSuperset(of: [
        "CONNECT", "CONNECT_SUBSCRIBED", "SET_CREDENTIALS", "DISCONNECT", "UPDATE_CONFIG", "SET_DEFAULT_DEVICES",
        "MEDIA_INITIALIZE", "NOTIFICATIONS_ENABLE_WEBSOCKET", "NOTIFICATION_RECEIVED",
      ]))
  }

  @Test(.spec("R-CONN-930")) func anActionShowsItsPayloadAndWhatItChanged() async throws {
    let fixture = ClientFixture(Self.everything)
    fixture.client.notification.enableWebsocket(true)
    await fixture.client.destroy()
    let messages = fixture.log.entries.filter { $0.target.type == .action }.map(\.messages)
    let title = messages.firstIndex { $0[0].stringValue?.hasPrefix("action NOTIFICATIONS_ENABLE_WEBSOCKET") == true }
    #expect(
      messages[try #require(title)...].dropFirst().prefix(5) == [
        ["prev state", ["webSocketEnabled": false]],
        ["action    ", ["type": "NOTIFICATIONS_ENABLE_WEBSOCKET", "payload": ["enable": true]]],
        ["next state", ["webSocketEnabled": true]], ["diff"], ["CHANGED: webSocketEnabled", false, true],
      ])
  }

  @Test(.spec("R-CONN-931", "R-CONN-942")) func nothingSecretIsLoggedEvenWithEverythingSwitchedOn() async throws {
    let fixture = ClientFixture(Self.everything, media: FakeMediaEngine())
    try await live(fixture)
    let entries = fixture.log.entries
    #expect(entries.count > 50)
    for entry in entries where JSONValue.array(entry.messages).compactText.contains("top-secret") {
      Issue.record("\(entry.target.name) logged a secret: \(JSONValue.array(entry.messages).compactText)")
    }
  }

  // MARK: The call engine's trace

  private func traced(_ fixture: ClientFixture, _ id: String) async -> Bool {
    let before = fixture.log.entries.count
    _ = await fixture.next(.notificationReceived) {
      fixture.client.notification.process(["notificationMessage": ["eventType": "ringing", "eventId": .string(id)]])
    }
    return fixture.log.entries.dropFirst(before).contains { $0.target.type == .fcs && $0.level == .debug }
  }

  @Test(.spec("R-CONN-911")) func theCallEnginesTraceFollowsTheConfigurationFromTheNextConnectOn() async throws {
    let fixture = ClientFixture(["logs": ["enableFcsLogs": false]])
    try await fixture.connect()
    #expect(await traced(fixture, "a") == false)
    fixture.client.updateConfig(["logs": ["enableFcsLogs": true]])
    #expect(await traced(fixture, "b") == false)
    await fixture.disconnect()
    try await fixture.connect()
    #expect(await traced(fixture, "c"))
    await fixture.disconnect()
    await fixture.client.destroy()
  }

  @Test func whatACallSaysInDetailIsItsEnginesTraceAndWarningsAreTheCalls() {
    let record = LogRecord()
    let log = LoggerSet(level: .trace, handler: record.handler, now: { 0 })
    for on in [true, false] {
      log.traceCalls(on)
      log.logger(.call, id: "c1").debug("The state changed.")
      log.logger(.call, id: "c1").warn("Media failed.")
      log.logger(.call).debug("API invoked: call.make")
    }
    #expect(record.entries.map(\.target.name) == ["FCS-c1", "CALL-c1", "CALL", "CALL-c1", "CALL"])
  }
}
