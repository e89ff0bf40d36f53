public import LinkProtocol

extension SessionDescription {
  /// Whether every section in use that has a transport of its own has a candidate, or a relay candidate (R-ICE-21, R-ICE-22,
  /// R-ICE-25). In a BUNDLE group only the first section in use counts.
  public func everyActiveSectionHasCandidate(relay: Bool = false) -> Bool {
    let used = media.filter { !$0.isRejected }
    let bundled = groups.filter { $0.type == "BUNDLE" }.flatMap { group in
      group.mids.filter { mid in used.contains { $0.mid == mid } }.dropFirst()
    }
    return used.allSatisfy { section in
      if let mid = section.mid, bundled.contains(mid) { return true }
      return section.candidates.contains { $0.port != 9 && (!relay || $0.type == .relay) }
    }
  }

  /// Whether the section that a candidate belongs to has it already. Engines write candidates differently in descriptions and on
  /// their own, so what follows the type does not count.
  public func contains(_ candidate: ICECandidate) -> Bool {
    let section =
      candidate.sdpMid.flatMap { mid in media.first { $0.mid == mid } }
      ?? candidate.sdpMLineIndex.flatMap { media.indices.contains($0) ? media[$0] : nil }
    guard let section, var wanted = Candidate(candidate.candidate) else { return false }
    wanted.extensions = [:]
    return section.candidates.contains { found in
      var found = found
      found.extensions = [:]
      return found == wanted
    }
  }

  /// Whether there is any candidate.
  public var hasCandidate: Bool { media.contains { $0.hasAttribute("candidate") } }
}

/// When a local description that was set has enough candidates to be sent (R-ICE-20 to R-ICE-25, R-ICE-28).
///
/// A value of one description. Ask it after setting the description, whenever the engine reports a candidate or that gathering
/// is complete, and at the deadline that it gave:
///
/// ```swift
/// var verdict = collection.check(local, gathering: .gathering, at: .zero)
/// while case .wait(let deadline) = verdict { … }
/// ```
public struct CandidateCollection: Sendable, Hashable {
  /// How far the engine is.
  public enum Progress: Sendable, Hashable {
    case gathering
    /// The engine read as complete when the description was set, which may be old news (R-ICE-25).
    case wasComplete
    /// The engine has become complete since.
    case complete
  }

  public enum Verdict: Sendable, Hashable {
    /// Send what is there.
    case ready
    /// Ask again when something happens, at the latest at this time after the description was set.
    case wait(until: Duration)
    /// There will be no candidates; the operation fails with the generic call error (R-ICE-24).
    case failed
  }

  /// `iceCandidateCollectionTimeoutInterval`; zero waits for the end of gathering.
  public let interval: Duration
  /// `relayCandidateCollectionTimeoutCycle`: after so many intervals the description leaves anyhow, before that with relay
  /// candidates only. Zero: any candidates do.
  public let cycles: Int
  /// Whether a description without any candidate may leave: no servers are configured, and not only relays are wanted (R-ICE-28).
  public let mayBeEmpty: Bool

  private var firstCandidate: Duration?
  private var examined = 0

  public init(interval: Duration = .seconds(3), cycles: Int = 0, mayBeEmpty: Bool = true) {
    self.interval = max(interval, .zero)
    self.cycles = max(cycles, 0)
    self.mayBeEmpty = mayBeEmpty
  }

  /// The longest wait (R-ICE-24).
  public var limit: Duration { interval * max(cycles, 1) + .seconds(10) }

  /// - Parameters:
  ///   - local: the local description as it is now.
  ///   - progress: how far the engine is.
  ///   - elapsed: the time since the description was set.
  public mutating func check(_ local: SessionDescription, gathering progress: Progress, at elapsed: Duration) -> Verdict {
    if firstCandidate == nil, local.hasCandidate { firstCandidate = elapsed }
    let isComplete = local.everyActiveSectionHasCandidate()
    if local.media.allSatisfy(\.isRejected) { return .ready }
    switch progress {
    case .complete:
      return local.hasCandidate || isComplete || mayBeEmpty ? .ready : .failed
    case .wasComplete where isComplete:
      return .ready
    case .wasComplete, .gathering:
      break
    }
    if cycles > 0, local.everyActiveSectionHasCandidate(relay: true) { return .ready }
    if isTick(elapsed), cycles > 0 ? examined >= cycles : isComplete { return .ready }
    if elapsed >= limit { return progress == .wasComplete && mayBeEmpty ? .ready : .failed }
    return .wait(until: nextDeadline)
  }

  /// Whether an interval has ended since the last time that one was looked at (R-ICE-20).
  private mutating func isTick(_ elapsed: Duration) -> Bool {
    guard let firstCandidate, interval > .zero else { return false }
    let before = examined
    while firstCandidate + interval * (examined + 1) <= elapsed { examined += 1 }
    return examined > before
  }

  private var nextDeadline: Duration {
    guard let firstCandidate, interval > .zero else { return limit }
    return min(firstCandidate + interval * (examined + 1), limit)
  }
}
