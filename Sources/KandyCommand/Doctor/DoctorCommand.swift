import ArgumentParser
import Foundation
import Kandy
import KandyWebRTC

/// `kandy doctor`: what is wrong with this machine, and how to mend it.
struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Checks the machine, the media engine and the server; says what is wrong and how to mend it.",
    discussion: """
      The media engine is checked by a call within this process: two ends, a tone and a moving picture each way. The server is
      asked for an answer over HTTP. The exit code is 1 when something is wrong.

      Example:
        kandy doctor
        kandy doctor --server https://kandy.example.com
      """)

  @Option(help: ArgumentHelp("The server to look for; without it none is checked.", valueName: "url"))
  var server: String?
  @Option(help: ArgumentHelp("Certificates of the authorities to trust instead of the system's, PEM.", valueName: "file"))
  var trust: String?

  mutating func run() async throws {
    let url = try server.map { try ServerURL($0) }
    let transport = try CommandTransport.maker(trusting: trust)
    CommandOutput.say("Kandy \(Kandy.Version.current)")
    var findings = [await Diagnosis.packages(), await Diagnosis.media()]
    for finding in findings { CommandOutput.say(finding.text) }
    if let url {
      let finding = await Diagnosis.server(url, over: try transport())
      CommandOutput.say(finding.text)
      findings.append(finding)
    } else {
      CommandOutput.say("–  Server: not checked; name one with --server http://127.0.0.1:8580")
    }
    let wrong = findings.count { $0.isWrong }
    if wrong > 0 { throw CommandFailure(wrong == 1 ? "One thing is wrong." : "\(wrong) things are wrong.") }
    CommandOutput.say("Everything that was checked is well.")
  }
}

/// What one check found.
struct Finding: Sendable {
  var subject: String
  var isWrong = false
  var result: String
  /// What to do about it.
  var cure: String?

  var text: String {
    "\(isWrong ? "✘" : "✔")  \(subject): \(result)" + (cure.map { "\n   → \($0)" } ?? "")
  }
}
