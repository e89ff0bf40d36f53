import LinkMedia
import Synchronization

/// The operations of a media engine and its peers that a test can watch, hold up, and make fail.
public enum FakeMediaOperation: String, Sendable, Hashable, CaseIterable {
  case makePeer, setServers
  case addTransceiver, setDirection
  case createOffer, createAnswer, setLocalDescription, setRemoteDescription, rollback, localDescription, addCandidate
  case setMicrophone, setCamera, setEnabled, setSending, setAudioSinks, setVideoRenderers
  case canSendDTMF, sendDTMF, statistics, close
}

/// An operation that waits for the test, as one of a slow engine would.
public final class FakeMediaHold: Sendable {
  private let arrival = OneShot<Void>()
  private let permit = OneShot<Void>()

  /// Waits until the operation has begun.
  /// - Throws: `CancellationError` when the waiting task is cancelled.
  public func reached() async throws {
    try await arrival.get()
  }

  /// Lets the operation go on. Idempotent.
  public func release() {
    permit.set(())
  }

  /// An operation of libwebrtc cannot be cancelled, so this waits for the permit only.
  func pass() async {
    arrival.set(())
    await permit.getUncancelled()
  }
}

/// What a test has planned for the operations of one engine.
final class FakeMediaFaults: Sendable {
  private struct State {
    var failures: [FakeMediaOperation: [MediaError]] = [:]
    var holds: [FakeMediaOperation: [FakeMediaHold]] = [:]
    var heldResults: [FakeMediaOperation: [FakeMediaHold]] = [:]
  }

  private let state = Mutex(State())

  func fail(_ operation: FakeMediaOperation, _ error: MediaError) {
    state.withLock { $0.failures[operation, default: []].append(error) }
  }

  func hold(_ operation: FakeMediaOperation) -> FakeMediaHold {
    let hold = FakeMediaHold()
    state.withLock { $0.holds[operation, default: []].append(hold) }
    return hold
  }

  func holdResult(_ operation: FakeMediaOperation) -> FakeMediaHold {
    let hold = FakeMediaHold()
    state.withLock { $0.heldResults[operation, default: []].append(hold) }
    return hold
  }

  /// Waits where the result of an operation that was done is held up.
  func passResult(_ operation: FakeMediaOperation) async {
    if let hold = state.withLock({ Self.take(&$0.heldResults, operation) }) { await hold.pass() }
  }

  /// Waits where a hold is planned, then fails where a failure is.
  func pass(_ operation: FakeMediaOperation) async throws {
    if let hold = state.withLock({ Self.take(&$0.holds, operation) }) { await hold.pass() }
    if let error = state.withLock({ Self.take(&$0.failures, operation) }) { throw error }
  }

  private static func take<Plan>(_ plans: inout [FakeMediaOperation: [Plan]], _ operation: FakeMediaOperation) -> Plan? {
    guard let first = plans[operation]?.first else { return nil }
    plans[operation]?.removeFirst()
    return first
  }
}

/// Lets operations through one after another, in the order in which they came.
final class FIFOGate: Sendable {
  private struct State {
    var isBusy = false
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  private let state = Mutex(State())

  func enter() async {
    await withCheckedContinuation { continuation in
      let isFree = state.withLock { state in
        if state.isBusy { state.waiting.append(continuation) }
        defer { state.isBusy = true }
        return !state.isBusy
      }
      if isFree { continuation.resume() }
    }
  }

  func leave() {
    let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
      if state.waiting.isEmpty {
        state.isBusy = false
        return nil
      }
      return state.waiting.removeFirst()
    }
    next?.resume()
  }
}
