import Kandy
import KandyWebRTC
import LinkProtocol

/// A client that has signed in, with an engine for its calls.
struct Phone: Sendable {
  let client: Client
  /// Everything that has happened since before it signed in. One reader.
  let events: EventStream
  let server: ServerURL
  let user: UserAddress

  /// How long the server's goodbye is waited for.
  private static let patience = Duration.seconds(5)

  /// Signs in, does something, and leaves in any case; calls that are still there end.
  /// - Throws: `CommandFailure` when the options cannot be used or the server refuses; what `body` throws.
  static func run(_ account: AccountOptions, _ body: (Phone) async throws -> Void) async throws {
    let server = try ServerURL(account.server)
    let transport = try transport(trusting: account.trust)
    let credentials = Credentials(
      username: account.user.description, password: try await account.readPassword(), authname: account.authname)
    var configuration = Configuration()
    configuration.authentication.subscription.take(server)
    // What matters is told in sentences.
    configuration.logs.logLevel = .silent
    configuration.connectivity.reconnectLimit = 0
    let engine = WebRTCEngine()
    let client = Kandy.create(configuration, media: engine, transport: transport)
    let phone = Phone(client: client, events: client.events, server: server, user: account.user)
    let outcome: Result<Void, any Error>
    do {
      try await phone.signIn(credentials)
      outcome = .success(try await body(phone))
    } catch {
      outcome = .failure(error)
    }
    await client.leave(within: patience)
    await engine.shutdown()
    try outcome.get()
  }

  private static func transport(trusting authorities: String?) throws -> any Transport {
    do {
      return try CommandTransport.maker(trusting: authorities)()
    } catch let error as TransportError {
      throw CommandFailure(error.message, code: 2)
    }
  }

  private func signIn(_ credentials: Credentials) async throws {
    do {
      try await client.connect(credentials)
    } catch {
      let code = error.statusCode.map { " (\($0))" } ?? ""
      throw CommandFailure("\(user) could not sign in at \(server.text): \(error.cause ?? error.message)\(code)")
    }
  }
}

extension Client {
  /// Says goodbye to the server; what it has not answered in time ends with the client.
  func leave(within patience: Duration) async {
    await withTaskGroup { group in
      group.addTask { await self.disconnect() }
      group.addTask { try? await Task.sleep(for: patience) }
      await group.next()
      await destroy()
      group.cancelAll()
    }
  }
}

extension BasicError {
  /// The message, and what lies beneath it.
  var sentence: String {
    guard let cause, !message.contains(cause) else { return message }
    return "\(message) \(cause)"
  }
}
