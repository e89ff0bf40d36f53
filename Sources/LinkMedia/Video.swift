/// One picture.
public struct VideoFrame: Sendable {
  public let buffer: any I420Buffer
  /// Degrees, clockwise, by which the picture has to be turned to be upright: 0, 90, 180 or 270.
  public let rotation: Int
  /// Since an unspecified start, for distances between frames.
  public let timestamp: Duration

  public init(buffer: any I420Buffer, rotation: Int = 0, timestamp: Duration) {
    self.buffer = buffer
    self.rotation = rotation
    self.timestamp = timestamp
  }

  public var width: Int { buffer.width }
  public var height: Int { buffer.height }
}

/// A picture in planar YUV 4:2:0. Immutable once it is in a frame.
public protocol I420Buffer: AnyObject, Sendable {
  var width: Int { get }
  var height: Int { get }
  /// The planes are valid only inside `body`.
  func withPlanes<Result>(_ body: (I420Planes) throws -> Result) rethrows -> Result
}

/// The three planes of a picture; chroma has half the width and height, rounded up. Strides are in bytes.
public struct I420Planes {
  public let y: UnsafePointer<UInt8>
  public let u: UnsafePointer<UInt8>
  public let v: UnsafePointer<UInt8>
  public let strideY: Int
  public let strideU: Int
  public let strideV: Int

  public init(
    y: UnsafePointer<UInt8>, u: UnsafePointer<UInt8>, v: UnsafePointer<UInt8>, strideY: Int, strideU: Int, strideV: Int
  ) {
    self.y = y
    self.u = u
    self.v = v
    self.strideY = strideY
    self.strideU = strideU
    self.strideV = strideV
  }
}

/// Where video to be sent comes from: a camera, a file, a pattern. An engine pulls it.
public protocol VideoSource: AnyObject, Sendable {
  /// How often the engine should ask, in frames per second.
  var framesPerSecond: Int { get }
  /// Whether it shows text and edges, which have to stay sharp, rather than motion, which has to stay smooth (R-MEDIA-66).
  var isScreen: Bool { get }
  /// The newest picture, or `nil` if there is no new one. Called on a thread of the engine; must not block.
  func nextFrame() -> VideoFrame?
}

extension VideoSource {
  public var isScreen: Bool { false }
}

/// Where received video goes: a window, a picture file, a closure (`remoteVideoContainer` of the API document).
public protocol VideoRenderer: AnyObject, Sendable {
  /// Called with every frame on a thread of the engine; must not block.
  func render(_ frame: VideoFrame)
}
