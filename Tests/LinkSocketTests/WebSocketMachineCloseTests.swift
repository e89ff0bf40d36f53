import NIOCore
import NIOWebSocket
import Testing

@testable import LinkSocket

/// How a machine's connection ends.
@Suite struct WebSocketMachineCloseTests {
  private var server = MachineBench(.server)
  private var client = MachineBench(.client)

  // MARK: - This end closes

  @Test mutating func theServerCutsTheConnectionWhenBothCloseFramesAreKnown() {
    #expect(server.handle(.close(.normal, reason: "bye")) == .closing(1000, "bye"))
    #expect(server.written(.connectionClose) == [])
    let closure = WebSocketClosure(.local(.normal), code: .normal, reason: "bye")
    #expect(server.receiveClose(1000) == [.finish(closure), .disconnect])
    #expect(server.handle(.ended) == .ended)
  }

  @Test mutating func theAnswerMayOvertakeTheNewsThatTheCloseFrameHasLeft() {
    _ = server.handle(.close(.normal, reason: ""))
    #expect(server.receiveClose(1000) == [.finish(WebSocketClosure(.local(.normal), code: .normal))])
    #expect(server.written(.connectionClose) == [.disconnect])
  }

  @Test mutating func theClientLeavesTheEndOfTheConnectionToTheServerButNotForEver() {
    _ = client.handle(.close(.normal, reason: ""))
    #expect(client.written(.connectionClose) == [])
    let closure = WebSocketClosure(.local(.normal), code: .normal)
    #expect(client.receiveClose(1000) == [.finish(closure), .start(.closing, .seconds(1))])
    #expect(client.handle(.closingTimedOut) == [.disconnect])
    #expect(client.handle(.ended) == .ended)
  }

  @Test mutating func aPeerThatDoesNotAnswerTheCloseFrameIsCutOff() {
    _ = client.handle(.close(.normal, reason: "bye"))
    client.written(.connectionClose)
    #expect(client.handle(.closingTimedOut) == [.disconnect])
    #expect(client.handle(.ended) == .ended + [.finish(WebSocketClosure(.local(.normal), reason: "bye"))])
  }

  @Test mutating func whatArrivesAfterTheCloseFrameIsDropped() {
    _ = client.handle(.close(.normal, reason: ""))
    #expect(client.receive(.text, "late") == [])
    #expect(client.receive(.ping) == [])
    #expect(client.receive(.binary) == [])
    #expect(client.handle(.close(.goingAway, reason: "again")) == [])
    #expect(client.handle(.silent(listening: true)) == [])
    #expect(client.handle(.stalled) == [])
    #expect(client.receiveClose(1000).first == .finish(WebSocketClosure(.local(.normal), code: .normal)))
  }

  @Test mutating func nothingIsSentAfterTheCloseFrame() {
    let text = ByteBuffer(string: "late")
    _ = client.handle(.close(.normal, reason: ""))
    #expect(client.handle(.send(text)) == [.refuse(.closed)])
    _ = client.receiveClose(1000)
    #expect(client.handle(.send(text)) == [.refuse(.closed)])
    _ = client.handle(.ended)
    #expect(client.handle(.send(text)) == [.refuse(.closed)])
  }

  @Test mutating func twoCloseFramesThatCrossAreAHandshake() {
    _ = server.handle(.close(.goingAway, reason: "mine"))
    server.written(.connectionClose)
    let closure = WebSocketClosure(.local(.goingAway), code: .normal, reason: "mine")
    #expect(server.receiveClose(1000, "yours") == [.finish(closure), .disconnect])
  }

  @Test mutating func aMalformedAnswerIsAnAnswer() {
    _ = server.handle(.close(.normal, reason: ""))
    server.written(.connectionClose)
    #expect(server.receiveClose(999) == [.finish(WebSocketClosure(.local(.normal))), .disconnect])
  }

  @Test mutating func aLongReasonIsCutBetweenCharacters() {
    let reason = "x" + String(repeating: "ä", count: 80)
    let cut = "x" + String(repeating: "ä", count: 61)
    #expect(cut.utf8.count == 123)
    #expect(server.handle(.close(.normal, reason: reason)).last == .write(.connectionClose, .close(1000, cut)))
  }

  @Test(arguments: [0, 999, 1004, 1005, 1006, 1015, 2999, 5000] as [UInt16])
  mutating func aCodeThatMustNotBeSentMakesAnEmptyCloseFrame(_ code: UInt16) {
    let effects = client.handle(.close(WebSocketCloseCode(rawValue: code), reason: "because"))
    #expect(effects.last == .write(.connectionClose, ByteBuffer()))
  }

  // MARK: - The peer closes

  @Test mutating func thePeersCloseFrameIsEchoedWithItsCode() {
    let closure = WebSocketClosure(.peer, code: WebSocketCloseCode(rawValue: 4321), reason: "späß")
    let effects: [WebSocketMachine.Effect] = [
      .stop(.silence), .stop(.stall), .start(.closing, .seconds(3)), .write(.connectionClose, .close(4321)), .finish(closure),
    ]
    #expect(server.receiveClose(4321, "späß") == effects)
    #expect(server.written(.connectionClose) == [.disconnect])
    #expect(server.handle(.ended) == .ended)
    #expect(client.receiveClose(4321, "späß") == effects)
    #expect(client.written(.connectionClose) == [.start(.closing, .seconds(1))])
    #expect(client.handle(.closingTimedOut) == [.disconnect])
  }

  @Test mutating func aCloseFrameWithoutCodeIsEchoedWithoutCode() {
    #expect(
      client.receive(.connectionClose) == [
        .stop(.silence), .stop(.stall), .start(.closing, .seconds(3)), .write(.connectionClose, ByteBuffer()),
        .finish(WebSocketClosure(.peer, code: .noStatus)),
      ])
  }

  @Test(
    arguments: [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999] as [UInt16])
  mutating func theseCodesMayBeReceived(_ code: UInt16) {
    #expect(client.receiveClose(code).last == .finish(WebSocketClosure(.peer, code: WebSocketCloseCode(rawValue: code))))
  }

  @Test(arguments: [0, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65535] as [UInt16])
  mutating func otherCodesBreakTheRules(_ code: UInt16) {
    #expect(client.receiveClose(code) == .closing(1002, "malformed close frame"))
  }

  @Test func aTornCodeAndAReasonThatIsNotUTF8BreakTheRules() {
    for payload in [[0x03], [0x03, 0xE8, 0xFF]] as [[UInt8]] {
      var server = MachineBench(.server)
      #expect(server.receive(.connectionClose, ByteBuffer(bytes: payload)) == .closing(1002, "malformed close frame"))
    }
  }

  @Test mutating func afterThePeersCloseFrameNothingCounts() {
    _ = server.receiveClose(1000)
    #expect(server.receive(.text, "late") == [])
    #expect(server.receiveClose(1001) == [])
    #expect(server.handle(.close(.goingAway, reason: "")) == [])
    #expect(server.handle(.silent(listening: true)) == [])
    #expect(server.handle(.stalled) == [])
    #expect(server.handle(.unreadable(.protocolError, reason: "")) == [])
  }

  // MARK: - The connection ends

  @Test mutating func aConnectionThatBreaksIsLost() {
    #expect(client.handle(.ended) == .ended + [.finish(WebSocketClosure(.lost))])
    #expect(client.handle(.ended) == [])
    #expect(client.receive(.text, "late") == [])
    #expect(client.written(.text, 3) == [])
    #expect(client.handle(.closingTimedOut) == [])
    #expect(client.handle(.close(.normal, reason: "")) == [])
  }
}
