import LinkMedia
import Synchronization

/// A call's place in a bridge: what the call sends, its microphone and the other calls, and where what its far end says goes
/// (R-CALL-717).
///
/// The bridge says whether it is taken, mutes and silences it; the call says what its microphone is and whether it is muted or held.
/// Both take effect at once, without the media engine. A place that has been left passes the call's microphone on until the engine
/// reads that itself, so that leaving is not heard as a gap.
final class BridgeSeat: AudioSource, AudioSink {
  private struct State {
    var isTaken = true
    var microphone: (any AudioSource)?
    var isMicrophoneOpen = true
    var mutes: Bool
    var silences: Bool
  }

  private let port: AudioMixer.Port
  private let state: Mutex<State>

  init(at mixer: AudioMixer, mutes: Bool, silences: Bool) {
    port = mixer.addPort()
    state = Mutex(State(mutes: mutes, silences: silences))
    port.microphoneGain = mutes ? 0 : 1
  }

  // MARK: - The bridge's end

  var isTaken: Bool { state.withLock { $0.isTaken } }

  /// From now on the other calls do not hear this one, nor it them. Idempotent.
  func leave() {
    state.withLock { $0.isTaken = false }
    port.leave()
  }

  /// Whether the bridge lets nobody hear the microphone.
  func mute(_ on: Bool) {
    update { $0.mutes = on }
  }

  /// Whether the bridge lets nobody hear the far end on the speaker.
  var silences: Bool { state.withLock { $0.isTaken && $0.silences } }

  func silence(_ on: Bool) {
    update { $0.silences = on }
  }

  // MARK: - The call's end

  /// - Parameters:
  ///   - isOpen: whether the call lets its microphone be heard.
  ///   - isHeld: whether somebody holds the call; then the others do not hear it.
  func arrange(_ microphone: (any AudioSource)?, isOpen: Bool, isHeld: Bool) {
    update { ($0.microphone, $0.isMicrophoneOpen) = (microphone, isOpen) }
    port.gain = isHeld ? 0 : 1
  }

  private func update(_ change: (inout State) -> Void) {
    state.withLock { state in
      change(&state)
      // The gain comes first: a muted microphone is not heard for a moment.
      port.microphoneGain = state.isMicrophoneOpen && !state.mutes ? 1 : 0
      port.setMicrophone(state.microphone)
    }
  }

  // MARK: - The engine's end

  func read(into buffer: UnsafeMutableBufferPointer<Int16>) {
    let (isTaken, microphone) = state.withLock { ($0.isTaken, $0.isMicrophoneOpen ? $0.microphone : nil) }
    if isTaken { return port.read(into: buffer) }
    guard let microphone else { return buffer.update(repeating: 0) }
    microphone.read(into: buffer)
  }

  func receive(_ frame: AudioFrame) {
    port.receive(frame)
  }
}
