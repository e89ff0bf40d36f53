import Kandy
import LinkMedia
import Synchronization

/// Hears and sees one end of a call: when the first sound and the first picture came, what they were, and keeps a copy.
final class Witness: AudioSink, VideoRenderer {
  let snapshot = PNGSnapshot()
  let recorder: WAVRecorder
  private let sound = AudioProbe()
  private let picture = VideoProbe()
  private let clock = ContinuousClock()
  private let first = Mutex(First())

  private struct First {
    var sound: ContinuousClock.Instant?
    var picture: ContinuousClock.Instant?
    var lastPicture: ContinuousClock.Instant?
  }

  /// - Parameter recording: the WAV file.
  init(recording: String) throws {
    recorder = try WAVRecorder(path: recording)
  }

  func attach(to call: Call) {
    call.addAudioSink(self)
    call.addVideoRenderer(self)
  }

  func receive(_ frame: AudioFrame) {
    // Before the far end's sound arrives there is comfort noise at most.
    if frame.samples.contains(where: { abs(Int($0)) > 500 }) {
      let now = clock.now
      first.withLock { $0.sound = $0.sound ?? now }
    }
    sound.receive(frame)
    recorder.receive(frame)
  }

  func render(_ frame: VideoFrame) {
    let now = clock.now
    first.withLock { first in
      first.picture = first.picture ?? now
      first.lastPicture = now
    }
    picture.render(frame)
    snapshot.render(frame)
  }

  var firstSound: ContinuousClock.Instant? { first.withLock { $0.sound } }
  var firstPicture: ContinuousClock.Instant? { first.withLock { $0.picture } }
  /// Whether no picture has come for a second.
  var seesNothing: Bool { first.withLock { $0.lastPicture }.map { clock.now - $0 >= .seconds(1) } ?? true }
  var level: Double { sound.level }
  var seen: VideoProbe.Reading { picture.reading() }

  /// How much of the last second's sound is this tone, 0…1.
  func purity(at hz: Double) -> Double { sound.purity(at: hz) }
}
