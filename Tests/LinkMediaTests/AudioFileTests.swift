import Testing

@testable import LinkMedia

@Suite struct WAVSourceTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func source(_ bytes: [UInt8], loops: Bool = true) throws -> WAVSource {
    try WAVSource(path: try folder.write(bytes, to: "F.wav"), loops: loops)
  }

  @Test func aFileOf48KilohertzMonoIsPlayedExactly() throws {
    let sound = (0..<960).map { Int16($0 * 30 - 14_000) }
    #expect(try samples(source(wav(sound)), seconds: 0.02) == sound)
  }

  @Test func aFileLoopsWithoutAGap() throws {
    let sound = (0..<700).map { Int16($0) }
    #expect(try samples(source(wav(sound)), seconds: 0.03) == Array((sound + sound + sound).prefix(1440)))
  }

  @Test func aFileThatDoesNotLoopIsFollowedBySilence() throws {
    let source = try source(wav([Int16](repeating: 1000, count: 600)), loops: false)
    #expect(!source.hasEnded)
    let heard = samples(source, seconds: 0.02)
    #expect(heard == [Int16](repeating: 1000, count: 600) + [Int16](repeating: 0, count: 360))
    #expect(source.hasEnded)
  }

  @Test func channelsAreAveraged() throws {
    let stereo = (0..<480).flatMap { _ in [Int16(1000), Int16(3000)] }
    #expect(try samples(source(wav(stereo, channels: 2)), seconds: 0.01) == [Int16](repeating: 2000, count: 480))
  }

  @Test func aLowerRateIsInterpolated() throws {
    let heard = try samples(source(wav([0, 300, 600, 300], sampleRate: 16_000)), seconds: 0.01)
    #expect(Array(heard.prefix(12)) == [0, 100, 200, 300, 400, 500, 600, 500, 400, 300, 200, 100])
    #expect(Array(heard[12..<24]) == Array(heard.prefix(12)))
  }

  @Test(arguments: [8000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000])
  func aToneKeepsItsFrequencyAtEveryRate(_ rate: Int) throws {
    // The source makes 48,000 samples a second; said to be of another rate, they are another tone.
    let sound = samples(ToneSource(hz: 480, level: -12), seconds: 3)
    let source = try source(wav(sound, sampleRate: rate))
    let probe = AudioProbe()
    for frame in frames(source, seconds: 1) { probe.receive(frame) }
    let hz = 480 * Double(rate) / 48_000
    #expect(abs(probe.reading().dominantHz - hz) < 0.3)
    #expect(probe.purity(at: hz) > 0.995)
    #expect(source.sampleRate == rate)
  }

  @Test func otherChunksAreSkipped() throws {
    let sound = [Int16](repeating: 7, count: 480)
    #expect(try samples(source(wav(sound, extraChunk: true)), seconds: 0.01) == sound)
  }

  @Test(arguments: [0xFFFF_FFFF, 10_000])
  func aLengthBeyondTheEndMeansTheEnd(_ claimed: Int) throws {
    let sound = (0..<480).map { Int16($0) }
    #expect(try samples(source(wav(sound, claimedCount: claimed)), seconds: 0.01) == sound)
  }

  @Test func aMalformedFileIsRefused() throws {
    let good = wav([1, 2, 3, 4])
    let bad: [[UInt8]] = [
      [], Array("RIFF".utf8), Array(repeating: 0, count: 100), wav([]), wav([1, 2], format: 3), wav([1, 2], bits: 24),
      wav([1, 2], channels: 0), wav([1, 2], channels: 100), wav([1, 2], sampleRate: 10), Array(good.prefix(40)),
      Array(good.prefix(44)),
      Array(good.prefix(12) + good[36...]),
    ]
    for bytes in bad {
      let error = #expect(throws: MediaError.self) { try source(bytes) }
      #expect(error?.code == .device)
    }
  }

  @Test func everyTruncationAndEveryChangedByteIsSurvived() throws {
    let good = wav((0..<50).map { Int16($0) }, sampleRate: 8000, channels: 2, extraChunk: true)
    for count in good.indices { _ = try? WAVFormat(parsing: Array(good.prefix(count)), path: "") }
    for index in 0..<60 {
      for value: UInt8 in [0, 1, 127, 255] {
        var bytes = good
        bytes[index] = value
        if let source = try? source(bytes) { _ = samples(source, seconds: 0.01) }
      }
    }
  }
}

@Suite struct WAVRecorderTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  @Test func whatIsHeardIsRecorded() async throws {
    let recorder = try WAVRecorder(path: folder.file("R.wav"))
    let sound = frames(ToneSource(hz: 440), seconds: 0.55)
    for frame in sound { recorder.receive(frame) }
    try await recorder.close()
    #expect(try folder.read("R.wav") == wav(sound.flatMap(\.samples)))
    #expect(recorder.duration == .milliseconds(550))
    #expect(recorder.droppedSamples == 0)
  }

  @Test func anEmptyRecordingIsAnEmptyFile() async throws {
    let recorder = try WAVRecorder(path: folder.file("R.wav"))
    try await recorder.close()
    #expect(try folder.read("R.wav") == wav([]))
  }

  @Test func nothingIsRecordedAfterClose() async throws {
    let recorder = try WAVRecorder(path: folder.file("R.wav"))
    let sound = frames(ToneSource(hz: 440), seconds: 0.02)
    recorder.receive(sound[0])
    try await recorder.close()
    recorder.receive(sound[1])
    try await recorder.close()
    #expect(try folder.read("R.wav") == wav(sound[0].samples))
  }

  @Test func theFileIsValidWhileItIsBeingWritten() async throws {
    let recorder = try WAVRecorder(path: folder.file("R.wav"))
    for frame in frames(ToneSource(hz: 1000), seconds: 2.5) { recorder.receive(frame) }
    // The recorder's queue is the only one who writes; wait until it has written all that it has been given.
    let complete = WAVFormat.headerCount + 2 * 48_000 * 5 / 2
    while try folder.read("R.wav").count < complete { await Task.yield() }
    let source = try WAVSource(path: folder.file("R.wav"), loops: false)
    #expect(source.duration >= .milliseconds(1500))
    let probe = AudioProbe()
    for frame in frames(source, seconds: 1) { probe.receive(frame) }
    #expect(probe.purity(at: 1000) > 0.999)
    try await recorder.close()
    #expect(try WAVSource(path: folder.file("R.wav")).duration == .milliseconds(2500))
  }

  @Test func aReleasedRecorderFinishesItsFile() async throws {
    let sound = frames(ToneSource(hz: 440), seconds: 0.05)
    do {
      let recorder = try WAVRecorder(path: folder.file("R.wav"))
      for frame in sound { recorder.receive(frame) }
    }
    let expected = wav(sound.flatMap(\.samples))
    while try folder.read("R.wav") != expected { await Task.yield() }
  }

  @Test func soundOfAnotherFormIsConverted() async throws {
    let recorder = try WAVRecorder(path: folder.file("R.wav"))
    let tone = frames(ToneSource(hz: 1500, level: -12), seconds: 3)
    // 160 samples at 16 kHz are 10 ms of a tone of 500 Hz; the right channel is a copy.
    for frame in tone {
      for part in 0..<3 {
        let samples = frame.samples[part * 160..<(part + 1) * 160].flatMap { [$0, $0] }
        recorder.receive(AudioFrame(samples: samples, sampleRate: 16_000, channels: 2))
      }
    }
    try await recorder.close()
    let source = try WAVSource(path: folder.file("R.wav"))
    #expect(source.sampleRate == 48_000)
    #expect(source.channels == 1)
    #expect(source.duration == .seconds(9))
    let probe = AudioProbe()
    for frame in frames(source, seconds: 2) { probe.receive(frame) }
    #expect(probe.purity(at: 500) > 0.995)
    #expect(abs(probe.level + 12) < 0.2)
  }

  @Test func aFullDiskIsReported() async throws {
    let recorder = try WAVRecorder(path: folder.file("R.wav"))
    try await recorder.close()
    #if os(Linux)
      // Every write to this device fails as if the disk were full.
      #expect(throws: MediaError.self) { try WAVRecorder(path: "/dev/full") }
    #endif
  }
}
