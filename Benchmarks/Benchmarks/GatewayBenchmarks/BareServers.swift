import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket
import Synchronization

// The baselines: the least that a server can do with the same packages.

/// Answers every POST of a path with a few bytes.
enum BareRoute {
  /// Runs the server while `body` runs, which is given its address.
  static func serving(_ answer: String, _ body: @escaping @Sendable (String) async throws -> Void) async throws {
    let (ports, announced) = AsyncStream.makeStream(of: Int.self)
    let router = Router()
    router.post("/bare") { request, _ in
      _ = try await request.body.collect(upTo: 1 << 20)
      return answer
    }
    var logger = Logger(label: "bench")
    logger.logLevel = .error
    let application = Application(
      router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
      onServerRunning: { announced.yield($0.localAddress?.port ?? 0) }, logger: logger)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await application.run() }
      for await port in ports {
        try await body("http://127.0.0.1:\(port)/bare")
        break
      }
      group.cancelAll()
    }
  }
}

/// Sends every text back that it gets.
final class BareEcho: Sendable {
  let port: Int
  private let channel: any Channel

  private init(_ channel: any Channel) {
    self.channel = channel
    port = channel.localAddress?.port ?? 0
  }

  var url: String { "ws://127.0.0.1:\(port)/echo" }

  static func start() async throws -> BareEcho {
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.backlog, value: 1_024)
      .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let upgrader = NIOWebSocketServerUpgrader(
            shouldUpgrade: { channel, _ in channel.eventLoop.makeSucceededFuture(HTTPHeaders?.some([:])) },
            upgradePipelineHandler: { channel, _ in
              channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(EchoHandler()) }
            })
          try channel.pipeline.syncOperations.configureHTTPServerPipeline(
            withServerUpgrade: (upgraders: [upgrader], completionHandler: { _ in }))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    return BareEcho(channel)
  }

  func stop() async throws { try await channel.close() }
}

private final class EchoHandler: ChannelInboundHandler {
  typealias InboundIn = WebSocketFrame
  typealias OutboundOut = WebSocketFrame

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let frame = Self.unwrapInboundIn(data)
    switch frame.opcode {
    case .text:
      context.writeAndFlush(
        Self.wrapOutboundOut(WebSocketFrame(fin: true, opcode: .text, data: frame.unmaskedData)), promise: nil)
    case .ping:
      context.writeAndFlush(
        Self.wrapOutboundOut(WebSocketFrame(fin: true, opcode: .pong, data: frame.unmaskedData)), promise: nil)
    case .connectionClose: context.close(promise: nil)
    default: break
    }
  }
}
