import LinkProtocol

// Changes to what a description says about its transports: groups, trickle, credentials, fingerprints, keys. All are idempotent
// (R-SDP-43).

extension SessionDescription {
  /// Gives every section a transport of its own: deletes the BUNDLE groups and `a=bundle-only` (R-SDP-50, R-SDP-52, R-SDP-53).
  mutating func removeBundle() {
    removeAttributes("group") { $0[...].firstField()?.0 == "BUNDLE" }
    for index in media.indices { media[index].removeAttributes("bundle-only") }
  }

  /// Says, or stops saying, that candidates are taken one by one (R-SDP-75, R-SDP-76). Other ICE options stay.
  mutating func setTrickle(_ isOffered: Bool) {
    if isOffered {
      if !offersTrickle { iceOptions += ["trickle"] }
    } else {
      removeICEOption("trickle")
    }
  }

  /// Deletes an ICE option at every level, and lines that have none left.
  mutating func removeICEOption(_ option: String) {
    if iceOptions.contains(option) { iceOptions.removeAll { $0 == option } }
    for index in media.indices where media[index].iceOptions.contains(option) {
      media[index].iceOptions.removeAll { $0 == option }
    }
  }

  /// Writes the credentials of the current local description back into a re-offer, section by section (R-UP-8): an engine that
  /// proposes BUNDLE gives all sections those of the first, which without BUNDLE would restart ICE for the others. A slot that
  /// was rejected, or is used anew under another mid, is left alone.
  mutating func keepCredentials(of current: SessionDescription) {
    for (index, old) in zip(media.indices, current.media)
    where !media[index].isRejected && !old.isRejected && media[index].mid == old.mid {
      if let credentials = current.iceCredentials(of: old), media[index].iceCredentials != credentials {
        media[index].iceCredentials = credentials
      }
    }
  }

  /// Completes ICE credentials, without which an engine refuses a section that is not rejected (R-SDP-84): from the session level,
  /// else from the same section of the current remote description, else from the first section here that has some.
  mutating func completeCredentials(current: SessionDescription?) {
    let donor = media.lazy.compactMap(\.iceCredentials).first
    for index in media.indices where !media[index].isRejected && media[index].iceCredentials == nil {
      if iceCredentials != nil {
        media[index].iceCredentials = nil
        continue
      }
      let same = current.flatMap { current in
        current.media.indices.contains(index) ? current.iceCredentials(of: current.media[index]) : nil
      }
      if let credentials = same ?? donor { media[index].iceCredentials = credentials }
    }
  }

  /// Completes fingerprints: a section that is not rejected and has none, while another has one, gets a copy, with that section's
  /// role if it states none itself (R-DTLS-24).
  mutating func completeFingerprints() {
    guard fingerprint == nil, let donor = media.first(where: { !$0.isRejected && $0.fingerprint != nil }) else { return }
    for index in media.indices where !media[index].isRejected && media[index].fingerprint == nil {
      media[index].fingerprint = donor.fingerprint
      if setup(of: media[index]) == nil { media[index].setup = donor.setup }
    }
  }

  /// Deletes SDES keys from the sections that have a fingerprint too (R-DTLS-21).
  mutating func removeRedundantKeys() {
    for index in media.indices where fingerprint(of: media[index]) != nil {
      media[index].removeAttributes("crypto")
    }
  }

  /// Why the sections in use cannot be secured, or `nil` if a fingerprint is there (R-DTLS-22, R-DTLS-25).
  var securityProblem: SDPProblem? {
    let used = media.filter { !$0.isRejected }
    if used.isEmpty || fingerprint != nil || used.contains(where: { $0.fingerprint != nil }) { return nil }
    return used.contains(where: \.hasCrypto) ? .onlySDES : .unsecured
  }
}
