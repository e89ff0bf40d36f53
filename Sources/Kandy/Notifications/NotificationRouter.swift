import LinkProtocol
import Synchronization

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The one queue that all notifications go through, whatever brings them (part 01 §7).
///
/// It is bounded: while more than `limit` wait to be processed the WebSocket is not read, and so slows its server down. What the
/// application hands over cannot wait; it is refused beyond ten times as many.
final class NotificationRouter: Sendable {
  /// The number of a connection (`SessionMachine.RequestNumber`).
  typealias ConnectionNumber = Int

  static let limit = 1_000

  private enum Item: Sendable {
    case notification(Notification, NotificationChannel, ConnectionNumber?)
    /// Something to do when everything before has been processed.
    case marker(@Sendable () -> Void)
  }

  private let context: ServiceContext
  private let log: TargetLogger
  /// The call engine's.
  private let trace: TargetLogger
  private let queue = BoundedQueue<Item>(limit: limit)
  private let isWebSocketEnabled = Mutex(false)

  init(context: ServiceContext) {
    self.context = context
    log = context.log.logger(.notifications)
    trace = context.log.logger(.fcs)
  }

  // MARK: Submitting

  /// How many wait to be processed.
  var waiting: Int { queue.count }

  /// Takes a text frame of a WebSocket. Returns when there is room for another one.
  /// - Returns: what it is about, if it is a notification.
  @discardableResult
  func submit(frame: String, connection: ConnectionNumber) async -> EventType? {
    let data = Data(frame.utf8)
    guard let value = try? JSONDecoder().decode(JSONValue.self, from: data) else {
      log.warn("A frame that is not JSON was discarded.")
      return nil
    }
    if value.isKeepalive { return nil }
    guard let notification = read(data) else { return nil }
    await queue.push(.notification(notification, .webSocket, connection))
    return notification.eventType
  }

  /// Takes a notification as the application got it, `{"notificationMessage": …}`.
  func submit(_ json: JSONValue, channel: NotificationChannel) {
    guard let data = try? JSONEncoder().encode(json), let notification = read(data) else { return }
    submit(notification, channel: channel)
  }

  func submit(_ notification: Notification, channel: NotificationChannel) {
    guard waiting < 10 * Self.limit else {
      context.metrics.notification(.dropped)
      return log.error("A notification was refused: too many wait to be processed.")
    }
    queue.add(.notification(notification, channel, nil))
  }

  private func read(_ data: Data) -> Notification? {
    do {
      return try WireCoding.decode(Notification.self, from: data)
    } catch {
      context.metrics.notification(.unreadable)
      // D-14: the cache stays as it is.
      log.warn("A notification that cannot be read was ignored.", ["reason": .string("\(error)")])
      return nil
    }
  }

  /// Calls `action` when everything that was submitted before has been processed.
  func afterwards(_ action: @escaping @Sendable () -> Void) {
    queue.add(.marker(action))
  }

  /// R-CONN-710.
  func enableWebSocket(_ enable: Bool) {
    isWebSocketEnabled.withLock { $0 = enable }
  }

  /// For action logs.
  var state: JSONValue { ["webSocketEnabled": .bool(isWebSocketEnabled.withLock { $0 })] }

  /// Takes nothing more; `run` returns.
  func finish() {
    queue.finish()
  }

  // MARK: Processing (R-CONN-720)

  /// Processes what is submitted, one after another, until `finish` or until its task is cancelled.
  /// - Parameter session: is told of every notification that passed, with the connection that it came on.
  func run(
    services: [any Service], session: @escaping @Sendable (Notification, ConnectionNumber?) -> Void
  ) async {
    let handlers = Dictionary(
      services.flatMap { service in service.eventTypes.map { ($0, service) } }, uniquingKeysWith: { first, _ in first })
    var cache = DuplicateCache()
    while let item = await queue.next() {
      switch item {
      case .marker(let action):
        action()
      case .notification(let notification, let channel, let connection):
        let accepted: Notification
        switch await accept(notification, channel, &cache) {
        case .accepted(let notification): accepted = notification
        case .refused(let outcome):
          context.metrics.notification(outcome)
          continue
        }
        context.metrics.notification(.delivered)
        context.act(
          "NOTIFICATION_RECEIVED", ["eventType": .string(accepted.eventType.rawValue), "channel": .string(channel.rawValue)])
        await dispatch(accepted, handlers[accepted.eventType], session, connection)
      }
    }
  }

  private enum Verdict {
    /// With a plain session description.
    case accepted(Notification)
    case refused(ClientMetrics.NotificationOutcome)
  }

  /// Steps 1 to 6.
  private func accept(
    _ notification: Notification, _ channel: NotificationChannel, _ cache: inout DuplicateCache
  ) async -> Verdict {
    let settings = context.settings.current.notifications
    if channel == .webSocket, !isWebSocketEnabled.withLock({ $0 }) {
      log.debug("A notification of a disabled channel was dropped.", ["eventType": .string(notification.eventType.rawValue)])
      return .refused(.dropped)
    }
    guard let plain = await withPlainDescription(notification) else {
      log.warn(
        "A notification whose session description cannot be fetched was dropped.",
        ["eventType": .string(notification.eventType.rawValue)])
      return .refused(.unreadable)
    }
    if plain.eventType == .call, settings.incomingCallNotificationMode == "push-channel-only", channel != .push {
      log.warn("A call was dropped: only those that come by push are taken.")
      return .refused(.dropped)
    }
    guard let id = plain.eventId else { return .accepted(plain) }  // D-15
    if cache.contains(id) {
      log.info("A duplicate notification was dropped.", ["eventType": .string(plain.eventType.rawValue)])
      return .refused(.duplicate)
    }
    cache.insert(id, length: settings.idCacheLength)
    return .accepted(plain)
  }

  /// Step 7, in the order of R-CONN-305.
  private func dispatch(
    _ notification: Notification, _ service: (any Service)?,
    _ session: @Sendable (Notification, ConnectionNumber?) -> Void, _ connection: ConnectionNumber?
  ) async {
    log.debug("A notification arrived.", ["eventType": .string(notification.eventType.rawValue)])
    let callsFirst = EventType.calls.contains(notification.eventType)
    if callsFirst { trace.debug("Signalling arrives.", ["eventType": .string(notification.eventType.rawValue)]) }
    if !callsFirst { context.events.emit(.notificationReceived(notification)) }
    session(notification, connection)
    await service?.handle(notification)
    if callsFirst { context.events.emit(.notificationReceived(notification)) }
  }

  // MARK: Session descriptions (R-CONN-740)

  /// - Returns: the notification with the text of its description, or `nil` if that cannot be fetched (R-CONN-741).
  private func withPlainDescription(_ notification: Notification) async -> Notification? {
    guard let format = notification.sessionParams?.sdpFormat, let sdp = notification.sessionParams?.sdp else {
      return notification
    }
    var plain = notification
    switch format {
    case "compressed":
      // R-SDP-4: what cannot be unpacked goes on as it is. If it is no description either, the call finds that out and ends.
      plain.sessionParams?.sdp = sdp.hasPrefix("v=0") ? sdp : Self.inflated(sdp) ?? sdp
    case "url":
      guard let text = await fetched(sdp) else { return nil }
      plain.sessionParams?.sdp = text
    default:
      break
    }
    return plain
  }

  /// Every byte becomes one character.
  static func inflated(_ text: String) -> String? {
    guard let data = Data(base64Encoded: text, options: .ignoreUnknownCharacters),
      let bytes = Inflate.bytes(Array(data))
    else { return nil }
    return String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
  }

  private func fetched(_ path: String) async -> String? {
    guard path.hasPrefix("/"), var access = context.requests.access else { return nil }
    let settings = context.settings.current
    if let push = settings.notifications.pushRegistration {
      let rest = settings.authentication.subscription
      access.base = ServerAccess.address(
        push.protocol ?? rest.protocol, push.server ?? rest.server, push.port.flatMap { Int($0) } ?? rest.port)
    }
    let answer: EventData? = try? await context.requests.send(.get, path, body: NoBody?.none, as: access)
    return answer?.sdp
  }
}

/// Answer to fetching a session description (R-CONN-740).
private struct EventData: WireBody {
  static let envelope: String? = "eventDataResponse"
  var sdp: String
}

extension JSONValue {
  /// Frames of the alternative check methods, which are not used on this platform (R-CONN-613, R-CONN-640).
  fileprivate var isKeepalive: Bool {
    ["connCheck", "connAck"].contains { key in
      switch self[key] {
      case nil, .null?, .bool(false)?: false
      default: true
      }
    }
  }
}
