import Foundation
import KandyTesting
import LinkProtocol
import Testing

/// Everything about subscriptions and calls that existing clients were recorded to say can be read, and loses nothing when it is
/// written again.
@Suite struct TraceTests {
  /// One line of a trace.
  struct Line: Sendable {
    var place: String
    var value: JSONValue
  }

  static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../docs/protocol/traces")

  static func lines() throws -> [Line] {
    var lines: [Line] = []
    for family in ["3.16", "7.x"] {
      let folder = folder.appending(path: family)
      for file in try FileManager.default.contentsOfDirectory(atPath: folder.path()).sorted() {
        let text = try String(contentsOf: folder.appending(path: file), encoding: .utf8)
        for (number, line) in text.split(separator: "\n").enumerated() {
          lines.append(Line(place: "\(family)/\(file):\(number + 1)", value: try json(String(line))))
        }
      }
    }
    return lines
  }

  @Test(.spec("R-CONN-520", "R-CONN-530", "R-CALL-30", "R-CALL-80")) func everyRequestAndResponseIsReadWhole() throws {
    var seen: [String: Int] = [:]
    for line in try Self.lines() where line.value["kind"] == "http" {
      let path = line.value["url"]?.stringValue ?? ""
      let method = line.value["method"]?.stringValue ?? ""
      let (request, response) = (line.value["request"] ?? .null, line.value["response"] ?? .null)
      if path.contains("/subscription") {
        if method != "DELETE" { try check(SubscribeRequest.self, request, line.place) }
        try check(SubscribeResponse.self, response, line.place)
      } else if path.contains("/callControl") {
        if method == "PUT" || method == "POST" { try check(CallControlRequest.self, request, line.place) }
        try check(CallControlResponse.self, response, line.place)
      } else if path.hasSuffix("/calldisposition") {
        try check(CallDispositionRequest.self, request, line.place)
        try check(CallControlResponse.self, response, line.place)
      } else {
        continue
      }
      let type =
        request["callControlRequest"]?["type"]?.stringValue ?? path.split(separator: "/").dropFirst(5).first.map(String.init)
      seen["\(method) \(type ?? "")", default: 0] += 1
    }
    #expect(
      Set(seen.keys) == [
        "POST subscription", "PUT subscription", "DELETE subscription", "POST callStart", "PUT ringing", "PUT callAnswer",
        "PUT startCallUpdate", "PUT respondCallUpdate", "PUT audit", "DELETE callControl",
        "POST calldisposition",
      ])
  }

  @Test(.spec("R-CALL-150", "R-CONN-701")) func everyNotificationIsReadWhole() throws {
    var seen: Set<String> = []
    for line in try Self.lines() where line.value["kind"] == "ws" && line.value["dir"] == "send" {
      guard let data = line.value["data"], data["notificationMessage"] != nil else { continue }
      try check(Notification.self, data, line.place)
      seen.insert(data["notificationMessage"]?["eventType"]?.stringValue ?? "")
    }
    #expect(
      seen.isSuperset(of: [
        "call", "ringing", "respondCallUpdate", "startCallUpdate", "callEnd", "IM", "presenceWatcher", "mwi",
        "event:presence",
      ]))
  }

  /// - Parameter value: the body in its envelope, as recorded.
  private func check<Body: WireBody>(_ type: Body.Type, _ value: JSONValue, _ place: String) throws {
    let body = try WireCoding.decode(type, from: JSONEncoder().encode(value))
    // The envelope may have another name (R-CONN-451); what is in it may not be lost.
    let recorded = try #require(value.objectValue?.values.first, "\(place)")
    let again = try #require(try written(body).objectValue?.values.first, "\(place)")
    #expect(lost(recorded, again, at: "") == [], "\(place)")
  }

  /// The places in the first value whose content the second does not have. A number may have become text, and text a number.
  private func lost(_ first: JSONValue, _ second: JSONValue?, at place: String) -> [String] {
    switch (first, second) {
    case (.object(let members), .object(let others)):
      return members.keys.sorted().flatMap { name in lost(members[name] ?? .null, others[name], at: "\(place).\(name)") }
    case (.array(let elements), .array(let others)):
      guard elements.count == others.count else { return [place] }
      return zip(elements, others).enumerated().flatMap { lost($1.0, $1.1, at: "\(place)[\($0)]") }
    case (.string(let text), .integer(let number)):
      return Int64(text) == number ? [] : [place]
    default:
      return first == second ? [] : [place]
    }
  }
}
