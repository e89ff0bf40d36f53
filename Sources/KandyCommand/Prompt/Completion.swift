import CEditline
import Foundation

/// Completes names: of what can be done, and of what there is help for.
final class Completion: Sendable {
  private let names: [String]

  init(_ names: [String]) {
    self.names = names.sorted()
  }

  /// What is to be added to the word before the cursor, and what it may become when that is not clear.
  func complete(_ line: String) -> (addition: String, choices: [String]) {
    let words = line.split(separator: " ", omittingEmptySubsequences: false)
    guard let word = words.last, words.count == 1 || (words.count == 2 && words[0] == "help") else { return ("", []) }
    let choices = names.filter { $0.hasPrefix(word) }
    guard let first = choices.first else { return ("", []) }
    let common = choices.reduce(first) { $0.commonPrefix(with: $1) } + (choices.count == 1 ? " " : "")
    let addition = String(common.dropFirst(word.count))
    return (addition, addition.isEmpty ? choices : [])
  }

  /// What libedit does for the tabulator key.
  static func perform(in editor: OpaquePointer) -> UInt8 {
    guard let owner = kandy_edit_owner(editor), let info = el_line(editor)?.pointee, let start = info.buffer,
      let cursor = info.cursor
    else { return UInt8(CC_ERROR) }
    let completion = Unmanaged<Completion>.fromOpaque(owner).takeUnretainedValue()
    let bytes = UnsafeBufferPointer(start: start, count: cursor - start).map { UInt8(bitPattern: $0) }
    let (addition, choices) = completion.complete(String(decoding: bytes, as: UTF8.self))
    if !addition.isEmpty {
      el_insertstr(editor, addition)
      return UInt8(CC_REFRESH)
    }
    guard !choices.isEmpty else { return UInt8(CC_REFRESH_BEEP) }
    kandy_edit_write("\n" + choices.joined(separator: "  ") + "\n")
    return UInt8(CC_REDISPLAY)
  }
}
