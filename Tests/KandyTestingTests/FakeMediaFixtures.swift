import KandyTesting
import LinkLogic
import LinkMedia
import LinkProtocol
import Testing

/// Two ends of a call and what lies between them.
struct Ends {
  let network = FakeMediaNetwork()
  let engine: FakeMediaEngine
  let alice: FakeMediaPeer
  let bob: FakeMediaPeer

  init(_ configuration: PeerConfiguration = PeerConfiguration(), gathering: FakeGathering = .atOnce) async throws {
    engine = FakeMediaEngine(network: network, gathering: gathering)
    alice = try #require(try await engine.makePeer(configuration) as? FakeMediaPeer)
    bob = try #require(try await engine.makePeer(configuration) as? FakeMediaPeer)
  }

  /// One exchange. What is sent goes through `change` on its way, and is set as it left at its own end.
  @discardableResult
  func negotiate(
    from offerer: FakeMediaPeer? = nil, iceRestart: Bool = false, removingBundle: Bool = true,
    beforeAnswer: (FakeMediaPeer) async throws -> Void = { _ in }
  ) async throws -> (offer: SessionDescription, answer: SessionDescription) {
    let offerer = offerer ?? alice
    let answerer = offerer === alice ? bob : alice
    let prepare: (String) throws -> String = { try removingBundle ? unbundled($0) : $0 }
    try await offerer.setLocalDescription(.offer, try prepare(try await offerer.createOffer(iceRestart: iceRestart)))
    let offer = try #require(try await offerer.localDescription())
    try await answerer.setRemoteDescription(.offer, offer)
    try await beforeAnswer(answerer)
    try await answerer.setLocalDescription(.answer, try prepare(try await answerer.createAnswer()))
    let answer = try #require(try await answerer.localDescription())
    try await offerer.setRemoteDescription(.answer, answer)
    return (try SessionDescription(offer), try SessionDescription(answer))
  }

  /// A call with audio and, if wanted, video, everybody sending.
  func connect(video: Bool = false, removingBundle: Bool = true) async throws {
    try await alice.addTransceiver(.audio, direction: .sendrecv)
    if video { try await alice.addTransceiver(.video, direction: .sendrecv) }
    try await negotiate(removingBundle: removingBundle) { bob in
      for kind in try await bob.transceivers() { try await bob.setDirection(kind, .sendrecv) }
    }
  }
}

func unbundled(_ sdp: String) throws -> String {
  edited(sdp) { $0.hasPrefix("a=group:BUNDLE") || $0 == "a=bundle-only" ? nil : $0 }
}

/// The text with every line changed, or left out.
func edited(_ sdp: String, _ change: (String) -> String?) -> String {
  sdp.split(separator: "\r\n").compactMap { change(String($0)) }.map { $0 + "\r\n" }.joined()
}

/// The events that have been reported so far and have not been read.
func pending(_ peer: FakeMediaPeer) async -> [PeerEvent] {
  // Closing ends the stream, so this does not wait.
  await peer.close()
  return await peer.events.reduce(into: []) { $0.append($1) }
}

func code(_ body: () async throws -> Void) async -> MediaError.Code? {
  do {
    try await body()
    return nil
  } catch {
    return (error as? MediaError)?.code
  }
}
