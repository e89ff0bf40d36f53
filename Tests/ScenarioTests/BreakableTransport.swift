import Foundation
import Kandy
import LinkProtocol
import Synchronization

/// The network, whose WebSockets break when the test says so: without a close frame, as when a phone leaves the house. It loses answers to
/// requests, too.
final class BreakableTransport: Transport {
  private let network = NetworkTransport()
  private let sockets = Mutex<[any TransportSocket]>([])

  private let marks = Mutex<[String]>([])

  func send(_ request: TransportRequest) async throws -> TransportResponse {
    let response = try await network.send(request)
    let body = String(decoding: request.body ?? Data(), as: UTF8.self)
    let isLost = marks.withLock { marks in
      guard let index = marks.firstIndex(where: body.contains) else { return false }
      marks.remove(at: index)
      return true
    }
    if isLost { throw TransportError(.closed, "The connection was closed before the answer came.") }
    return response
  }

  /// The server will get the next request with this text in its body, and its answer will be lost.
  func loseAnswer(to text: String) { marks.withLock { $0.append(text) } }

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
