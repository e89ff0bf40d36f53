import LinkLogic
import LinkMedia
import LinkProtocol
import OrderedCollections
import Synchronization

/// The calls of one client: makes them, gives notifications to the one that they are about, and remembers all of them.
final class CallService: Service {
  private struct State {
    var calls: OrderedDictionary<CallID, Call> = [:]
    /// Joined calls that the gateway has not accepted yet: the application does not know them (R-CALL-90).
    var unlisted: [CallID: Call] = [:]
    /// The calls that notifications may be about.
    var sessions: [SessionID: CallDriver] = [:]
    var runs: [CallID: Task<Void, Never>] = [:]
    var early = EarlyNotifications()
    var unansweredInvites = 0
    var hasWarnedOfDTLS = false
    /// What was configured when the connection was made (R-CALL-641).
    var configuration: Configuration.CallSettings?
  }

  let context: ServiceContext
  let media: MediaService
  private let turn: @Sendable () -> TurnCredentials?
  private let descriptions: @Sendable () -> [SDPHandler]
  private let callEnded: @Sendable (CallID) -> Void
  let requests: CallRequests
  let cache: CallCache
  let log: TargetLogger
  private let state = Mutex(State())
  /// In order: requests that belong to no call, which are `ringing` and the refusal of replacements, and what is kept of calls for
  /// the device's next process.
  let feedback = Lane()

  /// - Parameters:
  ///   - media: knows the default devices.
  ///   - turn: the subscription's TURN credentials (R-ICE-2).
  ///   - handlers: `call.sdpHandlers` as they are now (R-SDP-23).
  ///   - ended: is told of every call that has ended, behind its ENDED.
  init(
    _ context: ServiceContext, media: MediaService, turn: @escaping @Sendable () -> TurnCredentials? = { nil },
    handlers: @escaping @Sendable () -> [SDPHandler] = { [] }, ended: @escaping @Sendable (CallID) -> Void = { _ in }
  ) {
    self.context = context
    self.media = media
    self.turn = turn
    descriptions = handlers
    callEnded = ended
    requests = CallRequests(requests: context.requests)
    log = context.log.logger(.call)
    cache = CallCache(storage: context.storage, log: log)
  }

  var all: [Call] { state.withLock { Array($0.calls.values) } }

  func call(for id: CallID) -> Call? { state.withLock { $0.calls[id] } }

  // MARK: - What the application does

  func make(_ callee: String, _ options: MakeOptions) throws -> Call {
    log.invoked("call.make")
    try context.lifetime.check()
    guard let user = context.requests.username else {
      throw report(nil, BasicError(.callInvalidParameter, "A call needs a connection: call connect first."))
    }
    guard context.media != nil else {
      let error = BasicError(
        .callInitMediaFailed, MediaInitialization.failed.message, cause: "The client was created without a media engine.")
      throw report(nil, error)
    }
    if options.webrtcdtls == false { warnOfDTLS() }
    let settings = configuration
    let defaults = settings.callDefaults
    let domain = context.requests.domain ?? ""
    let normalizes = options.normalizeAddress == true || context.settings.current.call.normalizeDestination
    let outgoing = OutgoingCall(
      callee: normalizes && !callee.isEmpty ? AddressRules.normalize(callee, defaultDomain: domain) : callee,
      from: options.from, firstName: options.contact?.firstName ?? "", lastName: options.contact?.lastName ?? "",
      media: MediaWishes(
        audio: options.isAudioEnabled ?? defaults.isAudioEnabled, video: options.isVideoEnabled ?? defaults.isVideoEnabled,
        sendVideo: options.sendInitialVideo ?? defaults.sendInitialVideo, resolution: options.videoResolution),
      customParameters: options.customParameters)
    let machine = CallMachine(outgoing: outgoing, settings: machineSettings(user: user, domain: domain))
    let record = CallRecordOptions(
      contact: options.contact ?? CallContact(),
      webrtcdtls: options.webrtcdtls ?? settings.webrtcdtls, videoResolution: options.videoResolution,
      normalizeAddress: options.normalizeAddress)
    let call = add(machine, record)
    call.driver.use(CallSources(options))
    show(call, remote: options.remoteVideoContainer, local: options.localVideoContainer)
    call.driver.start { .make($0) }
    if let problem = outgoing.problem { throw BasicError(problem) }
    return call
  }

  /// Once: the option is a habit of whoever gives it.
  private func warnOfDTLS() {
    let isKnown = state.withLock { state in
      defer { state.hasWarnedOfDTLS = true }
      return state.hasWarnedOfDTLS
    }
    if !isKnown { log.warn("An option of call.make has no effect here.", ["key": "webrtcdtls"]) }
  }

  func answer(_ id: CallID, _ options: AnswerOptions) throws -> Call {
    log.invoked("call.answer")
    let call = try active(id, "Invalid call id.")
    guard call.record.direction == .incoming, call.record.state == .ringing else {
      throw report(id, BasicError(.callInvalidState, "Failed to answer call."))
    }
    let defaults = configuration.callDefaults
    let answer = CallAnswer(
      media: MediaWishes(
        audio: options.isAudioEnabled ?? defaults.isAudioEnabled, video: options.isVideoEnabled ?? defaults.isVideoEnabled,
        sendVideo: options.sendInitialVideo ?? defaults.sendInitialVideo, resolution: options.videoResolution),
      customParameters: options.customParameters)
    call.driver.forgetFailure()
    show(call, remote: options.remoteVideoContainer, local: options.localVideoContainer)
    call.driver.use(CallSources(options))
    call.driver.start { .answer(answer, $0) }
    return call
  }

  func ignore(_ id: CallID) async throws {
    log.invoked("call.ignore")
    try await operate(id) { .ignore($0) }
  }

  func reject(_ id: CallID) async throws {
    log.invoked("call.reject")
    try await operate(id) { .reject($0) }
  }

  func end(_ id: CallID) async throws {
    log.invoked("call.end")
    try await operate(id) { .end($0) }
  }

  func mute(_ on: Bool, _ id: CallID) async throws {
    log.invoked(on ? "call.mute" : "call.unmute")
    try await operate(id) { .mute(on, $0) }
  }

  func operate(
    _ id: CallID, orSay message: String = "Call not found.", _ input: (CallMachine.OperationID) -> CallMachine.Input
  ) async throws {
    let call = try active(id, message)
    if let failure = await call.driver.operate(input) { throw BasicError(failure) }
  }

  /// The call with this id, unless it has ended (R-CALL-518, R-CALL-519, R-CALL-550).
  func active(_ id: CallID, _ message: String) throws -> Call {
    try context.lifetime.check()
    guard let call = call(for: id), call.record.state != .ended else {
      throw report(id, BasicError(.callInvalidParameter, message))
    }
    return call
  }

  func report(_ id: CallID?, _ error: BasicError) -> BasicError {
    context.events.emit(.callError(id, error))
    return error
  }

  // MARK: - Making calls

  var configuration: Configuration.CallSettings {
    state.withLock { $0.configuration } ?? context.settings.current.call
  }

  /// Adds a call and starts to run it.
  /// - Parameter originals: the calls that this one joins; it is listed when the gateway has accepted it.
  func add(_ machine: CallMachine, _ record: CallRecordOptions, joining originals: [Call] = []) -> Call {
    let id = CallID(context.makeID())
    let facts = machine.facts
    var surroundings = surroundings(of: id)
    if !originals.isEmpty {
      surroundings.tellOriginals = { news in
        for original in originals { original.driver.send(news == .accepted ? .joined : .joinFailed) }
      }
    }
    let driver = CallDriver(
      id, facts: facts, options: record, media: mediaSetup(id, isOriginator: facts.direction == .outgoing),
      surroundings: surroundings)
    let call = Call(driver, calls: self)
    state.withLock { state in
      if originals.isEmpty { state.calls[id] = call } else { state.unlisted[id] = call }
      if let session = facts.session { state.sessions[session] = driver }
      // The run is the call's scope: it ends with the call, at the latest with the client.
      state.runs[id] = Task { [weak self] in
        await driver.run(machine)
        self?.ended(driver)
      }
    }
    return call
  }

  private func show(_ call: Call, remote: (any VideoRenderer)?, local: (any VideoRenderer)?) {
    let defaults = configuration.callDefaults
    if let remote = remote ?? defaults.remoteVideoContainer { call.addVideoRenderer(remote) }
    if let local = local ?? defaults.localVideoContainer { call.addLocalVideoRenderer(local) }
  }

  private func surroundings(of id: CallID) -> CallDriver.Surroundings {
    var surroundings = CallDriver.Surroundings(
      events: context.events, requests: requests, clock: context.clock, now: context.now,
      log: context.log.logger(.call, id: id.rawValue),
      registered: { [weak self] session in self?.register(session, id) },
      inviteSent: { [weak self] in self?.inviteSent() }, inviteAnswered: { [weak self] in self?.inviteAnswered() },
      ended: { [callEnded] in callEnded(id) }, metrics: context.metrics)
    surroundings.logInterval = configuration.statisticsLogInterval
    if configuration.recordCallStats, let user = context.requests.username {
      surroundings.counted = { [cache] totals in await cache.keep(totals, of: user) }
    }
    return surroundings
  }

  func machineSettings(user: String, domain: String) -> CallMachine.Settings {
    let configuration = configuration
    var settings = CallMachine.Settings(user: user, domain: domain)
    settings.earlyMedia = configuration.earlyMedia
    settings.videoInactiveOnHold = configuration.videoInactiveOnHold
    settings.forceDisableMediaOnHold = configuration.forceDisableMediaOnHold
    settings.resyncOnConnect = configuration.resyncOnConnect
    settings.timings.activeCall = Duration(milliseconds: configuration.activeCallTimeoutMS)
    if configuration.callAuditTimer > 0 {
      settings.timings.audit = max(Duration(milliseconds: configuration.callAuditTimer), .seconds(1))
    }
    return settings
  }

  private func mediaSetup(_ id: CallID, isOriginator: Bool) -> CallMedia.Setup {
    let configuration = configuration
    let (handlers, turn) = (descriptions, turn)
    if configuration.serverProvidedTurnCredentials, turn() == nil {
      log.warn("The server has sent no TURN credentials; those of the configuration are used.")
    }
    let peer: @Sendable () -> PeerConfiguration = {
      let credentials = configuration.serverProvidedTurnCredentials ? turn() : nil
      return PeerConfiguration(
        iceServers: CallServers.make(configuration.iceserver.map(\.server), turn: credentials),
        bundlePolicy: configuration.bundlePolicy, relayOnly: configuration.useRelay || configuration.useRelayOnly,
        streamID: id.rawValue)
    }
    let first = peer()
    return CallMedia.Setup(
      callID: id, engine: context.media, devices: media.callDevices, peer: peer,
      gathering: CandidateCollection(
        interval: Duration(milliseconds: configuration.iceCandidateCollectionTimeoutInterval),
        cycles: configuration.relayCandidateCollectionTimeoutCycle.count,
        mayBeEmpty: first.iceServers.isEmpty && !first.relayOnly),
      trickle: configuration.trickleIceSupport,
      descriptions: {
        SDPOptions(
          bundlePolicy: configuration.bundlePolicy, codecsToReplace: configuration.codecsToReplace ?? [],
          opus: configuration.opusConfig.map { OpusParameters($0) }, handlers: handlers())
      },
      isOriginator: isOriginator, clock: context.clock, now: context.now,
      log: context.log.logger(.call, id: id.rawValue))
  }
}

// MARK: - Sessions and notifications

extension CallService {
  private func register(_ session: SessionID, _ id: CallID) {
    state.withLock { state in
      if let call = state.unlisted.removeValue(forKey: id) { state.calls[id] = call }
      let driver = state.calls[id]?.driver
      state.sessions[session] = driver
      // Within the lock, so that none that comes now overtakes these.
      for notification in state.early.take(session, at: context.now()) {
        if let notice = CallNotice(notification) { driver?.send(.notice(notice)) }
      }
    }
  }

  private func inviteSent() {
    state.withLock { $0.unansweredInvites += 1 }
  }

  private func inviteAnswered() {
    state.withLock { state in
      state.unansweredInvites -= 1
      if state.unansweredInvites == 0 { state.early.clear() }
    }
  }

  private func ended(_ driver: CallDriver) {
    state.withLock { state in
      state.sessions = state.sessions.filter { $0.value !== driver }
      state.runs[driver.id] = nil
      state.unlisted[driver.id] = nil
    }
    let record = driver.store.record
    guard configuration.continuity, record.direction == .incoming, record.state == .ended, let session = record.session,
      let user = context.requests.username
    else { return }
    feedback.add { [cache] in await cache.forget(session, of: user) }
  }

  var eventTypes: Set<EventType> { EventType.calls }

  func handle(_ notification: Notification) async {
    guard let session = notification.session?.sessionData else { return }
    if notification.eventType == .call { return await receive(notification, session) }
    if notification.eventType == .startCallReplace { return refuseReplacement(session) }
    guard let notice = CallNotice(notification) else { return }
    let driver = state.withLock { state -> CallDriver? in
      if let driver = state.sessions[session] { return driver }
      if state.unansweredInvites > 0 { state.early.keep(notification, of: session, at: context.now()) }
      return nil
    }
    await driver?.deliver(.notice(notice))
  }

  /// R-CALL-180.
  private func receive(_ notification: Notification, _ session: SessionID) async {
    guard let incoming = IncomingCall(notification), let user = context.requests.username else { return }
    if configuration.ringingFeedback { post(.ringing, to: session) }
    await present(incoming, to: user)
  }

  /// Shows an incoming call, unless it is known.
  func present(_ incoming: IncomingCall, to user: String) async {
    let known = state.withLock { $0.sessions[incoming.session] }
    guard known == nil || known?.store.record.state == .ended else { return }
    let machine = CallMachine(
      incoming: incoming, settings: machineSettings(user: user, domain: context.requests.domain ?? ""))
    let call = add(machine, CallRecordOptions())
    // Kept before anybody can answer it, so that what the answer does to the cache comes afterwards.
    if configuration.continuity, incoming.actions.contains("answer") {
      feedback.add { [cache] in await cache.keep(incoming, of: user) }
    }
    await call.driver.deliver(.receive)
  }

  /// Replacing calls is never announced, so nobody should ask for it (R-CALL-481).
  private func refuseReplacement(_ session: SessionID) {
    post(.rejectCallReplace, to: session)
  }

  private func post(_ type: CallOperation, to session: SessionID) {
    feedback.add { [requests] in
      _ = await requests.perform(.update(session, CallControlRequest(type: type)))
    }
  }
}

// MARK: - The connection

extension CallService {
  func webSocketOpened(isReconnection: Bool) async {
    for call in all { call.driver.send(.channelOpened(isReconnection: isReconnection)) }
  }

  /// What is configured now counts for all calls of the connection that is about to be made (R-CALL-641).
  func captureConfiguration() {
    let configuration = context.settings.current.call
    state.withLock { $0.configuration = configuration }
  }

  func sessionConnected() async { await resume() }

  /// Without a subscription nothing can be said about a call any more, by either side.
  func sessionEnded() async {
    for driver in drivers { driver.send(.leave) }
  }

  /// Also of calls that are not listed yet.
  private var drivers: [CallDriver] {
    state.withLock { ($0.calls.values.map(\.driver)) + $0.unlisted.values.map(\.driver) }
  }

  /// Ends every call before the application's connection does (R-CALL-479): hangs up, and leaves what rings to the user's other
  /// devices. Returns when the gateway knows, at the latest after `limit`.
  func endAll(within limit: Duration = .seconds(3)) async {
    let drivers = drivers
    for driver in drivers where driver.store.record.state != .ended { driver.send(.leave) }
    let clock = context.clock
    await withTaskGroup { group in
      group.addTask { for driver in drivers { try? await driver.store.wait(for: .over) } }
      group.addTask { try? await clock.sleep(for: limit) }
      await group.next()
      group.cancelAll()
    }
  }

  func shutdown() async {
    feedback.end()
    let (calls, runs) = state.withLock { (Array($0.calls.values) + $0.unlisted.values, $0.runs) }
    for call in calls { call.driver.abandon() }
    for run in runs.values { await run.value }
  }
}
