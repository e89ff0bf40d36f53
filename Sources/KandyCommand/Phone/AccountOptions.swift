import ArgumentParser
import Foundation
import LinkProtocol

/// Who calls or is called, and on which server.
struct AccountOptions: ParsableArguments {
  /// What the password may be in, so that it stands in no list of processes.
  private static let variable = "KANDY_PASSWORD"

  @Option(help: ArgumentHelp("The server.", valueName: "url"))
  var server = "http://127.0.0.1:8580"
  @Option(
    help: ArgumentHelp("Who signs in, such as alice@example.com.", valueName: "address"), transform: OptionValue.address)
  var user: UserAddress
  @Option(
    help: """
      The password; other users of this machine may see it in the list of processes. It may also stand in the environment, as \
      KANDY_PASSWORD.
      """)
  var password: String?
  @Flag(help: "Reads the password from the first line of standard input.")
  var passwordStdin = false
  @Option(help: ArgumentHelp("The name that the password belongs to, where it is not the address.", valueName: "name"))
  var authname: String?
  @Option(help: ArgumentHelp("Certificates of the authorities to trust instead of the system's, PEM.", valueName: "file"))
  var trust: String?

  func validate() throws {
    if password != nil, passwordStdin { throw ValidationError("Give --password or --password-stdin, not both.") }
  }

  func readPassword() async throws -> String {
    if let password { return password }
    if passwordStdin {
      guard let line = try await Blocking.run({ readLine(strippingNewline: true) }) else {
        throw CommandFailure("There is no password on standard input.", code: 2)
      }
      return line
    }
    guard let password = ProcessInfo.processInfo.environment[Self.variable] else {
      throw CommandFailure("Give a password with --password-stdin, --password or the variable \(Self.variable).", code: 2)
    }
    return password
  }
}
