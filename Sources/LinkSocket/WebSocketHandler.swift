import NIOCore
import NIOWebSocket

/// What a connection asks of its handler.
enum WebSocketCommand: Sendable {
  case send(String)
  case ping
  case close(WebSocketCloseCode, reason: String)
}

/// Performs what a `WebSocketMachine` decides on the channel that it stands in, behind NIO's frame encoder and decoder.
final class WebSocketHandler: ChannelDuplexHandler {
  typealias InboundIn = WebSocketFrame
  typealias InboundOut = Never
  typealias OutboundIn = WebSocketCommand
  typealias OutboundOut = WebSocketFrame

  private var machine: WebSocketMachine
  private let role: WebSocketMachine.Role
  private let inbox: WebSocketInbox
  private var timers: [WebSocketMachine.Timer: Scheduled<Void>] = [:]
  /// Pings that have not been answered, by ascending number.
  private var pings: [(number: UInt64, promise: EventLoopPromise<Void>?)] = []
  private var lastPing: UInt64 = 0

  init(role: WebSocketMachine.Role, options: WebSocketOptions, inbox: WebSocketInbox) {
    self.machine = WebSocketMachine(role: role, options: options)
    self.role = role
    self.inbox = inbox
  }

  func handlerAdded(context: ChannelHandlerContext) {
    handle(.opened, context)
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    handle(.ended, context)
  }

  func channelInactive(context: ChannelHandlerContext) {
    handle(.ended, context)
    context.fireChannelInactive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    handle(.received(Self.unwrapInboundIn(data)), context)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch event {
    case ChannelEvent.inputClosed:
      // No WebSocket goes on in one direction only.
      context.close(promise: nil)
    case is ChannelShouldQuiesceEvent:
      handle(.close(.goingAway, reason: "shutting down"), context)
    default:
      context.fireUserInboundEventTriggered(event)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    switch error {
    case NIOWebSocketError.invalidFrameLength:
      handle(.unreadable(.messageTooBig, reason: "the frame is too large"), context)
    case is NIOWebSocketError:
      handle(.unreadable(.protocolError, reason: "malformed control frame"), context)
    case ByteToMessageDecoderError.dataReceivedInErrorState:
      // What follows an unreadable frame is read and dropped, lest a reset overtake our close frame.
      break
    default:
      context.close(promise: nil)
    }
  }

  func read(context: ChannelHandlerContext) {
    // A peer that floods is slowed down: the inbox reads the channel again once it has been drained.
    guard machine.isOpen, inbox.isFull else { return context.read() }
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch Self.unwrapOutboundIn(data) {
    case .send(let text):
      handle(.send(context.channel.allocator.buffer(string: text)), context, promise: promise)
    case .ping:
      ping(promise, context)
    case .close(let code, let reason):
      handle(.close(code, reason: reason), context)
      promise?.succeed()
    }
  }

  /// - Parameter promise: of the one frame that the input asks to be sent.
  private func handle(_ input: WebSocketMachine.Input, _ context: ChannelHandlerContext, promise: EventLoopPromise<Void>? = nil)
  {
    let wasOpen = machine.isOpen
    for effect in machine.handle(input) {
      switch effect {
      case .deliver(let text): inbox.push(text)
      case .write(let opcode, let payload): write(opcode, payload, promise, context)
      case .answered(let number): answered(through: number)
      case .refuse(let error): promise?.fail(error)
      case .start(let timer, let delay): start(timer, delay, context)
      case .stop(let timer): timers.removeValue(forKey: timer)?.cancel()
      case .finish(let closure): finish(closure)
      case .disconnect: context.close(promise: nil)
      }
    }
    if wasOpen, !machine.isOpen {
      // The peer's close frame may stand behind messages that nobody will read.
      context.read()
    }
  }

  private func ping(_ promise: EventLoopPromise<Void>?, _ context: ChannelHandlerContext) {
    guard machine.isOpen else {
      promise?.fail(WebSocketError.closed)
      return
    }
    lastPing += 1
    pings.append((lastPing, promise))
    handle(.ping(lastPing), context)
  }

  /// Only the latest of several pings has to be answered (RFC 6455, section 5.5.3).
  private func answered(through number: UInt64) {
    let answered = pings.prefix { $0.number <= number }
    pings.removeFirst(answered.count)
    for ping in answered { ping.promise?.succeed() }
  }

  private func finish(_ closure: WebSocketClosure) {
    inbox.finish(closure)
    let unanswered = pings
    pings = []
    for ping in unanswered { ping.promise?.fail(WebSocketError.closed) }
  }

  private func write(
    _ opcode: WebSocketOpcode, _ payload: ByteBuffer, _ promise: EventLoopPromise<Void>?, _ context: ChannelHandlerContext
  ) {
    let frame = WebSocketFrame(fin: true, opcode: opcode, maskKey: role == .client ? .random() : nil, data: payload)
    let bytes = payload.readableBytes
    let written = context.eventLoop.makePromise(of: Void.self)
    written.futureResult.assumeIsolated().whenComplete { result in
      promise?.completeWith(result)
      if case .success = result { self.handle(.written(opcode, bytes: bytes), context) }
    }
    context.writeAndFlush(Self.wrapOutboundOut(frame), promise: written)
  }

  private func start(_ timer: WebSocketMachine.Timer, _ delay: Duration, _ context: ChannelHandlerContext) {
    timers[timer]?.cancel()
    timers[timer] = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(delay)) {
      self.timers[timer] = nil
      self.handle(self.input(of: timer), context)
    }
  }

  private func input(of timer: WebSocketMachine.Timer) -> WebSocketMachine.Input {
    switch timer {
    case .silence: .silent(listening: !inbox.isFull)
    case .stall: .stalled
    case .closing: .closingTimedOut
    }
  }
}

@available(*, unavailable)
extension WebSocketHandler: Sendable {}
