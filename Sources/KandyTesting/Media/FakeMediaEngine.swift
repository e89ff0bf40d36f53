public import LinkMedia
import Synchronization

/// A media engine without threads, timers, randomness or sockets, as strict as libwebrtc: what that refuses, this refuses, in the
/// same words where they are known.
///
/// Operations are done when their function returns. Ends connect through the network that their engines share; media flows only
/// when the test pumps it. Ids, ports, credentials and fingerprints are counted, so every run writes the same descriptions.
public final class FakeMediaEngine: MediaEngine {
  public let network: FakeMediaNetwork
  private let initialization: MediaInitialization
  private let gathering: FakeGathering
  private let faults = FakeMediaFaults()
  private let state = Mutex<(peers: [FakeMediaPeer], isShutDown: Bool)>(([], false))

  /// - Parameters:
  ///   - network: what the ends of a call have in common; give the same to both clients' engines.
  ///   - initialization: what `initialize` reports.
  ///   - gathering: whether candidates come at once or when the test says.
  public init(
    network: FakeMediaNetwork = FakeMediaNetwork(), initialization: MediaInitialization = .initialized,
    gathering: FakeGathering = .atOnce
  ) {
    self.network = network
    self.initialization = initialization
    self.gathering = gathering
  }

  // MARK: - MediaEngine

  public func initialize() async -> MediaInitialization {
    initialization
  }

  /// - Throws: `MediaError` with code `closed` after `shutdown`, or what `failNext` was given.
  public func makePeer(_ configuration: PeerConfiguration) async throws -> any MediaPeer {
    if isShutDown { throw MediaError(.closed, "The engine has been shut down.") }
    try await faults.pass(.makePeer)
    let peer = FakeMediaPeer(configuration, network: network, gathering: gathering, faults: faults)
    state.withLock { $0.peers.append(peer) }
    return peer
  }

  public func shutdown() async {
    let peers = state.withLock { state in
      state.isShutDown = true
      return state.peers
    }
    for peer in peers { await peer.close() }
  }

  // MARK: - The test's end

  /// Every peer that was made, in order, closed ones included.
  public var peers: [FakeMediaPeer] { state.withLock { $0.peers } }

  /// The peers that have not been closed.
  public var openPeers: [FakeMediaPeer] { peers.filter { !$0.isClosed } }

  public var isShutDown: Bool { state.withLock { $0.isShutDown } }

  /// Makes the next operation of this kind, on whatever peer, fail without any effect. Several failures queue up.
  public func failNext(_ operation: FakeMediaOperation, _ error: MediaError = MediaError(.engine, "The test wants it so.")) {
    faults.fail(operation, error)
  }

  /// Holds up the next operation of this kind, and with it all later ones of the same peer, until the test releases it.
  public func holdNext(_ operation: FakeMediaOperation) -> FakeMediaHold {
    faults.hold(operation)
  }

  /// Lets the next operation of this kind that a peer does take effect, and holds up its result until the test releases it: what
  /// happens meanwhile is not in it. Operations of the same peer that come later wait.
  public func holdNextResult(_ operation: FakeMediaOperation) -> FakeMediaHold {
    faults.holdResult(operation)
  }
}
