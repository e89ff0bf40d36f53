import ArgumentParser
import Foundation
import Kandy
import LinkProtocol

/// `kandy console`: the whole SDK from a prompt, or from another program.
struct ConsoleCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "console",
    abstract: "Drives the SDK line by line, from a prompt or from another program.",
    discussion: """
      With --json one JSON object a line comes in on standard input, and one a line goes out on standard output:
        {"id": 1, "do": "create", "args": [{"authentication": {"subscription":
          {"protocol": "http", "server": "127.0.0.1", "port": 8580}}}]}
        {"id": 2, "do": "connect", "args": [{"username": "alice@example.com", "password": "secret"}]}
      "do" is a name of the API, "args" its arguments. Several clients are told apart by "client": "alice" on each line.
      lab.probe, lab.snapshot and lab.record look at the media of a call. The end of the input disconnects.

      Without --json a line is a name, arguments, and options as key=value; what has blanks in it stands between quotation marks.
      On a terminal the tabulator key completes names, arrows bring lines back, and help lists what there is. quit ends it.

      Example:
        kandy console --server http://127.0.0.1:8580
        > connect username=alice@example.com password=secret
        > call.make bob@example.com isVideoEnabled=true
      """)

  @Flag(help: "Reads and writes JSON, a line each.")
  var json = false
  @Option(help: ArgumentHelp("Creates a client for this server at once.", valueName: "url"))
  var server: String?
  @Option(help: ArgumentHelp("Creates a client with this configuration, a JSON file, at once.", valueName: "file"))
  var config: String?
  @Option(help: ArgumentHelp("Certificates of the authorities to trust instead of the system's, PEM.", valueName: "file"))
  var trust: String?

  func validate() throws {
    if json, server != nil || config != nil {
      throw ValidationError("With --json the first line creates the client; --server and --config are for the prompt.")
    }
  }

  mutating func run() async throws {
    signal(SIGPIPE, SIG_IGN)  // A reader who leaves is seen where it is written.
    let first = try firstLine()
    if !json, isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1 {
      let terminal = Terminal(names: ConsoleVerbs.names + ConsoleLine.farewells)
      await terminal.write("Type a name of the API, such as getVersion, or help; quit disconnects and ends.")
      try await run(first, terminal.lines, terminal.end, terminal)
    } else {
      let input = json ? StandardInput() : StandardInput(until: ConsoleLine.isFarewell)
      try await run(first, input, input.end, LineWriter(descriptor: STDOUT_FILENO) { input.stop() })
    }
  }

  private func run<Lines: AsyncSequence & Sendable>(
    _ first: ConsoleLine?, _ lines: Lines, _ end: AsyncStream<Void>, _ output: any ConsoleOutput
  ) async throws where Lines.Element == String, Lines.Failure == Never {
    let isJSON = json
    let console = Console(transport: try CommandTransport.maker(trusting: trust), output: output) { message in
      isJSON ? message.line : message.sentence
    }
    let typed = lines.filter { !$0.allSatisfy(\.isWhitespace) }.map { text in
      Result { () throws(ConsoleRefusal) in try isJSON ? ConsoleLine(json: text) : ConsoleLine(prompt: text) }
    }
    await console.run(ConsoleInput(first: first, rest: typed), inputEnd: end)
  }

  /// What `--server` and `--config` stand for.
  private func firstLine() throws -> ConsoleLine? {
    guard server != nil || config != nil else { return nil }
    do {
      var configuration = Configuration()
      if let config { configuration = try Configuration(contentsOfFile: config) }
      if let server { configuration.authentication.subscription.take(try ServerURL(server)) }
      return try ConsoleLine(json: JSONValue.object(["do": "create", "args": [configuration.json]]).text())
    } catch let error as BasicError {
      throw CommandFailure(error.message, code: 2)
    } catch let refusal as ConsoleRefusal {
      throw CommandFailure(refusal.error.message, code: 2)
    }
  }
}

/// A line that is there from the start, and those that are typed.
private struct ConsoleInput<Rest: AsyncSequence & Sendable>: AsyncSequence, Sendable
where Rest.Element == Result<ConsoleLine, ConsoleRefusal>, Rest.Failure == Never {
  typealias Element = Rest.Element
  typealias Failure = Never

  let first: ConsoleLine?
  let rest: Rest

  struct Iterator: AsyncIteratorProtocol {
    var first: ConsoleLine?
    var rest: Rest.AsyncIterator

    mutating func next() async -> Element? {
      await next(isolation: #isolation)
    }

    mutating func next(isolation actor: isolated (any Actor)?) async -> Element? {
      if let line = first {
        first = nil
        return .success(line)
      }
      return await rest.next(isolation: actor)
    }
  }

  func makeAsyncIterator() -> Iterator {
    Iterator(first: first, rest: rest.makeAsyncIterator())
  }
}
