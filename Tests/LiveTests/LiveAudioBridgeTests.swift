import Foundation
import Kandy
import KandyGateway
import KandyTesting
import KandyWebRTC
import LinkMedia
import LinkProtocol
import Testing

/// Alice bridges her calls with Bob and Carol: real sockets, a real gateway, which does not mix, and real libwebrtc.
@Suite(.serialized, .timeLimit(.minutes(2))) struct LiveAudioBridgeTests {
  private struct Setting {
    let alice: LivePerson
    let bridges: AudioBridges
    let bridge: AudioBridge.ID
    /// Alice's ends of the calls: what she hears from Bob, and from Carol.
    let first: LiveLeg
    let second: LiveLeg
    let bob: LiveLeg
    let carol: LiveLeg

    func calls() throws -> [CallID] { try bridges.getBridgeCalls(bridge) }
  }

  /// - Parameter speakers: what Alice's call with Bob and hers with Carol are played on.
  private func setting(
    speakers: [String] = ["virtual:null", "virtual:null"], _ body: (Setting) async throws -> Void
  ) async throws {
    let engine = WebRTCEngine()
    let users: [UserAddress] = ["alice@example.com", "bob@example.com", "carol@example.com"]
    try await InProcessGateway.run(users: users) { gateway in
      let alice = try await LivePerson("alice", hz: 500, gateway, engine)
      let bob = try await LivePerson("bob", hz: 900, gateway, engine)
      let carol = try await LivePerson("carol", hz: 1_300, gateway, engine)
      try await alice.client.media.setDefaultDevices(speaker: speakers[0])
      let (first, atBob) = try await alice.calls("bob", bob)
      try await alice.client.media.setDefaultDevices(speaker: speakers[1])
      let (second, atCarol) = try await alice.calls("carol", carol)
      let bridges = alice.client.audioBridge
      try await body(
        Setting(
          alice: alice, bridges: bridges, bridge: try bridges.create(), first: LiveLeg(first, alice.hz),
          second: LiveLeg(second, alice.hz), bob: LiveLeg(atBob, bob.hz), carol: LiveLeg(atCarol, carol.hz)))
      for person in [alice, bob, carol] { await person.leave() }
    }
    await engine.shutdown()
  }

  /// Who hears whom while all is well.
  private func expectConversation(_ setting: Setting, sourceLocation: SourceLocation = #_sourceLocation) async {
    let (first, bob, carol) = (setting.first, setting.bob, setting.carol)
    #expect(await bob.hears(first, carol), "Bob", sourceLocation: sourceLocation)
    #expect(await carol.hears(first, bob), "Carol", sourceLocation: sourceLocation)
    #expect(await first.hears(bob), "Alice from Bob", sourceLocation: sourceLocation)
    #expect(await setting.second.hears(carol), "Alice from Carol", sourceLocation: sourceLocation)
  }

  @Test(.spec("R-CALL-717", "R-CALL-718", "R-CALL-719", "R-MEDIA-72", "R-MEDIA-74"))
  func bridgedMutedAndSilenced() async throws {
    try await setting { setting in
      let (bridges, bridge) = (setting.bridges, setting.bridge)
      #expect(await setting.bob.hears(setting.first))
      try await bridges.addCall(bridge, setting.first.call.id)
      try await bridges.addCall(bridge, setting.second.call.id)
      await expectConversation(setting)

      try await bridges.mute(bridge)
      #expect(await setting.bob.hears(setting.carol))
      #expect(await setting.carol.hears(setting.bob))
      #expect(await setting.first.hears(setting.bob))
      try await bridges.unmute(bridge)
      await expectConversation(setting)

      try await bridges.silence(bridge)
      await expectConversation(setting)
      try await bridges.unsilence(bridge)

      // The call's own mute: its far end goes on hearing the other one.
      try await setting.first.call.mute()
      #expect(await setting.bob.hears(setting.carol))
      #expect(await setting.carol.hears(setting.first, setting.bob))
      try await setting.first.call.unmute()
      await expectConversation(setting)
    }
  }

  @Test(.spec("R-CALL-718", "R-CALL-719")) func aSilencedBridgeIsNotPlayedHere() async throws {
    let files = [1, 2].map { FileManager.default.temporaryDirectory.appending(path: "kandy-bridge-\(UUID())-\($0).wav").path }
    defer { for file in files { try? FileManager.default.removeItem(atPath: file) } }
    /// How much has been played of each call, in seconds.
    func played() throws -> [Double] {
      try files.map { Double(try FileManager.default.attributesOfItem(atPath: $0)[.size] as? Int ?? 0) / 96_000 }
    }
    try await setting(speakers: files.map { "virtual:file?path=\($0)" }) { setting in
      /// How much is played of each call while more than a second is heard of both.
      func playing() async throws -> [Double] {
        let before = try played()
        #expect(await setting.first.hears(setting.bob))
        #expect(await setting.second.hears(setting.carol))
        return zip(try played(), before).map { $0 - $1 }
      }
      let (bridges, bridge) = (setting.bridges, setting.bridge)
      try await bridges.addCall(bridge, setting.first.call.id)
      #expect(try await playing().allSatisfy { $0 > 0.5 })
      try await bridges.silence(bridge)
      _ = try await playing()
      // What had been heard by then has been written.
      let silenced = try await playing()
      #expect(silenced[0] == 0 && silenced[1] > 0.5)
      try await bridges.addCall(bridge, setting.second.call.id)
      _ = try await playing()
      #expect(try await playing() == [0, 0])
      await expectConversation(setting)
      try await bridges.unsilence(bridge)
      #expect(try await playing().allSatisfy { $0 > 0.5 })
    }
  }

  @Test(.spec("R-CALL-715", "R-CALL-716", "R-CALL-720", "R-CALL-722", "R-MEDIA-75"))
  func heldRemovedClosedAndHungUp() async throws {
    try await setting { setting in
      let (bridges, bridge) = (setting.bridges, setting.bridge)
      let (first, second, bob, carol) = (setting.first, setting.second, setting.bob, setting.carol)
      for leg in [first, second] { try await bridges.addCall(bridge, leg.call.id) }
      try await first.call.hold()
      #expect(await bob.hears())
      #expect(await carol.hears(first))
      try await first.call.unhold()
      await expectConversation(setting)
      try await carol.call.hold()
      // Nothing comes to whoever holds, not even silence: so it is not waited for.
      carol.ear.probe.reset()
      #expect(await bob.hears(first))
      #expect(carol.ear.probe.level == -120)
      try await carol.call.unhold()
      await expectConversation(setting)
      #expect(try setting.calls() == [first.call.id, second.call.id])

      try await bridges.removeCall(bridge, first.call.id)
      #expect(await bob.hears(first))
      #expect(await carol.hears(first))
      try await bridges.addCall(bridge, first.call.id)
      await expectConversation(setting)
      try await bridges.close(bridge)
      #expect(await bob.hears(first))
      #expect(await carol.hears(first))
      #expect(await second.hears(carol))

      let other = try bridges.create()
      for leg in [first, second] { try await bridges.addCall(other, leg.call.id) }
      await expectConversation(setting)
      try await bob.call.end()
      try await first.call.ended()
      #expect(await carol.hears(first))
      while try bridges.getBridgeCalls(other) != [second.call.id] { await Task.yield() }
      #expect(try bridges.getAll().map(\.status) == [.closed, .open])
    }
  }
}
