import NIOCore
import NIOHTTP1

/// Looks at every request of a connection but the first: it is too late for another protocol then (docs/decisions/0002).
///
/// A request that asks for one is its connection's last, because NIO's decoder reads no further. Its `Upgrade` header stays only
/// if it asks for a WebSocket, and tells the responder so; whoever offers anything else is answered as if he had not.
final class LateUpgradeHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPServerRequestPart

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard case .head(var head) = Self.unwrapInboundIn(data), head.headers.contains(name: "upgrade") else {
      return context.fireChannelRead(data)
    }
    if !head.headers[canonicalForm: "upgrade"].contains(where: { $0.lowercased() == "websocket" }) {
      head.headers.remove(name: "upgrade")
    }
    head.headers.replaceOrAdd(name: "connection", value: "close")
    context.fireChannelRead(Self.wrapInboundOut(.head(head)))
  }
}

@available(*, unavailable)
extension LateUpgradeHandler: Sendable {}
