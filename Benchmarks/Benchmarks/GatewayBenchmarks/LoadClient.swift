import AsyncHTTPClient
import Foundation
import LinkProtocol
import LinkSocket
import NIOCore
import NIOHTTP1

/// One device of one user, as light as can be: requests over a shared HTTP client, notifications over a WebSocket.
struct LoadClient: Sendable {
  let user: UserAddress
  let base: String
  let socket: WebSocketConnection

  static let password = "secret"

  static func connect(_ user: UserAddress, port: Int) async throws -> LoadClient {
    let base = "http://127.0.0.1:\(port)"
    let answer = try await send(
      .post, base + Subscription.create.path(user: user.description), user: user,
      #"{"subscribeRequest":{"expires":3600,"service":["call"]}}"#)
    let response = try WireCoding.decode(SubscribeResponse.self, from: answer)
    guard let channel = response.subscriptionParams?.notificationChannel else { throw LoadError.refused }
    let socket = try await WebSocketClient.connect(url: "ws://127.0.0.1:\(port)\(channel)")
    return LoadClient(user: user, base: base, socket: socket)
  }

  enum LoadError: Error { case refused, lost }

  /// A request to call control; every answer has to be a success.
  @discardableResult
  func control(
    _ method: LinkProtocol.HTTPMethod, _ session: SessionID? = nil, _ request: CallControlRequest? = nil
  ) async throws -> CallControlResponse {
    var path = CallControl.start.path(user: user.description)
    if let session { path = CallControl.update.path(user: user.description, key: session) }
    let body = try request.map { String(decoding: try WireCoding.encode($0), as: UTF8.self) }
    let answer = try await Self.send(method, base + path, user: user, body)
    return try WireCoding.decode(CallControlResponse.self, from: answer)
  }

  @discardableResult
  static func send(_ method: LinkProtocol.HTTPMethod, _ url: String, user: UserAddress, _ body: String?) async throws -> Data {
    var request = HTTPClientRequest(url: url)
    request.method = .init(rawValue: method.rawValue)
    request.headers.add(name: "Content-Type", value: "application/json")
    request.setBasicAuth(username: user.description, password: password)
    if let body { request.body = .bytes(ByteBuffer(string: body)) }
    let response = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
    let data = Data(try await response.body.collect(upTo: 1 << 20).readableBytesView)
    guard response.status == .ok || response.status == .created else { throw LoadError.refused }
    return data
  }

  /// The next notification of a type.
  func next(_ type: EventType) async throws -> LinkProtocol.Notification {
    for await text in socket.messages {
      let notification = try WireCoding.decode(LinkProtocol.Notification.self, from: Data(text.utf8))
      if notification.eventType == type { return notification }
    }
    throw LoadError.lost
  }
}
