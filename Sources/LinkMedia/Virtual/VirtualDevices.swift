/// The microphones, speakers, cameras and screens that every machine has: silence, tones, files, moving bars, a scrolling page.
///
/// | id | device |
/// |---|---|
/// | `virtual:silence` | a microphone in a silent room |
/// | `virtual:tone?hz=440` | a microphone that hears a tone |
/// | `virtual:file?path=F.wav` | a microphone that hears a file, again and again; a speaker that records into one |
/// | `virtual:null` | a speaker that nobody hears |
/// | `virtual:pattern?width=640&height=480&fps=30` | a camera that sees moving colour bars and a frame counter |
/// | `virtual:file?path=F.y4m` | a camera that sees a file, again and again |
/// | `virtual:screen?width=1024&height=768&fps=15` | a screen of this size and rate, with a page of text that scrolls |
///
/// Numbers may be left out. A camera gives another size if it is asked for one; a screen without numbers has any size. A path may
/// be written as it is, except that `%` and `&` are written `%25` and `%26`; other escapes of that form are understood.
public enum VirtualDevices {
  public static let silence = "virtual:silence"
  public static let tone = "virtual:tone?hz=440"
  public static let null = "virtual:null"
  public static let pattern = "virtual:pattern?width=640&height=480&fps=30"
  public static let screen = "virtual:screen"

  /// The id of the microphone that plays, the speaker that records, or the camera that shows the file.
  public static func file(_ path: String) -> String {
    "virtual:file?path=" + path.replacing("%", with: "%25").replacing("&", with: "%26")
  }

  /// The virtual devices as they are listed beside the real ones. Those with a file are there as examples of how to write them.
  public static let all: [MediaDevice] = [
    MediaDevice(id: silence, kind: .microphone, label: "Silence"),
    MediaDevice(id: tone, kind: .microphone, label: "Tone of 440 Hz"),
    MediaDevice(id: "virtual:file?path=F.wav", kind: .microphone, label: "WAV file played in a loop"),
    MediaDevice(id: null, kind: .speaker, label: "No sound"),
    MediaDevice(id: "virtual:file?path=F.wav", kind: .speaker, label: "Recording to a WAV file"),
    MediaDevice(id: pattern, kind: .camera, label: "Moving colour bars"),
    MediaDevice(id: "virtual:file?path=F.y4m", kind: .camera, label: "Y4M file shown in a loop"),
    MediaDevice(id: screen, kind: .screen, label: "Scrolling page"),
  ]

  /// Whether an id names a virtual device, well formed or not.
  public static func isVirtual(_ id: String) -> Bool {
    id.hasPrefix(VirtualDeviceID.scheme)
  }

  /// Makes the microphone with this id. Reads the file, if there is one.
  /// - Throws: `MediaError` with code `device`: no such virtual microphone, or its file cannot be played.
  public static func microphone(_ id: String) throws -> any AudioSource {
    var device = try VirtualDeviceID(id)
    let source: any AudioSource
    switch device.name {
    case "silence": source = SilenceSource()
    case "tone": source = ToneSource(hz: try device.number("hz", in: 1...20_000) ?? 440)
    case "file": source = try WAVSource(path: try device.path())
    default: throw device.unknown(.microphone)
    }
    try device.finish()
    return source
  }

  /// Makes the speaker with this id. Creates the file, if there is one.
  /// - Throws: `MediaError` with code `device`: no such virtual speaker, or its file cannot be written.
  public static func speaker(_ id: String) throws -> any AudioSink {
    var device = try VirtualDeviceID(id)
    switch device.name {
    case "null":
      try device.finish()
      return NullSink()
    case "file":
      let path = try device.path()
      try device.finish()
      return try WAVRecorder(path: path)
    default: throw device.unknown(.speaker)
    }
  }

  /// Makes the camera with this id. Opens the file, if there is one.
  /// - Parameters:
  ///   - width: the wanted width; `nil` for the one of the id. A file keeps its own.
  ///   - height: the wanted height likewise.
  /// - Throws: `MediaError` with code `device`: no such virtual camera, or its file cannot be shown.
  public static func camera(_ id: String, width: Int? = nil, height: Int? = nil) throws -> any VideoSource {
    var device = try VirtualDeviceID(id)
    switch device.name {
    case "pattern":
      let own = (
        width: try device.integer("width", in: PatternSource.sizes),
        height: try device.integer("height", in: PatternSource.sizes)
      )
      let rate = try device.integer("fps", in: PatternSource.rates) ?? 30
      try device.finish()
      return try PatternSource(
        width: width ?? own.width ?? 640, height: height ?? own.height ?? 480, framesPerSecond: rate)
    case "file":
      let path = try device.path()
      try device.finish()
      return try Y4MSource(path: path)
    default: throw device.unknown(.camera)
    }
  }

  /// Makes the screen with this id.
  /// - Parameters:
  ///   - width: the width that it is to have at most (R-MEDIA-60).
  ///   - height: the height likewise.
  ///   - framesPerSecond: the rate likewise.
  /// - Throws: `MediaError` with code `device`: no such virtual screen.
  public static func screen(
    _ id: String, width: Int? = nil, height: Int? = nil, framesPerSecond: Int? = nil
  ) throws -> any VideoSource {
    var device = try VirtualDeviceID(id)
    guard device.name == "screen" else { throw device.unknown(.screen) }
    func value(_ key: String, in range: ClosedRange<Int>, atMost limit: Int?, otherwise usual: Int) throws -> Int {
      let own = try device.integer(key, in: range)
      return min(own ?? limit ?? usual, limit ?? .max)
    }
    let width = try value("width", in: PatternSource.sizes, atMost: width, otherwise: 1024)
    let height = try value("height", in: PatternSource.sizes, atMost: height, otherwise: 768)
    let rate = try value("fps", in: PatternSource.rates, atMost: framesPerSecond, otherwise: 15)
    try device.finish()
    return try ScreenSource(width: width, height: height, framesPerSecond: rate)
  }
}

/// `virtual:name?key=value&key=value`, taken apart. Values are taken out one by one; `finish` refuses what is left.
struct VirtualDeviceID {
  static let scheme = "virtual:"

  let id: String
  let name: String
  private var values: [String: String] = [:]

  init(_ id: String) throws {
    self.id = id
    guard id.hasPrefix(Self.scheme) else { throw MediaError(.device, "'\(id)' is not a virtual device.") }
    let rest = id.dropFirst(Self.scheme.count)
    let parts = rest.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    name = String(parts[0])
    guard parts.count == 2 else { return }
    for pair in parts[1].split(separator: "&", omittingEmptySubsequences: false) {
      let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard sides.count == 2, !sides[0].isEmpty else { throw malformed("'\(pair)' is not of the form key=value") }
      guard values.updateValue(Self.unescaped(sides[1]), forKey: String(sides[0])) == nil else {
        throw malformed("'\(sides[0])' is there twice")
      }
    }
  }

  mutating func number(_ key: String, in range: ClosedRange<Double>) throws -> Double? {
    guard let text = values.removeValue(forKey: key) else { return nil }
    guard let value = Double(text), range.contains(value) else {
      throw malformed("'\(key)' has to be a number from \(Int(range.lowerBound)) to \(Int(range.upperBound))")
    }
    return value
  }

  mutating func integer(_ key: String, in range: ClosedRange<Int>) throws -> Int? {
    guard let text = values.removeValue(forKey: key) else { return nil }
    guard let value = Int(text), range.contains(value) else {
      throw malformed("'\(key)' has to be a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  mutating func path() throws -> String {
    guard let path = values.removeValue(forKey: "path"), !path.isEmpty else {
      throw malformed("it needs a path, as in virtual:file?path=F.wav")
    }
    return path
  }

  /// - Throws: when a key is left that the device does not have.
  func finish() throws {
    if let key = values.keys.min() { throw malformed("it has no '\(key)'") }
  }

  func unknown(_ kind: MediaDevice.Kind) -> MediaError {
    let known = VirtualDevices.all.filter { $0.kind == kind }.map(\.id).joined(separator: ", ")
    return MediaError(.device, "'\(id)' is not a virtual \(kind.rawValue). There are: \(known).")
  }

  private func malformed(_ reason: String) -> MediaError {
    MediaError(.device, "'\(id)' is not well formed: \(reason).")
  }

  /// Replaces `%XX` by the byte; what is not of that form stays, so that paths can be typed as they are.
  private static func unescaped(_ text: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), rest.count >= 2,
        let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      {
        bytes.append(value)
        rest.removeFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
