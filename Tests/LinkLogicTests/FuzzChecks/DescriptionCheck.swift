import LinkLogic
import LinkProtocol

/// Any text as a session description: reading, writing, everything that looks at it, and both pipelines.
///
/// - What has been read can be written, and reading that gives the same value.
/// - A pipeline that gets its own result changes nothing (R-SDP-43).
package enum DescriptionCheck: FuzzCheck {
  /// The first byte chooses what is done with the rest.
  package static func examine(_ bytes: [UInt8]) throws {
    guard let choice = bytes.first else { return }
    try examine(String(decoding: bytes.dropFirst(), as: UTF8.self), Choice(choice))
  }

  /// How the pipelines are called.
  private struct Choice {
    let type: DescriptionType
    let bundle: BundlePolicy
    let role: DTLSRole?
    let isOriginator: Bool
    let hasOffer: Bool
    let hasCurrent: Bool

    init(_ byte: UInt8) {
      type = [.offer, .answer, .pranswer, .offer][Int(byte & 3)]
      bundle = byte & 4 == 0 ? .disabled : .balanced
      role = [nil, .active, .passive, nil][Int(byte >> 3 & 3)]
      isOriginator = byte & 32 == 0
      hasOffer = byte & 64 == 0
      hasCurrent = byte & 128 == 0
    }

    func local(_ read: SessionDescription) -> LocalDescriptionPipeline.Context {
      LocalDescriptionPipeline.Context(
        callId: nil, type: type, operation: .update, advertisesTrickle: isOriginator, localRole: role,
        remoteOffer: hasOffer ? read : nil, current: hasCurrent ? read : nil)
    }

    func remote(_ read: SessionDescription) -> RemoteDescriptionPipeline.Context {
      RemoteDescriptionPipeline.Context(
        callId: nil, type: type, operation: .update, localRole: role, isOriginator: isOriginator,
        localOffer: hasOffer ? read : nil, current: hasCurrent ? read : nil)
    }
  }

  private static func examine(_ text: String, _ choice: Choice) throws {
    guard let read = try? SessionDescription(text) else { return }
    let written = read.text
    guard let again = try? SessionDescription(written) else { throw FuzzComplaint("what was written cannot be read") }
    if again != read { throw FuzzComplaint("reading what was written gives another value") }
    try expectSame(again.text, written, "writing it again gives another text")
    look(read)
    var options = SDPOptions(
      bundlePolicy: choice.bundle,
      codecsToReplace: [.init(name: "telephone-event/8000", value: 101), .init(name: "VP8/90000", value: 102)],
      opus: OpusParameters(maxPlaybackRate: 16_000, fec: 0, ptime: 40))
    try prepareLocally(text, LocalDescriptionPipeline(options), choice.local(read))
    try prepareRemotely(text, RemoteDescriptionPipeline(options), choice.remote(read))
    // A handler may take what a second run would miss; nothing may crash.
    options.handlers = [.codecRemover(["H264", "opus"])]
    _ = LocalDescriptionPipeline(options).prepareToSet(text, choice.local(read))
    _ = try? RemoteDescriptionPipeline(options).prepareToSet(text, choice.remote(read))
  }

  private static func prepareLocally(
    _ text: String, _ pipeline: LocalDescriptionPipeline, _ context: LocalDescriptionPipeline.Context
  ) throws {
    let set = pipeline.prepareToSet(text, context).text
    try expectSame(pipeline.prepareToSet(set, context).text, set, "preparing to set twice changes something")
    let sent = pipeline.prepareToSend(set, context).text
    try expectSame(pipeline.prepareToSend(sent, context).text, sent, "preparing to send twice changes something")
  }

  private static func prepareRemotely(
    _ text: String, _ pipeline: RemoteDescriptionPipeline, _ context: RemoteDescriptionPipeline.Context
  ) throws {
    guard let set = try? pipeline.prepareToSet(text, context).text else { return }
    guard let again = try? pipeline.prepareToSet(set, context).text else { throw FuzzComplaint("the result is refused") }
    try expectSame(again, set, "preparing twice changes something")
  }

  /// Complains about the lines that differ.
  private static func expectSame(_ new: String, _ old: String, _ problem: String) throws {
    guard new != old else { return }
    let (newLines, oldLines) = (new.split(separator: "\r\n"), old.split(separator: "\r\n"))
    let changed = oldLines.indices.first { $0 >= newLines.count || newLines[$0] != oldLines[$0] } ?? oldLines.count
    func line(_ lines: [Substring]) -> String { changed < lines.count ? "'\(lines[changed])'" : "nothing" }
    throw FuzzComplaint("\(problem): first \(line(oldLines)), then \(line(newLines))")
  }

  /// Everything that reads a description.
  private static func look(_ read: SessionDescription) {
    _ = (read.origin, read.groups, read.isHold, read.offersTrickle, read.everyActiveSectionHasCandidate(), read.bandwidth)
    for section in read.media {
      _ = (section.codecs, section.candidates, section.rtcpFb, section.fmtp, section.bandwidth, section.ptime)
      _ = (read.direction(of: section), read.address(of: section), read.iceCredentials(of: section))
    }
  }
}
