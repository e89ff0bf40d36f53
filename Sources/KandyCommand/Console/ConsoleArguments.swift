import Foundation
import Kandy
import LinkMedia
import LinkProtocol

/// The positional arguments of a command. Whatever is of another kind than documented is refused, not guessed.
struct ConsoleArguments: Sendable {
  private let values: [JSONValue]
  /// What a person typed, where that need not be the same as the value.
  private let typed: Typed

  private struct Typed {
    /// One for each of the values, but the options.
    var words: [String] = []
    /// What stands behind the keys of the last value, the options.
    var options: [String: String] = [:]
  }

  init(_ values: [JSONValue]) {
    self.values = values
    typed = Typed()
  }

  /// Those with a key are together the last argument.
  init(typed words: [PromptWord]) {
    var values: [JSONValue] = []
    var options: [String: JSONValue] = [:]
    var typed = Typed()
    for word in words {
      if let key = word.key {
        options[key] = word.value
        typed.options[key] = word.typed
      } else {
        values.append(word.value)
        typed.words.append(word.typed)
      }
    }
    self.values = values + (options.isEmpty ? [] : [.object(options)])
    self.typed = typed
  }

  /// `nil` when it is missing or `null`, which is how `undefined` is written.
  subscript(_ index: Int) -> JSONValue? {
    guard index < values.count, values[index] != .null else { return .none }
    return .some(values[index])
  }

  func string(_ index: Int, _ name: String) throws -> String {
    guard let value = try optionalString(index, name) else { throw Self.wrong(index, name, "a string is needed") }
    return value
  }

  func optionalString(_ index: Int, _ name: String) throws -> String? {
    guard let value = self[index] else { return nil }
    if let text = value.stringValue { return text }
    guard index < typed.words.count else { throw Self.wrong(index, name, "a string is needed") }
    return typed.words[index]
  }

  func bool(_ index: Int, _ name: String) throws -> Bool {
    guard let value = self[index]?.boolValue else { throw Self.wrong(index, name, "true or false is needed") }
    return value
  }

  /// A DTMF tone, which may be written as a number.
  func tone(_ index: Int) throws -> String {
    if let digit = self[index]?.intValue { return String(digit) }
    return try string(index, "tone")
  }

  func call(_ index: Int) throws -> CallID { CallID(try string(index, "callId")) }

  /// An object; an empty one when it is missing.
  func object(_ index: Int, _ name: String) throws -> ConsoleObject {
    guard let value = self[index] else { return ConsoleObject([:], name) }
    guard let members = value.objectValue else { throw Self.wrong(index, name, "an object is needed") }
    return ConsoleObject(members, name, typed: typedOptions(index))
  }

  private func typedOptions(_ index: Int) -> [String: String] {
    index == typed.words.count ? typed.options : [:]
  }

  /// A value of a type that reads itself.
  func decode<Value: Decodable>(_ type: Value.Type, _ index: Int, _ name: String) throws -> Value {
    guard var value = self[index] else { throw Self.wrong(index, name, "it is missing") }
    var typed = typedOptions(index)
    while true {
      do {
        return try JSONDecoder().decode(type, from: JSONEncoder().encode(value))
      } catch DecodingError.typeMismatch(let wanted, let context) {
        // A string is needed where something was typed that looks like a number: it was meant as it stands.
        guard wanted == String.self, let key = context.codingPath.first?.stringValue, var members = value.objectValue,
          let text = typed.removeValue(forKey: key)
        else { throw Self.wrong(index, name, "it is not of the documented form") }
        members[key] = .string(text)
        value = .object(members)
      } catch {
        throw Self.wrong(index, name, "it is not of the documented form")
      }
    }
  }

  /// The same, or `nil` when it is missing.
  func optional<Value: Decodable>(_ type: Value.Type, _ index: Int, _ name: String) throws -> Value? {
    if case .none = self[index] { return nil }
    return try decode(type, index, name)
  }

  /// `{services: [string]}`, or the bare array that means the same (R-CONN-551).
  func services(_ index: Int) throws -> [ServiceName] {
    if self[index]?.arrayValue != nil { return try decode([ServiceName].self, index, "services") }
    guard let services = try object(index, "connection").decode([ServiceName].self, "services") else {
      throw Self.wrong(index, "connection", "its services are needed, such as {\"services\": [\"call\"]}")
    }
    return services
  }

  private static func wrong(_ index: Int, _ name: String, _ reason: String) -> BasicError {
    BasicError(.consoleArgument, "Argument \(index + 1), \(name): \(reason).")
  }
}

/// An object among the arguments, such as a call's options.
struct ConsoleObject: Sendable {
  private let members: [String: JSONValue]
  private let name: String
  /// What a person typed for each member.
  private let typed: [String: String]

  init(_ members: [String: JSONValue], _ name: String, typed: [String: String] = [:]) {
    self.members = members
    self.name = name
    self.typed = typed
  }

  subscript(_ key: String) -> JSONValue? {
    guard let value = members[key], value != .null else { return .none }
    return .some(value)
  }

  func bool(_ key: String) throws -> Bool? {
    try read(key, "true or false") { $0.boolValue }
  }

  func integer(_ key: String) throws -> Int? {
    try read(key, "a whole number") { $0.intValue }
  }

  func string(_ key: String) throws -> String? {
    try read(key, "a string") { $0.stringValue ?? typed[key] }
  }

  func decode<Value: Decodable>(_ type: Value.Type, _ key: String) throws -> Value? {
    try read(key, "a value of the documented form") { value in
      (try? JSONEncoder().encode(value)).flatMap { try? JSONDecoder().decode(type, from: $0) }
    }
  }

  /// A container of pictures, which stands for an element of a page: a PNG file that has the newest picture, or nothing.
  func container(_ key: String) throws -> (any VideoRenderer)? {
    guard let name = try string(key), name != "null" else { return nil }
    guard name.hasSuffix(".png") else {
      let reason = name == "window" ? "there are no windows yet" : "\"\(name)\" cannot be shown"
      throw BasicError(
        .consoleArgument, "\(self.name).\(key): \(reason); use \"null\", or the name of a PNG file for the newest picture.")
    }
    return PNGSnapshot(path: name)
  }

  func microphone(_ key: String) async throws -> (any AudioSource)? {
    guard let id = try string(key) else { return nil }
    return try await Blocking.run(if: id.contains(":file?")) { try VirtualDevices.microphone(id) }
  }

  /// A camera, in the size that the same object asks for.
  func camera(_ key: String) async throws -> (any VideoSource)? {
    guard let id = try string(key) else { return nil }
    let size = try decode(VideoResolution.self, "videoResolution")
    return try await Blocking.run(if: id.contains(":file?")) {
      try VirtualDevices.camera(id, width: size?.width, height: size?.height)
    }
  }

  private func read<Value>(_ key: String, _ wanted: String, _ convert: (JSONValue) -> Value?) throws -> Value? {
    guard let value = self[key] else { return nil }
    guard let converted = convert(value) else { throw BasicError(.consoleArgument, "\(name).\(key): \(wanted) is needed.") }
    return converted
  }
}

extension MakeOptions {
  init(_ object: ConsoleObject) async throws {
    self.init(
      from: try object.string("from"), contact: try object.contact(),
      isAudioEnabled: try object.bool("isAudioEnabled"), isVideoEnabled: try object.bool("isVideoEnabled"),
      sendInitialVideo: try object.bool("sendInitialVideo"), webrtcdtls: try object.bool("webrtcdtls"),
      videoResolution: try object.decode(VideoResolution.self, "videoResolution"),
      customParameters: try object.decode([CustomParameter].self, "customParameters"),
      remoteVideoContainer: try object.container("remoteVideoContainer"),
      localVideoContainer: try object.container("localVideoContainer"),
      normalizeAddress: try object.bool("normalizeAddress"),
      microphone: try await object.microphone("microphone"),
      camera: try await object.camera("camera"))
  }
}

extension AnswerOptions {
  init(_ object: ConsoleObject) async throws {
    self.init(
      isAudioEnabled: try object.bool("isAudioEnabled"), isVideoEnabled: try object.bool("isVideoEnabled"),
      sendInitialVideo: try object.bool("sendInitialVideo"),
      videoResolution: try object.decode(VideoResolution.self, "videoResolution"),
      customParameters: try object.decode([CustomParameter].self, "customParameters"),
      remoteVideoContainer: try object.container("remoteVideoContainer"),
      localVideoContainer: try object.container("localVideoContainer"),
      microphone: try await object.microphone("microphone"),
      camera: try await object.camera("camera"))
  }
}

extension ConsoleObject {
  /// Either name may be missing.
  fileprivate func contact() throws -> CallContact? {
    guard let value = self["contact"] else { return nil }
    guard let members = value.objectValue else { throw BasicError(.consoleArgument, "\(name).contact: an object is needed.") }
    let contact = ConsoleObject(members, "\(name).contact")
    return CallContact(firstName: try contact.string("firstName") ?? "", lastName: try contact.string("lastName") ?? "")
  }
}
