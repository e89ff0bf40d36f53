import LinkLogic
import LinkMedia
import LinkProtocol
import Synchronization

/// What connects the ends of fake calls, and the only clock of their media.
///
/// Two ends are connected when each has the other's ICE credentials in a description that is in force, section by section, and
/// at least one of them knows a candidate of the other for every transport. Media flows when fingerprints and DTLS roles match as
/// well, so a description that was damaged on its way shows as silence here as it would on a real line.
public final class FakeMediaNetwork: Sendable {
  fileprivate struct Member {
    var core: FakePeerCore
    let events: AsyncStream<PeerEvent>.Continuation
    /// The end that this one is connected to, and by which credentials.
    var link: (peer: Int, transports: [Int: [ICECredentials]])?
    /// Whether nothing goes over that connection any more.
    var isCut = false
  }

  fileprivate struct State {
    var lastID = 0
    var members: [Int: Member] = [:]
    var isBroken = false
    var lastWatcher = 0
    var watchers: [Int: AsyncStream<Void>.Continuation] = [:]
  }

  private let state = Mutex(State())

  public init() {}

  // MARK: - The test's end

  /// Lets a number of 10 ms pass: every microphone that is connected is read and heard at the far end, every camera is asked as
  /// often as its rate says and seen there, as far as the directions in force and `setSending` allow. A disabled track sends silence and black.
  public func pump(frames count: Int = 1) {
    for _ in 0..<count {
      let flows = state.withLock { state in state.isBroken ? [] : state.flows() }
      // All are read before anybody hears: what is passed on, as in a bridge, arrives one step later.
      let sent = flows.map { ($0, $0.audio(), $0.picture()) }
      for (flow, audio, picture) in sent {
        if let audio { for sink in flow.sinks { sink.receive(audio) } }
        if let picture { for renderer in flow.renderers { renderer.render(picture) } }
        state.withLock { $0.count(flow, audio: audio != nil, video: picture != nil) }
      }
    }
  }

  /// Interrupts every connection: the ends become disconnected and nothing flows.
  public func interrupt() {
    update { state in
      state.isBroken = true
      for id in state.members.keys where state.members[id]?.core.ice == .connected {
        state.members[id]?.core.report(.disconnected)
      }
    }
  }

  /// Mends what `interrupt` did: ends that have not failed are connected again.
  public func mend() {
    update { state in
      state.isBroken = false
      for id in state.members.keys where state.members[id]?.core.ice == .disconnected && state.members[id]?.isCut == false {
        state.members[id]?.core.report(.connected)
      }
      state.connect()
    }
  }

  /// Cuts every connection for good, as when a device has changed its network: the ends become disconnected, and only an ICE
  /// restart connects them again (R-UP-27).
  public func cut() {
    update { state in
      for id in state.members.keys where state.members[id]?.link != nil {
        state.members[id]?.isCut = true
        if state.members[id]?.core.ice == .connected { state.members[id]?.core.report(.disconnected) }
      }
    }
  }

  /// Returns when the condition holds. It is looked at now, and whenever an end has been made, changed or closed.
  /// - Throws: `CancellationError` when the waiting task is cancelled before.
  public func until(_ condition: () -> Bool) async throws {
    let (changes, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let id = state.withLock { state in
      state.lastWatcher += 1
      state.watchers[state.lastWatcher] = continuation
      return state.lastWatcher
    }
    defer { state.withLock { _ = $0.watchers.removeValue(forKey: id) } }
    if condition() { return }
    for await _ in changes where condition() { return }
    throw CancellationError()
  }

  // MARK: - Members

  func join(_ configuration: PeerConfiguration, _ gathering: FakeGathering) -> (Int, AsyncStream<PeerEvent>) {
    let (events, continuation) = AsyncStream.makeStream(of: PeerEvent.self)
    let id = state.withLock { state in
      state.lastID += 1
      let core = FakePeerCore(id: state.lastID, configuration: configuration, gathering: gathering)
      state.members[state.lastID] = Member(core: core, events: continuation)
      return state.lastID
    }
    return (id, events)
  }

  func read<Value>(_ id: Int, _ body: (FakePeerCore) -> Value) -> Value? {
    state.withLock { $0.members[id]?.core }.map(body)
  }

  /// - Throws: `MediaError.closed`, or what the operation throws; a refused operation changes nothing.
  func perform<Value: Sendable>(_ id: Int, _ body: (inout FakePeerCore) throws -> Value) throws -> Value {
    try update { state in
      guard var core = state.members[id]?.core, !core.isClosed else { throw MediaError.closed }
      let value = try body(&core)
      state.members[id]?.core = core
      state.connect()
      return value
    }
  }

  func deliver(_ tone: FakeTone, from id: Int) {
    state.withLock { state in
      guard !state.isBroken, let far = state.secured(id) else { return }
      state.members[far]?.core.receivedTones.append(tone)
    }
  }

  func close(_ id: Int) {
    update { state in
      state.members[id]?.core.close()
      state.members[id]?.link = nil
    }
    state.withLock { $0.members[id]?.events }?.finish()
  }

  func leave(_ id: Int) {
    let member = state.withLock { $0.members.removeValue(forKey: id) }
    member?.events.finish()
  }

  /// Changes the state and reports what happened to everybody.
  private func update<Value: Sendable>(_ body: (inout State) throws -> Value) rethrows -> Value {
    try state.withLock { state in
      let value = try body(&state)
      for watcher in state.watchers.values { watcher.yield() }
      for id in state.members.keys.sorted() {
        guard let member = state.members[id], !member.core.news.isEmpty else { continue }
        for event in member.core.news { member.events.yield(event) }
        state.members[id]?.core.news = []
      }
      return value
    }
  }
}

// MARK: - Connections

extension FakeMediaNetwork.State {
  /// Connects the ends that have come to match, and lets go of those that wait for somebody new.
  fileprivate mutating func connect() {
    let ids = members.keys.sorted()
    for id in ids {
      guard let member = members[id], let own = member.core.agreement?.transports, !own.isEmpty else { continue }
      if member.link.map({ $0.transports != own }) ?? (member.core.ice == .new) {
        members[id]?.link = nil
        members[id]?.isCut = false
        members[id]?.core.report(.checking)
      }
    }
    if isBroken { return }
    for id in ids where members[id]?.link == nil {
      for other in ids where other != id && isMatch(id, other) {
        for (near, far) in [(id, other), (other, id)] {
          guard let transports = members[near]?.core.agreement?.transports else { continue }
          if members[near]?.link.map({ $0.peer == far && $0.transports == transports }) ?? false { continue }
          members[near]?.link = (far, transports)
          members[near]?.core.report(.connected)
        }
      }
    }
  }

  private func isMatch(_ id: Int, _ other: Int) -> Bool {
    guard let near = members[id]?.core, let far = members[other]?.core, !near.isClosed, !far.isClosed,
      let mine = near.agreement, let theirs = far.agreement
    else { return false }
    let transports = mine.transports
    guard !transports.isEmpty, transports.mapValues({ Array($0.reversed()) }) == theirs.transports else { return false }
    return transports.keys.allSatisfy { index in
      near.knowsCandidate(mine, index) || far.knowsCandidate(theirs, index)
    }
  }

  /// The far end, if media flows to and from it.
  fileprivate func secured(_ id: Int) -> Int? {
    guard let link = members[id]?.link, members[id]?.isCut == false, members[link.peer]?.link?.peer == id,
      let near = members[id]?.core,
      let far = members[link.peer]?.core, near.ice != .failed, far.ice != .failed, !near.isStalled, !far.isStalled,
      near.farFingerprint == far.fingerprint, far.farFingerprint == near.fingerprint, let role = near.role,
      far.role == role.other
    else { return nil }
    return link.peer
  }

  // MARK: - Media

  fileprivate mutating func flows() -> [FakeFlow] {
    members.keys.sorted().compactMap { id in
      guard let farID = secured(id), let near = members[id]?.core, let far = members[farID]?.core else { return nil }
      var flow = FakeFlow(from: id, to: farID)
      if near.sends(.audio, to: far) {
        (flow.microphone, flow.isAudible, flow.sinks) = (near.microphone, near.enabled[.audio] ?? true, far.sinks)
        flow.tones = near.toneSound
      }
      if near.sends(.video, to: far), let camera = near.camera {
        let progress = near.pictureProgress + 10 * camera.framesPerSecond
        members[id]?.core.pictureProgress = progress % 1000
        if progress >= 1000 {
          (flow.camera, flow.isVisible, flow.renderers) = (camera, near.enabled[.video] ?? true, far.renderers)
        }
      }
      return flow
    }
  }

  fileprivate mutating func count(_ flow: FakeFlow, audio: Bool, video: Bool) {
    for (kind, happened) in [(MediaKind.audio, audio), (.video, video)] where happened {
      members[flow.from]?.core.sentFrames[kind, default: 0] += 1
      members[flow.to]?.core.receivedFrames[kind, default: 0] += 1
    }
  }
}

extension FakePeerCore {
  /// Whether a candidate of the far end is known for the transport of a section.
  func knowsCandidate(_ agreement: FakeAgreement, _ index: Int) -> Bool {
    agreement.remote.media[index].mid.map { (remoteCandidates[$0] ?? 0) > 0 } ?? false
  }

  /// Whether what this end sends of a kind reaches the other: both directions allow it and a codec is common.
  func sends(_ kind: MediaKind, to far: FakePeerCore) -> Bool {
    guard sending[kind] ?? true, let mine = transceiver(kind), let theirs = far.transceiver(kind),
      mine.currentDirection?.sends == true,
      theirs.currentDirection?.receives == true, let agreement,
      let index = agreement.local.media.firstIndex(where: { $0.mid == mine.mid })
    else { return false }
    return !Set(agreement.local.media[index].payloads).isDisjoint(with: agreement.remote.media[index].payloads)
  }

  mutating func close() {
    isClosed = true
    (microphone, camera, sinks, renderers) = (nil, nil, [], [])
    report(.closed)
  }
}

/// What goes from one end to another in one step of 10 ms.
struct FakeFlow: Sendable {
  let from: Int
  let to: Int
  var microphone: (any AudioSource)?
  var isAudible = true
  var tones: DTMFMixer?
  var sinks: [any AudioSink] = []
  var camera: (any VideoSource)?
  var isVisible = true
  var renderers: [any VideoRenderer] = []

  init(from: Int, to: Int) {
    self.from = from
    self.to = to
  }

  /// A disabled track is read on, so that a file goes on where it would have been.
  func audio() -> AudioFrame? {
    guard let microphone else { return nil }
    var samples = [Int16](repeating: 0, count: 480)
    samples.withUnsafeMutableBufferPointer { microphone.read(into: $0) }
    // Telephone events go instead of the microphone's sound, also when that is muted.
    if let tones, tones.isPlaying {
      samples.withUnsafeMutableBufferPointer { tones.read(into: $0) }
      return AudioFrame(samples: samples, sampleRate: 48_000)
    }
    return AudioFrame(samples: isAudible ? samples : [Int16](repeating: 0, count: 480), sampleRate: 48_000)
  }

  func picture() -> VideoFrame? {
    guard let frame = camera?.nextFrame() else { return nil }
    if isVisible { return frame }
    let size = frame.width * frame.height
    let rest = PlanarPicture.byteCount(width: frame.width, height: frame.height) - size
    let bytes = [UInt8](repeating: 16, count: size) + [UInt8](repeating: 128, count: rest)
    return PlanarPicture(width: frame.width, height: frame.height, bytes: bytes)
      .map { VideoFrame(buffer: $0, rotation: frame.rotation, timestamp: frame.timestamp) }
  }
}
