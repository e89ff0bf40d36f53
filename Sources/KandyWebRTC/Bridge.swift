import CWebRTC
import LinkMedia
import Synchronization

// How Swift waits for the shim, and how the shim holds Swift objects.

/// An operation of the shim that has not answered: resumes whoever waits for it.
final class PendingOperation: Sendable {
  private let resume: @Sendable (kwr_result) -> Void

  init(_ resume: @escaping @Sendable (kwr_result) -> Void) {
    self.resume = resume
  }

  /// What the shim gets as the `context` of `done`.
  func handOver() -> UnsafeMutableRawPointer {
    Unmanaged.passRetained(self).toOpaque()
  }

  /// The `done` that belongs to the context.
  static let done: kwr_done = { context, result in
    guard let context, let result else { return }
    Unmanaged<PendingOperation>.fromOpaque(context).takeRetainedValue().resume(result.pointee)
  }
}

extension kwr_result {
  /// - Throws: what the shim refused, in libwebrtc's words.
  func check() throws(MediaError) {
    let message = text.map { String(cString: $0) } ?? ""
    switch code {
    case .ok: return
    case .closed: throw .closed
    case .invalid_state: throw MediaError(.invalidState, message)
    case .invalid_description: throw MediaError(.invalidDescription, message)
    case .invalid_candidate: throw MediaError(.invalidCandidate, message)
    case .unsupported: throw MediaError(.unsupported, message)
    case .engine: throw MediaError(.engine, message)
    }
  }
}

/// Something that happens once and is waited for by suspension.
final class Latch: Sendable {
  private enum State {
    case shut([CheckedContinuation<Void, Never>])
    case open
  }

  private let state = Mutex<State>(.shut([]))

  func open() {
    let waiting = state.withLock { state -> [CheckedContinuation<Void, Never>] in
      guard case .shut(let waiting) = state else { return [] }
      state = .open
      return waiting
    }
    for continuation in waiting { continuation.resume() }
  }

  func wait() async {
    await withCheckedContinuation { continuation in
      let isOpen = state.withLock { state in
        guard case .shut(let waiting) = state else { return true }
        state = .shut(waiting + [continuation])
        return false
      }
      if isOpen { continuation.resume() }
    }
  }
}

/// A Swift value that the shim holds by one reference, as the `context` of a callback structure.
final class Held<Value: Sendable>: Sendable {
  let value: Value

  init(_ value: Value) {
    self.value = value
  }

  func handOver() -> UnsafeMutableRawPointer {
    Unmanaged.passRetained(self).toOpaque()
  }

  static func value(of context: UnsafeMutableRawPointer?) -> Value? {
    context.map { Unmanaged<Held<Value>>.fromOpaque($0).takeUnretainedValue().value }
  }
}

/// The `release` of every callback structure whose context is a `Held`.
let releaseHeld: @convention(c) (UnsafeMutableRawPointer?) -> Void = { context in
  if let context { Unmanaged<AnyObject>.fromOpaque(context).release() }
}
