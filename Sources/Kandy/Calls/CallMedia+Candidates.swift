import LinkLogic
import LinkMedia
import LinkProtocol

// Candidates: when a description has enough of them, and what becomes of those that come later (part 03 §12.2, §12.4).

extension CallMedia {
  /// Waits until the local description that was just set may leave.
  func gather(on connection: CallConnection) async throws -> String {
    var collection = setup.gathering
    let watch = Stopwatch(setup.clock)
    if connection.progress == .gathering, try await connection.peer.gatheringState() == .complete {
      connection.progress = .wasComplete
    }
    while true {
      guard !isClosed else { throw Self.closed }
      // Both as they were before the description is read: what happens meanwhile may not be in it.
      let (seen, progress) = (connection.news, connection.progress)
      guard let text = try await connection.peer.localDescription(), let local = try? SessionDescription(text) else {
        throw MediaFailure(.engine, "The engine has no local description.")
      }
      let elapsed = watch.elapsed()
      switch collection.check(local, gathering: progress, at: elapsed) {
      case .ready: return text
      case .failed: throw MediaFailure(.engine, "No ICE candidates were found.")
      case .wait(let deadline):
        if seen == connection.news, !isClosed {
          let number = connection.number
          await connection.waitForNews(atMost: deadline - elapsed, clock: setup.clock) { [weak self] in
            await self?.wake(number)
          }
        }
      }
    }
  }

  private func wake(_ number: Int) {
    connection(number)?.wake()
  }

  private func connection(_ number: Int) -> CallConnection? {
    [current, next].compactMap(\.self).first { $0.number == number }
  }

  /// Something happened to a peer.
  func happened(_ event: PeerEvent, on number: Int) {
    guard let connection = connection(number) else { return }
    switch event {
    case .iceConnectionState(let state):
      connection.state = state
      if connection === current { report(.connectionState(state)) }
    case .gatheringState(let state):
      if state == .complete { connection.progress = .complete }
      connection.wake()
    case .candidate(let candidate):
      connection.wake()
      keep(candidate, of: connection)
    case .remoteTrack:
      break
    }
  }

  // MARK: - Trickle

  /// Whether the far end takes candidates one by one, and so does this end (R-ICE-31).
  private func trickles(_ connection: CallConnection) -> Bool {
    setup.trickle != .none && connection.remote?.offersTrickle == true
  }

  /// R-SDP-75: always offered when configured, until the far end has shown that it does not.
  func advertisesTrickle(to connection: CallConnection) -> Bool {
    setup.trickle != .none && (connection.remote?.offersTrickle ?? true)
  }

  /// R-ICE-32.
  func sendsAtOnce(_ type: DescriptionType, on connection: CallConnection) -> Bool {
    if type == .offer, connection.remote == nil { return setup.trickle == .full }
    return trickles(connection)
  }

  /// Every candidate is kept until it is known whether the description that leaves has it (R-ICE-34).
  private func keep(_ candidate: ICECandidate, of connection: CallConnection) {
    guard setup.trickle != .none else { return }
    connection.foundCandidates.append(candidate)
    trickleSoon(connection)
  }

  /// Trickles in 100 ms, so that candidates go together, once a description has left and the far end is known to take them.
  func trickleSoon(_ connection: CallConnection) {
    guard canTrickle(connection), connection.flush == nil else { return }
    let clock = setup.clock
    let number = connection.number
    connection.flush = Task { [weak self] in
      try? await clock.sleep(for: .milliseconds(100))
      await self?.flush(number)
    }
  }

  private func flush(_ number: Int) {
    guard let connection = connection(number) else { return }
    connection.flush = nil
    trickle(connection)
  }

  /// Sends, in the order in which they were found, the candidates that the description which has left does not have.
  func trickle(_ connection: CallConnection) {
    guard canTrickle(connection), let sent = connection.sent else { return }
    let late = connection.foundCandidates.filter { !sent.contains($0) }
    connection.foundCandidates = []
    if !late.isEmpty { report(.candidates(late)) }
  }

  private func canTrickle(_ connection: CallConnection) -> Bool {
    trickles(connection) && connection.sent != nil && !connection.foundCandidates.isEmpty
  }

  /// Gives the far end's candidates to the engine, once it has the description that they belong to (R-ICE-36).
  func addHeldCandidates(_ connection: CallConnection) async {
    guard let remote = connection.remote else { return }
    let candidates = heldCandidates
    heldCandidates = []
    let mids = Set(remote.media.compactMap(\.mid))
    for candidate in candidates {
      let hasMid = candidate.sdpMid.map(mids.contains) ?? false
      let hasIndex = candidate.sdpMLineIndex.map(remote.media.indices.contains) ?? false
      guard hasMid || hasIndex else { continue }
      do {
        try await connection.peer.addCandidate(candidate)
      } catch {
        setup.log.debug("A candidate of the far end was refused.")
      }
    }
  }
}

/// Measures time on any clock.
struct Stopwatch: Sendable {
  let elapsed: @Sendable () -> Duration

  init(_ clock: any Clock<Duration>) {
    elapsed = Self.start(clock)
  }

  private static func start<C: Clock>(_ clock: C) -> @Sendable () -> Duration where C.Duration == Duration {
    let start = clock.now
    return { start.duration(to: clock.now) }
  }
}
