public import LinkProtocol

/// Notices when a call's quality turns bad and when it is good again, and is not moved by single seconds (R-CALL-755).
///
/// It turns bad when it has been worse than MOS 3.1 (R 60, G.109's "nearly all users dissatisfied") for 3 s without a break, and good
/// again when it has been at least 3.6 (R 70) for 5 s without a break. What lies between, and what cannot be estimated, breaks
/// both.
public struct QualityWatch: Sendable, Hashable {
  public static let worst = 3.1
  public static let best = 3.6
  public static let untilBad = Duration.seconds(3)
  public static let untilGood = Duration.seconds(5)

  public private(set) var quality = CallQuality.good
  /// How long the other quality has lasted.
  private var dwell = Duration.zero
  /// The qualities of that time, to tell why.
  private var seen: [ListeningQuality] = []

  public init() {}

  /// - Parameters:
  ///   - estimate: of the time since the last call; `nil` when nothing was to be heard, as while the call is held.
  ///   - time: how long that was.
  /// - Returns: what it has become, if that has changed.
  public mutating func observe(_ estimate: ListeningQuality?, for time: Duration) -> QualityChange? {
    guard let estimate, isOther(estimate.mos) else {
      dwell = .zero
      seen = []
      return nil
    }
    dwell += time
    seen.append(estimate)
    guard dwell >= (quality == .good ? Self.untilBad : Self.untilGood) else { return nil }
    quality = quality == .good ? .bad : .good
    let change = QualityChange(quality, seen)
    dwell = .zero
    seen = []
    return change
  }

  private func isOther(_ mos: Double) -> Bool {
    quality == .good ? mos < Self.worst : mos >= Self.best
  }
}

extension QualityChange {
  /// A reason counts when it takes away at least a tenth of the scale.
  fileprivate init(_ quality: CallQuality, _ seen: [ListeningQuality]) {
    func mean(_ value: (ListeningQuality) -> Double) -> Double { seen.map(value).reduce(0, +) / Double(seen.count) }
    let costs: [(QualityReason, Double)] = [(.loss, mean(\.lossImpairment)), (.delay, mean(\.delayImpairment))]
    let reasons = quality == .good ? [] : costs.filter { $0.1 >= 10 }.sorted { $0.1 > $1.1 }.map(\.0)
    self.init(quality: quality, mos: mean(\.mos), reasons: reasons)
  }
}
