/// One line of a session description, without its line end.
public struct SDPLine: Sendable, Hashable, ExpressibleByStringInterpolation, CustomStringConvertible {
  /// The whole line. It contains neither CR nor LF.
  public let text: String

  /// - Parameter text: the line; line ends in it become spaces, so that no value can smuggle in another line.
  public init(_ text: String) {
    let hasLineEnd = text.utf8.contains(where: Self.isLineEnd)
    self.text = hasLineEnd ? String(decoding: text.utf8.map { Self.isLineEnd($0) ? 0x20 : $0 }, as: UTF8.self) : text
  }

  public init(stringLiteral value: String) { self.init(value) }

  /// An attribute line: `a=name` or `a=name:value`.
  public init(attribute name: String, _ value: String?) {
    self.init(value.map { "a=\(name):\($0)" } ?? "a=\(name)")
  }

  public var description: String { text }

  /// The letter before `=`, or `nil` for a line that is none of SDP.
  public var type: Character? {
    var bytes = text.utf8.makeIterator()
    guard let letter = bytes.next(), (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(letter),
      bytes.next() == UInt8(ascii: "=")
    else { return nil }
    return Character(Unicode.Scalar(letter))
  }

  /// What follows `=`; the whole text if this is no line of SDP.
  public var value: Substring {
    type == nil ? text[...] : Substring(text.utf8.dropFirst(2))
  }

  /// The name of an attribute, `nil` for other lines.
  public var attributeName: Substring? {
    type == "a" ? Substring(value.utf8.prefix { $0 != UInt8(ascii: ":") }) : nil
  }

  /// The value of an attribute, `nil` for other lines and for attributes without one.
  public var attributeValue: Substring? {
    guard let name = attributeName else { return nil }
    let rest = value.utf8.dropFirst(name.utf8.count)
    return rest.isEmpty ? nil : Substring(rest.dropFirst())
  }

  static func isLineEnd(_ byte: UInt8) -> Bool { byte == 0x0D || byte == 0x0A }

  /// The lines of a text, whatever ends them: CRLF, LF or CR (R-SDP-5). White space around a line and empty lines are lost.
  static func lines(of text: String) -> [SDPLine] {
    text.utf8.split(whereSeparator: isLineEnd).compactMap { bytes in
      let isSpace: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 }
      var line = bytes.drop(while: isSpace)
      while let last = line.last, isSpace(last) { line.removeLast() }
      return line.isEmpty ? nil : SDPLine(String(Substring(line)))
    }
  }
}

extension Substring {
  /// The parts between spaces. Works on bytes: a combining character after a space does not hide it.
  func fields() -> [Substring] {
    utf8.split(separator: 0x20).map { Substring($0) }
  }

  /// The text before and after the first space.
  func firstField() -> (Substring, rest: Substring)? {
    let parts = utf8.split(separator: 0x20, maxSplits: 1)
    guard let first = parts.first else { return nil }
    return (Substring(first), parts.count > 1 ? Substring(parts[1]) : "")
  }
}
