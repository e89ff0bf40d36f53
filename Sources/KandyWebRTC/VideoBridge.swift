import CWebRTC
import LinkMedia

/// A picture as libwebrtc keeps it: neither decoded frames nor forwarded ones are copied.
final class NativePicture: I420Buffer, @unchecked Sendable {
  // Sendable: the picture is immutable, and its reference count is atomic.
  private let picture: OpaquePointer
  private let planes: kwr_planes

  /// Keeps the picture by a reference of its own.
  init(retaining picture: OpaquePointer) {
    kwr_picture_retain(picture)
    self.picture = picture
    self.planes = kwr_picture_planes(picture)
  }

  deinit {
    kwr_picture_release(picture)
  }

  var width: Int { Int(planes.width) }
  var height: Int { Int(planes.height) }

  func withPlanes<Result>(_ body: (I420Planes) throws -> Result) rethrows -> Result {
    try withExtendedLifetime(self) {
      try body(
        I420Planes(
          y: planes.y, u: planes.u, v: planes.v, strideY: Int(planes.stride_y), strideU: Int(planes.stride_u),
          strideV: Int(planes.stride_v)))
    }
  }

  /// A reference for the shim.
  func retained() -> OpaquePointer {
    kwr_picture_retain(picture)
    return picture
  }
}

extension I420Buffer {
  /// A reference for the shim to the picture, or to a copy where it is not libwebrtc's own.
  func nativePicture() -> OpaquePointer? {
    if let native = self as? NativePicture { return native.retained() }
    return withPlanes { planes in
      var native = kwr_planes(
        y: planes.y, u: planes.u, v: planes.v, stride_y: Int32(planes.strideY), stride_u: Int32(planes.strideU),
        stride_v: Int32(planes.strideV), width: Int32(width), height: Int32(height))
      return kwr_picture_copy(&native)
    }
  }
}

extension kwr_video_source {
  init(_ source: any VideoSource) {
    self.init(
      context: Held(source).handOver(), release: releaseHeld,
      next: { context, rotation, timestamp in
        guard let source = Held<any VideoSource>.value(of: context), let frame = source.nextFrame() else { return nil }
        rotation?.pointee = Int32(frame.rotation)
        timestamp?.pointee = frame.timestamp.microseconds
        return frame.buffer.nativePicture()
      },
      frames_per_second: Double(source.framesPerSecond), is_screen: source.isScreen)
  }
}

extension kwr_video_sink {
  init(_ renderers: [any VideoRenderer]) {
    self.init(
      context: Held(renderers).handOver(), release: releaseHeld,
      render: { context, picture, rotation, timestamp in
        guard let renderers = Held<[any VideoRenderer]>.value(of: context), let picture else { return }
        let frame = VideoFrame(
          buffer: NativePicture(retaining: picture), rotation: Int(rotation), timestamp: .microseconds(timestamp))
        for renderer in renderers { renderer.render(frame) }
      })
  }
}
