import KandyTesting
import LinkLogic
import LinkMedia
import LinkProtocol
import Synchronization
import Testing

@testable import Kandy

/// What the options of `make` and `answer` do: what leaves, what the engine is given, who sees what (part 02 §9.1, §9.2).
@Suite(.timeLimit(.minutes(1))) struct CallOptionsTests {
  /// Options, and what there is of each kind in the description that leaves.
  struct Sections: Sendable, CustomTestStringConvertible {
    var name: String
    var defaults: JSONValue = [:]
    var audio: Bool?
    var video: Bool?
    var sendVideo: Bool?
    var wanted: [String]

    var testDescription: String { name }

    init(
      _ name: String, defaults: JSONValue = [:], audio: Bool? = nil, video: Bool? = nil, sendVideo: Bool? = nil,
      _ wanted: [String]
    ) {
      (self.name, self.defaults, self.audio, self.video, self.sendVideo) = (name, defaults, audio, video, sendVideo)
      self.wanted = wanted
    }

    /// Kind and direction of every section.
    static func directions(_ body: JSONValue) throws -> [String] {
      let description = try SessionDescription(#require(body["sdp"]?.stringValue))
      return description.media.map { "\($0.type) \($0.isRejected ? "rejected" : $0.direction?.rawValue ?? "-")" }
    }
  }

  @Test(
    .spec("R-CALL-505", "R-CALL-506", "R-MEDIA-4"),
    arguments: [
      Sections("the documented defaults", ["audio sendrecv", "video recvonly"]),
      Sections("no video", video: false, ["audio sendrecv"]),
      Sections("the camera from the start", sendVideo: true, ["audio sendrecv", "video sendrecv"]),
      Sections("no sound", audio: false, sendVideo: true, ["video sendrecv"]),
      Sections("no sound by default", defaults: ["isAudioEnabled": false, "sendInitialVideo": true], ["video sendrecv"]),
      Sections("no video by default", defaults: ["isVideoEnabled": false], ["audio sendrecv"]),
      Sections(
        "more than the defaults", defaults: ["isVideoEnabled": false], video: true, sendVideo: true,
        ["audio sendrecv", "video sendrecv"]),
      Sections(
        "less than the defaults", defaults: ["sendInitialVideo": true], sendVideo: false,
        ["audio sendrecv", "video recvonly"]),
    ])
  func theMediaOptionsOfMakeDecideTheOffer(_ given: Sections) async throws {
    try await CallFixture.run(["callDefaults": given.defaults]) { calls in
      let invite = calls.transport.expect(.post, "callControl", CallFixture.started)
      _ = try calls.client.call.make(
        "bob@example.com",
        MakeOptions(isAudioEnabled: given.audio, isVideoEnabled: given.video, sendInitialVideo: given.sendVideo))
      #expect(try Sections.directions(CallFixture.body(try await invite.request())) == given.wanted)
    }
  }

  @Test(
    .spec("R-CALL-514", "R-CALL-516", "R-MEDIA-4"),
    arguments: [
      Sections("the documented defaults", ["audio sendrecv", "video recvonly"]),
      Sections("no sound", audio: false, sendVideo: true, ["audio recvonly", "video sendrecv"]),
      Sections("the camera", sendVideo: true, ["audio sendrecv", "video sendrecv"]),
      Sections("no video matters not when the caller offers it", video: false, ["audio sendrecv", "video recvonly"]),
      Sections("the camera by default", defaults: ["sendInitialVideo": true], ["audio sendrecv", "video sendrecv"]),
      Sections(
        "less than the defaults", defaults: ["sendInitialVideo": true], sendVideo: false,
        ["audio sendrecv", "video recvonly"]),
      Sections(
        "no sound by default", defaults: ["isAudioEnabled": false], sendVideo: true, ["audio recvonly", "video sendrecv"]),
    ])
  func theMediaOptionsOfAnswerDecideTheAnswer(_ given: Sections) async throws {
    try await CallFixture.run(["callDefaults": given.defaults]) { calls in
      let id = try await calls.isCalled(with: [.audio, .video])
      let answer = calls.transport.expect(.put, CallFixture.session, CallFixture.accepted)
      try calls.client.call.answer(
        id,
        AnswerOptions(isAudioEnabled: given.audio, isVideoEnabled: given.video, sendInitialVideo: given.sendVideo))
      #expect(try Sections.directions(CallFixture.body(try await answer.request())) == given.wanted)
    }
  }

  @Test(
    .spec("R-CALL-516", "R-CALL-46"), arguments: [(true, ["audio sendrecv", "video recvonly"]), (false, ["audio sendrecv"])])
  func whetherThereIsVideoIsForWhoeverOffers(_ video: Bool, _ wanted: [String]) async throws {
    try await CallFixture.run { calls in
      calls.notify("call", sdp: nil, ["actions": ["answer", "reject"]])
      let id: CallID = try await calls.first { if case .callReceive(let id) = $0 { id } else { nil } }
      let answer = calls.transport.expect(.put, CallFixture.session, CallFixture.accepted)
      try calls.client.call.answer(id, AnswerOptions(isVideoEnabled: video))
      #expect(try Sections.directions(CallFixture.body(try await answer.request())) == wanted)
    }
  }

  // MARK: Sizes

  @Test(
    .spec("R-MEDIA-7"),
    arguments: [nil, "virtual:pattern", VirtualDevices.pattern, "virtual:pattern?width=320&height=240"] as [String?])
  func picturesHaveTheSizeThatIsAskedForWhateverCameraIsChosen(_ camera: String?) async throws {
    let size = VideoResolution(height: 288, width: 352)
    try await CallFixture.run { calls in
      try await calls.client.media.setDefaultDevices(camera: camera)
      let call = try await calls.talking(MakeOptions(sendInitialVideo: true, videoResolution: size))
      #expect(Self.size(calls.engine.peers.last) == [352, 288])
      _ = try await CallOperationTests.agree(calls) { try await call.stopVideo() }
      _ = try await CallOperationTests.agree(calls) {
        try await call.startVideo(videoResolution: VideoResolution(height: 90, width: 160))
      }
      #expect(Self.size(calls.engine.peers.last) == [160, 90])
    }
    try await CallFixture.run { calls in
      try await calls.client.media.setDefaultDevices(camera: camera)
      let id = try await calls.isCalled(with: [.audio, .video])
      let answer = calls.transport.expect(.put, CallFixture.session, CallFixture.accepted)
      try calls.client.call.answer(id, AnswerOptions(sendInitialVideo: true, videoResolution: size))
      _ = try await answer.request()
      #expect(Self.size(calls.engine.peers.last) == [352, 288])
    }
  }

  @Test(
    .spec("R-MEDIA-60"),
    arguments: [
      (VirtualDevices.screen, 640, 360, 5, [640, 360, 5]), (VirtualDevices.screen, 1280, 720, 30, [1280, 720, 30]),
      ("virtual:screen?width=800&height=600&fps=10", 1280, 400, 15, [800, 400, 10]),
    ])
  func aScreenHasAtMostTheSizeThatIsAskedFor(
    _ screen: String, _ width: Int, _ height: Int, _ rate: Int, _ given: [Int]
  ) async throws {
    try await CallFixture.run { calls in
      let call = try await calls.talking()
      _ = try await CallOperationTests.agree(calls) {
        try await call.startScreenshare(
          ScreenShare(mediaSourceId: screen, width: width, height: height, frameRate: rate))
      }
      let peer = calls.engine.peers.last
      #expect(Self.size(peer) + [peer?.camera?.framesPerSecond ?? 0] == given)
    }
  }

  private static func size(_ peer: FakeMediaPeer?) -> [Int] {
    let frame = peer?.camera?.nextFrame()
    return [frame?.width ?? 0, frame?.height ?? 0]
  }

  // MARK: Containers and devices

  @Test(.spec("R-CALL-565"), arguments: [true, false])
  func theContainersOfOneCallGoBeforeThoseOfAllCalls(_ outgoing: Bool) async throws {
    let (far, near, others) = (Album(), Album(), Album())
    let setting: @Sendable (inout Configuration) -> Void = {
      $0.call.callDefaults.remoteVideoContainer = others
      $0.call.callDefaults.localVideoContainer = others
    }
    try await CallFixture.run(configuring: setting) { calls in
      if outgoing {
        let invite = calls.transport.expect(.post, "callControl", CallFixture.started)
        _ = try calls.client.call.make(
          "bob@example.com",
          MakeOptions(sendInitialVideo: true, remoteVideoContainer: far, localVideoContainer: near))
        _ = try await invite.request()
      } else {
        let id = try await calls.isCalled(with: [.audio, .video])
        let answer = calls.transport.expect(.put, CallFixture.session, CallFixture.accepted)
        try calls.client.call.answer(
          id, AnswerOptions(sendInitialVideo: true, remoteVideoContainer: far, localVideoContainer: near))
        _ = try await answer.request()
      }
      Self.show(calls.engine.peers.last)
    }
    #expect(far.widths == [16])
    #expect(near.widths == [640])
    #expect(others.widths == [])
  }

  private static func show(_ peer: FakeMediaPeer?) {
    _ = peer?.camera?.nextFrame()
    guard let frame = try? PatternSource(width: 16, height: 16, framesPerSecond: 1).nextFrame() else { return }
    for renderer in peer?.videoRenderers ?? [] { renderer.render(frame) }
  }

  @Test func theDevicesOfOneCallGoBeforeTheDefaultOnes() async throws {
    try await CallFixture.run { calls in
      let tone = ToneSource(hz: 700)
      let call = try await calls.talking(
        MakeOptions(
          sendInitialVideo: true, microphone: tone,
          camera: try PatternSource(width: 48, height: 32, framesPerSecond: 5)))
      let peer = try #require(calls.engine.peers.last)
      #expect(peer.microphone === tone)
      #expect(Self.size(peer) == [48, 32])
      #expect(call.record.sendingVideo == true)
    }
  }

  // MARK: Without effect

  @Test func anOptionWithoutEffectIsWarnedAboutOnce() async throws {
    try await CallFixture.run { calls in
      for options in [MakeOptions(webrtcdtls: true), MakeOptions(webrtcdtls: false), MakeOptions(webrtcdtls: false)] {
        let invite = calls.transport.expect(.post, "callControl", CallFixture.started)
        let call = try calls.client.call.make("bob@example.com", options)
        #expect(CallFixture.body(try await invite.request())["sdp"]?.stringValue?.contains("a=fingerprint") == true)
        #expect(call.record.webrtcdtls == options.webrtcdtls)
      }
      let warnings = calls.fixture.log.entries.filter { $0.level == .warn && $0.messages.last?["key"] == "webrtcdtls" }
      #expect(warnings.map(\.target.name) == ["CALL"])
    }
  }
}

/// Remembers the widths of the pictures that it is shown.
final class Album: VideoRenderer {
  private let kept = Mutex<[Int]>([])
  var widths: [Int] { kept.withLock { $0 } }

  func render(_ frame: VideoFrame) {
    kept.withLock { $0.append(frame.width) }
  }
}
