import LinkLogic
import LinkMedia
import LinkProtocol
import Synchronization

/// The media of one call: performs what its `CallMachine` wants with a peer of the media engine.
///
/// The call's driver gives it one piece of work after another; only `close`, which makes what is under way fail, and another speaker
/// come in between.
/// Sinks and renderers belong to the fan-outs, which outlive every peer.
actor CallMedia {
  /// What does not change while the call lasts.
  struct Setup: Sendable {
    var callID: CallID
    var engine: (any MediaEngine)?
    var devices: CallDevices
    /// Read for each peer and each ICE restart: credentials of TURN servers expire (R-ICE-2).
    var peer: @Sendable () -> PeerConfiguration
    /// How long to wait for candidates; copied for each description.
    var gathering: CandidateCollection
    var trickle: Configuration.TrickleICE
    /// Read at each exchange (R-SDP-23).
    var descriptions: @Sendable () -> SDPOptions
    /// Whether this end placed the call (R-DTLS-5).
    var isOriginator: Bool
    var clock: any Clock<Duration>
    /// Milliseconds since 1970.
    var now: @Sendable () -> Int64
    var log: TargetLogger
  }

  enum Report: Sendable {
    case connectionState(ICEConnectionState)
    /// Found after the description had left, and to be trickled (R-ICE-34).
    case candidates([ICECandidate])
  }

  nonisolated let setup: Setup
  /// Where what has been counted goes.
  let board: StatisticsBoard
  let report: @Sendable (Report) -> Void

  /// Who hears the far end.
  nonisolated let remoteAudio = AudioFanOut()
  /// Who sees the far end.
  nonisolated let remoteVideo = VideoFanOut()
  /// Who sees this end.
  nonisolated let localVideo = VideoFanOut()

  /// What the call's media goes through now.
  var current: CallConnection?
  /// What it will go through once both ends have agreed on it (R-UP-22, R-UP-23).
  var next: CallConnection?
  var isClosed = false
  /// The far end's candidates that came before its description.
  var heldCandidates: [ICECandidate] = []

  var sources = CallSources()
  var microphone: (any AudioSource)?
  /// Stands before the microphone once tones have had to go as sound.
  var keypad: DTMFMixer?
  /// What has been agreed to be sent as video.
  var feed = VideoFeed()
  /// What is being proposed to be.
  var proposedFeed: VideoFeed?
  var speaker: (any AudioSink)?
  var isSilenced = false
  /// The call's place in an audio bridge.
  var seat: BridgeSeat?
  /// Whether the far end has described sound.
  nonisolated let hasRemoteAudio = Atomic(false)
  var enablement = MediaEnablement()
  private var isInitialized = false
  private var connections = 0

  init(_ setup: Setup, board: StatisticsBoard, report: @escaping @Sendable (Report) -> Void) {
    self.setup = setup
    self.board = board
    self.report = report
  }

  /// Says which devices the call's options name, for those that are not open yet.
  func use(_ sources: CallSources) { self.sources = sources }

  // MARK: - What the machine wants

  func perform(_ work: MediaWork) async -> MediaResult {
    do throws(MediaFailure) {
      guard !isClosed || work == .close else { throw Self.closed }
      switch work {
      case .offer(let media, let operation, let basis):
        return .described(try await offer(media, operation, basis))
      case .answer(let offer, let media, let operation):
        return .described(try await answer(offer, media, operation))
      case .accept(let type, let sdp, let operation):
        return try await accept(type, sdp, operation)
      case .sendTones(let tones):
        try await send(tones)
        return .done
      case .changeInputDevices:
        try await changeInputDevices()
        return .done
      case .close:
        await close()
        return .done
      }
    } catch {
      setup.log.warn("Media work failed.", ["cause": .string("\(error.cause)")])
      return .failed(error)
    }
  }

  func perform(_ adjustment: MediaAdjustment) async {
    guard !isClosed else { return }
    switch adjustment {
    case .enable(let enablement):
      self.enablement = enablement
      for connection in [current, next].compactMap(\.self) { await enable(connection) }
    case .addCandidates(let candidates):
      heldCandidates += candidates
      if let connection = next ?? current { await addHeldCandidates(connection) }
    case .commit: await commit()
    case .revert: await revert()
    case .silence(let on): silence(on)
    case .discard:
      await discard()
    }
  }

  /// Ends everything. Idempotent; may come while work is under way.
  func close() async {
    isClosed = true
    seat = nil
    await discard()
    for sink in remoteAudio.sinks { remoteAudio.remove(sink) }
    for renderer in remoteVideo.renderers { remoteVideo.remove(renderer) }
    for renderer in localVideo.renderers { localVideo.remove(renderer) }
  }

  private func discard() async {
    let connections = [current, next].compactMap(\.self)
    current = nil
    next = nil
    noteRemoteAudio()
    for connection in connections { await retire(connection) }
    releaseDevices()
  }

  /// What has been described last is in force.
  private func commit() async {
    if let proposedFeed { feed = proposedFeed }
    proposedFeed = nil
    guard let next else { return }
    let old = current
    current = next
    self.next = nil
    noteRemoteAudio()
    report(.connectionState(next.state))
    if let old { await retire(old) }
  }

  /// Back to what was in force before.
  private func revert() async {
    proposedFeed = nil
    if let next {
      self.next = nil
      return await next.close()
    }
    guard let current else { return }
    if current.localOffer != nil {
      current.localOffer = nil
      do {
        try await current.peer.rollback()
      } catch {
        current.isSpoilt = true
        setup.log.warn("The engine could not take an offer back; the next exchange uses another peer.")
      }
    }
    try? await attach(current)
  }

  // MARK: - Exchanges

  private func offer(
    _ media: LocalMedia, _ operation: SDPOperation, _ basis: OfferBasis
  ) async throws(MediaFailure) -> String {
    let media = try await acquire(media, offered: nil)
    let connection: CallConnection
    if let current, basis != .freshPeer, !current.isSpoilt {
      connection = current
    } else {
      connection = try await connect()
      if current == nil { current = connection } else { next = connection }
    }
    let restartsICE = basis == .restartedICE
    return try await engineWork { [self] in
      for kind in MediaKind.allCases {
        guard let direction = media.direction(of: kind) else { continue }
        try await setTransceiver(kind, direction, on: connection)
      }
      try await attach(connection)
      if restartsICE { try await connection.peer.setServers(setup.peer().iceServers) }
      let made = try await connection.peer.createOffer(iceRestart: restartsICE)
      let context = LocalDescriptionPipeline.Context(
        callId: setup.callID.rawValue, type: .offer, operation: operation,
        advertisesTrickle: advertisesTrickle(to: connection), localRole: connection.localRole,
        current: restartsICE ? nil : connection.local)
      return try await describe(made, context, on: connection)
    }
  }

  private func answer(
    _ offer: String, _ media: LocalMedia, _ operation: SDPOperation
  ) async throws(MediaFailure) -> String {
    let media = try await acquire(media, offered: (try? SessionDescription(offer))?.kinds ?? [])
    let connection = try await connection(for: offer, operation)
    return try await engineWork { [self] in
      for kind in try await connection.peer.transceivers() {
        try await connection.peer.setDirection(kind, media.direction(of: kind) ?? .recvonly)
      }
      try await attach(connection)
      let made = try await connection.peer.createAnswer()
      let context = LocalDescriptionPipeline.Context(
        callId: setup.callID.rawValue, type: .answer, operation: operation,
        advertisesTrickle: advertisesTrickle(to: connection), localRole: connection.localRole,
        remoteOffer: connection.remote)
      return try await describe(made, context, on: connection)
    }
  }

  /// Applies the far end's offer to the present peer, or, if it comes from another endpoint or the present one cannot take it, to a
  /// new one, which takes over with `commit` (R-UP-22).
  private func connection(
    for offer: String, _ operation: SDPOperation
  ) async throws(MediaFailure) -> CallConnection {
    if let current, !current.isSpoilt, !comesFromElsewhere(offer, current) {
      do throws(MediaFailure) {
        let prepared = try prepareRemote(offer, .offer, operation, on: current)
        if let now = prepared.description, let before = current.remote, now.restartsICE(comparedTo: before) {
          try await engineWork { [self] in try await current.peer.setServers(setup.peer().iceServers) }
        }
        try await applyRemote(prepared, .offer, on: current)
        return current
      } catch {
        guard !isClosed, current.remote != nil else { throw error }
        setup.log.warn("The present peer cannot take the far end's offer; another one tries.")
        current.isSpoilt = true
      }
    }
    let prepared = try prepareRemote(offer, .offer, operation, on: nil)
    let connection = try await connect()
    let isFirst = current == nil
    if isFirst { current = connection } else { next = connection }
    do throws(MediaFailure) {
      try await applyRemote(prepared, .offer, on: connection)
    } catch {
      if !isFirst {
        next = nil
        await connection.close()
      }
      throw error
    }
    return connection
  }

  private func comesFromElsewhere(_ offer: String, _ connection: CallConnection) -> Bool {
    guard let remote = connection.remote, let offered = try? SessionDescription(offer) else { return false }
    return offered.comesFromNewEndpoint(comparedTo: remote)
  }

  private func accept(
    _ type: DescriptionType, _ sdp: String, _ operation: SDPOperation
  ) async throws(MediaFailure) -> MediaResult {
    guard let connection = next ?? current else { throw MediaFailure(.engine, "There is nothing to be answered.") }
    let before = connection.remote
    let prepared = try prepareRemote(sdp, type, operation, on: connection)
    try await applyRemote(prepared, type, on: connection)
    guard type == .answer else { return .done }
    await commit()
    guard let before, let now = prepared.description else { return .done }
    return now.comesFromNewEndpoint(comparedTo: before) ? .doneElsewhere : .done
  }

  /// Sets a local description and waits until it may leave (R-SDP-42, R-ICE-32).
  private func describe(
    _ made: String, _ context: LocalDescriptionPipeline.Context, on connection: CallConnection
  ) async throws -> String {
    let pipeline = LocalDescriptionPipeline(setup.descriptions())
    let prepared = pipeline.prepareToSet(made, context)
    note(prepared.remarks)
    let sendsAtOnce = sendsAtOnce(context.type, on: connection)
    trickle(connection)
    connection.beginGathering()
    try await connection.peer.setLocalDescription(context.type, prepared.text)
    if context.type == .offer {
      connection.localOffer = prepared.description
    } else {
      connection.local = prepared.description
      connection.localRole = prepared.description.flatMap(DTLSRole.local(afterLocalAnswer:)) ?? connection.localRole
    }
    let gathered =
      sendsAtOnce ? try await connection.peer.localDescription() ?? prepared.text : try await gather(on: connection)
    let leaving = pipeline.prepareToSend(gathered, context)
    note(leaving.remarks)
    connection.sent = leaving.original
    trickleSoon(connection)
    return leaving.text
  }

  private func prepareRemote(
    _ sdp: String, _ type: DescriptionType, _ operation: SDPOperation, on connection: CallConnection?
  ) throws(MediaFailure) -> PreparedDescription {
    let context = RemoteDescriptionPipeline.Context(
      callId: setup.callID.rawValue, type: type, operation: operation, localRole: connection?.localRole,
      isOriginator: setup.isOriginator, localOffer: type == .offer ? nil : connection?.localOffer,
      current: connection?.remote)
    do {
      let prepared = try RemoteDescriptionPipeline(setup.descriptions()).prepareToSet(sdp, context)
      note(prepared.remarks)
      return prepared
    } catch {
      throw MediaFailure(.remoteDescription, error.description)
    }
  }

  private func applyRemote(
    _ prepared: PreparedDescription, _ type: DescriptionType, on connection: CallConnection
  ) async throws(MediaFailure) {
    do {
      try await connection.peer.setRemoteDescription(type, prepared.text)
    } catch {
      throw isClosed ? Self.closed : MediaFailure(.remoteDescription, "\(error)")
    }
    connection.remote = prepared.description
    noteRemoteAudio()
    if type != .offer {
      connection.localRole =
        prepared.description.flatMap(DTLSRole.local(afterRemoteAnswer:)) ?? connection.localRole
    }
    if type == .answer {
      connection.local = connection.localOffer ?? connection.local
      connection.localOffer = nil
    }
    await addHeldCandidates(connection)
    trickleSoon(connection)
  }

  // MARK: - Peers and devices

  private func connect() async throws(MediaFailure) -> CallConnection {
    guard let engine = setup.engine else {
      throw MediaFailure(.initialization, MediaInitialization.failed.message)
    }
    if !isInitialized {
      let result = await engine.initialize()
      guard !result.error else { throw MediaFailure(.initialization, result.message) }
      isInitialized = true
    }
    connections += 1
    let number = connections
    let peer: any MediaPeer
    do {
      peer = try await engine.makePeer(setup.peer())
    } catch {
      throw MediaFailure(.engine, "\(error)")
    }
    let connection = CallConnection(peer, number: number) { [weak self] event in await self?.happened(event, on: number) }
    guard !isClosed else {
      await connection.close()
      throw Self.closed
    }
    return connection
  }

  private func engineWork<Result>(_ body: () async throws -> Result) async throws(MediaFailure) -> Result {
    do {
      let result = try await body()
      guard !isClosed else { throw Self.closed }
      return result
    } catch let failure as MediaFailure {
      throw failure
    } catch {
      throw MediaFailure(.engine, "\(error)")
    }
  }

  private func note(_ remarks: [SDPRemark]) {
    for remark in remarks { setup.log.log(.warn, text: remark.description) }
  }

  static let closed = MediaFailure(.engine, "The call's media has been closed.")
}
