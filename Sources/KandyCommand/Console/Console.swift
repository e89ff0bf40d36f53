import Kandy
import KandyWebRTC
import LinkProtocol
import Synchronization

/// Does what lines say, with any number of clients, and writes answers and events.
final class Console: Sendable {
  /// How long the end of the input waits for each of: commands under way, the server's goodbye, a reader of the last lines.
  private static let patience = Duration.seconds(5)

  private let engine = WebRTCEngine()
  private let clients = Mutex<[String?: ConsoleClient]>([:])
  private let underway = Underway()
  private let output: any ConsoleOutput
  private let text: @Sendable (ConsoleMessage) -> String?
  private let transport: @Sendable () throws -> any Transport

  /// - Parameters:
  ///   - transport: makes each client's way to its server.
  ///   - text: makes lines of messages; `nil` of what is not to be written.
  init(
    transport: @escaping @Sendable () throws -> any Transport, output: any ConsoleOutput,
    text: @escaping @Sendable (ConsoleMessage) -> String?
  ) {
    self.transport = transport
    self.output = output
    self.text = text
  }

  /// Starts each command as it comes, as long as somebody reads what is written. When the lines end, commands under way may
  /// finish, clients are disconnected and destroyed, and what remains is written as long as somebody reads it; no step waits for
  /// longer than `patience`.
  /// - Parameter inputEnd: finishes when no more lines come, although some may wait.
  func run(
    _ lines: some AsyncSequence<Result<ConsoleLine, ConsoleRefusal>, Never> & Sendable, inputEnd: AsyncStream<Void>
  ) async {
    await withDiscardingTaskGroup { watch in
      watch.addTask { [output] in
        for await _ in inputEnd {}
        await output.abandonWhenStuck(for: Self.patience)
      }
      await withDiscardingTaskGroup { readers in
        await withDiscardingTaskGroup { commands in
          for await line in lines {
            switch line {
            case .success(let line) where line.verb == "create": await create(line, &readers)
            case .success(let line): start(line, &commands)
            case .failure(let refusal): await write(.failure(id: refusal.id, client: refusal.client, refusal.error))
            }
            await output.room()
          }
          await end(&commands)
        }
      }
      await output.finish()
      watch.cancelAll()
    }
    await engine.shutdown()
  }

  private func end(_ commands: inout DiscardingTaskGroup) async {
    try? await within(Self.patience, orFail: "Commands are still under way.") { await self.underway.finish() }
    commands.cancelAll()
    await withDiscardingTaskGroup { group in
      for client in clients.withLock({ Array($0.values) }) {
        group.addTask { await client.client.leave(within: Self.patience) }
      }
    }
  }

  private func write(_ message: ConsoleMessage) async {
    if let text = text(message) { await output.write(text) }
  }

  // MARK: - Clients

  private func create(_ line: ConsoleLine, _ readers: inout DiscardingTaskGroup) async {
    do {
      let configuration = try ConsoleConfiguration(line.arguments[0] ?? [:]).configuration
      try add(configuration, as: line.client, &readers)
      await write(.result(id: line.id, client: line.client, .null))
    } catch {
      await write(.failure(id: line.id, client: line.client, BasicError(thrown: error)))
    }
  }

  private func add(_ configuration: Configuration, as name: String?, _ readers: inout DiscardingTaskGroup) throws {
    if let old = clients.withLock({ $0[name] }), (try? old.client.getConfig()) != nil {
      throw BasicError(.consoleClient, "There is such a client already; destroy it before you create it anew.")
    }
    let client = Kandy.create(configuration, media: engine, transport: try transport())
    let console = ConsoleClient(client: client, laboratory: Laboratory())
    clients.withLock { $0[name] = console }
    let events = client.events
    readers.addTask { await self.writeEvents(events, of: console, name) }
  }

  private func writeEvents(_ events: EventStream, of console: ConsoleClient, _ name: String?) async {
    for await event in events {
      do {
        switch event {
        case .callReceive(let id):
          if let call = console.client.call.call(for: id) { console.laboratory.attach(to: call) }
        case .callStateChange(let change) where change.state == .ended:
          try await console.laboratory.finish(change.callID)
        default: break
        }
      } catch {
        CommandOutput.complain("a recording could not be finished: \(BasicError(thrown: error).message)")
      }
      await write(.event(client: name, event))
    }
    try? await console.laboratory.finishAll()
  }

  // MARK: - Commands

  /// Begins a command before the next line is looked at, so that commands take effect in their order.
  private func start(_ line: ConsoleLine, _ commands: inout DiscardingTaskGroup) {
    underway.begin()
    if #available(macOS 26, *) {
      commands.addImmediateTask { await self.perform(line) }
    } else {
      commands.addTask { await self.perform(line) }
    }
  }

  private func perform(_ line: ConsoleLine) async {
    defer { underway.end() }
    do {
      if line.verb == "help" {
        let text = ConsoleHelp.text(for: try line.arguments.optionalString(0, "name"))
        return await write(.result(id: line.id, client: line.client, .string(text)))
      }
      guard let verb = ConsoleVerbs.all[line.verb] else {
        throw BasicError(
          .consoleVerb, "There is no \"\(line.verb)\"; there are: \(ConsoleVerbs.names.joined(separator: ", ")).")
      }
      guard let client = clients.withLock({ $0[line.client] }) else {
        throw BasicError(.consoleClient, "There is no such client; begin with \"create\".")
      }
      await write(.result(id: line.id, client: line.client, try await verb(client, line.arguments)))
    } catch {
      await write(.failure(id: line.id, client: line.client, BasicError(thrown: error)))
    }
  }
}
