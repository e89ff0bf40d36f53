import CWebRTC

/// The one owner of a `kwr_engine`. When the last reference goes, the engine's threads end.
final class NativeEngine: @unchecked Sendable {
  // Sendable: the shim's functions may be called from any thread.
  let pointer: OpaquePointer
  private let ended: Latch

  /// - Parameter ended: opened when the last thread of the engine has ended.
  init(ended: Latch) {
    pointer = kwr_engine_make()
    self.ended = ended
  }

  deinit {
    let pending = PendingOperation { [ended] _ in ended.open() }
    kwr_engine_end(pointer, pending.handOver(), PendingOperation.done)
  }

  /// Tells whether libwebrtc could be started.
  func check(_ answer: @escaping @Sendable (Bool) -> Void) {
    let pending = PendingOperation { answer($0.code == .ok) }
    kwr_engine_check(pointer, pending.handOver(), PendingOperation.done)
  }
}
