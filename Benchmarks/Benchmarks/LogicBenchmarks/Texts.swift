/// What goes over the wire, after the examples of docs/protocol/03-media-sdp.md.
enum Texts {
  static let offer = """
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
    a=fingerprint:sha-256 11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00
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
    a=fingerprint:sha-256 11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00
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

    """.replacing("\n", with: "\r\n")

  /// A notification about a session that the client does not have, so that nothing but its event comes of it.
  static func notification(_ number: Int) -> String {
    let sdp = offer.replacing("\r\n", with: "\\r\\n")
    return """
      {"notificationMessage":{"eventType":"startCallUpdate","eventId":"e-\(number)","time":1700000000000,\
      "sessionParams":{"sessionData":"unknown","sdp":"\(sdp)"},\
      "callNotificationParams":{"callerDisplayNumber":"alice@example.com","callerName":"Alice Adams",\
      "calleeDisplayNumber":"bob@example.com","remoteDisplayNumber":"alice@example.com","remoteName":"Alice Adams"}}}
      """
  }
}
