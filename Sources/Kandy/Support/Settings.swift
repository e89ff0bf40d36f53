import Synchronization

/// The configuration in force. Reading gives a value; features read it when part 01 §1.12 says.
final class Settings: Sendable {
  private struct State {
    var configuration: Configuration
    var version = 0
  }

  /// The settings that the present task is changing.
  @TaskLocal private static var changing: ObjectIdentifier?

  private let state: Mutex<State>

  init(_ configuration: Configuration) {
    state = Mutex(State(configuration: configuration))
  }

  var current: Configuration { state.withLock { $0.configuration } }

  /// Changes the configuration. `change` is the application's: it runs on a copy, outside of the lock, and once more if another
  /// task changed something meanwhile, so that no change is lost.
  /// - Returns: the configuration as it is now; `nil`, and nothing is changed, within another change of the same settings.
  func update(_ change: (inout Configuration) -> Void) -> Configuration? {
    guard Self.changing != ObjectIdentifier(self) else { return nil }
    return Self.$changing.withValue(ObjectIdentifier(self)) {
      while true {
        let (old, version) = state.withLock { ($0.configuration, $0.version) }
        var new = old
        change(&new)
        if store(new, ifStill: version) { return new }
      }
    }
  }

  private func store(_ new: Configuration, ifStill version: Int) -> Bool {
    state.withLock { state in
      guard state.version == version else { return false }
      state.configuration = new
      state.version += 1
      return true
    }
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
