import KandyTesting
import LinkProtocol
import LinkSocket
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket
import Synchronization
import Testing

@testable import KandyGateway

/// A gateway on a port, devices with channels, clients that keep to the rules and clients that do not.
struct SocketBench: Sendable {
  let gateway: Gateway
  let port: Int
  let log: SocketLog

  static func run(
    users: [UserAddress] = [], configuration: GatewayConfiguration = GatewayConfiguration(), clock: ManualClock? = nil,
    _ body: (SocketBench) async throws -> Void
  ) async throws {
    let log = SocketLog()
    try await InProcessGateway.run(
      users: users, configuration: configuration, clock: clock, logger: Logger(label: "test") { _ in log }
    ) { running in
      try await body(SocketBench(gateway: running.gateway, port: running.port, log: log))
    }
  }

  /// Gives somebody, who becomes a user if need be, a device; its channel's id is the device's.
  func device(_ id: SubscriptionID) async throws -> SubscriptionID {
    let user = try #require(UserAddress("\(id)@example.com"))
    if try await !gateway.users.exists(user) { try await gateway.users.add(User(address: user), password: nil) }
    let record = SubscriptionRecord(
      id: id, user: user, channel: ChannelID("\(id)"), services: [.call], supported: [], lifetime: 3_600, expiresAt: .max)
    _ = try await gateway.keeper.store.create(record, session: nil, limit: 1, force: false)
    await gateway.hub.open(record)
    return id
  }

  private func url(_ device: SubscriptionID) -> String {
    "ws://127.0.0.1:\(port)\(NotificationPath.path(of: ChannelID("\(device)")))"
  }

  /// A client that keeps to the rules.
  func connect(_ device: SubscriptionID) async throws -> WebSocketConnection {
    try await WebSocketClient.connect(url: url(device))
  }

  /// A client that does what the test says, frame by frame.
  func abuse(_ device: SubscriptionID, reads: Bool = true) async throws -> FrameClient {
    let path = NotificationPath.path(of: ChannelID("\(device)"))
    return try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connect(host: "127.0.0.1", port: port) { channel in
        channel.eventLoop.makeCompletedFuture { try FrameClient.open(path, on: channel, reads: reads) }
      }.get()
  }

  /// Waits until everything posted to a device is known to have arrived.
  func confirmed(_ device: SubscriptionID) async {
    while await gateway.hub.unconfirmed(by: device) > 0, !Task.isCancelled { await Task.yield() }
  }

  /// Posts notifications that are told apart by their `eventId`.
  func post(_ ids: [String], to device: SubscriptionID) async {
    for id in ids {
      let notification = LinkProtocol.Notification(eventType: .ringing, eventId: EventID(id), time: 1)
      #expect(await gateway.hub.post(notification, toSubscription: device))
    }
  }
}

extension WebSocketConnection {
  /// The `eventId`s of the next messages, up to and including `last`, before the first blank.
  func events(until last: String) async throws -> [String] {
    var events: [String] = []
    for await text in messages {
      let notification = try WireCoding.decode(LinkProtocol.Notification.self, from: .init(text.utf8))
      let id = String((notification.eventId?.rawValue ?? "").prefix { $0 != " " })
      events.append(id)
      if id == last { break }
    }
    return events
  }
}

/// The gateway's log lines: message and metadata.
final class SocketLog: LogHandler {
  private let lines: AsyncStream<String>
  private let written: AsyncStream<String>.Continuation

  init() {
    (lines, written) = AsyncStream.makeStream()
  }

  /// The next line about a socket's end.
  func nextEnd() async -> String? {
    await lines.first { $0.hasPrefix("debug: a socket was ") || $0.hasPrefix("debug: a client closed its socket") }
  }

  /// The next line that holds a text.
  func next(_ text: String) async -> String? {
    await lines.first { $0.contains(text) }
  }

  var metadata: Logger.Metadata {
    get { [:] }
    set {}
  }
  var logLevel: Logger.Level {
    get { .debug }
    set {}
  }
  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { nil }
    set {}
  }

  func log(event: LogEvent) {
    let data = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    written.yield((["\(event.level.rawValue): \(event.message)"] + data).joined(separator: " "))
  }
}

/// A client's end that knows frames and no rules.
struct FrameClient: Sendable {
  let channel: any Channel
  /// What arrives; finishes with the connection.
  let frames: AsyncStream<WebSocketFrame>

  static func open(_ path: String, on channel: any Channel, reads: Bool) throws -> EventLoopFuture<FrameClient> {
    let upgrader = NIOTypedWebSocketClientUpgrader<FrameClient>(maxFrameSize: 1 << 24, enableAutomaticErrorHandling: false) {
      channel, _ in
      channel.eventLoop.makeCompletedFuture {
        let (frames, arrived) = AsyncStream.makeStream(of: WebSocketFrame.self)
        try channel.pipeline.syncOperations.addHandler(ChannelReader(arrived))
        if !reads { try channel.syncOptions?.setOption(.autoRead, value: false) }
        return FrameClient(channel: channel, frames: frames)
      }
    }
    let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: path, headers: ["Host": "localhost"])
    return try channel.pipeline.syncOperations.configureUpgradableHTTPClientPipeline(
      configuration: NIOUpgradableHTTPClientPipelineConfiguration(
        upgradeConfiguration: NIOTypedHTTPClientUpgradeConfiguration(
          upgradeRequestHead: head, upgraders: [upgrader],
          notUpgradingCompletionHandler: { $0.eventLoop.makeFailedFuture(ChannelError.operationUnsupported) })))
  }

  func send(_ frame: WebSocketFrame) async throws {
    try await channel.writeAndFlush(frame)
  }

  func send(_ opcode: WebSocketOpcode, _ text: String, fin: Bool = true) async throws {
    try await send(WebSocketFrame(fin: fin, opcode: opcode, maskKey: .random(), data: ByteBuffer(string: text)))
  }

  /// The code of the close frame, when it comes.
  func closeCode() async -> UInt16? {
    let frame = await frames.first { $0.opcode == .connectionClose }
    return frame?.data.getInteger(at: frame?.data.readerIndex ?? 0, as: UInt16.self)
  }
}
