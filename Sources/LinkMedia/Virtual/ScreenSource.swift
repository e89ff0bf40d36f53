import Synchronization

/// A screen that shows a white page of text, scrolling upwards under a dark title bar.
///
/// It cannot be taken for the camera's colour bars: it is bright (a `VideoProbe` reads more than 150, the bars less than 110).
public final class ScreenSource: VideoSource {
  public let framesPerSecond: Int
  public let width: Int
  public let height: Int
  public var isScreen: Bool { true }

  private let number = Mutex(0)

  private static let paper: UInt8 = 225
  private static let ink: UInt8 = 60

  /// - Throws: `MediaError` with code `device` when a side is not 16 to 4096 pixels long or the rate not 1 to 60 a second.
  public init(width: Int = 1024, height: Int = 768, framesPerSecond: Int = 15) throws {
    guard PatternSource.sizes.contains(width), PatternSource.sizes.contains(height),
      PatternSource.rates.contains(framesPerSecond)
    else { throw MediaError(.device, "A screen of \(width)×\(height) at \(framesPerSecond) a second is not possible.") }
    self.width = width
    self.height = height
    self.framesPerSecond = framesPerSecond
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

  private func draw(_ number: Int, on canvas: Canvas) {
    canvas.fill(x: 0, y: 0, width: width, height: height, luma: Self.paper)
    // Sixteen lines of text on the page; three of them pass in a second.
    let spacing = max(8, height / 16 / 2 * 2)
    let shift = number * max(2, 3 * spacing / framesPerSecond / 2 * 2)
    let first = shift / spacing
    for line in first...first + height / spacing + 1 {
      // Lines differ in length, in an order that does not repeat on one page.
      let length = width * (30 + line * 37 % 50) / 100 / 2 * 2
      let top = (line * spacing - shift + spacing / 4) / 2 * 2
      let (visible, cut) = (max(0, top), max(0, -top))
      canvas.fill(x: width / 20 / 2 * 2, y: visible, width: length, height: spacing / 3 / 2 * 2 - cut, luma: Self.ink)
    }
    canvas.fill(x: 0, y: 0, width: width, height: max(2, height / 12 / 2 * 2), luma: Self.ink)
  }
}
