import Kandy
import NIOCore
import NIOPosix
import Synchronization

/// A client's way to the gateway's WebSocket, which a test can cut: open connections break, and new ones come to nothing, until it is
/// mended. Requests go beside it.
final class SocketRelay: Sendable {
  private struct State {
    var target: Int?
    var isCut = false
    var channels: [any Channel] = []
  }

  private let group: MultiThreadedEventLoopGroup
  private let listener: any Channel
  private let state = Mutex(State())

  private init(_ group: MultiThreadedEventLoopGroup, _ listener: any Channel) {
    self.group = group
    self.listener = listener
  }

  static func open() async throws -> SocketRelay {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let arrivals = Arrivals()
    let listener = try await ServerBootstrap(group: group)
      .childChannelInitializer { arrivals.connect($0) }
      .bind(host: "127.0.0.1", port: 0).get()
    let relay = SocketRelay(group, listener)
    arrivals.receive { [weak relay] in relay?.connect($0) ?? $0.eventLoop.makeFailedFuture(ChannelError.ioOnClosedChannel) }
    return relay
  }

  func close() async throws {
    try await listener.close()
    cut()
    try await group.shutdownGracefully()
  }

  // MARK: - What a test does

  /// Puts itself between a client and the gateway that its configuration names.
  func stand(in configuration: inout Configuration) {
    let port = configuration.authentication.subscription.port
    state.withLock { $0.target = port }
    configuration.authentication.websocket.server = "127.0.0.1"
    configuration.authentication.websocket.protocol = "ws"
    configuration.authentication.websocket.port = listener.localAddress?.port ?? 0
    configuration.connectivity.reconnectLimit = 0
    configuration.connectivity.reconnectDelay = 200
  }

  /// Breaks what is open, and lets nothing through from now on.
  func cut() {
    let channels = state.withLock { state in
      state.isCut = true
      defer { state.channels = [] }
      return state.channels
    }
    for channel in channels { channel.close(promise: nil) }
  }

  func mend() { state.withLock { $0.isCut = false } }

  // MARK: - Connections

  private func connect(_ client: any Channel) -> EventLoopFuture<Void> {
    let target = state.withLock { state -> Int? in
      guard !state.isCut else { return nil }
      state.channels.append(client)
      return state.target
    }
    guard let target else { return client.eventLoop.makeFailedFuture(ChannelError.ioOnClosedChannel) }
    return ClientBootstrap(group: client.eventLoop)
      .channelInitializer { $0.pipeline.addHandler(Pump(to: client)) }
      .connect(host: "127.0.0.1", port: target)
      .flatMap { client.pipeline.addHandler(Pump(to: $0)) }
  }
}

/// Where the listener's connections go.
private final class Arrivals: Sendable {
  private let body = Mutex<@Sendable (any Channel) -> EventLoopFuture<Void>>({ $0.eventLoop.makeSucceededVoidFuture() })

  func receive(_ body: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>) {
    self.body.withLock { $0 = body }
  }

  func connect(_ channel: any Channel) -> EventLoopFuture<Void> {
    body.withLock { $0 }(channel)
  }
}

/// Sends on what comes, to the other half of the connection, and ends with it.
private final class Pump: ChannelInboundHandler, Sendable {
  typealias InboundIn = ByteBuffer

  private let other: any Channel

  init(to other: any Channel) {
    self.other = other
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    other.writeAndFlush(unwrapInboundIn(data), promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    other.close(promise: nil)
    context.fireChannelInactive()
  }
}
