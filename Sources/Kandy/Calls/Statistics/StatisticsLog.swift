/// The whole of a call in a bounded number of samples.
///
/// While there is room each sample is kept. When there is none left, neighbours are merged, two into one, and from then on as many
/// seconds as are in one of them are gathered into each further sample: a call of ten minutes has samples of a second, one of an hour
/// samples of eight seconds. Samples of different peers are never merged.
public struct StatisticsLog: Sendable, Hashable, Codable {
  /// How many samples there are at most, as long as the call has no more peers than half of that.
  public let capacity: Int
  /// Oldest first.
  public private(set) var samples: [CallSample] = []
  /// How many samples as they were taken are in each that is kept: 1, 2, 4 …
  public private(set) var resolution = 1
  /// How many are in the last one.
  private var gathered = 0

  public init(capacity: Int = 600) {
    self.capacity = max(2, capacity)
  }

  public mutating func append(_ sample: CallSample) {
    if gathered < resolution, let last = samples.last, last.peer == sample.peer {
      samples[samples.count - 1] = last.merged(with: sample)
      gathered += 1
      return
    }
    if samples.count >= capacity { thinOut() }
    samples.append(sample)
    gathered = 1
  }

  private mutating func thinOut() {
    var thinner: [CallSample] = []
    var isPair = true
    for sample in samples {
      if !isPair, let last = thinner.last, last.peer == sample.peer {
        thinner[thinner.count - 1] = last.merged(with: sample)
        isPair = true
      } else {
        thinner.append(sample)
        isPair = false
      }
    }
    samples = thinner
    resolution *= 2
  }
}
