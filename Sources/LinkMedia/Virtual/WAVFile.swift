/// The form of a WAV file: where its samples are and how to read them.
struct WAVFormat: Hashable {
  var sampleRate: Int
  var channels: Int
  /// Of the first byte of the samples, from the beginning of the file.
  var dataOffset: Int
  /// The length of the samples in bytes, whole samples of all channels.
  var dataCount: Int

  static let headerCount = 44
  /// What the length fields of a header can say about the samples, less the header itself.
  static let largestDataCount = Int(UInt32.max) - headerCount

  /// Reads the chunks of a file. A length that reaches beyond the end of the file, as in one that was being written when the
  /// writer died, is taken to mean the end.
  /// - Throws: `MediaError` with code `device`: not a WAV file, not 16-bit PCM, or without samples.
  init(parsing bytes: [UInt8], path: String) throws {
    func failure(_ reason: String) -> MediaError {
      MediaError(.device, "The file '\(path)' is not a WAV file that can be played: \(reason).")
    }
    func integer(_ offset: Int, _ count: Int) -> Int {
      (0..<count).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
    }
    func tag(_ offset: Int) -> String { String(decoding: bytes[offset..<offset + 4], as: UTF8.self) }

    guard bytes.count >= 12, tag(0) == "RIFF", tag(8) == "WAVE" else { throw failure("it does not begin with RIFF and WAVE") }
    var form: (rate: Int, channels: Int)?
    var offset = 12
    while offset + 8 <= bytes.count {
      let body = offset + 8
      let length = min(integer(offset + 4, 4), bytes.count - body)
      switch tag(offset) {
      case "fmt ":
        guard length >= 16 else { throw failure("its format chunk is too short") }
        let code = integer(body, 2)
        let isPCM = code == 1 || (code == 0xFFFE && length >= 26 && integer(body + 24, 2) == 1)
        guard isPCM, integer(body + 14, 2) == 16 else { throw failure("only 16-bit PCM is understood") }
        form = (integer(body + 4, 4), integer(body + 2, 2))
      case "data":
        guard let form else { throw failure("its samples come before its format") }
        guard (1...32).contains(form.channels) else { throw failure("\(form.channels) channels are not possible") }
        guard (1000...384_000).contains(form.rate) else { throw failure("\(form.rate) Hz are not possible") }
        sampleRate = form.rate
        channels = form.channels
        dataOffset = body
        dataCount = length / (2 * channels) * (2 * channels)
        guard dataCount > 0 else { throw failure("it has no samples") }
        return
      default: break
      }
      offset = body + length + length % 2
    }
    throw failure("it has no samples")
  }

  /// The first 44 bytes of a file of 16-bit PCM.
  static func header(sampleRate: Int, channels: Int, dataCount: Int) -> [UInt8] {
    func integer(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
    var header: [UInt8] = []
    header += Array("RIFF".utf8) + integer(dataCount + headerCount - 8, 4) + Array("WAVE".utf8)
    header += Array("fmt ".utf8) + integer(16, 4) + integer(1, 2) + integer(channels, 2) + integer(sampleRate, 4)
    header += integer(sampleRate * channels * 2, 4) + integer(channels * 2, 2) + integer(16, 2)
    header += Array("data".utf8) + integer(dataCount, 4)
    return header
  }
}
