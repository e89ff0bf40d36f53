import LinkLogic
import LinkProtocol
import Testing

/// Descriptions after the examples of part 03, and small ways of changing them.
enum SDPFixtures {
  static let fingerprint =
    "sha-256 11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00"
  static let otherFingerprint =
    "sha-256 FF:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00"

  /// The initial offer of part 03 §14.3.1: audio, and video that is only received.
  static let offerText = lines(
    """
    v=0
    o=- 4611731400430051336 2 IN IP4 127.0.0.1
    s=-
    t=0 0
    m=audio 50000 UDP/TLS/RTP/SAVPF 111 0 8 110 126
    c=IN IP4 198.51.100.7
    a=rtcp:50002 IN IP4 198.51.100.7
    a=candidate:1 1 udp 2122260223 192.0.2.10 40000 typ host generation 0
    a=candidate:2 1 udp 41885439 198.51.100.7 50000 typ relay raddr 203.0.113.5 rport 40000 generation 0
    a=ice-ufrag:aUf1
    a=ice-pwd:0123456789abcdefghijklmn
    a=fingerprint:\(fingerprint)
    a=setup:actpass
    a=mid:0
    a=sendrecv
    a=msid:call-stream mic
    a=rtcp-mux
    a=rtpmap:111 opus/48000/2
    a=fmtp:111 minptime=10;useinbandfec=1
    a=rtpmap:0 PCMU/8000
    a=rtpmap:8 PCMA/8000
    a=rtpmap:110 telephone-event/48000
    a=rtpmap:126 telephone-event/8000
    m=video 50004 UDP/TLS/RTP/SAVPF 96 97 102
    c=IN IP4 198.51.100.7
    a=candidate:3 1 udp 41885439 198.51.100.7 50004 typ relay raddr 203.0.113.5 rport 40001 generation 0
    a=ice-ufrag:aUf1
    a=ice-pwd:0123456789abcdefghijklmn
    a=fingerprint:\(fingerprint)
    a=setup:actpass
    a=mid:1
    a=recvonly
    a=rtcp-mux
    a=rtpmap:96 VP8/90000
    a=rtcp-fb:96 nack pli
    a=rtpmap:97 rtx/90000
    a=fmtp:97 apt=96
    a=rtpmap:102 H264/90000
    a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f
    """)

  /// The answer of a gateway without video, part 03 §15.3.
  static let gatewayAnswerText = lines(
    """
    v=0
    o=gw 20518 1 IN IP4 203.0.113.80
    s=call
    c=IN IP4 203.0.113.80
    t=0 0
    a=ice-lite
    m=audio 30000 RTP/SAVPF 0 101
    a=candidate:1 1 UDP 2130706431 203.0.113.80 30000 typ host
    a=ice-ufrag:gwUf
    a=ice-pwd:gwgwgwgwgwgwgwgwgwgwgw
    a=fingerprint:sha-1 01:02:03
    a=setup:actpass
    a=rtpmap:101 telephone-event/8000
    a=fmtp:101 0-15
    m=video 0 RTP/SAVPF 96
    """)

  /// The hold offer of a 3.16 client, part 03 §15.3.
  static let planBHoldText = lines(
    """
    v=0
    o=- 7310000000000000001 4 IN IP4 127.0.0.1
    s=-
    t=0 0
    a=msid-semantic: WMS strm1
    m=audio 41000 UDP/TLS/RTP/SAVPF 111 9 0 8 110 126
    c=IN IP4 198.51.100.20
    a=rtcp:41001 IN IP4 198.51.100.20
    a=candidate:11 1 udp 2122260223 198.51.100.20 41000 typ host generation 0
    a=candidate:11 2 udp 2122260222 198.51.100.20 41001 typ host generation 0
    a=ice-ufrag:Ab3d
    a=ice-pwd:abcdefghijklmnopqrstuvwx
    a=fingerprint:\(fingerprint)
    a=setup:actpass
    a=mid:audio
    a=sendonly
    a=rtcp-mux
    a=rtpmap:111 opus/48000/2
    a=rtpmap:126 telephone-event/8000
    a=ssrc:1001 cname:c1
    a=ssrc:1001 msid:strm1 trkA
    a=ssrc:1001 mslabel:strm1
    a=ssrc:1001 label:trkA
    m=video 41002 UDP/TLS/RTP/SAVPF 96 97
    c=IN IP4 198.51.100.20
    a=ice-ufrag:Ab3d
    a=ice-pwd:abcdefghijklmnopqrstuvwx
    a=fingerprint:\(fingerprint)
    a=setup:actpass
    a=mid:video
    a=sendonly
    a=rtcp-mux
    a=rtpmap:96 VP8/90000
    a=rtpmap:97 rtx/90000
    a=fmtp:97 apt=96
    """)

  static let offer = description(offerText)

  /// An answer to `offer` by an end that takes both kinds and sends both.
  static let answer: SessionDescription = {
    var answer = offer
    answer.lines[1] = "o=- 8611731400430051337 2 IN IP4 127.0.0.1"
    for (index, ufrag) in ["bUf1", "bUf2"].enumerated() {
      answer.media[index].port = 51000 + 4 * index
      answer.media[index].setup = .active
      answer.media[index].iceCredentials = ICECredentials(ufrag: ufrag, pwd: "nmlkjihgfedcba9876543210")
      answer.media[index].fingerprint = SessionDescription.Fingerprint(type: "sha-256", hash: "FF:22")
    }
    answer.media[1].direction = .sendonly
    return answer
  }()

  /// The text with CRLF line ends.
  static func lines(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: true).map { $0 + "\r\n" }.joined()
  }

  /// A description that is known to be readable.
  static func description(_ text: String) -> SessionDescription {
    do { return try SessionDescription(text) } catch { preconditionFailure("\(error)") }
  }

  /// A small description: one section per argument, given as media type, port and further lines; secured, with credentials.
  static func sections(_ sections: (type: String, port: Int, lines: [SDPLine])..., session: [SDPLine] = [])
    -> SessionDescription
  {
    SessionDescription(
      lines: ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 192.0.2.1", "t=0 0"] + session,
      media: sections.map { section in
        MediaSection(
          type: section.type, port: section.port, protocol: "UDP/TLS/RTP/SAVPF",
          payloads: [section.type == "audio" ? "111" : "96"],
          lines: section.lines + [
            SDPLine(section.type == "audio" ? "a=rtpmap:111 opus/48000/2" : "a=rtpmap:96 VP8/90000"),
            SDPLine("a=fingerprint:\(fingerprint)"), "a=ice-ufrag:aUf1", "a=ice-pwd:0123456789abcdefghijklmn",
            "a=setup:actpass",
          ])
      })
  }
}

extension SessionDescription {
  /// The text of a changed copy.
  func changed(_ change: (inout SessionDescription) -> Void) -> SessionDescription {
    var copy = self
    change(&copy)
    return copy
  }

  /// The lines of each section as sets, the session level first: how descriptions are compared (R-SDP-8).
  var lineSets: [Set<String>] {
    [Set(lines.map(\.text))] + media.map { Set($0.lines.map(\.text) + [$0.mediaLine.text]) }
  }
}
