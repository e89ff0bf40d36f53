import ArgumentParser
import Foundation
import Kandy
import LinkMedia
import LinkProtocol

/// `kandy call`: places a call from the terminal.
struct CallCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "call",
    abstract: "Calls somebody from the terminal.",
    discussion: """
      While the call lasts, lines that are typed do things: hold, unhold, mute, unmute, video on, video off, dtmf 123,
      transfer carol@example.com, end; ? lists them. Control-C hangs up.

      The exit code is 0 when the call was answered, 1 with a sentence when it was not, 2 when an option cannot be used.

      Example:
        kandy call bob@example.com --user alice@example.com --password-stdin < password.txt
        kandy call bob@example.com --user alice@example.com --file hello.wav --record answer.wav --for 10
      """)

  @Argument(help: "Whom to call, such as bob@example.com.", transform: OptionValue.address)
  var address: UserAddress
  @OptionGroup var account: AccountOptions
  @Option(help: ArgumentHelp("Sends a tone.", valueName: "hz"), transform: OptionValue.number(like: 440))
  var tone: Double?
  @Option(help: ArgumentHelp("Sends a WAV file, again and again.", valueName: "file.wav"))
  var file: String?
  @Option(
    help: ArgumentHelp("Sends what this microphone hears, such as virtual:silence. (default: the default one)", valueName: "id")
  )
  var microphone: String?
  @Option(help: ArgumentHelp("Records what is heard into a WAV file.", valueName: "file.wav"))
  var record: String?
  @Flag(help: "Sends the camera from the start.")
  var video = false
  @Option(
    name: .customLong("for"), help: ArgumentHelp("Hangs up so long after media flows.", valueName: "seconds"),
    transform: OptionValue.number(like: 10))
  var seconds: Double?
  @Flag(help: "Shows bit rate, loss, jitter, round trip and quality once a second: one line that changes on a terminal.")
  var stats = false
  @Option(
    help: ArgumentHelp("Sends these tones of the keypad as soon as media flows.", valueName: "tones"),
    transform: OptionValue.tones)
  var dtmf: DTMFTones?

  func validate() throws {
    if [tone != nil, file != nil, microphone != nil].count(where: { $0 }) > 1 {
      throw ValidationError("Give one of --tone, --file and --microphone.")
    }
    if let tone, !(20...20_000).contains(tone) { throw ValidationError("--tone is a frequency from 20 to 20000 Hz.") }
    if let seconds, !(0.1...86_400).contains(seconds) { throw ValidationError("--for is a time from 0.1 to 86400 seconds.") }
  }

  mutating func run() async throws {
    signal(SIGPIPE, SIG_IGN)  // A reader who leaves is no reason not to hang up.
    let wishes = try await wishes()
    let address = address
    let microphone = microphone
    try await Phone.run(account) { phone in
      if let microphone { try await Self.choose(microphone, for: phone.client) }
      try await CallConversation(phone: phone, callee: address.description, wishes: wishes).run()
    }
  }

  /// Opens the files, before anybody is called.
  private func wishes() async throws -> CallConversation.Wishes {
    do {
      return try await Blocking.run { [tone, file, record, video, seconds, dtmf, stats] in
        var wishes = CallConversation.Wishes(
          sendsVideo: video, limit: seconds.map { .milliseconds($0 * 1000) }, tones: dtmf, showsStatistics: stats)
        if let tone { wishes.microphone = ToneSource(hz: tone) }
        if let file { wishes.microphone = try WAVSource(path: file) }
        if let record { wishes.recorder = try WAVRecorder(path: record) }
        return wishes
      }
    } catch let error as MediaError {
      throw CommandFailure(error.message, code: 2)
    }
  }

  private static func choose(_ microphone: String, for client: Client) async throws {
    do {
      try await client.media.setDefaultDevices(microphone: microphone)
    } catch {
      throw CommandFailure("The microphone cannot be used: \(error.sentence)", code: 2)
    }
  }
}
