import Synchronization

/// Lets any number of parties hear each other: each has a port, which is a sink for what the party says and a source of what
/// it is to hear – all others, never itself (R-MEDIA-72).
///
/// **Delay.** Between every two ports lies a queue of 10 to 60 ms, 20 ms at first, since parties come from engines with clocks of
/// their own. One that runs dry is silence until it has 20 ms again; one that would hold more than 60 ms drops the oldest.
///
/// **Limiter.** A sum that would exceed −0.1 dBFS is turned down, each port's by itself, at once and by just enough, and comes back
/// with a time constant of 200 ms; so it is neither cut off nor wraps. A sum that is not too loud is passed on sample for sample.
///
/// Reading and receiving are done on the callers' threads, one after another: a port's microphone that blocks, which sources must not,
/// holds up all parties, and one must not touch its mixer while it is read.
public final class AudioMixer: Sendable {
  fileprivate struct Party {
    var gain = Gain(1)
    var microphone: (any AudioSource)?
    var microphoneGain = Gain(1)
    var resampler = MonoResampler(to: 48_000)
    var limiter = Limiter()
    /// What the others have said and this party has not heard, by party.
    var buffers: [Int: JitterBuffer] = [:]
  }

  fileprivate struct State {
    var lastID = 0
    var parties: [Int: Party] = [:]
  }

  private let state = Mutex(State())

  public init() {}

  /// Adds a party.
  public func addPort() -> Port {
    let id = state.withLock { state in
      state.lastID += 1
      state.parties[state.lastID] = Party()
      return state.lastID
    }
    return Port(id: id, mixer: self)
  }

  /// How many parties there are.
  public var portCount: Int { state.withLock { $0.parties.count } }

  /// One party of a mixer. A port that is released leaves.
  public final class Port: AudioSink, AudioSource {
    fileprivate let id: Int
    private let mixer: AudioMixer

    fileprivate init(id: Int, mixer: AudioMixer) {
      self.id = id
      self.mixer = mixer
    }

    deinit {
      leave()
    }

    /// What the party says, of any rate and number of channels.
    public func receive(_ frame: AudioFrame) {
      mixer.state.withLock { $0.receive(frame, from: id) }
    }

    /// What the party is to hear: everybody else, and the microphone of this port.
    public func read(into buffer: UnsafeMutableBufferPointer<Int16>) {
      mixer.state.withLock { $0.read(for: id, into: buffer) }
    }

    /// How loud the others hear this party: 1 as it is, 0 not at all. Changes within 10 ms, without a click.
    public var gain: Double {
      get { mixer.state.withLock { Double($0.parties[id]?.gain.wanted ?? 0) } }
      set { mixer.state.withLock { $0.parties[id]?.gain.wanted = Float(newValue) } }
    }

    /// Somebody else whom only this party hears: the user of the device on which the mixer is, in each of his calls. When it
    /// returns, the earlier microphone is not read any more.
    public func setMicrophone(_ microphone: (any AudioSource)?) {
      mixer.state.withLock { $0.parties[id]?.microphone = microphone }
    }

    /// How loud the party hears that microphone. It is read also while the gain is 0.
    public var microphoneGain: Double {
      get { mixer.state.withLock { Double($0.parties[id]?.microphoneGain.wanted ?? 0) } }
      set { mixer.state.withLock { $0.parties[id]?.microphoneGain.wanted = Float(newValue) } }
    }

    /// Takes the party out: nobody hears it any more, and it hears nobody. Idempotent.
    public func leave() {
      mixer.state.withLock { $0.remove(id) }
    }
  }
}

extension AudioMixer.State {
  fileprivate mutating func remove(_ id: Int) {
    parties[id] = nil
    for other in parties.keys { parties[other]?.buffers[id] = nil }
  }

  fileprivate mutating func receive(_ frame: AudioFrame, from id: Int) {
    guard parties[id] != nil else { return }
    var samples: [Int16] = []
    samples.reserveCapacity(480)
    parties[id]?.resampler.append(frame, to: &samples)
    parties[id]?.gain.apply(to: &samples)
    for other in parties.keys where other != id {
      parties[other]?.buffers[id, default: JitterBuffer()].write(samples)
    }
  }

  fileprivate mutating func read(for id: Int, into output: UnsafeMutableBufferPointer<Int16>) {
    guard parties[id] != nil else { return output.update(repeating: 0) }
    var sum = [Int32](repeating: 0, count: output.count)
    if let microphone = parties[id]?.microphone {
      var samples = [Int16](repeating: 0, count: output.count)
      samples.withUnsafeMutableBufferPointer { microphone.read(into: $0) }
      parties[id]?.microphoneGain.apply(to: &samples)
      Self.add(samples, to: &sum)
    }
    // In place, so that no buffer is copied.
    for other in parties[id]?.buffers.keys.map({ $0 }) ?? [] {
      parties[id]?.buffers[other]?.read(addingTo: &sum)
    }
    parties[id]?.limiter.limit(sum, into: output)
  }

  private static func add(_ samples: [Int16], to sum: inout [Int32]) {
    samples.withUnsafeBufferPointer { samples in
      sum.withUnsafeMutableBufferPointer { sum in
        var index = 0
        while index < sum.count {
          sum[index] &+= Int32(samples[index])
          index &+= 1
        }
      }
    }
  }
}

/// A factor that goes from one value to another within one block, so that nothing clicks. Before the first block there is nothing
/// that could: what begins silent is silent from the first sample.
struct Gain {
  var wanted: Float
  /// That of the block before.
  private var current: Float?

  init(_ value: Float) {
    wanted = value
  }

  mutating func apply(to samples: inout [Int16]) {
    samples.withUnsafeMutableBufferPointer { apply(to: $0) }
  }

  mutating func apply(to samples: UnsafeMutableBufferPointer<Int16>) {
    defer { current = wanted }
    let from = current ?? wanted
    if from == wanted, wanted == 1 { return }
    let step = (wanted - from) / Float(max(1, samples.count))
    var index = 0
    while index < samples.count {
      let value = Float(samples[index]) * (from + step * Float(index))
      samples[index] = Int16(max(-32_768, min(32_767, value)))
      index &+= 1
    }
  }
}
