import LinkProtocol

/// What a far end does with an offer in a call, as far as its description shows: nothing else says it (R-CALL-50, R-SDP-148).
public enum RemoteOperation: String, Sendable, Hashable, Codable, CaseIterable {
  case hold, unhold
  /// Music begins, or ends, in a call that is held.
  case startMusicOnHold, stopMusicOnHold
  case addMedia, removeMedia
  /// The same again, as a session timer sends it.
  case noChange
  /// Anything else.
  case unknown = "update"
}

/// What of a description tells one operation from another (R-SDP-145). Directions are the far end's.
public struct MediaSummary: Sendable, Hashable {
  struct Section: Sendable, Hashable {
    var mid: String?
    var kind: MediaKind
    var sends: Bool
    var receives: Bool
    /// Stream and track, if it sends and says so.
    var track: String?

    var isActive: Bool { sends || receives }
    var flows: Bool { sends && receives }
  }

  var sections: [Section]

  public init(_ description: SessionDescription) {
    sections = description.media.compactMap { section in
      guard let kind = section.kind else { return nil }
      let direction = description.direction(of: section)
      return Section(
        mid: section.mid, kind: kind, sends: direction.sends, receives: direction.receives,
        track: direction.sends ? section.msid : nil)
    }
  }

  /// Whether media flows at all (R-SDP-143).
  var isFlowing: Bool {
    sections.contains { $0.kind == .video ? $0.isActive : $0.receives }
  }
}

extension RemoteOperation {
  /// Recognises what an offer means, compared with the far end's description before (R-SDP-146 to R-SDP-148).
  public init(
    from before: MediaSummary, to after: MediaSummary, isHeldLocally: Bool = false, isHeldRemotely: Bool = false
  ) {
    var found = MediaChange(before, after, isNaive: false).operation
    if found == .noChange, isHeldLocally, !after.isFlowing { found = .hold }
    if found == .unknown, isHeldRemotely, after.isFlowing { found = .unhold }
    self = found == .unknown ? MediaChange(before, after, isNaive: true).operation : found
  }
}

/// How the sections of two descriptions differ.
private struct MediaChange {
  enum Transition { case start, stop, same }

  struct Pair {
    var before: MediaSummary.Section
    var after: MediaSummary.Section
    var sending: Transition { Self.transition(before.sends, after.sends) }
    var receiving: Transition { Self.transition(before.receives, after.receives) }
    var isSame: Bool { sending == .same && receiving == .same }
    var isVideo: Bool { after.kind == .video }

    private static func transition(_ before: Bool, _ after: Bool) -> Transition {
      before == after ? .same : after ? .start : .stop
    }
  }

  var changed: [Pair] = []
  var unchanged: [Pair] = []
  var added: [MediaSummary.Section] = []
  var removed: [MediaSummary.Section] = []

  /// - Parameter isNaive: sections belong together by their place alone.
  init(_ before: MediaSummary, _ after: MediaSummary, isNaive: Bool) {
    var left = Array(before.sections.enumerated())
    for (index, section) in after.sections.enumerated() {
      let match = left.firstIndex { place, old in
        if isNaive { return place == index && old.kind == section.kind }
        if let mid = section.mid, let other = old.mid { return mid == other }
        // Without mids, and without tracks to tell them apart, the place is all there is (R-SDP-95).
        guard let track = section.track, let other = old.track else { return place == index && old.kind == section.kind }
        return track == other
      }
      guard let match else {
        added.append(section)
        continue
      }
      let pair = Pair(before: left.remove(at: match).element, after: section)
      if pair.isSame { unchanged.append(pair) } else { changed.append(pair) }
    }
    removed = left.map(\.element)
  }

  private var flowedBefore: Bool {
    (unchanged + changed).contains { $0.before.flows } || removed.contains { $0.flows }
  }
  private var flowsAfter: Bool { (unchanged + changed).contains { $0.after.flows } || added.contains { $0.flows } }
  private var isStable: Bool { added.isEmpty && removed.isEmpty }
  private var restIsIdle: Bool { unchanged.allSatisfy { !$0.after.isActive } }

  var operation: RemoteOperation {
    if isHold || isOldHold { return .hold }
    if isUnhold || isOldUnhold { return .unhold }
    if addsMedia { return isMusic(.start) ? .startMusicOnHold : .addMedia }
    if removesMedia { return isMusic(.stop) ? .stopMusicOnHold : .removeMedia }
    if isStable, changed.isEmpty { return .noChange }
    return .unknown
  }

  private var isHold: Bool {
    flowedBefore && removed.isEmpty && !added.contains { $0.isActive }
      && (unchanged + changed).allSatisfy { !$0.after.isActive }
  }

  /// As 3.16 holds: it goes on sending.
  private var isOldHold: Bool {
    flowedBefore && removed.isEmpty && !added.contains { $0.isActive }
      && changed.allSatisfy {
        $0.isVideo ? !$0.after.receives : $0.receiving == .stop && $0.sending == .same
      }
      && unchanged.allSatisfy { !$0.after.isActive || $0.isVideo && $0.after.sends && !$0.after.receives }
  }

  private var isUnhold: Bool {
    flowsAfter && isStable && (unchanged + changed).allSatisfy { !$0.before.isActive }
  }

  private var isOldUnhold: Bool {
    flowsAfter && isStable && restIsIdle
      && changed.allSatisfy {
        $0.sending == .same && $0.receiving == .start || $0.isVideo && $0.sending == .start && $0.receiving == .start
      }
  }

  private var addsMedia: Bool {
    removed.isEmpty && !(added.isEmpty && changed.isEmpty) && added.allSatisfy(\.sends)
      && changed.allSatisfy { $0.sending == .start && $0.receiving != .stop }
  }

  private var removesMedia: Bool {
    isStable && !changed.isEmpty && changed.allSatisfy { $0.sending == .stop && $0.receiving != .stop }
  }

  private func isMusic(_ sending: Transition) -> Bool {
    guard changed.count == 1, let pair = changed.first, isStable, restIsIdle else { return false }
    return !pair.isVideo && pair.sending == sending && pair.receiving == .same && !pair.after.receives
  }
}
