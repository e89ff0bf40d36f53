import CWebRTC
public import LinkMedia
import Synchronization

/// A media engine over Google's libwebrtc (R-UP-1 to R-UP-9, part 03 §14.2).
///
/// It owns five threads – libwebrtc's signalling, worker and network threads, one that paces audio and one that paces video –
/// and no device: audio and video come from the sources and go to the sinks that its peers are given, separately for each
/// peer. Nothing of it waits on the caller's thread.
///
/// An engine that is released without `shutdown` ends by itself once its peers have been closed or released.
public final class WebRTCEngine: MediaEngine {
  private struct WeakPeer {
    weak var peer: WebRTCPeer?
  }

  private struct State {
    /// Kept by the engine until the peers are closed, and by every peer until it is closed.
    var native: NativeEngine?
    var isEnding = false
    var peers: [WeakPeer] = []
  }

  private let state: Mutex<State>
  private let ended = Latch()

  /// Makes an engine and starts its threads. Whether libwebrtc came up is what `initialize()` tells.
  public init() {
    state = Mutex(State(native: NativeEngine(ended: ended)))
  }

  public func initialize() async -> MediaInitialization {
    guard let native = state.withLock({ $0.isEnding ? nil : $0.native }) else { return .failed }
    return await withCheckedContinuation { continuation in
      native.check { continuation.resume(returning: $0 ? .initialized : .failed) }
    }
  }

  /// Makes one end of one call's media connection.
  ///
  /// The peer should be closed; one that is released without `close` closes by itself.
  /// - Throws: `MediaError.closed` after `shutdown`; `MediaError` with the code `engine` when libwebrtc refuses the
  ///   configuration, for example the URL of a server.
  public func makePeer(_ configuration: PeerConfiguration) async throws -> any MediaPeer {
    let peer = try state.withLock { state in
      guard let native = state.native, !state.isEnding else { throw MediaError.closed }
      let peer = WebRTCPeer(native)
      state.peers.removeAll { $0.peer == nil }
      state.peers.append(WeakPeer(peer: peer))
      return peer
    }
    try await peer.open(configuration)
    return peer
  }

  public func shutdown() async {
    let peers = state.withLock { state in
      state.isEnding = true
      return state.peers.compactMap(\.peer)
    }
    for peer in peers { await peer.close() }
    state.withLock { $0.native = nil }
    await ended.wait()
  }
}
