import Foundation
import KandyTesting
import LinkProtocol
import LinkSocket
import NIOCore
import NIOWebSocket
import Testing

@testable import KandyGateway

/// Clients that misuse their socket. Each is told by a close code, the log says so, and nobody loses a notification.
@Suite(.timeLimit(.minutes(1))) struct SocketAbuseTests {
  struct Abuse: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var frames: [WebSocketFrame]
    var code: UInt16
    var reason: String

    init(_ description: String, _ frames: [WebSocketFrame], _ code: UInt16, _ reason: String) {
      testDescription = description
      self.frames = frames
      self.code = code
      self.reason = reason
    }

    static func frame(
      _ opcode: WebSocketOpcode, _ payload: ByteBuffer, fin: Bool = true, rsv1: Bool = false, masked: Bool = true
    ) -> WebSocketFrame {
      WebSocketFrame(fin: fin, rsv1: rsv1, opcode: opcode, maskKey: masked ? .random() : nil, data: payload)
    }

    static let all: [Abuse] = [
      Abuse("binary", [frame(.binary, ByteBuffer(string: "{}"))], 1003, "text messages only"),
      Abuse("huge", [frame(.text, ByteBuffer(repeating: 0x61, count: 65_537))], 1009, "the frame is too large"),
      Abuse(
        "huge in fragments",
        [
          frame(.text, ByteBuffer(repeating: 0x61, count: 40_000), fin: false),
          frame(.continuation, ByteBuffer(repeating: 0x61, count: 40_000)),
        ], 1009, "at most 65536 bytes"),
      Abuse("not UTF-8", [frame(.text, ByteBuffer(bytes: [0xC3, 0x28]))], 1007, "not UTF-8"),
      Abuse("unmasked", [frame(.text, ByteBuffer(string: "{}"), masked: false)], 1002, "wrong masking"),
      Abuse("compressed", [frame(.text, ByteBuffer(string: "{}"), rsv1: true)], 1002, "a reserved bit is set"),
      Abuse("torn", [frame(.continuation, ByteBuffer(string: "{}"))], 1002, "fragments out of order"),
      Abuse(
        "a control frame in fragments", [frame(.ping, ByteBuffer(string: "x"), fin: false)], 1002, "malformed control frame"),
      Abuse(
        "a close code of its own", [frame(.connectionClose, ByteBuffer(integer: UInt16(1006)))], 1002, "malformed close frame"),
    ]
  }

  @Test(.spec("R-CONN-611", "R-CONN-514"), arguments: Abuse.all)
  func whoeverBreaksTheRulesIsToldAndLosesNothing(_ abuse: Abuse) async throws {
    try await SocketBench.run { bench in
      let alice = try await bench.device("alice")
      let bob = try await bench.device("bob")
      let culprit = try await bench.abuse(alice)
      let neighbour = try await bench.connect(bob)
      for frame in abuse.frames { try await culprit.send(frame) }
      #expect(await culprit.closeCode() == abuse.code)
      try await culprit.channel.close()
      #expect(await bench.log.nextEnd() == "debug: a socket was closed code=\(abuse.code) reason=\(abuse.reason)")

      await bench.post(["1", "2"], to: alice)
      await bench.post(["3"], to: bob)
      #expect(try await neighbour.events(until: "3") == ["3"])
      let again = try await bench.connect(alice)
      #expect(try await again.events(until: "2") == ["1", "2"])
      await again.close()
      await neighbour.close()
    }
  }

  @Test(.spec("R-CONN-612", "R-CONN-614", "R-CONN-1206"))
  func whatIsNotAKeepaliveIsDroppedWithoutAnAnswer() async throws {
    try await SocketBench.run { bench in
      let alice = try await bench.device("alice")
      let client = try await bench.abuse(alice)
      for text in ["{\"message_type\":\"ping\"}", "not JSON", "", "[[[[", "null", "{\"notificationMessage\":{}}"] {
        try await client.send(.text, text)
      }
      try await client.send(.text, "{\"message", fin: false)
      try await client.send(.ping, "?")
      try await client.send(.continuation, "_type\":\"ping\"}")
      await bench.post(["1"], to: alice)
      var frames = client.frames.makeAsyncIterator()
      let received = [await frames.next(), await frames.next(), await frames.next()].compactMap { $0?.opcode }
      // The answer to the client's ping, the notification, and the gateway's own ping.
      #expect(Set(received) == [.pong, .text, .ping])
      #expect(await bench.log.next("client") == "debug: a client sends what is not JSON bytes=8")
      try await client.send(
        WebSocketFrame(fin: true, opcode: .connectionClose, maskKey: .random(), data: ByteBuffer(integer: UInt16(1000))))
      #expect(await frames.next()?.opcode == .connectionClose)
      #expect(await frames.next() == nil)
      // Nothing more about what is not JSON, however much of it came.
      #expect(await bench.log.next("client") == "debug: a client closed its socket code=1000")
    }
  }

  @Test(.spec("R-CONN-514", "R-CONN-654"))
  func aClientThatVanishesGetsWhatCameMeanwhileWhenItReturns() async throws {
    try await SocketBench.run { bench in
      let alice = try await bench.device("alice")
      let client = try await bench.abuse(alice)
      await bench.post(["1"], to: alice)
      _ = await client.frames.first { $0.opcode == .text }
      let options = try #require(client.channel as? any SocketOptionProvider)
      try await options.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
      try await client.channel.close()
      #expect(await bench.log.nextEnd() == "debug: a socket was lost")
      await bench.post((2...50).map(String.init), to: alice)
      // The first one too: that it had arrived, the client has never said.
      let ids = (1...50).map(String.init)
      let again = try await bench.connect(alice)
      #expect(try await again.events(until: "50") == ids)
      await again.close()
    }
  }

  @Test(.spec("R-CONN-514", "R-CONN-654")) func aClientThatNeverReadsDelaysNobodyAndLosesNothing() async throws {
    var configuration = GatewayConfiguration()
    configuration.limits.keptBytes = 1 << 26
    try await SocketBench.run(configuration: configuration) { bench in
      let alice = try await bench.device("alice")
      let bob = try await bench.device("bob")
      let culprit = try await bench.abuse(alice, reads: false)
      let neighbour = try await bench.connect(bob)
      let blank = " " + String(repeating: "x", count: 1 << 20)
      let ids = (1...40).map(String.init)
      await bench.post(ids.map { $0 + blank }, to: alice)
      await bench.post(ids, to: bob)
      #expect(try await neighbour.events(until: "40") == ids)
      try await culprit.channel.close()
      #expect(await bench.log.nextEnd() == "debug: a socket was lost")
      let again = try await bench.connect(alice)
      #expect(try await again.events(until: "40") == ids)
      await again.close()
      await neighbour.close()
    }
  }

  /// A network that swallows everything looks like a client that reads and says nothing, not even to a ping.
  @Test(.spec("R-CONN-605", "R-CONN-654", "R-CALL-477")) func whatADeadSocketTookComesOnceMoreOverTheNext() async throws {
    try await SocketBench.run { bench in
      let alice = try await bench.device("alice")
      let dead = try await bench.abuse(alice)
      await bench.post(["1", "2"], to: alice)
      _ = await dead.frames.filter { $0.opcode == .text }.prefix(2).reduce(0) { count, _ in count + 1 }
      let socket = try await bench.connect(alice)
      #expect(await dead.closeCode() == 1001)
      await bench.post(["3"], to: alice)
      #expect(try await socket.events(until: "3") == ["1", "2", "3"])
      await bench.confirmed(alice)
      await socket.close()
      let next = try await bench.connect(alice)
      await bench.post(["4"], to: alice)
      #expect(try await next.events(until: "4") == ["4"])
      await next.close()
    }
  }

  @Test(.spec("R-CONN-605", "R-CONN-627")) func aNewerConnectionReplacesTheOlder() async throws {
    try await SocketBench.run { bench in
      let alice = try await bench.device("alice")
      let first = try await bench.connect(alice)
      await bench.post(["1"], to: alice)
      #expect(try await first.events(until: "1") == ["1"])
      await bench.confirmed(alice)
      let second = try await bench.connect(alice)
      #expect(await first.closed.code == .goingAway)
      await bench.post(["2"], to: alice)
      #expect(try await second.events(until: "2") == ["2"])
      await second.close()
    }
  }

  @Test(.spec("R-CONN-627", "R-CONN-1208")) func theEndOfTheSubscriptionClosesWith1000() async throws {
    try await SocketBench.run { bench in
      let alice = try await bench.device("alice")
      let client = try await bench.connect(alice)
      await bench.post(["1"], to: alice)
      #expect(try await client.events(until: "1") == ["1"])
      await bench.gateway.hub.end(alice, .none)
      #expect(await client.closed == WebSocketClosure(.peer, code: .normal))
    }
  }

  @Test(.spec("R-CONN-603")) func anUnknownChannelIsNotFound() async throws {
    try await SocketBench.run { bench in
      await #expect(throws: WebSocketError(.refused(status: 404), "the server answered 404")) {
        _ = try await bench.connect("nobody")
      }
    }
  }
}
