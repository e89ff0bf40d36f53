import LinkLogic
import LinkMedia
import LinkProtocol
import Synchronization

/// The bridges of one client: keeps their records, and gives each bridged call its place in the mix.
///
/// Who is in which bridge is decided at once, under a lock, so that calls that end meanwhile, and functions that are called at the same
/// time, find it decided. The media of the calls concerned follows; a place knows whether it is still taken, so the order in which
/// it follows does not matter.
final class AudioBridgeService: Sendable {
  private struct Member {
    let media: CallMedia
    let seat: BridgeSeat
  }

  private struct State {
    var table = AudioBridgeTable()
    /// Of the bridges that are open.
    var mixers: [AudioBridge.ID: AudioMixer] = [:]
    /// The calls that are in a bridge.
    var members: [CallID: Member] = [:]

    func members(of bridge: AudioBridge) -> [Member] { bridge.calls.compactMap { members[$0] } }

    mutating func release(_ call: CallID) -> Member? {
      let member = members.removeValue(forKey: call)
      member?.seat.leave()
      return member
    }
  }

  private let context: ServiceContext
  private let media: MediaService
  private let log: TargetLogger
  private let state = Mutex(State())

  /// - Parameter media: knows whether media works.
  init(_ context: ServiceContext, media: MediaService) {
    self.context = context
    self.media = media
    log = context.log.logger(.call)
  }

  // MARK: - Bridges

  func create() throws(BasicError) -> AudioBridge.ID {
    log.invoked("audioBridge.create")
    try context.lifetime.check()
    guard media.isInitialized else {
      let why = "Media is not initialized: it is with the first connection, if there is a media engine."
      throw report(BasicError(.audioBridgeNotSupported, "Feature not supported by browser.", cause: why))
    }
    let id = AudioBridge.ID(context.makeID())
    state.withLock { state in
      state.table.create(id)
      state.mixers[id] = AudioMixer()
    }
    changed(id)
    return id
  }

  func close(_ id: AudioBridge.ID) async throws(BasicError) {
    log.invoked("audioBridge.close")
    let members = try decide { state throws(BasicError) in
      let bridge = try state.table.update(id) { $0.status = .closed }
      state.mixers[id] = nil
      return bridge.calls.compactMap { state.release($0) }
    }
    await withDiscardingTaskGroup { group in
      for member in members { group.addTask { await self.settle(member) } }
    }
    changed(id)
  }

  func getAll() throws(BasicError) -> [AudioBridge] {
    try context.lifetime.check()
    return state.withLock { $0.table.all }
  }

  // MARK: - Calls

  /// - Parameter call: `nil` when there is no such call.
  func add(_ call: Call?, to id: AudioBridge.ID) async throws(BasicError) {
    log.invoked("audioBridge.addCall")
    let (call, member) = try decide { state throws(BasicError) in try Self.add(call, to: id, &state) }
    do {
      try await member.media.follow(member.seat)
    } catch {
      let why = overtaken(member, call, id)
      await takeBack(member, call, id)
      throw report(
        why ?? BasicError(.audioBridgeUnknownError, "An unknown error occurred.", cause: "\(error)"))
    }
    if let error = overtaken(member, call, id) { throw report(error) }
    changed(id)
  }

  /// Why a call is not in the bridge to which it was being added: the bridge was closed meanwhile, or the call ended or was removed.
  private func overtaken(_ member: Member, _ call: CallID, _ id: AudioBridge.ID) -> BasicError? {
    state.withLock { state in
      if state.members[call]?.seat === member.seat { return nil }
      do throws(BasicError) {
        try state.table.update(id) { _ in }
        return .unknownBridgeOrCall
      } catch {
        return error
      }
    }
  }

  private static func add(
    _ call: Call?, to id: AudioBridge.ID, _ state: inout State
  ) throws(BasicError) -> (CallID, Member) {
    let record = call.map(\.record)
    // Of an ended call there is nothing left to be added.
    let callID = record?.state == .ended ? nil : record?.id
    let isHeld = record.map { $0.localHold && !$0.remoteHold } ?? false
    let members = state.members
    let bridge = try state.table.add(callID, to: id, isHeld: isHeld) { other in
      (other == callID ? call?.driver.media : members[other]?.media)?.hasRemoteAudio.load(ordering: .relaxed) ?? false
    }
    guard let call, let mixer = state.mixers[id] else { throw .unknownBridgeOrCall }
    let seat = BridgeSeat(at: mixer, mutes: bridge.muted, silences: bridge.silenced)
    let member = Member(media: call.driver.media, seat: seat)
    state.members[call.id] = member
    return (call.id, member)
  }

  private func takeBack(_ member: Member, _ call: CallID, _ id: AudioBridge.ID) async {
    state.withLock { state in
      guard state.members[call]?.seat === member.seat else { return }
      _ = state.release(call)
      try? state.table.remove(call, from: id)
    }
    await settle(member)
  }

  /// - Parameter call: `nil` when there is no such call.
  func remove(_ call: Call?, from id: AudioBridge.ID) async throws(BasicError) {
    log.invoked("audioBridge.removeCall")
    let member = try decide { state throws(BasicError) in
      try state.table.remove(call?.id, from: id)
      return call.flatMap { state.release($0.id) }
    }
    if let member { await settle(member) }
    changed(id)
  }

  /// R-CALL-715.
  func callEnded(_ call: CallID) {
    let bridge = state.withLock { state -> AudioBridge.ID? in
      guard let bridge = state.table.bridge(of: call) else { return nil }
      _ = state.release(call)
      try? state.table.remove(call, from: bridge)
      return bridge
    }
    if let bridge { changed(bridge) }
  }

  // MARK: - Mute and silence

  /// R-CALL-718: without the media engine, so that nothing that it is busy with delays it.
  func mute(_ on: Bool, _ id: AudioBridge.ID) throws(BasicError) {
    log.invoked(on ? "audioBridge.mute" : "audioBridge.unmute")
    try decide { state throws(BasicError) in
      let bridge = try state.table.update(id) { $0.muted = on }
      for member in state.members(of: bridge) { member.seat.mute(on) }
    }
    changed(id)
  }

  func silence(_ on: Bool, _ id: AudioBridge.ID) async throws(BasicError) {
    log.invoked(on ? "audioBridge.silence" : "audioBridge.unsilence")
    let members = try decide { state throws(BasicError) in
      let bridge = try state.table.update(id) { $0.silenced = on }
      let members = state.members(of: bridge)
      for member in members { member.seat.silence(on) }
      return members
    }
    for member in members { await member.media.arrangeSpeaker() }
    changed(id)
  }

  // MARK: -

  /// Changes the records. A refusal is reported.
  private func decide<Result: Sendable>(
    _ change: (inout State) throws(BasicError) -> Result
  ) throws(BasicError) -> Result {
    try context.lifetime.check()
    do throws(BasicError) {
      return try state.withLock { state throws(BasicError) in try change(&state) }
    } catch {
      throw report(error)
    }
  }

  /// Lets a call that has left go on alone. If the engine fails, its place goes on passing the microphone on.
  private func settle(_ member: Member) async {
    do {
      try await member.media.follow(member.seat)
    } catch {
      log.warn("A call that left its bridge could not be given its microphone back.", ["cause": .string("\(error.cause)")])
    }
  }

  private func changed(_ id: AudioBridge.ID) { context.events.emit(.audioBridgeChange(id)) }

  private func report(_ error: BasicError) -> BasicError {
    context.events.emit(.audioBridgeError(error))
    return error
  }
}
