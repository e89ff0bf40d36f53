/// Why a session description cannot be used.
///
/// A call in which a far end's description has a problem fails with this text as its reason; nothing of the description
/// itself is in it.
public enum SDPProblem: Error, Sendable, Hashable {
  /// There is no text. In an offer that means slow start, which is asked for before a description is read (R-SDP-90).
  case empty
  /// The text is not a session description, or a line that carries its structure cannot be read.
  case malformed(String)
  /// There is no media section (R-SDP-90).
  case noMediaSection
  /// Media is secured with SDES only, which no current engine does (R-DTLS-22).
  case onlySDES
  /// Media is not secured at all (R-DTLS-25).
  case unsecured
  /// The sections of an answer are not those of the offer (R-SDP-97).
  case sectionsDoNotMatchOffer
}

extension SDPProblem: CustomStringConvertible {
  public var description: String {
    switch self {
    case .empty: "The session description is empty."
    case .malformed(let what): "The session description cannot be read: \(what)."
    case .noMediaSection: "The session description has no media section."
    case .onlySDES: "The far end secures its media with SDES, which is not supported; DTLS-SRTP is required."
    case .unsecured: "The far end does not secure its media; DTLS-SRTP is required."
    case .sectionsDoNotMatchOffer: "The media sections of the answer are not those of the offer."
    }
  }
}
