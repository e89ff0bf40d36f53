import HTTPTypes
import HummingbirdCore
import LinkSocket
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import NIOWebSocket

extension WebSocketChannel {
  /// What a connection becomes with its first request.
  enum Negotiated: Sendable {
    case http(NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>)
    case webSocket(WebSocketConnection, Serve)
  }

  /// The upgrade waits for the answer; the task that handles the connection gives it.
  struct Question: Sendable {
    var request: WebSocketRequest
    var answer: EventLoopPromise<Serve?>
  }

  struct Value: ServerChildChannelValue {
    let channel: any Channel
    /// Ends when the negotiation does.
    let questions: AsyncStream<Question>
    let negotiation: EventLoopFuture<Negotiated>
  }

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
    channel.eventLoop.makeCompletedFuture {
      let (questions, asked) = AsyncStream.makeStream(of: Question.self)
      let pipeline = channel.pipeline.syncOperations
      let agreed = NIOLoopBoundBox<Serve?>(nil, eventLoop: channel.eventLoop)
      let negotiation = try pipeline.configureUpgradableHTTPServerPipeline(
        configuration: pipelineConfiguration(upgrader(agreed: agreed), logger: logger))
      let upgrading = try pipeline.handler(type: NIOTypedHTTPServerUpgradeHandler<Negotiated>.self)
      let question = WebSocketQuestionHandler { Self.ask($0, asked, on: channel, agreed: agreed) }
      try pipeline.addHandler(question, position: .before(upgrading))
      let waiting = WebSocketNegotiationHandler(timeout: configuration.http.idleTimeout)
      try pipeline.addHandler(waiting)
      negotiation.assumeIsolated().whenComplete { result in
        asked.finish()
        channel.pipeline.syncOperations.removeHandler(waiting, promise: nil)
        channel.pipeline.syncOperations.removeHandler(question, promise: nil)
        if case .failure = result { channel.close(promise: nil) }
      }
      return Value(channel: channel, questions: questions, negotiation: negotiation)
    }
  }

  /// Puts a request to the task that handles the connection.
  private static func ask(
    _ head: HTTPRequestHead, _ asked: AsyncStream<Question>.Continuation, on channel: any Channel,
    agreed: NIOLoopBoundBox<Serve?>
  ) -> EventLoopFuture<Bool> {
    let answer = channel.eventLoop.makePromise(of: Serve?.self)
    // The first answer counts; this one is for a question that nobody gets to hear.
    channel.closeFuture.whenComplete { _ in answer.succeed(nil) }
    asked.yield(Question(request: WebSocketRequest(head), answer: answer))
    return answer.futureResult.map { serve in
      agreed.value = serve
      return serve != nil
    }
  }

  private func upgrader(agreed: NIOLoopBoundBox<Serve?>) -> NIOTypedWebSocketServerUpgrader<Negotiated> {
    NIOTypedWebSocketServerUpgrader(
      maxFrameSize: configuration.socket.maximumMessageBytes, enableAutomaticErrorHandling: false,
      shouldUpgrade: { channel, _ in channel.eventLoop.makeSucceededFuture(agreed.value == nil ? nil : HTTPHeaders()) },
      upgradePipelineHandler: { channel, _ in
        channel.eventLoop.makeCompletedFuture {
          guard let serve = agreed.value else { throw ChannelError.inappropriateOperationForState }
          return .webSocket(try WebSocketConnection.server(on: channel, options: configuration.socket), serve)
        }
      })
  }

  private func pipelineConfiguration(
    _ upgrader: NIOTypedWebSocketServerUpgrader<Negotiated>, logger: Logger
  ) -> NIOUpgradableHTTPServerPipelineConfiguration<Negotiated> {
    var pipeline = NIOUpgradableHTTPServerPipelineConfiguration<Negotiated>(
      upgradeConfiguration: NIOTypedHTTPServerUpgradeConfiguration(
        upgraders: [upgrader],
        notUpgradingCompletionHandler: { channel in
          channel.eventLoop.makeCompletedFuture { .http(try continueWithHTTP(on: channel, logger: logger)) }
        }))
    // As in Hummingbird's HTTP1Channel, whose place the rest of the pipeline takes.
    pipeline.enablePipelining = false
    pipeline.enableErrorHandling = false
    pipeline.enableResponseHeaderValidation = false
    pipeline.decoderConfiguration.maxHeaderFieldSize = configuration.http.httpDecoder.maxHeaderFieldSize
    pipeline.decoderConfiguration.maxHeaderListSize = configuration.http.httpDecoder.maxHeaderListSize
    pipeline.decoderConfiguration.maxHeaderFieldCount = configuration.http.httpDecoder.maxHeaderFieldCount
    return pipeline
  }

  private func continueWithHTTP(
    on channel: any Channel, logger: Logger
  ) throws -> NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart> {
    let pipeline = channel.pipeline.syncOperations
    try pipeline.addHandler(LateUpgradeHandler())
    try pipeline.addHandler(UnreadAnswerHandler(timeout: configuration.unreadAnswer, logger: logger))
    try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: false))
    try pipeline.addHandlers(configuration.http.additionalChannelHandlers())
    try pipeline.addHandler(
      HTTPConnectionStateHandler(idleTimeout: configuration.http.idleTimeout.map { Duration($0) }, logger: logger))
    return try NIOAsyncChannel(
      wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
  }
}

extension WebSocketRequest {
  fileprivate init(_ head: HTTPRequestHead) {
    let parts = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    self.init(
      path: String(parts[0]), query: parts.count > 1 ? String(parts[1]) : nil,
      headers: HTTPFields(head.headers, splitCookie: false))
  }
}

/// The last handler until the first request has come: nobody else would notice a connection that asks for nothing, asks
/// nonsense, or stands in the way of a shutdown.
private final class WebSocketNegotiationHandler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let timeout: TimeAmount?
  private var timer: Scheduled<Void>?

  init(timeout: TimeAmount?) {
    self.timeout = timeout
  }

  func handlerAdded(context: ChannelHandlerContext) {
    timer = timeout.map { timeout in
      context.eventLoop.assumeIsolated().scheduleTask(in: timeout) { context.close(promise: nil) }
    }
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    timer?.cancel()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is ChannelShouldQuiesceEvent {
      context.close(promise: nil)
    } else {
      context.fireUserInboundEventTriggered(event)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    switch error {
    case is HTTPParserError:
      let head = HTTPResponseHead(
        version: .http1_1, status: .badRequest, headers: ["Connection": "close", "Content-Length": "0"])
      context.write(Self.wrapOutboundOut(.head(head)), promise: nil)
      context.writeAndFlush(Self.wrapOutboundOut(.end(nil))).assumeIsolated().whenComplete { _ in
        context.close(promise: nil)
      }
    default:
      context.close(promise: nil)
    }
  }
}

@available(*, unavailable)
extension WebSocketNegotiationHandler: Sendable {}
