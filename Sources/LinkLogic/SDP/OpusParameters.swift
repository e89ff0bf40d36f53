import LinkProtocol

/// `call.opusConfig`: what to ask of the far end's Opus encoder (R-SDP-65). Values out of range are dropped, the others stay.
public struct OpusParameters: Sendable, Hashable {
  /// Hz, 8,000 to 48,000.
  public let maxPlaybackRate: Int?
  /// Bit/s, 6,000 to 510,000.
  public let maxAverageBitrate: Int?
  /// 0 or 1.
  public let fec: Int?
  /// 0 or 1.
  public let dtx: Int?
  /// Milliseconds, 3 to 120.
  public let ptime: Int?

  /// - Parameters: as configured; of a fraction the integer part counts.
  public init(
    maxPlaybackRate: Double? = nil, maxAverageBitrate: Double? = nil, fec: Double? = nil, dtx: Double? = nil,
    ptime: Double? = nil
  ) {
    func checked(_ value: Double?, _ range: ClosedRange<Int>) -> Int? {
      guard let value, let number = Int(exactly: value.rounded(.towardZero)), range.contains(number) else { return nil }
      return number
    }
    self.maxPlaybackRate = checked(maxPlaybackRate, 8000...48000)
    self.maxAverageBitrate = checked(maxAverageBitrate, 6000...510_000)
    self.fec = checked(fec, 0...1)
    self.dtx = checked(dtx, 0...1)
    self.ptime = checked(ptime, 3...120)
  }

  /// The parameter list that replaces the engine's, `nil` if it has none (R-SDP-68).
  var config: String? {
    let parameters = [
      ("maxplaybackrate", maxPlaybackRate), ("maxaveragebitrate", maxAverageBitrate), ("useinbandfec", fec),
      ("usedtx", dtx),
    ].compactMap { name, value in value.map { "\(name)=\($0)" } }
    return parameters.isEmpty ? nil : parameters.joined(separator: ";")
  }
}

extension SessionDescription {
  /// Writes the parameters to the one Opus of the description (R-SDP-67 to R-SDP-69). Where there is none, several, or one without
  /// an `a=fmtp`, nothing changes.
  mutating func apply(_ opus: OpusParameters) {
    let places = media.indices.flatMap { index in
      media[index].rtp.filter { $0.isCodec("opus", rate: 48000) }.map { (index, $0.payload) }
    }
    guard places.count == 1, let (index, payload) = places.first,
      let place = media[index].lines.firstIndex(where: { $0.formatParameters?.payload == payload })
    else { return }
    if let config = opus.config {
      media[index].lines[place] = SDPLine(attribute: "fmtp", "\(payload) \(config)")
    }
    if let ptime = opus.ptime { media[index].ptime = ptime }
  }
}

extension SDPLine {
  /// The content of an `a=fmtp` line.
  var formatParameters: MediaSection.FormatParameters? {
    guard let name = attributeName, name == "fmtp" else { return nil }
    return attributeValue.flatMap { MediaSection.FormatParameters(String($0)) }
  }

  /// The payload type that an `a=rtpmap`, `a=fmtp` or `a=rtcp-fb` line is about.
  var payload: Int? {
    guard let name = attributeName, name == "rtpmap" || name == "fmtp" || name == "rtcp-fb" else { return nil }
    return attributeValue.flatMap { $0.firstField() }.flatMap { Int($0.0) }
  }
}
