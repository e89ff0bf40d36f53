import CWebRTC
import LinkMedia
import LinkProtocol

// The words of the seam in the words of the shim, and back.

extension kwr_kind {
  init(_ kind: MediaKind) {
    switch kind {
    case .audio: self = .audio
    case .video: self = .video
    }
  }

  var kind: MediaKind {
    switch self {
    case .audio: .audio
    case .video: .video
    }
  }
}

extension kwr_direction {
  init(_ direction: MediaDirection) {
    switch direction {
    case .sendrecv: self = .sendrecv
    case .sendonly: self = .sendonly
    case .recvonly: self = .recvonly
    case .inactive: self = .inactive
    }
  }
}

extension kwr_type {
  init(_ type: DescriptionType) {
    switch type {
    case .offer: self = .offer
    case .answer: self = .answer
    case .pranswer: self = .pranswer
    }
  }
}

extension kwr_gathering {
  var state: GatheringState {
    switch self {
    case .new: .new
    case .gathering: .gathering
    case .complete: .complete
    }
  }
}

extension kwr_ice {
  var state: ICEConnectionState {
    switch self {
    case .new: .new
    case .checking: .checking
    case .connected: .connected
    case .completed: .completed
    case .failed: .failed
    case .disconnected: .disconnected
    case .closed: .closed
    }
  }
}

extension kwr_bundle {
  /// `disabled` is max-compat: each section gets a transport and candidates of its own (R-SDP-52).
  init(_ policy: BundlePolicy) {
    switch policy {
    case .balanced: self = .balanced
    case .maxBundle: self = .max_bundle
    case .maxCompat, .disabled: self = .max_compat
    }
  }
}

/// The configuration as the shim consumes it.
func nativeConfiguration(_ configuration: PeerConfiguration) -> OpaquePointer? {
  let native = kwr_configuration_make(
    configuration.streamID, kwr_bundle(configuration.bundlePolicy), configuration.relayOnly)
  for server in configuration.iceServers {
    kwr_configuration_add_server(native, server.username, server.credential)
    for url in server.urls { kwr_configuration_add_url(native, url) }
  }
  return native
}

extension StatisticsRecord {
  init(_ record: kwr_record) {
    self.init(type: String(cString: record.type), id: String(cString: record.id), numbers: [:], texts: [:])
    for member in UnsafeBufferPointer(start: record.members, count: record.member_count) {
      let name = String(cString: member.name)
      if let text = member.text {
        texts[name] = String(cString: text)
      } else {
        numbers[name] = member.number
      }
    }
  }
}

extension Duration {
  /// Whole microseconds.
  var microseconds: Int64 {
    components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000
  }
}
