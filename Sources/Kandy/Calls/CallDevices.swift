import LinkMedia

/// Where calls get their microphone, camera and speaker from when their options name none: the default devices (R-MEDIA-17).
///
/// Each function throws `MediaError` with code `device` when the device cannot be had.
struct CallDevices: Sendable {
  var microphone: @Sendable () async throws -> any AudioSource
  /// `nil` when there is no camera.
  var camera: @Sendable (VideoResolution?) async throws -> (any VideoSource)?
  /// `nil` when nobody listens.
  var speaker: @Sendable () async throws -> (any AudioSink)?

  /// The virtual devices that stand in on a machine without any.
  static let virtual = CallDevices(
    microphone: { try VirtualDevices.microphone(VirtualDevices.tone) },
    camera: { try VirtualDevices.camera("virtual:pattern", width: $0?.width, height: $0?.height) },
    speaker: { try VirtualDevices.speaker(VirtualDevices.null) })
}

/// What a call's options say about its devices.
struct CallSources: Sendable {
  var microphone: (any AudioSource)?
  var camera: (any VideoSource)?
  var resolution: VideoResolution?
}

/// A camera that shows its pictures to the local containers as well.
final class TappedCamera: VideoSource {
  private let camera: any VideoSource
  private let renderers: VideoFanOut

  init(_ camera: any VideoSource, showing renderers: VideoFanOut) {
    self.camera = camera
    self.renderers = renderers
  }

  var framesPerSecond: Int { camera.framesPerSecond }

  func nextFrame() -> VideoFrame? {
    guard let frame = camera.nextFrame() else { return nil }
    renderers.render(frame)
    return frame
  }
}
