import KandyTesting
import LinkProtocol
import Testing

@testable import Kandy

struct ConnectTests {
  @Test(.spec("R-CONN-401", "R-CONN-411", "R-CONN-412", "R-CONN-421", "R-CONN-520", "R-CONN-601"))
  func connectingSendsWhatTheTraceShows() async throws {
    let fixture = ClientFixture()
    let socket = try await fixture.connect()
    let request = try #require(fixture.transport.requests.first)
    #expect(request.method == .post)
    #expect(request.url == "https://kl.example.com:443/rest/version/1/user/alice@example.com/subscription")
    #expect(
      request.headers == [
        "Content-Type": "application/json", "Accept": "application/json",
        "Authorization": "Basic YWxpY2VAZXhhbXBsZS5jb206cGFzcw==", "X-Cpaas-Agent": "cpaas-js-sdk/3.16.0",
      ])
    #expect(request.timeout == .seconds(60))
    #expect(
      request.json == [
        "subscribeRequest": [
          "expires": 3600, "service": ["IM", "Presence", "call"], "localization": "English_US", "useTurn": true,
          "notificationType": "WebSocket", "supported": ["RingingFeedback"], "forceLogOut": "false",
        ]
      ])
    #expect(
      try await socket.url() == "wss://kl.example.com:443/notification/alice@example.com/websocket/9b7e41aa")
    #expect(await socket.nextSent() == #"{"message_type":"ping"}"#)
    await fixture.client.destroy()
  }

  @Test(.spec("R-CONN-303", "R-CONN-304")) func theEventsComeInTheDocumentedOrder() async throws {
    let fixture = ClientFixture()
    _ = try await fixture.next(.mediaInitialize) { try await fixture.connect() }
    await fixture.disconnect()
    let events = await fixture.eventsUntilDestroyed()
    #expect(
      ClientFixture.texts(events) == [
        "auth:change", #"ws:change {"platform":"link"}"#, #"ws:change {"platform":"link"}"#, "auth:change",
        #"media:initialize {"result":{"code":5,"error":true,"message":"Media couldn't be initialized."}}"#,
        "auth:change", #"ws:change {"platform":"link"}"#, "auth:change",
      ])
  }

  @Test(.spec("R-CONN-501", "R-CONN-581", "R-CONN-582", "R-CONN-583")) func gettersFollowTheConnection() async throws {
    let fixture = ClientFixture()
    let client = fixture.client
    #expect(try client.getConnection() == ConnectionState())
    #expect(try client.getUserInfo() == UserInfo())

    let held = fixture.transport.expect(.post, "subscription")
    fixture.transport.expectSocket()
    async let connecting: Void = client.connect(ClientFixture.credentials)
    _ = try await held.request()
    #expect(try client.getConnection() == ConnectionState(isPending: true))
    #expect(try client.getUserInfo() == UserInfo(username: "alice@example.com"))

    held.answer(ClientFixture.granted(services: ["im"]))
    try await connecting
    let services = SubscribedServices(requested: ["IM", "Presence", "call"], received: ["im"])
    #expect(try client.getConnection() == ConnectionState(isConnected: true, subscription: services))
    #expect(try client.getServices() == services)

    await fixture.disconnect()
    #expect(try client.getConnection() == ConnectionState())
    #expect(try client.getUserInfo() == UserInfo())
    await client.destroy()
  }

  @Test(.spec("R-CONN-515", "R-CONN-533")) func aConnectionWithoutCallsIsCompleteAndSaysSo() async throws {
    let fixture = ClientFixture()
    fixture.transport.expect(.post, "subscription", ClientFixture.granted(services: ["IM", "Call"]))
    fixture.transport.expectSocket()
    try await fixture.client.connect(ClientFixture.credentials)
    #expect(try fixture.client.getConnection().isConnected)
    #expect(fixture.log.entries.filter { $0.level == .error }.map(\.target.type) == [.auth])
    await fixture.client.destroy()
  }

  @Test(
    .spec("R-CONN-532"),
    arguments: [
      (["IM", "Presence", "call"], SubscriptionState.full, []),
      (["im"], .partial, ["Presence", "call"]),
      ([], .none, ["IM", "Presence", "call"]),
      (["IM", "Presence", "call", "Directory"], .unknown, []),
    ] as [([ServiceName], SubscriptionState, [ServiceName])])
  func grantedServicesAreComparedWithTheRequestedOnes(
    received: [ServiceName], status: SubscriptionState, missing: [ServiceName]
  ) {
    let services = SubscribedServices(requested: ["IM", "Presence", "call"], received: received)
    #expect(services.status == status)
    #expect(services.missing == missing)
    let expected = received.map { ($0.rawValue, true) } + missing.map { ($0.rawValue, false) }
    #expect(services.services == Dictionary(uniqueKeysWithValues: expected))
  }

  @Test(.spec("R-CONN-423"))
  func anHMACTokenIsUsedOnceAndThenTheSession() async throws {
    let fixture = ClientFixture()
    fixture.transport.expect(.post, "subscription", ClientFixture.granted(sessionID: "c0ffee01"))
    fixture.transport.expectSocket()
    try await fixture.client.connect(Credentials(username: "alice@example.com", hmacToken: "tök"))
    await fixture.disconnect()
    let credentials = fixture.transport.requests.map { request in
      request.headers.filter { ["Authorization", "x-token", "x-session"].contains($0.key) }
    }
    #expect(credentials == [["x-token": "tök"], ["x-session": "c0ffee01"]])
    await fixture.client.destroy()
  }

  @Test(
    .spec("R-CONN-422"),
    arguments: [
      (Credentials(username: "alice@example.com", password: "pässword"), "Basic YWxpY2VAZXhhbXBsZS5jb206cMOkc3N3b3Jk"),
      (Credentials(username: "alice@example.com", password: "p", authname: "au"), "Basic YXU6cA=="),
      (Credentials(username: "alice@example.com", password: "p", authname: ""), "Basic YWxpY2VAZXhhbXBsZS5jb206cA=="),
    ])
  func passwordsAreSentAsTheTableShows(credentials: Credentials, header: String) {
    #expect(credentials.wire?.headers == ["Authorization": header])
  }

  @Test(.spec("R-CONN-510", "R-CONN-512")) func unusableCredentialsAreRefusedWithoutARequest() async throws {
    let fixture = ClientFixture()
    for credentials in [
      Credentials(username: "alice@example.com", password: ""), Credentials(username: "", password: "p", authname: "au"),
      Credentials(username: "", hmacToken: "t"),
    ] {
      let error = await #expect(throws: BasicError.self) { try await fixture.client.connect(credentials) }
      #expect(error?.code == .invalidCredentials)
    }
    await #expect(throws: BasicError.self) { try await fixture.client.connect() }
    #expect(fixture.transport.requests == [])
    #expect(try fixture.client.getConnection().error?.code == .invalidCredentials)
    let events = await fixture.eventsUntilDestroyed()
    #expect(Array(events.map(\.name).prefix(2)) == [.authChange, .authError])
  }

  @Test(
    .spec("R-CONN-540", "R-CONN-445", "D-12"),
    arguments: [
      (.json(403, ["subscribeResponse": ["statusCode": 4]]), 4),
      (.json(403, ["statusCode": 37, "reason": "no"]), 37),
      (.json(403, ["authorizationResponse": ["statusCode": 46]]), 46),
      (.status(500), nil),
      (.json(200, ["subscribeResponse": ["statusCode": 19]]), 19),
      (.json(200, ["nothing": 1]), nil),
      (.failure(TransportError(.unreachable, "refused")), nil),
    ] as [(ScriptedAnswer, StatusCode?)])
  func aRefusedSubscriptionIsTold(answer: ScriptedAnswer, code: StatusCode?) async throws {
    let fixture = ClientFixture()
    fixture.transport.expect(.post, "subscription", answer)
    let error = await #expect(throws: BasicError.self) { try await fixture.client.connect(ClientFixture.credentials) }
    #expect(error?.code == .subscribeFailed)
    #expect(error?.statusCode == code)
    #expect(try fixture.client.getConnection().error == error)
    #expect(try fixture.client.getUserInfo().username == "alice@example.com")
    let events = await fixture.eventsUntilDestroyed()
    #expect(events.map(\.name) == [.authChange, .authError])
  }

  @Test(.spec("R-CONN-446")) func aServerThatNeverAnswersIsGivenAMinute() async throws {
    let fixture = ClientFixture()
    let held = fixture.transport.expect(.post, "subscription", .never)
    async let outcome = result { try await fixture.client.connect(ClientFixture.credentials) }
    _ = try await held.request()
    await fixture.clock.waitForSleepers(1)
    await fixture.clock.advance(by: .seconds(60))
    #expect(await outcome?.code == .subscribeFailed)
    await fixture.client.destroy()
  }

  @Test(.spec("D-09", "R-CONN-651")) func aSocketThatNeverOpensEndsTheAttemptAndTheSubscription() async throws {
    let fixture = ClientFixture(["connectivity": ["reconnectLimit": 3, "reconnectDelay": 1_000]])
    fixture.transport.expect(.post, "subscription", ClientFixture.granted())
    for _ in 0..<3 { fixture.transport.expectSocket(refusing: TransportError(.handshake, "no")) }
    let deletion = fixture.transport.expect(.delete, "subscription/6d1f0c2e", ClientFixture.deleted)
    async let outcome = result { try await fixture.client.connect(ClientFixture.credentials) }
    for _ in 0..<2 {
      await fixture.clock.waitForSleepers(1)
      await fixture.clock.advance(by: .milliseconds(1_100))
    }
    #expect(await outcome?.code == .webSocketError)
    _ = try await deletion.request()
    #expect(fixture.transport.outstanding == [])
    await fixture.client.destroy()
  }

  @Test(.spec("R-CONN-511", "R-CONN-541")) func optionsGoIntoTheRequestAndTheCorrelatorIntoTheRefresh() async throws {
    let fixture = ClientFixture()
    fixture.transport.expect(.post, "subscription", ClientFixture.granted(correlator: "abc"))
    fixture.transport.expectSocket()
    try await fixture.client.connect(
      ClientFixture.credentials, options: ConnectOptions(forceLogOut: true, clientCorrelator: "abc"))
    let body = fixture.transport.requests.first?.json?["subscribeRequest"]
    #expect(body?["forceLogOut"] == "true")
    #expect(body?["clientCorrelator"] == "abc")
    let refresh = fixture.transport.expect(.put, "subscription/clientCorrelator/abc", ClientFixture.deleted)
    let event = await fixture.next(.authResub) { await fixture.clock.advance(by: .seconds(1800)) }
    #expect(event == .authResub(attemptNum: 1, error: nil))
    #expect(refresh.requestIfSent?.json?["subscribeRequest"]?["supported"] == nil)
    await fixture.client.destroy()
  }

  @Test(.spec("R-CONN-575", "D-08")) func disconnectingWhileConnectingDeletesWhatIsGrantedLater() async throws {
    let fixture = ClientFixture()
    let held = fixture.transport.expect(.post, "subscription")
    async let outcome = result { try await fixture.client.connect(ClientFixture.credentials) }
    _ = try await held.request()
    await fixture.client.disconnect()
    #expect(await outcome?.code == .invalidConnectionState)
    let deletion = fixture.transport.expect(.delete, "subscription/6d1f0c2e", ClientFixture.deleted)
    held.answer(ClientFixture.granted())
    #expect(try await deletion.request().headers["Authorization"] == "Basic YWxpY2VAZXhhbXBsZS5jb206cGFzcw==")
    let events = await fixture.eventsUntilDestroyed()
    #expect(events == [.authChange(nil), .authChange(nil), .authChange(nil)])
  }

  @Test func aTaskThatIsCancelledAlreadyAsksNothingOfTheServer() async {
    let fixture = ClientFixture()
    await withTaskGroup(of: Void.self) { group in
      group.cancelAll()
      group.addTask {
        let error = await result { try await fixture.client.connect(ClientFixture.credentials) }
        #expect(error?.code == .invalidConnectionState)
      }
    }
    let events = await fixture.eventsUntilDestroyed()
    #expect(ClientFixture.texts(events) == [])
    #expect(fixture.transport.requests == [])
  }

  @Test func cancellingTheTaskAbandonsTheConnection() async throws {
    let fixture = ClientFixture()
    let held = fixture.transport.expect(.post, "subscription")
    let connecting = Task { await result { try await fixture.client.connect(ClientFixture.credentials) } }
    _ = try await held.request()
    connecting.cancel()
    #expect(await connecting.value?.code == .invalidConnectionState)
    #expect(try fixture.client.getConnection() == ConnectionState())
    await fixture.client.destroy()
  }

  @Test(
    .spec("R-CONN-563", "D-11"),
    arguments: [
      .status(204), .status(500), .json(["anything": 1]), .failure(TransportError(.closed, "gone")), ClientFixture.deleted,
    ] as [ScriptedAnswer])
  func everyAnswerToTheDeletionCountsAsDisconnected(answer: ScriptedAnswer) async throws {
    let fixture = ClientFixture()
    let socket = try await fixture.connect()
    fixture.transport.expect(.delete, "subscription/6d1f0c2e", answer)
    await fixture.client.disconnect()
    #expect(try fixture.client.getConnection() == ConnectionState())
    let events = await fixture.eventsUntilDestroyed()
    #expect(!events.contains { $0.name == .authError })
    #expect(socket.isClosedByClient)
  }

  @Test(.spec("R-CONN-551", "R-CONN-553", "D-03")) func servicesCanBeChanged() async throws {
    let fixture = ClientFixture()
    try await fixture.connect()
    let update = fixture.transport.expect(
      .put, "subscription/6d1f0c2e",
      .json(["subscribeResponse": ["statusCode": 0, "subscriptionParams": ["expires": 3600, "service": ["call"]]]]))
    try await fixture.client.updateConnection(services: ["call"])
    #expect(update.requestIfSent?.json?["subscribeRequest"]?["service"] == ["call"])
    #expect(try fixture.client.getServices() == SubscribedServices(requested: ["call"], received: ["call"]))

    fixture.transport.expect(.put, "subscription/6d1f0c2e", .json(403, ["subscribeResponse": ["statusCode": 37]]))
    let error = await result { try await fixture.client.updateConnection(services: ["nonsense"]) }
    #expect(error?.code == .updateSubscriptionFailed)
    #expect(error?.statusCode == 37)
    await fixture.client.destroy()
  }

  @Test(.spec("R-CONN-591", "D-22")) func newCredentialsAreUsedForTheRequestsThatFollow() async throws {
    let fixture = ClientFixture()
    try await fixture.connect()
    try fixture.client.setCredentials(Credentials(username: "alice@example.com", password: "new"))
    #expect(throws: BasicError.self) {
      try fixture.client.setCredentials(Credentials(username: "bob@example.com", password: "new"))
    }
    await fixture.disconnect()
    #expect(fixture.transport.requests.last?.headers["Authorization"] == "Basic YWxpY2VAZXhhbXBsZS5jb206bmV3")

    fixture.transport.expect(.post, "subscription", ClientFixture.granted())
    fixture.transport.expectSocket()
    try await fixture.client.connect()
    #expect(fixture.transport.requests.last?.headers["Authorization"] == "Basic YWxpY2VAZXhhbXBsZS5jb206bmV3")
    await fixture.client.destroy()
  }

  @Test(.spec("R-CONN-942")) func theLogShowsNothingSecret() async throws {
    let fixture = ClientFixture(["logs": ["logLevel": "trace"]])
    fixture.transport.expect(.post, "subscription", ClientFixture.granted(sessionID: "c0ffee01"))
    fixture.transport.expectSocket()
    try await fixture.client.connect(Credentials(username: "alice@example.com", hmacToken: "5ecret"))
    await fixture.disconnect()
    await fixture.client.destroy()
    let text = fixture.log.entries.map { JSONValue.of($0).compactText }.joined()
    #expect(!text.isEmpty)
    for secret in ["5ecret", "c0ffee01", "9b7e41aa", "6d1f0c2e", "alice"] {
      #expect(!text.contains(secret), "\(secret) is in the log")
    }
    #expect("\(Credentials(username: "a@b", password: "5ecret"))".contains("5ecret") == false)
    #expect(String(reflecting: Credentials(username: "a@b", hmacToken: "5ecret")).contains("5ecret") == false)
  }
}

/// The error that an operation throws.
func result(_ operation: () async throws -> Void) async -> BasicError? {
  do {
    try await operation()
    return nil
  } catch {
    return error as? BasicError
  }
}
