/// One of the sixteen tones of a telephone's keypad: two frequencies that sound at once (R-MEDIA-41).
public struct DTMFTone: Sendable, Hashable {
  /// `0`–`9`, `*`, `#` or `A`–`D`.
  public let character: Character
  /// The frequency of the key's row, in Hz.
  public let low: Double
  /// The frequency of the key's column, in Hz.
  public let high: Double

  /// The frequencies of the rows and of the columns, in Hz.
  static let rows: [Double] = [697, 770, 852, 941]
  static let columns: [Double] = [1209, 1336, 1477, 1633]

  private static let keys: [[Character]] = [
    ["1", "2", "3", "A"], ["4", "5", "6", "B"], ["7", "8", "9", "C"], ["*", "0", "#", "D"],
  ]

  /// All sixteen, row by row.
  public static let all = (0..<4).flatMap { row in (0..<4).map { DTMFTone(row: row, column: $0) } }

  init(row: Int, column: Int) {
    character = Self.keys[row][column]
    low = Self.rows[row]
    high = Self.columns[column]
  }

  /// - Parameter character: `a`–`d` mean `A`–`D`; `nil` comes out for what is on no keypad.
  public init?(_ character: Character) {
    guard let tone = Self.all.first(where: { $0.character == character || $0.character.lowercased() == String(character) })
    else { return nil }
    self = tone
  }
}

/// Tones to be sent one after another, as the keypad of a call gives them (R-MEDIA-43).
public struct DTMFSequence: Sendable, Hashable {
  /// Each tone as its upper-case character; `,` is a pause of two seconds.
  public let text: String
  /// How long each tone sounds: 40 to 6000 ms.
  public let duration: Duration
  /// The silence behind each tone: at least 30 ms.
  public let gap: Duration

  /// What version 3.16 takes for telephone events.
  public static let defaultDuration = Duration.milliseconds(400)
  public static let defaultGap = Duration.milliseconds(70)
  /// How long a tone sounds that goes as sound, where the far end takes no telephone events (R-MEDIA-41).
  public static let inBandDuration = Duration.milliseconds(100)

  /// - Parameters:
  ///   - text: at least one of `0`–`9`, `*`, `#`, `A`–`D`, `a`–`d`, `,`.
  ///   - duration: brought to the nearest that is possible.
  ///   - gap: likewise.
  /// - Throws: `MediaError` with code `invalidTones` for an empty text and for any other character.
  public init(_ text: String, duration: Duration = defaultDuration, gap: Duration = defaultGap) throws(MediaError) {
    guard !text.isEmpty, text.allSatisfy({ $0 == "," || DTMFTone($0) != nil }) else {
      throw MediaError(.invalidTones, "Tones are 0 to 9, *, #, A to D, and the comma for a pause.")
    }
    self.text = text.uppercased()
    self.duration = min(max(duration, .milliseconds(40)), .milliseconds(6000))
    self.gap = max(gap, .milliseconds(30))
  }

  /// The tones in order; `nil` is a pause of two seconds.
  var tones: [DTMFTone?] { text.map { DTMFTone($0) } }
}
