import Synchronization

/// The WebSockets that the session opens, by attempt. Each has one task, which opens it, reads it and ends with it.
final class SocketBoard: Sendable {
  /// What becomes of an attempt. Nothing is reported of one that `close` was called for.
  struct Reports: Sendable {
    let opened: @Sendable () -> Void
    let failed: @Sendable () -> Void
    /// A text frame, after `read`; the next one is read when it returns.
    let received: @Sendable (String) async -> Void
    /// By the peer, or because it broke.
    let closed: @Sendable (Int?) -> Void
  }

  private struct Entry {
    let task: Task<Void, Never>
    let readPermission: AsyncStream<Void>.Continuation
    var socket: (any TransportSocket)?
  }

  private struct State {
    var entries: [Int: Entry] = [:]
    var closings: [Int: Task<Void, Never>] = [:]
  }

  private let transport: any Transport
  private let state = Mutex(State())

  init(transport: any Transport) {
    self.transport = transport
  }

  deinit {
    for entry in state.withLock({ $0.entries }).values { entry.task.cancel() }
  }

  func open(_ attempt: Int, _ url: String, timeout: Duration, _ reports: Reports) {
    let (permission, continuation) = AsyncStream.makeStream(of: Void.self)
    // The task may be done before its entry is there: it begins when the lock is free.
    state.withLock { state in
      let task = Task { [weak self, transport] in
        let socket: any TransportSocket
        do { socket = try await transport.openSocket(url, timeout: timeout) } catch {
          if self?.forget(attempt) == true { reports.failed() }
          return
        }
        guard self?.keep(socket, attempt) == true else { return await socket.close() }
        reports.opened()
        for await _ in permission { break }
        if !Task.isCancelled {
          for await text in socket.messages { await reports.received(text) }
        }
        if self?.forget(attempt) == true { reports.closed(socket.closeCode) }
        await socket.close()
      }
      state.entries[attempt] = Entry(task: task, readPermission: continuation)
    }
  }

  /// Lets the frames through; those that came before wait.
  func read(_ attempt: Int) {
    state.withLock { $0.entries[attempt]?.readPermission.finish() }
  }

  /// - Throws: `TransportError` when there is no such socket any more, or the frame could not be sent.
  func send(_ attempt: Int, _ text: String) async throws {
    guard let socket = state.withLock({ $0.entries[attempt]?.socket }) else {
      throw TransportError(.closed, "There is no WebSocket.")
    }
    try await socket.send(text)
  }

  /// Abandons an attempt or closes its socket; nothing more is reported of it.
  func close(_ attempt: Int) {
    state.withLock { state in
      guard let entry = state.entries.removeValue(forKey: attempt) else { return }
      entry.readPermission.finish()
      entry.task.cancel()
      // Not in the cancelled task: closing says goodbye, which takes a moment.
      state.closings[attempt] = Task { [weak self] in
        await entry.socket?.close()
        await entry.task.value
        self?.state.withLock { _ = $0.closings.removeValue(forKey: attempt) }
      }
    }
  }

  /// Closes everything and returns when it is closed.
  func closeAll() async {
    for attempt in state.withLock({ Array($0.entries.keys) }) { close(attempt) }
    for closing in state.withLock({ Array($0.closings.values) }) { await closing.value }
  }

  private func keep(_ socket: any TransportSocket, _ attempt: Int) -> Bool {
    state.withLock { state in
      guard state.entries[attempt] != nil else { return false }
      state.entries[attempt]?.socket = socket
      return true
    }
  }

  /// - Returns: whether the attempt was still known.
  private func forget(_ attempt: Int) -> Bool {
    state.withLock { $0.entries.removeValue(forKey: attempt) != nil }
  }
}
