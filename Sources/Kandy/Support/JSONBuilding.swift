import LinkProtocol

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension JSONValue {
  /// An object of the members that have a value.
  static func members(_ members: [String: JSONValue?]) -> JSONValue {
    .object(members.compactMapValues { $0 })
  }

  static func int(_ value: Int) -> JSONValue { .integer(Int64(value)) }

  static func id<Tag>(_ id: Identifier<Tag>) -> JSONValue { .string(id.rawValue) }

  /// What the encoder makes of a value; `null` for what JSON cannot hold, such as an infinite number.
  static func of(_ value: some Encodable) -> JSONValue {
    guard let data = try? JSONEncoder().encode(value) else { return .null }
    return (try? JSONDecoder().decode(JSONValue.self, from: data)) ?? .null
  }

  /// The value as a person reads it: sorted keys, indented.
  var prettyText: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
    guard let data = try? encoder.encode(self) else { return "null" }
    return String(decoding: data, as: UTF8.self)
  }

  var compactText: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(self) else { return "null" }
    return String(decoding: data, as: UTF8.self)
  }
}
