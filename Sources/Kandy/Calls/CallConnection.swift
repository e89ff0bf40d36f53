import LinkLogic
import LinkMedia
import LinkProtocol

/// One peer of a call and what is known about it. Confined to the call's `CallMedia`.
final class CallConnection {
  let peer: any MediaPeer
  /// Tells the connections of a call apart.
  let number: Int
  /// The role in the DTLS association (R-DTLS-3).
  var localRole: DTLSRole?
  /// The descriptions in force, as they were set.
  var local: SessionDescription?
  var remote: SessionDescription?
  /// Our offer, while it waits for its answer.
  var localOffer: SessionDescription?
  /// The engine's description when the last one left, before the handlers: what it has need not be trickled. `nil` while one is made.
  var sent: SessionDescription?
  /// What the peer was last told to send as sound, and whether that is more than the microphone.
  var outgoing: (any AudioSource)?
  var isMixed = false
  /// The engine could not go back to where it was: the next exchange needs another peer.
  var isSpoilt = false
  var state = ICEConnectionState.new
  var progress = CandidateCollection.Progress.gathering
  /// Counts what might let a description leave.
  private(set) var news = 0
  /// What the present gathering has found and what has not been considered for being trickled yet.
  var foundCandidates: [ICECandidate] = []
  var flush: Task<Void, Never>?

  private var waiter: CheckedContinuation<Void, Never>?
  private let pump: Task<Void, Never>

  init(_ peer: any MediaPeer, number: Int, happened: @escaping @Sendable (PeerEvent) async -> Void) {
    self.peer = peer
    self.number = number
    let events = peer.events
    pump = Task {
      for await event in events { await happened(event) }
    }
  }

  func beginGathering() {
    progress = .gathering
    sent = nil
    foundCandidates = []
  }

  /// Something happened that is worth another look.
  func wake() {
    news += 1
    waiter?.resume()
    waiter = nil
  }

  /// Returns with the next news, or when the time is up and `wake` has been called for it.
  func waitForNews(
    atMost limit: Duration, clock: any Clock<Duration>, timeIsUp: @escaping @Sendable () async -> Void,
    isolation: isolated (any Actor)? = #isolation
  ) async {
    let timer = Task {
      do { try await clock.sleep(for: limit) } catch { return }
      await timeIsUp()
    }
    await withCheckedContinuation { waiter = $0 }
    timer.cancel()
  }

  /// Closes the peer and ends whoever waits for it.
  func close(isolation: isolated (any Actor)? = #isolation) async {
    wake()
    flush?.cancel()
    await peer.close()
    pump.cancel()
  }
}
