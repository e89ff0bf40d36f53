import DequeModule
public import LinkProtocol

extension SessionMachine {
  /// The services asked for and those granted; `nil` without a subscription (R-CONN-532).
  public var services: (requested: [ServiceName], received: [ServiceName])? {
    guard phase == .connected || (phase == .disconnecting && isConnected), let connection else { return nil }
    return (connection.requested, connection.params.service ?? [])
  }

  /// What the server grants for its own TURN servers (R-CONN-536).
  public var turnCredentials: TurnCredentials? { connection?.params.turnCredentials }

  /// `max(30 s, expires / 2^attempt)`, spread by a fifth to both sides (R-CONN-543, R-CONN-1114).
  func refreshDelay(_ connection: Connection) -> ClosedRange<Duration> {
    let expires = Double(connection.params.expires ?? 0)
    let exponent = Double(min(connection.refresh.attempt, 30))
    let delay = Duration.seconds(max(30, min(expires, 1e8) / exponent.powerOfTwo))
    return delay * 0.8...delay * 1.2
  }

  // MARK: - Asking

  mutating func refreshDue() -> [Effect] {
    guard phase == .connected else { return [] }
    connection?.refresh.isDue = true
    return sendNext()
  }

  mutating func updateServices(_ number: RequestNumber, _ services: [ServiceName]) -> [Effect] {
    guard phase == .connected else { return [.finish(number, Failure(.invalidState))] }
    connection?.refresh.updates.append(Refresh.Update(number: number, services: services))
    return sendNext()
  }

  /// Sends what waits, updates first: a refresh then carries their outcome.
  private mutating func sendNext() -> [Effect] {
    guard var connection, connection.refresh.inFlight == nil else { return [] }
    var services = connection.params.service
    if let update = connection.refresh.updates.popFirst() {
      services = update.services
      connection.refresh.inFlight = .update(update.number, update.services)
    } else if connection.refresh.isDue {
      connection.refresh.isDue = false
      connection.refresh.inFlight = .refresh
    } else {
      return []
    }
    self.connection = connection
    return [.refresh(connection.number, connection.refreshTarget, connection.refreshBody(services: services))]
  }

  // MARK: - Answers

  mutating func refreshed(_ number: RequestNumber, _ answer: Answer) -> [Effect] {
    guard phase == .connected, connection?.number == number, let inFlight = connection?.refresh.inFlight else { return [] }
    connection?.refresh.inFlight = nil
    let failure = Self.failure(of: answer)
    if case .success(let response) = answer, failure == nil { adopt(response) }
    var effects: [Effect]
    switch inFlight {
    case .refresh: effects = finishRefresh(failure)
    case .update(let request, let services): effects = finishUpdate(request, services, answer, failure)
    }
    if failure?.server?.meansGone == true { return effects + end(.gone(retryAfter: nil)) }
    effects += sendNext()
    return effects
  }

  /// R-CONN-542, R-CONN-545. A 2xx answer without a code counts as success.
  private static func failure(of answer: Answer) -> Failure? {
    switch answer {
    case .failure(let failure):
      return Failure(.update, failure)
    case .success(let response):
      let code = response.statusCode ?? .success
      guard code != .success, code != .refreshed else { return nil }
      return Failure(
        .update, ServerFailure(httpStatus: 200, statusCode: code, message: "The server refused with status code \(code)."))
    }
  }

  /// The latest values count (D-28).
  private mutating func adopt(_ response: SubscribeResponse) {
    guard let params = response.subscriptionParams else { return }
    if let expires = params.expires { connection?.params.expires = expires }
    if let service = params.service { connection?.params.service = service }
    if let localization = params.localization { connection?.params.localization = localization }
    if let correlator = params.clientCorrelator { connection?.params.clientCorrelator = correlator }
    if let credentials = params.turnCredentials { connection?.params.turnCredentials = credentials }
  }

  /// R-CONN-544. A failure changes nothing but the time of the next attempt.
  private mutating func finishRefresh(_ failure: Failure?) -> [Effect] {
    guard var connection else { return [] }
    let report = Report.authResub(attemptNum: connection.refresh.attempt, failure: failure)
    connection.refresh.attempt = failure == nil ? 1 : connection.refresh.attempt + 1
    self.connection = connection
    return [.report(report), start(.refresh, within: refreshDelay(connection))]
  }

  /// R-CONN-553, R-CONN-554.
  private mutating func finishUpdate(
    _ number: RequestNumber, _ services: [ServiceName], _ answer: Answer, _ failure: Failure?
  ) -> [Effect] {
    if let failure { return [.report(.authError(failure)), .finish(number, failure)] }
    connection?.requested = services
    if case .success(let response) = answer, response.subscriptionParams?.service == nil {
      connection?.params.service = services
    }
    return [.report(.authChange(nil)), .finish(number, nil)]
  }

  /// The connection ends: nobody waits for an update any more.
  mutating func failUpdates(_ failure: Failure) -> [Effect] {
    guard let refresh = connection?.refresh else { return [] }
    connection?.refresh = Refresh()
    var waiting = refresh.updates.map(\.number)
    if case .update(let number, _) = refresh.inFlight { waiting.insert(number, at: 0) }
    return waiting.map { .finish($0, failure) }
  }
}

extension SessionMachine.Connection {
  /// By correlator if the server echoed one (R-CONN-541).
  var refreshTarget: SessionMachine.RefreshTarget {
    params.clientCorrelator.map { .correlator($0) } ?? .path(subscriptionPath)
  }

  /// What the last answer said, where it said something (R-CONN-541).
  func refreshBody(services: [ServiceName]?) -> SubscribeRequest {
    SubscribeRequest(
      expires: params.expires, service: services ?? requested, localization: params.localization ?? request.body.localization,
      useTurn: true, notificationType: params.notificationType ?? request.body.notificationType)
  }
}

extension Double {
  /// 2 to the power of this number, for small whole ones.
  fileprivate var powerOfTwo: Double {
    (0..<Int(self)).reduce(1) { product, _ in product * 2 }
  }
}
