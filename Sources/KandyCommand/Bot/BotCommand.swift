import ArgumentParser
import Foundation
import LinkMedia

/// `kandy bot`: a user that is a program, and answers calls.
struct BotCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bot",
    abstract: "Answers calls, until it is interrupted.",
    discussion: """
      Example:
        kandy bot echo --user echo@example.com --password-stdin < password.txt
        kandy bot play announcement.wav --user info@example.com --password-stdin < password.txt
      """,
    subcommands: [Echo.self, Play.self])

  struct Echo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Sends back what it hears.",
      discussion: """
        Every caller hears himself and nobody else.

        Example:
          kandy bot echo --user echo@example.com --password-stdin < password.txt
        """)

    @OptionGroup var account: AccountOptions
    @OptionGroup var manner: BotOptions

    mutating func run() async throws { try await manner.run(.echo, account) }
  }

  struct Play: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Plays a WAV file.",
      discussion: """
        Every caller hears the file from its beginning, and again when it has ended.

        Example:
          kandy bot play announcement.wav --user info@example.com --password-stdin < password.txt
        """)

    @Argument(help: ArgumentHelp("16-bit PCM, of any rate.", valueName: "file.wav"))
    var file: String
    @OptionGroup var account: AccountOptions
    @OptionGroup var manner: BotOptions

    mutating func run() async throws {
      let file = file
      do {
        // Better now than when somebody calls.
        _ = try await Blocking.run { try WAVSource(path: file) }
      } catch let error as MediaError {
        throw CommandFailure(error.message, code: 2)
      }
      try await manner.run(.play(file), account)
    }
  }
}

/// How a bot answers.
struct BotOptions: ParsableArguments {
  @Flag(help: "Ends after the first call that it has answered; meanwhile others are turned down.")
  var once = false
  @Option(
    help: ArgumentHelp("How long it lets a call ring.", valueName: "seconds"), transform: OptionValue.number(like: 3))
  var ringFor = 0.0
  @Flag(help: "Shows a moving picture to those who call with video.")
  var video = false

  func validate() throws {
    guard (0...3600).contains(ringFor) else { throw ValidationError("--ring-for is a time from 0 to 3600 seconds.") }
  }

  fileprivate func run(_ act: Bot.Act, _ account: AccountOptions) async throws {
    signal(SIGPIPE, SIG_IGN)  // A reader who leaves is no reason to leave the callers.
    try await Phone.run(account) { phone in
      try await Bot(
        phone: phone, act: act, ringTime: .milliseconds(ringFor * 1000), sendsVideo: video, answersOnce: once
      ).run()
    }
  }
}
