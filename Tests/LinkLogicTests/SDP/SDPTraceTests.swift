import Foundation
import KandyTesting
import LinkLogic
import LinkProtocol
import Testing

/// The descriptions that existing clients were recorded to send.
@Suite struct SDPTraceTests {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../docs/protocol/traces")

  /// The call-control requests of a recording, in order: operation and description.
  static func requests(_ file: String) throws -> [(type: String, sdp: SessionDescription)] {
    let text = try String(contentsOf: folder.appending(path: file), encoding: .utf8)
    return try text.split(separator: "\n").compactMap { line in
      let value = try JSONDecoder().decode(JSONValue.self, from: Data(line.utf8))
      guard let request = value["request"]?["callControlRequest"], let sdp = request["sdp"]?.stringValue else { return nil }
      return (request["type"]?.stringValue ?? "", try SessionDescription(sdp))
    }
  }

  @Test(
    .spec("R-SDP-5"),
    arguments: ["3.16/audio_call.jsonl", "3.16/video_call.jsonl", "7.x/audio_call.jsonl", "7.x/video_call.jsonl"])
  func offersAndAnswersAreRead(_ file: String) throws {
    let requests = try Self.requests(file)
    #expect(requests.map(\.type) == ["callStart", "callAnswer"])
    #expect(requests.map { $0.sdp.media.first?.setup } == [.actpass, .active])
    #expect(requests.allSatisfy { !$0.sdp.isHold && $0.sdp.kinds.contains(.audio) && $0.sdp.sessionID != nil })
  }

  /// 3.16 holds with `sendonly`, 7.x with `inactive`; both are recognised, and so are the answers.
  @Test(
    .spec("R-SDP-101", "R-SDP-140", "R-CALL-50", "R-CALL-823"),
    arguments: [
      ("3.16/hold_unhold.jsonl", [MediaDirection.sendrecv, .sendrecv, .sendonly, .recvonly, .sendrecv, .sendrecv]),
      ("7.x/hold_unhold.jsonl", [.sendrecv, .sendrecv, .inactive, .inactive, .sendrecv, .sendrecv]),
    ])
  func holdsAreRecognised(_ file: String, _ directions: [MediaDirection]) throws {
    let requests = try Self.requests(file)
    #expect(
      requests.map(\.type) == [
        "callStart", "callAnswer", "startCallUpdate", "respondCallUpdate", "startCallUpdate", "respondCallUpdate",
      ])
    #expect(requests.map { $0.sdp.direction(of: .audio) } == directions)
    let offers = requests.filter { $0.type == "startCallUpdate" }.map(\.sdp)
    #expect(offers.map(\.isHold) == [true, false])
    #expect(!offers[0].comesFromNewEndpoint(comparedTo: requests[0].sdp))
    #expect(requests[2].sdp.sessionID == requests[0].sdp.sessionID)
  }
}
