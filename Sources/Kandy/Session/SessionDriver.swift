import LinkLogic
import LinkProtocol
import Synchronization

/// Runs the `SessionMachine`: performs what it decides and tells it what happened.
final class SessionDriver: Sendable {
  typealias Machine = SessionMachine

  private struct State {
    var lastNumber = 0
    var waiting: [Int: CheckedContinuation<Machine.Failure?, Never>] = [:]
    /// What was cancelled before it was asked.
    var abandoned: Set<Int> = []
    /// Where the requests of a connection would go that has been asked for.
    var offered: [Int: ServerAccess] = [:]
    /// Where those of a connection go, until nothing more is asked on its behalf.
    var accesses: [Int: ServerAccess] = [:]
    var view = SessionView()
    var isFinished = false
    /// Whether the connection counts as one of those that there are.
    var isMeasured = false
  }

  let context: ServiceContext
  private let router: NotificationRouter
  private let sockets: SocketBoard
  private let timers: Timers<Machine.Timer>
  private let log: TargetLogger
  private let inbox: AsyncStream<Machine.Input>
  private let inputs: AsyncStream<Machine.Input>.Continuation
  private let state = Mutex(State())

  init(context: ServiceContext, transport: any Transport, router: NotificationRouter) {
    self.context = context
    self.router = router
    sockets = SocketBoard(transport: transport)
    timers = Timers(clock: context.clock)
    log = context.log.logger(.auth)
    (inbox, inputs) = AsyncStream.makeStream()
  }

  // MARK: Asking

  /// What the machine's state looks like from outside.
  var view: SessionView { state.withLock { $0.view } }

  func post(_ input: Machine.Input) {
    inputs.yield(input)
  }

  /// Connects as `access` says and waits for the outcome. Cancelling the task abandons the connection.
  func connect(_ access: ServerAccess?, username: String, _ body: SubscribeRequest) async -> Machine.Failure? {
    let number = nextNumber(access)
    let request = Machine.ConnectRequest(number: number, username: username, isUsable: access != nil, body: body)
    defer { state.withLock { _ = $0.abandoned.remove(number) } }
    return await withTaskCancellationHandler {
      await outcome(of: number, .connect(request))
    } onCancel: {
      abandon(number)
    }
  }

  func disconnect() async {
    let number = nextNumber()
    _ = await outcome(of: number, .disconnect(number))
  }

  func updateServices(_ services: [ServiceName]) async -> Machine.Failure? {
    let number = nextNumber()
    return await outcome(of: number, .updateServices(number, services))
  }

  /// Uses another credential for the requests of the present connection (R-CONN-591).
  /// - Returns: whether it belongs to the connected user; without a connection every one does.
  func replaceCredential(_ credential: WireCredential, username: String) -> Bool {
    switch context.requests.replaceCredential(credential, username: username) {
    case .refused: return false
    case .kept: return true
    case .replaced: break
    }
    state.withLock { state in
      for (number, known) in state.accesses where known.username == username { state.accesses[number]?.credential = credential }
    }
    return true
  }

  private func nextNumber(_ access: ServerAccess? = nil) -> Int {
    state.withLock { state in
      state.lastNumber += 1
      state.offered[state.lastNumber] = access
      return state.lastNumber
    }
  }

  private func outcome(of number: Int, _ input: Machine.Input) async -> Machine.Failure? {
    await withCheckedContinuation { continuation in
      // Asked under the lock, so that a cancellation comes before it or after it.
      let outcome = state.withLock { state -> Machine.Failure?? in
        if state.isFinished { return .some(nil) }
        if state.abandoned.remove(number) != nil { return Machine.Failure(.abandoned) }
        state.waiting[number] = continuation
        inputs.yield(input)
        return nil
      }
      if let outcome { continuation.resume(returning: outcome) }
    }
  }

  private func abandon(_ number: Int) {
    state.withLock { state in
      if state.waiting[number] != nil {
        inputs.yield(.abandon(number))
      } else {
        state.offered[number] = nil
        state.abandoned.insert(number)
      }
    }
  }

  // MARK: Running

  /// Runs until the machine is over, the inbox is finished, or the task is cancelled.
  /// - Parameter services: are told of connections and WebSockets, one after another.
  func run(services: [any Service]) async {
    var machine = Machine(settings: Machine.Settings(context.settings.current.connectivity))
    let hooks = Lane()
    await withDiscardingTaskGroup { group in
      for await input in inbox {
        let started = context.now()
        let before = context.actions == nil ? JSONValue.null : SessionView(machine).json
        let effects = machine.handle(input)
        publish(machine, effects)
        logAction(input, before, machine, started)
        for effect in effects { perform(effect, &group, hooks, services) }
        if machine.isOver { break }
      }
      timers.cancelAll()
      group.cancelAll()
    }
    measure(isConnected: false)
    await hooks.stop()
    await sockets.closeAll()
    finishWaiting()
  }

  /// Ends `run` without a word to the machine: nobody holds the client any more.
  func finish() {
    inputs.finish()
  }

  /// What events report is to be seen before they are delivered (R-CONN-212).
  private func publish(_ machine: Machine, _ effects: [Machine.Effect]) {
    state.withLock { $0.view.adopt(machine) }
    measure(isConnected: view.connection.isConnected)
    for effect in effects {
      if case .connected(let number) = effect { context.requests.access = access(number) }
      if case .ended = effect { context.requests.access = nil }
    }
  }

  private func measure(isConnected: Bool) {
    let hasChanged = state.withLock { state in
      defer { state.isMeasured = isConnected }
      return state.isMeasured != isConnected
    }
    guard hasChanged else { return }
    if isConnected { context.metrics.connected() } else { context.metrics.disconnected() }
  }

  private func finishWaiting() {
    let waiting = state.withLock { state in
      state.isFinished = true
      defer { state.waiting = [:] }
      return state.waiting
    }
    for continuation in waiting.values { continuation.resume(returning: Machine.Failure(.destroyed)) }
  }

  private func logAction(_ input: Machine.Input, _ before: JSONValue, _ machine: Machine, _ started: Int64) {
    guard let actions = context.actions, let action = ActionLog.Action(input) else { return }
    actions.log(
      action, before: before, after: SessionView(machine).json, startedAt: started,
      milliseconds: Double(context.now() - started))
  }

  // MARK: Performing

  private func perform(
    _ effect: Machine.Effect, _ group: inout DiscardingTaskGroup, _ hooks: Lane, _ services: [any Service]
  ) {
    switch effect {
    case .report(let report):
      note(report)
      context.events.emit(Event(report))
    case .finish(let number, let failure):
      let continuation = state.withLock { state in
        state.offered[number] = nil
        return state.waiting.removeValue(forKey: number)
      }
      continuation?.resume(returning: failure)
    case .subscribe(let number, let body):
      state.withLock { $0.accesses[number] = $0.offered.removeValue(forKey: number) }
      group.addTask { await self.subscribe(number, body) }
    case .refresh(let number, let target, let body):
      group.addTask { await self.refresh(number, target, body) }
    case .unsubscribe(let number, let path):
      group.addTask { await self.unsubscribe(number, path) }
    case .openSocket(let attempt, let number, let path, let timeout):
      openSocket(attempt, number, path, timeout)
    case .readSocket(let attempt):
      router.enableWebSocket(true)
      sockets.read(attempt)
    case .closeSocket(let attempt):
      sockets.close(attempt)
    case .sendKeepalive(let attempt):
      group.addTask { await self.sendKeepalive(attempt) }
    case .startTimer(let timer, let generation, let range):
      let delay = range.lowerBound + (range.upperBound - range.lowerBound) * context.random()
      timers.start(timer, after: delay) { [inputs] in inputs.yield(.timerFired(timer, generation: generation)) }
    case .cancelTimer(let timer):
      timers.cancel(timer)
    case .connected:
      if !view.services.includesCalls { log.error("The server grants no service for calls.") }
      hooks.add { for service in services { await service.sessionConnected() } }
    case .webSocketOpened(let isReconnection):
      if isReconnection { context.metrics.reconnected() }
      hooks.add { for service in services { await service.webSocketOpened(isReconnection: isReconnection) } }
    case .ended:
      router.enableWebSocket(false)
      hooks.add { for service in services { await service.sessionEnded() } }
    case .forget(let number):
      state.withLock { _ = $0.accesses.removeValue(forKey: number) }
    }
  }

  private func note(_ report: Machine.Report) {
    switch report {
    case .authError(let failure):
      log.warn("An operation on the connection failed.", ["code": .string(BasicError(failure).code.rawValue)])
    case .authResub(let attempt, let failure?):
      log.warn(
        "A refresh of the subscription failed.",
        ["attempt": .int(attempt), "code": .string(BasicError(failure).code.rawValue)])
    case .authChange, .authResub, .wsChange:
      break
    }
  }

  // MARK: Requests

  private func access(_ number: Int) -> ServerAccess? { state.withLock { $0.accesses[number] } }

  private func subscribe(_ number: Int, _ body: SubscribeRequest) async {
    guard let access = access(number) else {
      return post(.subscribed(number, .failure(Machine.ServerFailure(message: "There are no credentials."))))
    }
    var path = Subscription.create.path(user: access.username, version: access.version)
    if access.isAnonymous { path = path.replacing("/user/", with: "/anonymous/", maxReplacements: 1) }
    let answer = await answer(.post, path, body: body, as: access)
    if case .success(let response) = answer { adopt(response, number, access) }
    post(.subscribed(number, answer))
  }

  /// An HMAC token is good for one request; what follows carries the session that it led to (R-CONN-423).
  private func adopt(_ response: SubscribeResponse, _ number: Int, _ access: ServerAccess) {
    guard case .hmac = access.credential, let token = response.subscriptionParams?.sessionId else { return }
    state.withLock { $0.accesses[number]?.credential = .session(token) }
  }

  private func refresh(_ number: Int, _ target: Machine.RefreshTarget, _ body: SubscribeRequest) async {
    guard let access = access(number) else { return }
    let path =
      switch target {
      case .path(let path): path
      case .correlator(let correlator):
        Subscription.refreshByCorrelator.path(user: access.username, key: correlator, version: access.version)
      }
    post(.refreshed(number, await answer(.put, path, body: body, as: access)))
  }

  /// Whatever comes of it, the subscription is done with (R-CONN-563).
  private func unsubscribe(_ number: Int, _ path: String) async {
    if let access = access(number) {
      let answer = await answer(.delete, path, body: NoBody?.none, as: access)
      if case .failure(let failure) = answer {
        log.warn("The subscription could not be deleted.", ["reason": .string(failure.message)])
      }
    }
    post(.unsubscribed(number))
  }

  private func answer<Body: WireBody>(
    _ method: HTTPMethod, _ path: String, body: Body?, as access: ServerAccess
  ) async -> Machine.Answer {
    do {
      return .success(try await context.requests.send(method, path, body: body, as: access))
    } catch {
      return .failure(Machine.ServerFailure(error))
    }
  }

  // MARK: The WebSocket

  private func openSocket(_ attempt: Int, _ number: Int, _ path: String, _ timeout: Duration) {
    guard let access = access(number) else { return post(.socketFailed(attempt)) }
    let sawEnd = Mutex(false)
    let reports = SocketBoard.Reports(
      opened: { [self] in
        recordOpening(access, path)
        post(.socketOpened(attempt))
      },
      failed: { [self] in post(.socketFailed(attempt)) },
      received: { [router] text in
        let type = await router.submit(frame: text, connection: number)
        if type == .gone || type == .websocketOverridden { sawEnd.withLock { $0 = true } }
      },
      closed: { [self] code in
        // The reason for the end is still in the queue: it counts, not the closing that follows from it.
        if sawEnd.withLock({ $0 }) {
          router.afterwards { self.post(.socketClosed(attempt, code: code)) }
        } else {
          post(.socketClosed(attempt, code: code))
        }
      })
    sockets.open(attempt, access.socketBase + path, timeout: timeout, reports)
  }

  private func recordOpening(_ access: ServerAccess, _ path: String) {
    let details = SocketState.Details(
      context.settings.current.connectivity, address: SocketState.Details.Address(access.socketBase, path: path),
      lastContact: context.now())
    state.withLock { $0.view.socketDetails = details }
  }

  private func sendKeepalive(_ attempt: Int) async {
    do { try await sockets.send(attempt, Machine.keepaliveFrame) } catch {
      post(.socketClosed(attempt, code: nil))
    }
  }
}
