import LinkLogic
import LinkProtocol

/// What an exploration is about: people with clients, what they may want, and what may happen next.
enum Exploration {
  /// Alice calls Bob. She may hand him over to Carol, and he may hand her over to Dave.
  enum Name: Int, Hashable, CaseIterable, CustomStringConvertible {
    case alice, bob, carol, dave

    var session: SessionID { ["sA", "sB", "sC", "sD"][rawValue] }
    var address: String { "\(self)@example.com" }
    var description: String { ["alice", "bob", "carol", "dave"][rawValue] }

    /// To whom this one transfers calls.
    var target: Name? {
      switch self {
      case .alice: .carol
      case .bob: .dave
      case .carol, .dave: nil
      }
    }

    static func of(_ session: SessionID) -> Name? { allCases.first { $0.session == session } }
  }

  /// What somebody may want.
  enum Wish: Hashable, CaseIterable {
    case make, answer, reject, end, hold, unhold, startVideo, stopVideo, transfer

    /// Whether it counts: there are only so many of these in one course. The others happen once anyway.
    var isCounted: Bool {
      switch self {
      case .make, .answer, .reject, .end: false
      case .hold, .unhold, .startVideo, .stopVideo, .transfer: true
      }
    }
  }

  /// Something that goes wrong with a piece of media work.
  enum Mishap: Hashable, CaseIterable {
    case noDevice, noEngine, unusable
    /// The answer comes from another endpoint than the one before (R-DTLS-16).
    case elsewhere
  }

  /// Something that happens next. The numbers count the requests of one client that have no outcome yet.
  enum Move: Hashable {
    case wish(Name, Wish)
    /// The first piece of media work is done.
    case work(Name)
    /// The request reaches the gateway.
    case request(Name, Int)
    /// The client has the response.
    case response(Name, Int)
    case notification(Name)
    case timer(Name, CallMachine.Timer)
    case gatewayTimer(GatewayCallMachine.Timer)
    /// Nothing is on its way: time passes until the next timer is due. Clients that send a sign of life then do so.
    case wait
    /// The user's subscription is back.
    case returns(Name)
    case fault(Fault)

    var isWish: Bool { if case .wish = self { true } else { false } }
  }

  /// Something that goes wrong. There are only so many of these in one course.
  enum Fault: Hashable {
    case mishap(Name, Mishap)
    /// The request never reaches the gateway; the client learns that it has no response.
    case requestLost(Name, Int)
    /// The request reaches the gateway, whose response is lost to something on the way that repeats the request at once. A copy that
    /// came later could not be told from a new request: requests have no number.
    case requestDoubled(Name, Int)
    case responseLost(Name, Int)
    case notificationLost(Name)
    /// The notification comes, and will come once more.
    case notificationDoubled(Name)
    /// Something is on its way for so long that the timer fires before it comes.
    case late(Name, CallMachine.Timer)
    case lateAtGateway(GatewayCallMachine.Timer)
    /// The client's connection was interrupted, and is back; with `resyncOnConnect`.
    case reconnect(Name)
    /// The user has no subscription any more.
    case leaves(Name)
  }
}

/// Small numbers in place of values; equal values have the same.
struct Numbered<Value: Hashable> {
  private var values: [Value] = []
  private var numbers: [Value: Int32] = [:]

  var count: Int { values.count }
  subscript(number: Int32) -> Value { values[Int(number)] }

  mutating func number(of value: Value) -> Int32 {
    if let number = numbers[value] { return number }
    let number = Int32(values.count)
    values.append(value)
    numbers[value] = number
    return number
  }
}
