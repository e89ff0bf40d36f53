import Dispatch
import Foundation
import Kandy

/// Writes lines to a file descriptor. Writing blocks while the reader is slow, so a thread of its own does it.
final class LineWriter: ConsoleOutput {
  private let descriptor: Int32
  private let onBroken: @Sendable () -> Void
  private let lines = OutputQueue()
  /// Serial; it has a thread while there is something to write.
  private let thread = DispatchQueue(label: "kandy.output")

  /// - Parameter onBroken: is called when nobody can read any more.
  init(descriptor: Int32, onBroken: @escaping @Sendable () -> Void) {
    self.descriptor = descriptor
    self.onBroken = onBroken
  }

  func write(_ line: String) async {
    await lines.append(line + "\n") { thread.async { self.drain() } }
  }

  func room() async { await lines.room() }
  func finish() async { await lines.finish() }
  func abandonWhenStuck(for patience: Duration) async { await lines.abandonWhenStuck(for: patience) }

  private func drain() {
    while case let text = lines.take(), !text.isEmpty {
      guard writeWhole(text, to: descriptor) else {
        lines.abandon()
        return onBroken()
      }
      lines.written(text)
    }
  }
}
