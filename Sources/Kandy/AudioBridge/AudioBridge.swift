public import LinkProtocol

public enum AudioBridgeTag {}

/// A local bridge as it is at one moment: what `audioBridge.getAll` gives (R-CALL-711). Its JSON has the documented keys.
public struct AudioBridge: Sendable, Hashable, Codable, Identifiable {
  /// `bridgeId`; made by the SDK, never sent.
  public typealias ID = Identifier<AudioBridgeTag>

  /// The raw values are the documented ones.
  public enum Status: String, Sendable, Hashable, Codable, CaseIterable {
    case open = "OPEN"
    case closed = "CLOSED"
  }

  public var id: ID
  /// Whether no far end hears the microphone. The calls' own `muted` is another matter.
  public var muted: Bool
  /// Whether no far end is heard on the speaker. The calls' own `silenced` is another matter.
  public var silenced: Bool
  /// The calls in it, in the order in which they were added; of a closed bridge those that were in it last.
  public var calls: [CallID]
  public var status: Status

  public init(id: ID, muted: Bool = false, silenced: Bool = false, calls: [CallID] = [], status: Status = .open) {
    self.id = id
    self.muted = muted
    self.silenced = silenced
    self.calls = calls
    self.status = status
  }
}
