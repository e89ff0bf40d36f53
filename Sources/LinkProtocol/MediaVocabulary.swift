// The words for media that signalling and the media engine have in common.

/// The kinds of media that a call may have.
public enum MediaKind: String, Sendable, Hashable, Codable, CaseIterable {
  case audio, video
}

/// The direction of a media section, from the point of view of whoever writes it (RFC 8866 §6.7).
public enum MediaDirection: String, Sendable, Hashable, Codable, CaseIterable {
  case sendrecv, sendonly, recvonly, inactive

  public init(send: Bool, receive: Bool) {
    self = send ? (receive ? .sendrecv : .sendonly) : (receive ? .recvonly : .inactive)
  }

  public var sends: Bool { self == .sendrecv || self == .sendonly }
  public var receives: Bool { self == .sendrecv || self == .recvonly }
}

/// What a session description is in its exchange. A provisional answer is early media (R-SDP-157).
public enum DescriptionType: String, Sendable, Hashable, Codable {
  case offer, answer, pranswer
}

/// `call.bundlePolicy` (R-SDP-50).
public enum BundlePolicy: String, Sendable, Hashable, Codable, CaseIterable {
  case maxCompat = "max-compat"
  case maxBundle = "max-bundle"
  case balanced
  case disabled = "DISABLED"
}

/// How far an engine is in collecting its candidates (W3C names).
public enum GatheringState: String, Sendable, Hashable, Codable {
  case new, gathering, complete
}

/// The ICE connection state (W3C names). The public constants are upper case (R-ICE-50).
public enum ICEConnectionState: String, Sendable, Hashable, Codable, CaseIterable {
  case new, checking, connected, completed, failed, disconnected, closed
}
