import LinkProtocol
import LinkSocket
import Logging

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Opens the notification channels: decides which WebSocket requests are accepted, and joins each socket to its mailbox.
struct NotificationChannel: Sendable {
  let hub: NotificationHub
  let logger: Logger

  /// The channel's id is the only credential (R-CONN-603). Requests for unknown channels go on to the HTTP side and get 404.
  func serving(_ request: WebSocketRequest) async -> WebSocketChannel.Serve? {
    guard let channel = NotificationPath.channel(in: request.path), await hub.isOpen(channel) else { return nil }
    return { connection in await serve(channel, over: connection) }
  }

  private func serve(_ channel: ChannelID, over connection: WebSocketConnection) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        let ending = await hub.serve(channel, over: connection)
        await connection.close(code: WebSocketCloseCode(rawValue: ending.closeCode))
      }
      group.addTask {
        // Clients send keepalives and nothing else; none of it is answered (R-CONN-623).
        await read(connection.messages)
      }
      await group.next()
      group.cancelAll()
    }
    report(connection.closure ?? WebSocketClosure(.lost))
  }

  /// Says once of each socket that what comes in is no JSON (R-CONN-614); its text stays out of the log.
  private func read(_ messages: AsyncStream<String>) async {
    var hasComplained = false
    for await text in messages where !hasComplained {
      guard (try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))) == nil else { continue }
      hasComplained = true
      logger.debug("a client sends what is not JSON", metadata: ["bytes": "\(text.utf8.count)"])
    }
  }

  /// Says how a socket ended; the reason is the peer's own text, if the peer closed, and stays out of the log.
  private func report(_ closure: WebSocketClosure) {
    switch closure.cause {
    case .peer:
      logger.debug("a client closed its socket", metadata: ["code": "\(closure.code?.rawValue ?? 0)"])
    case .local(let code):
      logger.debug("a socket was closed", metadata: ["code": "\(code.rawValue)", "reason": "\(closure.reason)"])
    case .lost:
      logger.debug("a socket was lost")
    }
  }
}

extension WebSocketConnection: NotificationSocket {}
