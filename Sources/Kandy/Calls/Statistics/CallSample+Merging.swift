import LinkLogic

extension CallSample {
  /// Two neighbouring samples of one peer as one: counters are added, rates and shares averaged over time, measurements those of the
  /// later. Of two qualities it has the worse, so that a bad moment stays visible.
  func merged(with next: CallSample) -> CallSample {
    var merged = next
    let weight = interval / (interval + next.interval)
    merged.interval = interval + next.interval
    merged.audio = audio.merged(with: next.audio, weight)
    merged.video = video.merged(with: next.video, weight)
    merged.quality = [quality, next.quality].compactMap(\.self).min { $0.mos < $1.mos }
    return merged
  }
}

extension CallSample.Medium {
  fileprivate func merged(with next: Self, _ weight: Double) -> Self {
    Self(
      outbound: either(outbound, next.outbound) { $0.merged(with: $1, weight) },
      inbound: either(inbound, next.inbound) { $0.merged(with: $1, weight) })
  }
}

extension CallSample.Outbound {
  fileprivate func merged(with next: Self, _ weight: Double) -> Self {
    var merged = next
    merged.packets += packets
    merged.bytes += bytes
    merged.bitrate = mean(bitrate, next.bitrate, weight)
    merged.framesPerSecond = either(framesPerSecond, next.framesPerSecond) { mean($0, $1, weight) }
    return merged
  }
}

extension CallSample.Inbound {
  fileprivate func merged(with next: Self, _ weight: Double) -> Self {
    var merged = next
    merged.packets += packets
    merged.bytes += bytes
    merged.bitrate = mean(bitrate, next.bitrate, weight)
    merged.packetsLost += packetsLost
    let expected = merged.packets + merged.packetsLost
    merged.fractionLost = expected > 0 ? Double(merged.packetsLost) / Double(expected) : 0
    merged.fractionConcealed = either(fractionConcealed, next.fractionConcealed) { mean($0, $1, weight) }
    merged.framesPerSecond = either(framesPerSecond, next.framesPerSecond) { mean($0, $1, weight) }
    merged.freezes = either(freezes, next.freezes, +)
    merged.freezesDuration = either(freezesDuration, next.freezesDuration, +)
    return merged
  }
}

private func mean(_ first: Double, _ second: Double, _ weight: Double) -> Double {
  first * weight + second * (1 - weight)
}

/// What there is of two, or both in one.
private func either<Value>(_ first: Value?, _ second: Value?, _ join: (Value, Value) -> Value) -> Value? {
  guard let first, let second else { return first ?? second }
  return join(first, second)
}
