import KandyTesting
import LinkMedia
import LinkProtocol
import Testing

@testable import Kandy

struct DevicesTests {
  private func eventsOf(
    _ fixture: ClientFixture, _ action: (Media) async throws -> Void
  ) async rethrows -> [Event] {
    try await action(fixture.client.media)
    return await fixture.eventsUntilDestroyed()
  }

  @Test(.spec("R-MEDIA-15")) func theDevicesAreListedAndReported() async throws {
    let fixture = ClientFixture()
    var listed = MediaDevices()
    let events = try await eventsOf(fixture) { listed = try await $0.getDevices() }
    #expect(events == [.devicesChange(listed)])
    #expect(listed.microphone.map(\.id).contains("virtual:silence"))
    #expect(listed.speaker.map(\.id).contains("virtual:null"))
    #expect(listed.camera.contains { $0.id.hasPrefix("virtual:pattern") })
    #expect(
      events.first?.payload["devices"]?["speaker"]?.arrayValue?.first == [
        "deviceId": "virtual:null", "groupId": "", "kind": "audiooutput", "label": "No sound",
      ])
    await #expect(throws: BasicError.destroyed) { try await fixture.client.media.getDevices() }
  }

  @Test(.spec("R-MEDIA-17")) func whatIsNotNamedKeepsItsDefault() async throws {
    let fixture = ClientFixture(media: FakeMediaEngine())
    let events = try await eventsOf(fixture) { media in
      try await media.setDefaultDevices(camera: "virtual:pattern", microphone: "virtual:silence")
      try await media.setDefaultDevices(microphone: "virtual:tone?hz=700", speaker: "virtual:null")
    }
    #expect(
      events.map(\.payload) == [
        ["devices": ["camera": "virtual:pattern", "microphone": "virtual:silence"]],
        ["devices": ["camera": "virtual:pattern", "microphone": "virtual:tone?hz=700", "speaker": "virtual:null"]],
      ])
    #expect(events.map(\.name) == [.devicesDefaultsChange, .devicesDefaultsChange])
    #expect(fixture.client.media.defaultDevices.microphone == "virtual:tone?hz=700")
  }

  @Test(.spec("R-MEDIA-17")) func anUnknownSpeakerIsRefusedAndNothingChanges() async throws {
    let fixture = ClientFixture(media: FakeMediaEngine())
    let events = await eventsOf(fixture) { media in
      let error = await result { try await media.setDefaultDevices(microphone: "virtual:silence", speaker: "loud") }
      #expect(error?.code == .callUserMediaError)
    }
    #expect(events.map(\.name) == [.devicesError])
    #expect(events.first?.payload["error"]?["code"] == "call:4")
    #expect(fixture.client.media.defaultDevices == DefaultDevices())
  }

  @Test(.spec("R-CONN-223")) func aDestroyedClientSetsNoDefaults() async throws {
    let fixture = ClientFixture(media: FakeMediaEngine())
    await fixture.client.destroy()
    try await fixture.client.media.setDefaultDevices(speaker: "loud")
    #expect(fixture.client.media.defaultDevices == DefaultDevices())
  }
}
