import HTTPTypes
import LinkLogic
import LinkMedia
import LinkProtocol
import Logging

/// Runs the calls: brings requests to their machines, keeps the machines' timers, and sends what they want to have sent.
///
/// Calls live in memory. Those of an earlier run do not exist, which clients learn from the answer to their next audit.
actor GatewayCallDriver {
  typealias CallID = Int
  typealias Machine = GatewayCallMachine

  struct ActiveCall {
    var machine: Machine
    /// Of the conversations that last.
    var records: [Machine.Conversation: CallRecord] = [:]
    var outbox = CallOutbox()
    /// Somebody is emptying the outbox.
    var isSending = false
    /// The call that this one has become part of, and what waits there until everything has been sent here.
    var successor: (call: CallID, ticket: CallOutbox.Ticket)?
  }

  private let hub: NotificationHub
  let users: UserStore
  let identifiers: IdentifierSource
  let limits: Machine.Limits
  private let callsPerUser: Int
  /// `nil`: calls cannot be joined.
  let desk: MixingDesk?
  private let stopwatch: Stopwatch
  private let now: @Sendable () -> Int64
  private let logger: Logger
  private let metrics: GatewayMetrics
  private let onEnded: @Sendable (CallRecord) async -> Void

  var calls: [CallID: ActiveCall] = [:]
  var sessions: [SessionID: CallID] = [:]
  private var lastCall = 0
  private var alarms = CallAlarms()
  private let unwatched: (stream: AsyncStream<CallAlarms.Name>, continuation: AsyncStream<CallAlarms.Name>.Continuation)
  private(set) var isShuttingDown = false
  private var waitingForTheLastCall: [CheckedContinuation<Void, Never>] = []

  /// - Parameters:
  ///   - media: mixes the calls that are joined.
  ///   - now: milliseconds since 1970.
  ///   - onEnded: is given each conversation's record after its last notification has been posted. Calls whose callee did not exist or
  ///     was offline are among them.
  init(
    hub: NotificationHub, users: UserStore, identifiers: IdentifierSource, limits: Machine.Limits = Machine.Limits(),
    callsPerUser: Int = .max, media: (any MediaEngine)? = nil, clock: any Clock<Duration>, now: @escaping @Sendable () -> Int64,
    logger: Logger, metrics: GatewayMetrics = .none,
    onEnded: @escaping @Sendable (CallRecord) async -> Void = { _ in }
  ) {
    self.hub = hub
    self.users = users
    self.identifiers = identifiers
    self.limits = limits
    self.callsPerUser = callsPerUser
    desk = media.map { MixingDesk($0, logger: logger, metrics: metrics) }
    stopwatch = Stopwatch(clock)
    self.now = now
    self.logger = logger
    self.metrics = metrics
    self.onEnded = onEnded
    unwatched = AsyncStream.makeStream()
  }

  /// How many conversations have not ended.
  var callCount: Int { calls.values.reduce(0) { $0 + $1.records.count } }

  // MARK: - Requests

  /// Starts a call (R-CALL-43). Whatever stands in `from`, the caller is who the credentials say (R-CALL-632).
  func start(_ request: CallControlRequest, by caller: Caller) async throws -> Reply<CallControlResponse> {
    try checkCallService(of: caller)
    guard let callee = address(request.to, of: caller) else {
      throw Refusal(.badRequest, .invalidValue, "\"to\" is not an address such as bob@example.com.")
    }
    let user = try await users.user(callee)
    let reach = await reach(of: user)
    let call = Machine.Call(
      caller: Machine.Party(user: caller.user, name: CallerName.of(caller, from: request.from)),
      callee: Machine.Party(user: callee, name: user?.displayName),
      callerSession: SessionID(identifiers.next()), calleeSession: SessionID(identifiers.next()))
    let content = Machine.Content(
      sdp: request.sdp, customParameters: request.customParameters, customBodies: request.customBodies)
    return try begin(Machine(call, limits: limits), with: .start(content, callee: reach), by: caller.user)
  }

  /// Begins a call that a user makes.
  func begin(
    _ machine: Machine, with input: Machine.Input, by user: UserAddress
  ) throws(Refusal) -> Reply<CallControlResponse> {
    guard !isShuttingDown else { throw .shuttingDown }
    guard calls.values.count(where: { $0.machine.hasBeenMade(by: user) }) < callsPerUser else {
      throw .tooManyCalls(limit: callsPerUser)
    }
    lastCall += 1
    calls[lastCall] = ActiveCall(machine: machine)
    return reply(to: input, in: lastCall)
  }

  func checkCallService(of caller: Caller) throws(Refusal) {
    guard caller.isGranted(.call) else {
      throw Refusal(.forbidden, .serviceNotEnabled, "The user does not have the service call.")
    }
  }

  /// Whom a text means; `nil` when it is no address.
  func address(_ text: String?, of caller: Caller) -> UserAddress? {
    AddressRules.read(UserStore.normalized(text ?? ""), defaultDomain: caller.user.domain)
  }

  func reach(of user: User?) async -> Machine.Reach {
    guard let user else { return .unknown }
    guard user.services?.contains(.call) ?? true else { return .offline }
    return await isSubscribedForCalls(user.address) ? .online : .offline
  }

  func isSubscribedForCalls(_ user: UserAddress) async -> Bool {
    await !hub.subscriptions(of: user, service: .call).isEmpty
  }

  /// Answers a request on a session. Somebody else's session does not exist, like one that has ended.
  func perform(_ request: Machine.Request, on session: SessionID, by user: UserAddress) -> Reply<CallControlResponse> {
    guard let id = sessions[session], calls[id]?.machine.user(of: session) == user else {
      return Reply(request == .read ? .sessionNotFound : .callNotFound)
    }
    return reply(to: .request(session, request), in: id)
  }

  private func reply(to input: Machine.Input, in id: CallID) -> Reply<CallControlResponse> {
    let (answer, ticket) = handle(input, in: id, isReleased: false)
    guard let ticket else { return Reply(answer ?? .callNotFound) }
    return Reply(answer ?? .callNotFound) { await self.answerLeft(ticket, of: id) }
  }

  private func answerLeft(_ ticket: CallOutbox.Ticket, of id: CallID) async {
    calls[id]?.outbox.release(ticket)
    await send(id)
  }

  // MARK: - The machine

  /// Gives the machine an input and queues what is to be sent.
  private func handle(
    _ input: Machine.Input, in id: CallID, isReleased: Bool = true
  ) -> (answer: Machine.Answer?, ticket: CallOutbox.Ticket?) {
    guard var call = calls[id] else { return (nil, nil) }
    var answer: Machine.Answer?
    var items: [CallOutbox.Item] = []
    var orders: [(Machine.Seat, Machine.MixerOrder)] = []
    let before = call.machine
    for effect in call.machine.handle(input) {
      switch effect {
      case .respond(let response):
        answer = response
      case .notify(let leg, let notification, let only):
        // A leg that is told its end is not in the call any more.
        guard let user = call.machine.user(of: leg) ?? before.user(of: leg) else { continue }
        items.append(.notification(notification, of: leg, to: user, only: only))
      case .locate(let user, let leg):
        items.append(.locate(user, for: leg))
      case .startTimer(let timer, let generation, let duration):
        setAlarm(timer, generation, duration)
      case .cancelTimer(let timer):
        alarms.cancel(timer)
      case .record(let conversation, let milestone):
        if let record = note(milestone, of: conversation, in: &call) { items.append(.record(record)) }
      case .mix(let seat, let order):
        orders.append((seat, order))
      }
    }
    // What the mixer reports waits for the answer to leave, too.
    let isMute = items.isEmpty && (orders.isEmpty || isReleased)
    let ticket = isMute ? nil : call.outbox.append(items, isReleased: isReleased)
    calls[id] = call
    for (seat, order) in orders { desk?.perform(order, at: seat) }
    for leg in before.legs where call.machine.user(of: leg) == nil { sessions[leg] = nil }
    for leg in call.machine.legs { sessions[leg] = id }
    forget(id)
    return (answer, ticket)
  }

  /// - Returns: the record, when the conversation is over.
  private func note(
    _ milestone: Machine.Milestone, of conversation: Machine.Conversation, in call: inout ActiveCall
  ) -> CallRecord? {
    switch milestone {
    case .begun(let caller, let callee, let origin):
      let record = CallRecord(caller, callee, origin, startedAt: now())
      call.records[conversation] = record
      metrics.begun(record)
      return nil
    case .answered:
      call.records[conversation]?.answeredAt = now()
      if let record = call.records[conversation] { metrics.answered(record) }
      return nil
    case .ended(let outcome):
      logger.debug("a call is over", metadata: ["outcome": "\(outcome)"])
      guard var record = call.records.removeValue(forKey: conversation) else { return nil }
      record.endedAt = now()
      record.outcome = outcome
      metrics.ended(outcome)
      return record
    }
  }

  /// A call that is over stays until everything has been sent.
  private func forget(_ id: CallID) {
    guard let call = calls[id], call.machine.isOver, call.outbox.isEmpty, !call.isSending else { return }
    calls[id] = nil
    guard calls.isEmpty else { return }
    for waiter in waitingForTheLastCall { waiter.resume() }
    waitingForTheLastCall = []
  }

  // MARK: - Sending

  private func send(_ id: CallID) async {
    guard calls[id]?.isSending == false else { return }
    calls[id]?.isSending = true
    while let items = calls[id]?.outbox.next() {
      for item in items { await send(item) }
    }
    calls[id]?.isSending = false
    let successor = calls[id]?.successor
    forget(id)
    guard let successor, calls[id] == nil else { return }
    await answerLeft(successor.ticket, of: successor.call)
  }

  private func send(_ item: CallOutbox.Item) async {
    switch item {
    case .notification(let notification, let leg, let user, only: nil):
      let devices = await hub.post(notification, to: user, service: .call)
      guard notification.eventType == .call else { return }
      report(devices.all > 0 ? .notified(leg) : .presence(leg, false), of: leg)
    case .notification(let notification, _, _, only: let device?):
      await hub.post(notification, toSubscription: device)
    case .locate(let user, let leg):
      await locate(user, for: leg)
    case .record(let record):
      await onEnded(record)
    }
  }

  /// Tells a leg's machine what has come of something that its outbox has sent; what the machine wants to send follows it.
  func report(_ input: Machine.Input, of leg: SessionID) {
    if let id = sessions[leg] { _ = handle(input, in: id) }
  }

  // MARK: - Time

  private func setAlarm(_ name: CallAlarms.Name, _ generation: Int, _ duration: Duration) {
    if alarms.set(name, generation: generation, deadline: stopwatch.elapsed() + duration) {
      unwatched.continuation.yield(name)
    }
  }

  /// Keeps the calls' timers, and mixes, until the task is cancelled.
  func run() async {
    await withDiscardingTaskGroup { group in
      if let desk { group.addTask { await desk.run { await self.mixed($0, $1) } } }
      for await name in unwatched.stream {
        group.addTask { await self.watch(name) }
      }
    }
  }

  private func mixed(_ seat: Machine.Seat, _ news: Machine.MixerNews) async {
    guard let id = sessions[seat.leg] else { return }
    _ = handle(.mixed(seat, news), in: id)
    await send(id)
  }

  private func watch(_ name: CallAlarms.Name) async {
    while true {
      switch alarms.advice(on: name, at: stopwatch.elapsed()) {
      case .sleep(let deadline):
        do { try await stopwatch.sleep(deadline) } catch { return }
      case .ring(let generation):
        return await fire(name, generation)
      case .leave:
        return
      }
    }
  }

  private func fire(_ timer: CallAlarms.Name, _ generation: Int) async {
    if timer.kind == .absence, let user = sessions[timer.leg].flatMap({ calls[$0]?.machine.user(of: timer.leg) }),
      await isSubscribedForCalls(user)
    {
      // The user has come back; only the end of subscriptions is announced, not their beginning.
      if let id = sessions[timer.leg] { _ = handle(.presence(timer.leg, true), in: id) }
    }
    guard let id = sessions[timer.leg] else { return }
    _ = handle(.timerFired(timer, generation: generation), in: id)
    await send(id)
  }

  // MARK: - Users and the server go

  /// A subscription has ended: was it the user's last one for calls?
  func subscriptionEnded(of user: UserAddress) async {
    guard await !isSubscribedForCalls(user) else { return }
    for (id, call) in calls {
      for leg in call.machine.legs where call.machine.user(of: leg) == user {
        _ = handle(.presence(leg, false), in: id)
      }
    }
  }

  /// Ends all calls and posts what their users are to know of it. No more calls begin.
  func shutDown() async {
    isShuttingDown = true
    for id in calls.keys.sorted() {
      _ = handle(.shutdown, in: id)
      calls[id]?.outbox.releaseAll()
      await send(id)
    }
    guard !calls.isEmpty else { return }
    await withCheckedContinuation { waitingForTheLastCall.append($0) }
  }
}

extension Reply<CallControlResponse> {
  fileprivate init(_ answer: GatewayCallMachine.Answer, after: (@Sendable () async -> Void)? = nil) {
    self.init(answer.body, status: .init(code: answer.httpStatus), after: after)
  }
}
