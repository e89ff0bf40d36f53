import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket
import Synchronization

@testable import LinkSocket

/// A server on a free port of this machine.
enum Loopback {
  static let group = MultiThreadedEventLoopGroup.singleton

  /// Listens while `body` runs.
  /// - Parameters:
  ///   - set: makes something of each connection that comes.
  ///   - body: gets the port.
  @discardableResult static func serve<Value>(
    _ set: @escaping @Sendable (any Channel) throws -> Void, _ body: (_ port: Int) async throws -> Value
  ) async throws -> Value {
    let server = try await ServerBootstrap(group: group)
      .childChannelInitializer { channel in channel.eventLoop.makeCompletedFuture { try set(channel) } }
      .bind(host: "127.0.0.1", port: 0).get()
    let result: Result<Value, any Error>
    do { result = .success(try await body(server.localAddress?.port ?? 0)) } catch { result = .failure(error) }
    try? await server.close()
    return try result.get()
  }

  /// Answers every request to open a WebSocket; what comes after the answer is for `set`.
  static func upgrade(
    _ channel: any Channel, maximumFrame: Int = 1 << 20, _ set: @escaping @Sendable (any Channel) throws -> Void
  ) throws {
    let upgrader = NIOTypedWebSocketServerUpgrader<Void>(
      maxFrameSize: maximumFrame, enableAutomaticErrorHandling: false,
      shouldUpgrade: { channel, _ in channel.eventLoop.makeSucceededFuture(HTTPHeaders()) },
      upgradePipelineHandler: { channel, _ in channel.eventLoop.makeCompletedFuture { try set(channel) } })
    _ = try channel.pipeline.syncOperations.configureUpgradableHTTPServerPipeline(
      configuration: NIOUpgradableHTTPServerPipelineConfiguration(
        upgradeConfiguration: NIOTypedHTTPServerUpgradeConfiguration(
          upgraders: [upgrader], notUpgradingCompletionHandler: { $0.close() })))
  }

  /// Both ends of one connection, the server's end and the client's.
  @discardableResult static func pair<Value>(
    server: WebSocketOptions = .server, client: WebSocketOptions = .client,
    _ body: (_ server: WebSocketConnection, _ client: WebSocketConnection) async throws -> Value
  ) async throws -> Value {
    let (arrivals, arrived) = AsyncStream.makeStream(of: WebSocketConnection.self)
    return try await serve({ channel in
      try upgrade(channel) { arrived.yield(try WebSocketConnection.server(on: $0, options: server)) }
    }) { port in
      let near = try await WebSocketClient.connect(url: "ws://127.0.0.1:\(port)/", options: client)
      guard let far = await arrivals.first(where: { _ in true }) else { throw ChannelError.eof }
      return try await body(far, near)
    }
  }

  /// A client of ours and a server that speaks frames as the test wants it.
  @discardableResult static func frames<Value>(
    client: WebSocketOptions = .client, _ body: (_ peer: FramePeer, _ client: WebSocketConnection) async throws -> Value
  ) async throws -> Value {
    let (arrivals, arrived) = AsyncStream.makeStream(of: FramePeer.self)
    return try await serve({ channel in
      try upgrade(channel) { channel in
        let peer = FramePeer(channel)
        try channel.pipeline.syncOperations.addHandler(FrameRecorder(peer.arrived))
        arrived.yield(peer)
      }
    }) { port in
      let near = try await WebSocketClient.connect(url: "ws://127.0.0.1:\(port)/", options: client)
      guard let peer = await arrivals.first(where: { _ in true }) else { throw ChannelError.eof }
      return try await body(peer, near)
    }
  }
}

/// The server's end of a connection, which does nothing but what the test says.
struct FramePeer: Sendable {
  let channel: any Channel
  /// What arrives; finishes with the connection.
  let frames: AsyncStream<WebSocketFrame>
  fileprivate let arrived: AsyncStream<WebSocketFrame>.Continuation

  fileprivate init(_ channel: any Channel) {
    self.channel = channel
    (frames, arrived) = AsyncStream.makeStream()
  }

  func send(_ opcode: WebSocketOpcode, _ payload: ByteBuffer = ByteBuffer(), fin: Bool = true) async throws {
    try await channel.writeAndFlush(WebSocketFrame(fin: fin, opcode: opcode, data: payload))
  }

  func next() async -> WebSocketFrame? {
    await frames.first { _ in true }
  }
}

private final class FrameRecorder: ChannelInboundHandler {
  typealias InboundIn = WebSocketFrame

  private let arrived: AsyncStream<WebSocketFrame>.Continuation

  init(_ arrived: AsyncStream<WebSocketFrame>.Continuation) {
    self.arrived = arrived
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    arrived.yield(Self.unwrapInboundIn(data))
  }

  func channelInactive(context: ChannelHandlerContext) {
    arrived.finish()
  }
}

@available(*, unavailable)
extension FrameRecorder: Sendable {}

/// A server that knows no protocol: it reads one request up to its empty line, answers with what it has been given, and says what
/// happened.
final class PlainPeer: ChannelInboundHandler, Sendable {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  enum Event: Sendable, Hashable {
    case connected
    case request(String)
    case closed
  }

  private let answer: String?
  private let thenCloses: Bool
  private let happened: AsyncStream<Event>.Continuation
  private let received = Mutex("")

  /// - Parameter answer: none: it never answers.
  init(_ answer: String?, thenCloses: Bool = false, _ happened: AsyncStream<Event>.Continuation) {
    self.answer = answer
    self.thenCloses = thenCloses
    self.happened = happened
  }

  func channelActive(context: ChannelHandlerContext) {
    happened.yield(.connected)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let request = received.withLock { received in
      received += String(buffer: Self.unwrapInboundIn(data))
      return received
    }
    guard request.hasSuffix("\r\n\r\n") else { return }
    happened.yield(.request(request))
    if let answer { context.writeAndFlush(Self.wrapOutboundOut(ByteBuffer(string: answer)), promise: nil) }
    if thenCloses { context.close(promise: nil) }
  }

  func channelInactive(context: ChannelHandlerContext) {
    happened.yield(.closed)
    happened.finish()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}

/// Keeps back what is written, so that the answer to the opening handshake and what follows it leave in one piece.
final class Cork: ChannelOutboundHandler {
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  struct Pull: Sendable {}

  private var kept: ByteBuffer? = ByteBuffer()

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    guard kept != nil else { return context.write(data, promise: promise) }
    kept?.writeImmutableBuffer(Self.unwrapOutboundIn(data))
    promise?.succeed()
  }

  func flush(context: ChannelHandlerContext) {
    if kept == nil { context.flush() }
  }

  func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
    guard event is Pull, let kept = kept.take() else {
      return context.triggerUserOutboundEvent(event, promise: promise)
    }
    context.writeAndFlush(Self.wrapOutboundOut(kept), promise: promise)
  }
}

@available(*, unavailable)
extension Cork: Sendable {}
