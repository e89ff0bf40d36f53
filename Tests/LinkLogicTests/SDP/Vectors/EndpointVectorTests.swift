import KandyTesting
import LinkLogic
import LinkProtocol
import Testing

/// Part 03 §18.10: other endpoints and the examples of §15.3.
@Suite struct EndpointVectorTests {
  @Test(.spec("R-UP-22", "R-DTLS-5", "R-SDP-101"), arguments: vectors)
  func isAsRequired(_ vector: Vector) throws { try vector.show() }

  /// The offer of a server that plays music to a held client, part 03 §15.3.
  private static let music = SDPFixtures.description(
    SDPFixtures.lines(
      """
      v=0
      o=moh 555 2 IN IP4 203.0.113.90
      s=-
      c=IN IP4 203.0.113.90
      t=0 0
      m=audio 32000 UDP/TLS/RTP/SAVPF 0
      a=ice-ufrag:mohU
      a=ice-pwd:mohmohmohmohmohmohmohmoh
      a=fingerprint:sha-256 77:88
      a=setup:actpass
      a=sendonly
      m=video 0 UDP/TLS/RTP/SAVPF 96
      """))

  static let vectors: [Vector] = [
    Vector("TV-161 another fingerprint") {
      let other = SDPFixtures.offer.changed { $0.media[1].fingerprint = .init(type: "sha-256", hash: "AB:CD") }
      #expect(other.comesFromNewEndpoint(comparedTo: SDPFixtures.offer))
    },
    Vector("TV-161 another fingerprint in a rejected section") {
      let other = SDPFixtures.offer.changed {
        $0.media[1].fingerprint = .init(type: "sha-256", hash: "AB:CD")
        $0.media[1].port = 0
      }
      #expect(!other.comesFromNewEndpoint(comparedTo: SDPFixtures.offer))
    },
    Vector("TV-161 the same fingerprint in other letters") {
      let other = SDPFixtures.offer.changed {
        $0.media[1].setAttribute("fingerprint", SDPFixtures.fingerprint.lowercased())
      }
      #expect(!other.comesFromNewEndpoint(comparedTo: SDPFixtures.offer))
    },
    Vector("TV-162 other credentials") {
      let restarted = SDPFixtures.offer.changed {
        for index in $0.media.indices {
          $0.media[index].iceCredentials = ICECredentials(ufrag: "nUf1", pwd: "0123456789abcdefghijklmn")
        }
      }
      #expect(!restarted.comesFromNewEndpoint(comparedTo: SDPFixtures.offer))
      #expect(restarted.restartsICE(comparedTo: SDPFixtures.offer))
      #expect(!SDPFixtures.offer.restartsICE(comparedTo: SDPFixtures.offer))
    },
    Vector("TV-163 music while held") {
      #expect(music.comesFromNewEndpoint(comparedTo: SDPFixtures.offer))
      var desk = CallDesk.talking(answer: SDPText.make(video: .sendrecv))
      _ = desk.notified(.update, sdp: SDPText.make(audio: .inactive, video: .inactive))
      _ = desk.described()
      _ = desk.accepted()
      let effects = desk.notified(.update, sdp: music.text)
      #expect(effects.events == [.remoteOperationStarted(.startMusicOnHold)])
      #expect(effects.answered?.audio?.answering(.sendonly) == .recvonly)
      _ = desk.described()
      _ = desk.accepted()
      #expect(desk.facts.remoteHold)
      #expect(desk.facts.state == .onRemoteHold)
    },
    Vector("TV-164 the answer of a gateway") {
      let answer = SDPFixtures.description(SDPFixtures.gatewayAnswerText)
      let prepared = try Vector.answered(answer)
      let expected = answer.changed {
        $0.media[0].setup = .passive
        $0.media[0].direction = .sendrecv
      }
      #expect(prepared.lineSets == expected.lineSets)
      #expect(DTLSRole.local(afterRemoteAnswer: prepared) == .active)
      #expect(prepared.media.map(\.isRejected) == [false, true])
    },
    Vector("TV-165 the hold of a 3.16 client") {
      let hold = SDPFixtures.description(SDPFixtures.planBHoldText)
      #expect(hold.isHold)
      var desk = CallDesk.talking(answer: SDPText.make(video: .sendrecv))
      let media = try #require(desk.notified(.update, sdp: hold.text).answered)
      #expect(media.audio?.answering(.sendonly) == .recvonly)
      #expect(media.video?.answering(.sendonly) == .recvonly)
      _ = desk.described()
      _ = desk.accepted()
      #expect(desk.facts.remoteHold)
    },
  ]
}
