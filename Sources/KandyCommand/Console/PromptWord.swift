import Foundation
import Kandy
import LinkProtocol

/// A word of a line that was typed at the prompt: `bob@example.com`, `isVideoEnabled=true`, `firstName="Anna Maria"`.
///
/// What looks like JSON counts as JSON, except where a string is needed: there it is what was typed.
struct PromptWord: Sendable, Hashable {
  /// What stands before `=`, when it is a name.
  var key: String?
  var typed: String
  var value: JSONValue

  /// Takes a line apart at its blanks, except those between quotation marks, and those within JSON's brackets.
  /// - Throws: `ConsoleRefusal` when a quotation mark is missing.
  static func split(_ line: String) throws(ConsoleRefusal) -> [PromptWord] {
    var words: [PromptWord] = []
    var rest = line[...]
    while true {
      rest = rest.drop(while: \.isWhitespace)
      guard !rest.isEmpty else { return words }
      var key: String?
      let name = rest.prefix { $0.isLetter || $0.isNumber }
      if !name.isEmpty, rest.dropFirst(name.count).first == "=" {
        key = String(name)
        rest = rest.dropFirst(name.count + 1)
      }
      words.append(try take(key, from: &rest))
    }
  }

  private static func take(_ key: String?, from rest: inout Substring) throws(ConsoleRefusal) -> PromptWord {
    switch rest.first {
    case "\"", "'": return try takeQuoted(key, from: &rest)
    case "{", "[":
      if let end = endOfJSON(rest) {
        defer { rest = rest[end...] }
        return PromptWord(key, String(rest[..<end]))
      }
    default: break
    }
    let word = rest.prefix { !$0.isWhitespace }
    rest = rest[word.endIndex...]
    return PromptWord(key, String(word))
  }

  private init(_ key: String?, _ typed: String) {
    self.key = key
    self.typed = typed
    value = (try? JSONDecoder().decode(JSONValue.self, from: Data(typed.utf8))) ?? .string(typed)
  }

  /// A string, whatever it looks like. A backslash stands before a quotation mark, or a backslash, that belongs to it.
  private static func takeQuoted(_ key: String?, from rest: inout Substring) throws(ConsoleRefusal) -> PromptWord {
    let mark = rest.removeFirst()
    var text = ""
    while let character = rest.popFirst() {
      if character == mark {
        var word = PromptWord(key, text)
        word.value = .string(text)
        return word
      }
      if character == "\\", let next = rest.first, next == mark || next == "\\" {
        text.append(rest.removeFirst())
      } else {
        text.append(character)
      }
    }
    throw ConsoleRefusal(error: BasicError(.consoleLine, "A quotation mark is missing at the end: \(mark)\(text)\(mark)"))
  }

  /// Where the brackets that are opened first are closed; `nil` if they are not.
  private static func endOfJSON(_ text: Substring) -> Substring.Index? {
    var (depth, isString, isEscaped) = (0, false, false)
    for index in text.indices {
      let character = text[index]
      if isString {
        if !isEscaped, character == "\"" { isString = false }
        isEscaped = !isEscaped && character == "\\"
        continue
      }
      switch character {
      case "\"": isString = true
      case "{", "[": depth += 1
      case "}", "]": depth -= 1
      default: break
      }
      if depth == 0 { return text.index(after: index) }
    }
    return nil
  }
}
