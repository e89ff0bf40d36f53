import KandyTesting
import LinkLogic
import LinkProtocol
import Testing

/// What a far end's offer means: part 03 §8.9.
@Suite struct RemoteOperationTests {
  /// `sendrecv,recvonly`: audio, and video if there is one.
  private static func summary(_ directions: String, mids: Bool = true) throws -> MediaSummary {
    let directions = directions.split(separator: ",").map(String.init)
    var lines = ["v=0", "o=- 1 1 IN IP4 192.0.2.1", "s=-", "c=IN IP4 192.0.2.1", "t=0 0"]
    for (index, direction) in directions.enumerated() {
      let kind = index == 0 ? "audio" : "video"
      lines.append("m=\(kind) \(direction == "rejected" ? 0 : 4000 + index) UDP/TLS/RTP/SAVPF 96")
      if mids { lines.append("a=mid:\(index)") }
      if direction != "rejected" { lines.append("a=\(direction)") }
    }
    return MediaSummary(try SessionDescription(lines.map { $0 + "\r\n" }.joined()))
  }

  @Test(
    .spec("R-SDP-148"),
    arguments: [
      ("sendrecv,sendrecv", "inactive,inactive", RemoteOperation.hold),
      ("sendrecv,sendrecv", "sendonly,sendonly", .hold),
      ("sendrecv,recvonly", "sendonly,sendonly", .hold),
      ("sendrecv", "sendonly", .hold),
      ("inactive,inactive", "sendrecv,recvonly", .unhold),
      ("sendonly,inactive", "sendrecv,sendrecv", .unhold),
      ("sendonly", "sendrecv", .unhold),
      ("inactive", "sendonly", .startMusicOnHold),
      ("sendonly", "inactive", .stopMusicOnHold),
      ("sendrecv,recvonly", "sendrecv,sendrecv", .addMedia),
      ("sendrecv", "sendrecv,sendrecv", .addMedia),
      ("sendrecv,sendrecv", "sendrecv,recvonly", .removeMedia),
      ("sendrecv,sendrecv", "sendrecv,sendrecv", .noChange),
      ("sendrecv,rejected", "sendrecv,rejected", .noChange),
    ])
  func offersAreRecognised(_ before: String, _ after: String, _ operation: RemoteOperation) throws {
    #expect(RemoteOperation(from: try Self.summary(before), to: try Self.summary(after)) == operation)
    #expect(RemoteOperation(from: try Self.summary(before, mids: false), to: try Self.summary(after, mids: false)) == operation)
  }

  @Test(.spec("R-SDP-148")) func whatIsNotClearIsDecidedByWhoHolds() throws {
    let silent = try Self.summary("inactive")
    #expect(RemoteOperation(from: silent, to: silent, isHeldLocally: true) == .hold)
    #expect(RemoteOperation(from: silent, to: silent) == .noChange)
  }

  @Test(.spec("R-SDP-146")) func sectionsAreMatchedByPlaceWhenTheirNamesSayNothing() throws {
    let other = """
      v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\nm=audio 4000 UDP/TLS/RTP/SAVPF 96\r\na=mid:audio\r\na=inactive\r\n
      """
    let after = MediaSummary(try SessionDescription(other))
    #expect(RemoteOperation(from: try Self.summary("sendrecv"), to: after) == .hold)
  }
}
