import KandyTesting
import NIOCore
import NIOWebSocket
import Testing

@testable import LinkSocket

/// What a machine makes of the frames that arrive.
@Suite(.timeLimit(.minutes(1))) struct WebSocketMachineReceiveTests {
  private var server = MachineBench(.server)
  private var client = MachineBench(.client)

  private static func limit(_ bytes: Int) -> WebSocketOptions {
    WebSocketOptions(maximumMessageBytes: bytes)
  }

  @Test mutating func aTextIsDeliveredAtBothEnds() {
    #expect(server.receive(.text, "héllo") == [.deliver("héllo")])
    #expect(client.receive(.text, "héllo") == [.deliver("héllo")])
    #expect(client.receive(.text) == [.deliver("")])
  }

  @Test(.spec("R-CONN-611")) mutating func fragmentsArePutTogether() {
    #expect(server.receive(.text, "one ", fin: false) == [])
    #expect(server.receive(.continuation, "", fin: false) == [])
    #expect(server.receive(.continuation, "two ", fin: false) == [])
    #expect(server.receive(.continuation, "three") == [.deliver("one two three")])
    #expect(server.receive(.text, "next") == [.deliver("next")])
  }

  @Test mutating func controlFramesBetweenFragmentsAreHandledAtOnce() {
    #expect(client.receive(.text, "left ", fin: false) == [])
    #expect(
      client.receive(.ping, "are you there") == [
        .start(.stall, .seconds(20)), .write(.pong, ByteBuffer(string: "are you there")),
      ])
    #expect(client.receive(.pong, "unasked") == [])
    #expect(client.receive(.continuation, "right") == [.deliver("left right")])
  }

  @Test mutating func theAnswerToAPingIsKnownByItsNumber() {
    #expect(server.handle(.ping(7)) == [.start(.stall, .seconds(20)), .write(.ping, ByteBuffer(integer: UInt64(7)))])
    #expect(server.receive(.pong, ByteBuffer(integer: UInt64(7))) == [.answered(7)])
    // Those of the silence timer bear no number, and a peer may send what it likes.
    for payload in [ByteBuffer(), ByteBuffer(string: "1234567"), ByteBuffer(string: "123456789")] {
      #expect(server.receive(.pong, payload) == [])
    }
    _ = server.receiveClose(1000)
    #expect(server.handle(.ping(8)) == [])
  }

  @Test mutating func aCloseFrameBetweenFragmentsDropsTheMessage() {
    #expect(client.receive(.text, "left ", fin: false) == [])
    #expect(client.receiveClose(1001).last == .finish(WebSocketClosure(.peer, code: .goingAway)))
    #expect(client.receive(.continuation, "right") == [])
  }

  @Test mutating func aCharacterMayBeTornByFragments() {
    #expect(client.receive(.text, ByteBuffer(bytes: [0xE2, 0x82]), fin: false) == [])
    #expect(client.receive(.continuation, ByteBuffer(bytes: [0xAC])) == [.deliver("€")])
  }

  @Test(arguments: [[0xFF], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80]] as [[UInt8]])
  mutating func aTextThatIsNotUTF8ClosesWith1007(_ bytes: [UInt8]) {
    #expect(client.receive(.text, ByteBuffer(bytes: bytes)) == .closing(1007, "not UTF-8"))
  }

  @Test(.spec("R-CONN-611")) mutating func theServerRefusesBinaryMessagesWith1003() {
    #expect(server.receive(.binary, "{}") == .closing(1003, "text messages only"))
  }

  @Test(.spec("R-CONN-611", "R-CONN-614")) mutating func theClientDropsBinaryMessagesAndGoesOn() {
    #expect(client.receive(.binary, "{}") == [])
    #expect(client.receive(.binary, "{", fin: false) == [])
    #expect(client.receive(.ping) == [.start(.stall, .seconds(20)), .write(.pong, ByteBuffer())])
    #expect(client.receive(.continuation, "}") == [])
    #expect(client.receive(.text, "text") == [.deliver("text")])
  }

  @Test func aMessageOfExactlyTheLimitIsDelivered() {
    var whole = MachineBench(.client, Self.limit(4))
    #expect(whole.receive(.text, "1234") == [.deliver("1234")])
    #expect(whole.receive(.text, "12", fin: false) == [])
    #expect(whole.receive(.continuation, "34") == [.deliver("1234")])
  }

  @Test func aLargerMessageClosesWith1009() {
    var whole = MachineBench(.client, Self.limit(4))
    #expect(whole.receive(.text, "12345") == .closing(1009, "at most 4 bytes"))
    var fragments = MachineBench(.server, Self.limit(4))
    #expect(fragments.receive(.text, "123", fin: false) == [])
    #expect(fragments.receive(.continuation, "45", fin: false) == .closing(1009, "at most 4 bytes"))
  }

  /// Copying the message for each of them would take longer than the suite may.
  @Test func veryManyFragmentsOfALargeMessageCostNoMoreThanTheyWeigh() {
    let size = 64 << 20
    let fragments = 1 << 14
    var client = MachineBench(.client, Self.limit(size + fragments))
    #expect(client.receive(.text, ByteBuffer(repeating: 0x61, count: size), fin: false) == [])
    for _ in 1..<fragments { _ = client.receive(.continuation, "b", fin: false) }
    guard case .deliver(let text) = client.receive(.continuation, "c").first else {
      Issue.record("the message was not delivered")
      return
    }
    #expect(text.utf8.count == size + fragments)
    #expect(text.hasSuffix("bc"))
  }

  @Test mutating func aContinuationOfNothingBreaksTheRules() {
    #expect(server.receive(.continuation, "x") == .closing(1002, "fragments out of order"))
  }

  @Test(arguments: [WebSocketOpcode.text, .binary])
  mutating func aMessageWithinAMessageBreaksTheRules(_ opcode: WebSocketOpcode) {
    #expect(client.receive(.text, "x", fin: false) == [])
    #expect(client.receive(opcode, "y") == .closing(1002, "fragments out of order"))
  }

  @Test(arguments: [0x3, 0x7, 0xB, 0xF])
  mutating func anUnknownOpcodeBreaksTheRules(_ opcode: Int) throws {
    #expect(
      server.receive(try #require(WebSocketOpcode(encodedWebSocketOpcode: UInt8(opcode)))) == .closing(1002, "unknown opcode"))
  }

  @Test func reservedBitsBreakTheRules() {
    for bit in 1...3 {
      var client = MachineBench(.client)
      let frame = WebSocketFrame(
        fin: true, rsv1: bit == 1, rsv2: bit == 2, rsv3: bit == 3, opcode: .text, data: ByteBuffer(string: "x"))
      #expect(client.handle(.received(frame)) == .closing(1002, "a reserved bit is set"))
    }
  }

  @Test mutating func whatAClientSendsIsMaskedAndWhatAServerSendsIsNot() {
    let plain = WebSocketFrame.fromPeer(of: .client, .text, ByteBuffer(string: "x"))
    let masked = WebSocketFrame.fromPeer(of: .server, .text, ByteBuffer(string: "x"))
    #expect(server.handle(.received(plain)) == .closing(1002, "wrong masking"))
    #expect(client.handle(.received(masked)) == .closing(1002, "wrong masking"))
  }

  @Test mutating func whatIsNoFrameClosesWithTheCodeGiven() {
    #expect(server.handle(.unreadable(.messageTooBig, reason: "large")) == .closing(1009, "large"))
    #expect(server.handle(.unreadable(.protocolError, reason: "again")) == [])
  }
}
