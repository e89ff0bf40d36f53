import Kandy
import LinkProtocol
import Synchronization

/// The network, whose WebSockets break when the test says so: without a close frame, as when a phone leaves the house.
final class BreakableTransport: Transport {
  private let network = NetworkTransport()
  private let sockets = Mutex<[any TransportSocket]>([])

  func send(_ request: TransportRequest) async throws -> TransportResponse { try await network.send(request) }

  func openSocket(_ url: String, timeout: Duration) async throws -> any TransportSocket {
    let socket = BreakableSocket(try await network.openSocket(url, timeout: timeout))
    sockets.withLock { $0.append(socket) }
    return socket
  }

  func shutdown() async { await network.shutdown() }

  func breakSockets() async {
    let broken = sockets.withLock { sockets in
      defer { sockets = [] }
      return sockets
    }
    for socket in broken { await socket.close() }
  }
}

private final class BreakableSocket: TransportSocket {
  private let socket: any TransportSocket

  init(_ socket: any TransportSocket) {
    self.socket = socket
  }

  var messages: AsyncStream<String> { socket.messages }
  var closeCode: Int? { nil }
  func send(_ text: String) async throws { try await socket.send(text) }
  func close() async { await socket.close() }
}
