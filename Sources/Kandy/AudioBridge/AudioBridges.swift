public import LinkProtocol

/// `client.audioBridge`: brings calls together on this device.
///
/// The far end of each call in a bridge hears this user and the far ends of the others, never itself; the user hears all of them.
/// The SDK mixes, and nothing is signalled: the far ends need not know. They hear each other 10 to 60 ms later than without a bridge. A
/// sum that would be too loud is turned down to −0.1 dBFS (`AudioMixer`), one that is not is passed on sample for sample. Video is
/// not mixed.
///
/// A call on hold, by either end, stays in its bridge, where it neither hears nor is heard; one that ends leaves it. A call is in one
/// bridge at a time. A bridge that is open stays open, also without calls, until `close`.
///
/// Each success is reported by `audioBridge:change`; what cannot be done is thrown, and reported by `audioBridge:error`.
public struct AudioBridges: Sendable {
  private let service: AudioBridgeService
  private let calls: CallService

  init(_ service: AudioBridgeService, _ calls: CallService) {
    self.service = service
    self.calls = calls
  }

  /// Makes a bridge without calls.
  /// - Throws: `BasicError` `audioBridge:5` while media is not initialized: before the first connection, or without a media engine.
  public func create() throws(BasicError) -> AudioBridge.ID { try service.create() }

  /// Takes the bridge apart. Its calls go on, each by itself and with its own mute and silence; the bridge cannot be used again.
  /// - Throws: `BasicError` `audioBridge:2` when there is no such bridge, `audioBridge:7` when it has been closed before.
  public func close(_ bridge: AudioBridge.ID) async throws(BasicError) { try await service.close(bridge) }

  /// Lets the far end of a call hear those of the other calls in the bridge, and be heard by them. If the bridge is muted or
  /// silenced, so is the call in it.
  /// - Throws: `BasicError` `audioBridge:2` when there is no such bridge, or no such call, or it has ended; `audioBridge:7` when only
  ///   this end holds the call, or the bridge has been closed; `audioBridge:3` when the call is in a bridge already;
  ///   `audioBridge:6` when there are other calls in the bridge and the far end of one of them, or of this one, has not described any
  ///   sound; `audioBridge:1` when the media engine fails.
  public func addCall(_ bridge: AudioBridge.ID, _ call: CallID) async throws(BasicError) {
    try await service.add(calls.call(for: call), to: bridge)
  }

  /// Takes a call out of the bridge; it goes on by itself, with its own mute and silence.
  /// - Throws: `BasicError` `audioBridge:2` when there is no such bridge or call, `audioBridge:4` when the call is not in it,
  ///   `audioBridge:7` when the bridge has been closed.
  public func removeCall(_ bridge: AudioBridge.ID, _ call: CallID) async throws(BasicError) {
    try await service.remove(calls.call(for: call), from: bridge)
  }

  /// Lets no far end in the bridge hear the microphone; they go on hearing each other. Takes effect within 10 ms.
  /// - Throws: as `close`.
  public func mute(_ bridge: AudioBridge.ID) async throws(BasicError) { try service.mute(true, bridge) }

  /// Takes `mute` back; a call that is muted itself stays so.
  /// - Throws: as `close`.
  public func unmute(_ bridge: AudioBridge.ID) async throws(BasicError) { try service.mute(false, bridge) }

  /// Plays no far end of the bridge on the speaker; they go on hearing each other, and sinks of the application go on hearing them.
  /// - Throws: as `close`.
  public func silence(_ bridge: AudioBridge.ID) async throws(BasicError) { try await service.silence(true, bridge) }

  /// Takes `silence` back; a call that is silenced itself stays so.
  /// - Throws: as `close`.
  public func unsilence(_ bridge: AudioBridge.ID) async throws(BasicError) { try await service.silence(false, bridge) }

  /// All bridges since the client was created, closed ones included, oldest first.
  /// - Throws: when the client has been destroyed.
  public func getAll() throws(BasicError) -> [AudioBridge] { try service.getAll() }

  /// The calls in a bridge, in the order in which they were added; none for an unknown bridge (R-CALL-711).
  /// - Throws: when the client has been destroyed.
  public func getBridgeCalls(_ bridge: AudioBridge.ID) throws(BasicError) -> [CallID] {
    try service.getAll().first { $0.id == bridge }?.calls ?? []
  }
}
