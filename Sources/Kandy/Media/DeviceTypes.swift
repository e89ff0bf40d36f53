public import LinkMedia

/// The devices of this machine by kind, as `devices:change` reports them (R-MEDIA-15).
public struct MediaDevices: Sendable, Hashable {
  public var camera: [MediaDevice]
  public var microphone: [MediaDevice]
  public var speaker: [MediaDevice]
  /// What can be shared: the ids are media source ids for screen sharing (R-MEDIA-60).
  public var screen: [MediaDevice]

  public init(
    camera: [MediaDevice] = [], microphone: [MediaDevice] = [], speaker: [MediaDevice] = [], screen: [MediaDevice] = []
  ) {
    self.camera = camera
    self.microphone = microphone
    self.speaker = speaker
    self.screen = screen
  }

  init(_ devices: [MediaDevice]) {
    self.init(
      camera: devices.filter { $0.kind == .camera }, microphone: devices.filter { $0.kind == .microphone },
      speaker: devices.filter { $0.kind == .speaker }, screen: devices.filter { $0.kind == .screen })
  }
}

extension MediaDevices: Encodable {
  private enum CodingKeys: String, CodingKey {
    case camera, microphone, speaker, screen
  }

  /// Each device as documented: `{deviceId, groupId, kind, label}`.
  private struct Entry: Encodable {
    let deviceId: String
    let groupId: String
    let kind: String
    let label: String

    init(_ device: MediaDevice) {
      deviceId = device.id
      groupId = ""
      label = device.label
      kind =
        switch device.kind {
        case .camera, .screen: "videoinput"
        case .microphone: "audioinput"
        case .speaker: "audiooutput"
        }
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(camera.map(Entry.init), forKey: .camera)
    try container.encode(microphone.map(Entry.init), forKey: .microphone)
    try container.encode(speaker.map(Entry.init), forKey: .speaker)
    // Browsers have no such list; without screens the object is the documented one.
    if !screen.isEmpty { try container.encode(screen.map(Entry.init), forKey: .screen) }
  }
}

/// The ids of the devices that calls use when they name none (R-MEDIA-17).
public struct DefaultDevices: Sendable, Hashable, Codable {
  public var camera: String?
  public var microphone: String?
  public var speaker: String?

  public init(camera: String? = nil, microphone: String? = nil, speaker: String? = nil) {
    self.camera = camera
    self.microphone = microphone
    self.speaker = speaker
  }
}
