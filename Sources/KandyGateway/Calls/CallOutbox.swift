import DequeModule
import LinkLogic
import LinkProtocol

/// What one call still has to send. Everything leaves in the order in which the machine decided it, and what a request provoked
/// only when the request's answer has left (R-CALL-3): a later request's notifications wait behind it.
struct CallOutbox: Sendable {
  enum Item: Sendable {
    case notification(Notification, of: SessionID, to: UserAddress, only: SubscriptionID?)
    /// A question, whose answer goes to the call's machine.
    case locate(UserAddress, for: SessionID)
    /// A conversation is over.
    case record(CallRecord)
  }

  /// Names a batch until its answer has left.
  typealias Ticket = Int

  private struct Batch {
    let ticket: Ticket
    var isReleased: Bool
    let items: [Item]
  }

  private var batches: Deque<Batch> = []
  private var lastTicket = 0

  var isEmpty: Bool { batches.isEmpty }

  /// - Parameter isReleased: whether the items need not wait for an answer.
  mutating func append(_ items: [Item], isReleased: Bool) -> Ticket {
    lastTicket += 1
    batches.append(Batch(ticket: lastTicket, isReleased: isReleased, items: items))
    return lastTicket
  }

  mutating func release(_ ticket: Ticket) {
    guard let index = batches.firstIndex(where: { $0.ticket == ticket }) else { return }
    batches[index].isReleased = true
  }

  mutating func releaseAll() {
    for index in batches.indices { batches[index].isReleased = true }
  }

  /// Takes out what may leave now.
  mutating func next() -> [Item]? {
    guard batches.first?.isReleased == true else { return nil }
    return batches.removeFirst().items
  }
}
