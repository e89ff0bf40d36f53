import LinkLogic
import LinkMedia
import LinkProtocol

/// Reads a call's statistics once a second while it is established, and tells when its quality turns (part 02 §14).
struct CallSampler: Sendable {
  let id: CallID
  let media: CallMedia
  let store: CallStore
  let board: StatisticsBoard
  let events: EventHub
  let clock: any Clock<Duration>

  /// Samples until it is cancelled, whether anybody reads or not: who asks afterwards what was wrong needs it most.
  func run() async {
    let watch = Stopwatch(clock)
    var quality = QualityWatch()
    var last: (CallStatistics, at: Duration, isListening: Bool)?
    repeat {
      let moment = watch.elapsed()
      guard let now = try? await media.statistics() else { continue }
      let isListening = isListening
      defer { last = (now, moment, isListening) }
      guard let (before, then, wasListening) = last,
        let sample = CallSample(
          from: before, to: now, interval: moment - then, isListening: isListening && wasListening)
      else { continue }
      board.append(sample)
      if let change = quality.observe(sample.quality, for: moment - then) { events.emit(.callQuality(id, change)) }
    } while await sleep(.seconds(1))
  }

  /// Writes what the call's peers have counted to the log, without addresses, until it is cancelled (R-CALL-760).
  func log(every interval: Duration, _ log: TargetLogger) async {
    while await sleep(interval) {
      for statistics in await media.statisticsOfAllPeers() {
        log.trace("Statistics of a peer.", ["statistics": .of(statistics.redacted)])
      }
    }
  }

  /// - Returns: `false` when there is nothing more to be done.
  private func sleep(_ time: Duration) async -> Bool {
    do { try await clock.sleep(for: time) } catch { return false }
    return !Task.isCancelled
  }

  private var isListening: Bool {
    let record = store.record
    return record.state.isEstablished && !record.localHold && !record.remoteHold
  }
}
