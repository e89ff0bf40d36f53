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
  private static let lock = Mutex(())

  static func say(_ line: String) {
    lock.withLock { _ in _ = writeWhole(line + "\n", to: STDOUT_FILENO) }
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
