import KandyTesting
import LinkMedia
import Testing

@Suite struct AudioProbeTests {
  private let probe = AudioProbe()

  private func hear(_ frames: [AudioFrame]) {
    for frame in frames { probe.receive(frame) }
  }

  @Test(arguments: [100.0, 440, 441.5, 1000, 3999, 12_345])
  func aToneIsFoundAndPure(_ hz: Double) {
    hear(frames(ToneSource(hz: hz, level: -20), seconds: 1))
    let reading = probe.reading()
    #expect(abs(reading.dominantHz - hz) < 0.2)
    #expect(reading.purity > 0.999)
    #expect(abs(reading.level + 20) < 0.05)
    #expect(reading.frames == 100)
    #expect(probe.purity(at: hz) > 0.999)
    #expect(probe.purity(at: hz + 60) < 0.001)
  }

  @Test func silenceHasNoFrequency() {
    hear(frames(SilenceSource(), seconds: 1))
    #expect(probe.reading() == .init(level: -120, dominantHz: 0, purity: 0, frames: 100))
    #expect(probe.purity(at: 440) == 0)
  }

  @Test func nothingIsMeasuredBeforeSoundComes() {
    #expect(probe.reading() == .init(level: -120, dominantHz: 0, purity: 0, frames: 0))
    #expect(probe.purity(at: 440) == 0)
    #expect(probe.level == -120)
  }

  @Test func twoEqualTonesShareTheEnergy() {
    let (first, second) = (frames(ToneSource(hz: 440), seconds: 1), frames(ToneSource(hz: 880), seconds: 1))
    hear(
      zip(first, second).map { AudioFrame(samples: zip($0.samples, $1.samples).map { $0 / 2 + $1 / 2 }, sampleRate: 48_000) })
    #expect(abs(probe.purity(at: 440) - 0.5) < 0.01)
    #expect(abs(probe.purity(at: 880) - 0.5) < 0.01)
    #expect(abs(probe.reading().purity - 0.5) < 0.01)
  }

  @Test func noiseIsNotPure() {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SplitMix64(seed: seed)
    hear(
      (0..<100).map { _ in
        AudioFrame(samples: (0..<480).map { _ in Int16(truncatingIfNeeded: random.next()) / 4 }, sampleRate: 48_000)
      })
    #expect(probe.reading().purity < 0.05, "seed \(seed)")
  }

  @Test func onlyTheLastSecondCounts() {
    hear(frames(ToneSource(hz: 440), seconds: 2))
    hear(frames(ToneSource(hz: 1000), seconds: 1))
    let reading = probe.reading()
    #expect(abs(reading.dominantHz - 1000) < 0.2)
    #expect(reading.purity > 0.999)
    #expect(reading.frames == 300)
  }

  @Test func aFewFramesAreEnough() {
    hear(frames(ToneSource(hz: 1000), seconds: 0.1))
    let reading = probe.reading()
    #expect(abs(reading.dominantHz - 1000) < 2)
    #expect(reading.purity > 0.99)
  }

  @Test func aConstantIsNotSound() {
    hear((0..<100).map { _ in AudioFrame(samples: [Int16](repeating: 8000, count: 480), sampleRate: 48_000) })
    #expect(probe.purity(at: 440) < 0.01)
  }

  @Test func anyRateAndNumberOfChannelsIsMeasured() {
    let mono = frames(ToneSource(hz: 1500, level: -20), seconds: 1)
    // Played at 16 kHz the same samples are a tone of 500 Hz. The right channel is a copy.
    hear(mono.map { AudioFrame(samples: $0.samples.flatMap { [$0, $0] }, sampleRate: 16_000, channels: 2) })
    let reading = probe.reading()
    #expect(abs(reading.dominantHz - 500) < 0.2)
    #expect(abs(reading.level + 20) < 0.05)
    #expect(reading.purity > 0.999)
  }

  @Test func aResetForgetsWhatWasHeard() {
    hear(frames(ToneSource(hz: 440), seconds: 1))
    probe.reset()
    #expect(probe.reading() == .init(level: -120, dominantHz: 0, purity: 0, frames: 100))
    hear(frames(ToneSource(hz: 880), seconds: 0.5))
    #expect(probe.purity(at: 880) > 0.999)
  }

  @Test func silenceAfterAToneIsSilence() {
    hear(frames(ToneSource(hz: 440), seconds: 1))
    hear(frames(SilenceSource(), seconds: 1))
    #expect(probe.level == -120)
  }
}
