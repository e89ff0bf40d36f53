import Synchronization

/// A camera that sees colour bars moving to the left and the number of the picture in big digits, 00000 at first.
///
/// Cheap: every row of the bars is the same, so a picture is its first row copied many times, and a few blocks for the digits.
public final class PatternSource: VideoSource {
  static let sizes = 16...4096
  static let rates = 1...60
  private static let digits = 5

  public let framesPerSecond: Int
  public let width: Int
  public let height: Int

  /// The bars' colours at half brightness: white, yellow, cyan, green, magenta, red, blue, black (BT.601, limited range).
  private static let bars: [(y: UInt8, u: UInt8, v: UInt8)] = [
    (180, 128, 128), (162, 44, 142), (131, 156, 44), (112, 72, 58), (84, 184, 198), (65, 100, 212), (35, 212, 114),
    (16, 128, 128),
  ]

  /// Two pictures' width of bars, so that a row can begin anywhere in the first one.
  private let rowY: [UInt8]
  private let rowU: [UInt8]
  private let rowV: [UInt8]
  private let number = Mutex(0)

  /// - Throws: `MediaError` with code `device` when a side is not 16 to 4096 pixels long or the rate not 1 to 60 a second.
  public init(width: Int = 640, height: Int = 480, framesPerSecond: Int = 30) throws {
    guard Self.sizes.contains(width), Self.sizes.contains(height), Self.rates.contains(framesPerSecond) else {
      throw MediaError(.device, "A pattern of \(width)×\(height) at \(framesPerSecond) a second is not possible.")
    }
    self.width = width
    self.height = height
    self.framesPerSecond = framesPerSecond
    func row(_ width: Int, _ plane: KeyPath<(y: UInt8, u: UInt8, v: UInt8), UInt8>) -> [UInt8] {
      (0..<2 * width).map { Self.bars[$0 % width * Self.bars.count / width][keyPath: plane] }
    }
    rowY = row(width, \.y)
    rowU = row((width + 1) / 2, \.u)
    rowV = row((width + 1) / 2, \.v)
  }

  /// The next picture. Its timestamp is its number divided by the rate.
  public func nextFrame() -> VideoFrame? {
    let number = number.withLock { number in
      defer { number += 1 }
      return number
    }
    let picture = PlanarPicture(width: width, height: height) { draw(number, on: $0) }
    return VideoFrame(buffer: picture, timestamp: .nanoseconds(number * 1_000_000_000 / framesPerSecond))
  }

  /// Reads the number that a picture shows, also when it has gone through a codec. - Returns: `nil` when it shows none clearly.
  public static func number(in buffer: any I420Buffer) -> Int? {
    BlockDigits.read(buffer, digits: digits)
  }

  private func draw(_ number: Int, on canvas: Canvas) {
    // An even step, so that luma and chroma move together; about five seconds for the whole width.
    let step = max(1, width / (2 * 5 * framesPerSecond))
    let shift = number * step % canvas.chromaWidth
    Self.copy(rowY, from: 2 * shift % width, to: canvas.y, width: width, rows: height)
    Self.copy(rowU, from: shift, to: canvas.u, width: canvas.chromaWidth, rows: canvas.chromaHeight)
    Self.copy(rowV, from: shift, to: canvas.v, width: canvas.chromaWidth, rows: canvas.chromaHeight)
    BlockDigits.draw(number % 100_000, digits: Self.digits, on: canvas)
  }

  private static func copy(_ row: [UInt8], from offset: Int, to plane: UnsafeMutablePointer<UInt8>, width: Int, rows: Int) {
    row.withUnsafeBufferPointer { row in
      guard let base = row.baseAddress else { return }
      var line = 0
      while line < rows {
        (plane + line &* width).update(from: base + offset, count: width)
        line &+= 1
      }
    }
  }
}

/// Digits of 3 × 5 blocks, white on black, in the middle of a picture; big enough to survive any codec.
enum BlockDigits {
  /// Row by row from the top, the left block being the highest of three bits.
  private static let shapes: [[Int]] = [
    [7, 5, 5, 5, 7], [2, 6, 2, 2, 7], [7, 1, 7, 4, 7], [7, 1, 7, 1, 7], [5, 5, 7, 1, 1],
    [7, 4, 7, 1, 7], [7, 4, 7, 5, 7], [7, 1, 1, 2, 2], [7, 5, 7, 5, 7], [7, 5, 7, 1, 7],
  ]

  private static let black: UInt8 = 16
  private static let white: UInt8 = 235

  /// Where the digits are: the side of a block and the left upper corner of the first digit's first block.
  struct Layout: Hashable {
    let block: Int
    let left: Int
    let top: Int

    init(digits: Int, width: Int, height: Int) {
      // Each digit takes four blocks with the gap behind it, and a block of black is all around.
      let columns = 4 * digits + 1
      block = max(2, min(width * 3 / 4 / columns, height / 2 / 7) / 2 * 2)
      left = max(0, (width - columns * block) / 2) / 2 * 2 + block
      top = max(0, (height - 7 * block) / 2) / 2 * 2 + block
    }
  }

  static func draw(_ number: Int, digits: Int, on canvas: Canvas) {
    let layout = Layout(digits: digits, width: canvas.width, height: canvas.height)
    let block = layout.block
    canvas.fill(
      x: layout.left - block, y: layout.top - block, width: (4 * digits + 1) * block, height: 7 * block, luma: black)
    var rest = number
    for position in (0..<digits).reversed() {
      for (row, bits) in shapes[rest % 10].enumerated() {
        for column in 0..<3 where bits & (4 >> column) != 0 {
          let x = layout.left + (4 * position + column) * block
          canvas.fill(x: x, y: layout.top + row * block, width: block, height: block, luma: white)
        }
      }
      rest /= 10
    }
  }

  /// Reads the number back from a picture, also one that went through a codec and was scaled; `nil` when a digit is not clear.
  static func read(_ buffer: any I420Buffer, digits: Int) -> Int? {
    let layout = Layout(digits: digits, width: buffer.width, height: buffer.height)
    return buffer.withPlanes { planes in
      var number = 0
      for position in 0..<digits {
        let rows = (0..<5).map { row in
          (0..<3).reduce(0) { bits, column in
            let x = layout.left + (4 * position + column) * layout.block + layout.block / 2
            let y = layout.top + row * layout.block + layout.block / 2
            guard x < buffer.width, y < buffer.height else { return bits }
            return bits | (planes.y[y * planes.strideY + x] > 128 ? 4 >> column : 0)
          }
        }
        guard let digit = shapes.firstIndex(of: rows) else { return nil }
        number = number * 10 + digit
      }
      return number
    }
  }
}
