public import LinkProtocol

/// What session level and media sections have in common: an ordered list of lines, of which every one is kept, known or not
/// (R-SDP-8, R-SDP-11), and typed access to those that matter. The names are those of the handler contract (part 03 §2.1).
public protocol SDPLevel: Sendable {
  /// The lines of this level in order; of a media section, those behind its `m=` line.
  var lines: [SDPLine] { get set }
}

// MARK: - Attributes by name

extension SDPLevel {
  /// Whether there is an attribute of this name, with or without a value.
  public func hasAttribute(_ name: String) -> Bool {
    lines.contains { $0.attributeName.map { $0 == name } ?? false }
  }

  /// The value of the first attribute of this name that has one.
  public func attribute(_ name: String) -> String? {
    lines.lazy.filter { $0.attributeName.map { $0 == name } ?? false }.compactMap(\.attributeValue).first.map(String.init)
  }

  /// The values of all attributes of this name, in order.
  public func attributes(_ name: String) -> [String] {
    lines.filter { $0.attributeName.map { $0 == name } ?? false }.compactMap { $0.attributeValue.map(String.init) }
  }

  /// Appends an attribute. Attributes come last at every level, so the end is always a valid place.
  public mutating func addAttribute(_ name: String, _ value: String? = nil) {
    lines.append(SDPLine(attribute: name, value))
  }

  /// Makes this the only attribute of its name, in the place of the first, else at the end.
  public mutating func setAttribute(_ name: String, _ value: String?) {
    replaceLines(where: { $0.attributeName.map { $0 == name } ?? false }, with: [SDPLine(attribute: name, value)])
  }

  /// Makes these the only attributes of their name, in the place of the first, else at the end.
  public mutating func setAttributes(_ name: String, _ values: [String]) {
    replaceLines(
      where: { $0.attributeName.map { $0 == name } ?? false }, with: values.map { SDPLine(attribute: name, $0) })
  }

  /// Deletes the attributes of this name whose value satisfies the condition. An attribute without a value is asked as "".
  public mutating func removeAttributes(_ name: String, where condition: (String) -> Bool = { _ in true }) {
    lines.removeAll { line in
      guard let found = line.attributeName, found == name else { return false }
      return condition(line.attributeValue.map(String.init) ?? "")
    }
  }

  /// Puts new lines in the place of the first old one and deletes the others. If nothing would change, nothing moves.
  mutating func replaceLines(where isOld: (SDPLine) -> Bool, with new: [SDPLine]) {
    guard lines.filter(isOld) != new else { return }
    let place = lines.firstIndex(where: isOld) ?? lines.endIndex
    lines.removeAll(where: isOld)
    lines.insert(contentsOf: new, at: place)
  }
}

// MARK: - Typed access

extension SDPLevel {
  /// `a=sendrecv` and its kind as written at this level; `SessionDescription.direction(of:)` says what is in force.
  public var direction: MediaDirection? {
    get { lines.lazy.compactMap { Self.direction($0) }.first }
    set {
      replaceLines(
        where: { Self.direction($0) != nil }, with: newValue.map { [SDPLine(attribute: $0.rawValue, nil)] } ?? [])
    }
  }

  private static func direction(_ line: SDPLine) -> MediaDirection? {
    guard line.attributeValue == nil, let name = line.attributeName else { return nil }
    return MediaDirection(rawValue: String(name))
  }

  /// `c=`.
  public var connection: SessionDescription.Connection? {
    lines.lazy.filter { $0.type == "c" }.compactMap { SessionDescription.Connection($0.value) }.first
  }

  /// `b=`, in order. Set, they stand where attributes begin at the latest.
  public var bandwidth: [SessionDescription.Bandwidth] {
    get { lines.filter { $0.type == "b" }.compactMap { SessionDescription.Bandwidth($0.value) } }
    set {
      let new = newValue.map { SDPLine("b=\($0.type):\($0.limit)") }
      guard lines.filter({ $0.type == "b" }) != new else { return }
      lines.removeAll { $0.type == "b" }
      let behind = lines.lastIndex { ["v", "o", "s", "i", "u", "e", "p", "c"].contains($0.type) }
      lines.insert(contentsOf: new, at: behind.map { $0 + 1 } ?? 0)
    }
  }

  /// `a=ice-ufrag`.
  public var iceUfrag: String? {
    get { attribute("ice-ufrag") }
    set { set("ice-ufrag", newValue) }
  }

  /// `a=ice-pwd`.
  public var icePwd: String? {
    get { attribute("ice-pwd") }
    set { set("ice-pwd", newValue) }
  }

  /// `a=ice-ufrag` and `a=ice-pwd`, if both are here and long enough for an engine (R-SDP-84).
  public var iceCredentials: ICECredentials? {
    get {
      guard let ufrag = iceUfrag, let pwd = icePwd else { return nil }
      return ICECredentials(ufrag: ufrag, pwd: pwd)
    }
    set {
      iceUfrag = newValue?.ufrag
      icePwd = newValue?.pwd
    }
  }

  /// The tokens of `a=ice-options` (R-SDP-10).
  public var iceOptions: [String] {
    get { attributes("ice-options").flatMap { $0[...].fields().map(String.init) } }
    set { setAttributes("ice-options", newValue.isEmpty ? [] : [newValue.joined(separator: " ")]) }
  }

  /// `a=fingerprint`.
  public var fingerprint: SessionDescription.Fingerprint? {
    get { attribute("fingerprint").flatMap { SessionDescription.Fingerprint($0[...]) } }
    set { set("fingerprint", newValue.map { "\($0.type) \($0.hash)" }) }
  }

  /// `a=setup`, as far as it is a role that there is.
  public var setup: SetupRole? {
    get { attribute("setup").flatMap { SetupRole(rawValue: $0) } }
    set { set("setup", newValue?.rawValue) }
  }

  private mutating func set(_ name: String, _ value: String?) {
    if let value { setAttribute(name, value) } else { removeAttributes(name) }
  }
}
