import KandyTesting
import LinkProtocol
import Testing

@testable import Kandy

struct ClientLifetimeTests {
  @Test(.spec("R-CONN-102", "R-CONN-103")) func aClientCanBeMadeOfNothing() async throws {
    let client = create(Configuration(json: ["logs": ["logLevel": "silent"]]), transport: ScriptedTransport())
    #expect(client.getVersion() == "3.16.0")
    #expect(client.getCapabilities().first == "logs" && client.getCapabilities().count == 21)
    #expect(client.subscriptionStates.keys.sorted() == ["FULL", "NONE", "PARTIAL"])
    #expect(client.disconnectReasons == ["GONE": .gone, "LOST_CONNECTION": .lostConnection])
    await client.destroy()
  }

  @Test(.spec("R-CONN-204")) func theDevicesAreReportedRightAfterCreation() async {
    let client = create(Configuration(json: ["logs": ["logLevel": "silent"]]), transport: ScriptedTransport())
    for await event in client.events {
      guard case .devicesChange(let devices) = event else { continue }
      #expect(devices.microphone.contains { $0.id == "virtual:silence" })
      break
    }
    await client.destroy()
  }

  @Test(.spec("R-CONN-221", "D-26")) func destroyClosesTheSocketAndAsksNothingOfTheServer() async throws {
    let fixture = ClientFixture()
    let socket = try await fixture.connect()
    await fixture.client.destroy()
    #expect(socket.isClosedByClient)
    #expect(fixture.transport.isShutDown)
    #expect(fixture.transport.requests(.delete, "subscription/*") == [])
    #expect(fixture.clock.sleepers == 0)
  }

  @Test(.spec("R-CONN-223", "R-CONN-224")) func aDestroyedClientDoesNothingAndItsGettersThrow() async throws {
    let fixture = ClientFixture()
    let client = fixture.client
    await client.destroy()
    await client.destroy()
    try await client.connect(ClientFixture.credentials)
    await client.disconnect()
    try await client.updateConnection(services: [])
    try client.setCredentials(ClientFixture.credentials)
    client.updateConfig(["connectivity": ["pingInterval": 1]])
    try client.on("no:such:event") { _ in }
    client.subscribe { _ in }
    #expect(client.getVersion() == "3.16.0")
    #expect(throws: BasicError.destroyed) { try client.getConfig() }
    #expect(throws: BasicError.destroyed) { try client.getConnection() }
    #expect(throws: BasicError.destroyed) { try client.getUserInfo() }
    #expect(throws: BasicError.destroyed) { try client.getServices() }
    #expect(throws: BasicError.destroyed) { try client.connection.getSocketState() }
    #expect(throws: BasicError.destroyed) { try client.logger.getLevel() }
    #expect(BasicError.destroyed.message == "State is not available if the SDK has been destroyed")
    #expect(fixture.transport.requests == [])
  }

  @Test func destroyAnswersWhoStillWaits() async throws {
    let fixture = ClientFixture()
    let held = fixture.transport.expect(.post, "subscription")
    async let outcome = result { try await fixture.client.connect(ClientFixture.credentials) }
    _ = try await held.request()
    await fixture.client.destroy()
    #expect(await outcome?.message == BasicError.destroyed.message)
  }

  @Test(.timeLimit(.minutes(1))) func aClientThatNobodyHoldsEnds() async throws {
    let transport = ScriptedTransport()
    transport.expect(.post, "subscription", ClientFixture.granted())
    let socket = transport.expectSocket()
    do {
      let client = create(
        Configuration(json: ["logs": ["logLevel": "silent"], "authentication": ["subscription": ["server": "kl"]]]),
        transport: transport)
      try await client.connect(ClientFixture.credentials)
    }
    while !transport.isShutDown { await Task.yield() }
    #expect(!socket.isOpen)
  }

  @Test func unknownEventsAreRefusedByName() async throws {
    let fixture = ClientFixture()
    #expect(throws: BasicError.self) { try fixture.client.on("call:recieve") { _ in } }
    try fixture.client.on("call:receive") { _ in }
    await fixture.client.destroy()
  }

  @Test(.spec("R-CONN-150", "R-CONN-151")) func theConfigurationCanBeReadAndChanged() async throws {
    let fixture = ClientFixture()
    fixture.client.updateConfig([
      "connectivity": ["pingInterval": 5_000], "authentication": ["subscription": ["service": ["X"]]],
    ])
    let configuration = try fixture.client.getConfig()
    #expect(configuration.connectivity.pingInterval == 5_000)
    #expect(configuration.authentication.subscription.service == ["X"])
    #expect(configuration.authentication.subscription.server == "kl.example.com")
    await fixture.client.destroy()
  }

  @Test(.spec("R-CONN-412")) func theAgentHeaderCanBeLeftOut() async throws {
    let fixture = ClientFixture(["request": ["injectAgentVersionHeader": false]])
    try await fixture.connect()
    #expect(fixture.transport.requests.first?.headers["X-Cpaas-Agent"] == nil)
    fixture.client.updateConfig { $0.requests.injectAgentVersionHeader = true }
    await fixture.disconnect()
    #expect(fixture.transport.requests.last?.headers["X-Cpaas-Agent"] == "cpaas-js-sdk/3.16.0")
    await fixture.client.destroy()
  }

  @Test(.spec("R-MEDIA-17")) func withoutAnEngineDefaultDevicesAreRefused() async throws {
    let fixture = ClientFixture()
    let event = await fixture.next(.devicesError) {
      #expect(await result { try await fixture.client.media.setDefaultDevices(camera: "x") }?.code == .callInitMediaFailed)
    }
    #expect(event?.name == .devicesError)
    await fixture.client.destroy()
  }
}
