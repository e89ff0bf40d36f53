import LinkProtocol

// Repairs of the sections of remote descriptions. All are idempotent (R-SDP-43).

extension SessionDescription {
  /// Makes a description readable for an engine (R-SDP-90, R-SDP-93): lines that are none of SDP go, an `m=` line without a format
  /// gets one, and a section in use without formats counts as rejected.
  mutating func normalizeFormat() {
    lines.removeAll { $0.type == nil }
    for index in media.indices {
      media[index].lines.removeAll { $0.type == nil }
      if media[index].payloads.isEmpty {
        media[index].payloads = ["0"]
        media[index].port = 0
      }
    }
  }

  /// Makes the sections of an answer those of the offer (R-SDP-97): rejected ones take the place of a missing tail, surplus ones
  /// go if nothing flows in them.
  mutating func matchSections(ofOffer offer: SessionDescription) throws(SDPProblem) {
    if zip(media, offer.media).contains(where: { $0.type != $1.type }) { throw .sectionsDoNotMatchOffer }
    if media.count > offer.media.count {
      let surplus = media[offer.media.count...]
      guard surplus.allSatisfy({ direction(of: $0) == .inactive }) else { throw .sectionsDoNotMatchOffer }
      media.removeLast(surplus.count)
    }
    let usesMids = media.contains { $0.mid != nil }
    for missing in offer.media.dropFirst(media.count) {
      var rejected = MediaSection(
        type: missing.type, port: 0, protocol: missing.protocol, payloads: [missing.payloads.first ?? "0"])
      if usesMids { rejected.mid = missing.mid }
      if missing.kind != nil { rejected.direction = .inactive }
      media.append(rejected)
    }
  }

  /// Rejects the video of an answer that shares no codec with the offer, so that audio survives (R-SDP-88).
  mutating func rejectVideoWithoutCommonCodec(offer: SessionDescription) {
    for (index, offered) in zip(media.indices, offer.media)
    where media[index].kind == .video && !media[index].isRejected && !media[index].sharesCodec(with: offered) {
      media[index].port = 0
    }
  }
}

extension MediaSection {
  /// Whether there is a media codec in both; formats that only repair or repeat others do not count.
  func sharesCodec(with offered: MediaSection) -> Bool {
    let offeredNames = Set(offered.codecs.map { $0.name.lowercased() }).subtracting(Self.auxiliaryCodecs)
    let named = codecs
    if named.contains(where: { offeredNames.contains($0.name.lowercased()) }) { return true }
    // A payload type without rtpmap is read with the offer's meaning.
    let unnamed = Set(payloads).subtracting(named.map { String($0.payload) })
    return offered.codecs.contains {
      unnamed.contains(String($0.payload)) && !Self.auxiliaryCodecs.contains($0.name.lowercased())
    }
  }

  /// Formats that carry no media by themselves (R-SDP-48).
  static let auxiliaryCodecs: Set<String> = [
    "rtx", "red", "ulpfec", "flexfec", "flexfec-03", "telephone-event", "cn",
  ]
}
