/// An opaque identifier of the protocol: compared, stored and sent back, never parsed.
public struct Identifier<Tag>: RawRepresentable, Hashable, Sendable, Codable, ExpressibleByStringLiteral,
  CustomStringConvertible
{
  public let rawValue: String

  public init(rawValue: String) { self.rawValue = rawValue }
  public init(_ rawValue: String) { self.rawValue = rawValue }
  public init(stringLiteral value: String) { rawValue = value }

  public init(from decoder: any Decoder) throws {
    rawValue = try decoder.singleValueContainer().decode(String.self)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(rawValue)
  }

  public var description: String { rawValue }
}

public enum SessionTag {}
public enum SubscriptionTag {}
public enum ChannelTag {}
public enum EventTag {}
public enum CorrelatorTag {}
public enum SessionTokenTag {}

/// One leg of a call between one user and the gateway: `sessionData` on the wire (R-CALL-1).
public typealias SessionID = Identifier<SessionTag>
/// One subscription of one client (part 01 §5.1).
public typealias SubscriptionID = Identifier<SubscriptionTag>
/// The last segment of a notification channel's path. It is the channel's only credential (R-CONN-603): never log it.
public typealias ChannelID = Identifier<ChannelTag>
/// One notification, the same on every channel that delivers it (R-CONN-701).
public typealias EventID = Identifier<EventTag>
/// One application instance on one device (R-CONN-524).
public typealias ClientCorrelator = Identifier<CorrelatorTag>
/// The credential that replaces an HMAC token after subscribing: `x-session` (R-CONN-423). Never log it.
public typealias SessionToken = Identifier<SessionTokenTag>

extension ClientCorrelator {
  /// Whether the value consists of plain characters (R-CONN-524): letters, digits, `-`, `_`, `.`, `~`; 1 to 128 of them.
  public var isPlain: Bool {
    (1...128).contains(rawValue.utf8.count)
      && rawValue.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "~"):
          true
        default: false
        }
      }
  }
}
