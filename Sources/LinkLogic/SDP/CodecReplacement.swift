import LinkProtocol

/// An entry of `call.codecsToReplace`: the payload type that a codec is to have in own offers (R-SDP-60).
public struct CodecReplacement: Sendable, Hashable, Codable {
  /// The text of the rtpmap: `telephone-event/8000`, `opus/48000`, `VP8/90000`.
  public var name: String
  /// The payload type.
  public var value: Int

  public init(name: String, value: Int) {
    self.name = name
    self.value = value
  }

  /// Whether the codec is meant; the number of channels matters only if it is given.
  func matches(_ map: MediaSection.RTPMap) -> Bool {
    let wanted = name.lowercased()
    let short = "\(map.codec)/\(map.rate)".lowercased()
    return wanted == short || wanted == "\(short)/\(map.encoding ?? "1")"
  }
}

extension SessionDescription {
  /// Renumbers a codec in the first section that has it (R-SDP-62, R-SDP-63). A number that is in use there changes places with the
  /// old one. - Returns: false if the number cannot be a payload type there, and nothing was changed.
  mutating func apply(_ replacement: CodecReplacement) -> Bool {
    for index in media.indices {
      let maps = media[index].rtp.filter(replacement.matches)
      guard
        let old = media[index].payloads.lazy.compactMap({ Int($0) }).first(where: { number in
          maps.contains { $0.payload == number }
        })
      else { continue }
      let isRTCP = media[index].rtcpMux && (64...95).contains(replacement.value)
      guard (0...127).contains(replacement.value), !isRTCP else { return false }
      if old != replacement.value { media[index].exchange(old, replacement.value) }
      return true
    }
    return true
  }
}

extension MediaSection {
  /// Lets two payload types change places. One that was known without rtpmap gets one, since its new number says nothing.
  mutating func exchange(_ one: Int, _ other: Int) {
    if payloads.contains(String(other)), !rtp.contains(where: { $0.payload == other }), let codec = Codec.assigned[other] {
      addAttribute("rtpmap", "\(other) \(codec.name)/\(codec.clockRate)")
    }
    renumber([one: other, other: one])
  }

  /// Changes payload types wherever they occur: in the `m=` line, in rtpmap, fmtp (`apt` and the lists of `red` included) and
  /// rtcp-fb.
  mutating func renumber(_ numbers: [Int: Int]) {
    func renumbered(_ text: String) -> String {
      Int(text).flatMap { numbers[$0] }.map { String($0) } ?? text
    }
    let red = Set(rtp.filter { $0.isCodec("red") }.map(\.payload))
    payloads = payloads.map(renumbered)
    lines = lines.map { line in
      guard let old = line.payload, let name = line.attributeName, let value = line.attributeValue?.firstField()
      else { return line }
      var rest = String(value.rest)
      if name == "fmtp" {
        rest = red.contains(old) ? Self.mapList(rest, renumbered) : Self.mapAssociated(rest, renumbered)
      }
      return SDPLine(attribute: String(name), rest.isEmpty ? "\(numbers[old] ?? old)" : "\(numbers[old] ?? old) \(rest)")
    }
  }

  private static func mapList(_ config: String, _ map: (String) -> String) -> String {
    config.split(separator: "/", omittingEmptySubsequences: false).map { map(String($0)) }.joined(separator: "/")
  }

  private static func mapAssociated(_ config: String, _ map: (String) -> String) -> String {
    config.split(separator: ";", omittingEmptySubsequences: false).map { parameter in
      let parts = parameter.split(separator: "=", maxSplits: 1)
      guard parts.count == 2, parts[0].filter({ !$0.isWhitespace }) == "apt" else { return String(parameter) }
      return "\(parts[0])=\(map(parts[1].filter { !$0.isWhitespace }))"
    }.joined(separator: ";")
  }
}
