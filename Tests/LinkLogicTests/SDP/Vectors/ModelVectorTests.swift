import KandyTesting
import LinkLogic
import LinkProtocol
import Testing

/// Part 03 §18.1: reading and writing.
@Suite struct ModelVectorTests {
  @Test(.spec("R-SDP-5", "R-SDP-8", "R-SDP-9", "R-SDP-10", "R-SDP-11", "R-SDP-90"), arguments: vectors)
  func isAsRequired(_ vector: Vector) throws { try vector.show() }

  /// A description that is read and written again. - Parameter result: what is to come out; the same if not given.
  private static func trip(_ what: String, _ text: String, gives result: String? = nil) -> Vector {
    Vector(what) {
      let written = try SessionDescription(text).text
      #expect(written == result ?? text)
    }
  }

  /// The original with other line ends.
  private static func ending(_ what: String, _ end: String) -> Vector {
    trip(what, SDPFixtures.offerText.replacing("\r\n", with: end), gives: SDPFixtures.offerText)
  }

  /// The options `trickle renomination` in a description that is sent.
  private static func renomination(_ what: String, trickle: Bool, left: [String]) -> Vector {
    Vector(what) {
      let offer = SDPFixtures.offer.changed { $0.lines += ["a=ice-options:trickle renomination"] }
      let sent = try Vector.set(offer, trickle: trickle)
      #expect(sent.iceOptions == left)
    }
  }

  private static func noFormat(_ what: String, port: Int) -> Vector {
    Vector(what) {
      let offer = SDPFixtures.offer.changed {
        $0.media[1].payloads = []
        $0.media[1].port = port
      }
      let prepared = try Vector.received(offer)
      #expect(prepared.media[1].mediaLine == "m=video 0 UDP/TLS/RTP/SAVPF 0")
      #expect(prepared.media[0] == SDPFixtures.offer.media[0])
    }
  }

  static let candidate =
    "candidate:842163049 1 udp 1677729535 203.0.113.5 46154 typ srflx raddr 192.0.2.10 rport 40000 generation 0 network-id 1 network-cost 10"

  static let vectors: [Vector] = [
    trip("TV-1 an offer", SDPFixtures.offerText),
    trip("TV-1 the answer of a gateway", SDPFixtures.gatewayAnswerText),
    trip("TV-1 the hold of a 3.16 client", SDPFixtures.planBHoldText),
    Vector("TV-2 an unknown line") {
      let text = SDPFixtures.offerText + "a=x-foo:bar baz\r\ny=what is this\r\n"
      let read = try SessionDescription(text)
      #expect(read.text == text)
      #expect(read.media[1].attribute("x-foo") == "bar baz")
      #expect(read.media[1].lines.last == "y=what is this")
    },
    ending("TV-3 LF", "\n"), ending("TV-3 CR", "\r"), ending("TV-3 LF CR LF", "\n\r\n"),
    ending("TV-3 white space before CRLF", " \t\r\n"),
    trip("TV-4 no CRLF at the end", String(SDPFixtures.offerText.dropLast()), gives: SDPFixtures.offerText),
    // Payload types are text here; the number of the 3.16 view is one of JavaScript alone.
    Vector("TV-5 a single payload type") {
      let offer = SDPFixtures.description("v=0\r\nm=audio 9 RTP/SAVPF 0\r\na=rtpmap:0 PCMU/8000\r\n")
      #expect(offer.media[0].payloads == ["0"])
      let removing = SDPOptions(handlers: [.codecRemover(["opus"])])
      let sent = try Vector.set(offer, removing)
      #expect(sent.media[0].payloads == ["0"])
    },
    Vector("TV-6 mids") {
      let read = try SessionDescription("v=0\nm=audio 9 RTP/SAVPF 0\na=mid:0\nm=video 9 RTP/SAVPF 96\na=mid:audio")
      #expect(read.media.map(\.mid) == ["0", "audio"])
    },
    renomination("TV-7 trickle is in force", trickle: true, left: ["trickle", "renomination"]),
    renomination("TV-7 trickle is not", trickle: false, left: ["renomination"]),
    Vector("TV-8 a candidate") {
      let read = try #require(Candidate(candidate))
      #expect(read.foundation == "842163049")
      #expect(read.component == 1)
      #expect(read.transport == "udp")
      #expect(read.priority == 1_677_729_535)
      #expect(read.ip == "203.0.113.5")
      #expect(read.port == 46154)
      #expect(read.type == .srflx)
      #expect(
        read.extensions == [
          "raddr": "192.0.2.10", "rport": "40000", "generation": "0", "network-id": "1", "network-cost": "10",
        ])
      #expect(Candidate("a=" + candidate) == read)
      let text = "v=0\r\nm=audio 9 RTP/SAVPF 0\r\na=\(candidate)\r\n"
      let description = try SessionDescription(text)
      #expect(description.media[0].candidates == [read])
      #expect(description.text == text)
    },
    noFormat("TV-12 no format, port 0", port: 0), noFormat("TV-12 no format, a port", port: 5004),
  ]
}
