import ArgumentParser
import Kandy

/// The command `kandy`. Each subcommand has a file, or a folder, of its own.
struct Main: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kandy",
    abstract: "Calls, messages and presence over the Link protocol: the server and the client.",
    discussion: """
      Example:
        kandy demo
        kandy gateway --database kandy.sqlite
        kandy user add alice@example.com --database kandy.sqlite --password-stdin
      """,
    version: Kandy.Version.current,
    subcommands: [
      DemoCommand.self, GatewayCommand.self, UserCommand.self, ConsoleCommand.self, CallCommand.self, BotCommand.self,
      DoctorCommand.self,
    ])
}

@main
enum Launcher {
  static func main() async {
    do {
      var command = try Main.parseAsRoot()
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch let failure as CommandFailure {
      CommandOutput.complain(failure.message)
      Main.exit(withError: ExitCode(failure.code))
    } catch {
      switch Main.exitCode(for: error) {
      case .validationFailure:
        CommandOutput.complain(Main.message(for: error))
        Main.exit(withError: ExitCode(2))
      default:
        Main.exit(withError: error)
      }
    }
  }
}
