import KandyTesting
import LinkLogic
import LinkMedia
import LinkProtocol
import Testing

@testable import Kandy

/// What each key of `config.call` does to a call: what leaves, and what the media engine is given (part 01 §1.4).
@Suite(.timeLimit(.minutes(1))) struct CallSettingsTests {
  // MARK: The engine

  struct Peer: Sendable, CustomTestStringConvertible {
    var name: String
    var call: JSONValue
    /// How the peer's configuration differs from that of a client without any settings.
    var difference: @Sendable (inout PeerConfiguration) -> Void
    var testDescription: String { name }

    init(_ name: String, _ call: JSONValue, _ difference: @escaping @Sendable (inout PeerConfiguration) -> Void = { _ in }) {
      (self.name, self.call, self.difference) = (name, call, difference)
    }

    static let turn: JSONValue = ["urls": ["turn:turn.example.com"], "username": "u", "credential": "c"]
    static let turnServer = ICEServer(urls: ["turn:turn.example.com"], username: "u", credential: "c")
  }

  @Test(
    .spec("R-SDP-50", "R-ICE-2", "R-ICE-3", "R-ICE-4", "R-ICE-6", "TV-151", "D-20"),
    arguments: [
      Peer("nothing", [:]),
      Peer("max-compat", ["bundlePolicy": "max-compat"]) { $0.bundlePolicy = .maxCompat },
      Peer("max-bundle", ["bundlePolicy": "max-bundle"]) { $0.bundlePolicy = .maxBundle },
      Peer("balanced", ["bundlePolicy": "balanced"]) { $0.bundlePolicy = .balanced },
      Peer("useRelay", ["useRelay": true, "iceserver": [Peer.turn]]) {
        $0.relayOnly = true
        $0.iceServers = [Peer.turnServer]
      },
      Peer("useRelayOnly", ["useRelayOnly": true, "iceserver": [Peer.turn]]) {
        $0.relayOnly = true
        $0.iceServers = [Peer.turnServer]
      },
      Peer(
        "servers of all kinds",
        [
          "iceserver": [
            ["url": "stun:stun.example.com?x=1", "username": "u", "credential": "c"],
            [
              "urls": ["TURN:turn.example.com?a=b&transport=tcp", "http://example.com", "turn:"], "username": "u",
              "credential": "c",
            ],
            ["urls": ["ftp:example.com"]],
          ]
        ]
      ) {
        $0.iceServers = [
          ICEServer(urls: ["stun:stun.example.com"]),
          ICEServer(urls: ["turn:turn.example.com?transport=tcp"], username: "u", credential: "c"),
        ]
      },
      Peer("the server's credentials are not wanted", ["serverProvidedTurnCredentials": false, "iceserver": [Peer.turn]]) {
        $0.iceServers = [Peer.turnServer]
      },
    ])
  func theEngineGetsWhatIsConfigured(_ given: Peer) async throws {
    try await CallFixture.run(given.call) { calls in
      // A subscription with credentials, which are not to be used unless that is configured.
      let params: JSONValue = ["service": ["call"], "turnCredentials": ["username": "server", "password": "s"]]
      calls.transport.expect(
        .put, "subscription/6d1f0c2e", .json(["subscribeResponse": ["statusCode": 0, "subscriptionParams": params]]))
      try await calls.client.updateConnection(services: ["call"])
      let invite = calls.transport.expect(.post, "callControl", CallFixture.started)
      let call = try calls.client.call.make("bob@example.com")
      _ = try await invite.request()
      var wanted = PeerConfiguration(streamID: call.id.rawValue)
      given.difference(&wanted)
      #expect(calls.engine.peers.last?.configuration == wanted)
    }
  }

  struct Gathering: Sendable, CustomTestStringConvertible {
    var call: JSONValue
    var wanted: CandidateCollection
    var testDescription: String { call.compactText }
  }

  @Test(
    .spec("R-ICE-20", "R-ICE-23", "R-ICE-28"),
    arguments: [
      Gathering(call: [:], wanted: CandidateCollection(interval: .seconds(3), cycles: 0, mayBeEmpty: true)),
      Gathering(
        call: ["iceCandidateCollectionTimeoutInterval": 700, "relayCandidateCollectionTimeoutCycle": 4],
        wanted: CandidateCollection(interval: .milliseconds(700), cycles: 4, mayBeEmpty: true)),
      Gathering(
        call: ["iceserver": [["url": "stun:s.example.com"]], "relayCandidateCollectionTimeoutCycle": true],
        wanted: CandidateCollection(interval: .seconds(3), cycles: 1, mayBeEmpty: false)),
      Gathering(
        call: ["useRelay": true], wanted: CandidateCollection(interval: .seconds(3), cycles: 0, mayBeEmpty: false)),
    ])
  func candidatesAreWaitedForAsConfigured(_ given: Gathering) async throws {
    try await CallFixture.run(given.call) { calls in
      let id = try await calls.isCalled()
      #expect(calls.client.call.call(for: id)?.driver.media.setup.gathering == given.wanted)
    }
  }

  @Test(.spec("R-ICE-22")) func withARelayCandidateForEverySectionNobodyWaitsAnyLonger() async throws {
    let settings: JSONValue = ["iceserver": [Peer.turn], "relayCandidateCollectionTimeoutCycle": 1]
    try await CallFixture.run(settings, gathering: .byHand) { calls in
      let invite = calls.transport.expect(.post, "callControl", CallFixture.started)
      _ = try calls.client.call.make("bob@example.com")
      let peer = try await calls.describedPeer()
      peer.gather()
      // No time passes, and the gathering is never finished.
      #expect(CallFixture.body(try await invite.request())["sdp"]?.stringValue?.contains("typ relay") == true)
      #expect(try await peer.gatheringState() == .gathering)
    }
  }

  // MARK: The first offer

  struct Offer: Sendable, CustomTestStringConvertible {
    var call: JSONValue
    /// Lines that have to begin so.
    var has: [String] = []
    /// Lines that must not.
    var lacks: [String] = []
    var testDescription: String { call.compactText }
  }

  @Test(
    .spec("R-SDP-50", "R-SDP-60", "R-SDP-65"),
    arguments: [
      Offer(
        call: [:], has: ["a=rtpmap:126 telephone-event/8000"],
        lacks: ["a=group:BUNDLE", "a=rtpmap:101 telephone-event/8000", "a=ice-options:trickle"]),
      Offer(call: ["bundlePolicy": "max-compat"], has: ["a=group:BUNDLE"]),
      Offer(call: ["bundlePolicy": "max-bundle"], has: ["a=group:BUNDLE"]),
      Offer(
        call: ["codecsToReplace": [["name": "telephone-event/8000", "value": 101]]],
        has: ["a=rtpmap:101 telephone-event/8000"], lacks: ["a=rtpmap:126 telephone-event"]),
      Offer(
        call: ["codecsToReplace": [["name": "telephone-event/8000", "value": "101"]]],
        has: ["a=rtpmap:101 telephone-event/8000"]),
      Offer(
        call: ["opusConfig": ["maxPlaybackRate": 16_000, "maxAverageBitrate": 24_000, "fec": 0, "dtx": 1, "ptime": 40]],
        has: ["a=fmtp:111 ", "a=ptime:40"], lacks: []),
    ])
  func theFirstOfferIsAsConfigured(_ given: Offer) async throws {
    try await CallFixture.run(given.call) { calls in
      let invite = calls.transport.expect(.post, "callControl", CallFixture.started)
      _ = try calls.client.call.make("bob@example.com")
      let sdp = try #require(CallFixture.body(try await invite.request())["sdp"]?.stringValue)
      let lines = sdp.split(separator: "\r\n")
      for start in given.has { #expect(lines.contains { $0.hasPrefix(start) }, "\(start) is missing") }
      for start in given.lacks { #expect(!lines.contains { $0.hasPrefix(start) }, "\(start) is there") }
      if let opus = given.call["opusConfig"]?["maxAverageBitrate"]?.intValue {
        let line = lines.first { $0.hasPrefix("a=fmtp:111 ") } ?? ""
        for parameter in ["maxplaybackrate=16000", "maxaveragebitrate=\(opus)", "useinbandfec=0", "usedtx=1"] {
          #expect(line.contains(parameter), "\(parameter) is missing")
        }
      }
    }
  }

  @Test(
    .spec("R-CALL-507", "R-CALL-622"),
    arguments: [(false, "5550100"), (true, "sip:5550100@example.com")] as [(Bool, JSONValue)])
  func everyCalleeIsNormalizedIfThatIsConfigured(_ normalizes: Bool, _ to: JSONValue) async throws {
    try await CallFixture.run(["normalizeDestination": .bool(normalizes)]) { calls in
      let invite = calls.transport.expect(.post, "callControl", CallFixture.started)
      _ = try calls.client.call.make(normalizes ? " 555-0100" : "5550100")
      #expect(CallFixture.body(try await invite.request())["to"] == to)
    }
  }

  // MARK: Hold

  struct Hold: Sendable, CustomTestStringConvertible {
    var call: JSONValue
    var sections: [String]
    var isSending = true
    var testDescription: String { call.compactText }
  }

  @Test(
    .spec("R-CALL-50", "R-SDP-131"),
    arguments: [
      Hold(call: [:], sections: ["audio sendonly", "video sendonly"]),
      Hold(call: ["videoInactiveOnHold": true], sections: ["audio sendonly", "video inactive"]),
      Hold(
        call: ["forceDisableMediaOnHold": true], sections: ["audio sendonly", "video sendonly"], isSending: false),
    ])
  func aHoldIsAsConfigured(_ given: Hold) async throws {
    try await CallFixture.run(given.call) { calls in
      let call = try await calls.talking(MakeOptions(sendInitialVideo: true))
      let hold = try await CallOperationTests.agree(calls) { try await call.hold() }
      #expect(try CallOptionsTests.Sections.directions(hold) == given.sections)
      try await call.driver.store.wait(for: .settled)
      let peer = try #require(calls.engine.peers.last)
      // In the media's lane, behind what the hold does to the tracks.
      try await call.changeInputDevices()
      #expect(peer.isSending(.audio) == given.isSending)
      #expect(!peer.isEnabled(.audio))
    }
  }

  // MARK: Time

  @Test(.spec("R-CALL-695"), arguments: [(5_000, true), (7_000, false)] as [(Int64, Bool)])
  func aCallThatHasRungForTooLongIsOverWhenTheConnectionReturns(_ milliseconds: Int64, _ isOver: Bool) async throws {
    try await CallFixture.run(["activeCallTimeoutMS": .integer(milliseconds)]) { calls in
      let id = try await calls.isCalled()
      await calls.fixture.clock.advance(by: .seconds(6))
      _ = calls.transport.expectSocket()
      calls.socket.end(code: nil)
      if isOver {
        #expect(try await calls.sees(.ended)?.code?.rawValue == LocalCallCode.reasonNotProvided.rawValue)
      } else {
        _ = try await calls.first { if case .wsChange = $0 { true } else { nil } }
        let rejection = calls.transport.expect(.post, "calldisposition", CallFixture.accepted)
        try await calls.client.call.reject(id)
        _ = try await rejection.request()
      }
    }
  }
}

extension CallFixture {
  /// The client's peer, once it has a local description.
  func describedPeer() async throws -> FakeMediaPeer {
    while true {
      if let peer = engine.peers.last, try await peer.localDescription() != nil { return peer }
      await Task.yield()
    }
  }
}
