import DequeModule
import LinkProtocol

/// The ids of the last notifications: first in, first out; a repeated id keeps its place (R-CONN-721).
struct DuplicateCache: Sendable {
  private var order: Deque<EventID> = []
  private var known: Set<EventID> = []

  func contains(_ id: EventID) -> Bool { known.contains(id) }

  /// Remembers an id that it does not contain, and forgets the oldest ones beyond `length`.
  mutating func insert(_ id: EventID, length: Int) {
    order.append(id)
    known.insert(id)
    while order.count > max(length, 0), let oldest = order.popFirst() { known.remove(oldest) }
  }
}
