import LinkProtocol

// Descriptions between an end that may have video and one that only mixes sound.
extension SessionDescription {
  /// The description with its first audio section in use and no other; `nil` if there is none.
  public var audioOnly: SessionDescription? {
    guard let audio = sections(.audio).first(where: { !$0.isRejected }) else { return nil }
    return SessionDescription(lines: lines, media: [audio])
  }

  /// This description, whose only section is audio, with as many sections as another one has: this one's in place of the other's
  /// audio, and all further ones rejected (R-SRV-4).
  public func rejectingTheOtherSections(of other: SessionDescription) -> SessionDescription {
    guard let own = media.first else { return self }
    let place =
      other.media.firstIndex { $0.kind == .audio && !$0.isRejected } ?? other.media.firstIndex { $0.kind == .audio }
    var description = self
    description.media = other.media.enumerated().map { index, section in
      index == place ? own : section.rejection(mid: section.mid == own.mid ? "rejected\(index)" : section.mid)
    }
    if place == nil { description.media.insert(own, at: 0) }
    return description
  }
}

extension MediaSection {
  /// What rejects the section: port 0, and a format, since the line needs one.
  fileprivate func rejection(mid: String?) -> MediaSection {
    var section = MediaSection(
      type: type, port: 0, protocol: `protocol`, payloads: [payloads.first ?? "0"], lines: ["c=IN IP4 0.0.0.0"])
    section.mid = mid
    section.addAttribute("inactive")
    return section
  }
}
