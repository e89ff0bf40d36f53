import DequeModule
import LinkProtocol

/// Decides everything about one client's connection: subscribing, opening and re-opening the WebSocket, refreshing, keepalives,
/// and every way to end (part 01 §5 and §6).
///
/// Connections carry the number of the `connect` that began them and sockets the number of their attempt, so that answers which
/// come late are recognised: a subscription that is granted after `disconnect` is deleted, a socket that opens then is closed.
public struct SessionMachine: Sendable {
  public private(set) var phase = Phase.idle
  /// The failure that the last connection ended with (R-CONN-501).
  public private(set) var error: Failure?
  /// The user of the present connection, or of the last one that failed to come about (R-CONN-581).
  public private(set) var username: String?
  public private(set) var isConnected = false

  var settings = Settings()
  var connection: Connection?
  var socket = Socket.none
  var hasAttemptedSocket = false
  var keepalive = Keepalive()
  var isReconnecting = false

  /// Who waits for the connection to be complete.
  var connecting: [RequestNumber] = []
  /// Who waits for the end of the connection.
  var disconnecting: [RequestNumber] = []
  /// A `connect` that came while the connection before was being ended, and who else waits for it.
  var next: ConnectRequest?
  var nextWaiters: [RequestNumber] = []
  /// Subscribe requests that were abandoned before their answer.
  var orphans: Set<RequestNumber> = []

  private var lastAttempt: AttemptNumber = 0
  private var lastGeneration = 0
  private var generations: [Timer: Int] = [:]

  /// One connection, from `connect` to its end.
  struct Connection: Sendable, Hashable {
    let number: RequestNumber
    let request: ConnectRequest
    var subscriptionPath = ""
    var channelPath = ""
    var params = SubscriptionParams()
    /// What the services info calls requested (R-CONN-532).
    var requested: [ServiceName]
    var refresh = Refresh()
    var autoReconnect = true
  }

  /// Refreshes and updates: one request at a time, so that none overtakes another.
  struct Refresh: Sendable, Hashable {
    enum InFlight: Sendable, Hashable {
      case refresh
      case update(RequestNumber, [ServiceName])
    }
    /// Number of the refresh attempt under way or next (R-CONN-543).
    var attempt = 1
    var inFlight: InFlight?
    /// The timer fired while something else was in flight.
    var isDue = false
    var updates: Deque<Update> = []

    struct Update: Sendable, Hashable {
      let number: RequestNumber
      let services: [ServiceName]
    }
  }

  enum Socket: Sendable, Hashable {
    case none
    case opening(AttemptNumber, Backoff)
    case waiting(Backoff)
    case open(AttemptNumber)
  }

  public init(settings: Settings = Settings()) {
    self.settings = settings
  }

  /// Whether nothing will happen any more.
  public var isOver: Bool { phase == .over }

  public var isPending: Bool { phase == .subscribing || phase == .opening || phase == .disconnecting }

  public mutating func handle(_ input: Input) -> [Effect] {
    guard phase != .over else { return afterTheEnd(input) }
    switch input {
    case .settings(let settings):
      self.settings = settings
      return []
    case .connect(let request): return connect(request)
    case .abandon(let number): return abandon(number)
    case .disconnect(let number): return disconnect(number)
    case .updateServices(let number, let services): return updateServices(number, services)
    case .credentials(let isUsable):
      return [.report(isUsable ? .authChange(nil) : .authError(Failure(.invalidCredentials)))]
    case .checkConnectivity(let enable): return checkConnectivity(enable)
    case .destroy: return destroy()
    case .subscribed(let number, let answer): return subscribed(number, answer)
    case .refreshed(let number, let answer): return refreshed(number, answer)
    case .unsubscribed(let number): return unsubscribed(number)
    case .socketOpened(let attempt): return socketOpened(attempt)
    case .socketFailed(let attempt): return socketFailed(attempt)
    case .socketClosed(let attempt, let code): return socketClosed(attempt, code: code)
    case .timerFired(let timer, let generation): return timerFired(timer, generation)
    case .gone(let number, let retryAfter): return endedByServer(.gone(retryAfter: retryAfter), number)
    case .overridden(let number): return endedByServer(.overridden, number)
    }
  }

  /// After `destroy` nothing is done and nobody is told off (R-CONN-223); sockets that still open are closed.
  private func afterTheEnd(_ input: Input) -> [Effect] {
    switch input {
    case .connect(let request): [.finish(request.number, nil)]
    case .disconnect(let number), .updateServices(let number, _): [.finish(number, nil)]
    case .socketOpened(let attempt): [.closeSocket(attempt)]
    case .settings, .abandon, .credentials, .checkConnectivity, .destroy, .subscribed, .refreshed, .unsubscribed, .socketFailed,
      .socketClosed, .timerFired, .gone, .overridden:
      []
    }
  }

  // MARK: - Timers

  mutating func start(_ timer: Timer, within range: ClosedRange<Duration>) -> Effect {
    lastGeneration += 1
    generations[timer] = lastGeneration
    return .startTimer(timer, generation: lastGeneration, within: range)
  }

  mutating func cancel(_ timers: Timer...) -> [Effect] {
    timers.compactMap { timer in
      generations.removeValue(forKey: timer).map { _ in .cancelTimer(timer) }
    }
  }

  private mutating func timerFired(_ timer: Timer, _ generation: Int) -> [Effect] {
    guard generations[timer] == generation else { return [] }
    generations[timer] = nil
    switch timer {
    case .refresh: return refreshDue()
    case .reconnect: return attemptAgain()
    case .keepalive: return keepaliveDue()
    }
  }

  mutating func nextAttempt() -> AttemptNumber {
    lastAttempt += 1
    return lastAttempt
  }

  // MARK: - Connecting

  private mutating func connect(_ request: ConnectRequest) -> [Effect] {
    switch phase {
    case .idle:
      return begin(request)
    case .subscribing, .opening, .connected:
      // Ignored without touching the state (R-CONN-565); another user is told that it was.
      guard let connection, request.isUsable, request.username == connection.request.username else {
        return [.finish(request.number, Failure(.invalidState))]
      }
      if phase == .connected { return [.finish(request.number, nil)] }
      connecting.append(request.number)
      return []
    case .disconnecting:
      if next == nil {
        next = request
        nextWaiters = []
      } else {
        nextWaiters.append(request.number)
      }
      return []
    case .over:
      return afterTheEnd(.connect(request))
    }
  }

  /// R-CONN-513, steps 1 to 4.
  private mutating func begin(_ request: ConnectRequest) -> [Effect] {
    error = nil
    guard request.isUsable else {
      let failure = Failure(.invalidCredentials)
      error = failure
      return [.report(.authChange(nil)), .report(.authError(failure)), .finish(request.number, failure)]
    }
    phase = .subscribing
    username = request.username
    connection = Connection(number: request.number, request: request, requested: request.body.service ?? [])
    connecting = [request.number]
    return [.report(.authChange(nil)), .subscribe(request.number, request.body)]
  }

  private mutating func subscribed(_ number: RequestNumber, _ answer: Answer) -> [Effect] {
    if orphans.remove(number) != nil {
      if case .success(let response) = answer, let path = response.path { return [.unsubscribe(number, path: path)] }
      return [.forget(number)]
    }
    guard phase == .subscribing, connection?.number == number else { return [] }
    switch answer {
    case .failure(let failure):
      return failConnecting(Failure(.subscribe, failure)) + [.forget(number)]
    case .success(let response):
      guard let path = response.path, let params = response.subscriptionParams, let channel = params.channelPath else {
        let refusal = ServerFailure(
          httpStatus: 200, statusCode: response.statusCode, message: "The answer grants no subscription.")
        let cleanUp: Effect = response.path.map { .unsubscribe(number, path: $0) } ?? .forget(number)
        return failConnecting(Failure(.subscribe, refusal)) + [cleanUp]
      }
      connection?.subscriptionPath = path
      connection?.channelPath = channel
      connection?.params = params
      phase = .opening
      return startCycle()
    }
  }

  /// R-CONN-513, step 8.
  mutating func failConnecting(_ failure: Failure) -> [Effect] {
    phase = .idle
    error = failure
    connection = nil
    keepalive.reset()
    return [.report(.authError(failure))] + finishConnecting(failure)
  }

  mutating func finishConnecting(_ failure: Failure?) -> [Effect] {
    defer { connecting = [] }
    return connecting.map { .finish($0, failure) }
  }

  /// The WebSocket of a new connection is open: R-CONN-513, step 7.
  mutating func complete() -> [Effect] {
    guard let connection else { return [] }
    phase = .connected
    isConnected = true
    error = nil
    let timer = start(.refresh, within: refreshDelay(connection))
    return [.report(.wsChange), .report(.authChange(nil)), timer, .connected(connection.number)] + finishConnecting(nil)
  }

  // MARK: - Disconnecting

  private mutating func disconnect(_ number: RequestNumber) -> [Effect] {
    switch phase {
    case .idle, .over:
      return [.finish(number, nil)]  // R-CONN-564
    case .subscribing:
      return leave() + [.finish(number, nil)]
    case .opening, .connected:
      disconnecting = [number]
      return leave()
    case .disconnecting:
      disconnecting.append(number)
      return abandonNext()
    }
  }

  /// The task that called `connect` was cancelled: the last one who waits abandons the connection.
  private mutating func abandon(_ number: RequestNumber) -> [Effect] {
    if let index = connecting.firstIndex(of: number) {
      guard connecting.count > 1 else { return leave() }
      connecting.remove(at: index)
    } else if let index = nextWaiters.firstIndex(of: number) {
      nextWaiters.remove(at: index)
    } else if next?.number == number, nextWaiters.isEmpty {
      next = nil
    } else {
      return []
    }
    return [.finish(number, Failure(.abandoned))]
  }

  private mutating func leave() -> [Effect] {
    guard let connection else { return [] }
    error = nil
    guard phase != .subscribing else {
      // The answer may take long: nobody waits for it, the subscription is deleted when it comes.
      orphans.insert(connection.number)
      let events: [Effect] = [.report(.authChange(nil)), .report(.authChange(nil))]
      return events + finishConnecting(Failure(.abandoned)) + clear()
    }
    phase = .disconnecting
    var effects: [Effect] = [.report(.authChange(nil))]
    effects += finishConnecting(Failure(.abandoned)) + failUpdates(Failure(.abandoned))
    effects += cancel(.refresh, .reconnect, .keepalive)
    keepalive.stop()
    effects += abandonAttempt()
    return effects + [.unsubscribe(connection.number, path: connection.subscriptionPath)]
  }

  /// Every outcome of the DELETE counts as disconnected (R-CONN-563).
  private mutating func unsubscribed(_ number: RequestNumber) -> [Effect] {
    guard phase == .disconnecting, connection?.number == number else { return [.forget(number)] }
    let wasConnected = isConnected
    var effects = closeSocket()
    effects += clear()
    effects += [.report(.authChange(nil))]
    if wasConnected { effects.append(.ended(number)) }
    effects.append(.forget(number))
    effects += disconnecting.map { .finish($0, nil) }
    disconnecting = []
    return effects + beginNext()
  }

  private mutating func beginNext() -> [Effect] {
    guard let request = next else { return [] }
    next = nil
    let effects = begin(request)
    if phase == .subscribing {
      connecting += nextWaiters
    } else {
      // Only unusable credentials end at once.
      return effects + takeNextWaiters().map { .finish($0, Failure(.invalidCredentials)) }
    }
    nextWaiters = []
    return effects
  }

  private mutating func abandonNext() -> [Effect] {
    guard let request = next else { return [] }
    next = nil
    return ([request.number] + takeNextWaiters()).map { .finish($0, Failure(.abandoned)) }
  }

  private mutating func takeNextWaiters() -> [RequestNumber] {
    defer { nextWaiters = [] }
    return nextWaiters
  }

  // MARK: - Ending

  /// `gone` and `websocketOverridden` end a complete connection; while disconnecting they are no news (R-CONN-563, D-10).
  private mutating func endedByServer(_ reason: EndReason, _ number: RequestNumber?) -> [Effect] {
    guard phase == .connected, let connection, number == nil || number == connection.number else { return [] }
    return end(reason)
  }

  /// Ends a complete connection without asking the server (R-CONN-571, R-CONN-573).
  mutating func end(_ reason: EndReason) -> [Effect] {
    guard let number = connection?.number else { return [] }
    var effects = closeSocket()
    effects += failUpdates(Failure(.abandoned))
    effects += clear()
    return effects + [.report(.authChange(reason)), .ended(number), .forget(number)]
  }

  /// Back to the state before `connect`.
  private mutating func clear() -> [Effect] {
    let effects = cancel(.refresh, .reconnect, .keepalive)
    phase = .idle
    isConnected = false
    error = nil
    username = nil
    connection = nil
    keepalive.reset()
    return effects
  }

  private mutating func destroy() -> [Effect] {
    let wasConnected = isConnected
    let number = connection?.number
    var effects = abandonAttempt()
    if case .open(let attempt) = socket { effects.append(.closeSocket(attempt)) }
    socket = .none
    effects += finishConnecting(Failure(.destroyed)) + failUpdates(Failure(.destroyed)) + abandonNext()
    effects += disconnecting.map { .finish($0, nil) }
    disconnecting = []
    effects += clear()
    if wasConnected, let number { effects.append(.ended(number)) }
    orphans = []
    phase = .over
    return effects
  }
}

extension SubscribeResponse {
  /// The subscription's path, if it is one (R-CONN-404).
  fileprivate var path: String? {
    subscription.flatMap { $0.hasPrefix("/") ? $0 : nil }
  }
}

extension SubscriptionParams {
  fileprivate var channelPath: String? {
    notificationChannel.flatMap { $0.hasPrefix("/") ? $0 : nil }
  }
}
