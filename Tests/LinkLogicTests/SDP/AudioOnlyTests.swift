import KandyTesting
import LinkLogic
import LinkProtocol
import Testing

/// Descriptions between an end that has video and a mixer, which has not.
@Suite struct AudioOnlyTests {
  private func sections(_ text: String, _ sections: String...) throws -> SessionDescription {
    try SessionDescription(([text] + sections).joined(separator: "\r\n") + "\r\n")
  }

  private let head = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0"
  private let audio = "m=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\na=mid:0\r\na=sendrecv"
  private let video = "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\na=mid:1\r\na=sendrecv"

  @Test func onlyTheFirstAudioThatIsInUseCounts() throws {
    let rejected = "m=audio 0 RTP/AVP 0"
    #expect(try sections(head, video, rejected, audio, audio).audioOnly == sections(head, audio))
    #expect(try sections(head, video, rejected).audioOnly == nil)
  }

  @Test(.spec("R-SRV-4")) func everythingElseIsRejectedInItsPlace() throws {
    let mixed = try sections(head, audio).rejectingTheOtherSections(of: sections(head, video, audio))
    let rejected = "m=video 0 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\na=inactive"
    #expect(try mixed == sections(head, rejected, audio))
  }

  @Test(.spec("R-SRV-4")) func anOfferHasAsManySectionsAsThereWere() throws {
    let mixed = try sections(head, audio).rejectingTheOtherSections(of: sections(head, video))
    #expect(mixed.media.map(\.kind) == [.audio, .video])
    #expect(mixed.media.map(\.port) == [9, 0])
  }

  @Test func noIdentifierOccursTwice() throws {
    let other = video.replacing("a=mid:1", with: "a=mid:0")
    let mixed = try sections(head, audio).rejectingTheOtherSections(
      of: sections(head, audio.replacing("a=mid:0", with: "a=mid:a"), other))
    #expect(mixed.media.map(\.mid) == ["0", "rejected1"])
  }
}
