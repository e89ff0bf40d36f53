import Foundation
import KandyTesting
import LinkMedia
import LinkProtocol
import Testing

@testable import Kandy

/// Calls that go on ringing in the next process: part 02 §8.27, §11.6.
@Suite struct ContinuityTests {
  private static let notification: JSONValue = [
    "notificationMessage": [
      "eventType": "call", "eventId": "e",
      "sessionParams": ["sessionData": "s1", "sdp": "v=0", "actions": ["answer", "reject"]],
      "callNotificationParams": [
        "callerDisplayNumber": "bob@example.com", "callerName": "Bob Brown", "calleeDisplayNumber": "alice@example.com",
      ],
    ]
  ]

  private static func rings(_ fixture: ClientFixture, _ socket: ScriptedSocket) async throws -> Event? {
    await fixture.next(.callReceive) { socket.push(notification) }
  }

  @Test(.spec("R-CALL-484", "R-CALL-700")) func aCallThatRangWhenTheProcessEndedRingsInTheNextOne() async throws {
    let storage = MemoryStorage()
    let first = ClientFixture(["call": ["continuity": true]], media: FakeMediaEngine(), storage: storage)
    let socket = try await first.connect()
    _ = try await Self.rings(first, socket)
    while try await storage.keys().isEmpty { await Task.yield() }
    #expect(try await storage.keys() == ["FCS_alice@example.com_s1"])
    // Killed: nothing is said to anybody.
    await first.client.destroy()
    #expect(try await storage.keys() == ["FCS_alice@example.com_s1"])

    let second = ClientFixture(["call": ["continuity": true]], media: FakeMediaEngine(), storage: storage)
    second.transport.expect(
      .get, "callControl/callSessions/s1", .json(["callControlResponse": ["statusCode": 0, "state": "RINGING"]]))
    let received = try await second.next(.callReceive) { try await second.connect() }
    guard case .callReceive(let id)? = received else { throw BasicError(.noCode, "nothing rings") }
    let record = try second.client.call.getById(id)
    #expect(record?.from == "bob@example.com")
    #expect(record?.callerName == "Bob Brown")
    second.transport.expect(
      .post, "calldisposition", .json(["callControlResponse": ["statusCode": 0]]))
    try await second.client.call.reject(id)
    while try await !storage.keys().isEmpty { await Task.yield() }
    await second.client.destroy()
  }

  @Test(.spec("R-CALL-690")) func aCallThatDoesNotRingAnyMoreIsForgotten() async throws {
    for answer: ScriptedAnswer in [
      .json(["callControlResponse": ["statusCode": 0, "state": "ANSWERED"]]),
      .json(404, ["callControlResponse": ["statusCode": 47]]),
    ] {
      let storage = MemoryStorage()
      let kept = #"{"sdp": "v=0", "optionAnswer": true, "optionReject": true, "optionForward": false}"#
      try await storage.set(Data(kept.utf8), for: "FCS_alice@example.com_s1")
      let fixture = ClientFixture(["call": ["continuity": true]], media: FakeMediaEngine(), storage: storage)
      fixture.transport.expect(.get, "callControl/callSessions/s1", answer)
      try await fixture.connect()
      while try await !storage.keys().isEmpty { await Task.yield() }
      #expect(try fixture.client.call.getAll() == [])
      await fixture.client.destroy()
    }
  }

  @Test func withoutTheOptionNothingIsKept() async throws {
    let storage = MemoryStorage()
    let fixture = ClientFixture(media: FakeMediaEngine(), storage: storage)
    let socket = try await fixture.connect()
    _ = try await Self.rings(fixture, socket)
    await fixture.client.destroy()
    #expect(try await storage.keys() == [])
  }

  @Test func filesKeepWhatTheyAreGivenUnderAnyName() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "kandy-storage-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let storage = FileStorage(folder: folder)
    #expect(try await storage.keys() == [])
    #expect(try await storage.value(for: "a/../b=ü") == nil)
    try await storage.set(Data("1".utf8), for: "a/../b=ü")
    #expect(try await storage.keys() == ["a/../b=ü"])
    #expect(try await storage.value(for: "a/../b=ü") == Data("1".utf8))
    try await storage.set(nil, for: "a/../b=ü")
    try await storage.set(nil, for: "a/../b=ü")
    #expect(try await storage.keys() == [])
  }
}
