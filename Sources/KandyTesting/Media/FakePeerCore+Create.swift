import LinkLogic
import LinkMedia
import LinkProtocol

// Descriptions as libwebrtc writes them: Unified Plan, BUNDLE always proposed, all sections of an offer with the credentials of
// the first one.

extension FakePeerCore {
  mutating func createOffer(iceRestart: Bool) throws -> String {
    var drafts = (currentLocal?.media ?? []).map { section -> Draft in
      let transceiver = transceivers.first { $0.mid == section.mid && !$0.isStopped && section.mid != nil }
      return transceiver.map { Draft(transceiver: $0, mid: section.mid ?? "") } ?? Draft(rejected: section)
    }
    var taken = Set((currentLocal?.media ?? []).compactMap(\.mid) + transceivers.compactMap(\.mid))
    for transceiver in transceivers where transceiver.mid == nil && !transceiver.isStopped {
      let mid = (0...).lazy.map(String.init).first { !taken.contains($0) } ?? ""
      taken.insert(mid)
      let draft = Draft(transceiver: transceiver, mid: mid)
      if let slot = drafts.firstIndex(where: { $0.transceiver == nil }) {
        drafts[slot] = draft
      } else {
        drafts.append(draft)
      }
    }
    let active = drafts.filter { $0.transceiver != nil }
    let known = active.lazy.compactMap { [transports] in transports[$0.mid]?.credentials }.first
    let credentials = iceRestart ? makeCredentials() : known ?? makeCredentials()
    var media: [MediaSection] = []
    for draft in drafts {
      guard let transceiver = draft.transceiver else {
        media.append(rejected(draft.section, mid: draft.mid))
        continue
      }
      let transport = transports[draft.mid].flatMap { $0.credentials == credentials ? $0 : nil }
      var section = section(
        transceiver, mid: draft.mid, direction: transceiver.direction, codecs: codecs(transceiver.kind, draft.mid),
        protocol: "UDP/TLS/RTP/SAVPF", credentials: credentials, setup: .actpass, transport: transport)
      if configuration.bundlePolicy == .maxBundle, draft.mid != active.first?.mid, transport == nil {
        section.port = 0
        section.addAttribute("bundle-only")
      }
      media.append(section)
    }
    return description(media, bundle: active.map(\.mid))
  }

  mutating func createAnswer() throws -> String {
    guard signaling == .haveRemoteOffer || signaling == .haveLocalPranswer, let offer = pendingRemote else {
      throw MediaError(
        .invalidState, "PeerConnection cannot create an answer in a state other than have-remote-offer or have-local-pranswer.")
    }
    let bundle = offer.groups.first { $0.type == "BUNDLE" }?.mids ?? []
    var media: [MediaSection] = []
    var accepted: [String] = []
    var shared: ICECredentials?
    for offered in offer.media {
      let mid = offered.mid ?? ""
      let transceiver = transceivers.first { $0.mid == mid && !$0.isStopped }
      let codecs = transceiver.map { FakeCodec.common($0.kind, with: offered) } ?? []
      guard let transceiver, !isRejected(offered, in: offer), !codecs.isEmpty else {
        media.append(rejected(offered, mid: mid))
        continue
      }
      let isBundled = bundle.contains(mid)
      let credentials = isBundled && shared != nil ? shared : answerCredentials(offered, in: offer)
      if isBundled { shared = credentials }
      let direction = transceiver.direction.answering(offered.direction ?? .sendrecv)
      let transport = transports[mid].flatMap { $0.credentials == credentials ? $0 : nil }
      media.append(
        section(
          transceiver, mid: mid, direction: direction, codecs: codecs, protocol: offered.protocol, credentials: credentials,
          setup: answerRole(to: offered, in: offer), transport: transport))
      if isBundled { accepted.append(mid) }
    }
    return description(media, bundle: bundle.filter { accepted.contains($0) })
  }

  /// The description with the candidates gathered so far.
  func decorated(_ description: SessionDescription) -> String {
    var description = description
    for index in description.media.indices where !description.media[index].isRejected {
      let transport = description.media[index].mid.flatMap { transports[$0] }
      guard let transport, transport.credentials == description.iceCredentials(of: description.media[index]) else { continue }
      decorate(&description.media[index], transport)
    }
    return description.text
  }

  // MARK: - Parts

  /// A section of an offer before it is written.
  private struct Draft {
    var transceiver: FakeTransceiver?
    var mid: String
    var section = MediaSection(type: "", port: 0, protocol: "", payloads: [])

    init(transceiver: FakeTransceiver, mid: String) {
      self.transceiver = transceiver
      self.mid = mid
    }

    init(rejected section: MediaSection) {
      mid = section.mid ?? ""
      self.section = section
    }
  }

  /// The credentials of the section's transport, new ones if the far end restarts ICE.
  private mutating func answerCredentials(_ offered: MediaSection, in offer: SessionDescription) -> ICECredentials? {
    let before = currentRemote?.media.first { $0.mid == offered.mid }.flatMap { currentRemote?.iceCredentials(of: $0) }
    let isRestart = before != nil && before != offer.iceCredentials(of: offered)
    if !isRestart, let own = offered.mid.flatMap({ transports[$0]?.credentials }) { return own }
    return makeCredentials()
  }

  private func answerRole(to offered: MediaSection, in offer: SessionDescription) -> SetupRole {
    switch offer.setup(of: offered) {
    case .active: .passive
    case .passive: .active
    case .actpass, .holdconn, nil: role ?? .active
    }
  }

  /// All codecs, with the payload types that the far end has given those of this section.
  private func codecs(_ kind: MediaKind, _ mid: String) -> [FakeCodec] {
    guard let known = currentRemote?.media.first(where: { $0.mid == mid && !$0.isRejected }) else { return FakeCodec.all(kind) }
    var codecs = FakeCodec.common(kind, with: known)
    var used = Set(codecs.map(\.payload))
    var renumbered: [Int: Int] = [:]
    let rest = FakeCodec.all(kind).filter { own in
      let repaired = own.repairs.flatMap { apt in FakeCodec.all(kind).first { $0.payload == apt } }
      return !codecs.contains { $0.name == own.name && $0.parameters == own.parameters && own.repairs == nil }
        && !codecs.contains { $0.name == repaired?.name && $0.parameters == repaired?.parameters }
    }
    for var codec in rest {
      let old = codec.payload
      if used.contains(old) { codec.payload = (35...127).first { !used.contains($0) } ?? old }
      renumbered[old] = codec.payload
      codec.repairs = codec.repairs.map { renumbered[$0] ?? $0 }
      used.insert(codec.payload)
      codecs.append(codec)
    }
    return codecs
  }

  private func section(
    _ transceiver: FakeTransceiver, mid: String, direction: MediaDirection, codecs: [FakeCodec], protocol: String,
    credentials: ICECredentials?, setup: SetupRole, transport: FakeTransport?
  ) -> MediaSection {
    var section = MediaSection(
      type: transceiver.kind.rawValue, port: 9, protocol: `protocol`, payloads: codecs.map { String($0.payload) },
      lines: ["c=IN IP4 0.0.0.0", "a=rtcp:9 IN IP4 0.0.0.0"])
    section.iceCredentials = credentials
    section.iceOptions = ["trickle"]
    section.fingerprint = fingerprint
    section.setup = setup
    section.mid = mid
    section.addAttribute("extmap", "4 urn:ietf:params:rtp-hdrext:sdes:mid")
    section.direction = direction
    let track = "\(transceiver.kind.rawValue)-\(id)"
    if direction.sends { section.addAttribute("msid", "\(configuration.streamID) \(track)") }
    section.addAttribute("rtcp-mux")
    if transceiver.kind == .video { section.addAttribute("rtcp-rsize") }
    section.lines += codecs.flatMap(\.lines)
    if direction.sends {
      let source = 1000 * id + transceiver.id
      section.addAttribute("ssrc", "\(source) cname:fake\(id)")
      section.addAttribute("ssrc", "\(source) msid:\(configuration.streamID) \(track)")
    }
    if let transport { decorate(&section, transport) }
    return section
  }

  private func rejected(_ section: MediaSection, mid: String) -> MediaSection {
    var rejected = MediaSection(
      type: section.type, port: 0, protocol: section.protocol, payloads: section.payloads, lines: ["c=IN IP4 0.0.0.0"])
    rejected.mid = mid
    rejected.direction = .inactive
    return rejected
  }

  /// Writes address and candidates into a section, in the place of what was there.
  private func decorate(_ section: inout MediaSection, _ transport: FakeTransport) {
    guard transport.isGathered, let best = candidates(transport).last, let candidate = Candidate(best) else { return }
    section.port = candidate.port
    section.lines.removeAll { $0.type == "c" }
    section.lines.insert("c=IN IP4 \(candidate.ip)", at: 0)
    section.setAttribute("rtcp", "\(candidate.port) IN IP4 \(candidate.ip)")
    section.setAttributes("candidate", candidates(transport).map { String($0.dropFirst("candidate:".count)) })
  }

  private mutating func description(_ media: [MediaSection], bundle: [String]) -> String {
    version += 1
    var lines: [SDPLine] = ["v=0", "o=- \(sessionID) \(version) IN IP4 127.0.0.1", "s=-", "t=0 0"]
    if !bundle.isEmpty { lines.append("a=group:BUNDLE \(bundle.joined(separator: " "))") }
    lines += ["a=extmap-allow-mixed", "a=msid-semantic: WMS \(configuration.streamID)"]
    return SessionDescription(lines: lines, media: media).text
  }
}
