import Foundation
import KandyTesting
import LinkProtocol
import Testing

@testable import KandyGateway

/// What clients of the 3.16 and 7.x families really sent, said again to this gateway: every request of theirs that concerns
/// calls gets the same verdict as then, and the far end gets the same notifications with the same descriptions.
@Suite struct TraceReplayTests {
  static let traces = [
    "3.16/audio_call", "3.16/call_history", "3.16/custom_parameters", "3.16/hold_unhold", "3.16/reject", "3.16/video_call",
    "7.x/audio_call", "7.x/hold_unhold", "7.x/video_call",
  ]

  @Test(.spec("R-CALL-30", "R-CALL-157", "R-SRV-1"), arguments: traces)
  func aRecordedCallWorksHere(trace: String) async throws {
    try await CallBench.run { bench in
      for name in ["alice", "bob"] {
        let user = try #require(UserAddress("\(name)@example.com"))
        try await bench.users.remove(user)
        try await bench.add(user, name.capitalized, "Tester")
      }
      var replay = Replay(bench: bench)
      for line in try Self.lines(of: trace) { try await replay.perform(line) }
      #expect(replay.callRequests >= 3)
      try await replay.compareNotifications()
      #expect(await bench.driver.callCount == 0)
    }
  }

  /// A trace with a call that is not replayed would go unnoticed.
  @Test func everyTraceWithACallIsReplayed() throws {
    let folder = Self.folder
    var found: [String] = []
    for family in ["3.16", "7.x"] {
      for file in try FileManager.default.contentsOfDirectory(atPath: folder.appendingPathComponent(family).path) {
        let text = try String(contentsOf: folder.appendingPathComponent(family).appendingPathComponent(file), encoding: .utf8)
        if text.contains("callControlRequest") { found.append("\(family)/\(file.dropLast(".jsonl".count))") }
      }
    }
    #expect(found.sorted() == Self.traces)
  }

  private static var folder: URL {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../../docs/protocol/traces")
  }

  private static func lines(of trace: String) throws -> [JSONValue] {
    try String(contentsOf: folder.appendingPathComponent("\(trace).jsonl"), encoding: .utf8)
      .split(separator: "\n").map { try JSONDecoder().decode(JSONValue.self, from: Data($0.utf8)) }
  }
}

/// One trace on its way through the gateway.
private struct Replay {
  let bench: CallBench
  var callRequests = 0
  /// Recorded identifiers and what they are called here.
  private var ids: [String: String] = [:]
  /// Each user's devices, oldest first.
  private var devices: [String: [SubscriptionID]] = [:]
  private var recorded: [String: [LinkProtocol.Notification]] = [:]
  /// What was notified here until the user's first device unsubscribed.
  private var notified: [String: [LinkProtocol.Notification]] = [:]
  /// How many `call` notifications of each user have been matched.
  private var calls: [String: Int] = [:]

  init(bench: CallBench) {
    self.bench = bench
  }

  mutating func perform(_ line: JSONValue) async throws {
    switch line["kind"]?.stringValue {
    case "http": try await request(line)
    case "ws" where line["dir"]?.stringValue == "send": try await notification(line)
    default: break
    }
  }

  private mutating func request(_ line: JSONValue) async throws {
    let url = try #require(line["url"]?.stringValue)
    guard url.contains("/callControl") || url.contains("/calldisposition") || url.contains("/subscription") else { return }
    let user = try #require(line["user"]?.stringValue.flatMap { UserAddress($0) })
    let method = try #require(line["method"]?.stringValue.flatMap { HTTPMethod(rawValue: $0) })
    if method == .delete, substituted(url).hasSuffix("/\(devices[user.description]?.first?.rawValue ?? "")") {
      notified[user.description] = try await posted(to: user.description)
    }
    let body = try line["request"].map(substituted)
    let response = try await bench.exchange(method, substituted(url), by: user, body == .null ? nil : body)
    let expected = try #require(line["response"]?.objectValue?.values.first)
    let got = try #require(response.body.objectValue?.values.first)
    #expect(response.status == line["status"]?.intValue, "\(method.rawValue) \(url)")
    #expect(got["statusCode"] == expected["statusCode"], "\(method.rawValue) \(url)")
    if let session = expected["sessionData"]?.stringValue { ids[session] = try #require(got["sessionData"]?.stringValue) }
    if let path = expected["subscription"]?.stringValue {
      let here = try #require(got["subscription"]?.stringValue)
      ids[Self.lastSegment(path)] = Self.lastSegment(here)
      devices[user.description, default: []].append(SubscriptionID(Self.lastSegment(here)))
    }
    if !url.contains("/subscription") { callRequests += 1 }
  }

  /// Remembers what was notified then, and learns the callee's session from it.
  private mutating func notification(_ line: JSONValue) async throws {
    guard let message = line["data"], let user = line["user"]?.stringValue, message["notificationMessage"] != nil else {
      return
    }
    let notification = try WireCoding.decode(LinkProtocol.Notification.self, from: JSONEncoder().encode(message))
    guard EventType.calls.contains(notification.eventType) else { return }
    recorded[user, default: []].append(notification)
    guard notification.eventType == .call, let then = notification.sessionParams?.sessionData else { return }
    let posted = try await posted(to: user).filter { $0.eventType == .call }
    let number = calls[user, default: 0]
    calls[user] = number + 1
    try #require(posted.count > number)
    ids[then.rawValue] = posted[number].sessionParams?.sessionData?.rawValue
  }

  /// What both servers have to say in the same way: everything that sets up a call or passes a description on.
  mutating func compareNotifications() async throws {
    let common: Set<EventType> = [.call, .ringing, .startCallUpdate, .respondCallUpdate]
    #expect(recorded.isEmpty == false)
    for user in recorded.keys where notified[user] == nil { notified[user] = try await posted(to: user) }
    for (user, then) in recorded {
      let here = notified[user, default: []].filter { common.contains($0.eventType) }
      let expected = then.filter { common.contains($0.eventType) }
      #expect(here.map(\.eventType) == expected.map(\.eventType), "\(user)")
      for (one, other) in zip(here, expected) {
        #expect(one.sessionParams?.sdp == other.sessionParams?.sdp)
        #expect(one.sessionParams?.actions == other.sessionParams?.actions)
        #expect(one.sessionParams?.sessionData?.rawValue == other.sessionParams?.sessionData.flatMap { ids[$0.rawValue] })
        var params = one.callNotificationParams
        params?.primaryContact = other.callNotificationParams?.primaryContact
        #expect(params == other.callNotificationParams)
      }
      #expect(
        notified[user, default: []].filter { $0.eventType == .callEnd }.isEmpty == false
          || notified[user, default: []].last?.eventType == .callCancel, "\(user) does not learn of the end")
    }
  }

  private func posted(to user: String) async throws -> [LinkProtocol.Notification] {
    guard let device = devices[user]?.first else { return [] }
    return try await bench.posted(to: device)
  }

  private func substituted(_ value: JSONValue) throws -> JSONValue {
    var text = String(decoding: try JSONEncoder().encode(value), as: UTF8.self)
    for (then, here) in ids { text = text.replacingOccurrences(of: then, with: here) }
    return try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
  }

  private func substituted(_ url: String) -> String {
    ids.reduce(url) { $0.replacingOccurrences(of: $1.key, with: $1.value) }
  }

  private static func lastSegment(_ path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }
}
