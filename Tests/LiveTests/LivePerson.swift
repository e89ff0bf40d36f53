import Kandy
import KandyTesting
import KandyWebRTC
import LinkMedia
import LinkProtocol

/// Somebody who speaks with a tone.
struct LivePerson {
  let client: Client
  let hz: Double

  init(_ name: String, hz: Double, _ gateway: InProcessGateway, _ engine: WebRTCEngine) async throws {
    client = create(gateway.configuration(), media: engine)
    self.hz = hz
    try await client.media.setDefaultDevices(microphone: "virtual:tone?hz=\(Int(hz))", speaker: "virtual:null")
    try await client.connect(Credentials(username: "\(name)@example.com", password: InProcessGateway.password))
  }

  /// Calls somebody, who answers.
  func calls(_ name: String, _ other: LivePerson) async throws -> (Call, Call) {
    let events = other.client.events
    let made = try client.call.make("\(name)@example.com", MakeOptions(isVideoEnabled: false))
    let answered = try other.client.call.answer(try await events.nextCall(), AnswerOptions(isVideoEnabled: false))
    for call in [made, answered] {
      // Media may flow a moment before the call is established.
      try await call.answered()
      try await call.connected()
    }
    return (made, answered)
  }

  func leave() async {
    await client.disconnect()
    await client.destroy()
  }
}

/// One end of a call of somebody who speaks with a tone, and what is heard there.
struct LiveLeg {
  let call: Call
  let hz: Double
  let ear: LiveEar

  init(_ call: Call, _ hz: Double) {
    (self.call, self.hz, ear) = (call, hz, LiveEar(hz))
    call.addAudioSink(ear)
  }

  /// Waits until these others are heard, and nothing else: not whoever is at this end, either.
  func hears(_ others: LiveLeg...) async -> Bool {
    if others.isEmpty { return await ear.hearsNothing() }
    return await ear.hears(others.map(\.hz)) && ear.probe.purity(at: hz) < 0.01
  }
}
