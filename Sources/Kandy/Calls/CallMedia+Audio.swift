import LinkLogic
import LinkMedia
import LinkProtocol
import Synchronization

// The sound of a call. What it sends is its microphone, or, where that is not all, a mix: the keypad's tones in front of the place in
// a bridge in front of the microphone. Source and fan-out belong to the call; each of its peers, also a new one, is attached to both.

extension CallMedia {
  // MARK: What is sent

  func attachAudio(_ connection: CallConnection) async throws {
    let mix: (any AudioSource)? = keypad ?? seat
    let outgoing = mix ?? microphone
    let wasMixed = connection.isMixed
    arrangeMix()
    (connection.outgoing, connection.isMixed) = (outgoing, mix != nil)
    // A mix is muted within, a plain microphone by the peer: which has to know before it reads the microphone itself.
    if wasMixed, mix == nil { try await enableAudio(connection) }
    // Meanwhile there may have come something newer.
    guard connection.outgoing === outgoing else { return }
    try await connection.peer.setMicrophone(outgoing)
    try await connection.peer.setAudioSinks([remoteAudio])
  }

  /// Into a held call nothing goes; a mix goes on without the muted microphone.
  func enableAudio(_ connection: CallConnection) async throws {
    arrangeMix()
    let isEnabled = connection.isMixed ? !enablement.isHeld : enablement.audio
    try await connection.peer.setEnabled(.audio, isEnabled)
  }

  /// Tells the parts of the mix who is to be heard in them.
  func arrangeMix() {
    seat?.arrange(microphone, isOpen: enablement.audio, isHeld: enablement.isHeld)
    keypad?.setMicrophone(seat ?? (enablement.audio ? microphone : nil))
    if enablement.isHeld { keypad?.stop() }
  }

  // MARK: What is heard

  /// Only what is played here: recordings and probes go on hearing the far end (R-MEDIA-27).
  func silence(_ on: Bool) {
    isSilenced = on
    arrangeSpeaker()
  }

  func openSpeaker() async throws {
    // Another one may have been chosen meanwhile.
    guard speaker == nil, let opened = try await setup.devices.speaker(), speaker == nil else { return }
    speaker = opened
    arrangeSpeaker()
  }

  /// Plays the far end on the default speaker, which has just been chosen.
  func changeSpeaker() async throws {
    guard !isClosed, let new = try await setup.devices.speaker(), !isClosed else { return }
    if let speaker { remoteAudio.remove(speaker) }
    speaker = new
    arrangeSpeaker()
  }

  /// The speaker plays unless the call, or its bridge, is silenced.
  func arrangeSpeaker() {
    guard let speaker else { return }
    if isSilenced || seat?.silences == true { remoteAudio.remove(speaker) } else { remoteAudio.add(speaker) }
  }

  /// Takes note of whether the far end's description in force has sound.
  func noteRemoteAudio() {
    let sections = current?.remote?.sections(.audio) ?? []
    hasRemoteAudio.store(sections.contains { !$0.isRejected }, ordering: .relaxed)
  }

  // MARK: Bridges

  /// Takes this place in a bridge, or, once it is not taken any more, goes back to the microphone alone.
  /// - Throws: what the media engine does not do.
  func follow(_ seat: BridgeSeat) async throws(MediaFailure) {
    guard !isClosed else { throw Self.closed }
    if seat.isTaken {
      self.seat = seat
      // Before the others hear anything of this call: whether it is held.
      arrangeMix()
      remoteAudio.add(seat)
    } else {
      remoteAudio.remove(seat)
      // A later place stays.
      guard self.seat === seat else { return }
      self.seat = nil
    }
    arrangeSpeaker()
    do {
      for connection in [current, next].compactMap(\.self) { try await attach(connection) }
    } catch {
      throw isClosed ? Self.closed : MediaFailure(.engine, "\(error)")
    }
  }

  // MARK: Tones

  /// As telephone events if the far end takes them, else as sound (R-MEDIA-41, R-MEDIA-43).
  func send(_ tones: DTMFTones) async throws(MediaFailure) {
    guard let current else { throw MediaFailure(.engine, "There is no media to send tones in.") }
    do {
      do {
        try await sendWhenReady(tones, on: current)
      } catch let error as MediaError where error.code == .unsupported {
        try await sound(tones, on: current)
      }
    } catch {
      throw isClosed ? Self.closed : MediaFailure(.engine, "\(error)")
    }
  }

  /// A call is established by its answer, a moment before its transport is; tones wait for that for up to two seconds.
  private func sendWhenReady(_ tones: DTMFTones, on connection: CallConnection) async throws {
    for _ in 0..<20 {
      do {
        return try await connection.peer.sendDTMF(tones)
      } catch let error as MediaError where error.code == .invalidState {
        try await setup.clock.sleep(for: .milliseconds(100))
      }
    }
    try await connection.peer.sendDTMF(tones)
  }

  private func sound(_ tones: DTMFTones, on connection: CallConnection) async throws {
    if keypad == nil {
      keypad = DTMFMixer()
      try await attach(connection)
    }
    keypad?.play(tones)
  }
}
