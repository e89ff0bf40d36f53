import Synchronization

/// Delivers events: in order, one at a time, after the state change that they report (R-CONN-212 to R-CONN-217).
///
/// `emit` never waits. Handlers run one after another on a task of the hub: those for the event's name first, then those for
/// every event, each in the order of registration, over a snapshot taken when the delivery begins.
///
/// A reader that does not read must not eat all memory, and must not stop the others: of the events that wait for a reader, or for
/// handlers, only the newest are kept (`EventStream.capacity`). The first loss of each is logged.
final class EventHub: Sendable {
  private let registry: Registry
  private let queue: AsyncStream<Event>.Continuation
  private let delivery: Task<Void, Never>

  init(log: TargetLogger? = nil) {
    let (stream, continuation) = Self.makeStream()
    queue = continuation
    let registry = Registry(log: log)
    self.registry = registry
    delivery = Task {
      for await event in stream {
        for handler in registry.handlers(for: event.name) { handler(event) }
      }
    }
  }

  deinit {
    finish()
  }

  /// Reports an event to every reader and handler. After `finish` it does nothing.
  func emit(_ event: Event) {
    registry.deliver(event, to: queue)
  }

  private static func makeStream() -> (stream: AsyncStream<Event>, continuation: AsyncStream<Event>.Continuation) {
    AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(EventStream.capacity))
  }

  /// Reports an event as soon as anybody reads or handles events: what happens while a client is being made would be lost
  /// otherwise.
  func emitWhenObserved(_ event: Event) {
    if registry.keepForLater(event) { return }
    emit(event)
  }

  /// A reader of its own that sees every event from now on.
  func reader() -> EventStream {
    let (stream, continuation) = Self.makeStream()
    let id = registry.add(continuation)
    continuation.onTermination = { [weak registry] _ in registry?.removeReader(id) }
    emitKept()
    return EventStream(stream)
  }

  /// Calls `handler` for events of this name, or for every event, until the token is cancelled.
  func on(_ name: EventName?, _ handler: @escaping EventHandler) -> EventToken {
    let id = registry.add(handler, for: name)
    emitKept()
    return EventToken(id: id) { [weak registry] in registry?.removeHandler(id) }
  }

  /// How many readers and handlers there are.
  var observers: Int { registry.observers }

  private func emitKept() {
    for event in registry.takeKept() { emit(event) }
  }

  /// Ends delivery: readers finish, handlers are called no more. Idempotent.
  func finish() {
    registry.finish()
    queue.finish()
    delivery.cancel()
  }
}

/// What is called with an event. It runs on a task of the SDK and holds up the delivery of later events: be brief.
public typealias EventHandler = @Sendable (Event) -> Void

/// The registration of a handler. It lasts until `cancel`, whether the token is kept or not.
public struct EventToken: Sendable, Hashable {
  let id: UInt64
  private let cancellation: @Sendable () -> Void

  init(id: UInt64, cancellation: @escaping @Sendable () -> Void) {
    self.id = id
    self.cancellation = cancellation
  }

  /// Ends the registration; an event whose delivery has begun still arrives. Idempotent.
  public func cancel() { cancellation() }

  public static func == (left: EventToken, right: EventToken) -> Bool { left.id == right.id }
  public func hash(into hasher: inout Hasher) { hasher.combine(id) }
}

/// The events of one client from the moment at which the stream was made. It ends when the client is destroyed.
///
/// Events wait in it until they are read, but no more than `capacity`: then the oldest is dropped for each new one, and a warning is
/// logged. It has one reader; every access to `Client.events` makes another one.
public struct EventStream: AsyncSequence, Sendable {
  public typealias Element = Event
  public typealias Failure = Never

  /// How many events wait for a reader who does not read.
  public static let capacity = 10_000

  private let stream: AsyncStream<Event>
  init(_ stream: AsyncStream<Event>) { self.stream = stream }

  public func makeAsyncIterator() -> AsyncStream<Event>.Iterator { stream.makeAsyncIterator() }
}

private final class Registry: Sendable {
  private struct State {
    var nextID: UInt64 = 0
    var handlers: [(id: UInt64, name: EventName?, call: EventHandler)] = []
    var readers: [UInt64: AsyncStream<Event>.Continuation] = [:]
    /// Waits for the first observer.
    var kept: [Event] = []
    /// Who has lost events; 0 stands for the handlers.
    var losers: Set<UInt64> = []
    var isFinished = false
  }

  private let state = Mutex(State())
  private let log: TargetLogger?

  init(log: TargetLogger?) {
    self.log = log
  }

  /// Gives the event to the readers and to the queue of the handlers under the lock, so that all see one order.
  func deliver(_ event: Event, to queue: AsyncStream<Event>.Continuation) {
    let hasNewLoser = state.withLock { state in
      guard !state.isFinished else { return false }
      let losers = state.losers.count
      if case .dropped = queue.yield(event) { state.losers.insert(0) }
      for (id, reader) in state.readers {
        if case .dropped = reader.yield(event) { state.losers.insert(id) }
      }
      return state.losers.count > losers
    }
    if hasNewLoser {
      log?.warn("Events are lost: they are not read, or a handler does not return.", ["kept": .int(EventStream.capacity)])
    }
  }

  var observers: Int { state.withLock { $0.handlers.count + $0.readers.count } }

  /// - Returns: whether the event waits for an observer.
  func keepForLater(_ event: Event) -> Bool {
    state.withLock { state in
      guard !state.isFinished, state.handlers.isEmpty, state.readers.isEmpty else { return false }
      state.kept.append(event)
      return true
    }
  }

  func takeKept() -> [Event] {
    state.withLock { state in
      defer { state.kept = [] }
      return state.kept
    }
  }

  func handlers(for name: EventName) -> [EventHandler] {
    state.withLock { state in
      guard !state.isFinished else { return [] }
      return state.handlers.filter { $0.name == name }.map(\.call) + state.handlers.filter { $0.name == nil }.map(\.call)
    }
  }

  func add(_ handler: @escaping EventHandler, for name: EventName?) -> UInt64 {
    state.withLock { state in
      state.nextID += 1
      if !state.isFinished { state.handlers.append((state.nextID, name, handler)) }
      return state.nextID
    }
  }

  func add(_ reader: AsyncStream<Event>.Continuation) -> UInt64 {
    let (id, isFinished) = state.withLock { state in
      state.nextID += 1
      if !state.isFinished { state.readers[state.nextID] = reader }
      return (state.nextID, state.isFinished)
    }
    if isFinished { reader.finish() }
    return id
  }

  func removeHandler(_ id: UInt64) {
    let removed = state.withLock { state in
      let index = state.handlers.firstIndex { $0.id == id }
      return index.map { state.handlers.remove(at: $0) }
    }
    _ = removed  // released outside the lock: its captures may do anything when they go
  }

  func removeReader(_ id: UInt64) {
    state.withLock { state in
      state.readers[id] = nil
      state.losers.remove(id)
    }
  }

  func finish() {
    let (readers, handlers) = state.withLock { state in
      state.isFinished = true
      defer {
        state.readers = [:]
        state.handlers = []
      }
      return (Array(state.readers.values), state.handlers)
    }
    for reader in readers { reader.finish() }
    _ = handlers
  }
}
