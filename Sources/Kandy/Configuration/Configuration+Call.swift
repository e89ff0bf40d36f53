public import LinkLogic
public import LinkMedia
public import LinkProtocol

extension Configuration {
  /// `config.call` (part 01 §1.4). Changes take effect with the next connection.
  public struct CallSettings: Sendable, ConfigurationSection {
    public var callDefaults = CallDefaults()
    /// Without effect outside a browser.
    public var chromeExtensionId: String?
    /// Whether the statistics of the last call are kept in `Surroundings.storage` (R-CALL-750).
    public var recordCallStats = false
    public var earlyMedia = false
    /// Milliseconds between the audits of a call.
    public var callAuditTimer = 30_000.0
    /// Milliseconds.
    public var activeCallTimeoutMS = 120_000.0
    /// Whether an incoming call is answered with `ringing`.
    public var ringingFeedback = false
    /// Deprecated: the payload types that codecs get (R-SDP-60).
    public var codecsToReplace: [CodecReplacement]?
    public var videoInactiveOnHold = false
    public var forceDisableMediaOnHold = false
    /// Milliseconds after which a gathering that has found a candidate counts as finished.
    public var iceCandidateCollectionTimeoutInterval = 3_000.0
    /// Documented as a boolean, used as a number of cycles: `true` counts as one, `false` as none.
    public var relayCandidateCollectionTimeoutCycle = FlagOrCount(0)
    /// Without effect outside a browser.
    public var callConstraints: JSONValue?
    public var bundlePolicy = BundlePolicy.disabled
    public var opusConfig: OpusConfiguration?
    /// Milliseconds, as documented (D-21), between entries of a call's statistics in the log, at level trace while
    /// `logs.enableFcsLogs` is on; at least 100. `nil`, and what is not above zero, logs nothing.
    public var webrtcLogCollectionInterval: Double?
    /// Only relay candidates (D-20).
    public var useRelay = false
    public var trickleIceSupport = TrickleICE.none
    public var continuity = false
    /// Whether calls are checked each time a WebSocket opens (R-CONN-660).
    public var resyncOnConnect = false
    /// Code that sees and may change every session description. Not part of JSON; changes are effective for later operations.
    public var sdpHandlers: [SDPHandler] = []

    /// STUN and TURN servers (undocumented).
    public var iceserver: [ICEServerEntry] = []
    /// Whether the subscription's TURN credentials replace those of `iceserver` (R-CONN-536, undocumented).
    public var serverProvidedTurnCredentials = false
    /// Without effect: `false` means nothing outside a browser (undocumented).
    public var webrtcdtls = true
    /// Another name of `useRelay`, the one that 3.16 read (undocumented).
    public var useRelayOnly = false
    /// Whether every callee's address is normalised. Read at each outgoing call (undocumented).
    public var normalizeDestination = false

    public init() {}
    static let fields: [ConfigurationField<Self>] = [
      .init("callDefaults", \.callDefaults),
      .init("chromeExtensionId", \.chromeExtensionId),
      .init("recordCallStats", \.recordCallStats),
      .init("earlyMedia", \.earlyMedia),
      .init("callAuditTimer", \.callAuditTimer),
      .init("activeCallTimeoutMS", \.activeCallTimeoutMS),
      .init("ringingFeedback", \.ringingFeedback),
      .init("codecsToReplace", \.codecsToReplace),
      .init("videoInactiveOnHold", \.videoInactiveOnHold),
      .init("forceDisableMediaOnHold", \.forceDisableMediaOnHold),
      .init("iceCandidateCollectionTimeoutInterval", \.iceCandidateCollectionTimeoutInterval),
      .init("relayCandidateCollectionTimeoutCycle", \.relayCandidateCollectionTimeoutCycle),
      .init("callConstraints", \.callConstraints),
      .init("bundlePolicy", \.bundlePolicy),
      .init("opusConfig", \.opusConfig),
      .init("webrtcLogCollectionInterval", \.webrtcLogCollectionInterval),
      .init("useRelay", \.useRelay),
      .init("trickleIceSupport", \.trickleIceSupport),
      .init("continuity", \.continuity),
      .init("resyncOnConnect", \.resyncOnConnect),
      .init("iceserver", \.iceserver),
      .init("serverProvidedTurnCredentials", \.serverProvidedTurnCredentials),
      .init("webrtcdtls", \.webrtcdtls),
      .init("useRelayOnly", \.useRelayOnly),
      .init("normalizeDestination", \.normalizeDestination),
    ]
  }

  /// `config.call.callDefaults`: what `make` and `answer` take when their options do not say.
  public struct CallDefaults: Sendable, ConfigurationSection {
    public var isAudioEnabled = true
    public var isVideoEnabled = true
    public var sendInitialVideo = false
    /// Who sees the far end. Not part of JSON.
    public var remoteVideoContainer: (any VideoRenderer)?
    /// Who sees this end. Not part of JSON.
    public var localVideoContainer: (any VideoRenderer)?

    public init() {}
    static let fields: [ConfigurationField<Self>] = [
      .init("isAudioEnabled", \.isAudioEnabled),
      .init("isVideoEnabled", \.isVideoEnabled),
      .init("sendInitialVideo", \.sendInitialVideo),
    ]
  }

  /// `config.call.opusConfig`.
  public struct OpusConfiguration: Sendable, Hashable, ConfigurationSection, ConfigurationDefault {
    /// Hertz, 8000–48000.
    public var maxPlaybackRate: Int?
    /// Bits per second, 6000–510000.
    public var maxAverageBitrate: Int?
    /// 0 or 1.
    public var fec: Int?
    /// 0 or 1.
    public var dtx: Int?
    /// Milliseconds, 2.5–120.
    public var ptime: Double?

    public init() {}
    static let fields: [ConfigurationField<Self>] = [
      .init("maxPlaybackRate", \.maxPlaybackRate),
      .init("maxAverageBitrate", \.maxAverageBitrate),
      .init("fec", \.fec),
      .init("dtx", \.dtx),
      .init("ptime", \.ptime),
    ]
  }

  /// `config.call.trickleIceSupport`.
  public enum TrickleICE: String, Sendable, Hashable, Codable, CaseIterable, ConfigurationValue {
    case none, half, full
  }

  /// A number that may be written as a boolean.
  public struct FlagOrCount: Sendable, Hashable, ExpressibleByIntegerLiteral, ConfigurationValue {
    public var count: Int

    public init(_ count: Int) { self.count = count }
    public init(integerLiteral value: Int) { count = value }

    mutating func merge(_ json: JSONValue, at path: String) -> [ConfigurationProblem] {
      if let flag = json.boolValue {
        count = flag ? 1 : 0
        return []
      }
      return count.merge(json, at: path)
    }
    var configurationJSON: JSONValue? { count == 0 ? false : .integer(Int64(count)) }
  }

  /// One entry of `config.call.iceserver`. `urls` may be written as one string, and as `url`.
  public struct ICEServerEntry: Sendable, Hashable, ConfigurationValue, ConfigurationDefault {
    public var server: ICEServer

    public init() { server = ICEServer(urls: []) }
    public init(_ server: ICEServer) { self.server = server }

    mutating func merge(_ json: JSONValue, at path: String) -> [ConfigurationProblem] {
      guard let urls = json["urls"] ?? json["url"] else { return [ConfigurationProblem(path, "an object with urls")] }
      if let url = urls.stringValue {
        server.urls = [url]
      } else {
        let problems = server.urls.merge(urls, at: "\(path).urls")
        guard problems.isEmpty else { return problems }
      }
      server.username = json["username"]?.stringValue
      server.credential = json["credential"]?.stringValue
      return []
    }
    var configurationJSON: JSONValue? {
      .members([
        "urls": server.urls.configurationJSON, "username": server.username.map { .string($0) },
        "credential": server.credential.map { .string($0) },
      ])
    }
  }
}

extension BundlePolicy: ConfigurationValue {}

/// `{"name": "telephone-event/8000", "value": 101}`; the value may be written as text.
extension CodecReplacement: ConfigurationValue, ConfigurationDefault {
  init() { self.init(name: "", value: 0) }

  mutating func merge(_ json: JSONValue, at path: String) -> [ConfigurationProblem] {
    guard let name = json["name"]?.stringValue, !name.isEmpty,
      let value = json["value"]?.intValue ?? json["value"]?.stringValue.flatMap({ Int($0) })
    else { return [ConfigurationProblem(path, "an object with a name such as VP8/90000 and a payload type as value")] }
    self = CodecReplacement(name: name, value: value)
    return []
  }
  var configurationJSON: JSONValue? { ["name": .string(name), "value": .integer(Int64(value))] }
}
