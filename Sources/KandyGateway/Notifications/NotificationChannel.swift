import LinkProtocol
import LinkSocket

/// Opens the notification channels: decides which WebSocket requests are accepted, and joins each socket to its mailbox.
struct NotificationChannel: Sendable {
  let hub: NotificationHub

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
        for await _ in connection.messages {}
      }
      await group.next()
      group.cancelAll()
    }
  }
}

extension WebSocketConnection: NotificationSocket {}
