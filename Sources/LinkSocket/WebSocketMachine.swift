import NIOCore
import NIOWebSocket

/// Decides what one end of a WebSocket does (RFC 6455): puts fragments together, answers control frames, runs the closing
/// handshake, and gives a peer up that is silent, does not read, or breaks the rules. It has no channel and no clock;
/// `WebSocketHandler` performs what it decides.
struct WebSocketMachine {
  enum Role: Sendable, Hashable {
    case client, server
  }

  /// At most one of each runs; starting it again starts it anew.
  enum Timer: Hashable {
    case silence, stall, closing
  }

  enum Input {
    case opened
    case received(WebSocketFrame)
    /// What arrived is no frame, or too large a one.
    case unreadable(WebSocketCloseCode, reason: String)
    case send(ByteBuffer)
    /// Ask the peer for a sign of life that bears this number.
    case ping(UInt64)
    /// A frame with this many bytes of payload has left.
    case written(WebSocketOpcode, bytes: Int)
    case close(WebSocketCloseCode, reason: String)
    /// The silence timer fired. Silence is the peer's only if we have been listening.
    case silent(listening: Bool)
    case stalled
    case closingTimedOut
    /// The connection is no more.
    case ended
  }

  enum Effect: Equatable {
    case deliver(String)
    case write(WebSocketOpcode, ByteBuffer)
    /// The peer has answered the ping of this number, or a later one; all that was sent before has arrived.
    case answered(UInt64)
    /// What was to be sent is not.
    case refuse(WebSocketError)
    case start(Timer, Duration)
    case stop(Timer)
    /// Nothing more will be delivered.
    case finish(WebSocketClosure)
    /// Cut the connection.
    case disconnect
  }

  private enum Phase {
    case open
    /// Our close frame came first; the peer's is awaited.
    case closing(WebSocketClosure)
    /// Both close frames are known; what is left is the connection's end.
    case closed
    case ended
  }

  /// A message of which the last fragment is missing.
  private struct Fragments {
    var isText: Bool
    var payload: ByteBuffer
  }

  private let role: Role
  private let options: WebSocketOptions
  private var phase = Phase.open
  private var fragments: Fragments?
  private var pendingBytes = 0
  private var isCloseWritten = false
  private var hasHeard = true
  private var hasPinged = false

  init(role: Role, options: WebSocketOptions) {
    self.role = role
    self.options = options
  }

  var isOpen: Bool {
    if case .open = phase { true } else { false }
  }

  mutating func handle(_ input: Input) -> [Effect] {
    switch (phase, input) {
    case (.ended, .send), (.closed, .send), (.closing, .send): [.refuse(.closed)]
    case (.ended, _): []
    case (_, .ended): end()
    case (_, .written(let opcode, let bytes)): written(opcode, bytes)
    case (_, .closingTimedOut): [.disconnect]

    case (.open, .opened): silenceTimer
    case (.open, .received(let frame)): received(frame)
    case (.open, .unreadable(let code, let reason)), (.open, .close(let code, let reason)): close(code, reason)
    case (.open, .send(let payload)): send(payload)
    case (.open, .ping(let number)): write(.ping, ByteBuffer(integer: number))
    case (.open, .silent(let listening)): silent(listening: listening)
    case (.open, .stalled): giveUp("reads too slowly")

    case (.closing(let closure), .received(let frame)):
      frame.opcode == .connectionClose ? answered(frame, closure) : []
    case (.closing, .opened), (.closing, .unreadable), (.closing, .close), (.closing, .silent), (.closing, .stalled),
      (.closing, .ping):
      []
    case (.closed, .opened), (.closed, .received), (.closed, .unreadable), (.closed, .close), (.closed, .silent),
      (.closed, .stalled), (.closed, .ping):
      []
    }
  }
}

// MARK: - Receiving

extension WebSocketMachine {
  private mutating func received(_ frame: WebSocketFrame) -> [Effect] {
    hasHeard = true
    hasPinged = false
    guard !frame.rsv1, !frame.rsv2, !frame.rsv3 else { return close(.protocolError, "a reserved bit is set") }
    guard (frame.maskKey != nil) == (role == .server) else { return close(.protocolError, "wrong masking") }
    switch frame.opcode {
    case .text, .binary, .continuation: return data(frame)
    case .ping: return write(.pong, frame.unmaskedData)
    case .pong: return answered(frame)
    case .connectionClose: return closedByPeer(frame)
    default: return close(.protocolError, "unknown opcode")
    }
  }

  private mutating func data(_ frame: WebSocketFrame) -> [Effect] {
    guard (frame.opcode == .continuation) == (fragments != nil) else { return close(.protocolError, "fragments out of order") }
    // Taken, not copied: with every fragment the whole message would be.
    var message = fragments.take() ?? Fragments(isText: frame.opcode == .text, payload: ByteBuffer())
    guard message.isText || options.binaryMessages == .ignore else { return close(.unsupportedData, "text messages only") }
    if message.isText {
      guard message.payload.readableBytes + frame.length <= options.maximumMessageBytes else {
        return close(.messageTooBig, "at most \(options.maximumMessageBytes) bytes")
      }
      if frame.opcode == .continuation {
        message.payload.writeImmutableBuffer(frame.unmaskedData)
      } else {
        message.payload = frame.unmaskedData
      }
    }
    fragments = frame.fin ? nil : message
    return frame.fin && message.isText ? deliver(message.payload) : []
  }

  /// The pings of the silence timer bear no number, and their answers none.
  private func answered(_ pong: WebSocketFrame) -> [Effect] {
    let payload = pong.unmaskedData
    guard payload.readableBytes == 8, let number = payload.getInteger(at: payload.readerIndex, as: UInt64.self) else {
      return []
    }
    return [.answered(number)]
  }

  private mutating func deliver(_ payload: ByteBuffer) -> [Effect] {
    guard let text = try? payload.getUTF8ValidatedString(at: payload.readerIndex, length: payload.readableBytes) else {
      return close(.invalidPayload, "not UTF-8")
    }
    return [.deliver(text)]
  }
}

// MARK: - Sending

extension WebSocketMachine {
  private mutating func send(_ payload: ByteBuffer) -> [Effect] {
    guard pendingBytes == 0 || pendingBytes + payload.readableBytes <= options.outboxBytes else {
      return [.refuse(.overflow)] + giveUp("reads too slowly")
    }
    return write(.text, payload)
  }

  /// Answers to pings count too: a peer that pings and does not read is no better.
  private mutating func write(_ opcode: WebSocketOpcode, _ payload: ByteBuffer) -> [Effect] {
    guard pendingBytes == 0 || pendingBytes + payload.readableBytes <= options.outboxBytes else {
      return giveUp("reads too slowly")
    }
    let wasIdle = pendingBytes == 0
    pendingBytes += Self.cost(payload.readableBytes)
    return (wasIdle ? [.start(.stall, options.sendTimeout)] : []) + [.write(opcode, payload)]
  }

  private mutating func written(_ opcode: WebSocketOpcode, _ bytes: Int) -> [Effect] {
    if opcode == .connectionClose {
      isCloseWritten = true
      return disconnectIfDone()
    }
    pendingBytes -= Self.cost(bytes)
    guard isOpen else { return [] }
    return pendingBytes == 0 ? [.stop(.stall)] : [.start(.stall, options.sendTimeout)]
  }

  /// The payload and the longest header.
  private static func cost(_ bytes: Int) -> Int { bytes + 14 }
}

// MARK: - Ending

extension WebSocketMachine {
  private mutating func close(_ code: WebSocketCloseCode, _ reason: String) -> [Effect] {
    phase = .closing(WebSocketClosure(.local(code), reason: reason))
    return startClosing() + [.write(.connectionClose, Self.closePayload(code, reason: reason))]
  }

  private mutating func closedByPeer(_ frame: WebSocketFrame) -> [Effect] {
    guard let (code, reason) = Self.closeContent(frame) else { return close(.protocolError, "malformed close frame") }
    phase = .closed
    return startClosing()
      + [
        .write(.connectionClose, Self.closePayload(code, reason: "")),
        .finish(WebSocketClosure(.peer, code: code, reason: reason)),
      ]
  }

  private mutating func answered(_ frame: WebSocketFrame, _ closure: WebSocketClosure) -> [Effect] {
    phase = .closed
    var closure = closure
    closure.code = Self.closeContent(frame)?.code
    return [.finish(closure)] + disconnectIfDone()
  }

  /// RFC 6455, section 7.1.1: the server ends the connection, the client waits for that, but not for ever.
  private func disconnectIfDone() -> [Effect] {
    guard case .closed = phase, isCloseWritten else { return [] }
    return role == .server ? [.disconnect] : [.start(.closing, .seconds(1))]
  }

  private mutating func giveUp(_ reason: String) -> [Effect] {
    phase = .closing(WebSocketClosure(.local(.policyViolation), reason: reason))
    return startClosing() + [.disconnect]
  }

  private mutating func startClosing() -> [Effect] {
    fragments = nil
    return [.stop(.silence), .stop(.stall), .start(.closing, options.closeTimeout)]
  }

  private mutating func end() -> [Effect] {
    let closure: WebSocketClosure? =
      switch phase {
      case .open: WebSocketClosure(.lost)
      case .closing(let closure): closure
      case .closed, .ended: nil
      }
    phase = .ended
    return [.stop(.silence), .stop(.stall), .stop(.closing)] + (closure.map { [.finish($0)] } ?? [])
  }

  private mutating func silent(listening: Bool) -> [Effect] {
    if hasPinged, !hasHeard, listening { return close(.goingAway, "silent for too long") }
    let isOverdue = !hasHeard && listening
    hasHeard = !listening
    hasPinged = isOverdue
    return (isOverdue ? write(.ping, ByteBuffer()) : []) + (isOpen ? silenceTimer : [])
  }

  private var silenceTimer: [Effect] {
    options.silenceLimit.map { [.start(.silence, $0 / 3)] } ?? []
  }

  private static func closePayload(_ code: WebSocketCloseCode, reason: String) -> ByteBuffer {
    guard code.isValidOnWire else { return ByteBuffer() }
    var payload = ByteBuffer(integer: code.rawValue)
    var room = 123  // a control frame holds 125 bytes
    for character in reason {
      room -= character.utf8.count
      if room < 0 { break }
      payload.writeString(String(character))
    }
    return payload
  }

  /// - Returns: `nil` if the frame breaks the rules.
  private static func closeContent(_ frame: WebSocketFrame) -> (code: WebSocketCloseCode, reason: String)? {
    var payload = frame.unmaskedData
    guard payload.readableBytes > 0 else { return (.noStatus, "") }
    guard let code = payload.readInteger(as: UInt16.self).map(WebSocketCloseCode.init(rawValue:)), code.isValidOnWire,
      let reason = try? payload.readUTF8ValidatedString(length: payload.readableBytes)
    else { return nil }
    return (code, reason)
  }
}
