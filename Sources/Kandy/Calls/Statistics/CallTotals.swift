import LinkProtocol

/// What `call.recordCallStats` keeps of a call (R-CALL-750, R-MEDIA-80): counters summed over all peers that it has had, and the latest of
/// what is no counter.
struct CallTotals: Sendable, Hashable, Codable {
  struct Medium: Sendable, Hashable, Codable {
    var packetsSent = 0
    var bytesSent = 0
    var bytesReceived = 0
    /// `address:port` of the far end.
    var peerAddress: String?
    /// Such as `opus`.
    var codec: String?
    /// Of what was sent, as the far end reports it.
    var packetsLost = 0
    /// Of what was received, in milliseconds; audio only.
    var jitter: Int?
    /// Milliseconds.
    var rtt: Int?
  }

  private(set) var audio = Medium()
  private(set) var video = Medium()

  /// Adds the last reading of a peer.
  mutating func add(_ statistics: CallStatistics) {
    audio.add(statistics, .audio)
    video.add(statistics, .video)
  }
}

extension CallTotals.Medium {
  fileprivate mutating func add(_ statistics: CallStatistics, _ kind: MediaKind) {
    let (outbound, inbound) = (statistics[kind].outbound, statistics[kind].inbound)
    packetsSent += outbound?.packetsSent ?? 0
    bytesSent += outbound?.bytesSent ?? 0
    bytesReceived += inbound?.bytesReceived ?? 0
    packetsLost += max(0, outbound?.remote?.packetsLost ?? 0)
    codec = (outbound?.codec ?? inbound?.codec)?.name ?? codec
    if kind == .audio { jitter = inbound?.jitter.flatMap(milliseconds) ?? jitter }
    guard outbound != nil || inbound != nil else { return }
    rtt = (outbound?.remote?.roundTripTime ?? statistics.roundTripTime).flatMap(milliseconds) ?? rtt
    peerAddress = statistics.transport(of: kind)?.selectedCandidatePair?.remote?.text ?? peerAddress
  }
}

private func milliseconds(_ seconds: Double) -> Int? { Int(exactly: (seconds * 1_000).rounded()) }

extension CallStatistics.Candidate {
  fileprivate var text: String? {
    guard let address, let port else { return nil }
    return address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)"
  }
}
