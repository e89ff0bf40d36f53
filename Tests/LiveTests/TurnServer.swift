import Foundation
import NIOCore
import NIOPosix
import Subprocess
import Synchronization

/// A real coturn on a free loopback port, which shares a secret with a gateway. It ends with the test.
struct TurnServer {
  struct DidNotStart: Error, CustomStringConvertible {
    let description: String
  }

  let port: Int
  var url: String { "turn:127.0.0.1:\(port)?transport=udp" }

  /// Runs a server while `body` runs. Without coturn on this machine the body is skipped, with a line that says so; where the environment has
  /// `CI`, that is a failure.
  static func run(secret: String, _ body: (TurnServer) async throws -> Void) async throws {
    let server = TurnServer(port: try await freePort())
    let folder = FileManager.default.temporaryDirectory.appending(path: "kandy-turn-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    do {
      _ = try await Subprocess.run(
        .name("turnserver"), arguments: Arguments(server.arguments(secret: secret, folder: folder)),
        input: .none, output: .sequence, error: .combinedWithOutput
      ) { process in
        defer { try? process.send(signal: .kill) }
        try await whileListening(process.standardOutput) { try await body(server) }
      }
    } catch let error as SubprocessError where error.code == .executableNotFound {
      if ProcessInfo.processInfo.environment["CI"] != nil {
        throw DidNotStart(description: "there is no turnserver on this machine; scripts/setup installs coturn")
      }
      print("*** SKIPPED: there is no turnserver on this machine; scripts/setup installs coturn. ***")
    }
  }

  private func arguments(secret: String, folder: URL) -> [String] {
    [
      "-n", "--verbose", "--no-cli", "--no-tls", "--no-dtls", "--no-tcp", "--allow-loopback-peers",
      "--listening-ip", "127.0.0.1", "--relay-ip", "127.0.0.1", "--listening-port", "\(port)", "--realm", "kandy.test",
      "--use-auth-secret", "--static-auth-secret", secret, "--log-file", "stdout", "--simple-log",
      "--pidfile", "\(folder.path)/pid", "--userdb", "\(folder.path)/db",
    ]
  }

  /// Runs `body` once the server has its socket. What it prints is read all the time, so that it is never stopped by a full pipe.
  private static func whileListening(_ output: SubprocessOutputSequence, _ body: () async throws -> Void) async throws {
    let (listening, listens) = AsyncStream.makeStream(of: Void.self)
    let said = Mutex("")
    async let reading: Void = {
      defer { listens.finish() }
      for try await line in output.strings() {
        said.withLock { $0 = String(($0 + line).suffix(500)) }
        if line.contains("UDP listener opened on") { listens.yield() }
      }
    }()
    for await _ in listening { return try await body() }
    try await reading
    throw DidNotStart(description: "turnserver ended: \(said.withLock { $0 })")
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
