import NIOCore

/// Hands what a channel receives to a stream.
final class ChannelReader<Message: Sendable>: ChannelInboundHandler {
  typealias InboundIn = Message

  private let arrived: AsyncStream<Message>.Continuation

  init(_ arrived: AsyncStream<Message>.Continuation) {
    self.arrived = arrived
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    arrived.yield(Self.unwrapInboundIn(data))
  }

  func channelInactive(context: ChannelHandlerContext) {
    arrived.finish()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}

@available(*, unavailable)
extension ChannelReader: Sendable {}
