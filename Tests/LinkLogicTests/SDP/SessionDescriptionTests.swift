import KandyTesting
import LinkLogic
import LinkProtocol
import Testing

@Suite struct SessionDescriptionTests {

  @Test(arguments: ["candidate:1 1 udp 1 192.0.2.1 9 host", "candidate:what", "", "1 1 udp 1 192.0.2.1 9 typ host"])
  func whatLacksAPartIsNoCandidate(_ text: String) {
    #expect(Candidate(text) == nil)
  }

  @Test func propertiesHaveTheirDocumentedMeaning() throws {
    let offer = try SessionDescription(SDPFixtures.offerText)
    #expect(
      offer.origin
        == SessionDescription.Origin(
          username: "-", sessionId: "4611731400430051336", sessionVersion: "2", netType: "IN", addressType: "IP4",
          address: "127.0.0.1"))
    #expect(offer.sessionID == "4611731400430051336")
    #expect(offer.name == "-")
    #expect(offer.kinds == [.audio, .video])
    let video = offer.media[1]
    #expect(video.type == "video")
    #expect(video.port == 50004)
    #expect(video.protocol == "UDP/TLS/RTP/SAVPF")
    #expect(video.payloads == ["96", "97", "102"])
    #expect(video.connection == SessionDescription.Connection(version: 4, ip: "198.51.100.7"))
    #expect(video.iceCredentials == ICECredentials(ufrag: "aUf1", pwd: "0123456789abcdefghijklmn"))
    #expect(video.setup == .actpass)
    #expect(video.direction == .recvonly)
    #expect(video.rtcpMux)
    #expect(video.rtcpFb == [MediaSection.Feedback(payload: "96", type: "nack pli")])
    #expect(video.rtp.map(\.codec) == ["VP8", "rtx", "H264"])
    #expect(video.fmtp.map(\.payload) == [97, 102])
    #expect(offer.media[0].msid == "call-stream mic")
  }

  @Test(.spec("R-SDP-12", "R-SDP-92")) func staticPayloadTypesNeedNoRtpmap() throws {
    let read = try SessionDescription("v=0\nm=audio 5000 RTP/SAVPF 0 8 9 18 96 111\na=rtpmap:111 OPUS/48000/2")
    #expect(
      read.media[0].codecs == [
        .init(payload: 0, name: "PCMU", clockRate: 8000), .init(payload: 8, name: "PCMA", clockRate: 8000),
        .init(payload: 9, name: "G722", clockRate: 8000), .init(payload: 18, name: "G729", clockRate: 8000),
        .init(payload: 111, name: "OPUS", clockRate: 48000, channels: 2),
      ])
    #expect(read.media[0].rtp[0].isCodec("opus", rate: 48000))
  }

  @Test(.spec("R-SDP-7")) func aDataChannelHasNoCodecs() throws {
    let read = try SessionDescription("v=0\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\na=sctp-port:5000")
    #expect(read.media[0].rtp.isEmpty)
    #expect(read.media[0].fmtp.isEmpty)
    #expect(read.media[0].codecs.isEmpty)
    #expect(read.media[0].kind == nil)
  }

  @Test func settingAnAttributeReplacesItInItsPlace() {
    var section = MediaSection(
      type: "audio", port: 9, protocol: "RTP/SAVPF", payloads: ["0"],
      lines: ["c=IN IP4 192.0.2.1", "a=mid:0", "a=sendonly", "a=ptime:20", "a=ptime:30"])
    section.direction = .inactive
    section.ptime = 60
    section.setup = .passive
    section.bandwidth = [.init(type: "AS", limit: 100)]
    #expect(
      section.lines == ["c=IN IP4 192.0.2.1", "b=AS:100", "a=mid:0", "a=inactive", "a=ptime:60", "a=setup:passive"])
    section.direction = nil
    section.setup = nil
    section.bandwidth = []
    #expect(section.lines == ["c=IN IP4 192.0.2.1", "a=mid:0", "a=ptime:60"])
  }

  @Test func aValueCannotSmuggleInALine() throws {
    var offer = SDPFixtures.offer
    offer.media[0].addAttribute("x", "1\r\na=crypto:1 AES")
    offer.media[1].protocol = "RTP/SAVPF 96\r\na=sendonly\r\nm=audio"
    let read = try SessionDescription(offer.text)
    #expect(read.media.count == 2)
    #expect(!read.media[0].hasCrypto)
    #expect(read.media[1].direction == .recvonly)
  }

  @Test(arguments: [
    ("", SDPProblem.empty), ("\r\n \r\n", .empty), ("hello", .malformed("it does not begin with v=")),
    ("m=audio 9 RTP/SAVPF 0", .malformed("it does not begin with v=")),
    ("v=0\nm=audio 9", .malformed("m= line 1")), ("v=0\nm=audio x RTP/AVP 0", .malformed("m= line 1")),
    ("v=0\nm=audio 70000 RTP/AVP 0", .malformed("m= line 1")), ("v=0\nm=audio 9/0 RTP/AVP 0", .malformed("m= line 1")),
    ("v=0\nm=audio 9 RTP/AVP 0\nm=", .malformed("m= line 2")),
  ])
  func whatCannotBeReadIsRefused(_ text: String, _ problem: SDPProblem) {
    #expect(throws: problem) { try SessionDescription(text) }
  }

  @Test func severalPortsAreKept() throws {
    let text = "v=0\r\nm=audio 49170/2 RTP/AVP 31\r\n"
    let read = try SessionDescription(text)
    #expect(read.media[0].portCount == 2)
    #expect(read.text == text)
  }

  @Test(
    .spec("R-CALL-405"),
    arguments: [
      ("v=0\no=a 1 1\na=x", "v=0\no=b 2 2\na=x", true), ("v=0\na=x", "a=x\nv=0\na=x", true),
      ("v=0", "v=0\na=sendrecv", true), ("v=0\na=sendrecv", "v=0", false), ("v=0\na=sendonly", "v=0\na=sendrecv", false),
      ("v=0\na=x", "v=0\na=y", false), ("v=0", "v=0\na=y", false),
    ])
  func earlyAndFinalAnswersAreComparedAsSetsOfLines(_ early: String, _ final: String, _ same: Bool) {
    #expect(SessionDescription.isSame(early: early, final: final) == same)
  }

}
