import LinkProtocol

/// Subscriptions: `POST`, `PUT` by path and by correlator, `DELETE` (part 01 §5, R-CONN-1201).
struct SubscriptionRoutes: GatewayFeature {
  let store: SubscriptionStore
  let hub: NotificationHub
  let limits: GatewayConfiguration.Limits
  var turn: GatewayConfiguration.Turn?
  let identifiers: IdentifierSource
  let now: @Sendable () -> Int64

  /// The capabilities that a client may announce and gets confirmed. Extensions of our own are added here.
  static let capabilities: Set<String> = ["RingingFeedback"]
  /// Seconds, for a client that asks for no lifetime.
  private static let defaultLifetime = 3_600

  func addRoutes(to routes: inout Routes) {
    routes.on(Subscription.create, acceptsToken: true) { caller, _, request in try await create(caller, request) }
    routes.on(Subscription.refresh, isAboutSubscription: true) { caller, id, request in
      try await refresh(.id(id), caller, request)
    }
    routes.on(Subscription.refreshByCorrelator, isAboutSubscription: true) { caller, correlator, request in
      try await refresh(.correlator(correlator), caller, request)
    }
    routes.on(Subscription.delete, isAboutSubscription: true) { caller, id, _ in try await delete(id, caller) }
  }

  // MARK: - The requests

  private func create(_ caller: Caller, _ request: SubscribeRequest) async throws -> Reply<SubscribeResponse> {
    if let correlator = request.clientCorrelator, !correlator.isPlain { throw Refusal.invalidCorrelator }
    if let type = request.notificationType, type != "WebSocket" {
      throw Refusal.invalidValue("Notifications travel over a WebSocket only.")
    }
    guard let services = request.service else { throw Refusal.invalidValue("The request names no services.") }
    let lifetime = granted(request.expires ?? Self.defaultLifetime)
    let subscription = SubscriptionRecord(
      id: SubscriptionID(identifiers.next()), user: caller.user, channel: ChannelID(identifiers.next()),
      correlator: request.clientCorrelator, services: try granted(services, to: caller),
      supported: granted(request.supported ?? []), localization: request.localization, lifetime: lifetime,
      expiresAt: expiry(after: lifetime))
    let session = caller.usedToken ? SessionToken(identifiers.next()) : nil
    let displaced = try await add(subscription, session: session, force: request.forceLogOut ?? false)
    var response = response(subscription, to: request)
    response.subscriptionParams?.sessionId = session
    return Reply(response) { [hub] in
      if let overridden = displaced.overridden { await hub.end(overridden, .overridden) }
      for id in displaced.loggedOut { await hub.end(id, .gone()) }
    }
  }

  /// The mailbox is opened first: whoever finds the subscription in the database, to end it, then finds the mailbox too.
  private func add(
    _ subscription: SubscriptionRecord, session: SessionToken?, force: Bool
  ) async throws -> SubscriptionStore.Displaced {
    guard await hub.open(subscription) else { throw Refusal.shuttingDown }
    do {
      return try await store.create(subscription, session: session, limit: limits.subscriptionsPerUser, force: force)
    } catch {
      await hub.end(subscription.id, .none)
      throw error
    }
  }

  private func refresh(
    _ name: SubscriptionStore.Name, _ caller: Caller, _ request: SubscribeRequest
  ) async throws -> Reply<SubscribeResponse> {
    let services = try request.service.map { try granted($0, to: caller) }
    let supported = request.supported.map(granted)
    let time = now()
    let updated = try await store.update(name, of: caller.user, now: time) { subscription in
      if let services { subscription.services = services }
      if let supported { subscription.supported = supported }
      if let localization = request.localization { subscription.localization = localization }
      if let expires = request.expires { subscription.lifetime = granted(expires) }
      subscription.expiresAt = time + Int64(subscription.lifetime) * 1_000
    }
    guard let updated else { throw Refusal.unknownSubscription }
    await hub.update(updated)
    return Reply(response(updated, to: request))
  }

  private func delete(_ id: SubscriptionID, _ caller: Caller) async throws -> Reply<SubscribeResponse> {
    guard try await store.remove(id, of: caller.user) else { throw Refusal.unknownSubscription }
    // The socket is released after the answer, and without `gone`, which a 3.16 client would take for a failure (D-10).
    return Reply(SubscribeResponse()) { [hub] in await hub.end(id, .none) }
  }

  // MARK: - What is granted

  private func granted(_ lifetime: Int) -> Int {
    min(max(lifetime, limits.lifetime.lowerBound), limits.lifetime.upperBound)
  }

  private func expiry(after lifetime: Int) -> Int64 {
    now() + Int64(lifetime) * 1_000
  }

  /// The requested services that the user has, each once. A name that nobody could have is refused; one that this user has not is
  /// left out (R-CONN-461, R-CONN-533).
  private func granted(_ services: [ServiceName], to caller: Caller) throws(Refusal) -> [ServiceName] {
    if let unknown = services.first(where: { !ServiceName.known.contains($0) && !$0.isSIPEvent }) {
      throw Refusal.invalidValue("There is no service \"\(unknown)\".")
    }
    var seen: Set<ServiceName> = []
    return services.filter { caller.isGranted($0) && seen.insert($0).inserted }
  }

  private func granted(_ supported: [String]) -> [String] {
    var seen: Set<String> = []
    return supported.filter { Self.capabilities.contains($0) && seen.insert($0).inserted }
  }

  /// With credentials for the TURN servers, new ones each time, if the client wants them (R-SRV-9).
  private func response(_ subscription: SubscriptionRecord, to request: SubscribeRequest) -> SubscribeResponse {
    let credentials =
      request.useTurn == true
      ? turn?.credentials(for: subscription.user, now: now(), outliving: subscription.lifetime) : nil
    return SubscribeResponse(
      subscription: subscription.path,
      subscriptionParams: SubscriptionParams(
        expires: subscription.lifetime, service: subscription.services, localization: subscription.localization,
        notificationType: "WebSocket", notificationChannel: NotificationPath.path(of: subscription.channel),
        clientCorrelator: subscription.correlator, turnCredentials: credentials, supported: subscription.supported))
  }
}
