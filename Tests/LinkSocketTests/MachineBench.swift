import NIOCore
import NIOWebSocket

@testable import LinkSocket

/// A machine and the far end of its connection, which speaks frames.
struct MachineBench {
  private let role: WebSocketMachine.Role
  private var machine: WebSocketMachine

  init(_ role: WebSocketMachine.Role, _ options: WebSocketOptions? = nil) {
    self.role = role
    machine = WebSocketMachine(role: role, options: options ?? (role == .server ? .server : .client))
  }

  mutating func handle(_ input: WebSocketMachine.Input) -> [WebSocketMachine.Effect] {
    machine.handle(input)
  }

  mutating func receive(
    _ opcode: WebSocketOpcode, _ payload: ByteBuffer = ByteBuffer(), fin: Bool = true
  ) -> [WebSocketMachine.Effect] {
    machine.handle(.received(.fromPeer(of: role, opcode, payload, fin: fin)))
  }

  mutating func receive(_ opcode: WebSocketOpcode, _ text: String, fin: Bool = true) -> [WebSocketMachine.Effect] {
    receive(opcode, ByteBuffer(string: text), fin: fin)
  }

  mutating func receiveClose(_ code: UInt16, _ reason: String = "") -> [WebSocketMachine.Effect] {
    receive(.connectionClose, .close(code, reason))
  }

  /// All that has been given to the channel has left.
  @discardableResult
  mutating func written(_ opcode: WebSocketOpcode, _ bytes: Int = 0) -> [WebSocketMachine.Effect] {
    machine.handle(.written(opcode, bytes: bytes))
  }
}

extension [WebSocketMachine.Effect] {
  /// What a machine does that closes of its own accord.
  static func closing(_ code: UInt16, _ reason: String) -> Self {
    [.stop(.silence), .stop(.stall), .start(.closing, .seconds(3)), .write(.connectionClose, .close(code, reason))]
  }

  static let ended: Self = [.stop(.silence), .stop(.stall), .stop(.closing)]
}

extension ByteBuffer {
  /// The payload of a close frame.
  static func close(_ code: UInt16, _ reason: String = "") -> ByteBuffer {
    var payload = ByteBuffer(integer: code)
    payload.writeString(reason)
    return payload
  }
}

extension WebSocketFrame {
  /// As a frame arrives: one from a client is masked.
  static func fromPeer(
    of role: WebSocketMachine.Role, _ opcode: WebSocketOpcode, _ payload: ByteBuffer = ByteBuffer(), fin: Bool = true
  ) -> WebSocketFrame {
    guard role == .server else { return WebSocketFrame(fin: fin, opcode: opcode, data: payload) }
    let key: WebSocketMaskingKey = [0x11, 0x22, 0x33, 0x44]
    var masked = payload
    masked.webSocketMask(key)
    return WebSocketFrame(fin: fin, opcode: opcode, maskKey: key, data: masked)
  }
}
