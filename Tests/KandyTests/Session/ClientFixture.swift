import KandyTesting
import LinkMedia
import LinkMetrics
import LinkProtocol

@testable import Kandy

/// A client on a scripted network, on a clock that the test moves, and everything that it reports.
final class ClientFixture: Sendable {
  let clock = ManualClock()
  let transport: ScriptedTransport
  let client: Client
  let log = LogRecord()
  let metrics = PrometheusRegistry(Client.metrics)
  private let ids = Counter()
  private let stream: EventStream

  static let credentials = Credentials(username: "alice@example.com", password: "pass")
  static let subscription = "/rest/version/1/user/alice@example.com/subscription"

  init(
    _ configuration: JSONValue = [:], media: (any MediaEngine)? = nil, storage: any ClientStorage = MemoryStorage()
  ) {
    let transport = ScriptedTransport(clock: clock)
    var values = Configuration(json: ["authentication": ["subscription": ["server": "kl.example.com"]]])
    values.logs.handler = log.handler
    values.logs.logActions = nil
    values.merge(configuration)
    values.logs.logActions?.handler = log.handler
    self.transport = transport
    let ids = ids
    client = create(
      values, media: media, transport: transport,
      surroundings: Surroundings(
        clock: clock, now: { [clock] in clock.wallClock() }, random: { 0.5 }, makeID: { ids.nextID() }, storage: storage,
        metrics: metrics))
    stream = client.events
  }

  /// Everything that was reported until the client was destroyed, `devices:change` of the beginning excepted.
  func eventsUntilDestroyed() async -> [Event] {
    await client.destroy()
    var events: [Event] = []
    for await event in stream { events.append(event) }
    if case .devicesChange? = events.first { events.removeFirst() }
    return events
  }

  /// The documented form of events.
  static func texts(_ events: [Event]) -> [String] {
    events.map { $0.payload == [:] ? $0.name.rawValue : "\($0.name.rawValue) \($0.payload.compactText)" }
  }

  // MARK: The server

  static func granted(
    expires: Int = 3600, services: [String] = ["IM", "Presence", "call"], sessionID: String? = nil, correlator: String? = nil
  ) -> ScriptedAnswer {
    var params: [String: JSONValue] = [
      "expires": .integer(Int64(expires)), "service": .array(services.map { .string($0) }), "notificationType": "WebSocket",
      "notificationChannel": "/notification/alice@example.com/websocket/9b7e41aa",
    ]
    if let sessionID { params["sessionId"] = .string(sessionID) }
    if let correlator { params["clientCorrelator"] = .string(correlator) }
    return .json([
      "subscribeResponse": [
        "statusCode": 0, "subscription": .string(subscription + "/6d1f0c2e"), "subscriptionParams": .object(params),
      ]
    ])
  }

  static let deleted = ScriptedAnswer.json(["subscribeResponse": ["statusCode": 0]])

  /// Connects; the server grants everything.
  @discardableResult
  func connect() async throws -> ScriptedSocket {
    transport.expect(.post, "subscription", Self.granted())
    let socket = transport.expectSocket()
    try await client.connect(Self.credentials)
    return socket
  }

  func disconnect() async {
    transport.expect(.delete, "subscription/6d1f0c2e", Self.deleted)
    await client.disconnect()
  }

  /// Waits for the next event with this name, of those that come after the call.
  func next(_ name: EventName, after action: () async throws -> Void) async rethrows -> Event? {
    let events = client.events
    try await action()
    for await event in events where event.name == name { return event }
    return nil
  }
}
