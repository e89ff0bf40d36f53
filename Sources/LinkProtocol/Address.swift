/// A user of the service: `user@domain`. The domain is compared without regard to case, the user part exactly.
public struct UserAddress: Hashable, Sendable, Codable, LosslessStringConvertible {
  public let user: String
  public let domain: String

  /// - Returns: `nil` unless both parts are there and neither contains white space, `<`, `>` or a control character.
  public init?(user: String, domain: String) {
    guard Self.isPart(user), Self.isPart(domain), !domain.contains("@") else { return nil }
    self.user = user
    self.domain = domain.lowercased()
  }

  /// Reads `user@domain`; the last `@` separates.
  public init?(_ text: String) {
    guard let at = text.lastIndex(of: "@") else { return nil }
    self.init(user: String(text[..<at]), domain: String(text[text.index(after: at)...]))
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let address = UserAddress(try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an address of the form user@domain")
    }
    self = address
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }

  public var description: String { "\(user)@\(domain)" }

  private static func isPart(_ text: String) -> Bool {
    !text.isEmpty
      && text.unicodeScalars.allSatisfy {
        !$0.properties.isWhitespace && $0.properties.generalCategory != .control && $0 != "<" && $0 != ">"
      }
  }
}

/// How addresses are written and read (part 02 §10).
public enum AddressRules {
  /// Normalises what a person typed as a destination (R-CALL-620).
  /// - Returns: text that starts with `sip:`.
  public static func normalize(_ text: String, defaultDomain: String) -> String {
    var address = text.trimmingWhitespace()
    var domain = defaultDomain
    if let at = address.lastIndex(of: "@"), at != address.startIndex, address.index(after: at) != address.endIndex {
      domain = String(address[address.index(after: at)...])
      address = String(address[..<at])
    }
    if let colon = address.lastIndex(of: ":") {
      address = String(address[address.index(after: colon)...])
    }
    let specials = leadingSpecials(of: address)
    var remainder = String(address.dropFirst(specials.count))
    let digits = remainder.filter { !phonePunctuation.contains($0) }
    if !digits.isEmpty, digits.allSatisfy(isDigit) {
      remainder = digits
    }
    let domainPart = domain.isEmpty ? "" : domain.hasPrefix("@") ? domain : "@" + domain
    return "sip:" + specials + remainder + domainPart
  }

  /// The form in which an address goes into `from`, `to` and a direct transfer's `address` (R-CALL-630).
  /// - Parameter name: shown beside the address; empty for none.
  public static func wireForm(_ address: String, name: String = "") -> String {
    var bare = address
    if let scheme = bare.firstRange(of: "sip:") { bare.removeSubrange(scheme) }
    let uri = bare.contains("@") ? "sip:" + bare : bare
    return name.isEmpty ? uri : "\(name)<\(uri)>"
  }

  /// Reads an address as any client may write it: `Name <sip:bob@example.com;user=phone>`, `sip:bob`, `bob` (R-CALL-632).
  public static func read(_ text: String, defaultDomain: String) -> UserAddress? {
    var address = text.trimmingWhitespace()
    if let open = address.lastIndex(of: "<"), let close = address[open...].firstIndex(of: ">") {
      address = String(address[address.index(after: open)..<close])
    }
    for scheme in ["sip:", "sips:", "tel:"] where address.lowercased().hasPrefix(scheme) {
      address.removeFirst(scheme.count)
      break
    }
    if let parameters = address.firstIndex(where: { $0 == ";" || $0 == "?" }) {
      address = String(address[..<parameters])
    }
    address = address.trimmingWhitespace()
    return address.contains("@") ? UserAddress(address) : UserAddress(user: address, domain: defaultDomain)
  }

  /// The name in `Alice Adams<sip:alice@example.com>`, also with a blank before `<` and with quotes; `nil` if there is none.
  public static func displayName(in text: String) -> String? {
    guard text.contains(">"), let open = text.lastIndex(of: "<") else { return nil }
    var name = text[..<open]
    func strip(_ isSurplus: (Character) -> Bool) {
      while let first = name.first, isSurplus(first) { name.removeFirst() }
      while let last = name.last, isSurplus(last) { name.removeLast() }
    }
    strip(\.isWhitespace)
    strip { $0 == "\"" || $0.isWhitespace }
    return name.isEmpty ? nil : String(name)
  }

  /// Reads the `from` option of `make`: an address, a name with an address, or a name to be shown beside the own address
  /// (R-CALL-634). An address has a domain or a scheme.
  public static func readCaller(_ text: String) -> (name: String?, address: String?) {
    let text = text.trimmingWhitespace()
    if let open = text.lastIndex(of: "<"), text.last == ">" {
      let address = text[text.index(after: open)...].dropLast()
      if isAddress(address) { return (displayName(in: text), String(address)) }
    }
    if isAddress(text[...]) { return (nil, text) }
    return (text.isEmpty ? nil : text, nil)
  }

  private static func isAddress(_ text: Substring) -> Bool {
    let lowercased = text.lowercased()
    return UserAddress(String(text)) != nil
      || ["sip:", "sips:", "tel:"].contains { lowercased.hasPrefix($0) && lowercased.count > $0.count }
  }

  /// Adds the own domain to a number that has none (R-CALL-206, R-CALL-341).
  public static func completed(_ number: String, domain: String) -> String {
    number.contains("@") || domain.isEmpty ? number : "\(number)@\(domain)"
  }

  private static func isDigit(_ character: Character) -> Bool { character.isASCII && character.isNumber }

  private static let phonePunctuation: Set<Character> = [" ", "-", ".", "(", ")", "+"]

  /// The leading run of `#`, `+`, `*`, if the whole address looks like a telephone number after it; else nothing.
  private static func leadingSpecials(of address: String) -> String {
    let run = address.prefix { "#+*".contains($0) }
    let rest = address.dropFirst(run.count)
    guard !run.isEmpty, let first = rest.first, isDigit(first) || first == "(" || first == "|" else { return "" }
    let isNumber = rest.dropFirst().allSatisfy { isDigit($0) || phonePunctuation.contains($0) }
    return isNumber ? String(run) : ""
  }
}

extension String {
  func trimmingWhitespace() -> String {
    let start = firstIndex { !$0.isWhitespace } ?? endIndex
    let end = lastIndex { !$0.isWhitespace }.map { index(after: $0) } ?? start
    return String(self[start..<end])
  }
}
