/// Whether a call can be listened to. The raw values are those of `call:quality`.
public enum CallQuality: String, Sendable, Hashable, Codable, CaseIterable {
  case good, bad
}

/// What makes a call's quality bad. The raw values are those of `call:quality`.
public enum QualityReason: String, Sendable, Hashable, Codable, CaseIterable {
  /// Speech did not arrive, or not in time.
  case loss
  /// It takes so long that people interrupt one another.
  case delay
}

/// The quality of a call has turned.
public struct QualityChange: Sendable, Hashable {
  public var quality: CallQuality
  /// The mean of the time that decided it.
  public var mos: Double
  /// Why it is bad, the worst first; empty when it is good.
  public var reasons: [QualityReason]

  public init(quality: CallQuality, mos: Double, reasons: [QualityReason]) {
    self.quality = quality
    self.mos = mos
    self.reasons = reasons
  }
}
