import LinkLogic
public import LinkMedia
public import LinkProtocol
import Synchronization

/// Makes a client.
///
/// No mistake in the configuration keeps it from being made: what cannot be used is logged (R-CONN-103).
/// - Parameters:
///   - media: the engine that carries calls; it stays yours, several clients may share one. Without one everything but media
///     works.
///   - transport: the way to the server; `nil` for the network, with the system's authorities. The client ends it.
///   - surroundings: clock, time of day, randomness.
public func create(
  _ configuration: Configuration = Configuration(), media: (any MediaEngine)? = nil,
  transport: (any Transport)? = nil, surroundings: Surroundings = Surroundings()
) -> Client {
  Client(configuration, media: media, transport: transport ?? NetworkTransport(), surroundings: surroundings)
}

/// One user's connection to a server, and everything that is done over it: `api` in the document.
///
/// Keep it as long as it is to be connected; `destroy` ends it properly. Getters of a destroyed client throw, whatever starts
/// something does nothing (R-CONN-223, R-CONN-224).
public final class Client: Sendable {
  /// `client.call`.
  public let call: Calls
  /// `client.audioBridge`.
  public let audioBridge: AudioBridges
  /// `client.clickToCall`.
  public let clickToCall: ClickToCalls
  /// `client.media`.
  public let media: Media
  /// `client.notification`.
  public let notification: Notifications
  /// `client.connection`.
  public let connection: Connectivity
  /// `client.logger`.
  public let logger: Loggers

  private let context: ServiceContext
  private let session: SessionDriver
  private let calls: CallService
  private let log: TargetLogger
  /// What `setCredentials` was given, for a `connect` without credentials.
  private let credentials = Mutex<Credentials?>(nil)
  /// Runs everything, and ends when the session has ended.
  private let running: Task<Void, Never>

  init(
    _ configuration: Configuration, media engine: (any MediaEngine)?, transport: any Transport, surroundings: Surroundings
  ) {
    let context = ServiceContext(configuration, engine, transport, surroundings)
    let router = NotificationRouter(context: context)
    let session = SessionDriver(context: context, transport: transport, router: router)
    let devices = MediaService(context)
    let bridges = AudioBridgeService(context, media: devices)
    let calls = CallService(
      context, media: devices, turn: { [weak session] in session?.view.turnCredentials },
      handlers: { context.settings.current.call.sdpHandlers }, ended: { bridges.callEnded($0) })
    let services: [any Service] = [calls, devices]

    self.context = context
    self.session = session
    self.calls = calls
    log = context.log.logger(.factory)
    call = Calls(calls)
    audioBridge = AudioBridges(bridges, calls)
    clickToCall = ClickToCalls(service: ClickToCallService(context))
    media = Media(service: devices)
    notification = Notifications(context: context, router: router)
    connection = Connectivity(session: session)
    logger = Loggers(context: context)
    running = Task { await Self.run(session, router, services, transport) }
    context.events.emitWhenObserved(.devicesChange(devices.devices))  // R-CONN-204
  }

  deinit {
    _ = context.lifetime.end()
    context.events.finish()
    session.finish()
  }

  private static func run(
    _ session: SessionDriver, _ router: NotificationRouter, _ services: [any Service], _ transport: any Transport
  ) async {
    await withDiscardingTaskGroup { group in
      group.addTask {
        await router.run(services: services) { notification, connection in
          switch notification.eventType {
          case .gone: session.post(.gone(connection, retryAfter: notification.retryAfter))
          case .websocketOverridden: session.post(.overridden(connection))
          default: break
          }
        }
      }
      await session.run(services: services)
      router.finish()
      group.cancelAll()
    }
    for service in services { await service.shutdown() }
    await transport.shutdown()
  }

  // MARK: - The instance

  /// The version of the API; works before connecting and after `destroy` (R-CONN-203).
  public func getVersion() -> String { Version.current }

  /// The features of this platform (R-CONN-202).
  public func getCapabilities() -> [String] {
    [
      "logs", "config", "connect", "userCredentialsAuth", "hmacTokenAuth", "updateConnection", "services", "call",
      "callHistory",
      "clickToCall", "simpleMessagingOnly", "onlyInternalMessaging", "voicemail", "push", "registerPushNotifications",
      "externalNotifications", "presence", "sipEvents", "addContactAsFriend", "selfInfoAsUserProfile", "limitedSearch",
    ]
  }

  /// The configuration in force.
  /// - Throws: when the client has been destroyed.
  public func getConfig() throws(BasicError) -> Configuration {
    try context.lifetime.check()
    return context.settings.current
  }

  /// Takes over what `values` names, object by object; arrays are replaced (R-CONN-151, R-CONN-152). When it takes effect
  /// stands beside each value of `Configuration`.
  public func updateConfig(_ values: JSONValue) {
    updateConfig { $0.merge(values) }
  }

  /// Changes the configuration.
  /// - Parameter change: is called once more when another task changed the configuration meanwhile. Within it `getConfig` gives the
  ///   configuration before; a further `updateConfig` is refused, and that is logged.
  public func updateConfig(_ change: (inout Configuration) -> Void) {
    guard !context.lifetime.isDestroyed else { return }
    let log = context.log.logger(.config)
    log.invoked("updateConfig")
    let settings = context.settings
    let updated = context.act("UPDATE_CONFIG", state: { settings.current.shownInActions }) {
      settings.update { configuration in
        configuration.problems = []
        change(&configuration)
      }
    }
    guard let updated else { return log.error("A change of the configuration within another one was refused.") }
    for problem in updated.problems {
      log.warn(
        "A value of the configuration was passed over.",
        ["key": .string(problem.path), "expected": .string(problem.expectation)])
    }
    session.post(.settings(SessionMachine.Settings(context.settings.current.connectivity)))
  }

  /// Ends the client: closes the WebSocket, ends calls, timers and requests, without a word to the server (R-CONN-221). No
  /// event is delivered any more from the moment of the call. Returns when everything is closed. Idempotent.
  public func destroy() async {
    if context.lifetime.end() {
      log.invoked("destroy")
      context.events.finish()
      session.post(.destroy)
    }
    await running.value
    await context.log.flush()
  }

  // MARK: - Events

  /// Every event from now on, in order. Each access makes a reader of its own.
  public var events: EventStream { context.events.reader() }

  /// Calls `handler` for each event of this name, until the token is cancelled.
  @discardableResult
  public func on(_ name: EventName, _ handler: @escaping EventHandler) -> EventToken {
    context.events.on(name, handler)
  }

  /// Calls `handler` for each event with this documented name, such as `call:receive`.
  /// - Throws: `BasicError` when there is no such event.
  @discardableResult
  public func on(_ name: String, _ handler: @escaping EventHandler) throws(BasicError) -> EventToken {
    if let name = EventName(rawValue: name) { return on(name, handler) }
    guard context.lifetime.isDestroyed else { throw BasicError(.noCode, "Invalid event type: \(name)") }
    return EventToken(id: 0) {}
  }

  /// Ends a registration; the same as `token.cancel()`.
  public func off(_ token: EventToken) { token.cancel() }

  /// Calls `handler` for every event, after those that asked for its name, until the token is cancelled.
  @discardableResult
  public func subscribe(_ handler: @escaping EventHandler) -> EventToken {
    context.events.on(nil, handler)
  }

  /// Ends a registration; the same as `token.cancel()`.
  public func unsubscribe(_ token: EventToken) { token.cancel() }
}

// MARK: - Connecting

extension Client {
  /// Subscribes at the server and opens the WebSocket. Returns when both are done, after `auth:change`.
  ///
  /// While the same user is connected it returns at once, while that is being done it waits for it; neither changes anything
  /// (R-CONN-565). While a disconnection is under way it begins afterwards. Cancelling the task abandons the connection.
  /// - Parameter credentials: `nil` takes those that `setCredentials` was given.
  /// - Throws: `BasicError`: `authentication:1` unusable credentials, `authentication:4` the server refused or could not be
  ///   reached, `subscription:1` the WebSocket did not open, `authentication:7` another user is connected, or `disconnect` came
  ///   first. But for `authentication:7` it is reported by `auth:error` as well.
  public func connect(
    _ credentials: Credentials? = nil, options: ConnectOptions = ConnectOptions()
  ) async throws(BasicError) {
    guard !context.lifetime.isDestroyed else { return }
    log.invoked("connect")
    let given = credentials ?? self.credentials.withLock { $0 }
    let configuration = context.settings.current
    context.log.traceCalls(configuration.logs.enableFcsLogs)
    let authentication = configuration.authentication
    let access = given.flatMap { given in
      given.wire.map { ServerAccess(authentication, username: given.username, credential: $0) }
    }
    let body = SubscribeRequest(authentication.subscription, options)
    if !session.view.connection.isConnected { calls.captureConfiguration() }
    if let failure = await session.connect(access, username: given?.username ?? "", body) { throw BasicError(failure) }
  }

  /// Deletes the subscription and closes the WebSocket; calls are ended first. Returns when the client is disconnected: every
  /// answer of the server counts as that (R-CONN-563). Without a connection it does nothing.
  public func disconnect() async {
    guard !context.lifetime.isDestroyed else { return }
    log.invoked("disconnect")
    if session.view.connection.isConnected { await calls.endAll() }
    await session.disconnect()
  }

  /// Changes the services of the present subscription.
  /// - Throws: `BasicError` `authentication:6` when the server refused, reported by `auth:error` as well; `authentication:7`
  ///   without a connection.
  public func updateConnection(services: [ServiceName]) async throws(BasicError) {
    guard !context.lifetime.isDestroyed else { return }
    log.invoked("updateConnection")
    if let failure = await session.updateServices(services) { throw BasicError(failure) }
  }

  /// Uses these credentials for the requests that follow on the present connection, and for a `connect` without credentials
  /// (R-CONN-591). Reported by `auth:change`.
  /// - Throws: `BasicError` `authentication:1`, reported by `auth:error` as well, when they cannot be used, or belong to
  ///   another user than the connected one.
  public func setCredentials(_ credentials: Credentials) throws(BasicError) {
    guard !context.lifetime.isDestroyed else { return }
    log.invoked("setCredentials")
    let isUsable = credentials.wire.map { session.replaceCredential($0, username: credentials.username) } ?? false
    if isUsable { self.credentials.withLock { $0 = credentials } }
    session.post(.credentials(isUsable: isUsable))
    if !isUsable { throw BasicError(SessionMachine.Failure(.invalidCredentials)) }
  }

  /// The user who is connected, connects, or failed to.
  /// - Throws: when the client has been destroyed.
  public func getUserInfo() throws(BasicError) -> UserInfo {
    try context.lifetime.check()
    return UserInfo(username: session.view.username)
  }

  /// How the connection stands.
  /// - Throws: when the client has been destroyed.
  public func getConnection() throws(BasicError) -> ConnectionState {
    try context.lifetime.check()
    return session.view.connection
  }

  /// The services of the present subscription.
  /// - Throws: when the client has been destroyed.
  public func getServices() throws(BasicError) -> SubscribedServices {
    try context.lifetime.check()
    return session.view.services
  }

  /// `subscriptionStates`, by their documented names (R-CONN-574).
  public var subscriptionStates: [String: SubscriptionState] {
    ["FULL": .full, "PARTIAL": .partial, "NONE": .none]
  }

  /// `disconnectReasons`, by their documented names (R-CONN-574).
  public var disconnectReasons: [String: DisconnectReason] {
    ["GONE": .gone, "LOST_CONNECTION": .lostConnection]
  }
}

extension SubscribeRequest {
  /// R-CONN-521.
  fileprivate init(_ settings: Configuration.Subscription, _ options: ConnectOptions) {
    self.init(
      expires: settings.expires, service: settings.service.map { ServiceName(rawValue: $0) },
      localization: settings.localization, useTurn: true, notificationType: settings.notificationType,
      supported: ["RingingFeedback"], forceLogOut: options.forceLogOut, clientCorrelator: options.clientCorrelator)
  }
}

extension ServiceContext {
  fileprivate init(
    _ configuration: Configuration, _ media: (any MediaEngine)?, _ transport: any Transport, _ surroundings: Surroundings
  ) {
    var configuration = configuration
    let log = LoggerSet(configuration.logs, now: surroundings.now)
    configuration.validate(log)
    let settings = Settings(configuration)
    let metrics = ClientMetrics(surroundings.metrics)
    self.init(
      settings: settings, lifetime: Lifetime(), events: EventHub(log: log.logger(.events)), log: log,
      clock: surroundings.clock, now: surroundings.now, random: surroundings.random, makeID: surroundings.makeID,
      storage: surroundings.storage, media: media,
      requests: Requests(transport: transport, settings: settings, log: log, metrics: metrics),
      actions: ActionLog(configuration.logs, loggers: log), metrics: metrics)
  }
}
