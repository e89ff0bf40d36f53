import KandyTesting
import LinkMedia
import Testing

@Suite struct ScreenSourceTests {
  @Test(arguments: [(1024, 768), (640, 480), (320, 180), (17, 16)])
  func thePageIsBrightAndMovesAndIsNotThePattern(_ width: Int, _ height: Int) throws {
    let (screen, camera) = (try ScreenSource(width: width, height: height), try PatternSource(width: width, height: height))
    let (onScreen, onCamera) = (VideoProbe(), VideoProbe())
    for _ in 0..<15 {
      onScreen.render(try #require(screen.nextFrame()))
      onCamera.render(try #require(camera.nextFrame()))
    }
    let reading = onScreen.reading()
    #expect([reading.width, reading.height, reading.framesPerSecond] == [width, height, 15])
    #expect(reading.isMoving)
    #expect(reading.brightness > 150)
    #expect(onCamera.reading().brightness < 110)
    #expect(PatternSource.number(in: try #require(screen.nextFrame()).buffer) == nil)
    #expect(screen.isScreen)
    #expect(!camera.isScreen)
  }

  @Test func everyLineOfThePageMovesUpwards() throws {
    let screen = try ScreenSource(width: 640, height: 480, framesPerSecond: 15)
    let pictures = try (0..<2).map { _ in planeBytes(try #require(screen.nextFrame()).buffer) }
    // Below the title bar, the second picture's rows are those of the first further down.
    let step = 6
    #expect(pictures[0] != pictures[1])
    for row in 40..<480 - step {
      #expect(pictures[1][row * 640..<(row + 1) * 640] == pictures[0][(row + step) * 640..<(row + step + 1) * 640], "\(row)")
    }
  }

  @Test(.spec("R-MEDIA-60")) func theScreenHasTheSizeOfItsIdAndAtMostTheWantedOne() throws {
    func size(_ id: String, _ width: Int? = nil, _ height: Int? = nil, _ rate: Int? = nil) throws -> [Int] {
      let screen = try VirtualDevices.screen(id, width: width, height: height, framesPerSecond: rate)
      let frame = try #require(screen.nextFrame())
      return [frame.width, frame.height, screen.framesPerSecond]
    }
    #expect(try size("virtual:screen?width=320&height=180&fps=5") == [320, 180, 5])
    #expect(try size("virtual:screen?width=320", 1280, 720, 30) == [320, 720, 30])
    #expect(try size("virtual:screen?width=1920&height=1080&fps=30", 1280, 1200, 5) == [1280, 1080, 5])
    #expect(try size("virtual:screen", 1280, 720, 30) == [1280, 720, 30])
    #expect(try size("virtual:screen") == [1024, 768, 15])
    #expect(try size(VirtualDevices.screen) == [1024, 768, 15])
  }

  @Test(arguments: [
    "virtual:pattern", "virtual:screen?fps=0", "virtual:screen?width=4", "virtual:screen?colour=1", "screen", "",
  ])
  func aScreenThatDoesNotExistIsRefused(_ id: String) {
    let error = #expect(throws: MediaError.self) { try VirtualDevices.screen(id) }
    #expect(error?.code == .device)
  }
}
