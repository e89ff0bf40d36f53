import LinkLogic
import LinkMedia
import LinkProtocol

/// The STUN and TURN servers of a call (part 03 §12.1).
enum CallServers {
  /// Leaves out what the engine would refuse, and gives TURN servers the subscription's credentials (R-ICE-2 to R-ICE-4).
  static func make(_ configured: [ICEServer], turn: TurnCredentials?) -> [ICEServer] {
    configured.compactMap { server in
      var server = server
      server.urls = server.urls.compactMap(clean)
      guard !server.urls.isEmpty else { return nil }
      if server.urls.contains(where: isTURN) {
        if let turn {
          server.username = turn.username
          server.credential = turn.password
        }
      } else {
        server.username = nil
        server.credential = nil
      }
      return server
    }
  }

  private static func isTURN(_ url: String) -> Bool { url.hasPrefix("turn:") || url.hasPrefix("turns:") }

  /// A TURN URL keeps only its transport, a STUN URL has no query.
  private static func clean(_ url: String) -> String? {
    let parts = url.split(separator: "?", maxSplits: 1).map(String.init)
    guard let base = parts.first, let scheme = base.split(separator: ":").first?.lowercased(), base.count > scheme.count + 1
    else { return nil }
    let address = scheme + base.dropFirst(scheme.count)
    switch scheme {
    case "stun", "stuns": return address
    case "turn", "turns":
      let transport = parts.count == 2 ? parts[1].split(separator: "&").first { $0.hasPrefix("transport=") } : nil
      return transport.map { "\(address)?\($0)" } ?? address
    default: return nil
    }
  }
}

extension CallSources {
  init(_ options: MakeOptions) {
    self.init(microphone: options.microphone, camera: options.camera)
  }

  init(_ options: AnswerOptions) {
    self.init(microphone: options.microphone, camera: options.camera)
  }
}

extension Configuration.CallSettings {
  /// R-CALL-760, R-MEDIA-82.
  var statisticsLogInterval: Duration? {
    webrtcLogCollectionInterval.flatMap { $0 > 0 ? max(Duration(milliseconds: $0), .milliseconds(100)) : nil }
  }
}

extension OpusParameters {
  init(_ configuration: Configuration.OpusConfiguration) {
    self.init(
      maxPlaybackRate: configuration.maxPlaybackRate.map(Double.init),
      maxAverageBitrate: configuration.maxAverageBitrate.map(Double.init), fec: configuration.fec.map(Double.init),
      dtx: configuration.dtx.map(Double.init), ptime: configuration.ptime)
  }
}
