import Dispatch
import Foundation

/// The lines of standard input. Reading blocks, so a thread of its own does it; it reads ahead no further than a few lines.
struct StandardInput: AsyncSequence, Sendable {
  typealias Element = String
  typealias Failure = Never

  /// Finishes when there is nothing more to be read, although lines may still wait.
  let end: AsyncStream<Void>

  private let lines: AsyncStream<String>
  private let continuation: AsyncStream<String>.Continuation
  /// One for each line that may be read ahead.
  private let room = DispatchSemaphore(value: 0)

  /// - Parameter isLast: whether a line ends the input; it does not belong to it.
  init(until isLast: @escaping @Sendable (String) -> Bool = { _ in false }) {
    (lines, continuation) = AsyncStream.makeStream()
    let (end, signal) = AsyncStream.makeStream(of: Void.self)
    self.end = end
    for _ in 0..<64 { room.signal() }
    let thread = Thread { [continuation, room] in
      while let line = readLine(strippingNewline: true), !isLast(line) {
        room.wait()
        if case .terminated = continuation.yield(line) { return }
      }
      continuation.finish()
      signal.finish()
    }
    thread.name = "standard input"
    thread.start()
  }

  /// Ends the sequence, as the end of the input does.
  func stop() {
    continuation.finish()
  }

  struct Iterator: AsyncIteratorProtocol {
    fileprivate var lines: AsyncStream<String>.Iterator
    fileprivate let room: DispatchSemaphore

    mutating func next() async -> String? {
      await next(isolation: #isolation)
    }

    mutating func next(isolation actor: isolated (any Actor)?) async -> String? {
      let line = await lines.next(isolation: actor)
      if line != nil { room.signal() }
      return line
    }
  }

  func makeAsyncIterator() -> Iterator {
    Iterator(lines: lines.makeAsyncIterator(), room: room)
  }
}
