import KandyTesting
import LinkMedia
import Testing

@Suite struct VirtualDevicesTests {
  @Test func everyListedDeviceWithoutAFileCanBeMade() throws {
    for device in VirtualDevices.all where !device.id.contains("file") {
      switch device.kind {
      case .microphone: _ = try VirtualDevices.microphone(device.id)
      case .speaker: _ = try VirtualDevices.speaker(device.id)
      case .camera: _ = try VirtualDevices.camera(device.id)
      case .screen: _ = try VirtualDevices.screen(device.id)
      }
    }
    #expect(
      VirtualDevices.all.map { "\($0.kind.rawValue) \($0.id)" } == [
        "microphone virtual:silence", "microphone virtual:tone?hz=440", "microphone virtual:file?path=F.wav",
        "speaker virtual:null",
        "speaker virtual:file?path=F.wav", "camera virtual:pattern?width=640&height=480&fps=30",
        "camera virtual:file?path=F.y4m", "screen virtual:screen",
      ])
  }

  @Test func theToneHasTheFrequencyOfItsId() throws {
    let tone = try #require(try VirtualDevices.microphone("virtual:tone?hz=523.25") as? ToneSource)
    #expect(tone.hz == 523.25)
    #expect((try VirtualDevices.microphone("virtual:tone") as? ToneSource)?.hz == 440)
  }

  @Test(.spec("R-MEDIA-7")) func thePatternHasTheWantedSizeOrElseThatOfItsId() throws {
    func size(_ id: String, _ width: Int? = nil, _ height: Int? = nil) throws -> [Int] {
      let camera = try #require(try VirtualDevices.camera(id, width: width, height: height) as? PatternSource)
      return [camera.width, camera.height, camera.framesPerSecond]
    }
    #expect(try size("virtual:pattern?width=320&height=180&fps=15") == [320, 180, 15])
    #expect(try size("virtual:pattern?width=320&height=180", 1280, 720) == [1280, 720, 30])
    #expect(try size("virtual:pattern?width=320&height=180", 640) == [640, 180, 30])
    #expect(try size(VirtualDevices.pattern, 352, 288) == [352, 288, 30])
    #expect(try size("virtual:pattern", 1280, 720) == [1280, 720, 30])
    #expect(try size("virtual:pattern") == [640, 480, 30])
  }

  @Test func aPathIsTakenAsItIsOrEscaped() throws {
    let folder = try TemporaryFolder()
    for name in ["a b+c=d?.wav", "50% & ü.wav"] {
      let path = try folder.write(wav([1, 2, 3]), to: name)
      _ = try VirtualDevices.microphone(VirtualDevices.file(path))
    }
    _ = try VirtualDevices.microphone("virtual:file?path=\(folder.path)/a b+c=d?.wav")
    _ = try VirtualDevices.microphone("virtual:file?path=\(folder.path)/50% %26 %C3%BC.wav")
  }

  @Test(arguments: [
    "virtual:", "virtual:flute", "tone", "", "default", "virtual:tone?hz=loud", "virtual:tone?hz=0", "virtual:tone?hz=24000",
    "virtual:tone?hz=nan", "virtual:tone?hz", "virtual:tone?hz=1&hz=2", "virtual:tone?pitch=440", "virtual:silence?hz=440",
    "virtual:file", "virtual:file?path=", "virtual:file?path=/nonexistent/F.wav", "virtual:null", "virtual:pattern",
    "virtual:file?path=/tmp",
  ])
  func aMicrophoneThatDoesNotExistIsRefused(_ id: String) {
    let error = #expect(throws: MediaError.self) { try VirtualDevices.microphone(id) }
    #expect(error?.code == .device)
  }

  @Test(arguments: ["virtual:silence", "virtual:file", "virtual:null?path=F.wav", "virtual:file?path=/nonexistent/F.wav"])
  func aSpeakerThatDoesNotExistIsRefused(_ id: String) {
    let error = #expect(throws: MediaError.self) { try VirtualDevices.speaker(id) }
    #expect(error?.code == .device)
  }

  @Test(arguments: [
    "virtual:pattern?width=8", "virtual:pattern?height=100000", "virtual:pattern?fps=0", "virtual:pattern?fps=29.97",
    "virtual:pattern?depth=3", "virtual:file?path=/nonexistent/F.y4m", "virtual:tone",
  ])
  func aCameraThatDoesNotExistIsRefused(_ id: String) {
    let error = #expect(throws: MediaError.self) { try VirtualDevices.camera(id) }
    #expect(error?.code == .device)
  }

  @Test func theErrorSaysWhatWouldHaveWorked() {
    #expect(
      throws: MediaError(
        .device,
        "'virtual:flute' is not a virtual microphone. There are: virtual:silence, virtual:tone?hz=440, virtual:file?path=F.wav."
      )
    ) { try VirtualDevices.microphone("virtual:flute") }
    #expect(throws: MediaError(.device, "'virtual:tone?hz=0' is not well formed: 'hz' has to be a number from 1 to 20000.")) {
      try VirtualDevices.microphone("virtual:tone?hz=0")
    }
  }

  @Test func onlyVirtualIdsAreVirtual() {
    #expect(VirtualDevices.isVirtual("virtual:anything"))
    #expect(!VirtualDevices.isVirtual("alsa_input.pci-0000_00_1f.3"))
  }
}
