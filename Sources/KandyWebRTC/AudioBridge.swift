import CWebRTC
import LinkMedia

extension kwr_audio_source {
  /// A source that the shim reads on its audio thread and releases when it does not need it any more.
  init(_ source: any AudioSource) {
    self.init(
      context: Held(source).handOver(), release: releaseHeld,
      read: { context, samples in
        guard let source = Held<any AudioSource>.value(of: context), let samples else { return }
        source.read(into: UnsafeMutableBufferPointer(start: samples, count: 480))
      })
  }
}

extension kwr_audio_sink {
  init(_ sinks: [any AudioSink]) {
    self.init(
      context: Held(sinks).handOver(), release: releaseHeld,
      receive: { context, samples, sampleRate, channels, frames in
        guard let sinks = Held<[any AudioSink]>.value(of: context), let samples else { return }
        let frame = AudioFrame(
          samples: Array(UnsafeBufferPointer(start: samples, count: Int(frames) * Int(channels))),
          sampleRate: Int(sampleRate), channels: Int(channels))
        for sink in sinks { sink.receive(frame) }
      })
  }
}
