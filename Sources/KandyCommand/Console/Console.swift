import Kandy
import KandyWebRTC
import LinkProtocol
import Synchronization

/// Does what lines say, with any number of clients, and writes answers and events.
final class Console: Sendable {
  private let engine = WebRTCEngine()
  private let clients = Mutex<[String?: ConsoleClient]>([:])
  private let write: @Sendable (ConsoleMessage) -> Void
  private let transport: @Sendable () throws -> any Transport

  /// - Parameters:
  ///   - transport: makes each client's way to its server.
  ///   - write: is called with one message at a time for each client, from any thread.
  init(
    transport: @escaping @Sendable () throws -> any Transport, write: @escaping @Sendable (ConsoleMessage) -> Void
  ) {
    self.transport = transport
    self.write = write
  }

  /// Starts each command as it comes. When the lines end, commands under way are finished, clients disconnected and destroyed.
  func run(_ lines: some AsyncSequence<Result<ConsoleLine, ConsoleRefusal>, Never> & Sendable) async {
    await withDiscardingTaskGroup { readers in
      await withDiscardingTaskGroup { commands in
        for await line in lines {
          switch line {
          case .success(let line) where line.verb == "create": create(line, &readers)
          case .success(let line): start(line, &commands)
          case .failure(let refusal): write(.failure(id: refusal.id, client: refusal.client, refusal.error))
          }
        }
      }
      await end()
    }
    await engine.shutdown()
  }

  private func end() async {
    for client in clients.withLock({ Array($0.values) }) {
      await client.client.disconnect()
      await client.client.destroy()
    }
  }

  // MARK: - Clients

  private func create(_ line: ConsoleLine, _ readers: inout DiscardingTaskGroup) {
    do {
      let configuration = try Configuration(console: line.arguments[0] ?? [:])
      try add(configuration, as: line.client, &readers)
      write(.result(id: line.id, client: line.client, .null))
    } catch {
      write(.failure(id: line.id, client: line.client, BasicError(thrown: error)))
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
      write(.event(client: name, event))
    }
    try? await console.laboratory.finishAll()
  }

  // MARK: - Commands

  /// Begins a command before the next line is looked at, so that commands take effect in their order.
  private func start(_ line: ConsoleLine, _ commands: inout DiscardingTaskGroup) {
    if #available(macOS 26, *) {
      commands.addImmediateTask { await self.perform(line) }
    } else {
      commands.addTask { await self.perform(line) }
    }
  }

  private func perform(_ line: ConsoleLine) async {
    do {
      guard let verb = ConsoleVerbs.all[line.verb] else {
        throw BasicError(
          .consoleVerb, "There is no \"\(line.verb)\"; there are: \(ConsoleVerbs.names.joined(separator: ", ")).")
      }
      guard let client = clients.withLock({ $0[line.client] }) else {
        throw BasicError(.consoleClient, "There is no such client; begin with \"create\".")
      }
      write(.result(id: line.id, client: line.client, try await verb(client, line.arguments)))
    } catch {
      write(.failure(id: line.id, client: line.client, BasicError(thrown: error)))
    }
  }
}
