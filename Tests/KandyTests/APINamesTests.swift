import Foundation
import Kandy
import KandyTesting
import LinkProtocol
import Testing

/// The SDK against `docs/api-names.json`, the facts of the 3.16 API.
@Suite struct APINamesTests {
  static func names() throws -> [JSONValue] {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../docs/api-names.json")
    return try JSONDecoder().decode(JSONValue.self, from: Data(contentsOf: file))["names"]?.arrayValue ?? []
  }

  @Test(.spec("R-CONN-301")) func everyDocumentedEventHasItsName() throws {
    let documented = try Self.names().filter { $0["kind"] == "event" }.compactMap { $0["name"]?.stringValue }
    #expect(documented.sorted() == EventName.allCases.map(\.rawValue).sorted())
  }

  @Test(.spec("R-CONN-102", "R-CONN-131")) func everyOptionHasItsDocumentedDefault() throws {
    let configuration = Configuration().json
    var seen = 0
    for entry in try Self.names() where entry["kind"] == "option" {
      guard let name = entry["name"]?.stringValue, name.hasPrefix("config."), let documented = entry["default"],
        !Self.differing.contains(name)
      else { continue }
      let actual = name.split(separator: ".").dropFirst().reduce(configuration as JSONValue?) { $0?[String($1)] }
      #expect(actual.map { Self.isSame($0, documented) } == true, "\(name): \(String(describing: actual))")
      seen += 1
    }
    #expect(seen >= 40)
  }

  /// Levels are written in upper case (part 01 §1.2).
  private static func isSame(_ actual: JSONValue, _ documented: JSONValue) -> Bool {
    if let actual = actual.stringValue, let documented = documented.stringValue {
      return actual.lowercased() == documented.lowercased()
    }
    if let actual = actual.doubleValue, let documented = documented.doubleValue { return actual == documented }
    return actual == documented
  }

  /// Options whose default is not the documented one, each a row of "Where texts differ" in `docs/api-parity.md`; handlers are
  /// code and in no JSON.
  static let differing: Set<String> = [
    "config.call.relayCandidateCollectionTimeoutCycle", "config.call.webrtcLogCollectionInterval", "config.call.sdpHandlers",
  ]
}
