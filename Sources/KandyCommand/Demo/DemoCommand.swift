import ArgumentParser
import Foundation
import Kandy
import KandyGateway
import KandyWebRTC
import LinkMedia
import LinkProtocol
import Logging
import UnixSignals

/// `kandy demo`: the whole system in half a minute.
struct DemoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Shows people in audio and video calls, through a gateway of their own.",
    discussion: """
      Starts a gateway on a free port of this machine, with a database that is thrown away, connects Alice and Bob to it over
      real sockets, and lets each call the other, with sound and with pictures. Each sends a tone and a moving picture of their
      own; the demo checks that the other hears and sees them, and keeps what was heard and seen as WAV and PNG files. At last
      Alice puts Bob on hold, comes back, shows herself, and transfers him to Carol.

      The exit code is 1, with a sentence that says what is missing, when sound or pictures did not flow.

      Example:
        kandy demo
        kandy demo --output recordings
      """)

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("Where the WAV and PNG files go. (default: a new temporary folder)", valueName: "folder"))
  var output: String?

  mutating func run() async throws {
    // From here on there is something to clean up.
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
    let folder = try makeFolder()
    let transcript = Transcript()
    CommandOutput.say("Kandy \(Kandy.Version.current): three people, one gateway, real sockets, real media")
    let database = FileManager.default.temporaryDirectory.appending(path: "kandy-demo-\(UUID().uuidString).sqlite").path
    defer { Self.remove(database) }
    let engine = WebRTCEngine()
    let result: Result<Void, any Error>
    do {
      result = .success(try await play(transcript, engine, folder: folder, database: database, until: signals))
    } catch {
      result = .failure(error)
    }
    await engine.shutdown()
    do {
      try result.get()
    } catch let error as GatewayError {
      throw CommandFailure("The gateway could not be used: \(error.message)")
    } catch let error as BasicError {
      throw CommandFailure("A call failed: \(error.message) (\(error.code.rawValue))")
    } catch let error as MediaError {
      throw CommandFailure("The media engine failed: \(error.message)")
    }
    transcript.title(
      transcript.remarks.isEmpty
        ? "All five calls worked: everybody heard and saw the other."
        : "All five calls worked, with \(transcript.remarks.count) remarks.")
  }

  private func play(
    _ transcript: Transcript, _ engine: WebRTCEngine, folder: String, database: String, until signals: UnixSignalsSequence
  ) async throws {
    var configuration = GatewayConfiguration()
    configuration.port = 0
    configuration.database = .file(database)
    let gateway = try Gateway(configuration, media: engine, logger: Self.quiet)
    let password = UUID().uuidString
    for (name, lastName) in [("Alice", "Adams"), ("Bob", "Baker"), ("Carol", "Clark")] {
      guard let address = UserAddress(Person.address(name)) else { throw CommandFailure("\(name) has no address.") }
      try await gateway.users.add(User(address: address, firstName: name, lastName: lastName), password: password)
    }
    try await gateway.serving { port in
      transcript.title("A gateway, and three people")
      transcript.say("Gateway", "listens on http://127.0.0.1:\(port) and knows Alice Adams, Bob Baker and Carol Clark")
      let server = try ServerURL("http://127.0.0.1:\(port)")
      let alice = Person(
        "Alice", "Adams", hz: 440, camera: "virtual:pattern?width=640&height=480&fps=30", server: server, engine: engine)
      let bob = Person(
        "Bob", "Baker", hz: 660, camera: "virtual:pattern?width=640&height=360&fps=30", server: server, engine: engine)
      let carol = Person(
        "Carol", "Clark", hz: 880, camera: "virtual:pattern?width=320&height=240&fps=30", server: server, engine: engine)
      let outcome = await outcome(of: [alice, bob, carol], until: signals) {
        try await Self.call(alice, bob, carol, password, transcript, folder)
      }
      try outcome.get()
    }
  }

  /// Breaks the calls off when a signal comes; then too the people leave, and the gateway ends, as they usually do.
  private func outcome(
    of people: [Person], until signals: UnixSignalsSequence, _ calls: @escaping @Sendable () async throws -> Void
  ) async -> Result<Void, any Error> {
    let outcome: Result<Void, any Error>
    do {
      outcome = .success(try await untilInterrupted(by: signals, orSay: "The demo was interrupted.", calls))
    } catch {
      outcome = .failure(error)
    }
    for person in people {
      await person.client.disconnect()
      await person.client.destroy()
    }
    return outcome
  }

  private static func call(
    _ alice: Person, _ bob: Person, _ carol: Person, _ password: String, _ transcript: Transcript, _ folder: String
  ) async throws {
    for person in [alice, bob, carol] {
      try await person.connect(password: password)
      transcript.say(person.name, "is connected as \(person.address): subscription made, WebSocket open")
    }
    var number = 0
    for withVideo in [false, true] {
      for (caller, callee) in [(alice, bob), (bob, alice)] {
        number += 1
        try await DemoCall(
          number: number, caller: caller, callee: callee, withVideo: withVideo, folder: folder, transcript: transcript
        ).run()
      }
    }
    try await DemoTransfer(
      number: number + 1, alice: alice, bob: bob, carol: carol, folder: folder, transcript: transcript
    ).run()
  }

  private func makeFolder() throws -> String {
    let url =
      output.map { URL(filePath: $0) }
      ?? FileManager.default.temporaryDirectory.appending(path: "kandy-demo-\(UUID().uuidString.prefix(8))")
    do {
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    } catch {
      throw CommandFailure("The folder \(url.path) cannot be made.", code: 2)
    }
    return url.path
  }

  /// SQLite keeps two files beside a database.
  private static func remove(_ database: String) {
    for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: database + suffix) }
  }

  private static var quiet: Logger {
    Logger(label: "kandy.gateway") { label in
      var handler = StreamLogHandler.standardError(label: label)
      handler.logLevel = .error
      return handler
    }
  }
}
