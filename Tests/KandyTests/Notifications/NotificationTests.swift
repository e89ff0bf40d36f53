import KandyTesting
import LinkProtocol
import Testing

@testable import Kandy

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

struct NotificationTests {
  private func message(_ id: String?, type: String = "custom", _ more: [String: JSONValue] = [:]) -> JSONValue {
    var members = more
    members["eventType"] = .string(type)
    if let id { members["eventId"] = .string(id) }
    return ["notificationMessage": .object(members)]
  }

  /// The ids of the notifications that passed, in order; the last one marks the end.
  private func passed(_ fixture: ClientFixture, _ submit: () -> Void) async -> [String?] {
    let events = fixture.client.events
    submit()
    fixture.client.notification.process(message("the end"))
    var ids: [String?] = []
    for await case .notificationReceived(let notification) in events {
      if notification.eventId == "the end" { break }
      ids.append(notification.eventId?.rawValue)
    }
    await fixture.client.destroy()
    return ids
  }

  @Test(.spec("R-CONN-722")) func aRepeatedIdIsHandledOnceWhileItIsRemembered() async {
    let fixture = ClientFixture(["notifications": ["idCacheLength": 2]])
    let ids = await passed(fixture) {
      for id in ["a", "a", "b", "c", "a"] { fixture.client.notification.process(message(id)) }
    }
    #expect(ids == ["a", "b", "c", "a"])
  }

  @Test(.spec("R-CONN-723")) func aCacheOfLengthZeroRecognisesNothing() async {
    let fixture = ClientFixture(["notifications": ["idCacheLength": 0]])
    let ids = await passed(fixture) {
      for _ in 0..<2 { fixture.client.notification.process(message("a")) }
    }
    #expect(ids == ["a", "a"])
  }

  @Test(.spec("R-CONN-724", "D-15")) func notificationsWithoutIdAreNoDuplicates() async {
    let fixture = ClientFixture()
    let ids = await passed(fixture) {
      for _ in 0..<2 { fixture.client.notification.process(message(nil)) }
    }
    #expect(ids == [nil, nil])
  }

  @Test(.spec("R-CONN-725", "D-14")) func whatCannotBeReadIsIgnoredAndTheCacheStays() async {
    let fixture = ClientFixture()
    let ids = await passed(fixture) {
      fixture.client.notification.process(message("a"))
      fixture.client.notification.process(["nonsense": 1])
      fixture.client.notification.process("text")
      fixture.client.notification.process(["notificationMessage": ["eventId": "b"]])
      fixture.client.notification.process(message("a"))
    }
    #expect(ids == ["a"])
  }

  @Test(.spec("R-CONN-712", "R-CONN-725", "D-14")) func aNotificationOfAnUnknownChannelIsIgnoredAndLogged() async {
    let fixture = ClientFixture()
    let ids = await passed(fixture) {
      fixture.client.notification.process(message("a"), channel: "pigeon")
      fixture.client.notification.process(message("b"), channel: "push")
    }
    #expect(ids == ["b"])
    #expect(fixture.log.entries.contains { $0.messages == ["A notification of an unknown channel was ignored."] })
  }

  @Test(.spec("R-CONN-731")) func inPushOnlyModeCallsAreTakenFromPush() async {
    let fixture = ClientFixture(["notifications": ["incomingCallNotificationMode": "push-channel-only"]])
    let ids = await passed(fixture) {
      fixture.client.notification.enableWebsocket(true)
      fixture.client.notification.process(message("a", type: "call"), channel: .webSocket)
      fixture.client.notification.process(message("b"), channel: .webSocket)
      fixture.client.notification.process(message("a", type: "call"), channel: .push)
    }
    #expect(ids == ["b", "a"])
  }

  @Test(.spec("R-CONN-710", "R-CONN-711")) func aDisabledChannelIsNotListenedTo() async {
    let fixture = ClientFixture()
    let ids = await passed(fixture) {
      fixture.client.notification.process(message("a"), channel: .webSocket)
    }
    #expect(ids == [])
  }

  @Test(.spec("R-CONN-613", "R-CONN-614")) func framesThatAreNoNotificationsDisturbNothing() async throws {
    let fixture = ClientFixture()
    let socket = try await fixture.connect()
    let event = await fixture.next(.notificationReceived) {
      socket.push("not JSON")
      socket.push(#"{"connCheck":{"interval":30}}"#)
      socket.push(#"{"connAck":{}}"#)
      socket.push("[1]")
      socket.push(message("a"))
    }
    guard case .notificationReceived(let notification)? = event else {
      Issue.record("nothing was received")
      return
    }
    #expect(notification.eventId == "a")
    #expect(socket.isOpen)
    await fixture.client.destroy()
  }

  @Test(.spec("R-CONN-305")) func aCallIsReportedBeforeItsNotificationAndEverythingElseAfterwards() async throws {
    let fixture = ClientFixture(media: FakeMediaEngine())
    let socket = try await fixture.connect()
    let events = fixture.client.events
    socket.push(
      message(
        "a", type: "call",
        [
          "sessionParams": ["sessionData": "s1", "sdp": "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"],
          "callNotificationParams": ["callerDisplayNumber": "bob@example.com", "remoteDisplayNumber": "bob@example.com"],
        ]))
    socket.push(message("b", type: "gone"))
    var names: [EventName] = []
    for await event in events where [.callReceive, .notificationReceived, .authChange].contains(event.name) {
      names.append(event.name)
      if event.name == .authChange { break }
    }
    #expect(names == [.callReceive, .notificationReceived, .notificationReceived, .authChange])
    await fixture.client.destroy()
  }

  // MARK: Session descriptions

  private func description(_ fixture: ClientFixture, _ sdp: String, format: String) async -> String? {
    let event = await fixture.next(.notificationReceived) {
      fixture.client.notification.process(
        message(
          "a", type: "ringing", ["sessionParams": ["sessionData": "s", "sdp": .string(sdp), "sdpFormat": .string(format)]]))
      fixture.client.notification.process(message("b"))
    }
    guard case .notificationReceived(let notification)? = event else { return nil }
    return notification.sessionParams?.sdp
  }

  /// `v=0`, `s=ä` in Latin-1.
  private static let text = "v=0\r\ns=ä\r\n"
  private static let zlib = "eJwrszXg5Sq2fcLLBQAO5QKm"
  private static let gzip = "H4sIAAAAAAACAyuzNeDlKrZ9wssFALv+gcUKAAAA"

  @Test(
    .spec("R-CONN-740", "R-SDP-4"),
    arguments: [
      ("TV-9 zlib", NotificationTests.zlib, NotificationTests.text), ("gzip", NotificationTests.gzip, NotificationTests.text),
      ("TV-11 plain", NotificationTests.text, NotificationTests.text),
      ("damaged, which is the call's affair", "AAAA", "AAAA"),
    ])
  func compressedDescriptionsAreUnpacked(_ what: String, _ received: String, _ plain: String) async throws {
    let fixture = ClientFixture()
    #expect(await description(fixture, received, format: "compressed") == plain)
    await fixture.client.destroy()
  }

  @Test(.spec("R-CONN-741")) func aDescriptionThatCannotBeFetchedIsMissedAndTheIdIsNotRemembered() async {
    let fixture = ClientFixture()
    let ids = await passed(fixture) {
      fixture.client.notification.process(
        message("a", type: "ringing", ["sessionParams": ["sdp": "no path", "sdpFormat": "url"]]))
      fixture.client.notification.process(message("a", type: "ringing"))
    }
    #expect(ids == ["a"])
  }

  @Test(.spec("R-CONN-740", "R-CONN-741", "TV-10")) func descriptionsAreFetchedFromTheServerThatIsConfigured() async throws {
    let fixture = ClientFixture(["notifications": ["pushRegistration": ["server": "push.example.com", "port": "8443"]]])
    try await fixture.connect()
    let exchange = fixture.transport.expect(.get, "/sdp/1", .json(["eventDataResponse": ["sdp": "v=0\r\n"]]))
    #expect(await description(fixture, "/sdp/1", format: "url") == "v=0\r\n")
    #expect(exchange.requestIfSent?.url == "https://push.example.com:8443/sdp/1")
    #expect(exchange.requestIfSent?.headers["Authorization"] != nil)
    await fixture.client.destroy()
  }

  @Test func aStreamThatIsCutOrIsNoneIsRefused() {
    #expect(Inflate.bytes([]) == nil)
    #expect(Inflate.bytes([1, 2, 3]) == nil)
    let data = Array(Data(base64Encoded: Self.zlib) ?? Data())
    #expect(Inflate.bytes(data).map { String(String.UnicodeScalarView($0.map { Unicode.Scalar($0) })) } == Self.text)
    #expect(Inflate.bytes(Array(data.dropLast(5))) == nil)
  }

  @Test func aStreamThatGrowsWithoutBoundIsRefused() {
    // A stored block of 65,535 zeros, repeated: the zlib header, blocks that are not the last, no end.
    let block: [UInt8] = [0x00, 0xFF, 0xFF, 0x00, 0x00] + Array(repeating: 0, count: 0xFFFF)
    let stream: [UInt8] = [0x78, 0x01] + Array(repeatElement(block, count: 20).joined())
    #expect(Inflate.bytes(stream) == nil)
  }
}

struct NotificationFloodTests {
  private static func context(_ log: LoggerSet) -> ServiceContext {
    let settings = Settings(Configuration())
    return ServiceContext(
      settings: settings, lifetime: Lifetime(), events: EventHub(), log: log, clock: ManualClock(), now: { 0 },
      random: { 0 }, makeID: { "id" }, storage: MemoryStorage(), media: nil,
      requests: Requests(transport: ScriptedTransport(), settings: settings, log: log), actions: nil)
  }

  @Test func aSocketIsNotReadWhileTooManyNotificationsWait() async {
    let router = NotificationRouter(context: Self.context(LoggerSet(level: .silent, now: { 0 })))
    router.enableWebSocket(true)
    let count = NotificationRouter.limit * 3
    await withTaskGroup { group in
      group.addTask {
        for number in 0..<count {
          await router.submit(
            frame: #"{"notificationMessage":{"eventType":"custom","eventId":"\#(number)"}}"#, connection: 1)
          #expect(router.waiting <= NotificationRouter.limit)
        }
        router.afterwards { router.finish() }
      }
      while router.waiting < NotificationRouter.limit { await Task.yield() }
      let (passed, pass) = AsyncStream.makeStream(of: String.self)
      await router.run(services: []) { notification, _ in pass.yield(notification.eventId?.rawValue ?? "") }
      pass.finish()
      var ids: [String] = []
      for await id in passed { ids.append(id) }
      #expect(ids == (0..<count).map(String.init))
    }
  }

  @Test func theApplicationIsRefusedWhatDoesNotFitAnyMore() async {
    let record = LogRecord()
    let router = NotificationRouter(context: Self.context(LoggerSet(level: .error, handler: record.handler, now: { 0 })))
    let notification: JSONValue = ["notificationMessage": ["eventType": "custom"]]
    for _ in 0..<10 * NotificationRouter.limit + 2 { router.submit(notification, channel: .push) }
    #expect(router.waiting == 10 * NotificationRouter.limit)
    #expect(record.entries.count == 2)
  }
}
