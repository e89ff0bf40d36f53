import CWebRTC
import LinkMedia
import LinkProtocol

/// Turns what the shim observes into events. The shim holds it; when the shim lets go, the stream of events ends.
final class PeerObserver: Sendable {
  private let continuation: AsyncStream<PeerEvent>.Continuation

  init(_ continuation: AsyncStream<PeerEvent>.Continuation) {
    self.continuation = continuation
  }

  deinit {
    continuation.finish()
  }

  fileprivate static func report(_ event: PeerEvent, to context: UnsafeMutableRawPointer?) {
    guard let context else { return }
    Unmanaged<PeerObserver>.fromOpaque(context).takeUnretainedValue().continuation.yield(event)
  }
}

extension kwr_observer {
  init(_ observer: PeerObserver) {
    self.init(
      context: Unmanaged.passRetained(observer).toOpaque(), release: releaseHeld,
      ice: { PeerObserver.report(.iceConnectionState($1.state), to: $0) },
      gathering: { PeerObserver.report(.gatheringState($1.state), to: $0) },
      candidate: { context, candidate, mid, index in
        guard let candidate else { return }
        let found = ICECandidate(
          candidate: String(cString: candidate), sdpMid: mid.map { String(cString: $0) }, sdpMLineIndex: Int(index))
        PeerObserver.report(.candidate(found), to: context)
      },
      remote_track: { PeerObserver.report(.remoteTrack($1.kind), to: $0) })
  }
}
