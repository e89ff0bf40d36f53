import KandyTesting
import LinkLogic
import LinkProtocol
import Testing

/// Part 03 §18.9: what of it needs no media.
@Suite struct MediaVectorTests {
  @Test(.spec("R-MEDIA-1", "R-MEDIA-5", "R-MEDIA-26", "R-MEDIA-43"), arguments: vectors)
  func isAsRequired(_ vector: Vector) throws { try vector.show() }

  static let vectors: [Vector] = [
    Vector("TV-153 mute, hold, unhold") {
      var desk = CallDesk.talking()
      let muted = CallMachine.Effect.adjust(.enable(MediaEnablement(audio: false)))
      let effects = desk.mute(true)
      #expect(effects.requests == [])
      #expect(effects.contains(muted))
      var last: [CallMachine.Effect] = []
      for (kind, answer) in [(CallMachine.Change.Kind.hold, MediaDirection.recvonly), (.unhold, .sendrecv)] {
        _ = desk.change(kind)
        _ = desk.described()
        _ = desk.accepted()
        _ = desk.notified(.answer, sdp: SDPText.make(audio: answer))
        last = desk.mediaDone()
      }
      #expect(last.last == muted)
      #expect(desk.facts.muted)
    },
    Vector("TV-156 a tone that is none") { #expect(DTMFTones("x") == nil) },
  ]
}
