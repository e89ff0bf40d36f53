import Foundation
import Kandy
import Synchronization

/// Why a command cannot do what it is asked: one sentence that says what would have worked, and the exit code.
struct CommandFailure: Error, CustomStringConvertible {
  var message: String
  /// 1 when the command failed, 2 when it could not even start.
  var code: Int32

  init(_ message: String, code: Int32 = 1) {
    self.message = message
    self.code = code
  }

  var description: String { message }
}

/// Lines for people and programs, written at once even into a pipe. What a console says goes through a `ConsoleOutput` instead.
enum CommandOutput {
  /// The line that stands at the bottom of a terminal, and is rewritten.
  private static let bottom = Mutex("")
  private static let toBeginningOfClearedLine = "\r\u{1b}[K"

  static func say(_ line: String) {
    bottom.withLock { bottom in
      let text = bottom.isEmpty ? line + "\n" : toBeginningOfClearedLine + line + "\n" + bottom
      _ = writeWhole(text, to: STDOUT_FILENO)
    }
  }

  /// A line that replaces the one before: on a terminal it is rewritten, below everything that is said, anywhere else a line follows
  /// another.
  static func show(_ line: String) {
    guard isatty(STDOUT_FILENO) == 1 else { return say(line) }
    let line = String(line.prefix(width - 1))
    bottom.withLock { bottom in
      bottom = line
      _ = writeWhole(toBeginningOfClearedLine + line, to: STDOUT_FILENO)
    }
  }

  /// Leaves the line that was shown last where it stands.
  static func stopShowing() {
    bottom.withLock { bottom in
      if !bottom.isEmpty { _ = writeWhole("\n", to: STDOUT_FILENO) }
      bottom = ""
    }
  }

  /// Columns of the terminal: a longer line would wrap, and could not be rewritten.
  private static var width: Int {
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 1 else { return 80 }
    return Int(size.ws_col)
  }

  /// To standard error.
  static func complain(_ line: String) {
    _ = writeWhole("kandy: " + line + "\n", to: STDERR_FILENO)
  }

  /// Rows under a heading, in columns as wide as they have to be.
  static func table(_ heading: [String], _ rows: [[String]]) -> String {
    let widths = heading.indices.map { column in
      ([heading] + rows).map { $0[column].count }.max() ?? 0
    }
    return ([heading] + rows).map { row in
      let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
      return String(cells.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
    }.joined(separator: "\n")
  }
}
