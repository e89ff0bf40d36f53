import Foundation

/// The lines of standard input. Reading blocks, so a thread of its own does it.
enum StandardInput {
  static func lines() -> AsyncStream<String> {
    AsyncStream { continuation in
      let thread = Thread {
        while let line = readLine(strippingNewline: true) { continuation.yield(line) }
        continuation.finish()
      }
      thread.name = "standard input"
      thread.start()
    }
  }
}
