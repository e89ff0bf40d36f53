import LinkProtocol
import OrderedCollections

/// Which bridges there are and which calls are in them: decides what may be done, in the order of R-CALL-714, and with which error it
/// is refused (R-CALL-713).
struct AudioBridgeTable: Sendable {
  private var bridges: OrderedDictionary<AudioBridge.ID, AudioBridge> = [:]

  /// Oldest first.
  var all: [AudioBridge] { Array(bridges.values) }

  /// The open bridge that a call is in.
  func bridge(of call: CallID) -> AudioBridge.ID? {
    bridges.values.first { $0.status == .open && $0.calls.contains(call) }?.id
  }

  mutating func create(_ id: AudioBridge.ID) {
    bridges[id] = AudioBridge(id: id)
  }

  /// - Returns: the bridge as it is now.
  @discardableResult
  mutating func update(
    _ id: AudioBridge.ID, orSay unknown: BasicError = .unknownBridge, _ change: (inout AudioBridge) -> Void
  ) throws(BasicError) -> AudioBridge {
    guard var bridge = bridges[id] else { throw unknown }
    guard bridge.status == .open else { throw BasicError(.audioBridgeInvalidState, "Invalid state.", cause: "It is closed.") }
    change(&bridge)
    bridges[id] = bridge
    return bridge
  }

  /// - Parameters:
  ///   - call: `nil` when there is no such call.
  ///   - isHeld: whether this end alone holds it.
  ///   - isHeard: whether the far end of a call has described sound.
  mutating func add(
    _ call: CallID?, to id: AudioBridge.ID, isHeld: Bool, isHeard: (CallID) -> Bool
  ) throws(BasicError) -> AudioBridge {
    let bridge = try update(id, orSay: .unknownBridgeOrCall) { _ in }
    guard let call else { throw .unknownBridgeOrCall }
    if isHeld { throw BasicError(.audioBridgeInvalidState, "Invalid state.", cause: "The call is on hold.") }
    guard self.bridge(of: call) == nil else { throw BasicError(.audioBridgeAlreadyExists, "Call already added to bridge.") }
    guard bridge.calls.isEmpty || (bridge.calls + [call]).allSatisfy(isHeard) else {
      throw BasicError(.audioBridgeMediaNotFound, "Failed to find media.")
    }
    return try update(id) { $0.calls.append(call) }
  }

  /// - Parameter call: `nil` when there is no such call.
  mutating func remove(_ call: CallID?, from id: AudioBridge.ID) throws(BasicError) {
    let bridge = try update(id, orSay: .unknownBridgeOrCall) { _ in }
    guard let call else { throw .unknownBridgeOrCall }
    guard bridge.calls.contains(call) else { throw BasicError(.audioBridgeNotFound, "Specified call not in bridge.") }
    try update(id) { $0.calls.removeAll { $0 == call } }
  }
}

extension BasicError {
  static let unknownBridge = BasicError(.audioBridgeInvalidInput, "Provided ID does not match an existing bridge.")
  static let unknownBridgeOrCall = BasicError(
    .audioBridgeInvalidInput, "A provided ID did not match an existing bridge and/or call.")
}
