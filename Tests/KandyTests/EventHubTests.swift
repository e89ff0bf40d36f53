import KandyTesting
import Synchronization
import Testing

@testable import Kandy

struct EventHubTests {
  private final class Record: Sendable {
    private let entries = Mutex<[String]>([])
    var all: [String] { entries.withLock { $0 } }
    func add(_ entry: String) { entries.withLock { $0.append(entry) } }
  }

  /// Emits `media:permissions`-free markers and waits until the last has been handled.
  private func deliver(_ events: [Event], through hub: EventHub) async {
    let (done, signal) = AsyncStream.makeStream(of: Void.self)
    let token = hub.on(.videoPreviewChange) { _ in signal.yield() }
    for event in events { hub.emit(event) }
    hub.emit(.videoPreviewChange(displaying: true))
    for await _ in done { break }
    token.cancel()
  }

  @Test(.spec("R-CONN-213", "R-CONN-214")) func handlersForTheNameComeFirstEachInTheirOrder() async {
    let hub = EventHub()
    let record = Record()
    _ = hub.on(nil) { record.add("any \($0.name.rawValue)") }
    _ = hub.on(.wsChange) { _ in record.add("first") }
    _ = hub.on(.wsChange) { _ in record.add("second") }
    await deliver([.wsChange, .authChange(nil), .wsChange], through: hub)
    #expect(
      record.all.prefix(7) == ["first", "second", "any ws:change", "any auth:change", "first", "second", "any ws:change"])
  }

  @Test(.spec("R-CONN-211")) func aHandlerRegisteredTwiceIsCalledTwiceUntilItsTokenIsCancelled() async {
    let hub = EventHub()
    let record = Record()
    let handler: EventHandler = { _ in record.add("called") }
    let first = hub.on(.wsChange, handler)
    _ = hub.on(.wsChange, handler)
    await deliver([.wsChange], through: hub)
    first.cancel()
    first.cancel()
    await deliver([.wsChange], through: hub)
    #expect(record.all == ["called", "called", "called"])
  }

  @Test(.spec("R-CONN-217")) func aHandlerAddedDuringADeliveryWaitsForTheNext() async {
    let hub = EventHub()
    let record = Record()
    _ = hub.on(.wsChange) { _ in
      record.add("outer")
      _ = hub.on(.wsChange) { _ in record.add("inner") }
    }
    await deliver([.wsChange], through: hub)
    #expect(record.all == ["outer"])
    await deliver([.wsChange], through: hub)
    #expect(record.all == ["outer", "outer", "inner"])
  }

  @Test func everyReaderSeesEveryEventSinceItWasMade() async {
    let hub = EventHub()
    hub.emit(.wsChange)
    let first = hub.reader()
    hub.emit(.authChange(nil))
    let second = hub.reader()
    hub.emit(.callReceive("c"))
    hub.finish()
    var seen: [[Event]] = [[], []]
    for await event in first { seen[0].append(event) }
    for await event in second { seen[1].append(event) }
    #expect(seen == [[.authChange(nil), .callReceive("c")], [.callReceive("c")]])
  }

  @Test(.spec("R-CONN-224")) func nothingIsDeliveredAfterTheEnd() async {
    let hub = EventHub()
    let reader = hub.reader()
    hub.finish()
    hub.emit(.wsChange)
    let late = hub.reader()
    for await event in reader { Issue.record("got \(event)") }
    for await event in late { Issue.record("got \(event)") }
  }

  @Test(.spec("R-CONN-204")) func whatHappensDuringCreationWaitsForTheFirstObserver() async {
    let hub = EventHub()
    hub.emitWhenObserved(.wsChange)
    let first = hub.reader()
    let second = hub.reader()
    hub.finish()
    var seen: [Event] = []
    for await event in first { seen.append(event) }
    #expect(seen == [.wsChange])
    for await event in second { Issue.record("got \(event)") }
  }

  @Test func eventsOfManyTasksAreSeenInOneOrderByAll() async {
    let hub = EventHub()
    let readers = [hub.reader(), hub.reader(), hub.reader()]
    await withTaskGroup { group in
      for task in 0..<8 {
        group.addTask { for index in 0..<50 { hub.emit(.callStart(CallID("\(task)-\(index)"))) } }
      }
    }
    hub.finish()
    var seen: [[Event]] = []
    for reader in readers {
      var events: [Event] = []
      for await event in reader { events.append(event) }
      seen.append(events)
    }
    #expect(seen[0].count == 400)
    #expect(seen[1] == seen[0] && seen[2] == seen[0])
  }

  @Test func aReaderWhoDoesNotReadKeepsTheNewestEventsAndTheOthersLoseNothing() async {
    let record = LogRecord()
    let hub = EventHub(log: LoggerSet(level: .warn, handler: record.handler, now: { 0 }).logger(.events))
    let idle = hub.reader()
    let count = EventStream.capacity + 500
    var readAtOnce = 0
    for batch in stride(from: 0, to: count, by: 500) {
      let reader = hub.reader()
      for index in batch..<batch + 500 { hub.emit(.callStart(CallID("\(index)"))) }
      for await case .callStart in reader {
        readAtOnce += 1
        if readAtOnce == batch + 500 { break }
      }
    }
    #expect(readAtOnce == count)
    hub.finish()
    var kept: [Event] = []
    for await event in idle { kept.append(event) }
    #expect(kept.count == EventStream.capacity)
    #expect(kept.first == .callStart("500") && kept.last == .callStart(CallID("\(count - 1)")))
    #expect(record.entries.map(\.level) == [.warn])
  }

  @Test func aReaderThatIsDroppedIsForgotten() {
    let hub = EventHub()
    _ = hub.reader()
    #expect(hub.observers == 0)
    let reader = hub.reader()
    #expect(hub.observers == 1)
    withExtendedLifetime(reader) {}
  }
}
