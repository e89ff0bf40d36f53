extension Duration {
  /// A duration from a number that came from outside: negative and undefined ones are zero, long ones end at 100 days.
  init(milliseconds value: Double) {
    self = value > 0 ? .milliseconds(Int64(min(value, 8_640_000_000).rounded())) : .zero
  }

  init(seconds value: Double) {
    self.init(milliseconds: value * 1_000)
  }
}
