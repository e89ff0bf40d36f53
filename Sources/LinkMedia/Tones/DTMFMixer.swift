public import LinkProtocol
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A microphone into which keypad tones can be mixed, for far ends that take no telephone events (R-MEDIA-41): each frequency of
/// a tone has a tenth of the full amplitude. While a tone sounds the microphone is silent, as on every telephone: what is said would
/// hide the tone from whoever counts it.
///
/// The microphone behind it can be replaced at any time, also while tones sound.
public final class DTMFMixer: AudioSource {
  /// A stretch of tone or silence.
  private struct Segment {
    let tone: DTMFTone?
    let length: Int
  }

  private struct State {
    var microphone: (any AudioSource)?
    var segments: [Segment] = []
    /// How much of the first segment has been played.
    var position = 0
    /// How loud the microphone is.
    var gain = Gain(1)

    /// Whether a tone sounds within so many samples from now.
    func sounds(within count: Int) -> Bool {
      var left = count + position
      for segment in segments where left > 0 {
        if segment.tone != nil { return true }
        left -= segment.length
      }
      return false
    }
  }

  private let state: Mutex<State>

  private static let amplitude = 0.1 * 32_768
  /// Tones swell and fade within 2 ms, so that they do not click.
  private static let ramp = 96

  /// - Parameter microphone: `nil` is a silent room.
  public init(_ microphone: (any AudioSource)? = nil) {
    state = Mutex(State(microphone: microphone))
  }

  /// Replaces the microphone. When it returns, the earlier one is not read any more.
  public func setMicrophone(_ microphone: (any AudioSource)?) {
    state.withLock { $0.microphone = microphone }
  }

  /// Plays tones behind those that are still to be played, each for 100 ms unless they say otherwise.
  public func play(_ tones: DTMFTones) {
    let length = Self.samples(tones.duration ?? DTMFTones.soundDuration)
    let segments = tones.tones.flatMap { tone in
      guard let tone else { return [Segment(tone: nil, length: 2 * 48_000)] }
      return [Segment(tone: tone, length: length), Segment(tone: nil, length: Self.samples(tones.gap))]
    }
    state.withLock { $0.segments += segments }
  }

  /// Whether there are tones that have not been played to their end.
  public var isPlaying: Bool { state.withLock { !$0.segments.isEmpty } }

  /// Plays nothing more of what it was told to.
  public func stop() {
    state.withLock { ($0.segments, $0.position) = ([], 0) }
  }

  public func read(into buffer: UnsafeMutableBufferPointer<Int16>) {
    state.withLock { state in
      if let microphone = state.microphone {
        microphone.read(into: buffer)
      } else {
        buffer.update(repeating: 0)
      }
      state.gain.wanted = state.sounds(within: buffer.count) ? 0 : 1
      state.gain.apply(to: buffer)
      var index = 0
      while index < buffer.count, let segment = state.segments.first {
        let count = min(buffer.count - index, segment.length - state.position)
        if let tone = segment.tone {
          Self.add(tone, to: buffer, at: index, from: state.position, count: count, of: segment.length)
        }
        index += count
        state.position += count
        if state.position == segment.length {
          state.segments.removeFirst()
          state.position = 0
        }
      }
    }
  }

  private static func add(
    _ tone: DTMFTone, to buffer: UnsafeMutableBufferPointer<Int16>, at start: Int, from position: Int, count: Int,
    of length: Int
  ) {
    let (low, high) = (2 * Double.pi * tone.low / 48_000, 2 * Double.pi * tone.high / 48_000)
    var offset = 0
    while offset < count {
      let place = position &+ offset
      let edge = Double(min(ramp, place, length &- 1 &- place)) / Double(ramp)
      let value = amplitude * edge * (sin(low * Double(place)) + sin(high * Double(place)))
      buffer[start &+ offset] = Int16(clamping: Int(buffer[start &+ offset]) &+ Int(value.rounded()))
      offset &+= 1
    }
  }

  private static func samples(_ duration: Duration) -> Int {
    let (seconds, attoseconds) = duration.components
    return 48_000 * Int(seconds) + Int(attoseconds / 1_000_000_000_000) * 48 / 1000
  }
}
