public import LinkProtocol

/// An `m=` line and everything up to the next one.
public struct MediaSection: SDPLevel, Hashable {
  /// `audio`, `video`, `application` …
  public var type: String
  /// 0 rejects the section; 9 stands for a port that is not known yet.
  public var port: Int
  /// The number of ports, where the `m=` line says one (`49170/2`).
  public var portCount: Int?
  /// `UDP/TLS/RTP/SAVPF` and the like; never empty.
  public var `protocol`: String
  /// The formats in order of preference: of RTP sections the payload types as text (R-SDP-7).
  public var payloads: [String]
  /// The lines behind the `m=` line.
  public var lines: [SDPLine]

  public init(
    type: String, port: Int, portCount: Int? = nil, protocol: String, payloads: [String], lines: [SDPLine] = []
  ) {
    self.type = type
    self.port = port
    self.portCount = portCount
    self.protocol = `protocol`
    self.payloads = payloads
    self.lines = lines
  }

  /// Reads an `m=` line. - Returns: `nil` if type, port or protocol are missing, or the port is none.
  init?(_ line: SDPLine) {
    let parts = line.value.fields()
    guard line.type == "m", parts.count >= 3 else { return nil }
    let ports = parts[1].utf8.split(separator: UInt8(ascii: "/"), maxSplits: 1, omittingEmptySubsequences: false)
    guard let port = Int(Substring(ports[0])), (0...65535).contains(port) else { return nil }
    var count: Int?
    if ports.count == 2 {
      guard let number = Int(Substring(ports[1])), number > 0 else { return nil }
      count = number
    }
    self.init(
      type: String(parts[0]), port: port, portCount: count, protocol: String(parts[2]),
      payloads: parts.dropFirst(3).map(String.init))
  }

  /// The `m=` line.
  public var mediaLine: SDPLine {
    let ports = portCount.map { "\(port)/\($0)" } ?? String(port)
    return SDPLine((["m=\(type)", ports, `protocol`] + payloads).joined(separator: " "))
  }

  /// Audio or video; `nil` for other sections, which take no part in directions and hold (R-SDP-95).
  public var kind: MediaKind? { MediaKind(rawValue: type) }

  /// Whether the port is 0.
  public var isRejected: Bool { port == 0 }

  /// `a=mid`, always text (R-SDP-9).
  public var mid: String? {
    get { attribute("mid") }
    set { if let newValue { setAttribute("mid", newValue) } else { removeAttributes("mid") } }
  }

  /// `a=msid`: stream and track.
  public var msid: String? { attribute("msid") }

  /// `a=ptime`, milliseconds.
  public var ptime: Int? {
    get { attribute("ptime").flatMap { Int($0) } }
    set { if let newValue { setAttribute("ptime", String(newValue)) } else { removeAttributes("ptime") } }
  }

  /// `a=rtcp-mux`.
  public var rtcpMux: Bool { hasAttribute("rtcp-mux") }

  /// `a=candidate`, those that can be read.
  public var candidates: [Candidate] { attributes("candidate").compactMap { Candidate("candidate:\($0)") } }

  /// `a=crypto`: SDES keys.
  public var hasCrypto: Bool { hasAttribute("crypto") }
}

// MARK: - Codecs

extension MediaSection {
  /// `a=rtpmap`.
  public struct RTPMap: Sendable, Hashable {
    public var payload: Int
    public var codec: String
    public var rate: Int
    /// Channels of an audio codec.
    public var encoding: String?

    public init(payload: Int, codec: String, rate: Int, encoding: String? = nil) {
      self.payload = payload
      self.codec = codec
      self.rate = rate
      self.encoding = encoding
    }

    /// Whether the codec is this one; names are compared without regard to case (R-SDP-92).
    public func isCodec(_ name: String, rate: Int? = nil) -> Bool {
      codec.lowercased() == name.lowercased() && (rate == nil || rate == self.rate)
    }

    init?(_ value: String) {
      let parts = value[...].fields()
      guard parts.count >= 2, let payload = Int(parts[0]) else { return nil }
      let codec = parts[1].utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
      guard codec.count >= 2, let rate = Int(codec[1]) else { return nil }
      self.init(payload: payload, codec: codec[0], rate: rate, encoding: codec.count > 2 ? codec[2] : nil)
    }

    var value: String { "\(payload) \(codec)/\(rate)" + (encoding.map { "/\($0)" } ?? "") }
  }

  /// `a=fmtp`.
  public struct FormatParameters: Sendable, Hashable {
    public var payload: Int
    public var config: String

    public init(payload: Int, config: String) {
      self.payload = payload
      self.config = config
    }

    init?(_ value: String) {
      guard let (payload, config) = value[...].firstField(), let number = Int(payload) else { return nil }
      self.init(payload: number, config: String(config))
    }

    var value: String { config.isEmpty ? "\(payload)" : "\(payload) \(config)" }

    /// The payload type that a retransmission format belongs to: `apt`, wherever it stands (R-SDP-48).
    var associatedPayload: Int? {
      config.split(separator: ";").lazy.compactMap { parameter -> Int? in
        let parts = parameter.split(separator: "=", maxSplits: 1).map { $0.filter { !$0.isWhitespace } }
        return parts.count == 2 && parts[0] == "apt" ? Int(parts[1]) : nil
      }.first
    }
  }

  /// `a=rtcp-fb`.
  public struct Feedback: Sendable, Hashable {
    /// A payload type, or `*`.
    public var payload: String
    /// Type and subtype: `nack pli`.
    public var type: String

    public init(payload: String, type: String) {
      self.payload = payload
      self.type = type
    }
  }

  /// `a=rtpmap`, in order.
  public var rtp: [RTPMap] {
    get { attributes("rtpmap").compactMap { RTPMap($0) } }
    set { setAttributes("rtpmap", newValue.map(\.value)) }
  }

  /// `a=fmtp`, in order.
  public var fmtp: [FormatParameters] {
    get { attributes("fmtp").compactMap { FormatParameters($0) } }
    set { setAttributes("fmtp", newValue.map(\.value)) }
  }

  /// `a=rtcp-fb`, in order.
  public var rtcpFb: [Feedback] {
    get {
      attributes("rtcp-fb").compactMap { value in
        value[...].firstField().map { Feedback(payload: String($0.0), type: String($0.rest)) }
      }
    }
    set { setAttributes("rtcp-fb", newValue.map { "\($0.payload) \($0.type)" }) }
  }

  /// A payload type and what it stands for.
  public struct Codec: Sendable, Hashable {
    public var payload: Int
    public var name: String
    public var clockRate: Int
    /// Channels; 1 where nothing is said.
    public var channels: Int

    public init(payload: Int, name: String, clockRate: Int, channels: Int = 1) {
      self.payload = payload
      self.name = name
      self.clockRate = clockRate
      self.channels = channels
    }

    /// The payload types that need no rtpmap (RFC 3551, R-SDP-12).
    static let assigned: [Int: Codec] = Dictionary(
      uniqueKeysWithValues: [
        Codec(payload: 0, name: "PCMU", clockRate: 8000), Codec(payload: 3, name: "GSM", clockRate: 8000),
        Codec(payload: 8, name: "PCMA", clockRate: 8000), Codec(payload: 9, name: "G722", clockRate: 8000),
        Codec(payload: 13, name: "CN", clockRate: 8000), Codec(payload: 18, name: "G729", clockRate: 8000),
      ].map { ($0.payload, $0) })
  }

  /// What the payload types stand for, in order of preference. Those that are neither mapped nor assigned are left out.
  public var codecs: [Codec] {
    let maps = rtp
    return payloads.compactMap { text in
      guard let payload = Int(text) else { return nil }
      guard let map = maps.first(where: { $0.payload == payload }) else { return Codec.assigned[payload] }
      return Codec(
        payload: payload, name: map.codec, clockRate: map.rate, channels: map.encoding.flatMap { Int($0) } ?? 1)
    }
  }
}
