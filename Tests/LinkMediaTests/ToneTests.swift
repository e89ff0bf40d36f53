import KandyTesting
import LinkMedia
import LinkProtocol
import Testing

@Suite struct DTMFToneTests {
  @Test(.spec("R-MEDIA-41")) func everyKeyHasTheFrequenciesOfItsRowAndColumn() {
    #expect(DTMFTone.all.map(\.character) == Array("123A456B789C*0#D"))
    #expect(DTMFTone.all.map(\.low) == [697, 697, 697, 697, 770, 770, 770, 770, 852, 852, 852, 852, 941, 941, 941, 941])
    #expect(DTMFTone.all.prefix(4).map(\.high) == [1209, 1336, 1477, 1633])
    #expect(DTMFTone("d") == DTMFTone("D"))
    #expect(DTMFTone("E") == nil)
  }
}

@Suite struct DTMFDetectorTests {
  private let detector = DTMFDetector()

  private func hear(_ frames: [AudioFrame]) {
    for frame in frames { detector.receive(frame) }
  }

  /// What a mixer plays, cut to frames.
  private func played(_ text: String, duration: Int = 100, gap: Int = 70, over microphone: (any AudioSource)? = nil) throws
    -> [AudioFrame]
  {
    let mixer = DTMFMixer(microphone)
    mixer.play(try #require(DTMFTones(text, duration: .milliseconds(duration), gap: .milliseconds(gap))))
    var all: [AudioFrame] = []
    while mixer.isPlaying { all += frames(mixer, seconds: 0.01) }
    return all + frames(mixer, seconds: 0.05)
  }

  @Test(.spec("R-MEDIA-41")) func everyToneIsHeardOnceAndForAsLongAsItSounds() throws {
    hear(try played("0123456789*#ABCD"))
    #expect(detector.digits == "0123456789*#ABCD")
    #expect(detector.heard.map(\.tone).joined() == "0123456789*#ABCD")
    for digit in detector.heard { #expect((90...120).contains(digit.milliseconds), "\(digit)") }
    #expect(detector.current == nil)
  }

  @Test(.spec("R-MEDIA-43"), arguments: 0..<10) func theShortestToneAndAPauseOf40MillisecondsAreEnough(_ offset: Int) throws {
    // Wherever the tones begin within the detector's steps.
    let mixer = DTMFMixer()
    mixer.play(try #require(DTMFTones("1111D#", duration: .milliseconds(40), gap: .milliseconds(40))))
    hear(cut([Int16](repeating: 0, count: 48 * offset) + samples(mixer, seconds: 0.6)))
    #expect(detector.digits == "1111D#")
  }

  @Test func anInterruptionOf20MillisecondsIsNotTheEndOfATone() throws {
    let mixer = DTMFMixer()
    mixer.play(try #require(DTMFTones("5", duration: .milliseconds(300))))
    var sound = samples(mixer, seconds: 0.4)
    for start in [4000, 9000] { for index in start..<start + 960 { sound[index] = 0 } }
    hear(cut(sound))
    #expect(detector.digits == "5")
    #expect((290...320).contains(try #require(detector.heard.first).milliseconds))
  }

  /// Frames of 10 ms.
  private func cut(_ samples: [Int16]) -> [AudioFrame] {
    stride(from: 0, to: samples.count - 479, by: 480).map {
      AudioFrame(samples: Array(samples[$0..<$0 + 480]), sampleRate: 48_000)
    }
  }

  @Test func oneLongToneIsOneDigit() throws {
    hear(try played("5", duration: 2000))
    #expect(detector.digits == "5")
    #expect((1990...2020).contains(try #require(detector.heard.first).milliseconds))
  }

  @Test func aToneThatGoesOnIsTheCurrentOne() throws {
    let begun = Mailbox("")
    let detector = DTMFDetector { begun.append($0) }
    let all = try played("8", duration: 400)
    for frame in all.prefix(20) { detector.receive(frame) }
    #expect(detector.current == "8")
    #expect(detector.heard.isEmpty)
    #expect(begun.newest == "8")
    for frame in all.dropFirst(20) { detector.receive(frame) }
    #expect(detector.current == nil)
    #expect(begun.newest == "8")
  }

  @Test(arguments: [8000, 16_000, 44_100]) func otherRatesAndChannelsAreUnderstood(_ sampleRate: Int) {
    for digit in "7#" {
      guard let tone = DTMFTone(digit) else { continue }
      let count = sampleRate / 100
      hear(
        (0..<20).map { frame in
          let samples = (0..<count).flatMap { index in
            let time = Double(frame * count + index) / Double(sampleRate)
            let value = 4000 * (sine(tone.low * time) + sine(tone.high * time))
            return [Int16(value), Int16(value)]
          }
          return AudioFrame(samples: frame < 10 ? samples : samples.map { _ in 0 }, sampleRate: sampleRate, channels: 2)
        })
    }
    #expect(detector.digits == "7#")
  }

  @Test func whatIsNoKeypadToneIsNotCounted() throws {
    for hz in [440.0, 697, 1209, 1000] { hear(frames(ToneSource(hz: hz), seconds: 0.5)) }
    hear(frames(SilenceSource(), seconds: 0.5))
    // A row and a column, but one of them hardly to be heard.
    let (loud, faint) = (
      frames(ToneSource(hz: 697, level: -15), seconds: 0.3), frames(ToneSource(hz: 1209, level: -40), seconds: 0.3)
    )
    hear(
      zip(loud, faint).map { AudioFrame(samples: zip($0.samples, $1.samples).map { $0 + $1 }, sampleRate: 48_000) })
    #expect(detector.digits == "")
  }

  @Test func noiseIsNotCounted() {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SplitMix64(seed: seed)
    hear(
      (0..<500).map { _ in
        AudioFrame(samples: (0..<480).map { _ in Int16(truncatingIfNeeded: random.next()) / 4 }, sampleRate: 48_000)
      })
    #expect(detector.digits == "", "seed \(seed)")
  }

  @Test func aResetForgetsTheDigits() throws {
    hear(try played("12"))
    detector.reset()
    #expect(detector.digits == "")
    #expect(detector.heard.isEmpty)
    hear(try played("3"))
    #expect(detector.digits == "3")
  }
}

@Suite struct DTMFMixerTests {
  @Test(.spec("R-MEDIA-41")) func aToneHasATenthOfTheAmplitudeAtEachFrequency() throws {
    let mixer = DTMFMixer()
    mixer.play(try #require(DTMFTones("1", duration: .seconds(1), gap: .milliseconds(30))))
    let probe = AudioProbe()
    for frame in frames(mixer, seconds: 1) { probe.receive(frame) }
    #expect(abs(probe.purity(at: 697) - 0.5) < 0.01)
    #expect(abs(probe.purity(at: 1209) - 0.5) < 0.01)
    // Two sines of amplitude 0.1: 10 lg(2 · 0.1² / 2).
    #expect(abs(probe.level + 20) < 0.1)
  }

  @Test(.spec("R-MEDIA-41")) func theTonesLastExactlyAsLongAsTheyShould() throws {
    let mixer = DTMFMixer()
    mixer.play(try #require(DTMFTones("1,2", gap: .milliseconds(70))))
    let sound = samples(mixer, seconds: 2.4)
    #expect(!mixer.isPlaying)
    func isSilent(_ range: Range<Int>) -> Bool { sound[range].allSatisfy { $0 == 0 } }
    #expect(!isSilent(4700..<4800))
    #expect(isSilent(4800..<104_160))
    #expect(!isSilent(104_160..<104_260))
    #expect(isSilent(108_960..<115_200))
  }

  @Test func theMicrophoneIsSilentUnderAToneAndHeardAgainAfterIt() throws {
    let mixer = DTMFMixer(ToneSource(hz: 440))
    mixer.play(try #require(DTMFTones("9", duration: .milliseconds(1010), gap: .milliseconds(70))))
    let (during, after) = (AudioProbe(), AudioProbe())
    for frame in frames(mixer, seconds: 1.01) { during.receive(frame) }
    for frame in frames(mixer, seconds: 1.07).suffix(100) { after.receive(frame) }
    #expect(during.purity(at: 440) < 0.001)
    #expect(during.purity(at: 852) > 0.49)
    #expect(after.purity(at: 440) > 0.999)
    #expect(abs(after.level + 15) < 0.1)
  }

  @Test func theMicrophoneCanBeReplacedWhileTonesSound() throws {
    let mixer = DTMFMixer(ToneSource(hz: 440))
    mixer.play(try #require(DTMFTones("9", duration: .milliseconds(500))))
    _ = frames(mixer, seconds: 0.1)
    mixer.setMicrophone(ToneSource(hz: 600))
    let detector = DTMFDetector()
    let probe = AudioProbe()
    mixer.setMicrophone(ToneSource(hz: 600, level: -35))
    for frame in frames(mixer, seconds: 2) {
      detector.receive(frame)
      probe.receive(frame)
    }
    #expect(detector.digits == "9")
    #expect(probe.purity(at: 600) > 0.999)
  }

  @Test func tonesComeBehindThoseThatAreStillToBePlayedUntilStopped() throws {
    let mixer = DTMFMixer()
    let detector = DTMFDetector()
    for digit in ["1", "2", "3"] { mixer.play(try #require(DTMFTones(digit, duration: .milliseconds(100)))) }
    for frame in frames(mixer, seconds: 0.25) { detector.receive(frame) }
    mixer.stop()
    for frame in frames(mixer, seconds: 1) { detector.receive(frame) }
    #expect(detector.digits == "12")
    #expect(!mixer.isPlaying)
  }

  @Test func aLoudMicrophoneHidesNoToneAndNothingWraps() throws {
    let mixer = DTMFMixer(ToneSource(hz: 440, level: -3.02))
    let detector = DTMFDetector()
    mixer.play(try #require(DTMFTones("9*1", duration: .milliseconds(100), gap: .milliseconds(70))))
    let sound = frames(mixer, seconds: 0.6)
    for frame in sound { detector.receive(frame) }
    #expect(detector.digits == "9*1")
    let samples = sound.flatMap(\.samples)
    #expect(zip(samples, samples.dropFirst()).allSatisfy { abs(Int($0) - Int($1)) < 10_000 })
  }
}
