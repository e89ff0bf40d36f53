import HTTPTypes
import HummingbirdCore
import LinkSocket
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import NIOWebSocket

/// A request to open a WebSocket.
struct WebSocketRequest: Sendable {
  /// As it stands in the request line, percent-encoded, without the query.
  var path: String
  /// What follows `?`; `nil` without a question mark, empty after a lone one (R-CONN-602).
  var query: String?
  var headers: HTTPFields
}

/// HTTP and WebSocket on one port: Hummingbird's child channel with NIO's typed upgrade in front (docs/decisions/0002).
///
/// A request to open a WebSocket is put to `decide`. If it returns a closure, the handshake is completed and the closure runs
/// with the connection, as a part of the server's own task tree; it is cancelled when the connection is closed, and when it
/// returns the connection is closed with 1001 unless it has been before. If `decide` returns `nil`, the request goes to the
/// HTTP router like any other, as its connection's last. `decide` must take nothing that has to be given back: the client may be
/// gone before the closure runs.
///
/// On graceful shutdown every WebSocket is closed with 1001, and connections that have not sent a request are cut.
struct WebSocketChannel: ServerChildChannel, HTTPChannelHandler {
  /// Serves one connection until it is closed. It has to read `messages` for as long, even if it expects none.
  typealias Serve = @Sendable (WebSocketConnection) async -> Void
  typealias Decide = @Sendable (WebSocketRequest) async -> Serve?

  struct Configuration: Sendable {
    /// Limits for headers, and after how long a connection on which nothing is asked is closed.
    var http = HTTP1Channel.Configuration(idleTimeout: .seconds(75))
    /// After how long without progress a client that does not read its answer is cut off.
    var unreadAnswer = TimeAmount.seconds(30)
    var socket = WebSocketOptions.server
  }

  let responder: HTTPChannelHandler.Responder
  let configuration: Configuration
  let decide: Decide

  init(
    responder: @escaping HTTPChannelHandler.Responder, configuration: Configuration = Configuration(), decide: @escaping Decide
  ) {
    self.responder = responder
    self.configuration = configuration
    self.decide = decide
  }

  func handle(value: Value, logger: Logger) async {
    await withTaskCancellationHandler {
      for await question in value.questions {
        question.answer.succeed(await decide(question.request))
      }
      // Failed if the connection ended before it had become one or the other.
      guard let protocolChosen = try? await value.negotiation.get() else { return }
      switch protocolChosen {
      case .http(let channel): await handleHTTP(asyncChannel: channel, logger: logger)
      case .webSocket(let connection, let serve): await Self.run(serve, on: connection)
      }
    } onCancel: {
      value.channel.close(promise: nil)
    }
  }

  private static func run(_ serve: @escaping Serve, on connection: WebSocketConnection) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await serve(connection) }
      group.addTask { _ = await connection.closed }
      await group.next()
      group.cancelAll()
      await connection.close(code: .goingAway)
    }
  }
}

extension HTTPServerBuilder {
  /// HTTP and WebSocket on one port; see `WebSocketChannel`. Wrap it in `.tls(…)` for HTTPS and WSS.
  /// - Parameter epilogues: what waits for an answer to leave is done also when the answer cannot be written.
  static func http1WithWebSocket(
    configuration: WebSocketChannel.Configuration = WebSocketChannel.Configuration(), epilogues: Epilogues = Epilogues(),
    decide: @escaping WebSocketChannel.Decide
  ) -> HTTPServerBuilder {
    HTTPServerBuilder { responder in
      let respond: HTTPChannelHandler.Responder = { request, writer, channel in
        do {
          try await responder(request, writer, channel)
        } catch {
          await epilogues.run(on: channel)
          throw error
        }
        await epilogues.run(on: channel)
      }
      return WebSocketChannel(responder: respond, configuration: configuration, decide: decide)
    }
  }
}
