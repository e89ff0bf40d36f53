/// Tones of a telephone's keypad, to be sent one after another (R-MEDIA-43).
public struct DTMFTones: Sendable, Hashable {
  /// Each tone as its upper-case character: `0`–`9`, `*`, `#`, `A`–`D`; `,` is a pause of two seconds.
  public let text: String
  /// How long each tone sounds, 40 to 6000 ms; `nil` for what is usual on the way that the tones take.
  public let duration: Duration?
  /// The silence behind each tone: at least 30 ms.
  public let gap: Duration

  /// How long a tone lasts that goes as a telephone event, as version 3.16 has it (R-MEDIA-41).
  public static let eventDuration = Duration.milliseconds(400)
  /// How long a tone lasts that goes as sound, where the far end takes no telephone events (R-MEDIA-41).
  public static let soundDuration = Duration.milliseconds(100)
  public static let defaultGap = Duration.milliseconds(70)

  /// - Parameters:
  ///   - text: lower-case letters are taken for upper-case ones.
  ///   - duration: brought to the nearest that is possible.
  ///   - gap: likewise.
  /// - Returns: `nil` for an empty text, and for one with any other character.
  public init?(_ text: String, duration: Duration? = nil, gap: Duration = defaultGap) {
    guard !text.isEmpty, text.allSatisfy("0123456789*#ABCDabcd,".contains) else { return nil }
    self.text = text.uppercased()
    self.duration = duration.map { min(max($0, .milliseconds(40)), .milliseconds(6000)) }
    self.gap = max(gap, .milliseconds(30))
  }
}
