import KandyTesting
import LinkMedia
import Testing

@testable import Kandy

@Suite struct BridgeSeatTests {
  /// The next blocks of 10 ms.
  private func read(_ source: any AudioSource, blocks: Int = 1) -> [Int16] {
    (0..<blocks).flatMap { _ in
      var samples = [Int16](repeating: 0x5555, count: 480)
      samples.withUnsafeMutableBufferPointer { source.read(into: $0) }
      return samples
    }
  }

  private func silence(blocks: Int) -> [Int16] { [Int16](repeating: 0, count: 480 * blocks) }

  @Test(.spec("R-CALL-717", "R-CALL-721")) func leavingIsNotHeardAsAGap() {
    let seat = BridgeSeat(at: AudioMixer(), mutes: false, silences: false)
    seat.arrange(ToneSource(hz: 440), isOpen: true, isHeld: false)
    let before = read(seat, blocks: 10)
    seat.leave()
    seat.leave()
    #expect(!seat.isTaken)
    #expect(before + read(seat, blocks: 10) == read(ToneSource(hz: 440), blocks: 20))
  }

  @Test(.spec("R-CALL-718", "R-CALL-719", "R-CALL-721")) func aMicrophoneThatIsMutedByTheCallOrTheBridgeIsNotHeardForAMoment() {
    for (mutes, isOpen) in [(true, true), (false, false), (true, false)] {
      let seat = BridgeSeat(at: AudioMixer(), mutes: mutes, silences: false)
      seat.arrange(ToneSource(hz: 440), isOpen: isOpen, isHeld: false)
      #expect(read(seat, blocks: 10) == silence(blocks: 10))
      seat.leave()
      // Only the call's own mute is left.
      #expect((read(seat, blocks: 10) == silence(blocks: 10)) == !isOpen)
    }
  }

  @Test(.spec("R-CALL-718")) func theBridgesMuteComesAndGoesWithinTenMilliseconds() {
    let seat = BridgeSeat(at: AudioMixer(), mutes: false, silences: false)
    seat.arrange(ToneSource(hz: 440), isOpen: true, isHeld: false)
    _ = read(seat)
    seat.mute(true)
    _ = read(seat)
    #expect(read(seat, blocks: 5) == silence(blocks: 5))
    // A change at the call does not undo it.
    seat.arrange(ToneSource(hz: 700), isOpen: true, isHeld: false)
    #expect(read(seat, blocks: 5) == silence(blocks: 5))
    seat.mute(false)
    _ = read(seat)
    #expect(read(seat, blocks: 5) != silence(blocks: 5))
  }

  @Test(.spec("R-CALL-722")) func aHeldCallIsNotHeardByTheOthers() {
    let mixer = AudioMixer()
    let (held, other) = (
      BridgeSeat(at: mixer, mutes: false, silences: false), BridgeSeat(at: mixer, mutes: false, silences: false)
    )
    func talk() -> [Int16] {
      let tone = ToneSource(hz: 440)
      return (0..<10).flatMap { _ in
        held.receive(AudioFrame(samples: read(tone), sampleRate: 48_000))
        return read(other)
      }
    }
    held.arrange(nil, isOpen: false, isHeld: true)
    #expect(talk() == silence(blocks: 10))
    held.arrange(nil, isOpen: true, isHeld: false)
    #expect(Array(talk().suffix(480)) != silence(blocks: 1))
  }

  @Test(.spec("R-CALL-718")) func aPlaceThatHasBeenLeftSilencesNobody() {
    let seat = BridgeSeat(at: AudioMixer(), mutes: false, silences: true)
    #expect(seat.silences)
    seat.silence(false)
    #expect(!seat.silences)
    seat.silence(true)
    seat.leave()
    #expect(!seat.silences)
  }
}
