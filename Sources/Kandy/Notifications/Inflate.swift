import CZlib

/// Reads zlib and gzip streams (R-CONN-740).
enum Inflate {
  /// What a session description may grow to; more is a mistake or an attack.
  static let limit = 1 << 20

  /// - Returns: `nil` when the bytes are no complete stream, or one that grows beyond the limit.
  static func bytes(_ input: [UInt8]) -> [UInt8]? {
    var stream = z_stream()
    // 32 lets zlib recognise which of the two formats it is.
    guard inflateInit2_(&stream, 15 + 32, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else { return nil }
    defer { inflateEnd(&stream) }
    var input = input
    var output: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 16_384)
    return input.withUnsafeMutableBufferPointer { source in
      stream.next_in = source.baseAddress
      stream.avail_in = UInt32(source.count)
      while output.count <= limit {
        let status = chunk.withUnsafeMutableBufferPointer { target in
          stream.next_out = target.baseAddress
          stream.avail_out = UInt32(target.count)
          return inflate(&stream, Z_NO_FLUSH)
        }
        output += chunk.prefix(chunk.count - Int(stream.avail_out))
        if status == Z_STREAM_END { return output.count <= limit ? output : nil }
        guard status == Z_OK else { return nil }
      }
      return nil
    }
  }
}
