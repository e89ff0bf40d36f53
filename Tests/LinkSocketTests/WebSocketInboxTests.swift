import Synchronization
import Testing

@testable import LinkSocket

@Suite(.timeLimit(.minutes(1))) struct WebSocketInboxTests {
  private let drained = Counter()

  private final class Counter: Sendable {
    private let count = Mutex(0)
    var value: Int { count.withLock { $0 } }
    func add() { count.withLock { $0 += 1 } }
  }

  private func inbox(_ capacity: Int) -> WebSocketInbox {
    WebSocketInbox(capacity: capacity) { [drained] in drained.add() }
  }

  @Test func messagesAreReadInOrderAndThenTheEnd() async {
    let inbox = inbox(1_000)
    inbox.push("one")
    inbox.push("two")
    inbox.finish(WebSocketClosure(.lost))
    #expect(await inbox.next() == "one")
    #expect(await inbox.next() == "two")
    #expect(await inbox.next() == nil)
    #expect(await inbox.next() == nil)
  }

  @Test func theFirstClosureCounts() {
    let inbox = inbox(1_000)
    #expect(inbox.closure == nil)
    inbox.finish(WebSocketClosure(.peer, code: .normal))
    inbox.finish(WebSocketClosure(.lost))
    #expect(inbox.closure == WebSocketClosure(.peer, code: .normal))
  }

  @Test func itIsFullAboveItsCapacityUntilHalfHasBeenRead() async {
    let inbox = inbox(400)
    for _ in 1...4 { inbox.push(String(repeating: "x", count: 36)) }
    #expect(!inbox.isFull)
    inbox.push("")
    #expect(inbox.isFull)
    _ = await inbox.next()
    _ = await inbox.next()
    #expect(inbox.isFull)
    #expect(drained.value == 0)
    _ = await inbox.next()
    #expect(!inbox.isFull)
    #expect(drained.value == 1)
    while !inbox.isFull { inbox.push("") }
    #expect(drained.value == 1)
  }

  @Test func emptyMessagesTakeRoomToo() {
    let inbox = inbox(640)
    var count = 0
    while !inbox.isFull {
      inbox.push("")
      count += 1
    }
    #expect(count == 11)
  }

  @Test func aReaderWhoWaitsIsCancelledAtOnce() async {
    let inbox = inbox(100)
    await withTaskGroup(of: String?.self) { group in
      group.addTask { await inbox.next() }
      group.cancelAll()
      #expect(await group.next() == .some(nil))
    }
    inbox.push("later")
    #expect(await inbox.next() == "later")
  }

  @Test func aReaderWhoWaitsGetsWhatComesAndTheEnd() async {
    let inbox = inbox(1)
    async let all = AsyncStream { await inbox.next() }.reduce(into: []) { $0.append($1) }
    inbox.push("one")
    inbox.push("two")
    inbox.finish(WebSocketClosure(.lost))
    #expect(await all == ["one", "two"])
  }
}
