import LinkProtocol

/// A codec to be removed: by name, or by name and parameters (part 03 §4.1).
public struct CodecSelector: Sendable, Hashable, Codable, ExpressibleByStringLiteral {
  /// The codec's name in the rtpmap, compared exactly (R-SDP-45).
  public var name: String
  /// Texts that must all occur in the codec's `a=fmtp`; if there are any, a codec without `a=fmtp` is not meant.
  public var fmtpParams: [String]

  public init(name: String, fmtpParams: [String] = []) {
    self.name = name
    self.fmtpParams = fmtpParams
  }

  public init(stringLiteral value: String) { self.init(name: value) }

  func matches(_ map: MediaSection.RTPMap, in section: MediaSection) -> Bool {
    guard map.codec == name else { return false }
    return fmtpParams.isEmpty
      || section.fmtp.contains { format in
        format.payload == map.payload && fmtpParams.allSatisfy { format.config.contains($0) }
      }
  }
}

extension SDPHandler {
  /// A handler that removes codecs from every description, with the retransmission formats that belong to them
  /// (`sdpHandlers.createCodecRemover`, R-SDP-45, R-SDP-48). A section that would lose all its codecs keeps them.
  public static func codecRemover(_ selectors: [CodecSelector]) -> SDPHandler {
    SDPHandler("codec remover") { description, remarks in
      var changed = description
      for index in changed.media.indices where !changed.media[index].removeCodecs(selectors) {
        remarks.append(.codecsKept(section: index))
      }
      return changed
    }
  }
}

extension MediaSection {
  /// - Returns: false if nothing but auxiliary formats would be left, and the section was left alone.
  mutating func removeCodecs(_ selectors: [CodecSelector]) -> Bool {
    var removed = Set(rtp.filter { map in selectors.contains { $0.matches(map, in: self) } }.map(\.payload))
    guard !removed.isEmpty else { return true }
    let associated = fmtp.compactMap { format in format.associatedPayload.map { (format.payload, $0) } }
    var count = 0
    repeat {
      count = removed.count
      removed.formUnion(associated.filter { removed.contains($0.1) }.map(\.0))
    } while removed.count > count

    let names = Dictionary(rtp.map { ($0.payload, $0.codec.lowercased()) }, uniquingKeysWith: { first, _ in first })
    func carriesMedia(_ payload: String) -> Bool {
      Int(payload).flatMap { names[$0] ?? Codec.assigned[$0]?.name.lowercased() }
        .map { !Self.auxiliaryCodecs.contains($0) } ?? true
    }
    let left = payloads.filter { text in Int(text).map { !removed.contains($0) } ?? true }
    if left.isEmpty || (payloads.contains(where: carriesMedia) && !left.contains(where: carriesMedia)) { return false }
    payloads = left
    lines.removeAll { line in line.payload.map { removed.contains($0) } ?? false }
    return true
  }
}
