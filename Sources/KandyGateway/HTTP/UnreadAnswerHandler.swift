import Logging
import NIOCore
import NIOHTTP1

/// Cuts a connection whose client asks and does not read the answer: without progress for a while, what is to be written, the
/// request that wrote it, and the connection would stay for ever.
final class UnreadAnswerHandler: ChannelOutboundHandler {
  typealias OutboundIn = HTTPServerResponsePart

  private let timeout: TimeAmount
  private let logger: Logger
  private var pending = 0
  private var timer: Scheduled<Void>?

  init(timeout: TimeAmount, logger: Logger) {
    self.timeout = timeout
    self.logger = logger
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    timer?.cancel()
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    let written = promise ?? context.eventLoop.makePromise()
    pending += 1
    if pending == 1 { startTimer(context) }
    written.futureResult.assumeIsolated().whenComplete { _ in
      self.pending -= 1
      self.startTimer(context)
    }
    context.write(data, promise: written)
  }

  private func startTimer(_ context: ChannelHandlerContext) {
    timer?.cancel()
    timer = nil
    guard pending > 0 else { return }
    timer = context.eventLoop.assumeIsolated().scheduleTask(in: timeout) {
      self.logger.debug("a client does not read its answer and is cut off")
      context.close(promise: nil)
    }
  }
}

@available(*, unavailable)
extension UnreadAnswerHandler: Sendable {}
