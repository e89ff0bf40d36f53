#if canImport(FoundationEssentials)
  public import FoundationEssentials
#else
  public import Foundation
#endif

/// A body of the protocol: a JSON object that travels as the single member of another one, its envelope (R-CONN-431, 451).
public protocol WireBody: Codable, Sendable {
  /// The name of that member, or `nil` for a bare object.
  static var envelope: String? { get }
  /// Other names of it that are read, never written.
  static var otherEnvelopes: [String] { get }
  /// Whether an object without any member is read as a body without any member (R-CALL-13).
  static var mayBeEmpty: Bool { get }
}

extension WireBody {
  public static var otherEnvelopes: [String] { [] }
  public static var mayBeEmpty: Bool { false }
}

/// A request or response without content.
public struct NoBody: WireBody, Hashable {
  public static let envelope: String? = nil
  public init() {}
  public init(from decoder: any Decoder) throws {}
  public func encode(to encoder: any Encoder) throws {
    _ = encoder.container(keyedBy: MemberName.self)
  }
}

/// Why a body could not be read.
public struct WireFormatError: Error, Sendable, Hashable, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}

/// Turns bodies into JSON and back.
public enum WireCoding {
  public static func encode<Body: WireBody>(_ body: Body) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(Enveloped(body: body))
  }

  /// Reads an enveloped body. Unknown members are passed over.
  /// - Throws: `WireFormatError`, which says where the text differs from what is expected but never repeats it.
  public static func decode<Body: WireBody>(_ type: Body.Type, from data: Data) throws -> Body {
    do {
      return try JSONDecoder().decode(Enveloped<Body>.self, from: data).body
    } catch let error as DecodingError {
      throw WireFormatError(error)
    }
  }

  /// Reads a status code wherever it stands: at top level, else in the first object that has one (R-CONN-452).
  public static func statusCode(in data: Data) -> StatusCode? {
    first(in: data) { object in
      guard let code = object["statusCode"] else { return nil }
      return (code.intValue ?? code.stringValue.flatMap { Int($0) }).map(StatusCode.init(rawValue:))
    }
  }

  /// Reads what goes with a status code, for people, wherever it stands.
  public static func reasonText(in data: Data) -> String? {
    first(in: data) { $0["reasonText"]?.stringValue }
  }

  /// What `read` finds in the top-level object, else in the first of its members that has it.
  private static func first<Value>(in data: Data, _ read: (JSONValue) -> Value?) -> Value? {
    guard let value = try? JSONDecoder().decode(JSONValue.self, from: data) else { return nil }
    if let top = read(value) { return top }
    let members = value.objectValue ?? [:]
    for name in members.keys.sorted() {
      if let found = members[name].flatMap(read) { return found }
    }
    return nil
  }
}

private struct Enveloped<Body: WireBody>: Codable {
  var body: Body

  init(body: Body) { self.body = body }

  init(from decoder: any Decoder) throws {
    guard let envelope = Body.envelope else {
      body = try Body(from: decoder)
      return
    }
    let container = try decoder.container(keyedBy: MemberName.self)
    if Body.mayBeEmpty, container.allKeys.isEmpty {
      body = try Body(from: decoder)
      return
    }
    let other = Body.otherEnvelopes.first { container.contains(MemberName($0)) }
    body = try container.decode(Body.self, forKey: MemberName(other ?? envelope))
  }

  func encode(to encoder: any Encoder) throws {
    guard let envelope = Body.envelope else { return try body.encode(to: encoder) }
    var container = encoder.container(keyedBy: MemberName.self)
    try container.encode(body, forKey: MemberName(envelope))
  }
}

extension WireFormatError {
  init(_ error: DecodingError) {
    func place(_ path: [any CodingKey]) -> String {
      path.isEmpty ? "the top level" : path.map(\.stringValue).joined(separator: ".")
    }
    switch error {
    case .keyNotFound(let key, let context):
      self.init("member \"\(key.stringValue)\" is missing at \(place(context.codingPath))")
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      self.init("a value of another type is expected at \(place(context.codingPath))")
    case .dataCorrupted(let context):
      self.init(context.codingPath.isEmpty ? "not JSON" : "invalid value at \(place(context.codingPath))")
    @unknown default:
      self.init("cannot be read")
    }
  }
}

/// A member's name as a coding key.
struct MemberName: CodingKey {
  let stringValue: String
  var intValue: Int? { nil }

  init(_ name: String) { stringValue = name }
  init?(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}

// MARK: - What existing clients and servers write loosely

extension KeyedDecodingContainer {
  /// A number, or text that holds one. Absent, null, or of another type: `nil`.
  func looseInt(_ key: Key) -> Int? {
    if let number = try? decodeIfPresent(Int.self, forKey: key) { return number }
    if let number = try? decodeIfPresent(Double.self, forKey: key) { return Int(exactly: number.rounded()) }
    if let text = try? decodeIfPresent(String.self, forKey: key) { return Int(text) }
    return nil
  }

  /// A number, or text that holds one; never an infinity, and never what is no number.
  func looseDouble(_ key: Key) -> Double? {
    let number =
      (try? decodeIfPresent(Double.self, forKey: key))
      ?? (try? decodeIfPresent(String.self, forKey: key)).flatMap { Double($0) }
    return number.flatMap { $0.isFinite ? $0 : nil }
  }

  /// A number that fits, or text that holds one; fractions are dropped.
  func looseInt64(_ key: Key) -> Int64? {
    if let number = try? decodeIfPresent(Int64.self, forKey: key) { return number }
    return looseDouble(key).flatMap { Int64(exactly: $0.rounded(.towardZero)) }
  }

  /// A boolean, or the text `true` or `false` in any case.
  func looseBool(_ key: Key) -> Bool? {
    if let flag = try? decodeIfPresent(Bool.self, forKey: key) { return flag }
    guard let text = try? decodeIfPresent(String.self, forKey: key) else { return nil }
    switch text.lowercased() {
    case "true": return true
    case "false": return false
    default: return nil
    }
  }

  /// Text, or a number as text.
  func looseString(_ key: Key) -> String? {
    if let text = try? decodeIfPresent(String.self, forKey: key) { return text }
    if let number = try? decodeIfPresent(Int.self, forKey: key) { return String(number) }
    return nil
  }

  /// An array; elements of another type are passed over, anything but an array counts as absent (R-CALL-66).
  func looseArray<Element: Decodable>(_ type: Element.Type, _ key: Key) -> [Element]? {
    (try? decodeIfPresent([Lenient<Element>].self, forKey: key))?.compactMap(\.value)
  }
}

/// An element that may be of another type than expected.
private struct Lenient<Element: Decodable>: Decodable {
  let value: Element?

  init(from decoder: any Decoder) throws {
    value = try? Element(from: decoder)
  }
}
