/// `a=setup`: who opens the DTLS association (RFC 5763, RFC 8842).
public enum SetupRole: String, Sendable, Hashable, CaseIterable {
  case actpass, active, passive, holdconn
}

/// The name and password of one end of an ICE connection.
public struct ICECredentials: Sendable, Hashable {
  public let ufrag: String
  public let pwd: String

  /// - Returns: `nil` for values that an engine refuses: a name under 4, a password under 22 characters (R-SDP-84).
  public init?(ufrag: String, pwd: String) {
    guard ufrag.utf8.count >= 4, pwd.utf8.count >= 22 else { return nil }
    self.ufrag = ufrag
    self.pwd = pwd
  }
}

extension SessionDescription {
  /// `c=`.
  public struct Connection: Sendable, Hashable {
    /// 4 or 6.
    public var version: Int
    public var ip: String

    public init(version: Int, ip: String) {
      self.version = version
      self.ip = ip
    }

    init?(_ value: Substring) {
      let parts = value.fields()
      guard parts.count >= 3 else { return nil }
      self.init(version: parts[1] == "IP6" ? 6 : 4, ip: String(parts[2]))
    }

    /// Whether the address says that nothing is to be sent: `0.0.0.0` or `::` (R-SDP-103).
    public static func isNowhere(_ address: String) -> Bool { address == "0.0.0.0" || address == "::" }
  }

  /// `b=`.
  public struct Bandwidth: Sendable, Hashable {
    /// `AS` (kbit/s), `TIAS` (bit/s) …
    public var type: String
    public var limit: Int

    public init(type: String, limit: Int) {
      self.type = type
      self.limit = limit
    }

    init?(_ value: Substring) {
      let parts = value.utf8.split(separator: UInt8(ascii: ":"), maxSplits: 1)
      guard parts.count == 2, let limit = Int(Substring(parts[1])) else { return nil }
      self.init(type: String(Substring(parts[0])), limit: limit)
    }
  }

  /// `a=fingerprint`: identifies the certificate of a DTLS endpoint.
  public struct Fingerprint: Sendable, Hashable {
    /// The hash function, lower case.
    public let type: String
    /// The hash, upper case, with colons.
    public let hash: String

    public init(type: String, hash: String) {
      self.type = type.lowercased()
      self.hash = hash.uppercased()
    }

    init?(_ value: Substring) {
      let parts = value.fields()
      guard parts.count >= 2 else { return nil }
      self.init(type: String(parts[0]), hash: String(parts[1]))
    }
  }
}

/// An ICE candidate (RFC 8839 §5.1).
public struct Candidate: Sendable, Hashable {
  public enum CandidateType: String, Sendable, Hashable {
    case host, srflx, prflx, relay
  }

  public var foundation: String
  /// 1 for RTP, 2 for RTCP.
  public var component: Int
  /// `udp` or `tcp`, lower case.
  public var transport: String
  public var priority: Int
  /// An address, or a name (R-ICE-37).
  public var ip: String
  public var port: Int
  /// `nil` for types that are not in the standard.
  public var type: CandidateType?
  /// `raddr`, `rport`, `tcptype`, `generation` and other pairs that follow the type.
  public var extensions: [String: String]

  /// Reads `candidate:…`, with or without `a=` before it. - Returns: `nil` if a mandatory part is missing.
  public init?(_ text: String) {
    var rest = text[...]
    if rest.utf8.starts(with: "a=".utf8) { rest = rest.dropFirst(2) }
    guard rest.utf8.starts(with: "candidate:".utf8) else { return nil }
    let parts = Substring(rest.utf8.dropFirst("candidate:".utf8.count)).fields().map(String.init)
    guard parts.count >= 8, parts[6] == "typ", let component = Int(parts[1]), let priority = Int(parts[3]),
      let port = Int(parts[5])
    else { return nil }
    foundation = parts[0]
    self.component = component
    transport = parts[2].lowercased()
    self.priority = priority
    ip = parts[4]
    self.port = port
    type = CandidateType(rawValue: parts[7])
    extensions = [:]
    var index = 8
    while index + 1 < parts.count {
      extensions[parts[index]] = parts[index + 1]
      index += 2
    }
  }
}
