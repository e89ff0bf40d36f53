import Foundation
import Kandy

/// A person at a terminal: lines come in from an editor with history and completion, and go out above the line that is being
/// typed. A thread of its own does both.
final class Terminal: ConsoleOutput {
  /// What is typed, until the person ends it.
  let lines: AsyncStream<String>
  /// Finishes then.
  let end: AsyncStream<Void>

  private let typed: AsyncStream<String>.Continuation
  private let output = OutputQueue()
  /// A byte in this pipe wakes the thread.
  private let bell = Pipe()

  /// - Parameter names: what can be completed.
  init(names: [String]) {
    (lines, typed) = AsyncStream.makeStream()
    let (end, signal) = AsyncStream.makeStream(of: Void.self)
    self.end = end
    let thread = Thread { [self] in
      edit(Completion(names))
      typed.finish()
      signal.finish()
      // There is no prompt any more, but something may still be said.
      while true {
        awaitBell()
        writeOutput { _ = writeWhole($0, to: STDOUT_FILENO) }
      }
    }
    thread.name = "terminal"
    thread.start()
  }

  // MARK: - Writing

  func write(_ line: String) async {
    await output.append(line + "\n") {
      _ = writeWhole("\n", to: bell.fileHandleForWriting.fileDescriptor)
    }
  }

  func room() async { await output.room() }
  func finish() async { await output.finish() }
  func abandonWhenStuck(for patience: Duration) async { await output.abandonWhenStuck(for: patience) }

  // MARK: - The thread

  /// Reads keys and writes lines until the person ends the input.
  private func edit(_ completion: Completion) {
    guard let editor = LineEditor(completion: completion) else { return }
    while true {
      var ready = [STDIN_FILENO, bell.fileHandleForReading.fileDescriptor].map {
        pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
      }
      guard poll(&ready, nfds_t(ready.count), -1) > 0 else { continue }
      if ready[1].revents != 0 {
        awaitBell()
        writeOutput { editor.write($0) }
      }
      guard ready[0].revents != 0 else { continue }
      guard ready[0].revents & Int16(POLLHUP | POLLERR | POLLNVAL) == 0 else { return }  // The terminal has gone.
      switch editor.readKey() {
      case .nothing: break
      case .line(let line) where ConsoleLine.isFarewell(line): return
      case .line(let line): typed.yield(line)
      case .end: return
      }
    }
  }

  private func writeOutput(_ write: (String) -> Void) {
    while case let text = output.take(), !text.isEmpty {
      write(text)
      output.written(text)
    }
  }

  /// Waits until somebody writes.
  private func awaitBell() {
    var bytes = [UInt8](repeating: 0, count: 512)
    _ = read(bell.fileHandleForReading.fileDescriptor, &bytes, bytes.count)
  }
}
