import KandyTesting
import LinkMedia
import LinkProtocol
import Testing

@testable import Kandy

/// A connected client on a scripted network, with a strict fake of the media engine, and a far end that makes and takes real
/// descriptions.
struct CallFixture {
  let fixture: ClientFixture
  let engine: FakeMediaEngine
  let socket: ScriptedSocket
  let farEnd: any MediaPeer
  private let events: EventStream

  var client: Client { fixture.client }
  var transport: ScriptedTransport { fixture.transport }

  static let session = "callControl/callSessions/s1"

  init(
    _ call: JSONValue = [:], gathering: FakeGathering = .atOnce, storage: any ClientStorage = MemoryStorage(),
    configuring change: (@Sendable (inout Configuration) -> Void)? = nil
  ) async throws {
    engine = FakeMediaEngine(gathering: gathering)
    fixture = ClientFixture(["call": call], media: engine, storage: storage)
    if let change { fixture.client.updateConfig(change) }
    socket = try await fixture.connect()
    farEnd = try await engine.makePeer(PeerConfiguration())
    events = fixture.client.events
  }

  /// Does something with such a client, and ends it.
  static func run(
    _ call: JSONValue = [:], gathering: FakeGathering = .atOnce, storage: any ClientStorage = MemoryStorage(),
    configuring change: (@Sendable (inout Configuration) -> Void)? = nil, _ body: (CallFixture) async throws -> Void
  ) async throws {
    let calls = try await CallFixture(call, gathering: gathering, storage: storage, configuring: change)
    try await body(calls)
    await calls.client.destroy()
  }

  // MARK: The server

  static let started = started("s1")
  static func started(_ session: String) -> ScriptedAnswer {
    .json(["callControlResponse": ["statusCode": 0, "sessionData": .string(session)]])
  }
  static let accepted = ScriptedAnswer.json(["callControlResponse": ["statusCode": 0]])
  static func refused(_ status: Int, _ code: Int, _ text: String) -> ScriptedAnswer {
    .json(status, ["callControlResponse": ["statusCode": .integer(Int64(code)), "reasonText": .string(text)]])
  }

  private static let ids = Counter()

  /// Pushes a notification, about the session `s1` unless `more` has another `sessionData`.
  func notify(_ type: String, sdp: String? = nil, _ more: JSONValue = [:]) {
    var session: [String: JSONValue] = ["sessionData": "s1"]
    if let sdp { session["sdp"] = .string(sdp) }
    for (key, value) in more.objectValue ?? [:] { session[key] = value }
    socket.push([
      "notificationMessage": [
        "eventType": .string(type), "eventId": .string("e-\(Self.ids.next())"), "sessionParams": .object(session),
        "callNotificationParams": [
          "callerDisplayNumber": "alice@example.com", "calleeDisplayNumber": "bob@example.com",
          "remoteDisplayNumber": "bob@example.com", "remoteName": "Bob Brown",
        ],
      ]
    ])
  }

  /// Bob calls.
  func isCalled(
    with media: [MediaKind] = [.audio], actions: [String] = ["answer", "reject", "forward"]
  ) async throws -> CallID {
    for kind in media { try await farEnd.addTransceiver(kind, direction: .sendrecv) }
    try await farEnd.setLocalDescription(.offer, try await farEnd.createOffer(iceRestart: false))
    finishFarEndsGathering()
    let offer = try #require(try await farEnd.localDescription())
    notify("call", sdp: offer, ["actions": .array(actions.map { .string($0) })])
    return try await first { if case .callReceive(let id) = $0 { id } else { nil } }
  }

  /// What the far end answers to the offer that a request carried.
  func farEndAnswers(_ request: TransportRequest, as other: (any MediaPeer)? = nil) async throws -> String {
    let farEnd = other ?? self.farEnd
    try await farEnd.setRemoteDescription(.offer, try #require(Self.body(request)["sdp"]?.stringValue))
    for kind in try await farEnd.transceivers() { try await farEnd.setDirection(kind, .sendrecv) }
    try await farEnd.setLocalDescription(.answer, try await farEnd.createAnswer())
    finishFarEndsGathering()
    return try #require(try await farEnd.localDescription())
  }

  private func finishFarEndsGathering() {
    (farEnd as? FakeMediaPeer)?.finishGathering()
  }

  /// A call to Bob that he has answered.
  /// - Parameters:
  ///   - session: tells several calls apart.
  ///   - other: his end of the call, if there are several.
  ///   - change: what becomes of his answer on its way.
  func talking(
    _ options: MakeOptions = MakeOptions(), session: String = "s1", with other: (any MediaPeer)? = nil,
    answering change: (String) -> String = { $0 }
  ) async throws -> Call {
    let invite = transport.expect(.post, "callControl", Self.started(session))
    let call = try client.call.make("bob@example.com", options)
    let request = try await invite.request()
    notify("ringing", ["sessionData": .string(session)])
    let answer = change(try await farEndAnswers(request, as: other))
    notify("respondCallUpdate", sdp: answer, ["sessionData": .string(session)])
    try await call.answered()
    return call
  }

  static func body(_ request: TransportRequest) -> JSONValue { request.json?["callControlRequest"] ?? [:] }

  // MARK: What the application sees

  /// Waits for the first event that `pick` recognises, whenever it happened after connecting.
  func first<Value>(_ pick: (Event) -> Value?) async throws -> Value {
    for await event in events {
      if let value = pick(event) { return value }
    }
    throw BasicError(.noCode, "The client ended.")
  }

  func sees(_ state: CallState) async throws -> CallTransition? {
    try await first { event -> CallTransition?? in
      if case .callStateChange(let change) = event, change.state == state { change.transition } else { nil }
    }
  }

  func seesError() async throws -> BasicError {
    try await first { if case .callError(_, let error) = $0 { error } else { nil } }
  }

  /// Expects that something is refused with this code.
  func fails(
    _ code: BasicError.Code, sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
  ) async {
    do {
      try await body()
      Issue.record("It did not fail.", sourceLocation: sourceLocation)
    } catch {
      #expect((error as? BasicError)?.code == code, sourceLocation: sourceLocation)
    }
  }
}
