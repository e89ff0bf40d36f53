import KandyTesting
import Testing

@testable import LinkMedia

@Suite struct AudioMixerTests {
  /// A party of a mixer that speaks with a tone.
  private struct Party {
    let port: AudioMixer.Port
    let voice: ToneSource
    let ear = AudioProbe()

    init(_ mixer: AudioMixer, hz: Double, level: Double = -20) {
      port = mixer.addPort()
      voice = ToneSource(hz: hz, level: level)
    }

    func speak() {
      for frame in frames(voice, seconds: 0.01) { port.receive(frame) }
    }

    func listen() {
      for frame in frames(port, seconds: 0.01) { ear.receive(frame) }
    }

    /// Which of some tones are heard.
    func hears(_ tones: [Double]) -> [Double] {
      tones.filter { ear.purity(at: $0) > 0.1 }
    }
  }

  private let tones = [440.0, 700, 1000, 1500]

  private func talk(_ parties: [Party], steps: Int = 120) {
    for _ in 0..<steps {
      for party in parties { party.speak() }
      for party in parties { party.listen() }
    }
  }

  @Test(.spec("R-MEDIA-72", "TV-157")) func eachHearsAllOthersAndNeverItself() {
    let mixer = AudioMixer()
    let parties = tones.map { Party(mixer, hz: $0) }
    talk(parties)
    for (index, party) in parties.enumerated() {
      var others = tones
      others.remove(at: index)
      #expect(party.hears(tones) == others)
      for hz in others { #expect(abs(party.ear.purity(at: hz) - 1.0 / 3) < 0.01) }
      #expect(party.ear.purity(at: tones[index]) < 0.001)
    }
    #expect(mixer.portCount == 4)
  }

  @Test func twoHearEachOtherSampleForSample() {
    let mixer = AudioMixer()
    let (alice, bob) = (mixer.addPort(), mixer.addPort())
    let said = frames(ToneSource(hz: 440, level: -6), seconds: 0.5)
    var heard: [Int16] = []
    for frame in said {
      alice.receive(frame)
      heard += samples(bob, seconds: 0.01)
    }
    // 20 ms are gathered first, of which one block is read with the second one that is written.
    #expect(Array(heard.dropFirst(480)) == Array(said.flatMap(\.samples).dropLast(480)))
    #expect(heard.prefix(480).allSatisfy { $0 == 0 })
  }

  @Test(.spec("R-MEDIA-74")) func aMutedPartyIsNotHeardAndHearsOn() {
    let mixer = AudioMixer()
    let parties = tones.prefix(3).map { Party(mixer, hz: $0) }
    talk(parties)
    parties[0].port.gain = 0
    talk(parties)
    #expect(parties[1].hears(tones) == [1000])
    #expect(parties[0].hears(tones) == [700, 1000])
    parties[0].port.gain = 1
    talk(parties)
    #expect(parties[1].hears(tones) == [440, 1000])
  }

  @Test(.spec("R-MEDIA-72")) func aPortsMicrophoneIsHeardThereOnly() {
    let mixer = AudioMixer()
    let parties = tones.prefix(2).map { Party(mixer, hz: $0) }
    parties[0].port.setMicrophone(ToneSource(hz: 1000, level: -20))
    talk(parties)
    #expect(parties[0].hears(tones) == [700, 1000])
    #expect(parties[1].hears(tones) == [440])
    parties[0].port.microphoneGain = 0
    talk(parties)
    #expect(parties[0].hears(tones) == [700])
    parties[0].port.microphoneGain = 1
    parties[0].port.setMicrophone(nil)
    talk(parties)
    #expect(parties[0].hears(tones) == [700])
  }

  @Test(.spec("R-MEDIA-72")) func aMicrophoneAndTwoOthersAreAddedSampleForSample() {
    let mixer = AudioMixer()
    let (alice, bob, carol) = (mixer.addPort(), mixer.addPort(), mixer.addPort())
    func tone(_ hz: Double) -> ToneSource { ToneSource(hz: hz, level: -20) }
    carol.setMicrophone(tone(440))
    let said = zip(frames(tone(700), seconds: 0.5), frames(tone(1000), seconds: 0.5))
    var heard: [Int16] = []
    for (fromAlice, fromBob) in said {
      alice.receive(fromAlice)
      bob.receive(fromBob)
      heard += samples(carol, seconds: 0.01)
    }
    // The others come a block later than the microphone.
    let silence = [Int16](repeating: 0, count: 480)
    let others = [tone(700), tone(1000)].map { silence + samples($0, seconds: 0.49) }
    let wanted = zip(samples(tone(440), seconds: 0.5), zip(others[0], others[1])).map { $0 + $1.0 + $1.1 }
    #expect(heard == wanted)
  }

  @Test(.spec("R-MEDIA-74")) func whatBeginsMutedIsSilentFromTheFirstSample() {
    let mixer = AudioMixer()
    let (alice, bob) = (mixer.addPort(), mixer.addPort())
    alice.gain = 0
    bob.setMicrophone(ToneSource(hz: 440))
    bob.microphoneGain = 0
    var heard: [Int16] = []
    for frame in frames(ToneSource(hz: 700), seconds: 0.1) {
      alice.receive(frame)
      heard += samples(bob, seconds: 0.01)
    }
    #expect(heard == [Int16](repeating: 0, count: 4800))
  }

  @Test(.spec("R-MEDIA-73")) func aPartyThatHasLeftIsNotHeardAndHearsNobody() {
    let mixer = AudioMixer()
    let parties = tones.prefix(3).map { Party(mixer, hz: $0) }
    talk(parties)
    parties[2].port.leave()
    parties[2].port.leave()
    talk(parties)
    #expect(parties[0].hears(tones) == [700])
    #expect(parties[2].ear.level == -120)
    #expect(mixer.portCount == 2)
    #expect(parties[2].port.gain == 0)
  }

  @Test func aPortThatIsReleasedLeaves() {
    let mixer = AudioMixer()
    for _ in 0..<3 { mixer.addPort().receive(AudioFrame(samples: [1], sampleRate: 48_000)) }
    #expect(mixer.portCount == 0)
  }

  @Test(arguments: [8000, 16_000, 44_100]) func anyRateAndAnyChannelsAreMixed(_ sampleRate: Int) {
    let mixer = AudioMixer()
    let (alice, bob) = (mixer.addPort(), mixer.addPort())
    let probe = AudioProbe()
    let count = sampleRate / 100
    for step in 0..<120 {
      let samples = (0..<count).flatMap { index in
        [Int16](repeating: Int16(8000 * sine(440 * Double(step * count + index) / Double(sampleRate))), count: 2)
      }
      alice.receive(AudioFrame(samples: samples, sampleRate: sampleRate, channels: 2))
      for frame in frames(bob, seconds: 0.01) { probe.receive(frame) }
    }
    #expect(probe.purity(at: 440) > 0.98)
  }

  @Test func twoFullScaleTonesOnTopOfAFullScaleMicrophoneAreTurnedDownToTheLimit() {
    let mixer = AudioMixer()
    let parties = tones.prefix(3).map { Party(mixer, hz: $0, level: -3.02) }
    parties[0].port.setMicrophone(ToneSource(hz: 440, level: -3.02))
    var loudest = 0
    for _ in 0..<150 {
      for party in parties { party.speak() }
      let frame = frames(parties[0].port, seconds: 0.01)[0]
      loudest = max(loudest, frame.samples.map { abs(Int($0)) }.max() ?? 0)
      parties[0].ear.receive(frame)
    }
    #expect(loudest <= Int(Limiter.ceiling) && loudest > Int(Limiter.ceiling) - 100)
    // A sum that is cut off has other tones in it; this one has its own in equal shares.
    let shares = tones.prefix(3).map { parties[0].ear.purity(at: $0) }
    #expect(shares.allSatisfy { abs($0 - 1.0 / 3) < 0.02 }, "\(shares)")
    #expect(shares.reduce(0, +) > 0.97, "\(shares)")
  }

  @Test func sixDecibelsTooMuchAreTurnedDownAndDoNotWrap() {
    let mixer = AudioMixer()
    // Two full-scale sines in step: twice full scale, 6 dB over.
    let parties = [440.0, 440, 1000].map { Party(mixer, hz: $0, level: -3.02) }
    var heard: [Int16] = []
    for _ in 0..<150 {
      for party in parties.prefix(2) { party.speak() }
      let frames = frames(parties[2].port, seconds: 0.01)
      heard += frames.flatMap(\.samples)
      for frame in frames { parties[2].ear.receive(frame) }
    }
    // Neither does it jump from one end to the other, nor is it cut off at the end of the scale.
    #expect(zip(heard, heard.dropFirst()).allSatisfy { abs(Int($0) - Int($1)) < 4000 })
    #expect(heard.allSatisfy { abs(Int($0)) <= Int(Limiter.ceiling) })
    #expect(parties[2].ear.purity(at: 440) > 0.99)
    #expect(parties[2].ear.level > -4)
  }
}

@Suite struct LimiterTests {
  private func limited(_ sum: [Int32], by limiter: inout Limiter) -> [Int16] {
    var output = [Int16](repeating: 0, count: sum.count)
    output.withUnsafeMutableBufferPointer { limiter.limit(sum, into: $0) }
    return output
  }

  @Test func whatFitsPassesUnchanged() {
    var limiter = Limiter()
    let sum: [Int32] = (0..<480).map { 32_000 * ($0 % 2 == 0 ? 1 : -1) + $0 % 300 }
    #expect(limited(sum, by: &limiter) == sum.map { Int16($0) })
  }

  @Test func theExtremesOfManySummandsStayInRange() {
    var limiter = Limiter()
    for value: Int32 in [32_768 * 100, -32_768 * 100, 32_767, -32_768] {
      let output = limited([Int32](repeating: value, count: 480), by: &limiter)
      #expect(output.allSatisfy { ($0 > 0) == (value > 0) && abs(Int($0)) <= Int(Limiter.ceiling) })
    }
  }

  @Test func theLevelComesBackSlowlyAndCompletely() {
    var limiter = Limiter()
    _ = limited([Int32](repeating: 65_536, count: 480), by: &limiter)
    let quiet = [Int32](repeating: 10_000, count: 480)
    let first = limited(quiet, by: &limiter)
    #expect(zip(first, first.dropFirst()).allSatisfy { $0 <= $1 }, "it only rises")
    #expect(first[0] < 5100)
    #expect(first[479] < 5500, "and not faster than 5 % in 10 ms")
    for _ in 0..<150 { _ = limited(quiet, by: &limiter) }
    #expect(limited(quiet, by: &limiter) == [Int16](repeating: 10_000, count: 480))
  }
}

@Suite struct JitterBufferTests {
  private func block(_ value: Int16) -> [Int16] { [Int16](repeating: value, count: JitterBuffer.block) }

  private func read(_ buffer: inout JitterBuffer) -> Int32 {
    var sum = [Int32](repeating: 0, count: JitterBuffer.block)
    buffer.read(addingTo: &sum)
    return sum[0]
  }

  @Test func itBeginsWhenItHasTwentyMilliseconds() {
    var buffer = JitterBuffer()
    buffer.write(block(1))
    #expect(read(&buffer) == 0)
    buffer.write(block(2))
    #expect(read(&buffer) == 1)
    #expect(read(&buffer) == 2)
  }

  @Test func aBlockThatIsLateIsNotMissed() {
    var buffer = JitterBuffer()
    for value: Int16 in 1...2 { buffer.write(block(value)) }
    #expect(read(&buffer) == 1)
    // Nothing comes for 10 ms, then two blocks at once.
    #expect(read(&buffer) == 2)
    for value: Int16 in 3...4 { buffer.write(block(value)) }
    #expect(read(&buffer) == 3)
    #expect(read(&buffer) == 4)
  }

  @Test func afterItHasRunDryItGathersAgain() {
    var buffer = JitterBuffer()
    for value: Int16 in 1...2 { buffer.write(block(value)) }
    for _ in 0..<3 { _ = read(&buffer) }
    buffer.write(block(3))
    #expect(read(&buffer) == 0)
    buffer.write(block(4))
    #expect(read(&buffer) == 3)
  }

  @Test func aReaderThatHasStoppedHearsTheNewestTwentyMilliseconds() {
    var buffer = JitterBuffer()
    for value: Int16 in 1...1000 { buffer.write(block(value)) }
    #expect(buffer.count <= JitterBuffer.capacity)
    let delays = (0..<6).map { _ in read(&buffer) }.filter { $0 != 0 }
    #expect(delays.first.map { 1000 - $0 <= 5 } == true)
    #expect(delays.last == 1000)
  }

  @Test func moreThanItHoldsAtOnceLeavesTheEnd() {
    var buffer = JitterBuffer()
    buffer.write((0..<10_000).map { Int16($0) })
    #expect(buffer.count == JitterBuffer.start)
    #expect(read(&buffer) == 10_000 - 960)
  }

  @Test func blocksOfOtherLengthsAreCountedInSamples() {
    var buffer = JitterBuffer()
    for start in stride(from: 0, to: 4410, by: 441) {
      buffer.write((start..<start + 441).map { Int16($0) })
      if start >= 1323 { #expect(read(&buffer) == Int32((start - 1323) / 441 * 480)) }
    }
  }
}
