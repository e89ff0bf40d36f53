import LinkLogic
import LinkProtocol

/// A codec of the fake engine, with the payload type that it proposes by itself.
struct FakeCodec: Hashable {
  var payload: Int
  /// `opus/48000/2`
  var name: String
  var parameters: String?
  var feedback: [String] = []
  /// The codec whose packets this one sends again.
  var repairs: Int?

  static func all(_ kind: MediaKind) -> [FakeCodec] {
    switch kind {
    case .audio: audio
    case .video: video
    }
  }

  private static let audio = [
    FakeCodec(payload: 111, name: "opus/48000/2", parameters: "minptime=10;useinbandfec=1", feedback: ["transport-cc"]),
    FakeCodec(payload: 9, name: "G722/8000"), FakeCodec(payload: 0, name: "PCMU/8000"),
    FakeCodec(payload: 8, name: "PCMA/8000"),
    FakeCodec(payload: 110, name: "telephone-event/48000"), FakeCodec(payload: 126, name: "telephone-event/8000"),
  ]

  private static let pictures = ["goog-remb", "transport-cc", "ccm fir", "nack", "nack pli"]

  private static let video = [
    FakeCodec(payload: 96, name: "VP8/90000", feedback: pictures),
    FakeCodec(payload: 97, name: "rtx/90000", repairs: 96),
    FakeCodec(payload: 98, name: "VP9/90000", parameters: "profile-id=0", feedback: pictures),
    FakeCodec(payload: 99, name: "rtx/90000", repairs: 98),
    FakeCodec(payload: 102, name: "H264/90000", parameters: h264(mode: 1), feedback: pictures),
    FakeCodec(payload: 103, name: "rtx/90000", repairs: 102),
    FakeCodec(payload: 104, name: "H264/90000", parameters: h264(mode: 0), feedback: pictures),
    FakeCodec(payload: 105, name: "rtx/90000", repairs: 104),
  ]

  private static func h264(mode: Int) -> String {
    "level-asymmetry-allowed=1;packetization-mode=\(mode);profile-level-id=42e01f"
  }

  /// The lines that describe the codec.
  var lines: [SDPLine] {
    let fmtp = repairs.map { "apt=\($0)" } ?? parameters
    return ["a=rtpmap:\(payload) \(name)"] + feedback.map { "a=rtcp-fb:\(payload) \($0)" }
      + (fmtp.map { ["a=fmtp:\(payload) \($0)"] } ?? [])
  }

  /// Whether a payload type of the far end stands for this codec; retransmissions are matched by what they repair.
  private func matches(_ codec: MediaSection.Codec, parameters far: String) -> Bool {
    let channels = codec.channels > 1 ? "/\(codec.channels)" : ""
    guard repairs == nil, "\(codec.name)/\(codec.clockRate)\(channels)".lowercased() == name.lowercased() else { return false }
    guard name.hasPrefix("H264") else { return true }
    let mode = far.contains("packetization-mode=1")
    return mode == (parameters ?? "").contains("packetization-mode=1")
      && (!far.contains("profile-level-id") || far.contains("id=42"))
  }

  /// What of a far section this engine understands, in the far end's order and with its payload types.
  static func common(_ kind: MediaKind, with section: MediaSection) -> [FakeCodec] {
    let parameters = Dictionary(section.fmtp.map { ($0.payload, $0.config) }, uniquingKeysWith: { first, _ in first })
    var found: [FakeCodec] = []
    for codec in section.codecs {
      guard var own = all(kind).first(where: { $0.matches(codec, parameters: parameters[codec.payload] ?? "") }) else {
        continue
      }
      own.payload = codec.payload
      found.append(own)
    }
    let repairing = section.codecs.filter { $0.name.lowercased() == "rtx" }.compactMap { codec -> FakeCodec? in
      guard let config = parameters[codec.payload],
        let number = config.firstRange(of: "apt=").map({ config[$0.upperBound...] }),
        let repaired = Int(number.prefix { $0.isNumber }), found.contains(where: { $0.payload == repaired })
      else { return nil }
      return FakeCodec(payload: codec.payload, name: "rtx/90000", repairs: repaired)
    }
    return section.payloads.compactMap { payload in (found + repairing).first { String($0.payload) == payload } }
  }
}
