import CEditline

/// libedit on the terminal of this process: one thread makes it, uses it, and ends it.
struct LineEditor: ~Copyable {
  /// What came of a key.
  enum Outcome {
    case nothing
    case line(String)
    case end
  }

  private let editor: OpaquePointer
  private let history: OpaquePointer
  /// libedit keeps a pointer to it.
  private let completion: Completion

  /// - Parameter completion: what the tabulator key asks.
  /// - Returns: `nil` when the terminal cannot be used.
  init?(completion: Completion) {
    guard let history = kandy_history_begin(1_000) else { return nil }
    let owner = Unmanaged.passUnretained(completion).toOpaque()
    let editor = kandy_edit_begin(history, owner) { editor, _ in
      editor.map { Completion.perform(in: $0) } ?? UInt8(CC_ERROR)
    }
    guard let editor else {
      history_end(history)
      return nil
    }
    self.editor = editor
    self.history = history
    self.completion = completion
    kandy_edit_listen(editor, 1)
  }

  deinit {
    el_end(editor)
    history_end(history)
  }

  /// Takes the key that has been typed; waits for it when there is none. That the terminal has gone is not seen here.
  func readKey() -> Outcome {
    var count: Int32 = 0
    guard let typed = el_gets(editor, &count), count > 0 else { return .nothing }  // The line is empty.
    let bytes = UnsafeBufferPointer(start: typed, count: Int(count)).map { UInt8(bitPattern: $0) }
    if bytes == [4] { return .end }  // Control-D on an empty line
    guard bytes.last == UInt8(ascii: "\n") || bytes.last == UInt8(ascii: "\r") else { return .nothing }
    let line = String(decoding: bytes.dropLast(), as: UTF8.self)
    if Self.isWorthKeeping(line) { kandy_history_add(history, line) }
    kandy_edit_listen(editor, 0)
    kandy_edit_listen(editor, 1)
    return .line(line)
  }

  /// What is secret is not to be shown again.
  private static func isWorthKeeping(_ line: String) -> Bool {
    !line.allSatisfy(\.isWhitespace) && !["password", "hmacToken"].contains { line.contains($0) }
  }

  /// Writes whole lines above the one that is being typed.
  func write(_ text: String) {
    kandy_edit_write("\r\u{1B}[J" + text)
    kandy_edit_refresh(editor)
  }
}
