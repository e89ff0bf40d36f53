import LinkLogic
import LinkMedia
import LinkProtocol

/// Where an offer/answer exchange stands (W3C names).
public enum FakeSignalingState: String, Sendable, Hashable {
  case stable, haveLocalOffer, haveRemoteOffer, haveLocalPranswer, haveRemotePranswer
}

/// How the fake engine gathers candidates.
public enum FakeGathering: Sendable, Hashable {
  /// A local description has all its candidates when setting it returns; the events are in the stream.
  case atOnce
  /// Nothing is gathered until the test calls `gather` and `finishGathering` of the peer.
  case byHand
}

/// A tone that one end has sent and the other received.
public struct FakeTone: Sendable, Hashable {
  public var tones: String
  public var duration: Duration
  public var gap: Duration

  public init(_ tones: String, duration: Duration, gap: Duration) {
    self.tones = tones
    self.duration = duration
    self.gap = gap
  }

  init(_ tones: DTMFTones) {
    self.init(tones.text, duration: tones.duration ?? DTMFTones.eventDuration, gap: tones.gap)
  }
}

/// What stands for a transceiver of libwebrtc.
struct FakeTransceiver: Hashable {
  let id: Int
  let kind: MediaKind
  var mid: String?
  /// What this end wants.
  var direction: MediaDirection
  /// What the last answer has made of it.
  var currentDirection: MediaDirection?
  var isStopped = false
  var isMadeByRemote = false
  /// Whether the far end's track has been announced.
  var isReceiving = false
}

/// The ICE transport of one section.
struct FakeTransport: Hashable {
  let credentials: ICECredentials
  let port: Int
  var isGathered = false
}

/// A local and a remote description that an answer has brought into force.
struct FakeAgreement: Hashable {
  var local: SessionDescription
  var remote: SessionDescription

  /// The sections with a transport of their own, and the credentials of both ends.
  var transports: [Int: [ICECredentials]] {
    var transports: [Int: [ICECredentials]] = [:]
    let bundled = FakeAgreement.bundled(local).intersection(FakeAgreement.bundled(remote))
    for index in local.media.indices where remote.media.indices.contains(index) {
      let (mine, theirs) = (local.media[index], remote.media[index])
      guard !mine.isRejected, !theirs.isRejected, !bundled.contains(mine.mid ?? "") else { continue }
      transports[index] = [local.iceCredentials(of: mine), remote.iceCredentials(of: theirs)].compactMap { $0 }
    }
    return transports
  }

  /// The sections that use the transport of the first one of their group.
  static func bundled(_ description: SessionDescription) -> Set<String> {
    Set(description.groups.filter { $0.type == "BUNDLE" }.flatMap { $0.mids.dropFirst() })
  }
}

/// What is taken back when an offer is.
struct FakeRollbackPoint {
  var transceivers: [FakeTransceiver]
  var transports: [String: FakeTransport]
  var remoteCandidates: [String: Int]
  var gathering: GatheringState
}
