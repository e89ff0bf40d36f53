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

  func setTransceiver(_ kind: MediaKind, _ direction: MediaDirection, on connection: CallConnection) async throws {
    if try await connection.peer.transceivers().contains(kind) {
      try await connection.peer.setDirection(kind, direction)
    } else {
      try await connection.peer.addTransceiver(kind, direction: direction)
    }
  }

  /// Gives a peer what it is to send, and those who hear and see what it receives.
  func attach(_ connection: CallConnection) async throws {
    let kinds = try await connection.peer.transceivers()
    if kinds.contains(.audio) { try await attachAudio(connection) }
    if kinds.contains(.video) {
      try await connection.peer.setCamera((proposedFeed ?? feed).source)
      try await connection.peer.setVideoRenderers([remoteVideo])
    }
    await enable(connection)
  }

  func enable(_ connection: CallConnection) async {
    guard let kinds = try? await connection.peer.transceivers() else { return }
    if kinds.contains(.audio) { try? await enableAudio(connection) }
    if kinds.contains(.video) { try? await connection.peer.setEnabled(.video, enablement.video) }
    for kind in kinds { try? await connection.peer.setSending(kind, enablement.transmits) }
  }

  func releaseDevices() {
    microphone = nil
    keypad = nil
    arrangeMix()
    feed = VideoFeed()
    proposedFeed = nil
    if let speaker { remoteAudio.remove(speaker) }
    speaker = nil
  }

  // MARK: - While the call lasts

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
}

extension LocalMedia {
  func direction(of kind: MediaKind) -> MediaDirection? {
    switch kind {
    case .audio: audio
    case .video: video
    }
  }
}
