import KandyTesting
import NIOCore
import NIOWebSocket
import Testing

@testable import LinkSocket

/// Peers that are silent, and peers that do not read.
@Suite struct WebSocketMachineTimerTests {
  private static let silence = WebSocketMachine.Effect.start(.silence, .seconds(40))
  private static let cutOff: [WebSocketMachine.Effect] = [
    .stop(.silence), .stop(.stall), .start(.closing, .seconds(3)), .disconnect,
  ]
  private static let tooSlow = WebSocketClosure(.local(.policyViolation), reason: "reads too slowly")

  private var server = MachineBench(.server)
  private var client = MachineBench(.client)

  // MARK: - Silence

  @Test(.spec("R-CONN-624")) mutating func aSilentPeerIsPingedAndThenGivenUp() {
    #expect(server.handle(.opened) == [Self.silence])
    #expect(server.handle(.silent(listening: true)) == [Self.silence])
    #expect(
      server.handle(.silent(listening: true)) == [.start(.stall, .seconds(20)), .write(.ping, ByteBuffer()), Self.silence])
    server.written(.ping)
    #expect(server.handle(.silent(listening: true)) == .closing(1001, "silent for too long"))
  }

  @Test(.spec("R-CONN-624"), arguments: [WebSocketOpcode.pong, .ping, .text])
  mutating func aPeerThatIsHeardStays(_ opcode: WebSocketOpcode) {
    _ = server.handle(.opened)
    for _ in 1...5 {
      _ = server.handle(.silent(listening: true))
      let effects = server.handle(.silent(listening: true))
      #expect(effects.contains(.write(.ping, ByteBuffer())))
      server.written(.ping)
      _ = server.receive(opcode)
      if opcode == .ping { server.written(.pong) }
      #expect(server.handle(.silent(listening: true)) == [Self.silence])
      _ = server.receive(opcode)
      if opcode == .ping { server.written(.pong) }
    }
  }

  @Test mutating func aPeerThatTalksIsNotPinged() {
    _ = server.handle(.opened)
    for _ in 1...5 {
      _ = server.receive(.text, "x")
      #expect(server.handle(.silent(listening: true)) == [Self.silence])
    }
  }

  @Test mutating func whoDoesNotListenDoesNotComplainOfSilence() {
    _ = server.handle(.opened)
    for _ in 1...5 { #expect(server.handle(.silent(listening: false)) == [Self.silence]) }
    #expect(server.handle(.silent(listening: true)) == [Self.silence])
    #expect(server.handle(.silent(listening: true)).contains(.write(.ping, ByteBuffer())))
    server.written(.ping)
    #expect(server.handle(.silent(listening: false)) == [Self.silence])
    #expect(server.handle(.silent(listening: true)) == [Self.silence])
  }

  @Test mutating func withoutALimitSilenceIsNotWatched() {
    #expect(client.handle(.opened) == [])
  }

  // MARK: - Stalling

  @Test mutating func aPeerThatReadsNothingForTheSendTimeoutIsCutOff() {
    let text = ByteBuffer(string: "text")
    #expect(client.handle(.send(text)) == [.start(.stall, .seconds(20)), .write(.text, text)])
    #expect(client.handle(.send(text)) == [.write(.text, text)])
    #expect(client.written(.text, 4) == [.start(.stall, .seconds(20))])
    #expect(client.handle(.stalled) == Self.cutOff)
    #expect(client.handle(.send(text)) == [.refuse(.closed)])
    #expect(client.handle(.ended) == .ended + [.finish(Self.tooSlow)])
  }

  @Test mutating func nobodyIsWaitedForOnceEverythingHasLeft() {
    let text = ByteBuffer(string: "text")
    _ = client.handle(.send(text))
    _ = client.handle(.send(text))
    client.written(.text, 4)
    #expect(client.written(.text, 4) == [.stop(.stall)])
    #expect(client.handle(.send(text)) == [.start(.stall, .seconds(20)), .write(.text, text)])
  }

  @Test func moreThanTheOutboxHoldsIsRefusedAndThePeerCutOff() {
    var client = MachineBench(.client, WebSocketOptions(outboxBytes: 100))
    let text = ByteBuffer(repeating: 0x61, count: 40)
    _ = client.handle(.send(text))
    #expect(client.handle(.send(text)) == [.write(.text, text)])
    #expect(client.handle(.send(text)) == [.refuse(.overflow)] + Self.cutOff)
    #expect(client.handle(.ended) == .ended + [.finish(Self.tooSlow)])
  }

  @Test func oneMessageMayBeLargerThanTheOutbox() {
    var client = MachineBench(.client, WebSocketOptions(outboxBytes: 100))
    let text = ByteBuffer(repeating: 0x61, count: 1_000)
    #expect(client.handle(.send(text)) == [.start(.stall, .seconds(20)), .write(.text, text)])
    #expect(client.written(.text, 1_000) == [.stop(.stall)])
    #expect(client.handle(.send(text)) == [.start(.stall, .seconds(20)), .write(.text, text)])
  }

  @Test func aPeerThatPingsAndDoesNotReadIsCutOff() {
    var server = MachineBench(.server, WebSocketOptions(outboxBytes: 100))
    let payload = String(repeating: "x", count: 60)
    #expect(server.receive(.ping, payload).last == .write(.pong, ByteBuffer(string: payload)))
    #expect(server.receive(.ping, payload) == Self.cutOff)
  }

  @Test func emptyPingsCountToo() {
    var server = MachineBench(.server, WebSocketOptions(outboxBytes: 100))
    var answers = 0
    while server.receive(.ping) != Self.cutOff { answers += 1 }
    #expect(answers == 8)
  }
}
