import NIOCore
import NIOPosix
import Synchronization

/// A server on a free port of this machine that knows no protocol: it waits for a request and then does what it has been told.
final class RawServer: ChannelInboundHandler, Sendable {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// What it does as soon as a request's empty line has come.
  enum Reaction: Sendable {
    case silence
    case answer(String)
    case answerAndClose(String)
    /// Writes this, and then zeros in chunks for as long as the connection lasts.
    case flood(String)
  }

  enum Event: Sendable, Hashable {
    case request(String)
    case closed
  }

  private let reaction: Reaction
  private let happened: AsyncStream<Event>.Continuation
  private let received = Mutex("")

  private init(_ reaction: Reaction, _ happened: AsyncStream<Event>.Continuation) {
    self.reaction = reaction
    self.happened = happened
  }

  /// - Parameter body: gets the port, and what happens on all connections together.
  @discardableResult static func run<Value>(
    _ reaction: Reaction, _ body: (_ port: Int, _ events: AsyncStream<Event>) async throws -> Value
  ) async throws -> Value {
    let (events, happened) = AsyncStream.makeStream(of: Event.self)
    let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(RawServer(reaction, happened))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    let result: Result<Value, any Error>
    do {
      result = .success(try await body(server.localAddress?.port ?? 0, events))
    } catch {
      result = .failure(error)
    }
    try? await server.close()
    return try result.get()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let request = received.withLock { received -> String? in
      received += String(buffer: Self.unwrapInboundIn(data))
      guard received.contains("\r\n\r\n") else { return nil }
      defer { received = "" }
      return received
    }
    guard let request else { return }
    happened.yield(.request(request))
    switch reaction {
    case .silence: break
    case .answer(let text): write(text, context)
    case .answerAndClose(let text):
      write(text, context)
      context.close(promise: nil)
    case .flood(let text):
      write(text, context)
      flood(context)
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    happened.yield(.closed)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  private func write(_ text: String, _ context: ChannelHandlerContext) {
    context.writeAndFlush(Self.wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
  }

  private func flood(_ context: ChannelHandlerContext) {
    var chunk = ByteBuffer(string: "100000\r\n")
    chunk.writeRepeatingByte(0x30, count: 1 << 20)
    chunk.writeString("\r\n")
    context.writeAndFlush(Self.wrapOutboundOut(chunk)).assumeIsolated().whenSuccess { self.flood(context) }
  }
}
