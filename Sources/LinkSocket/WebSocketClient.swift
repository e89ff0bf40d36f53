public import NIOCore
import NIOHTTP1
public import NIOPosix
public import NIOSSL
import NIOWebSocket

/// The client's half of the opening handshake.
public enum WebSocketClient {
  /// Opens a WebSocket; returns when the handshake is done. No sub-protocol, no extensions (R-CONN-603).
  ///
  /// - Parameters:
  ///   - url: with scheme `ws` or `wss`; path and query go to the server as they stand.
  ///   - tls: what a `wss` server is checked against; without it, the system's authorities.
  ///   - timeout: for everything: looking up the name, connecting, TLS, the handshake.
  /// - Throws: `WebSocketError`; `CancellationError` when the task is cancelled.
  public static func connect(
    url: String, tls: NIOSSLContext? = nil, timeout: Duration = .seconds(10), options: WebSocketOptions = .client,
    on group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
  ) async throws -> WebSocketConnection {
    let deadline = NIODeadline.now() + TimeAmount(timeout)
    guard let target = WebSocketURL(url) else { throw WebSocketError(.invalidURL, "not a WebSocket URL") }
    var context: NIOSSLContext?
    if target.isSecure {
      context = tls
      if context == nil { context = try await systemContext() }
    }
    let attempt = WebSocketAttempt()
    do {
      return try await withTaskCancellationHandler {
        let opening = try await ClientBootstrap(group: group)
          .connectTimeout(deadline - .now())
          .channelOption(.socketOption(.tcp_nodelay), value: 1)
          .connect(host: target.host, port: target.port) { [context] channel in
            channel.eventLoop.makeCompletedFuture {
              attempt.adopt(channel)
              return try open(target, on: channel, context: context, deadline: deadline, options: options)
            }
          }
        return try await opening.get()
      } onCancel: {
        attempt.cancel()
      }
    } catch {
      try Task.checkCancellation()
      throw WebSocketError(opening: error, isLate: NIODeadline.now() >= deadline)
    }
  }

  /// Reading the system's authorities takes a while and blocks.
  private static func systemContext() async throws -> NIOSSLContext {
    try await NIOThreadPool.singleton.runIfActive { try NIOSSLContext(configuration: .makeClientConfiguration()) }
  }

  private static func open(
    _ target: WebSocketURL, on channel: any Channel, context: NIOSSLContext?, deadline: NIODeadline, options: WebSocketOptions
  ) throws -> EventLoopFuture<WebSocketConnection> {
    let pipeline = channel.pipeline.syncOperations
    if let context {
      try pipeline.addHandler(NIOSSLClientHandler(context: context, serverHostname: target.serverName))
    }
    let upgrader = NIOTypedWebSocketClientUpgrader<WebSocketConnection?>(
      maxFrameSize: options.maximumMessageBytes, enableAutomaticErrorHandling: false
    ) { channel, _ in
      channel.eventLoop.makeCompletedFuture {
        try WebSocketConnection.connection(on: channel, role: .client, options: options)
      }
    }
    let request = HTTPRequestHead(version: .http1_1, method: .GET, uri: target.target, headers: ["Host": target.authority])
    var configuration = NIOUpgradableHTTPClientPipelineConfiguration<WebSocketConnection?>(
      upgradeConfiguration: NIOTypedHTTPClientUpgradeConfiguration(upgradeRequestHead: request, upgraders: [upgrader]) {
        // The answer follows; the last handler reads its status.
        $0.eventLoop.makeSucceededFuture(nil)
      })
    // The server's first frames may come in one piece with its answer.
    configuration.leftOverBytesStrategy = .forwardBytes
    let upgraded = try pipeline.configureUpgradableHTTPClientPipeline(configuration: configuration)
    let last = WebSocketOpeningHandler(deadline: deadline, on: channel.eventLoop)
    try pipeline.addHandler(last)
    upgraded.assumeIsolated().whenSuccess { connection in
      if let connection { last.succeed(connection, pipeline: channel.pipeline.syncOperations) }
    }
    return last.outcome
  }
}

/// The last handler while the opening handshake runs: whatever ends it becomes the one outcome.
private final class WebSocketOpeningHandler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPClientResponsePart

  private let promise: EventLoopPromise<WebSocketConnection>
  private let deadline: NIODeadline
  private var isDecided = false
  private var timeout: Scheduled<Void>?

  init(deadline: NIODeadline, on eventLoop: any EventLoop) {
    self.deadline = deadline
    self.promise = eventLoop.makePromise()
  }

  var outcome: EventLoopFuture<WebSocketConnection> { promise.futureResult }

  func succeed(_ connection: WebSocketConnection, pipeline: ChannelPipeline.SynchronousOperations) {
    guard !isDecided else { return }
    isDecided = true
    timeout?.cancel()
    promise.succeed(connection)
    pipeline.removeHandler(self, promise: nil)
  }

  func handlerAdded(context: ChannelHandlerContext) {
    timeout = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
      self.fail(WebSocketError(.timeout, "no answer in time"), context)
    }
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    fail(WebSocketError(.refused(status: nil), "the connection was closed during the handshake"), context)
  }

  func channelInactive(context: ChannelHandlerContext) {
    fail(WebSocketError(.refused(status: nil), "the connection was closed during the handshake"), context)
    context.fireChannelInactive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard case .head(let head) = Self.unwrapInboundIn(data) else { return }
    fail(WebSocketError(.refused(status: Int(head.status.code)), "the server answered \(head.status.code)"), context)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    fail(error, context)
  }

  private func fail(_ error: any Error, _ context: ChannelHandlerContext) {
    guard !isDecided else { return }
    isDecided = true
    timeout?.cancel()
    promise.fail(error)
    context.close(promise: nil)
  }
}

@available(*, unavailable)
extension WebSocketOpeningHandler: Sendable {}
