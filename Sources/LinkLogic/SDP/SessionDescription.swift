public import LinkProtocol

/// A session description (RFC 8866): session level and media sections, each an ordered list of lines.
///
/// Nothing is lost: unknown lines stay where they are (R-SDP-8, R-SDP-11), identifiers stay text (R-SDP-9). Reading takes any
/// line end, writing produces CRLF (R-SDP-5). Tests compare values or lines, never bytes.
public struct SessionDescription: SDPLevel, Hashable {
  /// The lines of the session level, from `v=` on.
  public var lines: [SDPLine]
  /// The media sections in order.
  public var media: [MediaSection]

  public init(lines: [SDPLine], media: [MediaSection]) {
    self.lines = lines
    self.media = media
  }

  /// Reads a text.
  /// - Throws: `SDPProblem.empty` if there is nothing in it, `malformed` if it does not begin with `v=` or an `m=` line lacks
  ///   its type, port or protocol. A description without media sections can be read.
  public init(_ text: String) throws(SDPProblem) {
    let all = SDPLine.lines(of: text)
    guard let first = all.first else { throw .empty }
    guard first.type == "v" else { throw .malformed("it does not begin with v=") }
    lines = []
    media = []
    for line in all {
      if line.type == "m" {
        guard let section = MediaSection(line) else { throw .malformed("m= line \(media.count + 1)") }
        media.append(section)
      } else if media.isEmpty {
        lines.append(line)
      } else {
        media[media.count - 1].lines.append(line)
      }
    }
  }
}

extension SessionDescription: CustomStringConvertible {
  /// The text, ready to be sent: every line ends with CRLF.
  public var description: String { text }

  /// The text, ready to be sent: every line ends with CRLF.
  public var text: String {
    var text = ""
    for line in lines { text += line.text + "\r\n" }
    for section in media {
      text += section.mediaLine.text + "\r\n"
      for line in section.lines { text += line.text + "\r\n" }
    }
    return text
  }
}

// MARK: - Session level

extension SessionDescription {
  /// `o=`: who made this description.
  public struct Origin: Sendable, Hashable {
    public var username: String
    /// Identifies the peer connection: another one means another endpoint (R-SDP-70). Text, compared as such.
    public var sessionId: String
    public var sessionVersion: String
    public var netType: String
    /// `IP4` or `IP6`.
    public var addressType: String
    public var address: String

    public init(
      username: String, sessionId: String, sessionVersion: String, netType: String, addressType: String, address: String
    ) {
      self.username = username
      self.sessionId = sessionId
      self.sessionVersion = sessionVersion
      self.netType = netType
      self.addressType = addressType
      self.address = address
    }
  }

  /// `o=`, if it has all its parts.
  public var origin: Origin? {
    guard let line = lines.first(where: { $0.type == "o" }) else { return nil }
    let parts = line.value.fields().map(String.init)
    guard parts.count == 6 else { return nil }
    return Origin(
      username: parts[0], sessionId: parts[1], sessionVersion: parts[2], netType: parts[3], addressType: parts[4],
      address: parts[5])
  }

  /// The session id of `o=`: the same for as long as the far end keeps its peer connection (R-SDP-70).
  public var sessionID: String? { origin?.sessionId }

  /// `s=`.
  public var name: String? { lines.first { $0.type == "s" }.map { String($0.value) } }

  /// `a=group`.
  public struct Group: Sendable, Hashable {
    /// `BUNDLE`, `LS` …
    public var type: String
    public var mids: [String]

    public init(type: String, mids: [String]) {
      self.type = type
      self.mids = mids
    }
  }

  /// `a=group`, in order.
  public var groups: [Group] {
    attributes("group").compactMap { value in
      var parts = value[...].fields().map(String.init)
      guard !parts.isEmpty else { return nil }
      return Group(type: parts.removeFirst(), mids: parts)
    }
  }

  /// `a=ice-lite`.
  public var isICELite: Bool { hasAttribute("ice-lite") }
}

// MARK: - What is in force for a section

extension SessionDescription {
  /// The sections of a kind, in order.
  public func sections(_ kind: MediaKind) -> [MediaSection] { media.filter { $0.kind == kind } }

  /// The direction in force: the section's own, else the session's, else `sendrecv` (R-SDP-91); `inactive` for a rejected
  /// section (R-SDP-100).
  public func direction(of section: MediaSection) -> MediaDirection {
    section.isRejected ? .inactive : section.direction ?? direction ?? .sendrecv
  }

  /// The direction of a kind: that of its first section, `inactive` if there is none (R-SDP-100).
  public func direction(of kind: MediaKind) -> MediaDirection {
    sections(kind).first.map { direction(of: $0) } ?? .inactive
  }

  /// The section's fingerprint, else the session's (R-DTLS-24).
  public func fingerprint(of section: MediaSection) -> Fingerprint? { section.fingerprint ?? fingerprint }

  /// The section's DTLS role, else the session's.
  public func setup(of section: MediaSection) -> SetupRole? { section.setup ?? setup }

  /// The section's usable ICE credentials, else the session's (R-SDP-84).
  public func iceCredentials(of section: MediaSection) -> ICECredentials? { section.iceCredentials ?? iceCredentials }

  /// The section's connection address, else the session's.
  public func address(of section: MediaSection) -> String? { section.connection?.ip ?? connection?.ip }

  /// Which kinds are offered: those that have a section, rejected ones included (R-MEDIA-90).
  public var kinds: Set<MediaKind> { Set(media.compactMap(\.kind)) }

  /// Whether the sender takes candidates one by one: the option at any level (R-ICE-31, R-SDP-75).
  public var offersTrickle: Bool {
    iceOptions.contains("trickle") || media.contains { $0.iceOptions.contains("trickle") }
  }
}
