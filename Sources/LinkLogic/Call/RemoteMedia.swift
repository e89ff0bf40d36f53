import LinkProtocol

/// What a description of the far end means for the call.
struct RemoteMedia: Sendable, Hashable {
  /// `nil`: it has no such section.
  var audio: MediaDirection?
  var video: MediaDirection?
  /// The video section is there with port 0 (R-UP-20).
  var isVideoRejected: Bool
  /// Whether it holds the call, or, in an answer, leaves it held (R-CALL-201, R-SDP-134).
  var isHold: Bool
  /// The kinds that are held in the old way (R-UP-4).
  var heldByAddress: Set<MediaKind>
  var summary: MediaSummary

  /// - Returns: `nil` for a text that cannot be read; whether it can be used is the media engine's to say (R-SDP-44).
  init?(_ text: String) {
    guard let description = try? SessionDescription(text) else { return nil }
    let kinds = description.kinds
    audio = kinds.contains(.audio) ? description.direction(of: .audio) : nil
    video = kinds.contains(.video) ? description.direction(of: .video) : nil
    isVideoRejected = description.sections(.video).first?.isRejected ?? false
    isHold = description.isHold
    summary = MediaSummary(description)
    heldByAddress = Set(description.media.filter { description.isHeldByAddress($0) }.compactMap(\.kind))
  }
}
