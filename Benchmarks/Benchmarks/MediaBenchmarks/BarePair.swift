import KandyWebRTC
import LinkMedia
import LinkProtocol

/// Two peers of the engine with nothing between them: the baseline of a call.
struct BarePair {
  private var offerer: BareEnd
  private var answerer: BareEnd

  /// Makes the peers and connects them.
  static func connect(_ engine: WebRTCEngine) async throws -> BarePair {
    var pair = BarePair(offerer: try await BareEnd(engine), answerer: try await BareEnd(engine))
    try await pair.offerer.equip(hz: 500)
    let offer = try await pair.offerer.describe(.offer, try await pair.offerer.peer.createOffer(iceRestart: false))
    try await pair.answerer.peer.setRemoteDescription(.offer, offer)
    try await pair.answerer.equip(hz: 900)
    let answer = try await pair.answerer.describe(.answer, try await pair.answerer.peer.createAnswer())
    try await pair.offerer.peer.setRemoteDescription(.answer, answer)
    await pair.offerer.connected()
    await pair.answerer.connected()
    return pair
  }

  func close() async {
    await offerer.peer.close()
    await answerer.peer.close()
  }
}

private struct BareEnd {
  let peer: any MediaPeer
  private var events: AsyncStream<PeerEvent>.AsyncIterator
  /// An answerer may be connected before it has all its candidates.
  private var isConnected = false

  init(_ engine: WebRTCEngine) async throws {
    peer = try await engine.makePeer(PeerConfiguration())
    events = peer.events.makeAsyncIterator()
  }

  func equip(hz: Double) async throws {
    try await peer.addTransceiver(.audio, direction: .sendrecv)
    try await peer.setMicrophone(ToneSource(hz: hz))
    try await peer.setAudioSinks([NullSink()])
  }

  /// Sets a description of its own, without BUNDLE as is the SDK's default. - Returns: it, with all candidates.
  mutating func describe(_ type: DescriptionType, _ description: String) async throws -> String {
    let unbundled = description.split(separator: "\r\n").filter { !$0.hasPrefix("a=group:BUNDLE") && $0 != "a=bundle-only" }
    try await peer.setLocalDescription(type, unbundled.map { $0 + "\r\n" }.joined())
    while try await peer.gatheringState() != .complete {
      guard await next() else { throw MediaError.closed }
    }
    return try await peer.localDescription() ?? ""
  }

  mutating func connected() async {
    while !isConnected, await next() {}
  }

  private mutating func next() async -> Bool {
    guard let event = await events.next(isolation: #isolation) else { return false }
    if event == .iceConnectionState(.connected) || event == .iceConnectionState(.completed) { isConnected = true }
    return true
  }
}
