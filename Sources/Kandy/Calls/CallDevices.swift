import LinkMedia
import LinkProtocol
import NIOPosix

/// Where calls get their microphone, camera and speaker from when their options name none: the default devices (R-MEDIA-17).
///
/// Each function throws `MediaError` with code `device` when the device cannot be had.
struct CallDevices: Sendable {
  var microphone: @Sendable () async throws -> any AudioSource
  /// `nil` when there is no camera.
  var camera: @Sendable (VideoResolution?) async throws -> (any VideoSource)?
  /// The screen or window that the application named.
  var screen: @Sendable (ScreenShare) async throws -> any VideoSource
  /// `nil` when nobody listens.
  var speaker: @Sendable () async throws -> (any AudioSink)?

  /// Virtual devices with these ids, which are asked for when a call needs one; without an id, those that stand in on a machine
  /// without any.
  static func virtual(_ chosen: @escaping @Sendable () -> DefaultDevices) -> CallDevices {
    CallDevices(
      microphone: { try await opening { try VirtualDevices.microphone(chosen().microphone ?? VirtualDevices.tone) } },
      camera: { resolution in
        try await opening {
          try VirtualDevices.camera(
            chosen().camera ?? "virtual:pattern", width: resolution?.width, height: resolution?.height)
        }
      },
      screen: { share in
        try await opening {
          try VirtualDevices.screen(
            share.mediaSourceId, width: share.width, height: share.height, framesPerSecond: share.frameRate)
        }
      },
      speaker: { try await opening { try VirtualDevices.speaker(chosen().speaker ?? VirtualDevices.null) } })
  }

  /// Opening a device may read a file, which must not hold up the cooperative pool.
  private static func opening<Device: Sendable>(_ open: @escaping @Sendable () throws -> Device) async throws -> Device {
    try await NIOThreadPool.singleton.runIfActive(open)
  }
}

/// What a call's options say about its devices.
struct CallSources: Sendable {
  var microphone: (any AudioSource)?
  var camera: (any VideoSource)?
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
  var isScreen: Bool { camera.isScreen }

  func nextFrame() -> VideoFrame? {
    guard let frame = camera.nextFrame() else { return nil }
    renderers.render(frame)
    return frame
  }
}
