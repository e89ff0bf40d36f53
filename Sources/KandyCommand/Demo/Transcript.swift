import Synchronization

/// What the demo tells: a line for everything that somebody does or notices, with the time since the beginning.
final class Transcript: Sendable {
  let clock = ContinuousClock()
  private let beginning: ContinuousClock.Instant
  private let gathered = Mutex<[String]>([])

  init() {
    beginning = clock.now
  }

  func title(_ text: String) {
    CommandOutput.say("\n\(text)")
  }

  /// Who did what.
  func say(_ who: String, _ what: String) {
    let time = (clock.now - beginning).inSeconds
    let column = String(repeating: " ", count: max(0, 7 - time.count)) + time + " s"
    CommandOutput.say("\(column)  \(who)\(String(repeating: " ", count: max(1, 8 - who.count)))\(what)")
  }

  /// Something that is not as it should be, but no failure.
  func remark(_ text: String) {
    gathered.withLock { $0.append(text) }
    CommandOutput.say("           Remark: \(text)")
  }

  /// Figures below a line.
  func note(_ text: String) {
    CommandOutput.say("                   \(text)")
  }

  var remarks: [String] { gathered.withLock { $0 } }
}
