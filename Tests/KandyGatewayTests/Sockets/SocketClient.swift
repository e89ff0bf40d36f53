import Foundation
import KandyTesting
import LinkProtocol
import LinkSocket
import Testing

@testable import KandyGateway

/// One of a user's devices, as a client of another vendor would be: one HTTP connection, one socket, and what came over it.
final class SocketClient {
  let user: UserAddress
  let http: RawClient
  /// Where the subscription is.
  let path: String
  let socketPath: String
  private var connection: WebSocketConnection?

  /// - Parameter expires: the lifetime in seconds that is asked for.
  static func connect(_ user: UserAddress, to port: Int, expires: Int = 3_600) async throws -> SocketClient {
    let http = try await RawClient.connect(port: port)
    let body = #"{"subscribeRequest": {"expires": \#(expires), "service": ["call"]}}"#
    let answer = try await http.exchange(
      "POST /rest/version/1/user/\(user)/subscription", [RawClient.basic(user)], body: body)
    let response = try WireCoding.decode(SubscribeResponse.self, from: Data(answer.body.utf8))
    let socketPath = try #require(response.subscriptionParams?.notificationChannel)
    return SocketClient(
      user, http, path: try #require(response.subscription), socketPath: socketPath,
      socket: try await WebSocketClient.connect(url: "ws://127.0.0.1:\(port)\(socketPath)"))
  }

  private init(_ user: UserAddress, _ http: RawClient, path: String, socketPath: String, socket: WebSocketConnection) {
    self.user = user
    self.http = http
    self.path = path
    self.socketPath = socketPath
    connection = socket
  }

  var subscription: SubscriptionID { SubscriptionID(String(path.split(separator: "/").last ?? "")) }
  var socket: WebSocketConnection {
    get throws { try #require(connection) }
  }

  /// `callControl` with everything that clients send along.
  @discardableResult
  func control(_ method: String, _ resource: String = "", _ request: String? = nil) async throws -> CallControlResponse {
    let body = request.map { #"{"callControlRequest": {\#($0)}}"# } ?? ""
    let answer = try await http.exchange(
      "\(method) /rest/version/1/user/\(user)/callControl\(resource)",
      [RawClient.basic(user), "Content-Type: application/json"], body: body)
    return try WireCoding.decode(CallControlResponse.self, from: Data(answer.body.utf8))
  }

  /// - Parameter http: a connection, perhaps to another gateway.
  func refresh(over http: RawClient) async throws -> RawClient.Answer {
    try await http.exchange("PUT \(path)", [RawClient.basic(user)], body: #"{"subscribeRequest": {}}"#)
  }

  /// The next notification.
  func next() async throws -> LinkProtocol.Notification {
    for await text in try socket.messages {
      return try WireCoding.decode(LinkProtocol.Notification.self, from: Data(text.utf8))
    }
    throw WebSocketError(.closed, "no notification came")
  }

  /// The next notifications, up to and including one of a type.
  func types(until last: EventType) async throws -> [EventType] {
    var types: [EventType] = []
    while types.last != last { types.append(try await next().eventType) }
    return types
  }

  /// Dies: the connections are torn down, nobody says good-bye.
  func die() async throws {
    try await http.reset()
    // A connection that nobody holds any more is closed without a close frame.
    connection = nil
  }

  /// Calls somebody who answers.
  /// - Returns: each one's session.
  func call(_ callee: SocketClient) async throws -> (own: SessionID, callees: SessionID) {
    let started = try await control("POST", "", #""type": "callStart", "from": "x", "to": "\#(callee.user)", "sdp": "A1""#)
    let own = try #require(started.sessionData)
    let call = try await callee.next()
    #expect(call.eventType == .call)
    let callees = try #require(call.sessionParams?.sessionData)
    #expect(try await next().eventType == .ringing)
    #expect(
      try await callee.control("PUT", "/callSessions/\(callees)", #""type": "callAnswer", "sdp": "B1""#).statusCode == 0)
    let answered = try await next()
    #expect(answered.eventType == .respondCallUpdate)
    #expect(answered.sessionParams?.sdp == "B1")
    return (own, callees)
  }
}
