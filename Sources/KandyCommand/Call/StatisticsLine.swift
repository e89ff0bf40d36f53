import Kandy
import LinkProtocol

/// A second of a call's media in one line, for a person: what comes, what goes, how far away the other end is, how well it can be heard.
struct StatisticsLine: CustomStringConvertible {
  let sample: CallSample

  var description: String {
    var parts: [String] = []
    if let inbound = sample.audio.inbound {
      parts.append("in \(Self.rate(inbound.bitrate)), loss \(Self.percent(inbound.fractionLost))")
      if let jitter = inbound.jitter { parts.append("jitter \(Self.milliseconds(jitter))") }
    }
    if let outbound = sample.audio.outbound { parts.append("out \(Self.rate(outbound.bitrate))") }
    if let time = sample.roundTripTime { parts.append("rtt \(Self.milliseconds(time))") }
    parts.append("MOS \(sample.mos.map(Self.tenths) ?? "-")")
    if let video = sample.video.inbound, video.packets > 0 {
      parts.append("video in \(Self.rate(video.bitrate))\(Self.frames(video))")
    }
    if let video = sample.video.outbound, video.packets > 0 { parts.append("video out \(Self.rate(video.bitrate))") }
    return parts.joined(separator: "  ")
  }

  private static func frames(_ video: CallSample.Inbound) -> String {
    guard let width = video.frameWidth, let height = video.frameHeight, let rate = video.framesPerSecond else { return "" }
    return " \(width)×\(height) at \(whole(rate))"
  }

  private static func rate(_ bitrate: Double) -> String { "\(whole(bitrate / 1_000)) kbit/s" }
  private static func percent(_ share: Double) -> String { "\(tenths(share * 100)) %" }
  private static func milliseconds(_ seconds: Double) -> String { "\(whole(seconds * 1_000)) ms" }

  private static func whole(_ value: Double) -> String { "\(Int(value.rounded()))" }

  private static func tenths(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }
}
