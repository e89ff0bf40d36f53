import CZlib
import Testing

@testable import LinkMedia

/// A PNG file read back: the chunks in order, and the pixels if it is 8-bit RGB without filters.
private struct DecodedPNG {
  var chunks: [String] = []
  var width = 0
  var height = 0
  /// Row by row, three bytes for each pixel.
  var pixels: [[[UInt8]]] = []

  init(_ bytes: [UInt8]) throws {
    func integer(_ offset: Int) -> Int { bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) } }
    try #require(Array(bytes.prefix(8)) == [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
    var offset = 8
    while offset < bytes.count {
      let length = integer(offset)
      let content = Array(bytes[offset + 4..<offset + 8 + length])
      #expect(integer(offset + 8 + length) == Int(crc32(0, content, uInt(content.count))))
      chunks.append(String(decoding: content.prefix(4), as: UTF8.self))
      if chunks.last == "IHDR" {
        (width, height) = (integer(offset + 8), integer(offset + 12))
        #expect(Array(content.suffix(5)) == [8, 2, 0, 0, 0])
      }
      if chunks.last == "IDAT" {
        let line = 1 + 3 * width
        var count = uLong(height * line)
        var lines = [UInt8](repeating: 0, count: Int(count))
        try #require(uncompress(&lines, &count, Array(content.dropFirst(4)), uLong(content.count - 4)) == Z_OK)
        try #require(Int(count) == height * line)
        for row in 0..<height {
          #expect(lines[row * line] == 0)
          pixels.append((0..<width).map { Array(lines[row * line + 1 + 3 * $0..<row * line + 4 + 3 * $0]) })
        }
      }
      offset += 12 + length
    }
  }
}

@Suite struct PNGTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func decode(_ picture: (any I420Buffer)?, rotation: Int = 0) throws -> DecodedPNG {
    try DecodedPNG(try PNG.encode(VideoFrame(buffer: try #require(picture), rotation: rotation, timestamp: .zero)))
  }

  @Test(
    arguments: [
      (16, 128, 128, [0, 0, 0]), (235, 128, 128, [255, 255, 255]), (126, 128, 128, [128, 128, 128]),
      (82, 90, 240, [255, 1, 0]),
      (145, 54, 34, [0, 255, 1]), (41, 240, 110, [0, 0, 255]),
    ] as [(UInt8, UInt8, UInt8, [UInt8])])
  func coloursAreThoseOfBT601(_ y: UInt8, _ u: UInt8, _ v: UInt8, _ rgb: [UInt8]) throws {
    let png = try decode(plain(y, u, v, width: 5, height: 3))
    #expect(png.chunks == ["IHDR", "IDAT", "IEND"])
    #expect([png.width, png.height] == [5, 3])
    for pixel in png.pixels.joined() {
      #expect(zip(pixel, rgb).allSatisfy { abs(Int($0) - Int($1)) <= 1 }, "\(pixel)")
    }
  }

  /// A grey picture of 2 × 3 pixels with the levels 1 to 6 (× 20), row by row.
  @Test(arguments: [
    (0, [[1, 2], [3, 4], [5, 6]]), (90, [[5, 3, 1], [6, 4, 2]]), (180, [[6, 5], [4, 3], [2, 1]]),
    (270, [[2, 4, 6], [1, 3, 5]]),
  ])
  func aTurnedPictureIsWrittenUpright(_ rotation: Int, _ expected: [[Int]]) throws {
    let levels = (1...6).map { UInt8($0 * 20 + 16) }
    let picture = PlanarPicture(width: 2, height: 3, bytes: levels + [128, 128, 128, 128])
    let png = try decode(picture, rotation: rotation)
    #expect(png.pixels.map { $0.map { Int((Double($0[0]) / 20 / 255 * 219).rounded()) } } == expected)
  }

  @Test func aSnapshotWritesTheNewestPicture() async throws {
    let snapshot = PNGSnapshot()
    await #expect(throws: MediaError(.device, "There is no picture yet.")) {
      try await snapshot.write(to: folder.file("S.png"))
    }
    for y: UInt8 in [16, 126, 235] {
      snapshot.render(VideoFrame(buffer: try #require(plain(y, 128, 128, width: 8, height: 8)), timestamp: .zero))
    }
    try await snapshot.write(to: folder.file("S.png"))
    #expect(try DecodedPNG(try folder.read("S.png")).pixels[0][0] == [255, 255, 255])
    #expect(snapshot.frames == 3)
    await #expect(throws: MediaError.self) { try await snapshot.write(to: "/nonexistent/S.png") }
  }

  @Test func aFileIsKeptUpToDate() async throws {
    let snapshot = PNGSnapshot(path: folder.file("S.png"))
    for (second, y) in [(0, UInt8(16)), (2, 235)] {
      snapshot.render(VideoFrame(buffer: try #require(plain(y, 128, 128, width: 8, height: 8)), timestamp: .seconds(second)))
      let level: UInt8 = y == 16 ? 0 : 255
      while try (try? folder.read("S.png")).map({ try DecodedPNG($0).pixels[0][0] }) != [level, level, level] {
        await Task.yield()
      }
    }
    #expect(snapshot.failure == nil)
  }

  @Test func aFileThatCannotBeWrittenIsReported() async throws {
    let snapshot = PNGSnapshot(path: "/nonexistent/S.png")
    snapshot.render(VideoFrame(buffer: try #require(plain(16, 128, 128, width: 8, height: 8)), timestamp: .zero))
    while snapshot.failure == nil { await Task.yield() }
    #expect(snapshot.failure?.code == .device)
  }
}

@Suite struct PlanarPictureTests {
  @Test func aCopyIsEqual() throws {
    let source = try PatternSource(width: 33, height: 17)
    let original = try #require(source.nextFrame()).buffer
    #expect(planeBytes(PlanarPicture(copying: original)) == planeBytes(original))
  }

  @Test func theNumberOfBytesHasToFit() {
    #expect(PlanarPicture(width: 3, height: 3, bytes: [UInt8](repeating: 0, count: 17)) != nil)
    #expect(PlanarPicture(width: 3, height: 3, bytes: [UInt8](repeating: 0, count: 16)) == nil)
    #expect(PlanarPicture(width: 0, height: 0, bytes: []) == nil)
  }
}

@Suite struct FanOutTests {
  @Test func everyMemberHearsAndMembersComeAndGo() {
    let (first, second) = (AudioProbe(), AudioProbe())
    let fan = AudioFanOut([first])
    let frame = AudioFrame(samples: [Int16](repeating: 1, count: 480), sampleRate: 48_000)
    fan.receive(frame)
    fan.add(second)
    fan.add(second)
    fan.receive(frame)
    fan.remove(first)
    fan.receive(frame)
    #expect([first.frames, second.frames] == [2, 2])
    #expect(fan.sinks.count == 1)
  }

  @Test func everyMemberSeesAndMembersComeAndGo() throws {
    let (first, second) = (VideoProbe(), VideoProbe())
    let fan = VideoFanOut([first])
    let frame = VideoFrame(buffer: try #require(plain(16, 128, 128, width: 16, height: 16)), timestamp: .zero)
    fan.render(frame)
    fan.add(second)
    fan.add(second)
    fan.render(frame)
    fan.remove(first)
    fan.render(frame)
    #expect([first.frames, second.frames] == [2, 2])
    #expect(fan.renderers.count == 1)
  }

  @Test func aSinkMayRemoveItselfWhileItHears() {
    let fan = AudioFanOut()
    let probe = AudioProbe()
    let once = Once { [weak fan] sink in fan?.remove(sink) }
    fan.add(once)
    fan.add(probe)
    let frame = AudioFrame(samples: [Int16](repeating: 1, count: 480), sampleRate: 48_000)
    fan.receive(frame)
    fan.receive(frame)
    #expect(probe.frames == 2)
    #expect(fan.sinks.count == 1)
  }

  private final class Once: AudioSink {
    private let body: @Sendable (Once) -> Void
    init(_ body: @escaping @Sendable (Once) -> Void) { self.body = body }
    func receive(_ frame: AudioFrame) { body(self) }
  }
}
