import LinkLogic
import LinkMedia
import LinkProtocol

/// What a call sends as video, and where it comes from.
struct VideoFeed: Sendable {
  var content = VideoContent.nothing
  var source: (any VideoSource)?
}

// The devices of a call: opened when they are first needed, changed while it lasts, and let go of when it ends.

extension CallMedia {
  /// Opens the devices that are wanted and not open yet (R-MEDIA-6). Without a camera no video is sent (R-SDP-110).
  /// - Parameter offered: the kinds in the offer that is to be answered; `nil` for an offer of our own.
  func acquire(_ media: LocalMedia, offered: Set<MediaKind>?) async throws(MediaFailure) -> LocalMedia {
    var media = media
    // What has been described before and not taken back is in force.
    if let proposedFeed { feed = proposedFeed }
    proposedFeed = nil
    do {
      if media.audio?.sends == true, microphone == nil {
        if let named = sources.microphone { microphone = named } else { microphone = try await setup.devices.microphone() }
      }
      if media.content != feed.content, offered?.contains(.video) ?? true {
        proposedFeed = VideoFeed(content: media.content, source: try await open(media.content))
      }
      try await openSpeaker()
    } catch {
      throw MediaFailure(.device, "\(error)")
    }
    guard !isClosed else { throw Self.closed }
    if (proposedFeed ?? feed).source == nil, let video = media.video {
      media.video = MediaDirection(send: false, receive: video.receives)
    }
    return media
  }

  private func open(_ content: VideoContent) async throws -> (any VideoSource)? {
    let found: (any VideoSource)?
    switch content {
    case .nothing: return nil
    case .camera(let resolution):
      if let named = sources.camera { found = named } else { found = try await setup.devices.camera(resolution) }
    case .screen(let share): found = try await setup.devices.screen(share)
    }
    return found.map { TappedCamera($0, showing: localVideo) }
  }

  private func openSpeaker() async throws {
    // Another one may have been chosen meanwhile.
    guard speaker == nil, let opened = try await setup.devices.speaker(), speaker == nil else { return }
    speaker = opened
    if !isSilenced { remoteAudio.add(opened) }
  }

  /// Gives a peer what it is to send, and those who hear and see what it receives.
  func attach(_ connection: CallConnection) async throws {
    let kinds = try await connection.peer.transceivers()
    if kinds.contains(.audio) {
      try await connection.peer.setMicrophone(keypad ?? microphone)
      try await connection.peer.setAudioSinks([remoteAudio])
    }
    if kinds.contains(.video) {
      try await connection.peer.setCamera((proposedFeed ?? feed).source)
      try await connection.peer.setVideoRenderers([remoteVideo])
    }
    await enable(connection)
  }

  func enable(_ connection: CallConnection) async {
    guard let kinds = try? await connection.peer.transceivers() else { return }
    if kinds.contains(.audio) { try? await connection.peer.setEnabled(.audio, enableAudio(enablement)) }
    if kinds.contains(.video) { try? await connection.peer.setEnabled(.video, enablement.video) }
    for kind in kinds { try? await connection.peer.setSending(kind, enablement.transmits) }
  }

  func releaseDevices() {
    microphone = nil
    keypad = nil
    feed = VideoFeed()
    proposedFeed = nil
    if let speaker { remoteAudio.remove(speaker) }
    speaker = nil
  }

  // MARK: - While the call lasts

  /// Only what is played here: recordings and probes go on hearing the far end (R-MEDIA-27).
  func silence(_ on: Bool) {
    isSilenced = on
    guard let speaker else { return }
    if on { remoteAudio.remove(speaker) } else { remoteAudio.add(speaker) }
  }

  /// Plays the far end on the default speaker, which has just been chosen.
  func changeSpeaker() async throws {
    guard !isClosed, let new = try await setup.devices.speaker(), !isClosed else { return }
    if let speaker { remoteAudio.remove(speaker) }
    speaker = new
    if !isSilenced { remoteAudio.add(new) }
  }

  /// Sends what the default microphone and camera give (R-MEDIA-19, R-UP-30), the camera also where it is only being proposed. The
  /// old ones stay when the new ones cannot be had.
  func changeInputDevices() async throws(MediaFailure) {
    var microphone = microphone
    var feeds = (inForce: feed, proposed: proposedFeed)
    do {
      if microphone != nil { microphone = try await setup.devices.microphone() }
      feeds.inForce.source = try await defaultCamera(for: feeds.inForce)
      if let proposed = feeds.proposed { feeds.proposed?.source = try await defaultCamera(for: proposed) }
    } catch {
      throw MediaFailure(.device, "\(error)")
    }
    guard !isClosed else { throw Self.closed }
    sources.microphone = nil
    sources.camera = nil
    self.microphone = microphone
    feed = feeds.inForce
    proposedFeed = feeds.proposed
    do {
      for connection in [current, next].compactMap(\.self) { try await attach(connection) }
    } catch {
      throw MediaFailure(.engine, "\(error)")
    }
  }

  /// The default camera, if a feed is that of a camera; else what the feed has.
  private func defaultCamera(for feed: VideoFeed) async throws -> (any VideoSource)? {
    guard case .camera(let resolution) = feed.content else { return feed.source }
    return try await setup.devices.camera(resolution).map { TappedCamera($0, showing: localVideo) }
  }

  // MARK: - Tones

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

  /// A muted microphone is silent, but tones go out all the same; into a held call nothing goes.
  /// - Returns: whether the engine is to send sound.
  func enableAudio(_ enablement: MediaEnablement) -> Bool {
    guard let keypad else { return enablement.audio }
    keypad.setMicrophone(enablement.audio ? microphone : nil)
    if enablement.isHeld { keypad.stop() }
    return !enablement.isHeld
  }
}
