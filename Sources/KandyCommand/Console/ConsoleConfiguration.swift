import Kandy
import LinkLogic
import LinkMedia
import LinkProtocol

/// A configuration as the console is given one. What is a function or an element in JavaScript is named: `call.sdpHandlers` has makers,
/// such as `{"createCodecRemover": ["VP8"]}`, and the containers of `call.callDefaults` are as those of a call.
struct ConsoleConfiguration: Sendable {
  private var values: JSONValue
  private var handlers: [SDPHandler]?
  /// `nil` when it is not named at all.
  private var remoteContainer: (any VideoRenderer)??
  private var localContainer: (any VideoRenderer)??

  init(_ values: JSONValue) throws {
    self.values = values
    guard var members = values.objectValue, var call = members["call"]?.objectValue else { return }
    if let makers = call.removeValue(forKey: "sdpHandlers") { handlers = try (makers.arrayValue ?? []).map(Self.handler) }
    if var defaults = call["callDefaults"]?.objectValue {
      remoteContainer = try Self.takeContainer("remoteVideoContainer", of: &defaults)
      localContainer = try Self.takeContainer("localVideoContainer", of: &defaults)
      call["callDefaults"] = .object(defaults)
    }
    members["call"] = .object(call)
    self.values = .object(members)
  }

  /// The configuration of a new client.
  var configuration: Configuration {
    var configuration = Configuration(json: values)
    complete(&configuration)
    return configuration
  }

  /// Takes over what is named.
  func update(_ client: Client) {
    client.updateConfig { configuration in
      configuration.merge(values)
      complete(&configuration)
    }
  }

  /// What JSON cannot hold.
  private func complete(_ configuration: inout Configuration) {
    if let handlers { configuration.call.sdpHandlers = handlers }
    if let remoteContainer { configuration.call.callDefaults.remoteVideoContainer = remoteContainer }
    if let localContainer { configuration.call.callDefaults.localVideoContainer = localContainer }
  }

  private static func takeContainer(_ key: String, of defaults: inout [String: JSONValue]) throws -> (any VideoRenderer)?? {
    guard defaults[key] != nil else { return nil }
    let container = try ConsoleObject(defaults, "call.callDefaults").container(key)
    defaults[key] = nil
    return .some(container)
  }

  private static func handler(_ maker: JSONValue) throws -> SDPHandler {
    guard let codecs = maker["createCodecRemover"]?.arrayValue else {
      throw BasicError(.consoleArgument, "call.sdpHandlers: a handler is written {\"createCodecRemover\": [\"VP8\"]}.")
    }
    return sdpHandlers.createCodecRemover(
      try codecs.map { codec in
        if let name = codec.stringValue { return CodecSelector(name: name) }
        guard let name = codec["name"]?.stringValue else {
          throw BasicError(.consoleArgument, "createCodecRemover: a codec is a name, or an object with a name.")
        }
        return CodecSelector(name: name, fmtpParams: (codec["fmtpParams"]?.arrayValue ?? []).compactMap(\.stringValue))
      })
  }
}
