import LinkLogic
import LinkMedia
import LinkProtocol

// What libwebrtc refuses.

/// Whose description is set.
enum FakeSide: String {
  case local, remote
}

extension FakePeerCore {
  /// Reads a description and checks it against the state and the descriptions in force.
  /// - Throws: `MediaError` with code `invalid-state` or `invalid-description`.
  func check(_ side: FakeSide, _ type: DescriptionType, _ text: String) throws -> SessionDescription {
    func refusal(_ code: MediaError.Code, _ reason: String) -> MediaError {
      MediaError(code, "Failed to set \(side.rawValue) \(type.rawValue) sdp: \(reason)")
    }
    var description: SessionDescription
    do {
      description = try SessionDescription(text)
    } catch {
      throw refusal(.invalidDescription, "\(error)")
    }
    guard isAllowed(side, type) else { throw refusal(.invalidState, "Called in wrong state: \(signaling.rawValue)") }
    // Whose offer this is, or answers.
    let offer = type == .offer ? nil : side == .local ? pendingRemote : pendingLocal
    completeMids(of: &description, offer)
    let reason =
      problem(description) ?? offer.flatMap { problem(description, answering: $0) }
      ?? (type == .offer ? orderProblem(description) : nil) ?? roleProblem(description, side, type, offer)
    if let reason { throw refusal(.invalidDescription, reason) }
    return description
  }

  private func isAllowed(_ side: FakeSide, _ type: DescriptionType) -> Bool {
    switch (side, type) {
    case (.local, .offer): signaling == .stable || signaling == .haveLocalOffer
    case (.remote, .offer): signaling == .stable || signaling == .haveRemoteOffer
    case (.local, .answer), (.local, .pranswer): signaling == .haveRemoteOffer || signaling == .haveLocalPranswer
    case (.remote, .answer), (.remote, .pranswer): signaling == .haveLocalOffer || signaling == .haveRemotePranswer
    }
  }

  /// A port of 0 rejects, unless the section rides on another one's transport.
  func isRejected(_ section: MediaSection, in description: SessionDescription) -> Bool {
    let isBundled = description.groups.contains { $0.type == "BUNDLE" && $0.mids.contains(section.mid ?? "") }
    return section.isRejected && !(section.hasAttribute("bundle-only") && isBundled)
  }

  /// Sections without a mid are matched by index.
  private func completeMids(of description: inout SessionDescription, _ offer: SessionDescription?) {
    let model = offer ?? currentRemote ?? currentLocal
    var taken = Set(description.media.compactMap(\.mid) + (model?.media ?? []).compactMap(\.mid))
    for index in description.media.indices where description.media[index].mid == nil {
      let known = model.flatMap { $0.media.indices.contains(index) ? $0.media[index].mid : nil }
      let mid = known ?? (0...).lazy.map(String.init).first { !taken.contains($0) }
      taken.insert(mid ?? "")
      description.media[index].mid = mid
    }
  }

  // MARK: - By itself

  private func problem(_ description: SessionDescription) -> String? {
    for type: Character in ["v", "o", "s"] where !description.lines.contains(where: { $0.type == type }) {
      return "Expect line: \(type)="
    }
    if description.media.isEmpty { return "There is no m= line." }
    let mids = description.media.compactMap(\.mid)
    if let twice = mids.first(where: { mid in mids.count { $0 == mid } > 1 }) { return "Duplicate a=mid value '\(twice)'." }
    let bundle = description.groups.first { $0.type == "BUNDLE" }?.mids ?? []
    if let unknown = bundle.first(where: { !mids.contains($0) }) {
      return "A BUNDLE group contains a MID='\(unknown)' matching no m= section."
    }
    return description.media.lazy.compactMap { section -> String? in
      if section.payloads.isEmpty { return "Expects at least 4 fields: \(section.mediaLine.text)" }
      if isRejected(section, in: description) { return nil }
      let isBundled = bundle.contains(section.mid ?? "")
      if isBundled, !section.rtcpMux { return "rtcp-mux must be enabled when BUNDLE is enabled." }
      if isBundled, section.mid != bundle.first { return nil }
      if description.iceCredentials(of: section) == nil { return "Called with SDP without ice-ufrag and ice-pwd." }
      return description.fingerprint(of: section) == nil ? "Called with SDP without DTLS fingerprint." : nil
    }.first
  }

  // MARK: - Against the offer

  private func problem(_ answer: SessionDescription, answering offer: SessionDescription) -> String? {
    let pairs = Array(zip(offer.media, answer.media))
    if offer.media.count != answer.media.count || pairs.contains(where: { $0.type != $1.type || $0.mid != $1.mid }) {
      return "The order of m-lines in answer doesn't match order in offer. Rejecting answer."
    }
    func bundle(_ description: SessionDescription) -> [String] {
      description.groups.filter { $0.type == "BUNDLE" }.flatMap(\.mids)
    }
    if let mid = bundle(answer).first(where: { !bundle(offer).contains($0) }) {
      return "A BUNDLE group in answer contains MID='\(mid)' that was not in the offered group."
    }
    for (offered, answered) in pairs where answered.kind != nil && !isRejected(answered, in: answer) {
      if isRejected(offered, in: offer) { return "A section that the offer rejects is used: mid='\(offered.mid ?? "")'." }
      // Directions at session level are not looked at (R-SDP-91).
      let (mine, theirs) = (answered.direction ?? .sendrecv, offered.direction ?? .sendrecv)
      if mine.answering(theirs) != mine { return "Incompatible direction in section mid='\(answered.mid ?? "")'." }
      if answer.setup(of: answered) == .actpass || answer.setup(of: answered) == .holdconn {
        return "Answerer must use either active or passive value for setup attribute."
      }
    }
    return nil
  }

  // MARK: - Against what is in force

  private func orderProblem(_ offer: SessionDescription) -> String? {
    guard let local = currentLocal, let remote = currentRemote else { return nil }
    let mismatch = "The order of m-lines in subsequent offer doesn't match order from previous offer/answer."
    if offer.media.count < local.media.count { return mismatch }
    for (index, old) in local.media.enumerated() {
      let new = offer.media[index]
      let wasRejected = old.isRejected || (remote.media.indices.contains(index) && remote.media[index].isRejected)
      if wasRejected, !isRejected(new, in: offer) { continue }
      if new.mid != old.mid || new.type != old.type { return mismatch }
    }
    return nil
  }

  private func roleProblem(
    _ description: SessionDescription, _ side: FakeSide, _ type: DescriptionType, _ offer: SessionDescription?
  ) -> String? {
    let used = description.media.filter { !isRejected($0, in: description) }
    let isSameEnd =
      side == .local || farFingerprint == nil || used.allSatisfy { description.fingerprint(of: $0) == farFingerprint }
    for section in used {
      let setup = description.setup(of: section)
      if type == .offer {
        guard let role, isSameEnd, setup == .active || setup == .passive else { continue }
        if setup != (side == .local ? role : role.other) {
          return "Offerer must use actpass value or current negotiated role for setup attribute."
        }
      } else {
        let own = side == .local ? setup ?? .active : (setup ?? .active).other
        if let role, isSameEnd, own != role { return "Failed to set SSL role for the transport." }
        let offered = offer.flatMap { offer in offer.media.first { $0.mid == section.mid }.flatMap { offer.setup(of: $0) } }
        if offered == .active || offered == .passive, offered == setup {
          return "Answerer must be the complement of the offerer's setup attribute."
        }
      }
    }
    return nil
  }
}

extension SetupRole {
  /// The role of the far end.
  var other: SetupRole {
    switch self {
    case .active: .passive
    case .passive: .active
    case .actpass, .holdconn: self
    }
  }
}
