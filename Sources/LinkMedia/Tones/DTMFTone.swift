import LinkProtocol

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

extension DTMFTones {
  /// The tones in order; `nil` is a pause of two seconds.
  var tones: [DTMFTone?] { text.map { DTMFTone($0) } }
}
