/// A picture in memory of its own, its planes one behind the other without gaps.
public final class PlanarPicture: I420Buffer {
  public let width: Int
  public let height: Int
  private let bytes: [UInt8]

  /// - Parameter bytes: the rows of the planes Y, U and V; `nil` comes out when the number of bytes does not fit.
  public init?(width: Int, height: Int, bytes: [UInt8]) {
    guard width > 0, height > 0, bytes.count == Self.byteCount(width: width, height: height) else { return nil }
    self.width = width
    self.height = height
    self.bytes = bytes
  }

  /// Copies another picture's planes.
  public convenience init(copying other: any I420Buffer) {
    self.init(width: other.width, height: other.height) { target in
      other.withPlanes { planes in
        let planes = [(planes.y, planes.strideY), (planes.u, planes.strideU), (planes.v, planes.strideV)]
        let rows =
          [(target.y, target.width, target.height)]
          + [target.u, target.v].map { ($0, target.chromaWidth, target.chromaHeight) }
        for ((source, stride), (destination, width, height)) in zip(planes, rows) {
          for row in 0..<height { (destination + row * width).update(from: source + row * stride, count: width) }
        }
      }
    }
  }

  /// Makes a picture whose planes `draw` fills in.
  init(width: Int, height: Int, draw: (Canvas) -> Void) {
    self.width = width
    self.height = height
    let count = Self.byteCount(width: width, height: height)
    bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      if let base = buffer.baseAddress { draw(Canvas(base, width: width, height: height)) }
      filled = count
    }
  }

  public func withPlanes<Result>(_ body: (I420Planes) throws -> Result) rethrows -> Result {
    let chromaWidth = (width + 1) / 2
    let chromaHeight = (height + 1) / 2
    return try bytes.withUnsafeBufferPointer { buffer in
      // A picture has at least one pixel, so there is memory.
      let y = buffer.baseAddress!
      let u = y + width * height
      return try body(
        I420Planes(
          y: y, u: u, v: u + chromaWidth * chromaHeight, strideY: width, strideU: chromaWidth, strideV: chromaWidth))
    }
  }

  /// How many bytes a picture of this size has.
  public static func byteCount(width: Int, height: Int) -> Int {
    width * height + 2 * ((width + 1) / 2) * ((height + 1) / 2)
  }
}

/// The planes of a picture while it is being drawn.
struct Canvas {
  let y: UnsafeMutablePointer<UInt8>
  let u: UnsafeMutablePointer<UInt8>
  let v: UnsafeMutablePointer<UInt8>
  let width: Int
  let height: Int

  var chromaWidth: Int { (width + 1) / 2 }
  var chromaHeight: Int { (height + 1) / 2 }

  init(_ base: UnsafeMutablePointer<UInt8>, width: Int, height: Int) {
    self.width = width
    self.height = height
    y = base
    u = base + width * height
    v = u + ((width + 1) / 2) * ((height + 1) / 2)
  }

  /// Fills a rectangle, as far as it lies in the picture, with a grey. Its sides are even, so that the colour fits.
  func fill(x: Int, y top: Int, width boxWidth: Int, height boxHeight: Int, luma: UInt8) {
    let right = min(x + boxWidth, width)
    let bottom = min(top + boxHeight, height)
    guard x < right, top < bottom else { return }
    for row in top..<bottom { (y + row * width + x).update(repeating: luma, count: right - x) }
    let (chromaLeft, chromaRight) = (x / 2, (right + 1) / 2)
    for row in top / 2..<(bottom + 1) / 2 {
      (u + row * chromaWidth + chromaLeft).update(repeating: 128, count: chromaRight - chromaLeft)
      (v + row * chromaWidth + chromaLeft).update(repeating: 128, count: chromaRight - chromaLeft)
    }
  }
}
