import Synchronization

/// Measures what is seen. The last second is counted by the pictures' timestamps, back from the newest one.
public final class VideoProbe: VideoRenderer {
  /// What a probe has measured.
  public struct Reading: Sendable, Hashable, Codable {
    /// Of the newest picture when it is held upright, in pixels; 0 when none has come.
    public var width: Int
    public var height: Int
    /// How many pictures the last second had.
    public var framesPerSecond: Int
    /// How many pictures have come since the probe was made.
    public var frames: Int
    /// Whether something moved in the last second: a picture that differed clearly from the one before.
    public var isMoving: Bool
    /// The mean brightness of the newest picture, 0…255; about 16 for black, which a disabled track sends.
    public var brightness: Double

    public init(width: Int, height: Int, framesPerSecond: Int, frames: Int, isMoving: Bool, brightness: Double) {
      self.width = width
      self.height = height
      self.framesPerSecond = framesPerSecond
      self.frames = frames
      self.isMoving = isMoving
      self.brightness = brightness
    }
  }

  private struct Entry {
    let timestamp: Duration
    let hasChanged: Bool
  }

  private struct State {
    var width = 0
    var height = 0
    var frames = 0
    /// Of the last second, oldest first.
    var entries: [Entry] = []
    var grid: [UInt8] = []
  }

  private let state = Mutex(State())
  /// How much brighter or darker a point has to become to count; codecs make still pictures tremble by less.
  private static let threshold = 24

  public init() {}

  public func render(_ frame: VideoFrame) {
    let grid = Self.grid(frame.buffer)
    let isUpright = frame.rotation % 180 == 0
    state.withLock { state in
      let hasChanged =
        state.grid.count == grid.count && zip(state.grid, grid).contains { abs(Int($0) - Int($1)) >= Self.threshold }
      state.grid = grid
      state.width = isUpright ? frame.width : frame.height
      state.height = isUpright ? frame.height : frame.width
      state.frames += 1
      // A source that was replaced may begin its time again.
      if let last = state.entries.last, last.timestamp > frame.timestamp { state.entries = [] }
      state.entries.append(Entry(timestamp: frame.timestamp, hasChanged: hasChanged))
      state.entries.removeAll { $0.timestamp <= frame.timestamp - .seconds(1) }
    }
  }

  /// How many pictures have come since the probe was made.
  public var frames: Int { state.withLock { $0.frames } }

  public func reading() -> Reading {
    state.withLock { state in
      Reading(
        width: state.width, height: state.height, framesPerSecond: state.entries.count, frames: state.frames,
        isMoving: state.entries.contains { $0.hasChanged },
        brightness: state.grid.isEmpty ? 0 : Double(state.grid.reduce(0) { $0 + Int($1) }) / Double(state.grid.count))
    }
  }

  /// The brightness at 32 × 24 points, evenly spread.
  private static func grid(_ buffer: any I420Buffer) -> [UInt8] {
    let (columns, rows) = (32, 24)
    return buffer.withPlanes { planes in
      [UInt8](unsafeUninitializedCapacity: columns * rows) { grid, count in
        var row = 0
        while row < rows {
          let line = planes.y + (2 &* row &+ 1) &* buffer.height / (2 &* rows) &* planes.strideY
          var column = 0
          while column < columns {
            grid[row &* columns &+ column] = line[(2 &* column &+ 1) &* buffer.width / (2 &* columns)]
            column &+= 1
          }
          row &+= 1
        }
        count = columns * rows
      }
    }
  }
}
