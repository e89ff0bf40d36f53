import DequeModule
import Synchronization

/// Where a console writes to.
protocol ConsoleOutput: Sendable {
  /// Writes a line, after those of earlier calls. Returns when there is room for more; a reader who is slow slows the caller down.
  func write(_ line: String) async
  /// Waits until there is room for a line.
  func room() async
  /// Returns when everything has been written.
  func finish() async
  /// Waits until a reader has read nothing for `patience` although there was something to read, and gives up then: what has not
  /// been written, and whatever comes. Nobody waits any more.
  func abandonWhenStuck(for patience: Duration) async
}

/// Text on its way to a reader who may be slow: in order, whole, and bounded. Whoever owns it writes what it holds.
final class OutputQueue: Sendable {
  private struct State {
    var waiting: Deque<String> = []
    /// Of what waits, and of what is being written.
    var bytes = 0
    /// How often something has been written.
    var progress = 0
    var held: [CheckedContinuation<Void, Never>] = []
    var finishing: [CheckedContinuation<Void, Never>] = []
    var isAbandoned = false
  }

  private let capacity: Int
  private let state = Mutex(State())

  /// - Parameter capacity: in bytes; one text more is taken of everybody who writes.
  init(capacity: Int = 1 << 20) {
    self.capacity = capacity
  }

  /// Takes a text at once and returns when there is room for more.
  /// - Parameter wake: is called when the text can be taken out.
  func append(_ text: String, wake: () -> Void) async {
    let isTaken = state.withLock { state in
      if !state.isAbandoned {
        state.waiting.append(text)
        state.bytes += text.utf8.count
      }
      return !state.isAbandoned
    }
    guard isTaken else { return }
    wake()
    await room()
  }

  func room() async {
    await wait(until: { $0.bytes <= self.capacity }, in: \.held)
  }

  /// Returns when everything has been written.
  func finish() async {
    await wait(until: { $0.bytes == 0 }, in: \.finishing)
  }

  private func wait(
    until isOver: (borrowing State) -> Bool, in line: WritableKeyPath<State, [CheckedContinuation<Void, Never>]>
  ) async {
    await withCheckedContinuation { continuation in
      let isOver = state.withLock { state in
        if state.isAbandoned || isOver(state) { return true }
        state[keyPath: line].append(continuation)
        return false
      }
      if isOver { continuation.resume() }
    }
  }

  /// What waits to be written, in order, a piece at a time; empty when nothing waits. To be followed by `written`.
  func take() -> String {
    state.withLock { state in
      var piece = ""
      while piece.utf8.count < 1 << 15, let text = state.waiting.popFirst() { piece += text }
      return piece
    }
  }

  func written(_ text: String) {
    let released = state.withLock { state in
      state.bytes -= text.utf8.count
      state.progress += 1
      return Self.release(&state, held: state.bytes <= capacity / 2, finishing: state.bytes == 0)
    }
    for continuation in released { continuation.resume() }
  }

  func abandonWhenStuck(for patience: Duration) async {
    var last = 0
    while (try? await Task.sleep(for: patience)) != nil {
      let (bytes, progress) = state.withLock { ($0.bytes, $0.progress) }
      if bytes > 0, progress == last { return abandon() }
      last = progress
    }
  }

  /// Gives up what has not been written, and whatever comes.
  func abandon() {
    let released = state.withLock { state in
      state.isAbandoned = true
      state.waiting = []
      return Self.release(&state, held: true, finishing: true)
    }
    for continuation in released { continuation.resume() }
  }

  private static func release(
    _ state: inout State, held: Bool, finishing: Bool
  ) -> [CheckedContinuation<Void, Never>] {
    var released: [CheckedContinuation<Void, Never>] = []
    if held { swap(&released, &state.held) }
    if finishing {
      released += state.finishing
      state.finishing = []
    }
    return released
  }
}
