import LinkLogic
import LinkProtocol

/// Somebody with a client, and everything that is on its way to or from it, at one moment. What is said and done is there as numbers.
struct ExplorationPerson: Hashable {
  typealias Name = Exploration.Name

  /// A request that the client has no outcome of. Its place among the others is its number.
  struct Errand: Hashable {
    enum Stage: Hashable {
      case waiting
      /// The response is on its way.
      case answered(Int32)
    }

    var request: Int32
    var isInOrder: Bool
    var stage = Stage.waiting
  }

  struct Running: Hashable {
    var timer: CallMachine.Timer
    /// Milliseconds.
    var remaining: Int32
  }

  let name: Name
  /// `nil` when no call has come yet.
  var client: Int32?
  /// The call is over, and nothing is outstanding: nothing that comes makes a difference.
  var isGone = false
  var works: [Int32] = []
  var errands: [Errand] = []
  var channel: [Int32] = []
  /// Notifications that came before the response that says whose they are (R-CALL-170).
  var early: [Int32] = []
  var timers: [Running] = []
  /// How many more counted wishes there are.
  var wishes: Int
  var hasTransferred = false
  /// Counts this client's offers, to tell the answer to one from the answer to another. They come again after four.
  var offers: UInt8 = 0
  var isAbsent = false
  /// The client does not know what the far end thinks, and does not make sure: see `ExplorationRules.isHoldCertain`.
  var isUnsure = false
  /// The client has given up waiting for an answer. If another offer is out when it comes after all, it is taken for the answer to
  /// that: offers and answers have no number.
  var mayMistake = false
  /// The client has taken the answer to one offer for the answer to another.
  var hasMistaken = false

  init(_ name: Name, wishes: Int) {
    self.name = name
    self.wishes = wishes
  }

  /// Whether nothing is on its way to or from the client.
  var isQuiet: Bool { works.isEmpty && errands.isEmpty && channel.isEmpty }

  /// The requests that may reach the gateway now: the first of the lane, and those that do not wait in it (R-CALL-3).
  var departures: [Int] {
    let first = errands.firstIndex(where: \.isInOrder)
    return errands.indices.filter { index in
      if case .answered = errands[index].stage { return false }
      return !errands[index].isInOrder || index == first
    }
  }

  var arrivals: [(index: Int, response: Int32)] {
    errands.indices.compactMap { index in
      if case .answered(let response) = errands[index].stage { (index, response) } else { nil }
    }
  }

  mutating func elapse(_ time: Int32) {
    for index in timers.indices { timers[index].remaining = max(timers[index].remaining - time, 0) }
  }

  /// What the session name of the description says that is made now.
  func mark() -> String { "\(name)\(offers)" }
}

/// The person's next moment, and what else comes of it.
struct ExplorationOutcome {
  var person: Int32
  /// The gateway hears that the client has been handed `call`.
  var hasBeenCalled = false
  var complaint: String?
}

/// Something that the person or the network may do, as far as it is about this person alone.
struct ExplorationOption {
  enum Kind {
    case plain, fault
    /// A fault that is one only while something is on its way.
    case late
  }

  var move: Exploration.Move
  var kind: Kind
  var outcome: ExplorationOutcome
}
