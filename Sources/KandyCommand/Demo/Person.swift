import Kandy
import KandyWebRTC
import LinkProtocol

/// One of the people, with the client, the tone and the picture that tell them apart.
struct Person: Sendable {
  let name: String
  let lastName: String
  /// What the other one shall hear.
  let hz: Double
  /// What the other one shall see, as the id of a virtual camera.
  let camera: String
  let client: Client

  var address: String { Self.address(name) }
  var microphone: String { "virtual:tone?hz=\(Int(hz))" }

  static func address(_ name: String) -> String { "\(name.lowercased())@example.com" }

  init(_ name: String, _ lastName: String, hz: Double, camera: String, server: ServerURL, engine: WebRTCEngine) {
    self.name = name
    self.lastName = lastName
    self.hz = hz
    self.camera = camera
    var configuration = Configuration()
    configuration.authentication.subscription.take(server)
    configuration.logs.logLevel = .error
    client = Kandy.create(configuration, media: engine, transport: NetworkTransport())
  }

  func connect(password: String) async throws {
    do {
      try await client.connect(Credentials(username: address, password: password))
      try await client.media.setDefaultDevices(camera: camera, microphone: microphone)
    } catch {
      throw CommandFailure("\(name) could not connect: \(error.message) (\(error.code.rawValue))")
    }
  }

  /// Waits until the phone rings.
  func rings(in events: EventStream) async throws -> CallID {
    try await Self.wait(for: "\(name)'s phone ringing", in: events) { event in
      if case .callReceive(let id) = event { id } else { nil }
    }
  }

  /// Waits until media can flow between the two ends of a call.
  static func connect(_ made: Call, _ answered: Call) async throws {
    try await within(.seconds(15), orFail: "The call was answered, but no media connection came about within 15 s.") {
      try await made.connected()
      try await answered.connected()
    }
  }

  /// Waits for an event that `pick` recognises.
  static func wait<Value: Sendable>(
    for what: String, in events: EventStream, _ pick: @escaping @Sendable (Event) -> Value?
  ) async throws -> Value {
    try await within(.seconds(10), orFail: "Within 10 s \(what) did not happen.") {
      for await event in events {
        if let value = pick(event) { return value }
      }
      throw CommandFailure("The client ended before \(what).")
    }
  }
}
