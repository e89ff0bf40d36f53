public import LinkProtocol

extension MediaDirection {
  /// What the other end sees: `sendonly` and `recvonly` change places.
  public var complement: MediaDirection {
    MediaDirection(send: receives, receive: sends)
  }

  /// The answer of an end that wants this to an offer: its wish, as far as the offer allows it (part 03 §14.4). Also the clamp
  /// for an answer that claims more than was offered, which an engine would refuse (R-SDP-96).
  public func answering(_ offer: MediaDirection) -> MediaDirection {
    MediaDirection(send: sends && offer.receives, receive: receives && offer.sends)
  }
}

extension SessionDescription {
  /// Whether this, as an offer in a call, puts its receiver on hold (R-SDP-101, R-SDP-103, R-CALL-201): there is an audio or video
  /// section that is not rejected, and each of those does not receive – it is `sendonly` or `inactive`, or its address is
  /// `0.0.0.0` at a port that is not the placeholder 9.
  ///
  /// Ask the description as it was received: the repairs that an engine needs change directions.
  public var isHold: Bool {
    let eligible = media.filter { $0.kind != nil && !$0.isRejected }
    return !eligible.isEmpty && eligible.allSatisfy { !direction(of: $0).receives || isHeldByAddress($0) }
  }

  /// Whether the section is held in the old way, by its address (R-UP-4).
  public func isHeldByAddress(_ section: MediaSection) -> Bool {
    !section.isRejected && section.port != 9 && address(of: section).map(Connection.isNowhere) ?? false
  }

  /// Writes the direction in force into every audio and video section in use: an engine does not look at session level
  /// (R-SDP-91).
  public mutating func makeDirectionsExplicit() {
    for (index, section) in zip(media.indices, media) where section.kind != nil && section.direction == nil {
      if !section.isRejected { media[index].direction = direction(of: section) }
    }
  }

  /// Reduces the directions of an answer to what the offer allows (R-SDP-96). Sections without a counterpart stay.
  public mutating func clampDirections(toOffer offer: SessionDescription) {
    for index in media.indices where index < offer.media.count && media[index].kind != nil && !media[index].isRejected {
      let offered = offer.direction(of: offer.media[index])
      let allowed = direction(of: media[index]).answering(offered)
      if media[index].direction != allowed { media[index].direction = allowed }
    }
  }
}

// MARK: - Comparing two descriptions

extension SessionDescription {
  /// Whether an offer within a call comes from another endpoint than the current remote description, so that it needs a new
  /// peer connection (R-UP-22): a fingerprint that was not there before, or sections that are fewer or of other kinds.
  /// Another session id or other ICE credentials alone do not.
  public func comesFromNewEndpoint(comparedTo current: SessionDescription) -> Bool {
    if media.count < current.media.count { return true }
    if zip(media, current.media).contains(where: { $0.type != $1.type }) { return true }
    let known = Set(current.media.compactMap { current.fingerprint(of: $0) })
    let used = media.filter { !$0.isRejected }.compactMap { fingerprint(of: $0) }
    return !known.isEmpty && !known.isSuperset(of: used)
  }

  /// Whether it asks for new candidates: an ICE restart (RFC 8445 §2.4), which shows as other credentials than those of `current`.
  public func restartsICE(comparedTo current: SessionDescription) -> Bool {
    zip(media, current.media).contains { new, old in
      let (new, old) = (iceCredentials(of: new), current.iceCredentials(of: old))
      return new != nil && old != nil && new != old
    }
  }

  /// Whether a final answer says the same as the early one (R-CALL-405): as sets of lines, without those that contain `o=`; an
  /// `a=sendrecv` that only the final one has does not count.
  public static func isSame(early: String, final: String) -> Bool {
    func lines(_ text: String) -> Set<String> {
      Set(SDPLine.lines(of: text).map(\.text).filter { !$0.contains("o=") })
    }
    let (early, final) = (lines(early), lines(final))
    return early.isSubset(of: final) && final.subtracting(["a=sendrecv"]).isSubset(of: early)
  }
}
