import LinkLogic
import LinkProtocol

// What an observer knows of the mixer.
extension RedirectWalk {
  mutating func ordered(_ order: Machine.MixerOrder, at seat: Machine.Seat) {
    if leftSeats.contains(seat) { complain("\(order) for \(seat), which has been left") }
    switch order {
    case .offer, .answer, .accept:
      if seats[seat] ?? nil != nil { complain("\(order) for \(seat), which waits for another") }
      seats.updateValue(order, forKey: seat)
    case .candidates, .rollback:
      if seats[seat] == nil { complain("\(order) for \(seat), which nobody has taken") }
    case .leave:
      if seats.removeValue(forKey: seat) == nil { complain("nobody was at \(seat)") }
      leftSeats.insert(seat)
    }
  }

  /// What the mixer may report next.
  var mixerReports: [Machine.Input] {
    seats.keys.sorted { $0.leg.rawValue < $1.leg.rawValue }.flatMap { seat -> [Machine.Input] in
      guard let order = seats[seat] ?? nil else { return [] }
      let news: Machine.MixerNews =
        switch order {
        case .offer: .offer("an offer to \(description(of: seat.leg))")
        case .answer: .answer("an answer to \(description(of: seat.leg))")
        case .accept, .candidates, .rollback, .leave: .accepted
        }
      return [.mixed(seat, news), .mixed(seat, .failed(.engine))]
    }
  }

  /// The mixer reports something.
  @discardableResult mutating func report(_ input: Machine.Input) -> [Machine.Effect] {
    guard case .mixed(let seat, _) = input else { return [] }
    if seats[seat] != nil { seats.updateValue(nil, forKey: seat) }
    return feed(input)
  }
}
