import CWebRTC
import LinkMedia
import LinkProtocol
import Synchronization

/// The one owner of a `kwr_peer`.
///
/// Every function hands its operation to the shim before it suspends, so operations take effect in the order of the calls.
final class WebRTCPeer: MediaPeer {
  private enum State {
    case open(OpaquePointer, NativeEngine)
    case closing
  }

  // The pointer is used with the state locked: no operation can reach the shim after the release of the handle.
  private let state: Mutex<State>
  private let closed = Latch()
  let events: AsyncStream<PeerEvent>

  init(_ engine: NativeEngine) {
    let (events, continuation) = AsyncStream.makeStream(of: PeerEvent.self)
    self.events = events
    let peer = kwr_peer_make(engine.pointer, kwr_observer(PeerObserver(continuation)))!
    state = Mutex(.open(peer, engine))
  }

  deinit {
    state.withLock { state in
      if case .open(let peer, _) = state { kwr_peer_release(peer, nil, nil) }
    }
  }

  func open(_ configuration: PeerConfiguration) async throws {
    try await perform { kwr_peer_open($0, nativeConfiguration(configuration), $1, $2) }
  }

  func close() async {
    state.withLock { state in
      guard case .open(let peer, _) = state else { return }
      let pending = PendingOperation { [closed] _ in closed.open() }
      kwr_peer_release(peer, pending.handOver(), PendingOperation.done)
      state = .closing
    }
    await closed.wait()
  }

  func setServers(_ servers: [ICEServer]) async throws {
    try await perform { kwr_peer_set_servers($0, nativeConfiguration(PeerConfiguration(iceServers: servers)), $1, $2) }
  }

  // MARK: - Transceivers

  func addTransceiver(_ kind: MediaKind, direction: MediaDirection) async throws {
    try await perform { kwr_peer_add_transceiver($0, kwr_kind(kind), kwr_direction(direction), $1, $2) }
  }

  func transceivers() async throws -> [MediaKind] {
    let kinds = try await perform(text) { kwr_peer_transceivers($0, $1, $2) }
    return (kinds ?? "").split(separator: " ").compactMap { MediaKind(rawValue: String($0)) }
  }

  func setDirection(_ kind: MediaKind, _ direction: MediaDirection) async throws {
    try await perform { kwr_peer_set_direction($0, kwr_kind(kind), kwr_direction(direction), $1, $2) }
  }

  // MARK: - Descriptions

  func createOffer(iceRestart: Bool) async throws -> String {
    try await perform(text) { kwr_peer_create_offer($0, iceRestart, $1, $2) } ?? ""
  }

  func createAnswer() async throws -> String {
    try await perform(text) { kwr_peer_create_answer($0, $1, $2) } ?? ""
  }

  func setLocalDescription(_ type: DescriptionType, _ sdp: String) async throws {
    try await perform { kwr_peer_set_local($0, kwr_type(type), sdp, $1, $2) }
  }

  func setRemoteDescription(_ type: DescriptionType, _ sdp: String) async throws {
    try await perform { kwr_peer_set_remote($0, kwr_type(type), sdp, $1, $2) }
  }

  func rollback() async throws {
    try await perform { kwr_peer_rollback($0, $1, $2) }
  }

  func localDescription() async throws -> String? {
    try await perform(text) { kwr_peer_local_description($0, $1, $2) }
  }

  func gatheringState() async throws -> GatheringState {
    try await perform({ (kwr_gathering(rawValue: $0.number) ?? .new).state }, { kwr_peer_gathering($0, $1, $2) })
  }

  func addCandidate(_ candidate: ICECandidate) async throws {
    try await perform {
      kwr_peer_add_candidate(
        $0, candidate.candidate, candidate.sdpMid, Int32(clamping: candidate.sdpMLineIndex ?? -1), $1, $2)
    }
  }

  // MARK: - Sources and sinks

  func setMicrophone(_ source: (any AudioSource)?) async throws {
    try await perform { kwr_peer_set_microphone($0, source.map { kwr_audio_source($0) } ?? kwr_audio_source(), $1, $2) }
  }

  func setCamera(_ source: (any VideoSource)?) async throws {
    try await perform { kwr_peer_set_camera($0, source.map { kwr_video_source($0) } ?? kwr_video_source(), $1, $2) }
  }

  func setEnabled(_ kind: MediaKind, _ enabled: Bool) async throws {
    try await perform { kwr_peer_set_enabled($0, kwr_kind(kind), enabled, $1, $2) }
  }

  func setSending(_ kind: MediaKind, _ sending: Bool) async throws {
    try await perform { kwr_peer_set_sending($0, kwr_kind(kind), sending, $1, $2) }
  }

  func setAudioSinks(_ sinks: [any AudioSink]) async throws {
    try await perform { kwr_peer_set_audio_sink($0, sinks.isEmpty ? kwr_audio_sink() : kwr_audio_sink(sinks), $1, $2) }
  }

  func setVideoRenderers(_ renderers: [any VideoRenderer]) async throws {
    try await perform {
      kwr_peer_set_video_sink($0, renderers.isEmpty ? kwr_video_sink() : kwr_video_sink(renderers), $1, $2)
    }
  }

  // MARK: - Tones and statistics

  func canSendDTMF() async throws -> Bool {
    try await perform({ $0.number != 0 }, { kwr_peer_can_send_dtmf($0, $1, $2) })
  }

  func sendDTMF(_ tones: DTMFTones) async throws {
    let (duration, gap) = ((tones.duration ?? DTMFTones.eventDuration).microseconds / 1000, tones.gap.microseconds / 1000)
    try await perform {
      kwr_peer_send_dtmf($0, tones.text, Int32(clamping: duration), Int32(clamping: gap), $1, $2)
    }
  }

  func statistics() async throws -> [StatisticsRecord] {
    try await perform(records) { kwr_peer_statistics($0, $1, $2) }
  }

  // MARK: - Operations

  private typealias Start = (OpaquePointer, UnsafeMutableRawPointer, kwr_done) -> Void

  /// Hands an operation to the shim and suspends until it has answered.
  /// - Throws: what the shim refused; `MediaError.closed` after `close`.
  private func perform<Value: Sendable>(
    _ read: @escaping @Sendable (kwr_result) -> Value, _ start: Start
  ) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      let pending = PendingOperation { result in
        continuation.resume(with: Result { try result.check() }.map { read(result) })
      }
      let isOpen = state.withLock { state in
        guard case .open(let peer, _) = state else { return false }
        start(peer, pending.handOver(), PendingOperation.done)
        return true
      }
      if !isOpen { continuation.resume(throwing: MediaError.closed) }
    }
  }

  private func perform(_ start: Start) async throws {
    try await perform({ _ in }, start)
  }
}

/// What an operation yields as text.
private let text: @Sendable (kwr_result) -> String? = { $0.text.map { String(cString: $0) } }

/// What an operation yields as statistics.
private let records: @Sendable (kwr_result) -> [StatisticsRecord] = { result in
  UnsafeBufferPointer(start: result.records, count: result.record_count).map { StatisticsRecord($0) }
}
