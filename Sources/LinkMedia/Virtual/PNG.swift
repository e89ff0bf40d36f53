import CZlib

/// Pictures as PNG files: 8-bit RGB, upright.
public enum PNG {
  private static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  /// Converts a picture (BT.601, limited range) and compresses it. Takes some tens of milliseconds in a debug build.
  /// - Throws: `MediaError` with code `engine` when zlib fails.
  public static func encode(_ frame: VideoFrame) throws -> [UInt8] {
    let isUpright = frame.rotation % 180 == 0
    let (width, height) = isUpright ? (frame.width, frame.height) : (frame.height, frame.width)
    let header = bigEndian(width) + bigEndian(height) + [8, 2, 0, 0, 0]
    return signature + chunk("IHDR", header) + chunk("IDAT", try deflated(scanlines(frame, width, height))) + chunk("IEND", [])
  }

  /// A filter byte of 0 and the row's RGB, for each row of the upright picture.
  static func scanlines(_ frame: VideoFrame, _ width: Int, _ height: Int) -> [UInt8] {
    let count = height * (1 + 3 * width)
    return [UInt8](unsafeUninitializedCapacity: count) { output, filled in
      frame.buffer.withPlanes { planes in
        guard var target = output.baseAddress else { return }
        var row = 0
        while row < height {
          target[0] = 0
          target += 1
          // Where in the picture as it was sent the row begins, and where one goes from there.
          let (x, y, dx, dy) = path(alongRow: row, of: frame)
          write(planes, x, y, dx, dy, width, to: target)
          target += 3 * width
          row &+= 1
        }
      }
      filled = count
    }
  }

  private static func path(alongRow row: Int, of frame: VideoFrame) -> (x: Int, y: Int, dx: Int, dy: Int) {
    switch frame.rotation {
    case 90: (row, frame.height - 1, 0, -1)
    case 180: (frame.width - 1, frame.height - 1 - row, -1, 0)
    case 270: (frame.width - 1 - row, 0, 0, 1)
    default: (0, row, 1, 0)
    }
  }

  // `while` and wrapping integers, because this has to be quick in debug builds as well.
  private static func write(
    _ planes: I420Planes, _ startX: Int, _ startY: Int, _ dx: Int, _ dy: Int, _ count: Int,
    to output: UnsafeMutablePointer<UInt8>
  ) {
    var (x, y, index) = (startX, startY, 0)
    while index < 3 &* count {
      let luma = 298 &* (Int(planes.y[y &* planes.strideY &+ x]) &- 16)
      let u = Int(planes.u[(y >> 1) &* planes.strideU &+ (x >> 1)]) &- 128
      let v = Int(planes.v[(y >> 1) &* planes.strideV &+ (x >> 1)]) &- 128
      let red = (luma &+ 409 &* v &+ 128) >> 8
      let green = (luma &- 100 &* u &- 208 &* v &+ 128) >> 8
      let blue = (luma &+ 516 &* u &+ 128) >> 8
      output[index] = red < 0 ? 0 : red > 255 ? 255 : UInt8(truncatingIfNeeded: red)
      output[index &+ 1] = green < 0 ? 0 : green > 255 ? 255 : UInt8(truncatingIfNeeded: green)
      output[index &+ 2] = blue < 0 ? 0 : blue > 255 ? 255 : UInt8(truncatingIfNeeded: blue)
      index &+= 3
      x &+= dx
      y &+= dy
    }
  }

  private static func deflated(_ bytes: [UInt8]) throws -> [UInt8] {
    var count = compressBound(uLong(bytes.count))
    var output = [UInt8](repeating: 0, count: Int(count))
    let code = compress2(&output, &count, bytes, uLong(bytes.count), 6)
    guard code == Z_OK else { throw MediaError(.engine, "zlib could not compress a picture: code \(code).") }
    return Array(output[..<Int(count)])
  }

  private static func chunk(_ type: String, _ body: [UInt8]) -> [UInt8] {
    let content = Array(type.utf8) + body
    return bigEndian(body.count) + content + bigEndian(Int(crc32(0, content, uInt(content.count))))
  }

  private static func bigEndian(_ value: Int) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
  }
}
