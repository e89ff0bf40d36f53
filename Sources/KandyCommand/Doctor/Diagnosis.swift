import Foundation
import Kandy
import KandyWebRTC
import LinkProtocol
import Subprocess

/// The checks of `kandy doctor`.
enum Diagnosis {
  /// What `scripts/setup` installs for building.
  private static let needed = [
    "libtgowt-dev", "libsqlite3-dev", "zlib1g-dev", "libstdc++-12-dev", "pkg-config", "libedit-dev",
  ]

  // MARK: - The machine

  static func packages() async -> Finding {
    let subject = "Packages"
    guard let output = await output(of: "dpkg-query", ["-W", "-f", "${Package} ${db:Status-Status}\n"] + needed) else {
      return Finding(
        subject: subject, result: "this is no Debian, so they are not checked; the program runs, so what it needs is there")
    }
    let installed = Set(output.split(separator: "\n").filter { $0.hasSuffix(" installed") }.map { $0.prefix { $0 != " " } })
    let missing = needed.filter { !installed.contains(Substring($0)) }
    guard missing.isEmpty else {
      return Finding(
        subject: subject, isWrong: true, result: "\(missing.joined(separator: ", ")) missing, so Kandy cannot be built here",
        cure: "run scripts/setup, or: sudo apt-get install \(missing.joined(separator: " "))")
    }
    return Finding(subject: subject, result: "\(needed.count) of \(needed.count) are installed")
  }

  /// What a program prints; `nil` when there is no such program.
  private static func output(of program: String, _ arguments: [String]) async -> String? {
    let result = try? await Subprocess.run(
      .name(program), arguments: Arguments(arguments), output: .string(limit: 64 << 10), error: .discarded)
    return result?.standardOutput
  }

  // MARK: - The media engine

  static func media() async -> Finding {
    let engine = WebRTCEngine()
    let report = await engine.selfTest()
    await engine.shutdown()
    guard report.passed else {
      return Finding(
        subject: "Media engine", isWrong: true, result: report.failure ?? "the self-test failed",
        cure: "see that this process may use UDP on its own network interfaces, loopback included")
    }
    let sound = report.firstSound.map { ", sound after \($0.brief)" } ?? ""
    let picture = report.firstPicture.map { ", a picture after \($0.brief)" } ?? ""
    return Finding(
      subject: "Media engine", result: "connected to itself after \(report.connected?.brief ?? "a while")\(sound)\(picture)")
  }

  // MARK: - The server

  static func server(_ url: ServerURL, over transport: any Transport) async -> Finding {
    let subject = "Server \(url.text)"
    let begin = ContinuousClock.now
    let finding: Finding
    do {
      let request = TransportRequest(
        method: .get, url: "\(url.text)/rest/version/1/user/doctor/subscription", timeout: .seconds(10))
      let answer = try await transport.send(request)
      let time = (ContinuousClock.now - begin).brief
      finding = diagnose(answer, subject, after: time)
    } catch let error as TransportError {
      finding = Finding(subject: subject, isWrong: true, result: error.message, cure: cure(for: error.code, url))
    } catch {
      finding = Finding(subject: subject, isWrong: true, result: "\(error)")
    }
    await transport.shutdown()
    return finding
  }

  /// A server of this protocol answers a stranger in JSON, whatever it thinks of the request.
  private static func diagnose(_ answer: TransportResponse, _ subject: String, after time: String) -> Finding {
    guard (try? JSONDecoder().decode(JSONValue.self, from: answer.body)) != nil else {
      return Finding(
        subject: subject, isWrong: true,
        result: "something answers, but does not speak the Link protocol (HTTP \(answer.status))",
        cure: "check the address and the port")
    }
    return Finding(subject: subject, result: "answers within \(time)")
  }

  private static func cure(for code: TransportError.Code, _ url: ServerURL) -> String {
    switch code {
    case .unreachable: "start one with: kandy gateway --port \(url.port); or check address, port and firewall"
    case .timeout: "something accepts connections there but does not answer; look at the server's log"
    case .tls: "check the server's certificate: its name, its dates, its authority; a private authority is given with --trust"
    case .closed, .handshake, .invalidURL: "check scheme and port; a server speaks HTTPS or HTTP on one port, not both"
    }
  }
}
