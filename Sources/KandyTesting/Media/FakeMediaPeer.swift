import LinkLogic
public import LinkMedia
public import LinkProtocol
import Synchronization

/// One end of a fake connection.
public final class FakeMediaPeer: MediaPeer {
  /// Counts from 1 in the network.
  public let id: Int
  public let configuration: PeerConfiguration
  public let events: AsyncStream<PeerEvent>

  private let network: FakeMediaNetwork
  private let faults: FakeMediaFaults
  private let gate = FIFOGate()
  private let operations = Mutex<[FakeMediaOperation]>([])

  init(_ configuration: PeerConfiguration, network: FakeMediaNetwork, gathering: FakeGathering, faults: FakeMediaFaults) {
    self.configuration = configuration
    self.network = network
    self.faults = faults
    (id, events) = network.join(configuration, gathering)
  }

  deinit {
    network.leave(id)
  }

  /// The servers that hold for what is gathered next.
  public var servers: [ICEServer] { latestServers.withLock { $0 ?? configuration.iceServers } }
  private let latestServers = Mutex<[ICEServer]?>(nil)

  public func setServers(_ servers: [ICEServer]) async throws {
    try await perform(.setServers) { _ in latestServers.withLock { $0 = servers } }
  }

  // MARK: - Transceivers

  public func addTransceiver(_ kind: MediaKind, direction: MediaDirection) async throws {
    try await perform(.addTransceiver) { $0.addTransceiver(kind, direction) }
  }

  public func transceivers() async throws -> [MediaKind] {
    try await perform { $0.kindsInOrder }
  }

  public func setDirection(_ kind: MediaKind, _ direction: MediaDirection) async throws {
    try await perform(.setDirection) { try $0.setDirection(kind, direction) }
  }

  // MARK: - Descriptions

  public func createOffer(iceRestart: Bool) async throws -> String {
    try await perform(.createOffer) { try $0.createOffer(iceRestart: iceRestart) }
  }

  public func createAnswer() async throws -> String {
    try await perform(.createAnswer) { try $0.createAnswer() }
  }

  public func setLocalDescription(_ type: DescriptionType, _ sdp: String) async throws {
    try await perform(.setLocalDescription) { try $0.setLocal(type, sdp) }
  }

  public func setRemoteDescription(_ type: DescriptionType, _ sdp: String) async throws {
    try await perform(.setRemoteDescription) { try $0.setRemote(type, sdp) }
  }

  public func rollback() async throws {
    try await perform(.rollback) { try $0.rollback() }
  }

  public func localDescription() async throws -> String? {
    try await perform(.localDescription) { core in (core.pendingLocal ?? core.currentLocal).map { core.decorated($0) } }
  }

  public func gatheringState() async throws -> GatheringState {
    try await perform { $0.gathering }
  }

  public func addCandidate(_ candidate: ICECandidate) async throws {
    try await perform(.addCandidate) { try $0.addCandidate(candidate) }
  }

  // MARK: - Sources and sinks

  public func setMicrophone(_ source: (any AudioSource)?) async throws {
    try await perform(.setMicrophone) { $0.microphone = source }
  }

  public func setCamera(_ source: (any VideoSource)?) async throws {
    try await perform(.setCamera) { $0.camera = source }
  }

  public func setEnabled(_ kind: MediaKind, _ enabled: Bool) async throws {
    try await perform(.setEnabled) { $0.enabled[kind] = enabled }
  }

  public func setSending(_ kind: MediaKind, _ sending: Bool) async throws {
    try await perform(.setSending) { $0.sending[kind] = sending }
  }

  public func setAudioSinks(_ sinks: [any AudioSink]) async throws {
    try await perform(.setAudioSinks) { $0.sinks = sinks }
  }

  public func setVideoRenderers(_ renderers: [any VideoRenderer]) async throws {
    try await perform(.setVideoRenderers) { $0.renderers = renderers }
  }

  // MARK: - Tones and statistics

  public func canSendDTMF() async throws -> Bool {
    try await perform(.canSendDTMF) { core in (try? core.checkTones()) != nil }
  }

  public func sendDTMF(_ tones: DTMFTones) async throws {
    try await perform(.sendDTMF) { try $0.sendTones(tones) }
    network.deliver(FakeTone(tones), from: id)
  }

  public func statistics() async throws -> [StatisticsRecord] {
    // Not one after another with the rest: what asks for nothing but numbers keeps nothing from closing.
    if isClosed { throw MediaError.closed }
    operations.withLock { $0.append(.statistics) }
    try await faults.pass(.statistics)
    let statistics = try network.perform(id) { $0.reportedStatistics ?? $0.statistics }
    await faults.passResult(.statistics)
    return statistics
  }

  public func close() async {
    await gate.enter()
    defer { gate.leave() }
    guard !isClosed else { return }
    operations.withLock { $0.append(.close) }
    // A close cannot fail; a failure that is planned for it is used up.
    try? await faults.pass(.close)
    network.close(id)
  }

  /// Operations run one after another in the order of the calls.
  private func perform<Value: Sendable>(
    _ operation: FakeMediaOperation? = nil, _ body: @Sendable (inout FakePeerCore) throws -> Value
  ) async throws -> Value {
    await gate.enter()
    defer { gate.leave() }
    if isClosed { throw MediaError.closed }
    if let operation {
      operations.withLock { $0.append(operation) }
      try await faults.pass(operation)
    }
    let result = try network.perform(id, body)
    if let operation { await faults.passResult(operation) }
    return result
  }

  // MARK: - The test's end

  public var isClosed: Bool { network.read(id) { $0.isClosed } ?? true }
  public var signalingState: FakeSignalingState { network.read(id) { $0.signaling } ?? .stable }
  public var iceConnectionState: ICEConnectionState { network.read(id) { $0.ice } ?? .closed }
  public var microphone: (any AudioSource)? { network.read(id) { $0.microphone } ?? nil }
  public var camera: (any VideoSource)? { network.read(id) { $0.camera } ?? nil }
  public var audioSinks: [any AudioSink] { network.read(id) { $0.sinks } ?? [] }
  public var videoRenderers: [any VideoRenderer] { network.read(id) { $0.renderers } ?? [] }

  /// What was begun on this peer, in order, refused operations included.
  public var history: [FakeMediaOperation] { operations.withLock { $0 } }

  /// What this end wants for a kind; `nil` without a transceiver.
  public func direction(_ kind: MediaKind) -> MediaDirection? {
    network.read(id) { $0.transceiver(kind)?.direction } ?? nil
  }

  /// What the last answer has made of it; `nil` before, and for a rejected section.
  public func currentDirection(_ kind: MediaKind) -> MediaDirection? {
    network.read(id) { $0.transceiver(kind)?.currentDirection } ?? nil
  }

  /// Whether the track of a kind is enabled, as it is unless said otherwise.
  public func isEnabled(_ kind: MediaKind) -> Bool {
    network.read(id) { $0.enabled[kind] ?? true } ?? true
  }

  /// Whether packets of a kind may leave, as they may unless said otherwise.
  public func isSending(_ kind: MediaKind) -> Bool {
    network.read(id) { $0.sending[kind] ?? true } ?? true
  }

  /// The tones that were sent, and those that arrived from the far end. The far end's sinks hear them as well.
  public var sentTones: [FakeTone] { network.read(id) { $0.sentTones } ?? [] }
  public var receivedTones: [FakeTone] { network.read(id) { $0.receivedTones } ?? [] }

  /// Gathers the candidates of every section that waits for them. The gathering stays unfinished.
  public func gather() {
    try? network.perform(id) { $0.gather() }
  }

  /// Gathers what is missing and ends the gathering; nothing if none is under way.
  public func finishGathering() {
    try? network.perform(id) { $0.finishGathering() }
  }

  /// Makes `statistics` give these records from now on; `nil` makes it count what the network carries again.
  public func report(_ statistics: [StatisticsRecord]?) {
    try? network.perform(id) { $0.reportedStatistics = statistics }
  }

  /// Reports a state of the connection, as when the network breaks; a far end that is not fake is connected this way.
  public func report(_ state: ICEConnectionState) {
    try? network.perform(id) { $0.report(state) }
  }
}

extension FakePeerCore {
  mutating func report(_ state: ICEConnectionState) {
    guard state != ice else { return }
    ice = state
    news.append(.iceConnectionState(state))
  }

  /// One record for each stream and one for the connection.
  var statistics: [StatisticsRecord] {
    var records: [StatisticsRecord] = []
    for kind in MediaKind.allCases {
      guard let transceiver = transceiver(kind), let mid = transceiver.mid else { continue }
      let texts = ["kind": kind.rawValue, "mid": mid]
      let (sent, received) = (Double(sentFrames[kind] ?? 0), Double(receivedFrames[kind] ?? 0))
      records.append(
        StatisticsRecord(
          type: "outbound-rtp", id: "out-\(mid)", numbers: ["packetsSent": sent, "bytesSent": sent * 100], texts: texts))
      records.append(
        StatisticsRecord(
          type: "inbound-rtp", id: "in-\(mid)",
          numbers: ["packetsReceived": received, "bytesReceived": received * 100, "packetsLost": 0], texts: texts))
    }
    records.append(
      StatisticsRecord(
        type: "transport", id: "transport", numbers: [:],
        texts: ["iceState": ice.rawValue, "dtlsRole": role?.rawValue ?? "unknown"]))
    return records
  }
}
