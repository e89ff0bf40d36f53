import KandyWebRTC
import LinkMedia
import LinkProtocol

/// One end of a connection in a test: a peer, the reader of its events and its instruments.
final class End {
  let peer: any MediaPeer
  let ear = Ear()
  let eye = Eye()
  private(set) var seen: [PeerEvent] = []
  private var events: AsyncStream<PeerEvent>.AsyncIterator

  init(_ engine: WebRTCEngine, _ configuration: PeerConfiguration = PeerConfiguration()) async throws {
    peer = try await engine.makePeer(configuration)
    events = peer.events.makeAsyncIterator()
    try await peer.setAudioSinks([ear])
    try await peer.setVideoRenderers([eye])
  }

  /// Reads events up to this one. - Returns: `false` if the stream ended first.
  func reaches(_ event: PeerEvent) async -> Bool {
    while let next = await events.next(isolation: #isolation) {
      seen.append(next)
      if next == event { return true }
    }
    return false
  }

  /// Reads events until the gathering has ended. - Returns: the local description with every candidate.
  func gathered() async throws -> String {
    while try await peer.gatheringState() != .complete {
      guard let next = await events.next(isolation: #isolation) else { throw MediaError.closed }
      seen.append(next)
    }
    return try await peer.localDescription() ?? ""
  }

  /// Connected or completed, whatever comes first.
  func connects() async -> Bool {
    while let next = await events.next(isolation: #isolation) {
      seen.append(next)
      if next == .iceConnectionState(.connected) || next == .iceConnectionState(.completed) { return true }
    }
    return false
  }

  /// Ends the end. - Returns: everything that has happened to it.
  func closes() async -> [PeerEvent] {
    await peer.close()
    while let next = await events.next(isolation: #isolation) { seen.append(next) }
    return seen
  }

  func offer(iceRestart: Bool = false, keepingGroups: Bool = false) async throws -> String {
    let offer = try await peer.createOffer(iceRestart: iceRestart)
    try await peer.setLocalDescription(.offer, keepingGroups ? offer : unbundled(offer))
    return try await gathered()
  }

  func answer(keepingGroups: Bool = false) async throws -> String {
    let answer = try await peer.createAnswer()
    try await peer.setLocalDescription(.answer, keepingGroups ? answer : unbundled(answer))
    return try await gathered()
  }
}

/// Two ends that speak with different voices and look at each other's patterns.
struct Pair {
  let alice: End
  let bob: End
  let aliceMouth: Mouth
  let bobMouth: Mouth
  let aliceLens: Lens
  let bobLens: Lens

  /// - Parameter hz: Alice's and Bob's tones.
  init(_ engine: WebRTCEngine, hz: (Double, Double) = (440, 1000), _ configuration: PeerConfiguration = .init()) async throws {
    alice = try await End(engine, configuration)
    bob = try await End(engine, configuration)
    (aliceMouth, bobMouth) = (Mouth(hz: hz.0), Mouth(hz: hz.1))
    (aliceLens, bobLens) = (try Lens(), try Lens())
  }

  /// Alice offers, Bob answers; both send all of these kinds.
  /// - Parameter answering: what becomes of the offer on its way to Bob.
  func connect(
    _ kinds: [MediaKind], keepingGroups: Bool = false, answering change: (String) -> String = { $0 }
  ) async throws {
    try await alice.equip(kinds, aliceMouth, aliceLens)
    let offer = try await alice.offer(keepingGroups: keepingGroups)
    try await bob.peer.setRemoteDescription(.offer, change(offer))
    try await bob.equip(kinds, bobMouth, bobLens)
    try await alice.peer.setRemoteDescription(.answer, try await bob.answer(keepingGroups: keepingGroups))
  }

  /// A later exchange: one end wants other directions, the other keeps its own.
  func renegotiate(_ offerer: End, _ answerer: End) async throws -> (offer: String, answer: String) {
    let offer = try await offerer.offer()
    try await answerer.peer.setRemoteDescription(.offer, offer)
    let answer = try await answerer.answer()
    try await offerer.peer.setRemoteDescription(.answer, answer)
    return (offer, answer)
  }

  func close() async {
    await alice.peer.close()
    await bob.peer.close()
  }
}

extension End {
  func equip(_ kinds: [MediaKind], _ mouth: Mouth, _ lens: Lens) async throws {
    for kind in kinds {
      try await peer.addTransceiver(kind, direction: .sendrecv)
      switch kind {
      case .audio: try await peer.setMicrophone(mouth)
      case .video: try await peer.setCamera(lens)
      }
    }
  }
}
