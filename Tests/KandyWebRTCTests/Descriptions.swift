import LinkMedia
import LinkProtocol

// What becomes of descriptions between the ends of a test.

/// What the SDP handlers do under `DISABLED`: no BUNDLE group in any description (R-SDP-52).
func unbundled(_ sdp: String) -> String {
  sdp.split(separator: "\r\n").filter { !$0.hasPrefix("a=group:BUNDLE") && $0 != "a=bundle-only" }
    .map { $0 + "\r\n" }.joined()
}

/// The directions of the sections, in order.
func directions(_ sdp: String) -> [String] {
  sdp.split(separator: "\r\n").compactMap { line in
    MediaDirection(rawValue: String(line.dropFirst(2)))?.rawValue
  }
}

/// The text from each `m=` line to the next.
func sections(_ sdp: String) -> [String] {
  sdp.components(before: "m=").dropFirst().map { $0 }
}

/// The first line with this beginning.
func line(_ prefix: String, of sdp: String) -> String? {
  sdp.split(separator: "\r\n").first { $0.hasPrefix(prefix) }.map(String.init)
}

/// Leaves one codec in the description.
func only(_ codec: String, in sdp: String) -> String {
  let payloads = sdp.split(separator: "\r\n").compactMap { line -> Substring? in
    guard line.hasPrefix("a=rtpmap:"), line.contains(" \(codec)/") else { return nil }
    return line.dropFirst("a=rtpmap:".count).prefix { $0 != " " }
  }
  return sdp.split(separator: "\r\n").compactMap { line -> String? in
    if line.hasPrefix("m=") {
      return (line.split(separator: " ").prefix(3) + payloads).joined(separator: " ") + "\r\n"
    }
    for attribute in ["a=rtpmap:", "a=fmtp:", "a=rtcp-fb:"] where line.hasPrefix(attribute) {
      let payload = line.dropFirst(attribute.count).prefix { $0 != " " }
      return payloads.contains(payload) ? line + "\r\n" : nil
    }
    return line + "\r\n"
  }.joined()
}

/// Takes one codec out of the description.
func without(_ codec: String, in sdp: String) -> String {
  let lines = sdp.split(separator: "\r\n")
  let payloads = lines.compactMap { line -> Substring? in
    guard line.hasPrefix("a=rtpmap:"), line.hasSuffix(" \(codec)") else { return nil }
    return line.dropFirst("a=rtpmap:".count).prefix { $0 != " " }
  }
  return lines.compactMap { line -> String? in
    if line.hasPrefix("m=") { return line.split(separator: " ").filter { !payloads.contains($0) }.joined(separator: " ") }
    let isAbout = payloads.contains { payload in
      ["rtpmap", "fmtp", "rtcp-fb"].contains { line.hasPrefix("a=\($0):\(payload) ") }
    }
    return isAbout ? nil : String(line)
  }.map { $0 + "\r\n" }.joined()
}

/// Rejects the video section.
func rejectingVideo(_ sdp: String) -> String {
  sdp.split(separator: "\r\n").map { line in
    guard line.hasPrefix("m=video ") else { return line + "\r\n" }
    return (["m=video", "0"] + line.split(separator: " ").dropFirst(2)).joined(separator: " ") + "\r\n"
  }.joined()
}

/// With which code an operation is refused; `nil` when it is not.
func refusal(_ operation: () async throws -> Void) async -> MediaError.Code? {
  do {
    try await operation()
    return nil
  } catch {
    return (error as? MediaError)?.code
  }
}

extension String {
  /// The text cut before each line that begins like this.
  fileprivate func components(before prefix: String) -> [String] {
    split(separator: "\r\n").reduce(into: [""]) { parts, line in
      if line.hasPrefix(prefix) { parts.append("") }
      parts[parts.count - 1] += line + "\r\n"
    }
  }
}
