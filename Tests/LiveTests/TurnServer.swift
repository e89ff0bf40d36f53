import Foundation
import NIOCore
import NIOPosix
import Synchronization

/// A real coturn on a free loopback port, which shares a secret with a gateway. It ends with the test.
final class TurnServer: Sendable {
  struct DidNotStart: Error, CustomStringConvertible {
    let description: String
  }

  let port: Int
  var url: String { "turn:127.0.0.1:\(port)?transport=udp" }

  private let process: Mutex<Process>
  private let ended: AsyncStream<Void>
  private let log: AsyncStream<String>
  private let folder: URL

  /// Where Debian and others put the program.
  static let program = ["/usr/bin/turnserver", "/usr/local/bin/turnserver", "/opt/homebrew/bin/turnserver"]
    .first { FileManager.default.isExecutableFile(atPath: $0) }

  /// Runs a server while `body` runs. Without coturn on this machine the body is skipped, with a line that says so.
  static func run(secret: String, _ body: (TurnServer) async throws -> Void) async throws {
    guard let program else {
      print("*** SKIPPED: there is no turnserver on this machine; scripts/setup installs coturn. ***")
      return
    }
    let server = try TurnServer(program, port: try await freePort(), secret: secret)
    let result: Result<Void, any Error>
    do {
      try await server.listens()
      result = .success(try await body(server))
    } catch {
      result = .failure(error)
    }
    await server.stop()
    try result.get()
  }

  private init(_ program: String, port: Int, secret: String) throws {
    self.port = port
    folder = FileManager.default.temporaryDirectory.appending(path: "kandy-turn-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(filePath: program)
    process.currentDirectoryURL = folder
    process.arguments = [
      "-n", "--verbose", "--no-cli", "--no-tls", "--no-dtls", "--no-tcp", "--allow-loopback-peers",
      "--listening-ip", "127.0.0.1", "--relay-ip", "127.0.0.1", "--listening-port", "\(port)", "--realm", "kandy.test",
      "--use-auth-secret",
      "--static-auth-secret", secret, "--log-file", "stdout", "--simple-log", "--pidfile", "\(folder.path)/pid", "--userdb",
      "\(folder.path)/db",
    ]
    process.standardOutput = output
    process.standardError = output
    log = Self.text(of: output)
    let (ended, ending) = AsyncStream.makeStream(of: Void.self)
    process.terminationHandler = { _ in ending.finish() }
    try process.run()
    self.process = Mutex(process)
    self.ended = ended
  }

  /// Waits until the server has its socket.
  private func listens() async throws {
    var said = ""
    for await text in log {
      said += text
      if said.contains("UDP listener opened on") { return }
    }
    throw DidNotStart(description: "turnserver ended: \(said.suffix(500))")
  }

  /// What comes out of a pipe, until it is closed. It is read to the end also when nobody listens any more.
  private static func text(of pipe: Pipe) -> AsyncStream<String> {
    let (texts, continuation) = AsyncStream.makeStream(of: String.self, bufferingPolicy: .bufferingNewest(1000))
    pipe.fileHandleForReading.readabilityHandler = { handle in
      let data = handle.availableData
      if data.isEmpty {
        handle.readabilityHandler = nil
        continuation.finish()
      } else {
        continuation.yield(String(decoding: data, as: UTF8.self))
      }
    }
    return texts
  }

  private func stop() async {
    process.withLock { process in
      // The child has inherited the signal mask of a thread of the pool, which blocks the polite signals.
      if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }
    for await _ in ended {}
    try? FileManager.default.removeItem(at: folder)
  }

  /// A UDP port that nobody has at this moment.
  private static func freePort() async throws -> Int {
    let channel = try await DatagramBootstrap(group: MultiThreadedEventLoopGroup.singleton).bind(host: "127.0.0.1", port: 0)
      .get()
    defer { channel.close(promise: nil) }
    guard let port = channel.localAddress?.port else { throw DidNotStart(description: "there is no free port") }
    return port
  }
}
