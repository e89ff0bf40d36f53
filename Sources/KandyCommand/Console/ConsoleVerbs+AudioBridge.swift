import Kandy
import LinkProtocol

extension ConsoleVerbs {
  static let audioBridge: [String: Verb] = [
    "audioBridge.create": { console, _ in .string(try console.client.audioBridge.create().rawValue) },
    "audioBridge.close": action { try await $0.close($1) },
    "audioBridge.addCall": { console, arguments in
      try await console.client.audioBridge.addCall(arguments.bridge(0), arguments.call(1))
      return .null
    },
    "audioBridge.removeCall": { console, arguments in
      try await console.client.audioBridge.removeCall(arguments.bridge(0), arguments.call(1))
      return .null
    },
    "audioBridge.mute": action { try await $0.mute($1) },
    "audioBridge.unmute": action { try await $0.unmute($1) },
    "audioBridge.silence": action { try await $0.silence($1) },
    "audioBridge.unsilence": action { try await $0.unsilence($1) },
    "audioBridge.getAll": { console, _ in try JSONValue(encoding: console.client.audioBridge.getAll()) },
    "audioBridge.getBridgeCalls": { console, arguments in
      try JSONValue(encoding: console.client.audioBridge.getBridgeCalls(arguments.bridge(0)))
    },
  ]

  /// A function whose only argument is a bridge.
  private static func action(_ body: @escaping @Sendable (AudioBridges, AudioBridge.ID) async throws -> Void) -> Verb {
    { console, arguments in
      try await body(console.client.audioBridge, arguments.bridge(0))
      return .null
    }
  }
}

extension ConsoleArguments {
  fileprivate func bridge(_ index: Int) throws -> AudioBridge.ID { AudioBridge.ID(try string(index, "bridgeId")) }
}
