import LinkProtocol

/// A value that a configuration can hold.
///
/// Configurations are read leniently: a value that cannot be used is reported and the one before it stays (R-CONN-103).
protocol ConfigurationValue: Sendable {
  /// Takes over what `json` says. - Returns: what cannot be used; empty when all could.
  mutating func merge(_ json: JSONValue, at path: String) -> [ConfigurationProblem]
  /// `nil` leaves the key out.
  var configurationJSON: JSONValue? { get }
  /// Whether what can be used of such a value counts, although parts of it cannot.
  static func isUsableInPart(_ json: JSONValue) -> Bool
}

extension ConfigurationValue {
  static func isUsableInPart(_ json: JSONValue) -> Bool { false }
}

/// A value that was passed over, or one that is used although it makes no sense.
public struct ConfigurationProblem: Sendable, Hashable, CustomStringConvertible {
  /// The key with those above it: `connectivity.pingInterval`.
  public let path: String
  /// What would have been right, such as `a number`.
  public let expectation: String

  init(_ path: String, _ expectation: String) {
    self.path = path
    self.expectation = expectation
  }

  public var description: String { "\(path): \(expectation) is expected" }
}

/// A group of keys. Its table is the one place that names them.
protocol ConfigurationSection: ConfigurationValue {
  static var fields: [ConfigurationField<Self>] { get }
  /// Keys that are accepted and mean nothing.
  static var ignoredKeys: Set<String> { get }
}

/// One key of a section.
struct ConfigurationField<Section>: Sendable {
  let key: String
  let merge: @Sendable (inout Section, JSONValue, String) -> [ConfigurationProblem]
  let json: @Sendable (Section) -> JSONValue?
  /// The keys below this one, when it is a section.
  let subkeys: @Sendable () -> [String]

  init<Value: ConfigurationValue>(_ key: String, _ path: any WritableKeyPath<Section, Value> & Sendable) {
    self.key = key
    merge = { section, json, place in section[keyPath: path].merge(json, at: place) }
    json = { section in section[keyPath: path].configurationJSON }
    subkeys = { (Value.self as? any ConfigurationSection.Type)?.allKeys ?? [] }
  }
}

extension ConfigurationSection {
  static var ignoredKeys: Set<String> { [] }
  static func isUsableInPart(_ json: JSONValue) -> Bool { json.objectValue != nil }

  mutating func merge(_ json: JSONValue, at path: String) -> [ConfigurationProblem] {
    guard let members = json.objectValue else { return [ConfigurationProblem(path, "an object")] }
    var problems: [ConfigurationProblem] = []
    for field in Self.fields {
      guard let value = members[field.key] else { continue }
      problems += field.merge(&self, value, Self.place(field.key, in: path))
    }
    let known = Set(Self.fields.map(\.key)).union(Self.ignoredKeys)
    let unknown = Set(members.keys).subtracting(known).sorted()
    return problems + unknown.map { ConfigurationProblem(Self.place($0, in: path), "a known key") }
  }

  private static func place(_ key: String, in path: String) -> String {
    path.isEmpty ? key : "\(path).\(key)"
  }

  var configurationJSON: JSONValue? {
    var members: [String: JSONValue] = [:]
    for field in Self.fields {
      if let value = field.json(self) { members[field.key] = value }
    }
    return .object(members)
  }

  /// Every key of the section, those of sections in it with a dot.
  static var allKeys: [String] {
    fields.flatMap { field in
      let below = field.subkeys()
      return below.isEmpty ? [field.key] : below.map { "\(field.key).\($0)" }
    }
  }
}

// MARK: - Values

extension Bool: ConfigurationValue {
  mutating func merge(_ json: JSONValue, at path: String) -> [ConfigurationProblem] {
    guard let value = json.boolValue else { return [ConfigurationProblem(path, "a boolean")] }
    self = value
    return []
  }
  var configurationJSON: JSONValue? { .bool(self) }
}

extension Int: ConfigurationValue {
  mutating func merge(_ json: JSONValue, at path: String) -> [ConfigurationProblem] {
    guard let value = json.intValue ?? json.stringValue.flatMap({ Int($0) }) else {
      return [ConfigurationProblem(path, "a whole number")]
    }
    self = value
    return []
  }
  var configurationJSON: JSONValue? { .integer(Int64(self)) }
}

extension Double: ConfigurationValue {
  mutating func merge(_ json: JSONValue, at path: String) -> [ConfigurationProblem] {
    guard let value = json.doubleValue ?? json.stringValue.flatMap({ Double($0) }) else {
      return [ConfigurationProblem(path, "a number")]
    }
    self = value
    return []
  }
  var configurationJSON: JSONValue? {
    Int64(exactly: self).map { .integer($0) } ?? .number(self)
  }
}

extension String: ConfigurationValue {
  mutating func merge(_ json: JSONValue, at path: String) -> [ConfigurationProblem] {
    guard let value = json.stringValue ?? json.intValue.map({ String($0) }) else {
      return [ConfigurationProblem(path, "a string")]
    }
    self = value
    return []
  }
  var configurationJSON: JSONValue? { .string(self) }
}

extension JSONValue: ConfigurationValue {
  mutating func merge(_ json: JSONValue, at path: String) -> [ConfigurationProblem] {
    self = json
    return []
  }
  var configurationJSON: JSONValue? { self }
}

/// `null` takes a value away (R-CONN-131).
extension Optional: ConfigurationValue where Wrapped: ConfigurationValue & ConfigurationDefault {
  mutating func merge(_ json: JSONValue, at path: String) -> [ConfigurationProblem] {
    if json == .null {
      self = nil
      return []
    }
    var value = self ?? Wrapped()
    let problems = value.merge(json, at: path)
    if problems.isEmpty || Wrapped.isUsableInPart(json) { self = value }
    return problems
  }
  var configurationJSON: JSONValue? { self?.configurationJSON }
}

/// A value that exists without being told anything, to be filled.
protocol ConfigurationDefault {
  init()
}

extension Bool: ConfigurationDefault {}
extension Int: ConfigurationDefault {}
extension Double: ConfigurationDefault {}
extension String: ConfigurationDefault {}
extension JSONValue: ConfigurationDefault {
  init() { self = .null }
}

/// Arrays are replaced, never merged (R-CONN-152).
extension Array: ConfigurationValue where Element: ConfigurationValue & ConfigurationDefault {
  mutating func merge(_ json: JSONValue, at path: String) -> [ConfigurationProblem] {
    guard let items = json.arrayValue else { return [ConfigurationProblem(path, "an array")] }
    var values: [Element] = []
    var problems: [ConfigurationProblem] = []
    for (index, item) in items.enumerated() {
      var value = Element()
      let found = value.merge(item, at: "\(path)[\(index)]")
      if found.isEmpty { values.append(value) } else { problems += found }
    }
    self = values
    return problems
  }
  var configurationJSON: JSONValue? { .array(compactMap(\.configurationJSON)) }
  static func isUsableInPart(_ json: JSONValue) -> Bool { json.arrayValue != nil }
}

extension ConfigurationValue where Self: RawRepresentable<String> {
  mutating func merge(_ json: JSONValue, at path: String) -> [ConfigurationProblem] {
    guard let value = json.stringValue.flatMap({ Self(rawValue: $0) }) else {
      return [ConfigurationProblem(path, "another value")]
    }
    self = value
    return []
  }
  var configurationJSON: JSONValue? { .string(rawValue) }
}
