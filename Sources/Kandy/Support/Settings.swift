import Synchronization

/// The configuration in force. Reading gives a value; features read it when part 01 §1.12 says.
final class Settings: Sendable {
  private let state: Mutex<Configuration>

  init(_ configuration: Configuration) {
    state = Mutex(configuration)
  }

  var current: Configuration { state.withLock { $0 } }

  func update<Result: Sendable>(_ change: (inout Configuration) -> Result) -> Result {
    state.withLock { change(&$0) }
  }
}

/// Whether the client has been destroyed.
final class Lifetime: Sendable {
  private let destroyed = Atomic(false)

  var isDestroyed: Bool { destroyed.load(ordering: .acquiring) }

  /// - Returns: whether this call was the one that ended it.
  func end() -> Bool { !destroyed.exchange(true, ordering: .acquiringAndReleasing) }

  /// Getters of a destroyed client throw (R-CONN-224).
  func check() throws(BasicError) {
    if isDestroyed { throw BasicError.destroyed }
  }
}
