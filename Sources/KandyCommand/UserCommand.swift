import ArgumentParser
import Foundation
import KandyGateway
import LinkProtocol

/// `kandy user …`: the server's users. A running gateway sees the changes at the next request.
struct UserCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "user",
    abstract: "Manages the server's users.",
    discussion: """
      Example:
        kandy user add alice@example.com --password-stdin --first-name Alice < password.txt
        kandy user list
      """,
    subcommands: [Add.self, List.self, Remove.self, Password.self, HMACKey.self])

  struct Add: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Adds a user.",
      discussion: """
        Example:
          kandy user add alice@example.com --password-stdin --first-name Alice --services call,IM,Presence < password.txt
        """)

    @Argument(help: "The user's address, such as alice@example.com.", transform: OptionValue.address)
    var address: UserAddress
    @OptionGroup var database: DatabaseOption
    @OptionGroup var password: PasswordOptions
    @Flag(help: "Without a password: the user signs in with HMAC tokens only.")
    var noPassword = false
    @Option(help: "A name to sign in with besides the address.")
    var authname: String?
    @Option var firstName = ""
    @Option var lastName = ""
    @Option var email = ""
    @Option var phone = ""
    @Option var photoUrl = ""
    @Option(help: "The services that the user may have, separated by commas. (default: all)")
    var services: String?

    func validate() throws {
      guard noPassword, password.isGiven else { return }
      throw ValidationError("Give --no-password, or a password with --password-stdin or --password; not both.")
    }

    mutating func run() async throws {
      let user = User(
        address: address, authname: authname, firstName: firstName, lastName: lastName, email: email, phone: phone,
        photoURL: photoUrl,
        services: services?.split(separator: ",").map {
          ServiceName(rawValue: $0.trimmingCharacters(in: .whitespaces))
        })
      let password: String? = noPassword ? nil : try password.read()
      try await database.with(mayBeNew: true) { try await $0.add(user, password: password) }
      CommandOutput.say("added \(user.address)")
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lists the users.", discussion: "Example:\n  kandy user list --json")

    @OptionGroup var database: DatabaseOption
    @Flag(help: "As a JSON array.")
    var json = false

    mutating func run() async throws {
      let users = try await database.with { try await $0.list() }
      if json {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        CommandOutput.say(String(decoding: try encoder.encode(users), as: UTF8.self))
      } else {
        CommandOutput.say(
          CommandOutput.table(
            ["ADDRESS", "NAME", "AUTHNAME", "SERVICES"],
            users.map { user in
              let name = [user.firstName, user.lastName].filter { !$0.isEmpty }.joined(separator: " ")
              let services = user.services.map { $0.map(\.rawValue).joined(separator: ",") } ?? "all"
              return [user.address.description, name, user.authname ?? "", services]
            }))
      }
    }
  }

  struct Remove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Removes a user; the user's clients are told that they are gone.",
      discussion: "Example:\n  kandy user remove alice@example.com")

    @Argument(help: "The user's address.", transform: OptionValue.address)
    var address: UserAddress
    @OptionGroup var database: DatabaseOption

    mutating func run() async throws {
      let address = address
      try await database.with { try await $0.remove(address) }
      CommandOutput.say("removed \(address)")
    }
  }

  struct Password: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Changes a user's password.",
      discussion: "Example:\n  kandy user password alice@example.com --password-stdin < password.txt")

    @Argument(help: "The user's address.", transform: OptionValue.address)
    var address: UserAddress
    @OptionGroup var database: DatabaseOption
    @OptionGroup var password: PasswordOptions

    mutating func run() async throws {
      let address = address
      let password = try password.read()
      try await database.with { try await $0.setPassword(password, of: address) }
      CommandOutput.say("changed the password of \(address)")
    }
  }

  struct HMACKey: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "hmac-key",
      abstract: "Prints the key with which an organization makes tokens for its users.",
      discussion: """
        The key is made the first time. Its characters are the key of HMAC-SHA1 over
        {"authenticationTokenRequest":{"subscriberId":"alice","organizationId":"example.com"}}; the token is the result in
        hexadecimal or Base64.

        Example:
          kandy user hmac-key example.com
        """)

    @Argument(help: "The organization's domain, such as example.com.")
    var domain: String
    @OptionGroup var database: DatabaseOption

    mutating func run() async throws {
      let domain = domain
      CommandOutput.say(try await database.with(mayBeNew: true) { try await $0.ensureHMACKey(of: domain) })
    }
  }
}

/// Where the users are.
struct DatabaseOption: ParsableArguments {
  @Option(help: ArgumentHelp("The gateway's database.", valueName: "file"))
  var database = "kandy.sqlite"

  static func location(_ text: String) -> GatewayDatabase.Location {
    text == "memory" ? .memory : .file(text)
  }

  func validate() throws {
    if database == "memory" { throw ValidationError("A database in memory belongs to its gateway alone; give a file.") }
  }

  /// - Parameter mayBeNew: whether a database is made when there is none.
  func with<Value>(mayBeNew: Bool = false, _ body: (UserStore) async throws -> Value) async throws -> Value {
    guard mayBeNew || FileManager.default.fileExists(atPath: database) else {
      throw CommandFailure(
        "There is no database \"\(database)\"; name the gateway's with --database, or begin with kandy user add.")
    }
    do {
      return try await body(UserStore(try GatewayDatabase(Self.location(database))))
    } catch let error as GatewayError {
      throw CommandFailure(error.message)
    }
  }
}

/// How a password comes in. It never goes out.
struct PasswordOptions: ParsableArguments {
  @Option(help: "The password; other users of this machine may see it in the list of processes.")
  var password: String?
  @Flag(help: "Reads the password from the first line of standard input.")
  var passwordStdin = false

  var isGiven: Bool { password != nil || passwordStdin }

  func validate() throws {
    if password != nil, passwordStdin { throw ValidationError("Give --password or --password-stdin, not both.") }
  }

  func read() throws -> String {
    if let password { return password }
    guard passwordStdin else { throw ValidationError("Give a password with --password-stdin or --password.") }
    guard let line = readLine(strippingNewline: true) else {
      throw CommandFailure("There is no password on standard input.")
    }
    return line
  }
}
