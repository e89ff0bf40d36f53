import Foundation
import NIOCore
import NIOEmbedded
import NIOWebSocket
import Testing

@testable import LinkSocket

/// The handler on a channel without a network, in virtual time.
@Suite struct WebSocketHandlerTests {
  /// A handler, and the wire that it stands at.
  private final class Bench {
    let role: WebSocketMachine.Role
    let channel = EmbeddedChannel()
    let wire = Wire()
    let inbox: WebSocketInbox

    init(_ role: WebSocketMachine.Role, _ options: WebSocketOptions, decoding: Bool = false) throws {
      self.role = role
      inbox = WebSocketInbox(capacity: options.inboxBytes) {}
      let pipeline = channel.pipeline.syncOperations
      try pipeline.addHandler(wire)
      if decoding {
        try pipeline.addHandler(WebSocketFrameEncoder())
        try pipeline.addHandler(ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: options.maximumMessageBytes)))
      }
      try pipeline.addHandler(WebSocketHandler(role: role, options: options, inbox: inbox))
      channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 80), promise: nil)
    }

    func receive(_ opcode: WebSocketOpcode, _ payload: ByteBuffer = ByteBuffer()) throws {
      try channel.writeInbound(WebSocketFrame.fromPeer(of: role, opcode, payload))
    }

    func send(_ text: String) -> EventLoopFuture<Void> {
      channel.writeAndFlush(WebSocketCommand.send(text))
    }

    func close(_ code: WebSocketCloseCode) {
      channel.writeAndFlush(WebSocketCommand.close(code, reason: ""), promise: nil)
    }

    func sent() throws -> WebSocketFrame? {
      try channel.readOutbound(as: WebSocketFrame.self)
    }

    func advance(_ seconds: Int64) {
      channel.embeddedEventLoop.advanceTime(by: .seconds(seconds))
    }

    /// Everything that arrived. The last thing that a test does: afterwards it may be on another thread.
    func messages() async -> [String] {
      inbox.finish(WebSocketClosure(.lost))
      return await AsyncStream { [inbox] in await inbox.next() }.reduce(into: []) { $0.append($1) }
    }
  }

  /// Counts what is asked of the network, and can let writing take its time.
  private final class Wire: ChannelOutboundHandler {
    typealias OutboundIn = NIOAny

    var reads = 0
    var isSlow = false
    private var waiting: [(NIOAny, EventLoopPromise<Void>?)] = []

    func read(context: ChannelHandlerContext) {
      reads += 1
      context.read()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
      guard isSlow else { return context.write(data, promise: promise) }
      waiting.append((data, promise))
    }

    func takeOne(_ channel: EmbeddedChannel) {
      waiting.removeFirst().1?.succeed()
    }
  }

  // MARK: - Frames

  @Test func theClientMasksWhatItSendsAndTheServerDoesNot() throws {
    for role in [WebSocketMachine.Role.client, .server] {
      let bench = try Bench(role, .client)
      let written = bench.send("text")
      let frame = try #require(try bench.sent())
      #expect(frame.opcode == .text)
      #expect(frame.fin)
      #expect((frame.maskKey != nil) == (role == .client))
      #expect(frame.data == ByteBuffer(string: "text"))
      #expect(try written.wait() == ())
      _ = try bench.channel.finish()
    }
  }

  @Test func messagesGoToTheInboxAndPingsAreAnswered() async throws {
    let bench = try Bench(.server, .server)
    try bench.receive(.text, ByteBuffer(string: "one"))
    try bench.receive(.ping, ByteBuffer(string: "?"))
    try bench.receive(.text, ByteBuffer(string: "two"))
    let pong = try bench.sent()
    #expect(pong?.opcode == .pong)
    #expect(pong?.data == ByteBuffer(string: "?"))
    _ = try bench.channel.finish()
    #expect(await bench.messages() == ["one", "two"])
  }

  @Test func whatFollowsAnUnreadableFrameIsDropped() throws {
    let bench = try Bench(.server, WebSocketOptions(maximumMessageBytes: 100), decoding: true)
    // 126 bytes, masked, of which the first come.
    _ = try? bench.channel.writeInbound(ByteBuffer(bytes: [0x81, 0xFE, 0x00, 0x7E, 1, 2, 3, 4]))
    _ = try? bench.channel.writeInbound(ByteBuffer(repeating: 0, count: 126))
    var sent = try #require(try bench.channel.readOutbound(as: ByteBuffer.self))
    while let more = try bench.channel.readOutbound(as: ByteBuffer.self) { sent.writeImmutableBuffer(more) }
    var expected = ByteBuffer(bytes: [0x88, 24])
    expected.writeImmutableBuffer(.close(1009, "the frame is too large"))
    #expect(sent == expected)
    #expect(bench.channel.isActive)
    bench.advance(3)
    #expect(!bench.channel.isActive)
    #expect(bench.inbox.closure == WebSocketClosure(.local(.messageTooBig), reason: "the frame is too large"))
  }

  // MARK: - Time

  @Test func aPeerThatVanishedIsPingedAndGivenUpWithinTheLimit() throws {
    let bench = try Bench(.server, .server)
    bench.advance(79)
    #expect(try bench.sent() == nil)
    bench.advance(1)
    #expect(try bench.sent()?.opcode == .ping)
    bench.advance(40)
    let close = try bench.sent()
    #expect(close?.opcode == .connectionClose)
    #expect(close?.data == .close(1001, "silent for too long"))
    #expect(bench.channel.isActive)
    bench.advance(3)
    #expect(!bench.channel.isActive)
    #expect(bench.inbox.closure == WebSocketClosure(.local(.goingAway), reason: "silent for too long"))
  }

  @Test func aPeerThatAnswersPingsStays() throws {
    let bench = try Bench(.server, .server)
    for _ in 1...10 {
      bench.advance(80)
      #expect(try bench.sent()?.opcode == .ping)
      try bench.receive(.pong)
      bench.advance(40)
      #expect(try bench.sent() == nil)
      try bench.receive(.pong)
    }
    #expect(bench.channel.isActive)
    _ = try bench.channel.finish()
  }

  @Test func aPeerThatDoesNotReadIsCutOffAfterTheSendTimeout() throws {
    let bench = try Bench(.client, .client)
    bench.wire.isSlow = true
    let first = bench.send("one")
    let second = bench.send("two")
    bench.advance(19)
    bench.wire.takeOne(bench.channel)
    #expect(try first.wait() == ())
    bench.advance(19)
    #expect(bench.channel.isActive)
    bench.advance(1)
    #expect(!bench.channel.isActive)
    #expect(bench.inbox.closure == WebSocketClosure(.local(.policyViolation), reason: "reads too slowly"))
    second.whenComplete { _ in }
  }

  @Test func noTimerOutlivesTheConnection() throws {
    let bench = try Bench(.server, .server)
    _ = bench.send("text")
    _ = try bench.channel.finish()
    #expect(bench.inbox.closure == WebSocketClosure(.lost))
    while try bench.channel.readOutbound(as: WebSocketFrame.self) != nil {}
    bench.advance(1_000)
    #expect(try bench.channel.readOutbound(as: WebSocketFrame.self) == nil)
  }

  // MARK: - Back-pressure

  @Test func aFullInboxStopsReadingUntilTheConnectionCloses() throws {
    let bench = try Bench(.server, WebSocketOptions(inboxBytes: 100))
    bench.channel.read()
    let before = bench.wire.reads
    try bench.receive(.text, ByteBuffer(repeating: 0x61, count: 100))
    let afterMessage = bench.wire.reads
    bench.channel.read()
    bench.channel.read()
    #expect(bench.wire.reads == afterMessage)
    #expect(before > 0)
    bench.close(.goingAway)
    #expect(bench.wire.reads == afterMessage + 1)
    bench.channel.read()
    #expect(bench.wire.reads == afterMessage + 2)
    _ = try? bench.channel.finish()
  }

  @Test func aFullInboxIsNotThePeersSilence() throws {
    let bench = try Bench(.server, WebSocketOptions(inboxBytes: 100, silenceLimit: .seconds(120)))
    try bench.receive(.text, ByteBuffer(repeating: 0x61, count: 100))
    bench.advance(1_000)
    #expect(try bench.sent() == nil)
    #expect(bench.channel.isActive)
    _ = try bench.channel.finish()
  }

  // MARK: - Events of the channel

  @Test func aServerThatShutsDownClosesWith1001() throws {
    let bench = try Bench(.server, .server)
    bench.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
    #expect(try bench.sent()?.data == .close(1001, "shutting down"))
    try bench.receive(.connectionClose, .close(1001))
    #expect(!bench.channel.isActive)
  }

  @Test func aPeerThatSendsNoMoreIsGone() throws {
    let bench = try Bench(.client, .client)
    bench.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    #expect(!bench.channel.isActive)
    #expect(bench.inbox.closure == WebSocketClosure(.lost))
  }

  @Test func anErrorOfTheNetworkIsALoss() throws {
    let bench = try Bench(.client, .client)
    bench.channel.pipeline.fireErrorCaught(IOError(errnoCode: ECONNRESET, reason: "read"))
    #expect(!bench.channel.isActive)
    #expect(bench.inbox.closure == WebSocketClosure(.lost))
  }

  @Test func whatIsSentAfterTheCloseFrameFails() throws {
    let bench = try Bench(.client, .client)
    bench.close(.normal)
    #expect(throws: WebSocketError.closed) { try bench.send("late").wait() }
    _ = try? bench.channel.finish()
  }
}
