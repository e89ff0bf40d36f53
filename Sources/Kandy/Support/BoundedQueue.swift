import DequeModule
import Synchronization

/// Elements on their way to one reader, in order. Who brings one waits while too many are there.
final class BoundedQueue<Element: Sendable>: Sendable {
  private struct State {
    var waiting: Deque<Element> = []
    var reader: CheckedContinuation<Element?, Never>?
    var held: [Int: CheckedContinuation<Void, Never>] = [:]
    var lastNumber = 0
    var isFinished = false
  }

  private let limit: Int
  private let state = Mutex(State())

  /// - Parameter limit: how many elements may wait.
  init(limit: Int) {
    self.limit = limit
  }

  /// Adds an element at once, and returns when there is room for another one, or when the task is cancelled.
  func push(_ element: Element) async {
    guard !add(element) else { return }
    let number = state.withLock { state in
      state.lastNumber += 1
      return state.lastNumber
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let goesOn = state.withLock { state in
          if Task.isCancelled || state.isFinished || state.waiting.count < limit { return true }
          state.held[number] = continuation
          return false
        }
        if goesOn { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.held.removeValue(forKey: number) }?.resume()
    }
  }

  /// Adds an element without waiting.
  /// - Returns: whether there is room for another one.
  @discardableResult
  func add(_ element: Element) -> Bool {
    let (reader, hasRoom) = state.withLock { state -> (CheckedContinuation<Element?, Never>?, Bool) in
      if state.isFinished { return (nil, true) }
      if let reader = state.reader.take() { return (reader, true) }
      state.waiting.append(element)
      return (nil, state.waiting.count < limit)
    }
    reader?.resume(returning: element)
    return hasRoom
  }

  var count: Int { state.withLock { $0.waiting.count } }

  /// The next element; `nil` after `finish`, or when the task is cancelled. One reader at a time.
  func next() async -> Element? {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let (element, released) = take(or: continuation)
        for held in released { held.resume() }
        if let element { continuation.resume(returning: element) }
      }
    } onCancel: {
      state.withLock { $0.reader.take() }?.resume(returning: nil)
    }
  }

  /// - Returns: the answer, or `nil` if the continuation is kept; and who may go on.
  private func take(
    or continuation: CheckedContinuation<Element?, Never>
  ) -> (element: Element??, released: [CheckedContinuation<Void, Never>]) {
    state.withLock { state in
      if Task.isCancelled { return (.some(nil), []) }
      guard let element = state.waiting.popFirst() else {
        if state.isFinished { return (.some(nil), []) }
        state.reader = continuation
        return (nil, [])
      }
      guard state.waiting.count <= limit / 2 else { return (element, []) }
      defer { state.held = [:] }
      return (element, Array(state.held.values))
    }
  }

  /// Takes nothing more; what waits is dropped, and nobody waits any more.
  func finish() {
    let (reader, held) = state.withLock { state in
      state.isFinished = true
      state.waiting = []
      defer { state.held = [:] }
      return (state.reader.take(), Array(state.held.values))
    }
    for continuation in held { continuation.resume() }
    reader?.resume(returning: nil)
  }
}
