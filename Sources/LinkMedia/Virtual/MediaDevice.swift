/// A microphone, speaker, camera or screen that can be chosen, real or virtual.
public struct MediaDevice: Sendable, Hashable, Codable, Identifiable {
  public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
    case microphone, speaker, camera, screen
  }

  /// What chooses the device; `virtual:…` for one that needs no hardware.
  public let id: String
  public let kind: Kind
  /// The device's name for people.
  public let label: String

  public init(id: String, kind: Kind, label: String) {
    self.id = id
    self.kind = kind
    self.label = label
  }
}
