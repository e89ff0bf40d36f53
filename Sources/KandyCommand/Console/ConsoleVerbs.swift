import Foundation
import Kandy
import LinkMedia
import LinkProtocol

/// A client of the console, with the instruments that watch its calls.
struct ConsoleClient: Sendable {
  let client: Client
  let laboratory: Laboratory
}

/// What the console can be told to do, by the documented names. `create` is not here: it makes what the others work on.
enum ConsoleVerbs {
  typealias Verb = @Sendable (ConsoleClient, ConsoleArguments) async throws -> JSONValue

  static let all: [String: Verb] = [
    instance, connecting, calls, inCalls, redirecting, audioBridge, clickToCall, devices, logging, laboratory,
  ].reduce(into: [:]) {
    $0.merge($1) { first, _ in first }
  }

  /// The verbs, sorted, those among them that need no client.
  static var names: [String] { (all.keys + ["create", "help"]).sorted() }

  private static let instance: [String: Verb] = [
    "destroy": { console, _ in
      await console.client.destroy()
      return .null
    },
    "getVersion": { console, _ in .string(console.client.getVersion()) },
    "getCapabilities": { console, _ in .array(console.client.getCapabilities().map { .string($0) }) },
    "getConfig": { console, _ in try console.client.getConfig().json },
    "updateConfig": { console, arguments in
      try ConsoleConfiguration(arguments[0] ?? [:]).update(console.client)
      return .null
    },
    "on": { console, arguments in
      // Events are always written; what remains is that an unknown name is refused.
      try console.client.on(try arguments.string(0, "type")) { _ in }.cancel()
      return .null
    },
    "off": { _, _ in .null },
    "subscribe": { _, _ in .null },
    "unsubscribe": { _, _ in .null },
  ]

  private static let connecting: [String: Verb] = [
    "setCredentials": { console, arguments in
      try console.client.setCredentials(try arguments.decode(Credentials.self, 0, "credentials"))
      return .null
    },
    "connect": { console, arguments in
      let credentials = try arguments.optional(Credentials.self, 0, "credentials")
      let options = try arguments.optional(ConnectOptions.self, 1, "options") ?? ConnectOptions()
      try await console.client.connect(credentials, options: options)
      return .null
    },
    "disconnect": { console, _ in
      await console.client.disconnect()
      return .null
    },
    "updateConnection": { console, arguments in
      try await console.client.updateConnection(services: try arguments.services(0))
      return .null
    },
    "getUserInfo": { console, _ in try JSONValue(encoding: console.client.getUserInfo()) },
    "getConnection": { console, _ in try JSONValue(encoding: console.client.getConnection()) },
    "getServices": { console, _ in try JSONValue(encoding: console.client.getServices()) },
    "subscriptionStates": { console, _ in try JSONValue(encoding: console.client.subscriptionStates) },
    "disconnectReasons": { console, _ in try JSONValue(encoding: console.client.disconnectReasons) },
    "connection.getSocketState": { console, arguments in
      let platform = try arguments.optionalString(0, "platform") ?? "link"
      return try console.client.connection.getSocketState(platform: platform).map { try JSONValue(encoding: $0) } ?? .null
    },
    "connection.enableConnectivityChecking": { console, arguments in
      console.client.connection.enableConnectivityChecking(try arguments.bool(0, "enable"))
      return .null
    },
    "notification.process": { console, arguments in
      let channel = try arguments.optionalString(1, "channel") ?? NotificationChannel.push.rawValue
      console.client.notification.process(arguments[0] ?? .null, channel: channel)
      return .null
    },
    "notification.enableWebsocket": { console, arguments in
      console.client.notification.enableWebsocket(try arguments.bool(0, "enable"))
      return .null
    },
  ]

  private static let devices: [String: Verb] = [
    "media.getDevices": { console, _ in try await JSONValue(encoding: console.client.media.getDevices()) },
    "media.setDefaultDevices": { console, arguments in
      let devices = try arguments.object(0, "devices")
      try await console.client.media.setDefaultDevices(
        camera: try devices.string("camera"), microphone: try devices.string("microphone"),
        speaker: try devices.string("speaker"))
      return .null
    },
  ]

  private static let logging: [String: Verb] = [
    "logger.levels": { console, _ in try JSONValue(encoding: console.client.logger.levels) },
    "logger.getTypes": { console, _ in .array(console.client.logger.getTypes().map { .string($0.rawValue) }) },
    "logger.getLevel": { console, arguments in
      let type = try arguments.optionalString(0, "type").map { LogType(rawValue: $0) } ?? .all
      return .string(try console.client.logger.getLevel(type: type).rawValue.lowercased())
    },
    "logger.setLevel": { console, arguments in
      let name = try arguments.string(0, "level")
      guard let level = Kandy.LogLevel(name) else {
        throw BasicError(.consoleArgument, "There is no level \"\(name)\"; see logger.levels.")
      }
      let type = try arguments.optionalString(1, "type").map { LogType(rawValue: $0) } ?? .all
      console.client.logger.setLevel(level, type: type)
      return .null
    },
    "logger.setHandler": { _, _ in
      throw BasicError(
        .consoleArgument, "A handler is a function, which no line of JSON can be; entries go to standard error.")
    },
  ]

  private static let laboratory: [String: Verb] = [
    "lab.probe": { console, arguments in
      let tones = try arguments.optional([Double].self, 1, "tones") ?? []
      return try console.laboratory.probe(try arguments.call(0), tones: tones)
    },
    "lab.snapshot": { console, arguments in
      try await console.laboratory.snapshot(try arguments.call(0), to: try arguments.string(1, "file"))
      return .null
    },
    "lab.record": { console, arguments in
      try await console.laboratory.record(try arguments.call(0), to: try arguments.string(1, "file"))
      return .null
    },
  ]
}
