import Foundation
import Hummingbird
import HummingbirdTesting
import KandyTesting
import LinkLogic
import LinkMedia
import LinkProtocol
import Logging
import Synchronization
import Testing

@testable import KandyGateway

typealias Notification = LinkProtocol.Notification
typealias HTTPMethod = LinkProtocol.HTTPMethod

/// A gateway's calls on a table: real users, subscriptions, hub and routes, but no socket, no port, and a clock that stands still.
struct CallBench: Sendable {
  static let password = "secret"
  static let alice: UserAddress = "alice@example.com"
  static let bob: UserAddress = "bob@example.com"
  static let carol: UserAddress = "carol@example.com"

  let clock = ManualClock()
  let users: UserStore
  let hub: NotificationHub
  let driver: GatewayCallDriver
  let responder: GatewayResponder
  let ended: Ended

  /// The records of the calls that are over.
  final class Ended: Sendable {
    private struct State {
      var records: [CallRecord] = []
      var waiting: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())

    var records: [CallRecord] { state.withLock { $0.records } }

    func add(_ record: CallRecord) {
      let ready = state.withLock { state in
        state.records.append(record)
        let count = state.records.count
        let ready = state.waiting.filter { $0.count <= count }
        state.waiting.removeAll { $0.count <= count }
        return ready
      }
      for waiter in ready { waiter.continuation.resume() }
    }

    /// The outcomes, as soon as there are so many.
    func outcomes(_ count: Int) async -> [GatewayCallMachine.Outcome?] {
      await withCheckedContinuation { continuation in
        let isReady = state.withLock { state in
          if state.records.count >= count { return true }
          state.waiting.append((count, continuation))
          return false
        }
        if isReady { continuation.resume() }
      }
      return records.map(\.outcome)
    }
  }

  /// What came back.
  struct Response: Sendable, Hashable {
    var status: Int
    var body: JSONValue

    var statusCode: Int? { body["callControlResponse"]?["statusCode"]?.intValue }
    var session: SessionID? { body["callControlResponse"]?["sessionData"]?.stringValue.map { SessionID($0) } }

    static func ok(_ members: [String: JSONValue] = [:]) -> Response {
      Response(status: 200, body: ["callControlResponse": .object(members.merging(["statusCode": 0]) { $1 })])
    }

    static func failure(_ status: Int, _ code: Int64, _ text: String, retryAfter: Int64? = nil) -> Response {
      var members: [String: JSONValue] = ["statusCode": .integer(code), "reasonText": .string(text)]
      if let retryAfter { members["retryAfter"] = .integer(retryAfter) }
      return Response(status: status, body: ["callControlResponse": .object(members)])
    }

    static let noCall = failure(404, 42, "The call does not exist.")
  }

  /// Runs a test with Alice, Bob and Carol, none of whom has a device yet.
  static func run(
    limits: GatewayCallMachine.Limits = GatewayCallMachine.Limits(), media: (any MediaEngine)? = nil,
    devices: KeyValuePairs<SubscriptionID, UserAddress> = [:], _ body: (CallBench) async throws -> Void
  ) async throws {
    let bench = try CallBench(limits: limits, media: media)
    try await bench.add(alice, "Alice", "Adams")
    try await bench.add(bob, "Bob", "Brown")
    try await bench.add(carol, "", "")
    for (device, user) in devices { await bench.device(device, of: user) }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await bench.driver.run() }
      do {
        try await body(bench)
      } catch {
        group.cancelAll()
        throw error
      }
      group.cancelAll()
    }
  }

  private init(limits: GatewayCallMachine.Limits, media: (any MediaEngine)?) throws {
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let database = try GatewayDatabase(.memory)
    let counter = Counter()
    let identifiers = IdentifierSource { "id-\(counter.next())" }
    let now: @Sendable () -> Int64 = { [clock] in clock.wallClock() }
    let ended = Ended()
    self.ended = ended
    users = UserStore(database, passwordCost: 1)
    hub = NotificationHub(
      limit: Mailbox.Limit(count: 1_000, bytes: .max), clock: clock, now: now, identifiers: identifiers, logger: logger)
    driver = GatewayCallDriver(
      hub: hub, users: users, identifiers: identifiers, limits: limits, media: media, clock: clock, now: now,
      logger: logger, onEnded: { ended.add($0) })
    let subscriptions = SubscriptionStore(database: database)
    var routes = Routes()
    CallRoutes(driver: driver).addRoutes(to: &routes)
    ClickToCallRoutes(driver: driver).addRoutes(to: &routes)
    SubscriptionRoutes(
      store: subscriptions, hub: hub, limits: GatewayConfiguration.Limits(), identifiers: identifiers, now: now
    ).addRoutes(to: &routes)
    responder = GatewayResponder(
      routes: routes.all, authenticator: Authenticator(users: users, subscriptions: subscriptions, now: now),
      crossOrigin: CrossOrigin(allowed: .any), bodyLimit: 2 << 20, epilogues: Epilogues())
  }

  func add(_ address: UserAddress, _ first: String, _ last: String, services: [ServiceName]? = nil) async throws {
    try await users.add(
      User(address: address, firstName: first, lastName: last, services: services), password: Self.password)
  }

  // MARK: - Devices

  /// Gives a user a device that never connects: everything posted to it can be read here.
  @discardableResult
  func device(_ id: SubscriptionID, of user: UserAddress, services: [ServiceName] = [.call]) async -> SubscriptionID {
    _ = await hub.open(
      SubscriptionRecord(
        id: id, user: user, channel: ChannelID("channel of \(id)"), services: services, supported: ["RingingFeedback"],
        lifetime: 3_600, expiresAt: .max))
    return id
  }

  /// The device is gone, and the features hear of it.
  func remove(_ id: SubscriptionID, of user: UserAddress) async {
    await hub.end(id, .none)
    await driver.subscriptionEnded(of: user)
  }

  /// Everything that was ever posted to a device.
  func posted(to device: SubscriptionID) async throws -> [Notification] {
    try await hub.waiting[device, default: []].map { try WireCoding.decode(Notification.self, from: Data($0.utf8)) }
  }

  /// The notification of this number, counted from 1, as soon as it has been posted.
  func posted(to device: SubscriptionID, number: Int) async throws -> Notification {
    while true {
      let posted = try await posted(to: device)
      if posted.count >= number { return posted[number - 1] }
      await Task.yield()
    }
  }

  /// The types of everything that was ever posted to a device.
  func types(to device: SubscriptionID) async throws -> [EventType] {
    try await posted(to: device).map(\.eventType)
  }

  /// What was posted to a device last, without event id and time, which are checked.
  func last(to device: SubscriptionID) async throws -> Notification? {
    guard var notification = try await posted(to: device).last, notification.eventId != nil, notification.time != nil else {
      return nil
    }
    notification.eventId = nil
    notification.time = nil
    return notification
  }

  // MARK: - Requests

  func send(
    _ method: HTTPMethod, _ resource: String, by user: UserAddress, _ body: JSONValue? = nil,
    password: String = CallBench.password
  ) async throws -> Response {
    try await exchange(method, "/rest/version/1/user/\(user)/\(resource)", by: user, body, password: password)
  }

  func exchange(
    _ method: HTTPMethod, _ uri: String, by user: UserAddress, _ body: JSONValue?, password: String = CallBench.password
  ) async throws -> Response {
    let credentials = Data("\(user):\(password)".utf8).base64EncodedString()
    let data = try body.map { try JSONEncoder().encode($0) }
    let response = try await Application(responder: responder, logger: Logger(label: "test")).test(.router) { client in
      try await client.execute(
        uri: uri, method: .init(method.rawValue) ?? .get, headers: [.authorization: "basic \(credentials)"],
        body: data.map { ByteBuffer(bytes: $0) })
    }
    return Response(
      status: Int(response.status.code),
      body: try JSONDecoder().decode(JSONValue.self, from: Data(response.body.readableBytesView)))
  }

  /// `callStart` from Alice.
  func start(
    to: String = "sip:bob@example.com", sdp: String? = "A1", _ more: [String: JSONValue] = [:]
  ) async throws -> Response {
    var request: [String: JSONValue] = ["type": "callStart", "from": "sip:alice@example.com", "to": .string(to)]
    request["sdp"] = sdp.map { .string($0) }
    return try await send(
      .post, "callControl", by: Self.alice, ["callControlRequest": .object(request.merging(more) { $1 })])
  }

  func update(_ session: SessionID, by user: UserAddress, _ request: [String: JSONValue]) async throws -> Response {
    try await send(
      .put, "callControl/callSessions/\(session)", by: user, ["callControlRequest": .object(request)])
  }

  func end(_ session: SessionID, by user: UserAddress, query: String = "") async throws -> Response {
    try await send(.delete, "callControl/callSessions/\(session)\(query)", by: user)
  }

  /// Alice calls Bob, whose device is `bob`.
  func ringing() async throws -> (alice: SessionID, bob: SessionID) {
    let session = try #require(try await start().session)
    let callee = try #require(try await posted(to: "bob").last?.sessionParams?.sessionData)
    return (session, callee)
  }

  func answered() async throws -> (alice: SessionID, bob: SessionID) {
    let sessions = try await ringing()
    let response = try await update(sessions.bob, by: Self.bob, ["type": "callAnswer", "sdp": "B1"])
    #expect(response == .ok())
    return sessions
  }
}
