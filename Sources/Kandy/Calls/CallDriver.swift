import LinkLogic
import LinkMedia
import LinkProtocol
import Synchronization

/// Runs the `CallMachine` of one call: performs what it wants and tells it what became of it.
///
/// The loop awaits only its inbox. Requests go through one lane and media work through another, each in order; a slow server or
/// a slow camera holds up neither the loop nor the other lane.
final class CallDriver: Sendable {
  /// Whom a driver turns to.
  struct Surroundings: Sendable {
    var events: EventHub
    var requests: CallRequests
    var clock: any Clock<Duration>
    var now: @Sendable () -> Int64
    var log: TargetLogger
    /// From now on notifications of this session belong to this call.
    var registered: @Sendable (SessionID) -> Void
    /// An invite leaves; until it is answered, notifications may be about its session.
    var inviteSent: @Sendable () -> Void
    /// The invite has been answered, one way or the other, and the machine knows.
    var inviteAnswered: @Sendable () -> Void
    /// The call has ended, and its events have been emitted.
    var ended: @Sendable () -> Void = {}
    /// What the two calls that this one joins have to know.
    var tellOriginals: @Sendable (CallMachine.JoinNews) -> Void = { _ in }
    var metrics = ClientMetrics.none
    /// How often statistics are logged; `nil` is never.
    var logInterval: Duration?
    /// The call is over, and this is what its peers have counted.
    var counted: @Sendable (CallTotals) async -> Void = { _ in }
  }

  private struct Message {
    var input: CallMachine.Input
    /// Resumed when the events that the input causes have been emitted.
    var processed: CheckedContinuation<Void, Never>?
  }

  let id: CallID
  let store: CallStore
  let media: CallMedia
  let board = StatisticsBoard()
  private let surroundings: Surroundings
  private let options: CallRecordOptions
  private let inbox: AsyncStream<Message>
  private let mail: AsyncStream<Message>.Continuation
  private let requestLane = Lane()
  private let mediaLane = Lane()
  private let timers: Timers<CallMachine.Timer>
  /// With each piece of media work. What it brings after its time is dropped by the machine, which has had the result then.
  private let patience: Timers<CallMachine.WorkID>
  /// Longer than candidates are ever waited for, and than a user needs who is asked whether the camera may be used.
  private static let mediaPatience: Duration = .seconds(60)
  private let operations = Mutex(Operations())
  private let isAbandoned = Atomic(false)

  private struct Operations {
    var last = 0
    var waiting: [Int: CheckedContinuation<CallFailure?, Never>] = [:]
  }

  init(
    _ id: CallID, facts: CallFacts, options: CallRecordOptions, media setup: CallMedia.Setup, surroundings: Surroundings
  ) {
    self.id = id
    self.options = options
    self.surroundings = surroundings
    store = CallStore(CallRecord(id: id, facts: facts, options: options))
    timers = Timers(clock: surroundings.clock)
    patience = Timers(clock: surroundings.clock)
    let (inbox, mail) = AsyncStream.makeStream(of: Message.self)
    self.inbox = inbox
    self.mail = mail
    media = CallMedia(setup, board: board) { report in
      switch report {
      case .connectionState(let state): mail.yield(Message(input: .mediaState(state)))
      case .candidates(let candidates): mail.yield(Message(input: .localCandidates(candidates)))
      }
    }
  }

  // MARK: - From outside

  /// Returns at once.
  func send(_ input: CallMachine.Input) {
    mail.yield(Message(input: input))
  }

  /// Returns when the events that the input causes have been emitted.
  func deliver(_ input: CallMachine.Input) async {
    await withCheckedContinuation { continuation in
      if case .terminated = mail.yield(Message(input: input, processed: continuation)) { continuation.resume() }
    }
  }

  /// Starts a user operation. - Returns: when it has finished, why it failed.
  func operate(_ input: (CallMachine.OperationID) -> CallMachine.Input) async -> CallFailure? {
    await withCheckedContinuation { continuation in
      let id = nextOperation(continuation)
      if case .terminated = mail.yield(Message(input: input(id))) {
        complete(id, CallFailure(.invalidParameter, "Call not found."))
      }
    }
  }

  /// Forgets why the last attempt to answer failed, before the next one.
  func forgetFailure() { store.update { $0.error = nil } }

  /// Says which devices the next work uses.
  func use(_ sources: CallSources) {
    mediaLane.add { [media] in await media.use(sources) }
  }

  /// Plays the far end on the default speaker, which has just been chosen.
  /// - Throws: `MediaError` when it cannot be had.
  func changeSpeaker() async throws { try await media.changeSpeaker() }

  /// Starts a user operation that nobody waits for.
  func start(_ input: (CallMachine.OperationID) -> CallMachine.Input) {
    mail.yield(Message(input: input(nextOperation(nil))))
  }

  private func nextOperation(_ continuation: CheckedContinuation<CallFailure?, Never>?) -> CallMachine.OperationID {
    operations.withLock { operations in
      operations.last += 1
      operations.waiting[operations.last] = continuation
      return operations.last
    }
  }

  private func complete(_ id: CallMachine.OperationID, _ failure: CallFailure?) {
    operations.withLock { $0.waiting.removeValue(forKey: id) }?.resume(returning: failure)
  }

  // MARK: - The loop

  /// Runs the call until nothing is outstanding, or until `abandon`.
  func run(_ machine: consuming CallMachine) async {
    var machine = machine
    var measurement = CallMeasurement(machine.facts, surroundings.metrics)
    var isSampling = false
    let sampler = CallSampler(
      id: id, media: media, store: store, board: board, events: surroundings.events, clock: surroundings.clock)
    await withDiscardingTaskGroup { group in
      if let interval = surroundings.logInterval {
        group.addTask { [log = surroundings.log] in await sampler.log(every: interval, log) }
      }
      for await message in inbox {
        if !isAbandoned.load(ordering: .relaxed) {
          step(&machine, message, in: &group)
          measurement.note(message.input, machine.facts, at: surroundings.now())
        }
        message.processed?.resume()
        if !isSampling, store.record.state.isEstablished {
          isSampling = true
          group.addTask { await sampler.run() }
        }
        if machine.isOver { mail.finish() }
      }
      group.cancelAll()
      await media.close()
    }
    measurement.finish()
    timers.cancelAll()
    patience.cancelAll()
    requestLane.end()
    mediaLane.end()
    abandonOperations()
    board.finish()
    if let totals = board.totals { await surroundings.counted(totals) }
    store.finish()
  }

  /// Gives the call up where it stands: media ends, nobody is told.
  func abandon() {
    isAbandoned.store(true, ordering: .relaxed)
    requestLane.end()
    mail.finish()
  }

  private func step(_ machine: inout CallMachine, _ message: Message, in group: inout DiscardingTaskGroup) {
    let effects = machine.handle(message.input, at: surroundings.now())
    let facts = machine.facts
    store.update(isNegotiating: facts.isNegotiating) { $0 = CallRecord(id: id, facts: facts, options: options) }
    for effect in effects { perform(effect, in: &group) }
  }

  private func perform(_ effect: CallMachine.Effect, in group: inout DiscardingTaskGroup) {
    switch effect {
    case .media(.close, let work):
      // Not through the lane: what is under way there has to end.
      group.addTask { [self] in send(.work(work, await media.perform(.close))) }
    case .media(let work, let id):
      patience.start(id, after: Self.mediaPatience) { [weak self] in
        self?.send(.work(id, .failed(MediaFailure(.engine, "The media engine did not answer in time."))))
      }
      mediaLane.add { [weak self, media] in
        let result = await media.perform(work)
        self?.patience.cancel(id)
        self?.send(.work(id, result))
      }
    case .adjust(let adjustment):
      mediaLane.add { [media] in await media.perform(adjustment) }
    case .send(let request, let id, let inOrder):
      send(request, id, inOrder: inOrder, in: &group)
    case .arm(let timer, let delay, let generation):
      timers.start(timer, after: delay) { [weak self] in self?.send(.timer(timer, generation: generation)) }
    case .cancel(let timer): timers.cancel(timer)
    case .registered(let session): surroundings.registered(session)
    case .tellOriginals(let news): surroundings.tellOriginals(news)
    case .emit(let event): emit(event)
    case .complete(let id, let failure): complete(id, failure)
    case .finished: break
    }
  }

  private func send(
    _ request: CallRequest, _ id: CallMachine.RequestID, inOrder: Bool, in group: inout DiscardingTaskGroup
  ) {
    let requests = surroundings.requests
    guard inOrder else {
      return group.addTask { [self] in send(.response(id, await requests.perform(request))) }
    }
    var isInvite = false
    if case .start = request {
      isInvite = true
      surroundings.inviteSent()
    }
    requestLane.add { [weak self, isInvite] in
      let response = await requests.perform(request)
      await self?.deliver(.response(id, response))
      if isInvite { self?.surroundings.inviteAnswered() }
    }
  }

  private func abandonOperations() {
    let waiting = operations.withLock { operations in
      defer { operations.waiting = [:] }
      return operations.waiting.values
    }
    for continuation in waiting {
      continuation.resume(returning: CallFailure(.invalidState, "The call has been abandoned."))
    }
  }

  // MARK: - Events

  private func emit(
    _ operation: RemoteOperation, _ transition: CallOperationChange.Transition, _ failure: CallFailure?
  ) {
    let change = CallOperationChange(
      id, operation: operation.rawValue, transition: transition, isLocal: false, error: failure.map { BasicError($0) })
    surroundings.events.emit(.callOperation(change))
  }

  private func emit(_ event: CallEvent) {
    let events = surroundings.events
    switch event {
    case .started: events.emit(.callStart(id))
    case .received: events.emit(.callReceive(id))
    case .stateChanged(let state, let transition):
      surroundings.log.debug("The call changed its state.", ["state": .string(state.rawValue)])
      events.emit(.callStateChange(CallStateChange(id, state: state, transition: transition)))
      if state == .ended { surroundings.ended() }
    case .flagsChanged: events.emit(.callStateChange(CallStateChange(id)))
    case .mediaStateChanged(let state): events.emit(.callMediaStateChange(id, MediaConnectionState(state)))
    case .screenshareChanged: events.emit(.callScreenshareChange(id))
    case .forwarded: events.emit(.callForward(id))
    case .joined: events.emit(.callJoin(id, joinedCalls: options.joinedCalls ?? []))
    case .customParametersReceived(let parameters): events.emit(.callCustomParameters(id, parameters))
    case .failed(let failure): events.emit(.callError(options.complainsAs ?? id, BasicError(failure)))
    case .remoteOperationStarted(let operation):
      emit(operation, .start, nil)
    case .remoteOperationFinished(let operation, let failure):
      emit(operation, .finish, failure)
    case .operationStarted(let action):
      let change = CallOperationChange(subject(of: action), operation: action.rawValue, transition: .start)
      events.emit(.callOperation(change))
    case .operationFinished(let action, let failure):
      let change = CallOperationChange(
        subject(of: action), operation: action.rawValue, transition: .finish, error: failure.map { BasicError($0) })
      events.emit(.callOperation(change))
      if action == .restartMedia, failure == nil { events.emit(.callMediaRestart(id)) }
    }
  }

  /// The call of which the application knows: a joined call is listed only when the gateway has accepted it.
  private func subject(of action: CallAction) -> CallID {
    action == .join ? options.complainsAs ?? id : id
  }
}
