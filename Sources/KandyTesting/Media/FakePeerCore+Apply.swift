import LinkLogic
import LinkMedia
import LinkProtocol

// What setting a description does.

extension FakePeerCore {
  mutating func setLocal(_ type: DescriptionType, _ text: String) throws {
    var description = try check(.local, type, text)
    for index in description.media.indices { description.media[index].removeAttributes("candidate") }
    if type == .offer {
      keepRollbackPoint()
      try associateLocally(description)
      (pendingLocal, signaling) = (description, .haveLocalOffer)
    } else {
      pendingLocal = description
    }
    connectTransports(description, isOffer: type == .offer)
    if type != .offer { try applyAnswer(.local, type) }
    startGathering()
  }

  mutating func setRemote(_ type: DescriptionType, _ text: String) throws {
    let description = try check(.remote, type, text)
    if type == .offer {
      keepRollbackPoint()
      associateRemotely(description)
      signaling = .haveRemoteOffer
    }
    pendingRemote = description
    for section in description.media {
      guard let mid = section.mid else { continue }
      if section.isRejected, !section.hasAttribute("bundle-only") {
        for transceiver in transceivers where transceiver.mid == mid { change(transceiver.id) { $0.isStopped = true } }
      } else {
        remoteCandidates[mid, default: 0] += section.candidates.count
        announceTrack(mid, isSent: (section.direction ?? .sendrecv).sends)
      }
    }
    if type != .offer { try applyAnswer(.remote, type) }
  }

  mutating func rollback() throws {
    guard let point = rollbackPoint, signaling != .stable else {
      throw MediaError(.invalidState, "Called in wrong signalingState: \(signaling.rawValue)")
    }
    let isRemote = signaling == .haveRemoteOffer || signaling == .haveLocalPranswer
    // Directions stay as they are, and so do transceivers that this end has added; their sections are gone (R-UP-9).
    transceivers = transceivers.compactMap { now in
      let before = point.transceivers.first { $0.id == now.id }
      if before == nil, isRemote, now.isMadeByRemote { return nil }
      var restored = now
      restored.mid = before?.mid
      restored.currentDirection = before?.currentDirection
      restored.isStopped = before?.isStopped ?? now.isStopped
      restored.isReceiving = before?.isReceiving ?? false
      return restored
    }
    (transports, remoteCandidates) = (point.transports, point.remoteCandidates)
    (pendingLocal, pendingRemote, rollbackPoint, signaling) = (nil, nil, nil, .stable)
    if gathering != point.gathering {
      gathering = point.gathering
      news.append(.gatheringState(gathering))
    }
  }

  // MARK: - Offers

  private mutating func keepRollbackPoint() {
    guard signaling == .stable else { return }
    rollbackPoint = FakeRollbackPoint(
      transceivers: transceivers, transports: transports, remoteCandidates: remoteCandidates, gathering: gathering)
  }

  private mutating func associateLocally(_ offer: SessionDescription) throws {
    var planned = transceivers
    for section in offer.media where !isRejected(section, in: offer) {
      if planned.contains(where: { $0.mid == section.mid && !$0.isStopped }) { continue }
      let free = planned.firstIndex { $0.mid == nil && !$0.isStopped && $0.kind == section.kind }
      guard let free else {
        throw MediaError(
          .invalidDescription, "Failed to set local offer sdp: no transceiver for section mid='\(section.mid ?? "")'.")
      }
      planned[free].mid = section.mid
    }
    transceivers = planned
  }

  /// A remote offer makes a transceiver for each new section, also where this end has added one that has no section yet; that
  /// one is given up, since there is to be at most one of a kind (R-UP-2).
  private mutating func associateRemotely(_ offer: SessionDescription) {
    for section in offer.media where !isRejected(section, in: offer) {
      guard let kind = section.kind, let mid = section.mid else { continue }
      if !transceivers.contains(where: { $0.mid == mid && !$0.isStopped }) { makeTransceiver(kind, .recvonly, mid: mid) }
      transceivers.removeAll { $0.kind == kind && $0.mid == nil }
    }
  }

  private mutating func announceTrack(_ mid: String, isSent: Bool) {
    guard let transceiver = transceivers.first(where: { $0.mid == mid && !$0.isStopped }) else { return }
    if isSent, !transceiver.isReceiving { news.append(.remoteTrack(transceiver.kind)) }
    change(transceiver.id) { $0.isReceiving = isSent }
  }

  // MARK: - Transports

  /// Gives every section that needs one a transport; other credentials mean another transport.
  private mutating func connectTransports(_ local: SessionDescription, isOffer: Bool) {
    let agreed =
      isOffer ? agreement.map { FakeAgreement.bundled($0.local).intersection(FakeAgreement.bundled($0.remote)) } ?? [] : []
    let proposed = isOffer && configuration.bundlePolicy != .maxBundle ? [] : FakeAgreement.bundled(local)
    let riding = agreed.union(proposed).intersection(FakeAgreement.bundled(local))
    for section in local.media where !isRejected(section, in: local) {
      guard let mid = section.mid, let credentials = local.iceCredentials(of: section) else { continue }
      if riding.contains(mid) {
        transports[mid] = nil
      } else if transports[mid]?.credentials != credentials {
        transports[mid] = makeTransport(credentials)
      }
    }
  }

  private mutating func startGathering() {
    guard transports.values.contains(where: { !$0.isGathered }) else { return }
    if gathering != .gathering {
      gathering = .gathering
      news.append(.gatheringState(.gathering))
    }
    if gatheringMode == .atOnce { finishGathering() }
  }

  // MARK: - Answers

  private mutating func applyAnswer(_ side: FakeSide, _ type: DescriptionType) throws {
    guard let local = pendingLocal, let remote = pendingRemote else { return }
    let answer = side == .local ? local : remote
    applyRole(answer, side)
    let new = FakeAgreement(local: local, remote: remote)
    checkFarEnd(remote, isOffer: side == .local)
    agreement = new
    for (index, section) in answer.media.enumerated() {
      let isUsed = !isRejected(section, in: answer) && !isRejected(local.media[index], in: local)
      let direction = section.direction ?? .sendrecv
      for transceiver in transceivers where transceiver.mid == section.mid {
        change(transceiver.id) {
          $0.currentDirection = isUsed ? (side == .local ? direction : direction.complement) : nil
          $0.isStopped = $0.isStopped || !isUsed
        }
      }
      if !isUsed, let mid = section.mid { transports[mid] = nil }
    }
    for mid in FakeAgreement.bundled(answer) { transports[mid] = nil }
    if type == .answer {
      (currentLocal, currentRemote) = (local, remote)
      (pendingLocal, pendingRemote, rollbackPoint, signaling) = (nil, nil, nil, .stable)
    } else {
      signaling = side == .local ? .haveLocalPranswer : .haveRemotePranswer
    }
  }

  private mutating func applyRole(_ answer: SessionDescription, _ side: FakeSide) {
    guard let section = answer.media.first(where: { !isRejected($0, in: answer) }) else { return }
    // An answer that does not say is taken to be active (R-DTLS-5).
    let setup = answer.setup(of: section) ?? .active
    role = side == .local ? setup : setup.other
  }

  /// Another fingerprint is another far end, which libwebrtc serves only when it comes in an offer and connects by itself
  /// (R-DTLS-16).
  private mutating func checkFarEnd(_ remote: SessionDescription, isOffer: Bool) {
    guard let section = remote.media.first(where: { !isRejected($0, in: remote) }) else { return }
    let new = remote.fingerprint(of: section)
    if let farFingerprint, new != farFingerprint, !isOffer || role != .passive { isStalled = true }
    farFingerprint = new
  }
}
