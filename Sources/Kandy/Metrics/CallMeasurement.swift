import CoreMetrics
import LinkLogic
import LinkMetrics
import LinkProtocol

/// Follows one call from its beginning to its end, for the metrics.
struct CallMeasurement {
  private enum Milestone: String {
    case established, media
  }

  private let metrics: ClientMetrics
  private let direction: String
  /// When the user asked for the call or answered it: milliseconds since 1970.
  private var startedAt: Int64?
  private var hasBeenEstablished = false
  private var hasMedia = false
  private var hasEnded = false

  init(_ facts: CallFacts, _ metrics: ClientMetrics) {
    self.metrics = metrics
    direction = facts.direction.rawValue
    metrics.calls.increment()
    metrics.callsBegun[direction].increment()
  }

  /// - Parameters:
  ///   - facts: what they are after the input.
  ///   - now: milliseconds since 1970.
  mutating func note(_ input: CallMachine.Input, _ facts: CallFacts, at now: Int64) {
    switch input {
    case .make, .answer: startedAt = now
    default: break
    }
    if !hasBeenEstablished, facts.state.isEstablished {
      hasBeenEstablished = true
      record(.established, at: now)
    }
    if !hasMedia, facts.mediaState == .connected || facts.mediaState == .completed {
      hasMedia = true
      record(.media, at: now)
    }
    if facts.state == .ended { end(hasBeenEstablished ? "completed" : facts.failure == nil ? "unanswered" : "failed") }
  }

  /// Nothing follows, whether the call has ended or has been given up.
  mutating func finish() { end("abandoned") }

  private func record(_ milestone: Milestone, at now: Int64) {
    guard let startedAt else { return }
    metrics.callSetup[direction, milestone.rawValue].recordMilliseconds(now - startedAt)
  }

  private mutating func end(_ outcome: String) {
    guard !hasEnded else { return }
    hasEnded = true
    metrics.calls.decrement()
    metrics.callsEnded[direction, outcome].increment()
  }
}
