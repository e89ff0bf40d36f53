/// What a person would say of the sound or the pictures that arrive from the far end.
public enum Reception: Sendable, Hashable {
  case good
  /// It is there, but not as it should be: the machine or the network is slow.
  case poor
  /// It is not what was sent, or nothing is.
  case bad

  /// The share of a tone in what is heard from which on nothing else is.
  public static let pureTone = 0.95
  /// Frames a second from which on a picture is fluent.
  public static let fluent = 20
  /// Frames a second below which a picture stands rather than moves.
  public static let moving = 5

  /// - Parameter purity: how much of what is heard is the tone that was sent, 0…1 (`AudioProbe.purity`).
  public static func ofTone(purity: Double) -> Reception { purity >= pureTone ? .good : .bad }

  /// Of pictures in which something moves all the time.
  public static func ofPicture(_ reading: VideoProbe.Reading) -> Reception {
    guard reading.isMoving, reading.framesPerSecond >= moving else { return .bad }
    return reading.framesPerSecond >= fluent ? .good : .poor
  }
}
