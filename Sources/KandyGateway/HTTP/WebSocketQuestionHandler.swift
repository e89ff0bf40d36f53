import LinkSocket
import NIOCore
import NIOHTTP1

/// Decides what the first request of a connection is, before NIO's upgrade handler sees it: that one drops a request which it
/// does not upgrade, and nobody would answer. So a request to open a WebSocket is put to `ask`, and any other, and one that is
/// refused, goes on without its `Upgrade` header, which makes it like any other (RFC 9110, section 7.8), and as the connection's
/// last: NIO's decoder reads no further than a request with that header.
///
/// It stands between NIO's decoder and NIO's upgrade handler. After the first head it lets everything through as it is.
final class WebSocketQuestionHandler: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPServerRequestPart
  typealias OutboundIn = Never

  private enum State {
    case waiting
    /// The answer is awaited; what has come since is kept.
    case asking([HTTPServerRequestPart])
    case decided
  }

  private let ask: (HTTPRequestHead) -> EventLoopFuture<Bool>
  private var state = State.waiting
  private var isReadWanted = false

  /// - Parameter ask: whether a request to open a WebSocket is to be accepted.
  init(ask: @escaping (HTTPRequestHead) -> EventLoopFuture<Bool>) {
    self.ask = ask
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch state {
    case .decided:
      // Requests at first, frames later.
      context.fireChannelRead(data)
    case .asking(let parts):
      state = .asking(parts + [Self.unwrapInboundIn(data)])
    case .waiting:
      let part = Self.unwrapInboundIn(data)
      guard case .head(let head) = part, head.opensWebSocket else { return decide(false, [part], context) }
      state = .asking([part])
      ask(head).hop(to: context.eventLoop).assumeIsolated().whenComplete { result in
        guard case .asking(let parts) = self.state else { return }
        self.decide((try? result.get()) ?? false, parts, context)
      }
    }
  }

  func read(context: ChannelHandlerContext) {
    // What is kept stays small.
    if case .asking = state { isReadWanted = true } else { context.read() }
  }

  private func decide(_ isWebSocket: Bool, _ parts: [HTTPServerRequestPart], _ context: ChannelHandlerContext) {
    state = .decided
    for part in parts {
      if case .head(var head) = part, !isWebSocket {
        head.declineUpgrade()
        context.fireChannelRead(Self.wrapInboundOut(.head(head)))
      } else {
        context.fireChannelRead(Self.wrapInboundOut(part))
      }
    }
    context.fireChannelReadComplete()
    if isReadWanted {
      isReadWanted = false
      context.read()
    }
  }
}

@available(*, unavailable)
extension WebSocketQuestionHandler: Sendable {}

extension HTTPRequestHead {
  fileprivate mutating func declineUpgrade() {
    guard headers.contains(name: "upgrade") else { return }
    headers.remove(name: "upgrade")
    headers.replaceOrAdd(name: "connection", value: "close")
  }

  /// Whether this is a request to open a WebSocket (RFC 6455, section 4.2.1). Exactly those NIO's upgrade handler accepts.
  fileprivate var opensWebSocket: Bool {
    method == .GET && headers[canonicalForm: "upgrade"].contains { $0.lowercased() == "websocket" }
      && headers[canonicalForm: "connection"].contains { $0.lowercased() == "upgrade" }
      && headers[canonicalForm: "sec-websocket-key"].count == 1
      && headers[canonicalForm: "sec-websocket-version"] == ["13"]
      && !headers.contains(name: "transfer-encoding") && headers["content-length"].allSatisfy { $0 == "0" }
  }
}
