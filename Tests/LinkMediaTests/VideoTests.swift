import Testing

@testable import LinkMedia

@Suite struct PatternSourceTests {
  @Test(arguments: [(640, 480), (320, 240), (161, 121), (1280, 720), (64, 48)])
  func everyPictureShowsItsNumber(_ width: Int, _ height: Int) throws {
    let source = try PatternSource(width: width, height: height)
    for number in 0..<40 {
      let frame = try #require(source.nextFrame())
      #expect(PatternSource.number(in: frame.buffer) == number)
      #expect([frame.width, frame.height] == [width, height])
      #expect(frame.timestamp == .nanoseconds(number * 1_000_000_000 / 30))
    }
  }

  @Test func theBarsMove() throws {
    let source = try PatternSource(width: 640, height: 480)
    let first = try #require(source.nextFrame())
    let second = try #require(source.nextFrame())
    let (a, b) = (planeBytes(first.buffer), planeBytes(second.buffer))
    // The first row of the second picture is the one of the first, two pixels further on.
    let shift = 4
    #expect(Array(a[shift..<640]) == Array(b[..<(640 - shift)]))
    #expect(a != b)
    // All bars are there, at full length above and below the digits.
    #expect(Set(a[..<640]) == [180, 162, 131, 112, 84, 65, 35, 16])
    #expect(Array(a[..<640]) == Array(a[479 * 640..<480 * 640]))
  }

  @Test func otherPicturesShowNoNumber() throws {
    #expect(PatternSource.number(in: try #require(plain(16, 128, 128, width: 640, height: 480))) == nil)
    #expect(PatternSource.number(in: try #require(plain(235, 128, 128, width: 640, height: 480))) == nil)
    #expect(PatternSource.number(in: try #require(plain(235, 128, 128, width: 2, height: 2))) == nil)
  }

  @Test func anImpossibleSizeIsRefused() {
    for (width, height, rate) in [(0, 480, 30), (640, -1, 30), (640, 5000, 30), (640, 480, 0), (640, 480, 1000)] {
      #expect(throws: MediaError.self) { try PatternSource(width: width, height: height, framesPerSecond: rate) }
    }
  }
}

@Suite struct Y4MSourceTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func file(
    _ header: String = "YUV4MPEG2 W32 H16 F15:1 Ip A1:1 C420jpeg", pictures: [UInt8] = [50, 100], cutOff: Int = 0
  ) -> [UInt8] {
    let size = PlanarPicture.byteCount(width: 32, height: 16)
    let bytes = Array((header + "\n").utf8) + pictures.flatMap { Array("FRAME\n".utf8) + [UInt8](repeating: $0, count: size) }
    return Array(bytes.dropLast(cutOff))
  }

  /// The next picture, waiting for the source to have read it.
  private func next(_ source: Y4MSource) async throws -> VideoFrame {
    while true {
      if let frame = source.nextFrame() { return frame }
      if let failure = source.failure { throw failure }
      await Task.yield()
    }
  }

  @Test func picturesAreShownAgainAndAgain() async throws {
    let source = try Y4MSource(path: try folder.write(file(pictures: [50, 100, 150]), to: "F.y4m"))
    #expect([source.width, source.height, source.framesPerSecond] == [32, 16, 15])
    var shown: [UInt8] = []
    for number in 0..<8 {
      let frame = try await next(source)
      #expect(frame.timestamp == .nanoseconds(number * 1_000_000_000 / 15))
      let bytes = planeBytes(frame.buffer)
      #expect(bytes.count == 768 && Set(bytes).count == 1)
      shown.append(bytes[0])
    }
    #expect(shown == [50, 100, 150, 50, 100, 150, 50, 100])
  }

  @Test func aPictureThatIsCutOffIsLeftOut() async throws {
    let source = try Y4MSource(path: try folder.write(file(cutOff: 5), to: "F.y4m"))
    for _ in 0..<3 { #expect(planeBytes(try await next(source).buffer)[0] == 50) }
  }

  @Test func broadcastRatesAreRounded() throws {
    let source = try Y4MSource(path: try folder.write(file("YUV4MPEG2 W32 H16 F30000:1001"), to: "F.y4m"))
    #expect(source.framesPerSecond == 30)
  }

  @Test func aMalformedFileIsRefused() throws {
    let bad: [[UInt8]] = [
      [], Array("YUV4MPEG2 ".utf8), file("RIFF W32 H16"), file("YUV4MPEG2 H16"), file("YUV4MPEG2 W32 H-16"),
      file("YUV4MPEG2 W32 H16 C444"),
      file("YUV4MPEG2 W32 H16 C420p10"), file("YUV4MPEG2 W32 H16 F0:1"), file("YUV4MPEG2 W32 H16 F30"), file(pictures: []),
      file(pictures: [50], cutOff: 1), file("YUV4MPEG2 W9999 H9999"),
    ]
    for bytes in bad {
      let path = try folder.write(bytes, to: "F.y4m")
      let error = #expect(throws: MediaError.self) { try Y4MSource(path: path) }
      #expect(error?.code == .device)
    }
  }
}

@Suite struct VideoProbeTests {
  private let probe = VideoProbe()

  @Test func picturesOfTheLastSecondAreCounted() throws {
    let source = try PatternSource(width: 320, height: 240, framesPerSecond: 15)
    for _ in 0..<40 { probe.render(try #require(source.nextFrame())) }
    let reading = probe.reading()
    #expect([reading.width, reading.height, reading.framesPerSecond, reading.frames] == [320, 240, 15, 40])
    #expect(reading.isMoving)
  }

  @Test func aStillPictureDoesNotMove() throws {
    let picture = try #require(plain(90, 128, 128, width: 64, height: 48))
    for number in 0..<30 { probe.render(VideoFrame(buffer: picture, timestamp: .milliseconds(40 * number))) }
    #expect(
      probe.reading() == .init(width: 64, height: 48, framesPerSecond: 25, frames: 30, isMoving: false, brightness: 90))
  }

  @Test func theTremblingOfACodecIsNotMovement() throws {
    for number in 0..<20 {
      let picture = try #require(plain(UInt8(90 + number % 5), 128, 128, width: 64, height: 48))
      probe.render(VideoFrame(buffer: picture, timestamp: .milliseconds(40 * number)))
    }
    #expect(!probe.reading().isMoving)
  }

  @Test func movementIsForgottenAfterASecond() throws {
    let dark = try #require(plain(16, 128, 128, width: 64, height: 48))
    let bright = try #require(plain(200, 128, 128, width: 64, height: 48))
    probe.render(VideoFrame(buffer: dark, timestamp: .zero))
    probe.render(VideoFrame(buffer: bright, timestamp: .milliseconds(100)))
    probe.render(VideoFrame(buffer: bright, timestamp: .milliseconds(1050)))
    #expect(probe.reading().isMoving)
    probe.render(VideoFrame(buffer: bright, timestamp: .milliseconds(1150)))
    #expect(!probe.reading().isMoving)
  }

  @Test func aTurnedPictureIsMeasuredUpright() throws {
    let picture = try #require(plain(90, 128, 128, width: 64, height: 48))
    probe.render(VideoFrame(buffer: picture, rotation: 90, timestamp: .zero))
    #expect([probe.reading().width, probe.reading().height] == [48, 64])
  }

  @Test func timeThatBeginsAgainIsANewSecond() throws {
    let picture = try #require(plain(90, 128, 128, width: 64, height: 48))
    for number in 0..<10 { probe.render(VideoFrame(buffer: picture, timestamp: .seconds(100) + .milliseconds(40 * number))) }
    for number in 0..<5 { probe.render(VideoFrame(buffer: picture, timestamp: .milliseconds(40 * number))) }
    #expect(probe.reading().framesPerSecond == 5)
    #expect(probe.frames == 15)
  }

  @Test func nothingIsMeasuredBeforeAPictureComes() {
    #expect(probe.reading() == .init(width: 0, height: 0, framesPerSecond: 0, frames: 0, isMoving: false, brightness: 0))
  }
}
