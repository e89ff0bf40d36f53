import LinkLogic
import LinkMedia
import LinkProtocol

/// One end of a fake connection as a value: everything but suspension. Refusals are worded like libwebrtc's.
struct FakePeerCore {
  let id: Int
  let configuration: PeerConfiguration
  let gatheringMode: FakeGathering

  /// What has happened and not been reported yet.
  var news: [PeerEvent] = []
  var isClosed = false
  var signaling = FakeSignalingState.stable
  var gathering = GatheringState.new
  var ice = ICEConnectionState.new
  var transceivers: [FakeTransceiver] = []
  /// By mid.
  var transports: [String: FakeTransport] = [:]
  /// How many candidates of the far end are known, by mid.
  var remoteCandidates: [String: Int] = [:]
  var currentLocal: SessionDescription?
  var currentRemote: SessionDescription?
  var pendingLocal: SessionDescription?
  var pendingRemote: SessionDescription?
  var agreement: FakeAgreement?
  /// This end's role in the DTLS association.
  var role: SetupRole?
  /// The far end's fingerprint when the association was made.
  var farFingerprint: SessionDescription.Fingerprint?
  /// A new far end on a live association is not served (R-DTLS-16).
  var isStalled = false
  var rollbackPoint: FakeRollbackPoint?

  var microphone: (any AudioSource)?
  var camera: (any VideoSource)?
  var enabled: [MediaKind: Bool] = [:]
  var sending: [MediaKind: Bool] = [:]
  var sinks: [any AudioSink] = []
  var renderers: [any VideoRenderer] = []
  var sentTones: [FakeTone] = []
  var receivedTones: [FakeTone] = []
  /// What the far end hears of the tones that were sent.
  let toneSound = DTMFMixer()
  var sentFrames: [MediaKind: Int] = [:]
  var receivedFrames: [MediaKind: Int] = [:]
  /// What the test wants to have been counted.
  var reportedStatistics: [StatisticsRecord]?
  /// Towards the camera's next picture, in thousandths.
  var pictureProgress = 0

  private var lastCredentials = 0
  private var lastTransceiver = 0
  private var lastPort = 0
  var version = 1

  init(id: Int, configuration: PeerConfiguration, gathering: FakeGathering) {
    self.id = id
    self.configuration = configuration
    gatheringMode = gathering
  }

  // MARK: - Identity

  var sessionID: String { String(4_611_731_400_430_000_000 + id) }

  var fingerprint: SessionDescription.Fingerprint {
    let bytes = (0..<32).map { (id * 31 + $0 * 7) & 0xFF }
    return .init(type: "sha-256", hash: bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: ":"))
  }

  mutating func makeCredentials() -> ICECredentials? {
    lastCredentials += 1
    let name = "fake\(id)x\(lastCredentials)"
    return ICECredentials(ufrag: name, pwd: "\(name).0123456789abcdefghijklmn")
  }

  // MARK: - Transceivers

  /// The transceiver of a kind that is in use; one with a section comes first.
  func transceiver(_ kind: MediaKind) -> FakeTransceiver? {
    let live = transceivers.filter { $0.kind == kind && !$0.isStopped }
    return live.first { $0.mid != nil } ?? live.first
  }

  mutating func change(_ id: Int?, _ body: (inout FakeTransceiver) -> Void) {
    guard let index = transceivers.firstIndex(where: { $0.id == id }) else { return }
    body(&transceivers[index])
  }

  @discardableResult
  mutating func makeTransceiver(_ kind: MediaKind, _ direction: MediaDirection, mid: String? = nil) -> FakeTransceiver {
    lastTransceiver += 1
    let transceiver = FakeTransceiver(
      id: lastTransceiver, kind: kind, mid: mid, direction: direction, isMadeByRemote: mid != nil)
    transceivers.append(transceiver)
    return transceiver
  }

  mutating func addTransceiver(_ kind: MediaKind, _ direction: MediaDirection) {
    if let existing = transceiver(kind) {
      change(existing.id) { $0.direction = direction }
    } else {
      makeTransceiver(kind, direction)
    }
  }

  mutating func setDirection(_ kind: MediaKind, _ direction: MediaDirection) throws {
    guard let transceiver = transceiver(kind) else {
      throw MediaError(.invalidState, "There is no transceiver of this kind.")
    }
    change(transceiver.id) { $0.direction = direction }
  }

  /// In section order; what has no section yet comes last.
  var kindsInOrder: [MediaKind] {
    let order = (pendingLocal ?? pendingRemote ?? currentLocal)?.media.compactMap(\.mid) ?? []
    return MediaKind.allCases.compactMap { transceiver($0) }
      .map { ($0.kind, $0.mid.flatMap { order.firstIndex(of: $0) } ?? .max, $0.id) }
      .sorted { ($0.1, $0.2) < ($1.1, $1.2) }.map(\.0)
  }

  // MARK: - Candidates

  mutating func makeTransport(_ credentials: ICECredentials) -> FakeTransport {
    lastPort += 1
    return FakeTransport(credentials: credentials, port: 40_000 + 2 * lastPort)
  }

  /// The candidates of a transport: the machine's address, and what the servers would add.
  func candidates(_ transport: FakeTransport) -> [String] {
    let urls = configuration.iceServers.flatMap(\.urls)
    let (address, tail) = ("192.0.2.\(id % 250 + 1)", "generation 0 ufrag \(transport.credentials.ufrag) network-id 1")
    let port = transport.port
    var candidates: [String] = []
    if !configuration.relayOnly {
      candidates.append("candidate:1 1 udp 2122260223 \(address) \(port) typ host \(tail)")
      if urls.contains(where: { $0.hasPrefix("stun") }) {
        candidates.append(
          "candidate:2 1 udp 1686052607 203.0.113.\(id % 250 + 1) \(port) typ srflx raddr \(address) rport \(port) \(tail)")
      }
    }
    if urls.contains(where: { $0.hasPrefix("turn") }) {
      candidates.append("candidate:3 1 udp 41885439 198.51.100.1 \(port) typ relay raddr \(address) rport \(port) \(tail)")
    }
    return candidates
  }

  /// Gives every section that waits for them its candidates.
  mutating func gather() {
    guard let local = pendingLocal ?? currentLocal else { return }
    for (index, section) in local.media.enumerated() {
      guard let mid = section.mid, let transport = transports[mid], !transport.isGathered else { continue }
      transports[mid]?.isGathered = true
      for candidate in candidates(transport) {
        news.append(.candidate(ICECandidate(candidate: candidate, sdpMid: mid, sdpMLineIndex: index)))
      }
    }
  }

  mutating func finishGathering() {
    guard gathering == .gathering else { return }
    gather()
    gathering = .complete
    news.append(.gatheringState(.complete))
  }

  mutating func addCandidate(_ candidate: ICECandidate) throws {
    guard let remote = pendingRemote ?? currentRemote else {
      throw MediaError(.invalidState, "The remote description was null.")
    }
    if candidate.candidate.isEmpty { return }
    guard Candidate(candidate.candidate) != nil else {
      throw MediaError(.invalidCandidate, "Expects at least 8 fields.")
    }
    let byMid = remote.media.firstIndex { $0.mid != nil && $0.mid == candidate.sdpMid }
    let byIndex =
      candidate.sdpMid == nil ? candidate.sdpMLineIndex.flatMap { remote.media.indices.contains($0) ? $0 : nil } : nil
    guard let index = byMid ?? byIndex, let mid = remote.media[index].mid else {
      throw MediaError(.invalidCandidate, "The mid or the index of the candidate belongs to no section.")
    }
    remoteCandidates[mid, default: 0] += 1
  }

  // MARK: - Tones

  /// - Throws: what libwebrtc has against sending tones now.
  func checkTones() throws {
    guard ice == .connected, let transceiver = transceiver(.audio), transceiver.currentDirection?.sends == true,
      sending[.audio] ?? true, let agreement
    else { throw MediaError(.invalidState, "No audio is being sent.") }
    guard let index = agreement.local.media.firstIndex(where: { $0.mid == transceiver.mid }),
      !Self.events(agreement.local.media[index]).isDisjoint(with: Self.events(agreement.remote.media[index]))
    else { throw MediaError(.unsupported, "The far end does not take telephone events.") }
  }

  mutating func sendTones(_ tones: DTMFTones) throws {
    try checkTones()
    sentTones.append(FakeTone(tones))
    toneSound.play(tones)
  }

  /// The clock rates of the telephone events. Each end sends with the numbers of the other (RFC 3264 §6.1).
  private static func events(_ section: MediaSection) -> Set<Int> {
    Set(section.codecs.filter { $0.name.lowercased() == "telephone-event" }.map(\.clockRate))
  }
}
