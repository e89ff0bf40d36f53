import Foundation
import Testing

/// Every vector of part 03 §18 is in a table here, is shown where what it needs is at hand, or is none of ours.
@Suite struct VectorCompletenessTests {
  private static let tables: [[Vector]] = [
    ModelVectorTests.vectors, PipelineVectorTests.vectors, CodecVectorTests.vectors, BundleVectorTests.vectors,
    OpusVectorTests.vectors, RemoteVectorTests.descriptions, RemoteVectorTests.credentials, RemoteVectorTests.roles,
    RemoteVectorTests.answers, RemoteVectorTests.endpoints, DirectionVectorTests.beginnings, DirectionVectorTests.holds,
    DirectionVectorTests.readings, CollectionVectorTests.vectors, MediaVectorTests.vectors, EndpointVectorTests.vectors,
  ]

  /// What a pure pipeline cannot show: the test that names the number.
  private static let elsewhere: [String: [Int]] = [
    "KandyTests/Notifications/NotificationTests.swift": [9, 10, 11],
    "KandyTests/AudioBridge/AudioBridgeTableTests.swift": [158],
    "KandyTests/Calls/HandlerVectorTests.swift": [18, 19, 20, 21, 22, 23, 26],
    "KandyTests/Calls/TrickleTests.swift": [54, 147, 148, 149],
    "KandyTests/Calls/CallExchangeTests.swift": [45, 99, 154, 166, 168],
    "KandyTests/Calls/CallOperationTests.swift": [167],
    "KandyTests/Calls/CallSetupTests.swift": [160],
    "KandyTests/Calls/Statistics/CallStatisticsTests.swift": [159],
    "KandyTests/Calls/CallServersTests.swift": [151],
    "KandyWebRTCTests/CompatibilityTests.swift": [79, 91, 92, 93, 94],
    "KandyWebRTCTests/SendingTests.swift": [125, 126],
    "KandyWebRTCTests/NegotiationTests.swift": [129],
    "KandyWebRTCTests/DTMFTests.swift": [155],
    "LinkMediaTests/AudioMixerTests.swift": [157],
    "LiveTests/TurnTests.swift": [152],
  ]

  private static let notOurs: [String: [Int]] = [
    "an option of 7.x: the codec whitelist": [46],
    "an option of 7.x: bandwidth limits": [51],
    "an option of 7.x: a function that decides when there are enough candidates": [142, 143, 144, 146],
    "an option of 7.x: a connection that is away for long counts as failed": [150],
  ]

  private static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../..")

  /// The numbers that begin a row of a table in §18.
  private static func required() throws -> Set<Int> {
    let text = try String(contentsOf: root.appending(path: "docs/protocol/03-media-sdp.md"), encoding: .utf8)
    let chapter = try #require(text.split(separator: "\n## 18.").dropFirst().first?.split(separator: "\n## ").first)
    return Set(chapter.matches(of: /\n\| TV-(\d+) \|/).compactMap { Int($0.1) })
  }

  @Test func everyNumberIsShownOrSaidToBeNoneOfOurs() throws {
    let required = try Self.required()
    #expect(required == Set(1...168))
    let shown = Set(Self.tables.joined().map(\.number))
    let others = (Array(Self.elsewhere.values) + Self.notOurs.values).joined()
    #expect(required.subtracting(shown).subtracting(others).sorted() == [])
    #expect(shown.union(others).subtracting(required).sorted() == [])
    #expect(shown.intersection(others).sorted() == [])
    #expect(Set(others).count == others.count)
  }

  @Test(arguments: elsewhere) func aTestElsewhereNamesItsNumbers(_ file: String, _ numbers: [Int]) throws {
    let text = try String(contentsOf: Self.root.appending(path: "Tests/\(file)"), encoding: .utf8)
    let named = Set(text.matches(of: /"TV-(\d+)/).compactMap { Int($0.1) })
    #expect(Set(numbers).subtracting(named).sorted() == [])
  }
}
