import Foundation
import Kandy
import LinkMedia
import LinkProtocol

/// One line that a console reads: `{"id": 1, "do": "call.make", "args": [...], "client": "alice"}`.
struct ConsoleLine: Sendable {
  var id: JSONValue
  /// Which of the clients is meant; `nil` for the one without a name.
  var client: String?
  var verb: String
  var arguments: ConsoleArguments

  /// - Throws: `ConsoleRefusal` with whatever could be read of the line, when it is no command.
  init(json text: String) throws(ConsoleRefusal) {
    guard let value = try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)), let members = value.objectValue else {
      throw ConsoleRefusal(
        error: BasicError(.consoleLine, "A line has to be a JSON object such as {\"id\": 1, \"do\": \"getVersion\"}."))
    }
    id = members["id"] ?? .null
    switch members["client"] ?? .null {
    case .null: client = nil
    case .string(let name): client = name
    case .bool, .integer, .number, .array, .object:
      throw ConsoleRefusal(id: id, error: BasicError(.consoleLine, "\"client\" has to be a string."))
    }
    guard let verb = members["do"]?.stringValue else {
      throw ConsoleRefusal(
        id: id, client: client,
        error: BasicError(.consoleLine, "\"do\" has to name what is to be done, such as \"getVersion\"."))
    }
    self.verb = verb
    switch members["args"] ?? .null {
    case .null: arguments = ConsoleArguments([])
    case .array(let values): arguments = ConsoleArguments(values)
    case .bool, .integer, .number, .string, .object:
      throw ConsoleRefusal(id: id, client: client, error: BasicError(.consoleLine, "\"args\" has to be an array."))
    }
  }

  /// A line of the prompt: words, JSON values, and `key=value` pairs, which together are the last argument.
  init(prompt text: String) throws(ConsoleRefusal) {
    let words = try PromptWord.split(text)
    guard let verb = words.first, verb.key == nil else {
      throw ConsoleRefusal(error: BasicError(.consoleLine, "Type what is to be done, such as getVersion; help lists it."))
    }
    id = .null
    self.verb = verb.typed
    arguments = ConsoleArguments(typed: Array(words.dropFirst()))
  }

  /// Whether a line of the prompt ends the input, as Control-D does.
  static func isFarewell(_ text: String) -> Bool {
    farewells.contains(text.trimmingCharacters(in: .whitespaces))
  }

  static let farewells = ["exit", "quit"]
}

/// A line that is no command.
struct ConsoleRefusal: Error {
  var id: JSONValue = .null
  var client: String?
  var error: BasicError
}

/// What a console writes: answers and events.
enum ConsoleMessage: Sendable {
  case result(id: JSONValue, client: String?, JSONValue)
  case failure(id: JSONValue, client: String?, BasicError)
  case event(client: String?, Event)

  /// One line of JSON.
  var line: String {
    var members: [String: JSONValue] = [:]
    switch self {
    case .result(let id, let client, let value):
      members = ["id": id, "result": value, "client": client.map { .string($0) } ?? .null]
    case .failure(let id, let client, let error):
      members = ["id": id, "error": error.json, "client": client.map { .string($0) } ?? .null]
    case .event(let client, let event):
      members = [
        "event": .string(event.name.rawValue), "args": [event.payload], "client": client.map { .string($0) } ?? .null,
      ]
    }
    if members["client"] == .null { members["client"] = nil }
    return JSONValue.object(members).text()
  }

  /// The same for a person; `nil` when there is nothing to say.
  var sentence: String? {
    switch self {
    case .result(_, _, .null): "ok"
    case .result(_, _, let value): value.stringValue ?? value.text(pretty: true)
    case .failure(_, _, let error): "error \(error.code.rawValue): \(error.message)"
    case .event(_, let event): "  \(event.name.rawValue)\(event.payload.members)".brief
    }
  }
}

extension String {
  /// One line, not longer than a person reads.
  fileprivate var brief: String {
    let line = replacing(/[\r\n]+/, with: " ")
    return line.count > 300 ? line.prefix(299) + "…" : line
  }
}

extension BasicError.Code {
  /// A line that is no command.
  static let consoleLine: Self = "console:1"
  /// There is no such verb.
  static let consoleVerb: Self = "console:2"
  /// An argument is missing, or of another kind than the document says.
  static let consoleArgument: Self = "console:3"
  /// There is no such client, or there is one already.
  static let consoleClient: Self = "console:4"
  /// A verb of the laboratory cannot do what it is asked.
  static let consoleLaboratory: Self = "console:5"
}

extension BasicError {
  /// What a verb threw, as an error that can be written.
  init(thrown error: any Error) {
    switch error {
    case let error as BasicError: self = error
    case let error as MediaError: self.init(.consoleLaboratory, error.message)
    case is CancellationError: self.init(.noCode, "The command was given up.")
    default: self.init(.noCode, "\(error)")
    }
  }
}

extension JSONValue {
  /// An object's members as a person types them, `key=value`.
  fileprivate var members: String {
    guard let members = objectValue else { return self == .null ? "" : "  \(text())" }
    return members.sorted { $0.key < $1.key }.map { "  \($0.key)=\($0.value.stringValue ?? $0.value.text())" }.joined()
  }

  /// Sorted keys, so that the same value is always the same text.
  func text(pretty: Bool = false) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting =
      pretty ? [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted] : [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(self) else { return "null" }
    return String(decoding: data, as: UTF8.self)
  }

  /// What the encoder makes of a value.
  init(encoding value: some Encodable) throws {
    self = try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(value))
  }
}
